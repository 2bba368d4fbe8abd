import time
from datetime import timedelta
from statistics import median

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from lectern.errors import RateLimited
from lectern.models import Attempt, Role, SignIn, User, Workspace
from lectern.people import audit, members, passwords, sign_ins, users
from lectern.people.principal import Principal
from lectern.people.sign_ins import SignedIn
from tests.factories import make_colleague, make_principal, make_user, make_workspace

PASSWORD = "correct horse battery"
ADDRESS = "203.0.113.9"


@pytest.fixture
def ada(session: Session) -> User:
    return make_user(session, make_workspace(session), Role.EDITOR, password=PASSWORD)


def signed_in(session: Session, user: User) -> SignedIn:
    result = sign_ins.start(session, user.email, PASSWORD, ADDRESS)
    assert result is not None
    return result


def age(session: Session, column: str, interval: str) -> None:
    session.execute(text(f"UPDATE session SET {column} = {column} - interval '{interval}'"))  # noqa: S608


def test_the_right_password_opens_a_session_that_is_found_by_its_secret(
    session: Session, ada: User
) -> None:
    secret, csrf, principal = signed_in(session, ada)
    found = sign_ins.find(session, secret)
    assert found == (principal, csrf)
    assert (principal.role, principal.scopes, principal.user_id) == (Role.EDITOR, None, ada.id)


def test_only_the_digest_of_the_secret_is_stored(session: Session, ada: User) -> None:
    secret = signed_in(session, ada).secret
    assert len(secret) >= 43  # 256 bits
    row = session.scalars(select(SignIn)).one()
    assert row.digest == sign_ins.digest(secret)
    assert secret not in str(vars(row))


def test_each_sign_in_has_a_new_secret_and_a_new_csrf_token(session: Session, ada: User) -> None:
    first, second = signed_in(session, ada), signed_in(session, ada)
    assert first.secret != second.secret
    assert first.csrf != second.csrf


def test_a_capital_letter_in_the_address_does_not_matter(session: Session, ada: User) -> None:
    assert sign_ins.start(session, f" {ada.email.upper()} ", PASSWORD, ADDRESS) is not None


@pytest.mark.parametrize("secret", ["", "x", "é" * 43, "\ud800"])
def test_an_invented_secret_finds_nobody(session: Session, ada: User, secret: str) -> None:
    signed_in(session, ada)
    assert sign_ins.find(session, secret) is None


def test_a_session_ends_after_twelve_idle_hours(session: Session, ada: User) -> None:
    secret = signed_in(session, ada).secret
    age(session, "seen_at", "11 hours 59 minutes")
    assert sign_ins.find(session, secret) is not None
    age(session, "seen_at", "12 hours 1 minute")
    assert sign_ins.find(session, secret) is None


def test_a_session_ends_after_seven_days_however_busy(session: Session, ada: User) -> None:
    secret = signed_in(session, ada).secret
    age(session, "expires_at", "7 days")
    assert sign_ins.find(session, secret) is None


def test_being_alive_is_written_at_most_once_a_minute(session: Session, ada: User) -> None:
    secret = signed_in(session, ada).secret
    seen_at = session.execute(select(SignIn.seen_at)).scalar_one()
    sign_ins.find(session, secret)
    assert session.scalar(select(SignIn.seen_at)) == seen_at
    age(session, "seen_at", "61 seconds")
    sign_ins.find(session, secret)
    assert session.scalar(select(SignIn.seen_at > seen_at - timedelta(seconds=61)))


def test_signing_out_ends_that_session_only_and_twice_is_nothing(
    session: Session, ada: User
) -> None:
    here, there = signed_in(session, ada).secret, signed_in(session, ada).secret
    sign_ins.end(session, here)
    sign_ins.end(session, here)
    assert sign_ins.find(session, here) is None
    assert sign_ins.find(session, there) is not None


def test_another_role_ends_the_sessions(session: Session, ada: User) -> None:
    secret = signed_in(session, ada).secret
    owner = make_principal(session, workspace=session.scalars(select(Workspace)).one())
    members.change_role(session, owner, ada.id, Role.VIEWER)
    assert sign_ins.find(session, secret) is None
    again = signed_in(session, ada)
    assert again.principal.role is Role.VIEWER


