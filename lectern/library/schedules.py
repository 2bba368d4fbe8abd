"""Switching: a replacement that becomes current at a time of its own.

Of the versions of a file that one is shown that was meant for the latest time: a scheduled one is
meant for its time, any other for the moment it was added. So of two scheduled ones the later wins;
one that was brought back or uploaded in between is shown until the time has come; and one that was
not ready in time comes late, or not at all when something meant for later is shown by then.
"""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from lectern.errors import Invalid, Message
from lectern.library import versions
from lectern.models import (
    Asset,
    AssetState,
    ScheduledSwitch,
    SwitchState,
    Upload,
    User,
    Version,
    Workspace,
)
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.text import N_

LATE = Message("It was not ready at that time.")
OVERTAKEN = N_("Version %(number)s, scheduled for later, was already shown by then.")
AT_ONCE = 200


def home_zone(session: Session, principal: Principal) -> str:
    """The zone that this person's times are in: their own, or else the workspace's."""
    user = session.get(User, principal.user_id) if principal.user_id else None
    if user is not None and user.zone != "UTC":
        return user.zone
    return session.get_one(Workspace, principal.workspace_id).zone


class Moment(NamedTuple):
    """`at` is `local` (such as `2026-12-01T08:00`) on the clocks of the IANA zone `zone`."""

    at: datetime
    local: str
    zone: str


def future_moment(session: Session, principal: Principal, local: str, zone: str = "") -> Moment:
    """The moment that is meant, if something can be planned for it; `zone` is one's own if empty.

    Raises:
        Invalid: no such time or zone, or it is over.
    """
    moment = read(local, zone or home_zone(session, principal))
    check_ahead(moment, session.scalars(select(func.clock_timestamp())).one())
    return moment


def plan(session: Session, upload: Upload, moment: Moment | None) -> None:
    """Let what is uploaded as a replacement become current at that time; None: when it is ready."""
    if moment is None or upload.replaces is None:
        return
    session.add(
        ScheduledSwitch(
            workspace_id=upload.workspace_id,
            asset_id=upload.replaces,
            upload_id=upload.id,
            at=moment.at,
            local=moment.local,
            zone=moment.zone,
            created_by=upload.created_by,
        )
    )
    session.flush()


def adopt(session: Session, upload: Upload, version: Version) -> None:
    """The upload has become this version; the caller holds the asset."""
    planned = session.scalar(
        select(ScheduledSwitch).where(
            ScheduledSwitch.workspace_id == upload.workspace_id,
            ScheduledSwitch.upload_id == upload.id,
        )
    )
    if planned is None:
        return
    planned.version_id = version.id
    session.flush()
    actor = Principal.system(upload.workspace_id, upload.created_by)
    details = {"version": version.number, "at": planned.local, "zone": planned.zone}
    audit.record(session, actor, "asset.schedule", "asset", planned.asset_id, details)


def of_version(session: Session, version: Version) -> ScheduledSwitch | None:
    """The time that the version has of its own, whatever became of it."""
    return session.scalar(
        select(ScheduledSwitch).where(
            ScheduledSwitch.workspace_id == version.workspace_id,
            ScheduledSwitch.version_id == version.id,
        )
    )


def of_asset(session: Session, asset: Asset) -> dict[uuid.UUID, ScheduledSwitch]:
    """The times of the asset's versions that have one, by the version's id."""
    rows = session.scalars(
        select(ScheduledSwitch)
        .where(*_of(asset), ScheduledSwitch.version_id.is_not(None))
        .options(joinedload(ScheduledSwitch.creator))
    )
    return {each.version_id: each for each in rows if each.version_id}


def due(session: Session) -> Sequence[tuple[uuid.UUID, uuid.UUID]]:
    """Workspace and id of assets whose time has come, those first that nobody has looked at."""
    rows = session.execute(
        select(ScheduledSwitch.workspace_id, ScheduledSwitch.asset_id)
        .where(_ripe())
        .group_by(ScheduledSwitch.workspace_id, ScheduledSwitch.asset_id)
        .order_by(func.bool_and(ScheduledSwitch.reason.is_not(None)), func.min(ScheduledSwitch.at))
        .limit(AT_ONCE)
    )
    return [(workspace_id, asset_id) for workspace_id, asset_id in rows]


def switch_due(session: Session, workspace_id: uuid.UUID, asset_id: uuid.UUID) -> bool:
    """Switch the asset if its time has come and the version is ready; whether something changed."""
    asset = session.get(
        Asset, (workspace_id, asset_id), with_for_update=True, populate_existing=True
    )
    return asset is not None and apply(session, asset)


