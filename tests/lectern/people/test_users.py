import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from lectern import text
from lectern.database.sessions import driver_url
from lectern.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited
from lectern.models import Member, Role, User, Workspace
from lectern.people import audit_reading, members, passwords, sign_ins, users, workspaces
from lectern.people.principal import Principal
from tests.factories import make_colleague, make_principal, make_user, make_workspace

PASSWORD = "correct horse battery"


def member_of(session: Session, user: User) -> Member:
    return session.scalars(select(Member).where(Member.user_id == user.id)).one()


def test_the_first_user_makes_the_first_workspace(session: Session) -> None:
    user = users.add(session, email=" Ada@Example.org ", role="owner", password=PASSWORD)
    assert (user.email, user.name) == ("ada@example.org", "ada")
    assert workspaces.first(session) is not None
    assert member_of(session, user).role == "owner"
    assert passwords.verify(user.password_hash, PASSWORD)


def test_a_slug_names_the_first_workspace_and_finds_later_ones(session: Session) -> None:
    first = users.add(session, email="a@example.org", role="owner", workspace_slug="physics")
    workspace = workspaces.find(session, "physics")
    assert workspace is not None
    other = make_workspace(session)
    second = users.add(session, email="b@example.org", role="viewer", workspace_slug=other.slug)
    third = users.add(session, email="c@example.org", role="viewer")
    places = [member_of(session, user).workspace_id for user in (first, second, third)]
    assert places == [workspace.id, other.id, workspace.id]
    with pytest.raises(NotFound, match="not found"):
        users.add(session, email="d@example.org", role="viewer", workspace_slug="chemistry")


def test_an_owner_on_the_command_line_makes_a_further_workspace(session: Session) -> None:
    users.add(session, email="a@example.org", role="owner")
    first = workspaces.first(session)
    owner = users.add(session, email="b@example.org", role="owner", workspace_slug="chemistry")
    made = workspaces.find(session, "chemistry")
    assert made is not None
    assert made is not first
    assert member_of(session, owner).workspace_id == made.id
    inside = make_principal(session, workspace=made)
    with pytest.raises(NotFound, match="not found"):
        users.add(session, email="c@x.org", role="owner", workspace_slug="physics", by=inside)


def test_without_a_password_nobody_gets_in(session: Session) -> None:
    user = users.add(session, email="a@example.org", role="owner")
    assert user.password_hash is None
    assert sign_ins.start(session, user.email, "", "203.0.113.9") is None


@pytest.mark.parametrize(
    "bad", ["", "a", "a@", "@b", "a b@c", "a@b@c", "a@b\nc", "x" * 65 + "@b.org", "a@.b", "a@b..c"]
)
def test_an_address_looks_like_one(session: Session, bad: str) -> None:
    with pytest.raises(Invalid) as refusal:
        users.add(session, email=bad, role="owner")
    assert set(refusal.value.fields) == {"email"}


def test_a_role_is_one_of_four(session: Session) -> None:
    with pytest.raises(Invalid, match="owner, editor, contributor, viewer"):
        users.add(session, email="a@example.org", role="root")


def test_a_member_is_not_added_twice(session: Session) -> None:
    users.add(session, email="a@example.org", role="owner")
    with pytest.raises(Conflict, match="already a member"):
        users.add(session, email="A@example.org", role="viewer")


def test_an_account_of_another_workspace_joins_and_keeps_its_password(session: Session) -> None:
    user = make_user(session, make_workspace(session), password=PASSWORD)
    there = make_workspace(session)
    with pytest.raises(Conflict, match="Omit the password"):
        users.add(
            session, email=user.email, role="viewer", workspace_slug=there.slug, password="x" * 12
        )
    joined = users.add(session, email=user.email, role="viewer", workspace_slug=there.slug)
    assert joined.id == user.id
    assert passwords.verify(joined.password_hash, PASSWORD)
    assert len(session.scalars(select(Member).where(Member.user_id == user.id)).all()) == 2


def test_only_owners_add_members_and_only_to_their_workspace(session: Session) -> None:
    owner = make_principal(session)
    editor = make_colleague(session, owner)
    with pytest.raises(Forbidden, match="manage the members"):
        members.add(session, editor, make_user(session), Role.VIEWER)
    member = members.add(session, owner, make_user(session), Role.VIEWER)
    assert member.workspace_id == owner.workspace_id


def test_the_list_of_members_is_this_workspaces(session: Session) -> None:
    owner, elsewhere = make_principal(session), make_principal(session)
    editor = make_colleague(session, owner)
    listed = {member.user_id for member in members.list_members(session, owner)}
    assert listed == {owner.user_id, editor.user_id}
    assert elsewhere.user_id not in listed
    with pytest.raises(Forbidden):
        members.list_members(session, editor)