def test_a_new_password_ends_all_sessions_but_this_one(session: Session, ada: User) -> None:
    here, there = signed_in(session, ada), signed_in(session, ada)
    keep = sign_ins.digest(here.secret)
    users.change_password(session, here.principal, PASSWORD, "another long password", keep=keep)
    assert sign_ins.find(session, here.secret) is not None
    assert sign_ins.find(session, there.secret) is None
    assert sign_ins.start(session, ada.email, PASSWORD, ADDRESS) is None


def test_who_is_no_member_any_more_is_signed_out_and_stays_out(session: Session, ada: User) -> None:
    secret = signed_in(session, ada).secret
    owner = make_principal(session, workspace=session.scalars(select(Workspace)).one())
    members.remove(session, owner, ada.id)
    assert sign_ins.find(session, secret) is None
    assert sign_ins.start(session, ada.email, PASSWORD, ADDRESS) is None


def test_ended_sessions_are_cleared_away(session: Session, ada: User) -> None:
    signed_in(session, ada)
    age(session, "seen_at", "13 hours")
    living = signed_in(session, ada).secret
    sign_ins.clear_ended(session)
    assert session.scalars(select(SignIn.digest)).all() == [sign_ins.digest(living)]


def test_the_sixth_wrong_password_in_a_minute_is_refused_and_the_right_one_too(
    session: Session, ada: User
) -> None:
    for number in range(5):
        wrong = sign_ins.start(session, ada.email, "wrong password", f"203.0.113.{number}")
        assert wrong is None
    with pytest.raises(RateLimited):
        sign_ins.start(session, ada.email.upper(), PASSWORD, "203.0.113.99")


def test_one_address_may_fail_twenty_times_over_all_accounts(session: Session) -> None:
    for number in range(20):
        assert sign_ins.start(session, f"{number}@example.org", "wrong", ADDRESS) is None
    with pytest.raises(RateLimited):
        sign_ins.start(session, "other@example.org", "wrong", ADDRESS)
    assert sign_ins.start(session, "other@example.org", "wrong", "203.0.113.10") is None


def test_signing_in_rightly_is_not_counted(session: Session, ada: User) -> None:
    for _ in range(6):
        signed_in(session, ada)
    assert session.scalar(select(func.count()).select_from(Attempt)) == 0


@pytest.mark.parametrize("email", ["nobody@example.org", "", "x" * 3000, "nul\0@example.org"])
def test_an_unknown_account_reads_like_a_wrong_password(session: Session, email: str) -> None:
    assert sign_ins.start(session, email, PASSWORD, ADDRESS) is None


def test_an_account_without_a_password_cannot_be_signed_in_to(session: Session) -> None:
    user = make_user(session, make_workspace(session))
    for attempt in ("", "None", "x" * 12):
        assert sign_ins.start(session, user.email, attempt, ADDRESS) is None


def test_an_unknown_account_takes_as_long_as_a_known_one(ada: User) -> None:
    def took(stored: str | None) -> float:
        start = time.thread_time()
        passwords.verify(stored, "wrong password")
        return time.thread_time() - start

    pairs = [(took(None), took(ada.password_hash)) for _ in range(7)]
    unknown, known = (median(times) for times in zip(*pairs, strict=True))
    assert 0.5 < unknown / known < 2


def test_what_happened_is_in_the_log_by_id_only(session: Session, ada: User) -> None:
    sign_ins.start(session, ada.email, "wrong password", ADDRESS)
    sign_ins.end(session, signed_in(session, ada).secret)
    workspace_id = members.first_workspace(session, ada.id)
    assert workspace_id is not None
    lines = audit.entries(session, Principal.system(workspace_id))
    assert [line.action for line in lines] == ["session.end", "session.start", "session.refuse"]
    assert {line.object_id for line in lines} == {ada.id}
    assert not any(ada.email in str(line.details) for line in lines)


def test_a_member_of_two_workspaces_gets_into_the_first(session: Session, ada: User) -> None:
    other = make_workspace(session)
    members.add(session, Principal.system(other.id), ada, Role.OWNER)
    colleague = make_colleague(session, Principal.system(other.id))
    principal = signed_in(session, ada).principal
    assert principal.workspace_id != colleague.workspace_id
    assert principal.role is Role.EDITOR