def apply(session: Session, asset: Asset) -> bool:
    """Make current what is due and ready, in the order of the times; the caller holds the asset.

    Returns whether anything was switched, overtaken, or found to be late.
    """
    found = session.execute(
        select(ScheduledSwitch, Version)
        .join(
            Version,
            (Version.workspace_id == ScheduledSwitch.workspace_id)
            & (Version.id == ScheduledSwitch.version_id),
        )
        .where(*_of(asset), _ripe())
        .order_by(ScheduledSwitch.at, ScheduledSwitch.created_at)
        .execution_options(populate_existing=True)
    ).all()
    # Every one is looked at, so no short-cut.
    return any([_attempt(session, asset, switch, version) for switch, version in found])


def end(session: Session, switch: ScheduledSwitch, state: SwitchState, reason: str | None) -> None:
    """The switch has been done, or will not be."""
    switch.state, switch.reason = state, reason
    switch.ended_at = func.clock_timestamp()
    session.flush()


def _attempt(session: Session, asset: Asset, switch: ScheduledSwitch, version: Version) -> bool:
    current = versions.get_current(session, asset)
    if current is not None and _meant(session, current) > switch.at:
        end(session, switch, SwitchState.OVERTAKEN, Message(OVERTAKEN, number=current.number))
        return True
    if versions.state_of(session, version) != AssetState.READY:
        news = switch.reason is None
        switch.reason = LATE
        session.flush()
        return news
    before = asset.version_number
    versions.make_current(session, asset, version, version.blob)
    asset.state = AssetState.READY
    end(session, switch, SwitchState.DONE, switch.reason)
    actor = Principal.system(asset.workspace_id, switch.created_by)
    details = {"version": version.number, "before": before, "at": switch.local}
    details |= {"zone": switch.zone, "late": switch.reason is not None}
    audit.record(session, actor, "asset.switch", "asset", asset.id, details)
    return True


def _meant(session: Session, version: Version) -> datetime:
    """When the version was meant to be shown."""
    switch = of_version(session, version)
    done = switch is not None and switch.state == SwitchState.DONE
    return switch.at if switch is not None and done else version.created_at


def _of(asset: Asset) -> tuple[ColumnElement[bool], ...]:
    return (
        ScheduledSwitch.workspace_id == asset.workspace_id,
        ScheduledSwitch.asset_id == asset.id,
    )


def _ripe() -> ColumnElement[bool]:
    return (
        (ScheduledSwitch.state == SwitchState.WAITING)
        & (ScheduledSwitch.at <= func.clock_timestamp())
        & ScheduledSwitch.version_id.is_not(None)
    )


# Further ahead, a slip of the finger is likelier than a plan.
FURTHEST = timedelta(days=5 * 366)
LONGEST = 100
# A person who means “now” needs some seconds to say so.
GRACE = timedelta(minutes=1)


def read(local: str, zone: str, *, field: str = "switch_at") -> Moment:
    """The moment that these words mean; a time with an offset of its own is that very instant.

    A time that the clocks show twice, when they are set back, is its first.

    Raises:
        Invalid: no such zone or time, or a time the clocks skip; `field` is named for the time.
    """
    where = _zone(zone)
    try:
        said = datetime.fromisoformat(local[:LONGEST].strip())
    except ValueError as error:
        raise _wrong(field, Message("Send a day and a time such as 2026-12-01T08:00.")) from error
    if "T" not in local.upper() and ":" not in local:
        raise _wrong(field, Message("Send a time with the day, such as 2026-12-01T08:00."))
    try:
        at = (said if said.tzinfo else said.replace(tzinfo=where)).astimezone(UTC)
        shown = at.astimezone(where)
    except OverflowError as error:
        raise _wrong(field, Message("That time is too far away.")) from error
    if said.tzinfo is None and shown.replace(tzinfo=None) != said:
        skipped = Message(
            "On that day the clocks in %(zone)s skip %(said)s. Choose an hour later.",
            zone=zone,
            said=f"{said:%H:%M}",
        )
        raise _wrong(field, skipped)
    return Moment(at, shown.strftime("%Y-%m-%dT%H:%M"), zone)


def check_ahead(moment: Moment, now: datetime, *, field: str = "switch_at") -> None:
    """Let pass what is to come, within five years.

    Raises:
        Invalid: it is over, or too far away.
    """
    if moment.at < now - GRACE:
        raise _wrong(field, Message("That time is over. Choose one that is to come."))
    if moment.at > now + FURTHEST:
        raise _wrong(field, Message("Choose a time within the next five years."))


def offset(moment: Moment) -> str:
    """How far the zone's clocks are from UTC then, such as `UTC+01:00`."""
    text = moment.at.astimezone(_zone(moment.zone)).strftime("%z")
    return f"UTC{text[:3]}:{text[3:5]}"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    # An unknown zone is a KeyError, a path out of the database a ValueError, a folder an OSError.
    except (KeyError, ValueError, OSError) as error:
        message = Message(
            "There is no time zone %(name)s. Send one such as Europe/Berlin.", name=repr(name[:60])
        )
        raise Invalid(message, {"switch_zone": message}) from error


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, {field: message})
