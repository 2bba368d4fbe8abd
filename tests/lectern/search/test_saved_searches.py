"""Saved searches: one's own and shared ones, and filters that nobody understands any more."""

import uuid

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.errors import Forbidden, Invalid, NotFound, Stale
from lectern.models import AuditEntry, Role, SavedSearch
from lectern.people.principal import Principal
from lectern.search import Query, saved_searches
from tests.factories import make_colleague

REACT = Query(q="react", kind="video", tag=("hooks", "exam"), usage="never", sort="-size")


def names(session: Session, who: Principal) -> list[str]:
    return [saved.name for saved in saved_searches.listing(session, who)]


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))


def test_a_search_comes_back_as_it_was_saved(session: Session, owner: Principal) -> None:
    saved = saved_searches.create(session, owner, " Unused  React ", REACT)
    session.expire_all()
    (found,) = saved_searches.listing(session, owner)
    assert (found.name, found.query, found.why) == ("Unused React", REACT, "")
    assert found.mine
    assert found.editable
    assert not found.shared
    assert saved_searches.get(session, owner, saved.id) == found
    assert actions(session) == ["search.create"]


def test_ones_own_come_in_the_order_they_were_saved_then_those_of_others_by_name(
    session: Session, owner: Principal
) -> None:
    colleague = make_colleague(session, owner)
    for name in ("Zoo", "apple"):
        saved_searches.create(session, owner, name, REACT)
    for name in ("zebra", "Bear"):
        saved_searches.create(session, colleague, name, REACT, shared=True)
    saved_searches.create(session, colleague, "secret", REACT)
    assert names(session, owner) == ["Zoo", "apple", "Bear", "zebra"]
    assert saved_searches.listing(session, owner)[2].by == colleague.name
    assert names(session, colleague) == ["zebra", "Bear", "secret"]


def test_a_name_is_ones_own_once(session: Session, owner: Principal) -> None:
    saved_searches.create(session, owner, "Exam", REACT)
    other = saved_searches.create(session, owner, "Test", REACT)
    with pytest.raises(Invalid, match="“Exam” already"):
        saved_searches.create(session, owner, "Exam", Query())
    with pytest.raises(Invalid, match="“Exam” already"):
        saved_searches.change(session, owner, other.id, "Exam", shared=False)
    saved_searches.change(session, owner, other.id, "Test", shared=False)
    saved_searches.create(session, make_colleague(session, owner), "Exam", REACT)
    for name in ("", " ", "x" * 101):
        with pytest.raises(Invalid, match="1 to 100 characters"):
            saved_searches.create(session, owner, name, REACT)


def test_name_filter_and_sharing_change_and_the_log_says_so(
    session: Session, owner: Principal
) -> None:
    saved = saved_searches.create(session, owner, "Exam", REACT)
    saved_searches.change(session, owner, saved.id, "Exams", shared=True, seen="Exam")
    saved_searches.replace(session, owner, saved.id, Query(kind="image"), seen="Exams")
    saved_searches.replace(session, owner, saved.id, Query(kind="image"))
    viewer = make_colleague(session, owner, Role.VIEWER)
    (found,) = saved_searches.listing(session, viewer)
    assert (found.name, found.query) == ("Exams", Query(kind="image"))
    assert not found.mine
    assert not found.editable
    assert saved_searches.delete(session, owner, saved.id, seen="Exams") == "Exams"
    assert names(session, viewer) == []
    assert actions(session) == [
        "search.create",
        "search.change",
        "search.replace",
        "search.delete",
    ]


def test_who_saw_an_older_name_is_told(session: Session, owner: Principal) -> None:
    saved = saved_searches.create(session, owner, "Exam", REACT)
    saved_searches.change(session, owner, saved.id, "Exams", shared=False)
    for change in (
        lambda: saved_searches.change(session, owner, saved.id, "X", shared=False, seen="Exam"),
        lambda: saved_searches.replace(session, owner, saved.id, Query(), seen="Exam"),
        lambda: saved_searches.delete(session, owner, saved.id, seen="Exam"),
    ):
        with pytest.raises(Stale, match="now “Exams”"):
            change()


def test_everybody_saves_for_themselves_and_owners_and_editors_share(
    session: Session, owner: Principal
) -> None:
    for role in (Role.CONTRIBUTOR, Role.VIEWER):
        who = make_colleague(session, owner, role)
        saved = saved_searches.create(session, who, "Mine", REACT)
        with pytest.raises(Forbidden):
            saved_searches.create(session, who, "Ours", REACT, shared=True)
        with pytest.raises(Forbidden):
            saved_searches.change(session, who, saved.id, "Mine", shared=True)
        saved_searches.delete(session, who, saved.id)
    editor = make_colleague(session, owner, Role.EDITOR)
    shared = saved_searches.create(session, editor, "Ours", REACT, shared=True)
    viewer = make_colleague(session, owner, Role.VIEWER)
    with pytest.raises(Forbidden):
        saved_searches.replace(session, viewer, shared.id, Query())
    saved_searches.change(session, owner, shared.id, "All of ours", shared=True)


def test_what_is_somebody_elses_own_or_elsewhere_is_not_there(
    session: Session, owner: Principal, stranger: Principal
) -> None:
    colleague = make_colleague(session, owner)
    private = saved_searches.create(session, colleague, "Private", REACT)
    foreign = saved_searches.create(session, stranger, "Foreign", REACT, shared=True)
    assert names(session, owner) == []
    for saved_id in (private.id, foreign.id, uuid.uuid4()):
        for change in (
            lambda saved_id=saved_id: saved_searches.get(session, owner, saved_id),
            lambda saved_id=saved_id: saved_searches.change(
                session, owner, saved_id, "X", shared=False
            ),
            lambda saved_id=saved_id: saved_searches.delete(session, owner, saved_id),
        ):
            with pytest.raises(NotFound):
                change()


@pytest.mark.parametrize(
    "stored", [{"kind": "hologram"}, {"tag": {"no": "list"}}, {"min_size": "many"}, {"q": 7}]
)
def test_a_filter_nobody_understands_any_more_is_shown_with_the_reason(
    session: Session, owner: Principal, stored: dict[str, object]
) -> None:
    saved = saved_searches.create(session, owner, "Old", REACT)
    session.get_one(SavedSearch, (owner.workspace_id, saved.id)).query = stored
    session.flush()
    (found,) = saved_searches.listing(session, owner)
    assert found.query is None
    assert next(iter(stored)) in found.why
    saved_searches.replace(session, owner, saved.id, Query())
    assert saved_searches.listing(session, owner)[0].query == Query()


def test_no_more_than_anybody_overlooks(
    session: Session, owner: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_searches, "MOST", 1)
    saved_searches.create(session, owner, "One", REACT)
    with pytest.raises(Invalid, match="1 saved searches"):
        saved_searches.create(session, owner, "Two", REACT)
