"""Taking a merge back: every file gets what was its own, except where somebody changed it since."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from lectern.duplicates import merge_usages, merges, undo_parts
from lectern.duplicates.merge_locks import hold_assets, hold_counts, hold_courses
from lectern.duplicates.merge_plan import Leftover
from lectern.errors import Conflict, Gone, Message
from lectern.library import trash
from lectern.models import Asset, Merge, MergedAsset
from lectern.people import audit
from lectern.people.audit import Fact
from lectern.people.principal import Principal
from lectern.people.rights import Action, can, require

PURGED = Message("The merged files have been permanently deleted, so this merge cannot be undone.")
PURGED_ONE = Message("It has been permanently deleted.")
TRASHED_ANEW = Message(
    "It was restored in the meantime and is now in the trash for another reason."
)


def can_undo(session: Session, principal: Principal, row: Merge) -> bool:
    """Whether an undo of this merge would bring anything back."""
    if row.undone_at is not None:
        return False
    keys = [(row.workspace_id, part.asset_id) for part in row.merged]
    assets = [session.get(Asset, key) for key in keys]
    return any(asset and can(principal, Action.RESTORE, asset) for asset in assets)


def undo(session: Session, principal: Principal, merge_id: uuid.UUID) -> Merge:
    """Take the merge back; undone already, nothing happens. `stayed` says what could not be.

    Raises:
        NotFound: there is no such merge.
        Forbidden: the principal may not restore what was merged, or edit what was kept.
        Gone: all that was merged has been purged.
        Conflict: the kept file was itself merged into another since.
    """
    row = merges.get(session, principal, merge_id)
    require(principal, Action.RESTORE)
    parts = list(row.merged)
    moved = [uuid.UUID(entry["id"]) for part in parts for entry in part.moved]
    ended = [uuid.UUID(usage_id) for part in parts for usage_id in part.ended]
    used = merge_usages.now(session, row.workspace_id, moved)
    past = merge_usages.ended(session, row.workspace_id, ended)
    courses = hold_courses(
        session, principal, (usage_row["course_id"] for usage_row in [*used.values(), *past])
    )
    assets = hold_assets(
        session, row.workspace_id, [row.kept_id, *(part.asset_id for part in parts)]
    )
    session.refresh(row, with_for_update=True)
    if row.undone_at is not None:
        return row
    target = assets.get(row.kept_id)
    _check(session, principal, row, target, [assets.get(part.asset_id) for part in parts])
    hold_counts(session, row.workspace_id, {asset.digest for asset in assets.values()})
    stayed = _restore(session, parts, assets)
    stayed += undo_parts.uses(session, row, parts, assets, courses)
    if target is not None:
        stayed += undo_parts.own(session, principal, target, row.done)
    _date_use(session, row, target, parts, assets)
    _close(session, principal, row, stayed)
    session.expire_all()
    audit.record_all(session, principal, _facts(row, parts, assets, stayed))
    return row


def _check(
    session: Session,
    principal: Principal,
    row: Merge,
    target: Asset | None,
    merged: Sequence[Asset | None],
) -> None:
    there = [asset for asset in merged if asset is not None]
    for asset in there:
        require(principal, Action.RESTORE, asset)
    if target is not None:
        require(principal, Action.EDIT, target)
    if not there:
        raise Gone(PURGED)
    onward = None if target is None or target.live else merges.into(session, principal, target.id)
    if target is not None and onward is not None:
        raise Conflict(
            "“%(name)s” was merged into another file since. Undo that first.", name=target.name
        )


def _restore(
    session: Session, parts: Sequence[MergedAsset], assets: Mapping[uuid.UUID, Asset]
) -> list[Leftover]:
    """Out of the trash with those that are there because of this merge."""
    stayed, back = [], []
    for part in parts:
        asset = assets.get(part.asset_id)
        if asset is None:
            stayed.append(Leftover(part.name, PURGED_ONE))
        elif not asset.live and asset.trashed_at != part.trashed_at:
            stayed.append(Leftover(part.name, TRASHED_ANEW))
        elif not asset.live:
            back.append(asset)
    if back:
        trash.take_out(session, back[0].workspace_id, [asset.id for asset in back])
    for asset in back:
        session.refresh(asset)
    return stayed


def _date_use(
    session: Session,
    row: Merge,
    target: Asset | None,
    parts: Sequence[MergedAsset],
    assets: Mapping[uuid.UUID, Asset],
) -> None:
    """When each was last put into a place, as far as nobody put it into another one since."""
    dates: dict[uuid.UUID, datetime | None] = {}
    for part in parts:
        asset = assets.get(part.asset_id)
        if asset is not None and asset.last_used_at == part.last_used_at:
            dates[part.asset_id] = part.last_used_at
    change = row.done.get("last_used_at", {})
    before, after = (_moment(change.get(when)) for when in ("before", "after"))
    if target is not None and target.last_used_at == after:
        dates[target.id] = before
    merge_usages.date_use(session, row.workspace_id, dates)


def _close(session: Session, principal: Principal, row: Merge, stayed: Sequence[Leftover]) -> None:
    session.execute(
        update(Merge)
        .where(Merge.workspace_id == row.workspace_id, Merge.id == row.id)
        .values(
            undone_at=func.clock_timestamp(),
            undone_by=principal.user_id,
            stayed=[leftover._asdict() for leftover in stayed],
        ),
        execution_options={"synchronize_session": False},
    )


def _facts(
    row: Merge,
    parts: Sequence[MergedAsset],
    assets: Mapping[uuid.UUID, Asset],
    stayed: Sequence[Leftover],
) -> list[Fact]:
    ids = [row.kept_id, *(part.asset_id for part in parts)]
    details = {"merge": row.id, "stayed": len(stayed)}
    return [
        Fact("asset.unmerge", "asset", asset_id, details) for asset_id in ids if asset_id in assets
    ]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
