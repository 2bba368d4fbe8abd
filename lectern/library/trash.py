"""The trash: reversible deletion, refused for what a course uses.

Whatever moves files there or back does it by `put_in`, `take_out` and `put_back`, which change any
number of assets in one statement.
"""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, Uuid, any_, bindparam, func, select, text, update
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.database.locks import lock
from lectern.errors import InUse, plural_message
from lectern.models import Asset
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.text import clean_text

LONGEST_REASON = 500
_PUT_BACK = text("""
    UPDATE asset a SET live = false, trashed_at = old.at, trashed_by = old.by,
        trash_reason = old.reason,
        -- However long it was outside, it can be looked for a day longer.
        purge_after = greatest(old.until, clock_timestamp() + interval '1 day'),
        lock_version = a.lock_version + 1
    FROM unnest(CAST(:assets AS uuid[]), CAST(:at AS timestamptz[]), CAST(:by AS uuid[]),
        CAST(:reasons AS text[]), CAST(:until AS timestamptz[]))
        AS old (asset_id, at, by, reason, until)
    WHERE a.workspace_id = :workspace_id AND a.id = ANY (CAST(:assets AS uuid[]))
        AND a.id = old.asset_id""")


def trash(
    session: Session, principal: Principal, asset: Asset, *, days: int, reason: str = ""
) -> None:
    """Move the asset to the trash for `days` days. In the trash already: nothing happens.

    Raises:
        InUse: a course uses it; the error lists where.
    """
    require(principal, Action.TRASH, asset)
    # From here on no course can begin to use it; one that just has is seen below.
    lock(session, asset)
    if not asset.live:
        return
    _refuse_if_used(session, asset)
    shown = clean_text(reason)[:LONGEST_REASON]
    asset_ids = [asset.id]
    put_in(session, asset.workspace_id, asset_ids, by=principal.user_id, days=days, reason=shown)
    session.refresh(asset)
    audit.record(session, principal, "asset.trash", "asset", asset.id, {"reason": shown})


def restore(session: Session, principal: Principal, asset: Asset) -> None:
    """Take the asset back from the trash as it was. Not in the trash: nothing happens."""
    require(principal, Action.RESTORE, asset)
    lock(session, asset)
    if asset.live:
        return
    take_out(session, asset.workspace_id, [asset.id])
    session.refresh(asset)
    audit.record(session, principal, "asset.restore", "asset", asset.id, {})


class Stay(NamedTuple):
    """How an asset lay in the trash."""

    asset_id: uuid.UUID
    trashed_at: datetime | None
    trashed_by: uuid.UUID | None
    reason: str | None
    purge_after: datetime | None


def put_in(
    session: Session,
    workspace_id: uuid.UUID,
    asset_ids: Collection[uuid.UUID],
    *,
    by: uuid.UUID | None,
    days: int,
    reason: str,
) -> datetime:
    """Move these assets to the trash for `days` days; the time at which all of them came there.

    The caller holds them, and has asked for rights and uses; what it has loaded of them is stale.
    """
    now = func.clock_timestamp()
    query = select(now, now + func.make_interval(0, 0, 0, days))
    at: datetime
    at, until = session.execute(query).one()
    values = {"trashed_at": at, "trashed_by": by, "purge_after": until}
    _write(session, workspace_id, asset_ids, live=False, trash_reason=reason or None, **values)
    return at


def take_out(session: Session, workspace_id: uuid.UUID, asset_ids: Collection[uuid.UUID]) -> None:
    """Take these assets out of the trash; as for `put_in`."""
    empty = dict.fromkeys(("trashed_at", "trashed_by", "trash_reason", "purge_after"))
    _write(session, workspace_id, asset_ids, live=True, **empty)


def put_back(session: Session, workspace_id: uuid.UUID, stays: Collection[Stay]) -> None:
    """Have these assets lie in the trash as they did, for a day longer at least."""
    names = ("assets", "at", "by", "reasons", "until")
    columns = dict(zip(names, map(list, zip(*stays, strict=True)), strict=True))
    session.execute(_PUT_BACK, {"workspace_id": workspace_id, **columns})


def _write(
    session: Session, workspace_id: uuid.UUID, asset_ids: Collection[uuid.UUID], **values: Any
) -> None:
    # One parameter, however many they are.
    among = any_(bindparam("trash_ids", list(asset_ids), ARRAY(Uuid)))
    session.execute(
        update(Asset)
        .where(Asset.workspace_id == workspace_id, Asset.id == among)
        .values(lock_version=Asset.lock_version + 1, **values)
        .execution_options(synchronize_session=False)
    )


def _refuse_if_used(session: Session, asset: Asset) -> None:
    blockers = usages.blockers(session, asset.workspace_id, asset.id)
    if blockers:
        message = plural_message(
            "This file is used in one place, so it cannot be moved to the trash. "
            "Remove it there first.",
            "This file is used in %(n)s places, so it cannot be moved to the trash. "
            "Remove it there first.",
            len(blockers),
        )
        raise InUse(message, blockers)
