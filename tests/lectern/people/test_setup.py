from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import create_engine, delete, func, select, text
from sqlalchemy.orm import Session

from lectern.database.sessions import driver_url
from lectern.errors import Conflict, Gone, Invalid, NotFound
from lectern.models import Member, Role, User, Workspace
from lectern.people import setup, sign_ins, users
from tests.factories import make_user, make_workspace

ANSWERS: dict[str, Any] = {
    "email": "Ada@Example.org",
    "name": "Ada",
    "password": "correct horse battery",
    "workspace_name": "Faculty of Physics",
}


@pytest.fixture
def secret(session: Session) -> str:
    found = setup.first_owner_link(session)
    assert found is not None
    return found


def test_the_link_makes_the_first_owner_and_workspace_and_signs_in(
    session: Session, secret: str
) -> None:
    setup.check(session, secret)
    signed_in = setup.use(session, secret, **ANSWERS)
    assert sign_ins.find(session, signed_in.secret) is not None
    assert signed_in.principal.role is Role.OWNER
    assert signed_in.principal.email == "ada@example.org"
    workspace = session.scalars(select(Workspace)).one()
    assert (workspace.slug, workspace.name) == ("faculty-of-physics", "Faculty of Physics")
    again = sign_ins.start(session, ANSWERS["email"], ANSWERS["password"], "203.0.113.9")
    assert again is not None


def test_it_works_once(session: Session, secret: str) -> None:
    setup.use(session, secret, **ANSWERS)
    with pytest.raises(Gone):
        setup.check(session, secret)
    with pytest.raises(Gone):
        setup.use(session, secret, **{**ANSWERS, "email": "bob@example.org"})
    assert setup.first_owner_link(session) is None


def test_a_new_link_ends_the_one_before(session: Session, secret: str) -> None:
    second = setup.first_owner_link(session)
    with pytest.raises(NotFound):
        setup.check(session, secret)
    assert second is not None
    setup.check(session, second)


def test_it_lasts_a_day(session: Session, secret: str) -> None:
    session.execute(text("UPDATE setup_link SET expires_at = expires_at - interval '1 day'"))
    with pytest.raises(Gone, match="Restart Lectern"):
        setup.use(session, secret, **ANSWERS)


def test_there_is_none_once_somebody_is_an_owner(session: Session, secret: str) -> None:
    users.add(session, email="ada@example.org", role=Role.OWNER)
    assert setup.first_owner_link(session) is None
    with pytest.raises(Gone):
        setup.use(session, secret, **ANSWERS)


def test_an_invented_link_is_not_found(session: Session, secret: str) -> None:
    with pytest.raises(NotFound):
        setup.check(session, secret[:-1])


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "nowhere"), ("name", " \n"), ("password", "short"), ("workspace_name", "\u202e")],
)
def test_a_bad_answer_is_refused_by_field_and_the_link_still_works(
    session: Session, secret: str, field: str, value: str
) -> None:
    with pytest.raises(Invalid) as refusal, session.begin_nested():
        setup.use(session, secret, **{**ANSWERS, field: value})
    assert set(refusal.value.fields) == {field}
    setup.use(session, secret, **ANSWERS)


def test_a_workspace_without_an_owner_is_taken_over(session: Session, secret: str) -> None:
    workspace = make_workspace(session)
    make_user(session, workspace, Role.EDITOR)
    assert setup.use(session, secret, **ANSWERS).principal.workspace_id == workspace.id


def test_an_existing_account_is_not_taken_over(session: Session, secret: str) -> None:
    make_user(session, make_workspace(session), Role.EDITOR, email="ada@example.org")
    with pytest.raises(Conflict, match="already has an account"):
        setup.use(session, secret, **ANSWERS)


def test_of_two_at_once_one_becomes_the_owner(own_database_url: str) -> None:
    engine = create_engine(driver_url(own_database_url))
    with Session(engine) as session:
        session.execute(delete(Member))
        secret = setup.first_owner_link(session)
        session.commit()
    assert secret is not None
    barrier = Barrier(2)

    def use(email: str) -> bool:
        with Session(engine) as session:
            barrier.wait()
            try:
                setup.use(session, secret, **{**ANSWERS, "email": email})
            except Gone:
                return False
            session.commit()
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(use, ["a@example.org", "b@example.org"])) == [False, True]
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1
    engine.dispose()
