import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, NoResultFound, OperationalError
from sqlalchemy.orm import Session

from lectern.database.sessions import driver_url
from lectern.errors import NotFound
from lectern.models import AuditEntry, Role
from lectern.people import audit, audit_reading
from lectern.people.audit import Fact
from lectern.people.principal import Principal
from tests.factories import make_principal

OBJECT = uuid.UUID(int=7)


def three_entries(session: Session) -> Principal:
    principal = make_principal(session)
    for name in ("a", "b", "c"):
        audit.record(session, principal, "asset.name", "asset", OBJECT, {"name": name})
    return principal


def test_entries_are_numbered_without_gaps_and_chained(session: Session) -> None:
    principal = three_entries(session)
    newest, middle, oldest = audit.entries(session, principal)
    assert [newest.seq, middle.seq, oldest.seq] == [3, 2, 1]
    assert oldest.previous_hash == "00" * 32
    assert middle.previous_hash == oldest.hash
    assert newest.previous_hash == middle.hash
    assert audit.verify(session, principal.workspace_id) == audit.Verdict(True, 3, None)
    assert audit.head(session, principal.workspace_id) == (3, newest.hash)


def test_each_workspace_has_its_own_chain_and_sees_only_that(session: Session) -> None:
    here, there = three_entries(session), make_principal(session)
    audit.record(session, there, "asset.name", "asset", OBJECT, {})
    assert [line.seq for line in audit.entries(session, there)] == [1]
    assert [line.seq for line in audit_reading.history(session, there, OBJECT)] == [1]
    assert audit.total(session, here) == 3
    assert audit.verify(session, there.workspace_id).entries == 1


def test_an_empty_chain_is_whole(session: Session) -> None:
    assert audit.verify(session, uuid.uuid4()) == audit.Verdict(True, 0, None)


def test_history_pages_back_by_seq_and_names_the_actor_of_today(session: Session) -> None:
    principal = three_entries(session)
    audit.record(session, principal, "asset.trash", "asset", uuid.uuid4(), {})
    page = audit_reading.history(session, principal, OBJECT, limit=2)
    assert [line.details["name"] for line in page] == ["c", "b"]
    assert page[0].actor == principal.name
    rest = audit_reading.history(session, principal, OBJECT, before=page[-1].seq, limit=2)
    assert [line.details["name"] for line in rest] == ["a"]


def test_only_owners_read_the_log(session: Session) -> None:
    with pytest.raises(NotFound):
        audit.entries(session, make_principal(session, Role.EDITOR))


def test_lectern_itself_acts_without_a_name(session: Session) -> None:
    workspace_id = make_principal(session).workspace_id
    system = Principal.system(workspace_id)
    audit.record(session, system, "batch.fail", "batch", None, {})
    (line,) = audit.entries(session, system)
    assert (line.actor_id, line.actor) == (None, None)


@pytest.mark.parametrize(
    ("tamper", "broken_at"),
    [
        ("UPDATE audit_entry SET action = 'asset.trash' WHERE seq = 2", 2),
        ("UPDATE audit_entry SET details = '{}' WHERE seq = 1", 1),
        ("UPDATE audit_entry SET details = details || '{\"x\": 1}' WHERE seq = 3", 3),
        ("UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE seq = 2", 2),
        ("UPDATE audit_entry SET actor_id = NULL WHERE seq = 3", 3),
        ("UPDATE audit_entry SET object_id = NULL WHERE seq = 1", 1),
        ("UPDATE audit_entry SET object_type = 'course' WHERE seq = 1", 1),
        ("UPDATE audit_entry SET hash = previous_hash WHERE seq = 2", 2),
        ("UPDATE audit_entry SET previous_hash = hash WHERE seq = 2", 2),
        ("UPDATE audit_entry SET seq = 9 WHERE seq = 3", 3),
        ("DELETE FROM audit_entry WHERE seq = 1", 1),
        ("DELETE FROM audit_entry WHERE seq = 2", 2),
    ],
)
def test_whoever_gets_past_the_trigger_still_breaks_the_chain(
    own_database: str, superuser: Callable[[str], str], tamper: str, broken_at: int
) -> None:
    engine = create_engine(driver_url(superuser(own_database)))
    with Session(engine) as session:
        principal = three_entries(session)
        session.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_kept"))
        session.execute(text(tamper))
        session.expire_all()
        verdict = audit.verify(session, principal.workspace_id)
        assert (verdict.ok, verdict.broken_at) == (False, broken_at)
    engine.dispose()


def test_another_key_does_not_verify(session: Session) -> None:
    principal = three_entries(session)
    audit.configure("another secret key, thirty-two characters or more")
    try:
        assert audit.verify(session, principal.workspace_id).broken_at == 1
    finally:
        audit.configure("a secret key for tests, thirty-two characters or more")


