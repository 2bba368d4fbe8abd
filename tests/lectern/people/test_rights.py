import uuid
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lectern.errors import Forbidden, NotFound
from lectern.models import Role
from lectern.people.principal import Principal
from lectern.people.rights import RIGHTS, SCOPES, Action, Reach, can, require

HERE, ELSEWHERE, ME, OTHER = (uuid.UUID(int=number) for number in range(1, 5))


@dataclass
class Thing:
    workspace_id: uuid.UUID = HERE
    created_by: uuid.UUID | None = ME


def member(role: Role, scopes: frozenset[str] | None = None) -> Principal:
    return Principal(HERE, ME, role, "Ada", "ada@example.org", scopes)


roles = st.sampled_from(list(Role))
actions = st.sampled_from(list(Action))
scope_sets = st.frozensets(st.sampled_from(sorted(SCOPES)))
things = st.builds(
    Thing,
    workspace_id=st.sampled_from([HERE, ELSEWHERE]),
    created_by=st.sampled_from([ME, OTHER, None]),
)


def test_each_action_says_something_for_each_role() -> None:
    assert set(RIGHTS) == set(Action)
    for reaches in RIGHTS.values():
        assert set(reaches) == set(Role)


def test_the_roles_in_words() -> None:
    everything = set(Action)
    assert {action for action in Action if can(member(Role.OWNER), action)} == everything
    assert {action for action in Action if not can(member(Role.EDITOR), action, Thing())} == {
        Action.PURGE,
        Action.SEE_AUDIT,
        Action.SEE_STORAGE,
        Action.MANAGE_FIELDS,
        Action.EXCHANGE,
        Action.MANAGE_MEMBERS,
    }
    theirs = Thing(created_by=OTHER)
    assert {action for action in Action if can(member(Role.CONTRIBUTOR), action, theirs)} == {
        Action.SEE,
        Action.PLAY,
        Action.UPLOAD,
        Action.SEE_COURSES,
        Action.EDIT_COURSES,
    }
    assert can(member(Role.CONTRIBUTOR), Action.TRASH, Thing())
    assert {action for action in Action if can(member(Role.VIEWER), action, theirs)} == {
        Action.SEE,
        Action.PLAY,
        Action.SEE_COURSES,
    }


@given(roles, actions, things)
def test_a_role_allows_what_the_table_says_and_nothing_in_another_workspace(
    role: Role, action: Action, thing: Thing
) -> None:
    reach = RIGHTS[action][role]
    expected = thing.workspace_id == HERE and (
        reach is Reach.ANY or (reach is Reach.OWN and thing.created_by == ME)
    )
    assert can(member(role), action, thing) is expected


@given(roles, actions, scope_sets, st.none() | things)
def test_a_token_may_what_its_role_and_one_of_its_scopes_allow(
    role: Role, action: Action, scopes: frozenset[str], thing: Thing | None
) -> None:
    granted = any(action in SCOPES[scope] for scope in scopes)
    assert can(member(role, scopes), action, thing) is (
        granted and can(member(role), action, thing)
    )


@given(roles, actions, st.none() | scope_sets, st.none() | things)
def test_require_passes_exactly_what_can_allows_and_never_shows_what_may_not_be_seen(
    role: Role, action: Action, scopes: frozenset[str] | None, thing: Thing | None
) -> None:
    principal = member(role, scopes)
    try:
        require(principal, action, thing)
    except NotFound:
        outcome = "missing"
    except Forbidden:
        outcome = "forbidden"
    else:
        outcome = "allowed"
    assert (outcome == "allowed") is can(principal, action, thing)
    if thing is not None and thing.workspace_id != HERE:
        assert outcome == "missing"


def test_read_sees_and_changes_nothing_and_write_does_all_but_make_tokens() -> None:
    reading = {
        Action.SEE,
        Action.PLAY,
        Action.DOWNLOAD_ORIGINAL,
        Action.SEE_COURSES,
        Action.SEE_AUDIT,
        Action.SEE_STORAGE,
    }
    assert SCOPES["read"] == reading
    assert SCOPES["write"] == set(Action) - {Action.MANAGE_TOKENS}
    for scope, allowed in SCOPES.items():
        assert allowed <= SCOPES["write"], scope


def test_an_unknown_scope_grants_nothing() -> None:
    principal = member(Role.OWNER, frozenset({"everything"}))
    assert not any(can(principal, action) for action in Action)


def test_the_refusal_says_who_could() -> None:
    with pytest.raises(Forbidden, match="role viewer does not allow you to upload files"):
        require(member(Role.VIEWER), Action.UPLOAD)
    with pytest.raises(Forbidden, match="only if you own them"):
        require(member(Role.CONTRIBUTOR), Action.EDIT, Thing(created_by=OTHER))
    with pytest.raises(Forbidden, match="scope upload or write"):
        require(member(Role.OWNER, frozenset({"read"})), Action.UPLOAD)


def test_what_nobody_made_is_nobodys_own() -> None:
    nobody = replace(member(Role.CONTRIBUTOR), user_id=None)
    assert not can(nobody, Action.EDIT, Thing(created_by=None))
