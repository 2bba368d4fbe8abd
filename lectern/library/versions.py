"""Versions: append-only, numbered in their asset; one is current."""

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, func, select, text
from sqlalchemy.orm import Session, joinedload

from lectern.database.locks import lock
from lectern.errors import NotFound
from lectern.models import (
    Asset,
    AssetState,
    Blob,
    Rendition,
    ScheduledSwitch,
    Task,
    TaskState,
    Version,
)
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.pipeline import registry
from lectern.renditions import posters
from lectern.text import clean_text

LONGEST_NOTE = 500
# Later than this nobody waits for an upload of theirs any more.
OVERTAKEN_WITHIN = timedelta(days=1)
_AWAITED = "awaited"
_ENDED_WELL = {TaskState.DONE, TaskState.SKIPPED}


def get_current(session: Session, asset: Asset) -> Version | None:
    """The version whose bytes are the asset's bytes now."""
    if asset.current_version_id is None:
        return None
    return session.get(Version, (asset.workspace_id, asset.current_version_id))


def find(session: Session, asset: Asset, number: int) -> Version | None:
    """The asset's version by its number, whatever number that is."""
    if number > asset.version_count:
        return None
    return session.scalar(
        select(Version).where(
            Version.workspace_id == asset.workspace_id,
            Version.asset_id == asset.id,
            Version.number == number,
        )
    )


def list_of(session: Session, asset: Asset) -> list[Version]:
    """All versions, newest first, with their blobs and creators."""
    return list(
        session.scalars(
            select(Version)
            .where(Version.workspace_id == asset.workspace_id, Version.asset_id == asset.id)
            .options(joinedload(Version.blob), joinedload(Version.creator))
            .order_by(Version.number.desc())
        )
    )


def state_of(session: Session, version: Version) -> AssetState:
    """How far the version is, by its essential steps; one without any is ready.

    With one that a person has stopped it is as far as it was, `processing`.
    """
    states = session.scalars(
        select(Task.state).where(
            Task.workspace_id == version.workspace_id,
            Task.version_id == version.id,
            Task.step.in_(registry.ESSENTIAL),
        )
    )
    # Bytes that an import only knew of are nothing that anybody could see.
    awaited = version.blob.state == _AWAITED
    return AssetState.FAILED if awaited else _state({TaskState(state) for state in states})


def states_of(session: Session, asset: Asset) -> dict[uuid.UUID, AssetState]:
    """The state of each of the asset's versions, by id."""
    of_version = (
        (Task.workspace_id == Version.workspace_id)
        & (Task.version_id == Version.id)
        & Task.step.in_(registry.ESSENTIAL)
    )
    rows = session.execute(
        select(Version.id, Task.state, Blob.state == _AWAITED)
        .join(Version.blob)
        .outerjoin(Task, of_version)
        .where(Version.workspace_id == asset.workspace_id, Version.asset_id == asset.id)
    )
    found: dict[uuid.UUID, set[TaskState]] = {}
    for version_id, state, awaited in rows:
        of_this = {TaskState(state)} if state else set()
        found.setdefault(version_id, set()).update({TaskState.FAILED} if awaited else of_this)
    return {version_id: _state(states) for version_id, states in found.items()}


def stills(session: Session, asset: Asset) -> dict[uuid.UUID, str]:
    """The first digits of the digest of each version's best still, by the version's blob."""
    own = select(Version.blob_id).where(
        Version.workspace_id == asset.workspace_id, Version.asset_id == asset.id
    )
    rows = session.execute(
        select(Rendition.source_blob_id, func.left(Blob.digest, 12))
        .join(Rendition.blob)
        .where(
            Rendition.workspace_id == asset.workspace_id,
            Rendition.source_blob_id.in_(own),
            Rendition.spec == "poster.1",
        )
    )
    return {blob_id: digest for blob_id, digest in rows}


def held(session: Session, asset: Asset) -> tuple[int, int]:
    """How many versions it has, and the bytes of their originals together."""
    number, size = session.execute(
        select(func.count(), func.coalesce(func.sum(Blob.byte_size), 0))
        .select_from(Version)
        .join(Version.blob)
        .where(Version.workspace_id == asset.workspace_id, Version.asset_id == asset.id)
    ).one()
    return number, int(size)


