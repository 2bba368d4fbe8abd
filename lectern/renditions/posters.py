"""Posters: the machine's candidates, and the person's choice that outranks them for ever."""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func
from sqlalchemy.orm import Session

from lectern.database.locks import lock
from lectern.database.scope import scoped
from lectern.errors import Invalid, Message, NotFound
from lectern.models import Asset, Blob, Rendition, StillRequest, Version
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.renditions import renditions, shared_frames
from lectern.storage import blobs

_CANDIDATE = re.compile(r"poster\.([1-9][0-9]{0,3})")
# Ranks from here on are pictures that people brought or picked, in the order they came.
BY_HAND = 11


@dataclass(frozen=True)
class PosterCandidate:
    """One still: `rank` 1 is the machine's favourite, from `BY_HAND` on are those of people.

    `at_s` is its second, if any.
    """

    rank: int
    blob: Blob
    at_s: float | None
    reasons: tuple[Message, ...]
    chosen: bool


def record(session: Session, version: Version, made: Sequence[tuple[Blob, dict[str, Any]]]) -> None:
    """Write down a version's candidates, best first, and show the first one where no person chose.

    `facts` hold `at_s`, `reasons`, `scores`, `width` and `height`. A picture that other files here
    show as well, such as the title of a series, comes after those of its own.
    """
    for rank, (blob, facts) in enumerate(shared_frames.ranked(session, version, made), start=1):
        renditions.record(
            session, version.workspace_id, version.blob_id, f"poster.{rank}", blob, facts
        )
    show_best(session, version)


def show_best(session: Session, version: Version) -> None:
    """Make the machine's favourite the poster of the asset whose current version this is.

    Where a person chose, nothing changes.
    """
    best = renditions.find(session, version.workspace_id, version.blob_id, "poster.1")
    asset = session.get_one(
        Asset,
        (version.workspace_id, version.asset_id),
        with_for_update=True,
        populate_existing=True,
    )
    if asset.current_version_id == version.id and asset.poster_chosen_by is None:
        asset.poster_blob_id = best.blob_id if best else None
        asset.lock_version += 1
        session.flush()


def candidates(session: Session, asset: Asset) -> list[PosterCandidate]:
    """The current version's candidates, best first."""
    version = session.get(Version, (asset.workspace_id, asset.current_version_id))
    if version is None:
        return []
    made = renditions.list_of(session, asset.workspace_id, version.blob_id)
    return candidates_among(asset, made)


def candidates_among(asset: Asset, made: Iterable[Rendition]) -> list[PosterCandidate]:
    """The same, of the renditions of the asset's current version."""
    found = []
    for rendition in made:
        match = _CANDIDATE.fullmatch(rendition.spec)
        if match:
            found.append(_candidate(rendition, int(match[1]), asset))
    return sorted(found, key=lambda candidate: candidate.rank)


def _candidate(rendition: Rendition, rank: int, asset: Asset) -> PosterCandidate:
    return PosterCandidate(
        rank=rank,
        blob=rendition.blob,
        at_s=rendition.facts.get("at_s"),
        reasons=tuple(map(Message.from_json, rendition.facts.get("reasons", ()))),
        chosen=rendition.blob_id == asset.poster_blob_id,
    )


def choose(session: Session, principal: Principal, asset: Asset, rank: int) -> None:
    """A person picks candidate `rank`; no machine changes it, not for a new version either.

    Raises:
        Invalid: there is no such candidate.
    """
    require(principal, Action.CHOOSE_POSTER, asset)
    lock(session, asset)
    for candidate in candidates(session, asset):
        if candidate.rank == rank:
            # Who chooses now no longer waits for what was asked for before.
            session.execute(
                delete(StillRequest).where(
                    StillRequest.workspace_id == asset.workspace_id,
                    StillRequest.version_id == asset.current_version_id,
                )
            )
            _keep(session, principal, asset, candidate.blob.id, rank)
            return
    raise Invalid(
        "There is no poster candidate %(rank)s.", {"rank": "Choose one that is shown."}, rank=rank
    )


