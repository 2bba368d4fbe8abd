"""What people decide about a version that has a time of its own: another time, now, or never."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern.database.locks import lock
from lectern.errors import Conflict, Message, NotFound
from lectern.library import schedules, versions
from lectern.library.schedules import Moment
from lectern.models import Asset, ScheduledSwitch, SwitchState, Version
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.text import N_

IN_TRASH = Message("This file is in the trash. Restore it first, then schedule the version.")
SHOWN = N_("Version %(number)s is already shown, so it cannot be scheduled.")
OLD = N_("Version %(number)s has been shown before. Restore it instead.")
NONE = N_("Version %(number)s is not scheduled.")


def schedule(
    session: Session, principal: Principal, asset: Asset, number: int, local: str, zone: str = ""
) -> ScheduledSwitch:
    """Let a version that was never shown become current at `local` in `zone` (default: one's own).

    A version that has a time already gets this one instead.

    Raises:
        NotFound: the asset has no version of that number.
        Invalid: no such time, or it is over.
        Conflict: the asset is in the trash, or the version is shown, or was.
    """
    version = _held(session, principal, asset, number)
    switch = schedules.of_version(session, version)
    if not asset.live:
        raise Conflict(IN_TRASH)
    if version.id == asset.current_version_id:
        raise Conflict(SHOWN, number=number)
    was_shown = switch is None and number < asset.version_number
    if was_shown or (switch is not None and switch.state == SwitchState.DONE):
        raise Conflict(OLD, number=number)
    home = zone or schedules.home_zone(session, principal)
    moment = schedules.read(local, home, field="at")
    schedules.check_ahead(moment, session.scalars(select(func.clock_timestamp())).one(), field="at")
    return _set(session, principal, asset, version, switch, moment)


def now(session: Session, principal: Principal, asset: Asset, number: int) -> ScheduledSwitch:
    """Let a waiting version become current at once, or as soon as it is ready.

    Raises:
        NotFound: the asset has no version of that number.
        Conflict: the version waits for no time.
    """
    version = _held(session, principal, asset, number)
    switch = _waiting(session, version)
    at = session.scalars(select(func.clock_timestamp())).one()
    moment = schedules.read(at.isoformat(timespec="minutes"), switch.zone)
    _set(session, principal, asset, version, switch, moment._replace(at=at))
    schedules.apply(session, asset)
    return switch


def cancel(session: Session, principal: Principal, asset: Asset, number: int) -> None:
    """Let the version not become current by itself; it is kept, and can be brought back.

    Raises:
        NotFound: the asset has no version of that number.
        Conflict: the version waits for no time.
    """
    version = _held(session, principal, asset, number)
    switch = _waiting(session, version)
    schedules.end(session, switch, SwitchState.CANCELLED, None)
    asset.lock_version += 1
    session.flush()
    details = {"version": number, "at": switch.local, "zone": switch.zone}
    audit.record(session, principal, "asset.unschedule", "asset", asset.id, details)


def _held(session: Session, principal: Principal, asset: Asset, number: int) -> Version:
    require(principal, Action.EDIT, asset)
    lock(session, asset)
    version = versions.find(session, asset, number)
    if version is None:
        raise NotFound("This file has no version %(number)s.", number=number)
    return version


def _waiting(session: Session, version: Version) -> ScheduledSwitch:
    switch = schedules.of_version(session, version)
    if switch is None or switch.state != SwitchState.WAITING:
        raise Conflict(NONE, number=version.number)
    return switch


def _set(
    session: Session,
    principal: Principal,
    asset: Asset,
    version: Version,
    switch: ScheduledSwitch | None,
    moment: Moment,
) -> ScheduledSwitch:
    before = switch.local if switch is not None else None
    if switch is None:
        switch = ScheduledSwitch(
            workspace_id=asset.workspace_id, asset_id=asset.id, version_id=version.id
        )
        session.add(switch)
    switch.at, switch.local, switch.zone = moment
    switch.state, switch.reason, switch.ended_at = SwitchState.WAITING, None, None
    switch.created_by = principal.user_id
    asset.lock_version += 1
    session.flush()
    details = {"version": version.number, "at": moment.local, "zone": moment.zone}
    details |= {"before": before} if before else {}
    audit.record(session, principal, "asset.schedule", "asset", asset.id, details)
    return switch