def newest_ready(session: Session, asset: Asset) -> Version | None:
    """The newest version above the current one that is ready; None while there is none.

    Not simply the newest: of two replacements at once the later may fail, and the earlier counts.
    Versions with a time of their own are left to `switching`, and so is what was added before the
    time for which the current one was meant.
    """
    scheduled = ScheduledSwitch.workspace_id == asset.workspace_id
    meant_for = (
        select(ScheduledSwitch.at)
        .where(scheduled, ScheduledSwitch.version_id == asset.current_version_id)
        .scalar_subquery()
    )
    newer = session.scalars(
        select(Version)
        .where(
            Version.workspace_id == asset.workspace_id,
            Version.asset_id == asset.id,
            Version.number > asset.version_number,
            ~exists().where(scheduled, ScheduledSwitch.version_id == Version.id),
            Version.created_at > func.coalesce(meant_for, text("timestamptz '-infinity'")),
        )
        .order_by(Version.number.desc())
    )
    return next((each for each in newer if state_of(session, each) == AssetState.READY), None)


def overtaken(
    session: Session, principal: Principal, asset: Asset
) -> tuple[Version, Version] | None:
    """The principal's last version and somebody else's that came while it was being prepared.

    None when theirs is shown, or was until it was replaced in its turn.
    """
    current = get_current(session, asset)
    if current is None or current.created_by == principal.user_id:
        return None
    mine = session.scalar(
        select(Version)
        .where(
            Version.workspace_id == asset.workspace_id,
            Version.asset_id == asset.id,
            Version.created_by == principal.user_id,
            Version.number < current.number,
            Version.created_at > current.created_at - OVERTAKEN_WITHIN,
            # What has a time of its own says itself what became of it.
            ~exists().where(
                ScheduledSwitch.workspace_id == Version.workspace_id,
                ScheduledSwitch.version_id == Version.id,
            ),
        )
        .order_by(Version.number.desc())
        .limit(1)
    )
    if mine is None:
        return None
    late = select(Task.id).where(
        Task.workspace_id == asset.workspace_id,
        Task.version_id == mine.id,
        Task.step.in_(registry.ESSENTIAL),
        func.coalesce(Task.finished_at, func.clock_timestamp()) > current.created_at,
        Task.state != TaskState.FAILED,
    )
    return (mine, current) if session.scalar(select(late.exists())) else None


def note(session: Session, principal: Principal, asset: Asset, number: int, text: str) -> Version:
    """Write what is to be known about one version; an empty text takes the note away.

    Raises:
        NotFound: the asset has no version of that number.
    """
    require(principal, Action.EDIT, asset)
    lock(session, asset)
    version = find(session, asset, number)
    if version is None:
        raise NotFound("This file has no version %(number)s.", number=number)
    before, after = version.note, clean_text(text)[:LONGEST_NOTE]
    if before == after:
        return version
    version.note = after
    asset.lock_version += 1
    session.flush()
    details = {"version": number, "before": before, "after": after}
    audit.record(session, principal, "asset.note", "asset", asset.id, details)
    return version


def add(
    session: Session,
    asset: Asset,
    blob: Blob,
    *,
    origin: str,
    original_name: str,
    facts: dict[str, Any],
    created_by: uuid.UUID | None,
) -> Version:
    """Append `blob` as the asset's next version; the first one becomes current at once.

    Concurrent calls number their versions one after the other.
    """
    # Locking the asset serialises numbering: two uploads may not both become 4.
    lock(session, asset)
    asset.version_count += 1
    version = Version(
        workspace_id=asset.workspace_id,
        asset_id=asset.id,
        number=asset.version_count,
        blob_id=blob.id,
        origin=origin,
        original_name=original_name,
        facts=facts,
        created_by=created_by,
    )
    session.add(version)
    session.flush()
    if asset.current_version_id is None:
        make_current(session, asset, version, blob)
    return version


def make_current(session: Session, asset: Asset, version: Version, blob: Blob) -> None:
    """Move the asset's pointer, and the facts repeated beside it; the caller holds the row lock."""
    facts = version.facts
    asset.current_version_id = version.id
    asset.version_number = version.number
    asset.digest = blob.digest
    asset.byte_size = blob.byte_size
    asset.mime = facts.get("mime") or blob.mime
    asset.kind = facts.get("kind", asset.kind)
    asset.duration_s = facts.get("duration_s")
    asset.width = facts.get("width")
    asset.height = facts.get("height")
    asset.updated_at = func.clock_timestamp()
    asset.lock_version += 1
    session.flush()
    posters.show_best(session, version)


def _state(states: set[TaskState]) -> AssetState:
    if TaskState.FAILED in states:
        return AssetState.FAILED
    return AssetState.READY if states <= _ENDED_WELL else AssetState.PROCESSING
