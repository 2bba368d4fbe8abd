"""Folders by path, tags by spelling: made when named, once."""

import threading

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern.errors import Invalid
from lectern.ingest.receiving import Work
from lectern.models import Asset, AssetTag, Folder, Tag
from lectern.people.principal import Principal
from lectern.taxonomy import folders, tags
from tests.factories import make_asset, make_principal


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("", []),
        ("/", []),
        ("Biology/Week 1", ["Biology", "Week 1"]),
        ("//Biology// Week\t1 /", ["Biology", "Week 1"]),
        ("a\x00b/\u202e", ["ab"]),
        ("Cafe\u0301", ["Caf\u00e9"]),
    ],
)
def test_a_path_is_read_kindly(path: str, names: list[str]) -> None:
    assert folders.split(path) == names


@pytest.mark.parametrize("path", ["..", "a/../b", ".", "x" * 101, "/".join("abcdefghijklm")])
def test_a_path_that_leads_nowhere_is_refused(path: str) -> None:
    with pytest.raises(Invalid) as refusal:
        folders.split(path)
    assert refusal.value.fields.keys() == {"folder"}


def test_a_path_is_made_once_and_found_again(
    session: Session, owner: Principal, stranger: Principal
) -> None:
    folder = folders.ensure(session, owner, "A/B/C")
    assert folder is not None
    assert folders.ensure(session, owner, "A/B/C") is folder
    assert folders.find(session, owner, "A/B/C") is folder
    assert folders.find(session, owner, "A/C") is None
    assert folders.find(session, owner, "B") is None
    assert folders.find(session, stranger, "A/B/C") is None
    assert folders.path_of(session, owner.workspace_id, folder.id) == "A/B/C"
    assert folders.path_of(session, stranger.workspace_id, folder.id) == ""
    assert folders.path_of(session, owner.workspace_id, None) == ""
    top = folders.find(session, owner, "A")
    assert top is not None
    assert folders.paths_of(session, owner.workspace_id, [folder.id, top.id]) == {
        folder.id: "A/B/C",
        top.id: "A",
    }


def test_a_folder_dropped_as_many_files_at_once_is_made_once(work: Work) -> None:
    with work() as session:
        owner = make_principal(session)
    barrier = threading.Barrier(6)

    def drop() -> None:
        with work() as session:
            barrier.wait()
            folders.ensure(session, owner, "Biology/Week 1")

    threads = [threading.Thread(target=drop) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with work() as session:
        assert session.scalar(select(func.count()).select_from(Folder)) == 2


def names_of(asset: Asset) -> list[str]:
    return [tag.name for tag in asset.tags]


def test_an_asset_has_exactly_the_tags_it_was_given(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner)
    tags.put(session, asset, ["Zoo", "apple", "ZOO"])
    assert names_of(asset) == ["apple", "Zoo"]
    tags.put(session, asset, ["zoo", "new"])
    assert names_of(asset) == ["new", "Zoo"]
    tags.put(session, asset, [])
    assert names_of(asset) == []
    assert session.scalar(select(func.count()).select_from(AssetTag)) == 0


def test_a_tag_is_shared_in_its_workspace_only(
    session: Session, owner: Principal, stranger: Principal
) -> None:
    for who in (owner, owner, stranger):
        tags.put(session, make_asset(session, who), ["exam"])
    rows = session.scalars(select(Tag.workspace_id)).all()
    assert sorted(rows) == sorted([owner.workspace_id, stranger.workspace_id])


def test_more_tags_than_anyone_reads_are_refused(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner)
    tags.put(session, asset, [f"tag {number}" for number in range(tags.MOST)])
    with pytest.raises(Invalid):
        tags.put(session, asset, [f"tag {number}" for number in range(tags.MOST + 1)])
    assert len(names_of(asset)) == tags.MOST


def test_two_people_who_add_the_same_new_tags_do_not_block_each_other(work: Work) -> None:
    with work() as session:
        owner = make_principal(session)
        mine = [make_asset(session, owner) for _ in range(2)]
    barrier = threading.Barrier(2)
    done: list[int] = []

    def add(number: int, names: list[str]) -> None:
        with work() as session:
            asset = session.get_one(Asset, (owner.workspace_id, mine[number].id))
            barrier.wait()
            tags.put(session, asset, names)
        done.append(number)

    names = [f"tag {number}" for number in range(50)]
    threads = [
        threading.Thread(target=add, args=[0, names]),
        threading.Thread(target=add, args=[1, names[::-1]]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == [0, 1]
    with work() as session:
        assert session.scalar(select(func.count()).select_from(Tag)) == 50