def put(
    session: Session, principal: Principal, version: Version, blob: Blob, facts: dict[str, Any]
) -> None:
    """Add a still that the principal picked or brought to the candidates, and choose it."""
    asset = session.get_one(Asset, (version.workspace_id, version.asset_id))
    require(principal, Action.CHOOSE_POSTER, asset)
    lock(session, asset)
    known = {
        rendition.blob_id: int(match[1])
        for rendition in renditions.list_of(session, version.workspace_id, version.blob_id)
        if (match := _CANDIDATE.fullmatch(rendition.spec))
    }
    rank = known.get(blob.id, 0)
    candidate = max([BY_HAND - 1, *known.values()])
    # Versions of equal bytes share their candidates: the number may be taken meanwhile.
    while not rank:
        candidate += 1
        made = renditions.record(
            session, version.workspace_id, version.blob_id, f"poster.{candidate}", blob, facts
        )
        rank = candidate if made.blob_id == blob.id else 0
    _keep(session, principal, asset, blob.id, rank)


def take_back(
    session: Session, principal: Principal, asset: Asset, was: Mapping[str, Any], seq: int
) -> None:
    """Show again what a choice replaced: somebody's earlier choice, or the machine's favourite.

    `was` are the details of the choice, and `seq` its number in the audit log; the caller holds
    the asset's lock.
    """
    before = was["before"] and uuid.UUID(was["before"])
    chosen_by = was.get("before_by") and uuid.UUID(was["before_by"])
    former = session.get(Blob, (asset.workspace_id, before)) if before else None
    # Saved from collection, if nothing else names it any more.
    kept = former and blobs.claim(session, asset.workspace_id, former.digest)
    shown = str(asset.poster_blob_id) if asset.poster_blob_id else None
    shown_by = str(asset.poster_chosen_by) if asset.poster_chosen_by else None
    asset.poster_blob_id = kept.id if kept else None
    asset.poster_chosen_by = chosen_by if kept else None
    asset.lock_version += 1
    asset.updated_at = func.clock_timestamp()
    session.flush()
    version = session.get(Version, (asset.workspace_id, asset.current_version_id))
    if version is not None:
        show_best(session, version)
    after = str(asset.poster_blob_id) if asset.poster_blob_id else None
    details = {"before": shown, "before_by": shown_by, "after": after, "undoes": seq}
    audit.record(session, principal, "asset.poster", "asset", asset.id, details)


def _keep(
    session: Session, principal: Principal, asset: Asset, blob_id: uuid.UUID, rank: int
) -> None:
    before = str(asset.poster_blob_id) if asset.poster_blob_id else None
    before_by = str(asset.poster_chosen_by) if asset.poster_chosen_by else None
    asset.poster_blob_id = blob_id
    asset.poster_chosen_by = principal.user_id
    asset.lock_version += 1
    asset.updated_at = func.clock_timestamp()
    session.flush()
    details = {"before": before, "before_by": before_by, "after": str(blob_id), "rank": rank}
    audit.record(session, principal, "asset.poster", "asset", asset.id, details)


def blob_of(session: Session, asset: Asset, rank: int | None = None) -> Blob:
    """The asset's poster, or its candidate `rank`.

    Raises:
        NotFound: there is none.
    """
    blob_id: uuid.UUID | None = asset.poster_blob_id
    if rank is not None:
        blob_id = next((c.blob.id for c in candidates(session, asset) if c.rank == rank), None)
    blob = blob_id and session.scalar(scoped(Blob, asset).where(Blob.id == blob_id))
    if not blob:
        raise NotFound("There is no poster.")
    return blob


def best_of(session: Session, version: Version) -> Blob:
    """The machine's favourite among the stills of one version, current or not.

    Raises:
        NotFound: it has none.
    """
    best = renditions.find(session, version.workspace_id, version.blob_id, "poster.1")
    if best is None:
        raise NotFound("There is no poster.")
    return best.blob
