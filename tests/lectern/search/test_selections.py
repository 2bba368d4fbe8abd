"""Selections: named assets or all of a query, always of what is there now."""

import uuid

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from lectern.errors import Invalid, NotFound
from lectern.library import trash
from lectern.models import Asset, Role, Selection
from lectern.people.principal import Principal
from lectern.search import Query, selections
from tests.factories import make_asset, make_colleague


@pytest.fixture
def chosen(session: Session, owner: Principal) -> Selection:
    return selections.begin(session, owner, "library")


@pytest.fixture
def clips(session: Session, owner: Principal) -> list[Asset]:
    """Ten videos and two sounds, whose names sort naturally in the order made."""
    made = [make_asset(session, owner, name=f"Week {n}") for n in range(1, 11)]
    return made + [make_asset(session, owner, name=f"Zither {n}", kind="audio") for n in (1, 2)]


def selected(session: Session, who: Principal, selection: Selection) -> set[uuid.UUID]:
    found = session.scalars(selections.ids(session, who, selection)).all()
    assert len(found) == len(set(found)) == selections.count(session, who, selection)
    everything = [asset_id for asset_id in session.scalars(text("SELECT id FROM asset"))]
    assert selections.contains(session, who, selection, everything) == set(found)
    return set(found)


def test_a_selection_is_found_again_and_is_ones_own(
    session: Session, owner: Principal, stranger: Principal, chosen: Selection
) -> None:
    colleague = make_colleague(session, owner, Role.EDITOR)
    assert selections.begin(session, owner, "library").id == chosen.id
    assert selections.begin(session, owner, "trash").id != chosen.id
    assert selections.begin(session, colleague, "library").id != chosen.id
    for other in (colleague, stranger):
        with pytest.raises(NotFound):
            selections.get(session, other, chosen.id)
        with pytest.raises(NotFound):
            selections.add(session, other, chosen, [uuid.uuid4()])
    with pytest.raises(Invalid):
        selections.begin(session, owner, "elsewhere")


def test_named_assets_come_and_go(
    session: Session,
    owner: Principal,
    stranger: Principal,
    chosen: Selection,
    clips: list[Asset],
) -> None:
    ids = [asset.id for asset in clips]
    foreign = make_asset(session, stranger)
    assert selected(session, owner, chosen) == set()
    selections.add(session, owner, chosen, [ids[3], ids[1], ids[3], foreign.id, uuid.uuid4()])
    assert selected(session, owner, chosen) == {ids[1], ids[3]}
    selections.add(session, owner, chosen, [ids[0]])
    in_order = session.scalars(selections.in_order(session, owner, chosen)).all()
    assert in_order == [ids[3], ids[1], ids[0]]
    trash.trash(session, owner, clips[1], days=30)
    assert selected(session, owner, chosen) == {ids[3], ids[0]}
    trash.restore(session, owner, clips[1])
    selections.remove(session, owner, chosen, [ids[3]])
    assert selected(session, owner, chosen) == {ids[1], ids[0]}
    selections.clear(session, owner, chosen)
    assert selected(session, owner, chosen) == set()


def test_all_matching_follows_the_library_with_exceptions_and_additions(
    session: Session, owner: Principal, chosen: Selection, clips: list[Asset]
) -> None:
    ids = [asset.id for asset in clips]
    selections.add(session, owner, chosen, [ids[11]])
    selections.all_matching(session, owner, chosen, Query(kind="video", sort="name"))
    assert selected(session, owner, chosen) == set(ids[:10])
    selections.remove(session, owner, chosen, [ids[2], ids[3]])
    selections.add(session, owner, chosen, [ids[10], ids[3], ids[0]])
    wanted = {*ids[:2], *ids[3:11]}
    assert selected(session, owner, chosen) == wanted
    in_order = session.scalars(selections.in_order(session, owner, chosen)).all()
    assert in_order == [each for each in ids if each in wanted]
    later = make_asset(session, owner)
    assert selected(session, owner, chosen) == {*wanted, later.id}
    with pytest.raises(Invalid):
        selections.all_matching(
            session, owner, chosen, Query(sort="name", any_tag=("a,b",), kind="x")
        )


def test_the_trash_has_a_selection_of_its_own(
    session: Session, owner: Principal, clips: list[Asset]
) -> None:
    for asset in clips[:3]:
        trash.trash(session, owner, asset, days=30)
    thrown = selections.begin(session, owner, "trash")
    selections.all_matching(session, owner, thrown, Query())
    assert selected(session, owner, thrown) == {asset.id for asset in clips[:3]}
    selections.add(session, owner, thrown, [clips[5].id])
    assert selected(session, owner, thrown) == {asset.id for asset in clips[:3]}


def test_too_many_names_ask_for_a_query(
    session: Session, owner: Principal, chosen: Selection
) -> None:
    with pytest.raises(Invalid, match="Select all that match"):
        selections.add(session, owner, chosen, [uuid.uuid4() for _ in range(10_001)])
    assert selections.count(session, owner, chosen) == 0


def test_old_selections_are_forgotten(
    session: Session, owner: Principal, chosen: Selection
) -> None:
    kept = selections.begin(session, owner, "trash").id
    old = chosen.id
    session.execute(
        text("UPDATE selection SET updated_at = now() - interval '8 days' WHERE id = :id"),
        {"id": old},
    )
    session.expunge_all()
    selections.clear_old(session)
    assert selections.get(session, owner, kept).id == kept
    with pytest.raises(NotFound):
        selections.get(session, owner, old)