@pytest.mark.parametrize("change", ["UPDATE audit_entry SET seq = 9", "DELETE FROM audit_entry"])
def test_the_application_cannot_rewrite_the_log(session: Session, change: str) -> None:
    three_entries(session)
    with pytest.raises(DBAPIError, match=r"permission denied|append-only"):
        session.execute(text(change))


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.uuids()
    | st.datetimes(timezones=st.just(UTC)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(details=st.dictionaries(st.text(), values, max_size=4))
def test_whatever_is_recorded_verifies_after_a_round_trip(
    session: Session, details: dict[str, Any]
) -> None:
    with session.begin_nested():
        principal = make_principal(session)
        audit.record(session, principal, "asset.name", "asset", OBJECT, details)
        several = [Fact("asset.name", "asset", each, details) for each in (OBJECT, None)]
        audit.record_all(session, principal, several)
    session.expire_all()
    assert [line.details for line in audit.entries(session, principal)] == [
        audit_reading.history(session, principal, OBJECT)[0].details
    ] * 3
    assert audit.verify(session, principal.workspace_id).ok


def test_details_keep_what_they_mean(session: Session) -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    entry = audit.record(
        session,
        make_principal(session),
        "usage.add",
        "asset",
        OBJECT,
        {
            "id": OBJECT,
            "start": 1.5,
            "at": at,
            "ids": {OBJECT},
            "nothing": None,
            "role": Role.OWNER,
        },
    )
    assert entry.details == {
        "id": str(OBJECT),
        "start": 1.5,
        "at": at.isoformat(),
        "ids": [str(OBJECT)],
        "nothing": None,
        "role": "owner",
    }


def test_writers_at_once_make_one_chain_without_gaps(own_database_url: str) -> None:
    engine = create_engine(driver_url(own_database_url), pool_size=8)
    with Session(engine) as session:
        principal = make_principal(session)
        session.commit()
    barrier = Barrier(8)

    def write(_: int) -> None:
        barrier.wait()
        for _ in range(5):
            with Session(engine) as session:
                audit.record(session, principal, "asset.name", "asset", OBJECT, {})
                session.commit()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    with Session(engine) as session:
        assert audit.verify(session, principal.workspace_id) == audit.Verdict(True, 40, None)
    engine.dispose()


def test_what_is_rolled_back_leaves_no_entry_and_no_gap(session: Session) -> None:
    principal = three_entries(session)
    with session.begin_nested() as inner:
        audit.record(session, principal, "asset.name", "asset", OBJECT, {})
        inner.rollback()
    entry = audit.record(session, principal, "asset.name", "asset", OBJECT, {})
    assert isinstance(entry, AuditEntry)
    assert entry.seq == 4
    assert audit.verify(session, principal.workspace_id).ok


@pytest.mark.parametrize(("action", "kind"), [("asset.frame", "asset"), ("asset.name", "course")])
def test_what_is_not_declared_is_refused_and_nothing_is_written(
    session: Session, action: str, kind: str
) -> None:
    principal = make_principal(session)
    before = audit.total(session, principal)
    with pytest.raises(ValueError, match=action):
        audit.record(session, principal, action, kind, OBJECT, {})
    facts = [Fact("asset.name", "asset", OBJECT, {}), Fact(action, kind, OBJECT, {})]
    with pytest.raises(ValueError, match=action):
        audit.record_all(session, principal, facts)
    assert audit.total(session, principal) == before


def test_a_workspace_with_a_log_cannot_be_deleted(session: Session) -> None:
    principal = make_principal(session)
    session.execute(text("DELETE FROM member"))
    delete, names = text("DELETE FROM workspace WHERE id = :id"), {"id": principal.workspace_id}
    with session.begin_nested() as without_a_log:
        session.execute(delete, names)
        without_a_log.rollback()
    audit.record(session, principal, "asset.name", "asset", OBJECT)
    with pytest.raises(IntegrityError, match="audit log"), session.begin_nested():
        session.execute(delete, names)
    assert audit.verify(session, principal.workspace_id) == audit.Verdict(True, 1, None)


def test_a_workspace_stays_while_somebody_writes_into_its_log(own_database_url: str) -> None:
    engine = create_engine(driver_url(own_database_url))
    with Session(engine) as session, session.begin():
        principal = make_principal(session)
    delete = text("DELETE FROM workspace WHERE id = :id")
    with Session(engine) as writer, Session(engine) as other:
        audit.record(writer, principal, "asset.name", "asset", OBJECT)
        other.execute(text("SET lock_timeout = '100ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            other.execute(delete, {"id": principal.workspace_id})
    engine.dispose()


def test_nothing_is_written_down_for_a_workspace_that_is_not_there(session: Session) -> None:
    with pytest.raises(NoResultFound), session.begin_nested():
        audit.record(session, Principal.system(uuid.uuid4()), "batch.fail", "batch", None)
