"""Playback events come in any order, as often as they like, and are stored once."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import psycopg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from lectern.learners import events, learners
from lectern.learners.events import Event, Outcome
from lectern.models import Asset, Learner, PlaybackEvent, new_id
from lectern.people.principal import Principal
from tests.factories import make_asset

NOW = datetime.now(UTC)
SECRET = "a secret of this installation"


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    return make_asset(session, owner)


@pytest.fixture
def learner(session: Session, owner: Principal) -> uuid.UUID:
    digest = learners.digest_of(SECRET, owner.workspace_id, "https://lms.example", "17")
    return learners.ensure(session, owner.workspace_id, digest)


def span(asset: Asset, ago_s: float, start_s: float, end_s: float, speed: float = 1.0) -> Event:
    """A span that ended so many seconds ago."""
    at = NOW - timedelta(seconds=ago_s)
    return Event(new_id(), "span", asset.id, 1, at, start_s, end_s, speed)


def stored(session: Session) -> list[tuple[str, float | None, float | None]]:
    rows = session.execute(
        select(PlaybackEvent.kind, PlaybackEvent.start_s, PlaybackEvent.end_s).order_by(
            PlaybackEvent.at
        )
    )
    return [tuple(row) for row in rows]  # type: ignore[misc]


def reasons(outcome: Outcome) -> list[str]:
    return [each.reason for each in outcome.ignored]


def test_a_repeated_batch_changes_nothing(
    session: Session, owner: Principal, asset: Asset, learner: uuid.UUID
) -> None:
    play = new_id()
    batch = [span(asset, 40, 0, 10), span(asset, 30, 10, 20), span(asset, 20, 20, 30)]
    batch.append(Event(new_id(), "seek", asset.id, 1, NOW, to_s=90.0))
    for _ in range(3):
        outcome = events.record(session, owner.workspace_id, play, batch, learner_id=learner)
        assert outcome == Outcome(4, [])
    assert len(stored(session)) == 4
    row = session.scalars(select(PlaybackEvent).where(PlaybackEvent.kind == "seek")).one()
    assert (row.learner_id, row.staff, row.to_s, row.play) == (learner, False, 90.0, play)


def test_batches_in_any_order_end_as_the_same(
    session: Session, owner: Principal, asset: Asset, learner: uuid.UUID
) -> None:
    spans = [span(asset, 40, 0, 10), span(asset, 30, 60, 70), span(asset, 20, 70, 90, 2.0)]
    ends = set()
    for order in permutations(spans):
        with session.begin_nested() as undo:
            play = new_id()
            for event in order:
                got = events.record(session, owner.workspace_id, play, [event], learner_id=learner)
                assert got == Outcome(1, [])
            ends.add(tuple(stored(session)))
            undo.rollback()
    assert len(ends) == 1


def test_a_span_longer_than_the_clock_allows_is_ignored(
    session: Session, owner: Principal, asset: Asset, learner: uuid.UUID
) -> None:
    def send(*batch: Event) -> Outcome:
        return events.record(session, owner.workspace_id, play, batch, learner_id=learner)

    play = new_id()
    assert reasons(send(span(asset, 0, 0, 3600))) == [events.TOO_FAST]
    first = span(asset, 60, 0, 30)
    assert send(first) == Outcome(1, [])
    # Half a minute more was at most 30 seconds, or a minute at double speed.
    assert reasons(send(span(asset, 30, 30, 90))) == [events.TOO_FAST]
    assert send(span(asset, 30, 30, 90, 2.0)) == Outcome(1, [])
    # The same moments of the clock a second time, whichever second of the file.
    assert reasons(send(span(asset, 35, 200, 220))) == [events.TOO_FAST]
    assert send(first) == Outcome(1, [])
    # Another play is another clock: two devices may play at once.
    play = new_id()
    assert send(span(asset, 35, 200, 220)) == Outcome(1, [])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"at": NOW - timedelta(days=32)}, events.TOO_OLD),
        ({"at": NOW + timedelta(hours=1)}, events.TOO_NEW),
        ({"version": 2}, events.NO_FILE),
        ({"version": 0}, events.NO_FILE),
        ({"asset_id": uuid.UUID(int=7)}, events.NO_FILE),
        ({"start_s": 5.0, "end_s": 5.0}, events.NO_SPAN),
        ({"start_s": -1.0}, events.NO_SPAN),
        ({"end_s": None}, events.NO_SPAN),
        ({"speed": 0.0}, events.NO_SPEED),
        ({"speed": 17.0}, events.NO_SPEED),
    ],
)
def test_what_cannot_be_is_ignored_with_the_reason_and_the_rest_is_stored(
    session: Session, owner: Principal, asset: Asset, change: dict[str, object], reason: str
) -> None:
    good, bad = span(asset, 30, 0, 10), replace(span(asset, 10, 10, 20), **change)  # type: ignore[arg-type]
    outcome = events.record(session, owner.workspace_id, new_id(), [good, bad], learner_id=None)
    assert outcome == Outcome(1, [events.Ignored(bad.id, reason)])


def test_members_are_staff_and_never_learners(
    session: Session, owner: Principal, asset: Asset
) -> None:
    events.record(session, owner.workspace_id, new_id(), [span(asset, 9, 0, 5)], learner_id=None)
    row = session.scalars(select(PlaybackEvent)).one()
    assert (row.staff, row.learner_id) == (True, None)


def test_a_file_of_another_workspace_is_none(
    session: Session, stranger: Principal, asset: Asset
) -> None:
    batch = [span(asset, 9, 0, 5)]
    outcome = events.record(session, stranger.workspace_id, new_id(), batch, learner_id=None)
    assert reasons(outcome) == [events.NO_FILE]


def test_a_learner_is_one_person_in_a_workspace_and_nobody_outside(
    session: Session, owner: Principal, stranger: Principal
) -> None:
    def digest(who: Principal, issuer: str, subject: str) -> bytes:
        return learners.digest_of(SECRET, who.workspace_id, issuer, subject)

    one = digest(owner, "a", "bc")
    assert one == digest(owner, "a", "bc")
    others = [digest(owner, "ab", "c"), digest(stranger, "a", "bc"), digest(owner, "a", "bd")]
    assert len({one, *others}) == 4
    first = learners.ensure(session, owner.workspace_id, one)
    assert learners.ensure(session, owner.workspace_id, one) == first
    assert learners.ensure(session, owner.workspace_id, others[0]) != first
    assert session.scalar(select(func.count()).select_from(Learner)) == 2


def test_figures_outlive_the_file(session: Session, owner: Principal, asset: Asset) -> None:
    events.record(session, owner.workspace_id, new_id(), [span(asset, 9, 0, 5)], learner_id=None)
    triggers = session.scalars(
        text(
            "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE relname LIKE 'playback_event%' OR relname = 'learner'"
        )
    ).all()
    assert [name for name in triggers if not name.startswith("RI_ConstraintTrigger")] == []
    targets = session.scalars(
        text(
            "SELECT confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
            " AND conrelid IN ('playback_event'::regclass, 'learner'::regclass)"
        )
    ).all()
    assert targets == ["workspace"]


def partitions(session: Session) -> list[str]:
    query = text(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
        " WHERE inhparent = 'playback_event'::regclass ORDER BY name"
    )
    return list(session.scalars(query))


def test_partitions_are_made_for_the_months_to_come(
    session: Session, owner: Principal, asset: Asset
) -> None:
    before = partitions(session)
    assert "playback_event_rest" in before
    months = len(before) - 1
    assert events.keep_partitions(session, months + 2) in {2, 3}
    assert events.keep_partitions(session, months + 2) == 0
    assert f"playback_event_{NOW:%Y%m}" in partitions(session)


def test_what_came_before_its_partition_moves_into_it(
    session: Session, owner: Principal, asset: Asset
) -> None:
    event = span(asset, 9, 0, 5)
    events.record(session, owner.workspace_id, new_id(), [event], learner_id=None)
    early = datetime(2020, 5, 31, 23, 59, tzinfo=UTC)
    values = {"workspace_id": owner.workspace_id, "play": new_id(), "staff": True, "kind": "pause"}
    for at in (early, early + timedelta(minutes=2)):
        session.add(PlaybackEvent(**values, at=at, id=new_id(), asset_id=asset.id, version=1))
    session.flush()
    place = text("SELECT tableoid::regclass::text FROM playback_event ORDER BY at")
    rest = "playback_event_rest"
    assert session.scalars(place).all()[:2] == [rest, rest]
    made = session.scalar(select(func.keep_playback_partition(early)))
    assert made is True
    assert session.scalars(place).all()[:2] == ["playback_event_202005", rest]
    assert session.scalar(select(func.count()).select_from(PlaybackEvent)) == 3


def test_the_application_makes_no_other_table(session: Session) -> None:
    with pytest.raises(Exception, match="permission denied") as refused, session.begin_nested():
        session.execute(text("CREATE TABLE mine (id int)"))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)  # type: ignore[attr-defined]