def test_a_foreign_member_is_a_missing_one(session: Session) -> None:
    owner, elsewhere = make_principal(session), make_principal(session)
    for user_id in (elsewhere.user_id, uuid.uuid4()):
        assert user_id is not None
        with pytest.raises(NotFound, match="Member not found"):
            members.change_role(session, owner, user_id, Role.VIEWER)
        with pytest.raises(NotFound, match="Member not found"):
            members.remove(session, owner, user_id)


def test_the_last_owner_stays(session: Session) -> None:
    owner = make_principal(session)
    assert owner.user_id is not None
    make_colleague(session, owner)
    with pytest.raises(Conflict, match="only owner"):
        members.change_role(session, owner, owner.user_id, Role.EDITOR)
    with pytest.raises(Conflict, match="only owner"):
        members.remove(session, owner, owner.user_id)
    make_colleague(session, owner, Role.OWNER)
    members.remove(session, owner, owner.user_id)


def test_a_change_of_role_is_in_the_log_with_before_and_after(session: Session) -> None:
    owner = make_principal(session)
    editor = make_colleague(session, owner)
    assert editor.user_id is not None
    members.change_role(session, owner, editor.user_id, Role.VIEWER)
    members.change_role(session, owner, editor.user_id, Role.VIEWER)
    (line,) = audit_reading.history(session, owner, editor.user_id)
    assert line.action == "member.change"
    assert line.details == {"role": {"before": "editor", "after": "viewer"}}


def test_the_current_password_is_needed_for_a_new_one(session: Session) -> None:
    user = make_user(session, make_workspace(session), password=PASSWORD)
    workspace_id = members.first_workspace(session, user.id)
    assert workspace_id is not None
    principal = members.principal_of(session, user.id, workspace_id)
    with pytest.raises(Invalid) as refusal:
        users.change_password(session, principal, "wrong password", "another long password")
    assert set(refusal.value.fields) == {"current"}
    with pytest.raises(Invalid) as refusal:
        users.change_password(session, principal, PASSWORD, "short")
    assert set(refusal.value.fields) == {"new"}
    users.change_password(session, principal, PASSWORD, "another long password")
    assert passwords.verify(user.password_hash, "another long password")


def test_a_stolen_session_cannot_try_passwords_for_long(session: Session) -> None:
    user = make_user(session, make_workspace(session), password=PASSWORD)
    workspace_id = members.first_workspace(session, user.id)
    assert workspace_id is not None
    principal = members.principal_of(session, user.id, workspace_id)
    for _ in range(5):
        with pytest.raises(Invalid):
            users.change_password(session, principal, "wrong password", "another long password")
    with pytest.raises(RateLimited):
        users.change_password(session, principal, PASSWORD, "another long password")
    with pytest.raises(RateLimited):
        sign_ins.start(session, user.email, PASSWORD, "203.0.113.9")


def test_a_token_changes_no_account(session: Session) -> None:
    token = make_principal(session, scopes=frozenset({"write"}))
    with pytest.raises(NotFound):
        users.rename(session, token, "Bob")
    with pytest.raises(NotFound):
        users.change_password(session, token, PASSWORD, "another long password")


def test_one_changes_ones_own_name(session: Session) -> None:
    principal = make_principal(session)
    assert users.rename(session, principal, "  Ada\u202e \n Lovelace ").name == "Ada Lovelace"


@pytest.mark.parametrize("title", ["", " ", "\u200e", "x" * 201])
def test_a_name_is_neither_empty_nor_endless(title: str) -> None:
    with pytest.raises(Invalid):
        text.line(title, "title")


@pytest.mark.parametrize("ref", ["", " a", "a ", "a/b", ".", "..", "a\nb", "a\0", "x" * 201])
def test_a_reference_survives_an_address(ref: str) -> None:
    with pytest.raises(Invalid):
        text.reference(ref)


@pytest.mark.parametrize("ref", ["1", "course-v1:edX+Demo", "Übung 3", "a.b", "U\u0308bung"])
def test_a_reference_is_kept_as_it_is(ref: str) -> None:
    assert text.reference(ref) == ref


def test_two_owners_cannot_demote_each_other(own_database_url: str) -> None:
    engine = create_engine(driver_url(own_database_url))
    with Session(engine) as session:
        first = make_principal(session)
        second = make_principal(session, workspace=session.scalars(select(Workspace)).one())
        session.commit()
    barrier = Barrier(2)

    def demote(pair: tuple[Principal, Principal]) -> bool:
        asking, target = pair
        assert target.user_id is not None
        with Session(engine) as session:
            barrier.wait()
            try:
                members.change_role(session, asking, target.user_id, Role.EDITOR)
            except Conflict:
                return False
            session.commit()
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, [(first, second), (second, first)])) == [False, True]
    with Session(engine) as session:
        owners = select(func.count()).select_from(Member).where(Member.role == "owner")
        assert session.scalar(owners) == 1
    engine.dispose()
