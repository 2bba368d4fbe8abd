"""The trash: reversible deletion, refused for what a course uses."""

from sqlalchemy import func
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.database.locks import lock
from lectern.errors import InUse
from lectern.models import Asset
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.text import clean_text

LONGEST_REASON = 500


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
    said = clean_text(reason)[:LONGEST_REASON]
    asset.live = False
    asset.trashed_at = func.clock_timestamp()
    asset.trashed_by = principal.user_id
    asset.trash_reason = said or None
    asset.purge_after = func.clock_timestamp() + func.make_interval(0, 0, 0, days)
    asset.lock_version += 1
    session.flush()
    session.refresh(asset)
    audit.record(session, principal, "asset.trash", "asset", asset.id, {"reason": said})


def restore(session: Session, principal: Principal, asset: Asset) -> None:
    """Take the asset back from the trash as it was. Not in the trash: nothing happens."""
    require(principal, Action.RESTORE, asset)
    lock(session, asset)
    if asset.live:
        return
    asset.live = True
    asset.trashed_at = asset.trashed_by = asset.trash_reason = asset.purge_after = None
    asset.lock_version += 1
    session.flush()
    audit.record(session, principal, "asset.restore", "asset", asset.id, {})


def _refuse_if_used(session: Session, asset: Asset) -> None:
    blockers = usages.blockers(session, asset.workspace_id, asset.id)
    if blockers:
        places = "one place" if len(blockers) == 1 else f"{len(blockers)} places"
        raise InUse(
            "This file is used in %(places)s, so it stays. Remove it there first.",
            blockers,
            places=places,
        )
