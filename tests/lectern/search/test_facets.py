"""Facets: each number equals what choosing it shows."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from lectern import search
from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.models import Folder
from lectern.people.principal import Principal
from lectern.search import Query, facets
from lectern.search.facets import Choice
from lectern.taxonomy import folders, tags
from tests.factories import make_asset, make_blob, make_colleague, make_course

QUERIES = [
    Query(),
    Query(kind="video"),
    Query(q="cell"),
    Query(tag=("exam",)),
    Query(usage="never", kind="audio"),
    Query(course="biology"),
    Query(q="cell", usage="unused", kind="video"),
    Query(trashed=True),
]


@pytest.fixture
def shelf(session: Session, owner: Principal, stranger: Principal) -> None:
    """40 files of two people with kinds, tags, folders, twins and a course; some in the trash."""
    colleague = make_colleague(session, owner)
    course = make_course(session, owner, ref="biology")
    twin = make_blob(session, owner.workspace_id)
    used = []
    for number in range(40):
        asset = make_asset(
            session,
            (owner, colleague)[number % 3 == 0],
            name=f"{'Cell' if number % 2 else 'Atom'} {number}",
            kind=("video", "audio", "image", "document")[number % 4],
            state=("ready", "failed")[number % 7 == 0],
            blob=twin if number % 10 == 3 else None,
            live=number % 9 != 8,
            trashed_at=asset_time() if number % 9 == 8 else None,
        )
        tags.put(session, asset, [["exam"], ["exam", "biology"], []][number % 3])
        asset.folder_id = folder.id if (folder := _folder(session, owner, number)) else None
        make_asset(session, stranger)
        if number % 5 == 0 and asset.live:
            used.append(UsageSpec(asset.id))
    session.flush()
    usages.put(session, owner, Place(course.ref), used)


def asset_time() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


def _folder(session: Session, owner: Principal, number: int) -> Folder | None:
    return folders.ensure(session, owner, ["", "A", "A/B"][number % 3])


@pytest.mark.parametrize("query", QUERIES, ids=str)
@pytest.mark.usefixtures("shelf")
def test_every_number_is_what_the_choice_shows(
    session: Session, owner: Principal, query: Query
) -> None:
    found = facets.of(session, owner, query)
    assert found.total == (search.total(session, owner, query), False)
    for field in ("kind", "usage", "state", "course"):
        for choice in found.choices[field]:
            chosen = replace(query, **{field: choice.value})
            assert (field, choice.value, choice.count) == (
                field,
                choice.value,
                search.total(session, owner, chosen),
            )
    for choice in found.choices["tag"]:
        chosen = replace(query, tag=(*query.tag, choice.value))
        assert choice.count == search.total(session, owner, chosen), choice
    twins = search.total(session, owner, replace(query, duplicates=True))
    assert found.flags["duplicates"].n == (0 if query.trashed else twins)


@pytest.mark.usefixtures("shelf")
def test_what_is_left_out_is_offered_too(session: Session, owner: Principal) -> None:
    everything = facets.of(session, owner, Query())
    one = facets.of(session, owner, Query(kind="video"))
    assert one.choices["kind"] == everything.choices["kind"]
    assert one.total.n == next(c.count for c in everything.choices["kind"] if c.value == "video")
    assert {choice.label for choice in everything.choices["folder"]} == {"A", "A/B"}
    assert sum(choice.count for choice in everything.choices["owner"]) == everything.total.n


def test_equally_frequent_choices_are_in_the_order_of_the_alphabet(
    session: Session, owner: Principal
) -> None:
    names = ["Zoology", "atoms", "Mitosis", "cells"]
    for number in range(2):
        tags.put(session, make_asset(session, owner, name=f"File {number}"), names)
    session.flush()
    labels = [choice.label for choice in facets.of(session, owner, Query()).choices["tag"]]
    assert labels == ["atoms", "cells", "Mitosis", "Zoology"]


@pytest.mark.usefixtures("shelf")
def test_of_too_many_the_numbers_are_the_least_there_are(
    session: Session, owner: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = facets.of(session, owner, Query(usage="never"))
    monkeypatch.setattr(facets, "COUNTED", 5)
    some = facets.of(session, owner, Query(usage="never"))
    assert some.total == (5, True)
    known: Counter[str] = Counter({choice.value: choice.count for choice in exact.choices["kind"]})
    assert all(
        choice.at_least and choice.count <= known[choice.value] for choice in some.choices["kind"]
    )
    assert isinstance(some.choices["kind"][0], Choice)


def test_an_empty_library_offers_nothing(session: Session, owner: Principal) -> None:
    found = facets.of(session, owner, Query(kind="video"))
    assert found.total.n == 0
    assert [found.choices[name] for name in ("tag", "course", "owner", "folder")] == [()] * 4
    assert [choice.count for choice in found.choices["kind"]] == [0, 0, 0, 0]
