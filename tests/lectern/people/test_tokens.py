import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from lectern.errors import Invalid, NotFound
from lectern.models import Role, Token, User
from lectern.people import audit_reading, members, tokens
from lectern.people.principal import Principal
from tests.factories import make_colleague, make_principal, make_user


@pytest.fixture
def owner(session: Session) -> Principal:
    return make_principal(session)


def create(session: Session, principal: Principal, *scopes: str) -> str:
    return tokens.create(session, principal, principal.workspace_id, "CI", scopes or ["read"])


def test_a_token_speaks_for_its_owner_within_its_scopes(session: Session, owner: Principal) -> None:
    found = tokens.find(session, create(session, owner, "write", "read", "read"))
    assert found is not None
    assert (found.user_id, found.workspace_id) == (owner.user_id, owner.workspace_id)
    assert (found.role, found.scopes) == (Role.OWNER, frozenset({"read", "write"}))


def test_the_text_is_recognisable_and_only_its_digest_is_stored(
    session: Session, owner: Principal
) -> None:
    words = create(session, owner)
    prefix, identity, secret = words.split("_", 2)
    token = session.scalars(select(Token)).one()
    assert (prefix, identity) == ("lt", token.id.hex)
    assert len(secret) == 43  # 256 bits
    assert secret not in str(vars(token))


@pytest.mark.parametrize("spoil", ["", "lt_", "lt_x_y", "LT", "cut", "other", "longer", "nul"])
def test_anything_else_is_no_token(session: Session, owner: Principal, spoil: str) -> None:
    words = create(session, owner)
    other = create(session, owner)
    wrong = {
        "LT": words.upper(),
        "cut": words[:-1],
        "other": words[:36] + other[36:],
        "longer": words + "a",
        "nul": words[:-1] + "\0",
    }.get(spoil, spoil)
    assert tokens.find(session, wrong) is None


def test_the_role_is_the_members_of_this_moment(session: Session, owner: Principal) -> None:
    editor = make_colleague(session, owner)
    words = create(session, editor, "write")
    assert editor.user_id is not None
    members.change_role(session, owner, editor.user_id, Role.VIEWER)
    found = tokens.find(session, words)
    assert found is not None
    assert found.role is Role.VIEWER
    members.remove(session, owner, editor.user_id)
    assert tokens.find(session, words) is None


def test_a_revoked_token_is_none_at_once_and_twice_is_nothing(
    session: Session, owner: Principal
) -> None:
    words = create(session, owner)
    (token,) = tokens.list_tokens(session, owner)
    tokens.revoke(session, owner, token.id)
    tokens.revoke(session, owner, token.id)
    assert tokens.find(session, words) is None
    assert tokens.list_tokens(session, owner) == []
    actions = [line.action for line in audit_reading.history(session, owner, token.id)]
    assert actions == ["token.revoke", "token.create"]


def test_a_token_ends_after_a_year_or_sooner_if_asked(session: Session, owner: Principal) -> None:
    words = create(session, owner)
    token = session.scalars(select(Token)).one()
    assert token.expires_at is not None
    assert timedelta(days=364) < token.expires_at - datetime.now(UTC) <= timedelta(days=365)
    session.execute(text("UPDATE token SET expires_at = now()"))
    assert tokens.find(session, words) is None


@pytest.mark.parametrize("days", [-1, 366])
def test_a_token_may_not_end_in_the_past_or_after_a_year(
    session: Session, owner: Principal, days: int
) -> None:
    with pytest.raises(Invalid):
        tokens.create(
            session,
            owner,
            owner.workspace_id,
            "CI",
            ["read"],
            expires_at=datetime.now(UTC) + timedelta(days=days),
        )


@pytest.mark.parametrize("scopes", [[], ["everything"], ["read", "root"]])
def test_scopes_are_among_the_known_ones(
    session: Session, owner: Principal, scopes: list[str]
) -> None:
    with pytest.raises(Invalid, match="read, write"):
        tokens.create(session, owner, owner.workspace_id, "CI", scopes)


def test_a_token_cannot_make_or_list_or_end_tokens(session: Session, owner: Principal) -> None:
    found = tokens.find(session, create(session, owner, "write"))
    assert found is not None
    with pytest.raises(NotFound):
        create(session, found)
    with pytest.raises(NotFound):
        tokens.list_tokens(session, found)


def test_use_is_noted_at_most_once_a_minute(session: Session, owner: Principal) -> None:
    words = create(session, owner)

    def used_at() -> datetime | None:
        return session.scalar(select(Token.used_at).execution_options(populate_existing=True))

    assert used_at() is None
    tokens.find(session, words)
    first = used_at()
    session.expire_all()
    tokens.find(session, words)
    assert used_at() == first
    session.execute(text("UPDATE token SET used_at = used_at - interval '61 seconds'"))
    session.expire_all()
    tokens.find(session, words)
    again = used_at()
    assert first is not None
    assert again is not None
    assert again > first - timedelta(seconds=61)


def test_the_command_line_makes_one_for_a_member_by_name(
    session: Session, owner: Principal
) -> None:
    user = session.get_one(User, owner.user_id)
    words = tokens.create(session, user, owner.workspace_id, "CI", ["read"])
    found = tokens.find(session, words)
    assert found is not None
    assert found.user_id == user.id


def test_nobody_gets_a_token_for_a_workspace_that_is_not_theirs(
    session: Session, owner: Principal
) -> None:
    elsewhere = make_principal(session)
    with pytest.raises(NotFound):
        tokens.create(session, owner, elsewhere.workspace_id, "CI", ["read"])
    with pytest.raises(NotFound):
        tokens.create(session, make_user(session), owner.workspace_id, "CI", ["read"])


def test_owners_end_anybodys_tokens_here_and_others_only_their_own(
    session: Session, owner: Principal
) -> None:
    editor, elsewhere = make_colleague(session, owner), make_principal(session)
    words = create(session, editor)
    owners = create(session, owner)
    (token,) = tokens.list_tokens(session, editor)
    (owners_token,) = tokens.list_tokens(session, owner)
    with pytest.raises(NotFound):
        tokens.revoke(session, elsewhere, token.id)
    with pytest.raises(NotFound):
        tokens.revoke(session, editor, owners_token.id)
    with pytest.raises(NotFound):
        tokens.revoke(session, owner, uuid.uuid4())
    tokens.revoke(session, owner, token.id)
    assert tokens.find(session, words) is None
    assert tokens.find(session, owners) is not None
