"""The intake of playback events: idempotent, in any order, one statement for a batch."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lectern.errors import Message
from lectern.models import Asset, PlaybackEvent

KINDS = ("span", "pause", "seek", "speed", "captions", "quality", "ended", "confused")
# A player that was offline sends what it kept; older events would change closed months.
OLDEST = timedelta(days=31)
# How far a device's clock may be ahead of ours.
AHEAD = timedelta(minutes=10)
# Timers are late and media is decoded in blocks: so much of a span may overlap with another.
SLACK_S, SLACK_SHARE = 2.0, 0.05
SLOWEST, FASTEST = 0.0625, 16.0
# A player reports once a minute: a play began no longer than this before its first event.
FIRST_REPORT = timedelta(seconds=60)
# The first half of an advisory lock; the second is the play.
_LOCK = 0x4C50

NO_FILE = Message("There is no such version of a file in this workspace.")
TOO_OLD = Message("It is more than 31 days old.")
TOO_NEW = Message("Its time is in the future.")
NO_SPAN = Message("A span ends after it begins.")
TOO_FAST = Message("Nobody can play so much in this time.")
NO_SPEED = Message("The speed is not between 0.0625 and 16.")


@dataclass(frozen=True)
class Event:
    """What a player says; `PlaybackEvent` explains the members."""

    id: uuid.UUID
    kind: str
    asset_id: uuid.UUID
    version: int
    at: datetime
    start_s: float | None = None
    end_s: float | None = None
    speed: float | None = None
    to_s: float | None = None
    value: str | None = None

    @property
    def began_at(self) -> datetime:
        """When a span began by the clock."""
        media_s = (self.end_s or 0.0) - (self.start_s or 0.0)
        return self.at - timedelta(seconds=media_s / (self.speed or 1.0))


class Ignored(NamedTuple):
    """An event that was not stored, and why."""

    id: uuid.UUID
    reason: str


@dataclass(frozen=True)
class Outcome:
    """`accepted` counts events that are stored, those that were already among them."""

    accepted: int
    ignored: Sequence[Ignored]


class _Interval(NamedTuple):
    began_at: datetime
    at: datetime


def record(
    session: Session,
    workspace_id: uuid.UUID,
    play: uuid.UUID,
    events: Iterable[Event],
    *,
    learner_id: uuid.UUID | None,
) -> Outcome:
    """Store what one play sent, in any order and as often as it likes; without a learner as staff.

    A span takes time by the clock, its length divided by its speed. A play has each moment once,
    and none before it began: spans that claim more are ignored.
    """
    # Two batches of one play at once must see each other's spans.
    lock = func.pg_advisory_xact_lock(_LOCK, int.from_bytes(play.bytes[-4:], signed=True))
    session.execute(select(lock))
    batch = {event.id: event for event in events}
    if not batch:
        return Outcome(0, [])
    stored, intervals, first_at = _stored(session, workspace_id, play, batch)
    first_at = min([event.at for event in batch.values()] + ([first_at] if first_at else []))
    versions = _versions(session, workspace_id, {event.asset_id for event in batch.values()})
    now = session.execute(select(func.clock_timestamp())).scalar_one()
    accepted, ignored = [], []
    for event in sorted(batch.values(), key=lambda event: (event.at, event.id)):
        if event.id in stored:
            continue
        reason = _fault(event, versions, now) or _overlap(event, intervals, first_at - FIRST_REPORT)
        if reason:
            ignored.append(Ignored(event.id, reason))
        else:
            accepted.append(event)
    _insert(session, workspace_id, play, learner_id, accepted)
    return Outcome(len(accepted) + len(stored), ignored)


def keep_partitions(session: Session, months: int = 3) -> int:
    """Make the partitions of this month and the next ones; returns how many were missing."""
    query = text(
        "SELECT count(*) FROM generate_series(0, :last) AS n WHERE keep_playback_partition("
        "date_trunc('month', now(), 'UTC') + n * interval '1 month')"
    )
    return int(session.execute(query, {"last": months - 1}).scalar_one())


def _fault(event: Event, versions: Mapping[uuid.UUID, int], now: datetime) -> str:
    if not 1 <= event.version <= versions.get(event.asset_id, 0):
        return NO_FILE
    if event.at < now - OLDEST:
        return TOO_OLD
    if event.at > now + AHEAD:
        return TOO_NEW
    if event.speed is not None and not SLOWEST <= event.speed <= FASTEST:
        return NO_SPEED
    if event.kind == "span" and not 0 <= (event.start_s or 0.0) < (event.end_s or 0.0):
        return NO_SPAN
    return ""


def _overlap(event: Event, intervals: list[_Interval], began_at: datetime) -> str:
    """Why the span does not fit into the play beside those that it has; else it is one of them."""
    if event.kind != "span":
        return ""
    mine = _Interval(event.began_at, event.at)
    if mine.began_at < began_at:
        return TOO_FAST
    shared_s = sum(
        max(0.0, (min(mine.at, other.at) - max(mine.began_at, other.began_at)).total_seconds())
        for other in intervals
    )
    length_s = (mine.at - mine.began_at).total_seconds()
    if shared_s > SLACK_S + SLACK_SHARE * length_s:
        return TOO_FAST
    intervals.append(mine)
    return ""


def _stored(
    session: Session, workspace_id: uuid.UUID, play: uuid.UUID, batch: Mapping[uuid.UUID, Event]
) -> tuple[set[uuid.UUID], list[_Interval], datetime | None]:
    """Which of the batch are stored, when the play's spans were played, and its first event."""
    rows = session.execute(
        select(
            *(PlaybackEvent.id, PlaybackEvent.kind, PlaybackEvent.at, PlaybackEvent.start_s),
            *(PlaybackEvent.end_s, PlaybackEvent.speed),
        ).where(
            PlaybackEvent.workspace_id == workspace_id,
            PlaybackEvent.play == play,
            # Bounds that name the months to look into.
            PlaybackEvent.at > func.now() - OLDEST - AHEAD,
            PlaybackEvent.at < func.now() + 2 * AHEAD,
        )
    ).all()
    intervals = [
        _Interval(
            row.at - timedelta(seconds=(row.end_s - row.start_s) / (row.speed or 1.0)), row.at
        )
        for row in rows
        if row.kind == "span"
    ]
    known = {row.id for row in rows} & batch.keys()
    return known, intervals, min((row.at for row in rows), default=None)


def _versions(
    session: Session, workspace_id: uuid.UUID, asset_ids: set[uuid.UUID]
) -> dict[uuid.UUID, int]:
    """How many versions each of the files has."""
    query = select(Asset.id, Asset.version_count).where(
        Asset.workspace_id == workspace_id, Asset.id.in_(asset_ids)
    )
    return {row.id: row.version_count for row in session.execute(query)}


def _insert(
    session: Session,
    workspace_id: uuid.UUID,
    play: uuid.UUID,
    learner_id: uuid.UUID | None,
    events: Sequence[Event],
) -> None:
    if not events:
        return
    common = {
        "workspace_id": workspace_id,
        "play": play,
        "learner_id": learner_id,
        "staff": learner_id is None,
    }
    session.execute(
        insert(PlaybackEvent)
        .values([{**common, **vars(event)} for event in events])
        .on_conflict_do_nothing()
    )
