"""Finding, and for a change holding, everything that a merge is about, in the order of all locks:
courses by id, then assets by id, then what is counted of them; the audit log comes last."""

import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.courses import places, usages
from lectern.duplicates import merge_plan
from lectern.duplicates.merge_plan import Plan
from lectern.errors import Conflict, Invalid, Message, NotFound
from lectern.library import versions
from lectern.models import Asset, AssetState, DigestCount, Usage
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.text import N_

MISSING = Message("File not found in this library.")
MOVING = Message("One of these files was just added to another course. Try again.")
MOST_FILES = 100
# Of one merge, which is one transaction; a course holds a few hundred.
MOST_USES = 5_000


def preview(
    session: Session, principal: Principal, keep: uuid.UUID, merge: Sequence[uuid.UUID]
) -> Plan:
    """What `merge` would do, before anything is done. Raises as that does."""
    return prepare(session, principal, keep, merge, hold=False)


def prepare(
    session: Session,
    principal: Principal,
    keep: uuid.UUID,
    merge: Sequence[uuid.UUID],
    *,
    hold: bool,
) -> Plan:
    """The plan; with `hold`, its rows are locked until the commit.

    Raises:
        NotFound: there is no such file.
        Forbidden: the principal may not edit all of them, or not trash those that go.
        Invalid: nothing or too much is to be merged, or their contents differ.
        Conflict: one is in the trash or has a version on its way; or see `plans.make`.
    """
    require(principal, Action.EDIT)
    others = [asset_id for asset_id in dict.fromkeys(merge) if asset_id != keep]
    if not 0 < len(others) <= MOST_FILES:
        raise _too_many()
    workspace_id = principal.workspace_id
    courses = hold_courses(session, principal, _courses(session, workspace_id, others, hold))
    assets = hold_assets(session, workspace_id, [keep, *others], hold=hold)
    if len(assets) <= len(others):
        raise NotFound(MISSING)
    target, merged = assets[keep], [assets[asset_id] for asset_id in others]
    _check(session, principal, target, merged)
    if hold:
        hold_counts(session, workspace_id, {target.digest})
    used = {asset_id: usages.blockers(session, workspace_id, asset_id) for asset_id in assets}
    moving = [usage for asset in merged for usage in used[asset.id]]
    if len(moving) > MOST_USES:
        most = f"{MOST_USES:,}"
        raise Conflict("These files have more than %(most)s uses. Merge fewer at once.", most=most)
    if moving:
        require(principal, Action.EDIT_COURSES)
    if hold and any(usage.course_id not in courses for usage in moving):
        raise Conflict(MOVING)
    return merge_plan.make(session, target, merged, used)


def _too_many() -> Invalid:
    template = N_("Choose 1 to %(most)s files to merge into the one that stays.")
    message = Message(template, most=MOST_FILES)
    return Invalid(message, {"merge": message})


def _courses(
    session: Session, workspace_id: uuid.UUID, asset_ids: Iterable[uuid.UUID], hold: bool
) -> Sequence[uuid.UUID]:
    """The courses that use these; none where nothing is to be held."""
    if not hold:
        return []
    return session.scalars(
        select(Usage.course_id)
        .where(Usage.workspace_id == workspace_id, Usage.asset_id.in_(list(asset_ids)))
        .distinct()
    ).all()


def hold_courses(
    session: Session, principal: Principal, course_ids: Iterable[uuid.UUID]
) -> set[uuid.UUID]:
    """Lock the courses in the order of their ids; those that are gone are left out."""
    locked_ids = set()
    for course_id in sorted(set(course_ids)):
        try:
            locked_ids.add(places.course(session, principal, course_id).id)
        except NotFound:
            continue
    return locked_ids


def hold_assets(
    session: Session, workspace_id: uuid.UUID, asset_ids: Iterable[uuid.UUID], *, hold: bool = True
) -> dict[uuid.UUID, Asset]:
    """Those that exist, as they are now, locked in the order of their ids."""
    query = (
        select(Asset)
        .where(Asset.workspace_id == workspace_id, Asset.id.in_(sorted(set(asset_ids))))
        .order_by(Asset.id)
        .execution_options(populate_existing=True)
    )
    rows = session.scalars(query.with_for_update() if hold else query)
    return {asset.id: asset for asset in rows}


def hold_counts(session: Session, workspace_id: uuid.UUID, digests: Iterable[str | None]) -> None:
    """Take the counts of equal bytes before any list's row, as whoever trashes a file does."""
    session.execute(
        select(DigestCount.digest)
        .where(
            DigestCount.workspace_id == workspace_id,
            DigestCount.digest.in_(sorted(digest for digest in digests if digest)),
        )
        .order_by(DigestCount.digest)
        .with_for_update()
    ).all()


def _check(session: Session, principal: Principal, target: Asset, merged: Sequence[Asset]) -> None:
    for asset in (target, *merged):
        require(principal, Action.EDIT, asset)
        if asset is not target:
            require(principal, Action.TRASH, asset)
    for asset in (target, *merged):
        if not asset.live:
            raise Conflict("“%(name)s” is in the trash. Restore it first.", name=asset.name)
        if asset.digest is None or asset.digest != target.digest:
            message = Message(
                "“%(name)s” has another content than “%(name_2)s”.",
                name=asset.name,
                name_2=target.name,
            )
            raise Invalid(message, {"merge": message})
        if asset.version_number != asset.version_count and _awaits(session, asset):
            raise Conflict(
                "A new version of “%(name)s” is being prepared. Merge when it is there.",
                name=asset.name,
            )


def _awaits(session: Session, asset: Asset) -> bool:
    newer = [
        version
        for version in versions.list_of(session, asset)
        if version.number > asset.version_number
    ]
    states = versions.states_of(session, asset)
    return any(states[version.id] == AssetState.PROCESSING for version in newer)
