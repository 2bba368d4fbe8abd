"""Rollback: an earlier version is shown again, as a new version that names the old blob.

No byte moves and nothing is encoded again: renditions belong to blobs
(docs/reliability.md#versions).
"""

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from lectern.database.locks import lock
from lectern.errors import Conflict, Message, NotFound, Stale
from lectern.library import versions
from lectern.models import Asset, AssetState, Task, TaskState, Version, new_id
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.pipeline import registry, segments
from lectern.renditions import renditions
from lectern.storage import Storage
from lectern.text import N_

CHANGED = Message("Someone changed this file after you opened it. Reload to see the changes.")
IN_TRASH = Message("This file is in the trash. Restore the file first, then restore the version.")
_ANEW = {"state": TaskState.QUEUED, "awaits": None, "progress": 0.0, "reason": None}
LOST = N_("The content of version %(number)s is missing from storage. Restore it from a backup.")


def roll_back(
    session: Session,
    principal: Principal,
    asset: Asset,
    number: int,
    *,
    storage: Storage,
    expected: int | None = None,
) -> Version:
    """Append a version with the blob of version `number`, make it current, and return it.

    `expected` is the `lock_version` the person saw; None skips the comparison.

    Raises:
        NotFound: the asset has no version of that number.
        Stale: somebody changed the asset since.
        Conflict: the asset is in the trash, or that version was never ready or has lost its bytes.
    """
    require(principal, Action.EDIT, asset)
    # The version that is brought back names the blob all the while: no collection takes it.
    # A remote storage takes its time to answer, so it is asked before anybody has to wait for us.
    _check_stored(session, _earlier(session, asset, number), storage)
    lock(session, asset)
    if expected is not None and asset.lock_version != expected:
        raise Stale(CHANGED)
    if not asset.live:
        raise Conflict(IN_TRASH)
    before = asset.version_number
    version = _appended(session, principal, asset, _earlier(session, asset, number))
    session.refresh(asset)
    details = {"version": version.number, "restores": number, "before": before}
    audit.record(session, principal, "asset.rollback", "asset", asset.id, details)
    return version


def _appended(session: Session, principal: Principal, asset: Asset, earlier: Version) -> Version:
    """The next version, with all that the earlier one is, made current."""
    if versions.state_of(session, earlier) != AssetState.READY:
        raise Conflict(
            "Version %(number)s was never ready, so it cannot be restored.",
            number=earlier.number,
        )
    version = versions.add(
        session,
        asset,
        earlier.blob,
        origin="rollback",
        original_name=earlier.original_name,
        facts=dict(earlier.facts),
        created_by=principal.user_id,
    )
    _take_over_steps(session, earlier, version)
    versions.make_current(session, asset, version, earlier.blob)
    asset.state = AssetState.READY
    session.flush()
    return version


def _earlier(session: Session, asset: Asset, number: int) -> Version:
    found = versions.find(session, asset, number)
    if found is None:
        raise NotFound("This file has no version %(number)s.", number=number)
    return found


def _check_stored(session: Session, version: Version, storage: Storage) -> None:
    made = renditions.list_of(session, version.workspace_id, version.blob_id)
    for blob in (version.blob, *(each.blob for each in made)):
        if not storage.exists(blob.key):
            raise Conflict(LOST, number=version.number)


def _take_over_steps(session: Session, earlier: Version, version: Version) -> None:
    """The new version's steps are those of the one it restores, ended as they ended.

    What others are at begins anew for this one, and finds what they have made.
    """
    same = (Task.workspace_id, Task.asset_id, Task.step, Task.args, Task.queue, Task.state)
    rows = session.execute(
        select(*same, Task.awaits, Task.progress, Task.reason)
        .where(Task.workspace_id == earlier.workspace_id, Task.version_id == earlier.id)
        # Segments belong to the run of a step, and are shared out anew if need be.
        .where(Task.step.not_in(registry.UNLISTED))
        .order_by(Task.created_at, Task.id)
    )
    for row in rows.mappings():
        going_on = row["state"] == TaskState.RUNNING or row["awaits"] == segments.AWAITS
        values = {**row, **(_ANEW if going_on else {}), "id": new_id(), "version_id": version.id}
        if values["state"] not in {TaskState.QUEUED, TaskState.WAITING}:
            values["finished_at"] = func.clock_timestamp()
        session.execute(insert(Task).values(**values))
