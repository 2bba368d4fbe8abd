"""Local times as people mean them: a time on the clocks of a zone, and the instant that it is."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from lectern.errors import Invalid

# Further ahead, a slip of the finger is likelier than a plan.
FURTHEST = timedelta(days=5 * 366)
LONGEST = 100
# A person who means “now” needs some seconds to say so.
GRACE = timedelta(minutes=1)


class Moment(NamedTuple):
    """`at` is `local` (such as `2026-12-01T08:00`) on the clocks of the IANA zone `zone`."""

    at: datetime
    local: str
    zone: str


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
        raise _wrong(field, "Send a day and a time such as 2026-12-01T08:00.") from error
    if "T" not in local.upper() and ":" not in local:
        raise _wrong(field, "Send a time with the day, such as 2026-12-01T08:00.")
    try:
        at = (said if said.tzinfo else said.replace(tzinfo=where)).astimezone(UTC)
        shown = at.astimezone(where)
    except OverflowError as error:
        raise _wrong(field, "That time is too far away.") from error
    if said.tzinfo is None and shown.replace(tzinfo=None) != said:
        skipped = f"On that day the clocks in {zone} skip {said:%H:%M}. Choose an hour later."
        raise _wrong(field, skipped)
    return Moment(at, shown.strftime("%Y-%m-%dT%H:%M"), zone)


def check_ahead(moment: Moment, now: datetime, *, field: str = "switch_at") -> None:
    """Let pass what is to come, within five years.

    Raises:
        Invalid: it is over, or too far away.
    """
    if moment.at < now - GRACE:
        raise _wrong(field, "That time is over. Choose one that is to come.")
    if moment.at > now + FURTHEST:
        raise _wrong(field, "Choose a time within the next five years.")


def offset(moment: Moment) -> str:
    """How far the zone's clocks are from UTC then, such as `UTC+01:00`."""
    text = moment.at.astimezone(_zone(moment.zone)).strftime("%z")
    return f"UTC{text[:3]}:{text[3:5]}"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    # An unknown zone is a KeyError, a path out of the database a ValueError, a folder an OSError.
    except (KeyError, ValueError, OSError) as error:
        message = f"There is no time zone {name[:60]!r}. Send one such as Europe/Berlin."
        raise Invalid(message, {"switch_zone": message}) from error


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, {field: message})
