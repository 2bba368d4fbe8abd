"""The tree of folders, and the changes to it that lose nothing."""

import threading
import uuid

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from lectern.ingest.receiving import Work
from lectern.library import assets, trash
from lectern.models import Asset, AuditEntry, Folder, Role
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.taxonomy import folder_edits, folders
from lectern.taxonomy.folders import every, tree
from tests.factories import make_asset, make_colleague, make_principal


def made(session: Session, who: Principal, path: str, files: int = 0) -> uuid.UUID:
    folder = folders.ensure(session, who, path)
    assert folder is not None
    for _ in range(files):
        make_asset(session, who, folder_id=folder.id)
    return folder.id


def paths(session: Session, who: Principal) -> dict[str, tuple[int, int]]:
    return {node.path: (node.count, node.total) for node in every(tree(session, who))}


def facts(session: Session, who: Principal) -> list[tuple[str, dict[str, object]]]:
    rows = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.workspace_id == who.workspace_id)
        .order_by(AuditEntry.seq)
    )
    return [(entry.action, entry.details) for entry in rows]


def seen(session: Session, who: Principal, folder_id: uuid.UUID) -> str:
    return folder_edits.node(session, who, folder_id).seen


def test_the_tree_has_every_folder_once_in_natural_order_with_its_files(
    session: Session, owner: Principal, stranger: Principal
) -> None:
    made(session, owner, "Biology/Week 10", 1)
    week = made(session, owner, "Biology/Week 2", 2)
    made(session, owner, "Biology/Week 2/Extra", 1)
    made(session, owner, "art")
    made(session, stranger, "Elsewhere", 1)
    binned = make_asset(session, owner, folder_id=week)
    trash.trash(session, owner, binned, days=30)
    assert paths(session, owner) == {
        "art": (0, 0),
        "Biology": (0, 4),
        "Biology/Week 2": (2, 3),
        "Biology/Week 2/Extra": (1, 1),
        "Biology/Week 10": (1, 1),
    }
    assert list(paths(session, owner)) == sorted(paths(session, owner), key=in_order)
    extra = folder_edits.node(session, owner, made(session, owner, "Biology/Week 2/Extra"))
    assert [each.name for each in extra.way] == ["Biology", "Week 2", "Extra"]
    assert (extra.depth, extra.way[0].height) == (3, 3)


def in_order(path: str) -> list[str]:
    return [name.lower().replace("10", "9") for name in path.split("/")]


def test_a_folder_and_all_below_are_found_in_one_query(
    session: Session, owner: Principal, stranger: Principal
) -> None:
    top = made(session, owner, "A")
    below = {made(session, owner, path) for path in ("A/B", "A/B/C", "A/D")}
    made(session, owner, "B")
    assert set(folders.subtree(session, owner.workspace_id, top)) == {top, *below}
    assert folders.subtree(session, stranger.workspace_id, top) == []


def test_a_new_folder_lies_where_it_was_made(session: Session, owner: Principal) -> None:
    top = folder_edits.create(session, owner, None, " Biology ")
    inside = folder_edits.create(session, owner, top.id, "Week 1")
    assert folders.path_of(session, owner.workspace_id, inside.id) == "Biology/Week 1"
    assert facts(session, owner) == [
        ("folder.create", {"path": "Biology"}),
        ("folder.create", {"path": "Biology/Week 1"}),
    ]


@pytest.mark.parametrize("name", ["", " ", "..", "a/b", "x" * 101])
def test_a_name_that_cannot_be_one_is_refused(
    session: Session, owner: Principal, name: str
) -> None:
    folder_id = made(session, owner, "A")
    with pytest.raises(Invalid, match="1 to 100 characters"):
        folder_edits.create(session, owner, None, name)
    with pytest.raises(Invalid, match="1 to 100 characters"):
        folder_edits.rename(session, owner, folder_id, name)


def test_a_taken_name_is_refused_where_it_is_taken(session: Session, owner: Principal) -> None:
    top, inner = made(session, owner, "A"), made(session, owner, "A/B")
    other = made(session, owner, "B")
    with pytest.raises(Invalid, match="a folder “A” at the top"):
        folder_edits.create(session, owner, None, "A")
    with pytest.raises(Invalid, match="a folder “B” in “A”"):
        folder_edits.create(session, owner, top, "B")
    with pytest.raises(Invalid, match="at the top"):
        folder_edits.rename(session, owner, other, "A")
    with pytest.raises(Invalid, match="a folder “B” in “A”"):
        folder_edits.move(session, owner, other, top)
    with pytest.raises(Invalid, match="at the top"):
        folder_edits.move(session, owner, inner, None)
    assert set(paths(session, owner)) == {"A", "A/B", "B"}


def test_renaming_and_moving_take_everything_along(session: Session, owner: Principal) -> None:
    week = made(session, owner, "Biology/Week 1", 2)
    made(session, owner, "Biology/Week 1/Extra", 1)
    target = made(session, owner, "Archive")
    folder_edits.rename(session, owner, week, "Cells", seen=seen(session, owner, week))
    folder_edits.move(session, owner, week, target, seen=seen(session, owner, week))
    assert paths(session, owner)["Archive/Cells"] == (2, 3)
    assert paths(session, owner)["Archive/Cells/Extra"] == (1, 1)
    assert facts(session, owner) == [
        ("folder.rename", {"before": "Biology/Week 1", "after": "Biology/Cells"}),
        ("folder.move", {"before": "Biology/Cells", "after": "Archive/Cells"}),
    ]
    folder_edits.move(session, owner, week, None)
    folder_edits.rename(session, owner, week, "Cells")
    assert paths(session, owner)["Cells"] == (2, 3)
    assert len(facts(session, owner)) == 3


def test_no_folder_goes_into_itself_or_deeper_than_folders_go(
    session: Session, owner: Principal
) -> None:
    top, inner = made(session, owner, "A"), made(session, owner, "A/B")
    for target in (top, inner):
        with pytest.raises(Invalid, match="into itself"):
            folder_edits.move(session, owner, top, target)
    eleventh = made(session, owner, "/".join("cdefghijklm"))
    with pytest.raises(Invalid, match="12 levels"):
        folder_edits.move(session, owner, top, eleventh)
    folder_edits.move(session, owner, inner, eleventh)
    with pytest.raises(Invalid, match="12 levels"):
        folder_edits.create(session, owner, inner, "n")


def test_who_saw_an_older_name_or_place_is_told(session: Session, owner: Principal) -> None:
    folder_id, other = made(session, owner, "A"), made(session, owner, "B")
    old = seen(session, owner, folder_id)
    folder_edits.rename(session, owner, folder_id, "A2", seen=old)
    for change in (
        lambda: folder_edits.rename(session, owner, folder_id, "A3", seen=old),
        lambda: folder_edits.move(session, owner, folder_id, other, seen=old),
        lambda: folder_edits.delete(session, owner, folder_id, seen=old),
    ):
        with pytest.raises(Stale, match="It is now “A2”"):
            change()
    assert set(paths(session, owner)) == {"A2", "B"}


def test_deleting_a_folder_keeps_its_files_and_folders(session: Session, owner: Principal) -> None:
    folder_id = made(session, owner, "Biology/Week 1", 2)
    made(session, owner, "Biology/Week 1/Week 1", 1)
    binned = make_asset(session, owner, folder_id=folder_id)
    trash.trash(session, owner, binned, days=30)
    inside = session.scalars(select(Asset).where(Asset.folder_id == folder_id)).all()
    before = {asset.id: asset.lock_version for asset in inside}
    planned = folder_edits.removal(session, owner, folder_id)
    assert (planned.files, planned.trashed, len(planned.folder.children)) == (2, 1, 1)
    done = folder_edits.delete(session, owner, folder_id, seen=seen(session, owner, folder_id))
    assert (done.files, done.trashed) == (2, 1)
    assert paths(session, owner) == {"Biology": (2, 3), "Biology/Week 1": (1, 1)}
    assert {asset.id: asset.lock_version - 1 for asset in inside} == before
    written = facts(session, owner)[1:]
    moved = {"before": "Biology/Week 1", "after": "Biology"}
    numbers = {"files": 3, "folders": 1, "path": "Biology/Week 1", "to": "Biology"}
    assert written == [("folder.delete", numbers), *[("asset.folder", moved)] * 3]
    assert audit.verify(session, owner.workspace_id).ok


def test_files_of_a_top_folder_lie_in_none_after_it(session: Session, owner: Principal) -> None:
    folder_id = made(session, owner, "Biology", 1)
    folder_edits.delete(session, owner, folder_id)
    assert paths(session, owner) == {}
    assert session.scalars(select(Asset.folder_id)).all() == [None]


def test_a_folder_stays_while_one_in_it_has_a_name_taken_above(
    session: Session, owner: Principal
) -> None:
    folder_id = made(session, owner, "A")
    made(session, owner, "A/B", 1)
    made(session, owner, "B")
    with pytest.raises(Invalid, match="“B” cannot move to the top"):
        folder_edits.delete(session, owner, folder_id)
    assert set(paths(session, owner)) == {"A", "A/B", "B"}


def test_only_owners_and_editors_order_folders(session: Session, owner: Principal) -> None:
    folder_id = made(session, owner, "A")
    folder_edits.rename(session, make_colleague(session, owner), folder_id, "B")
    contributor = make_colleague(session, owner, Role.CONTRIBUTOR)
    for change in (
        lambda: folder_edits.create(session, contributor, None, "C"),
        lambda: folder_edits.rename(session, contributor, folder_id, "C"),
        lambda: folder_edits.move(session, contributor, folder_id, None),
        lambda: folder_edits.delete(session, contributor, folder_id),
    ):
        with pytest.raises(Forbidden):
            change()


def test_another_workspaces_folder_is_not_there(
    session: Session, owner: Principal, stranger: Principal
) -> None:
    mine, theirs = made(session, owner, "A"), made(session, stranger, "A")
    for change in (
        lambda: folder_edits.create(session, owner, theirs, "C"),
        lambda: folder_edits.rename(session, owner, theirs, "C"),
        lambda: folder_edits.move(session, owner, theirs, None),
        lambda: folder_edits.move(session, owner, mine, theirs),
        lambda: folder_edits.delete(session, owner, theirs),
    ):
        with pytest.raises(NotFound):
            change()


def test_two_folders_moved_into_each_other_at_once_make_no_ring(work: Work) -> None:
    with work() as session:
        owner = make_principal(session)
        one, two = made(session, owner, "One"), made(session, owner, "Two")
    refused = at_once(
        work,
        lambda session: folder_edits.move(session, owner, one, two),
        lambda session: folder_edits.move(session, owner, two, one),
    )
    assert [type(error) for error in refused] == [Invalid]
    with work() as session:
        assert len(list(every(tree(session, owner)))) == 2


def test_a_file_that_arrives_while_its_folder_goes_is_not_lost(work: Work) -> None:
    with work() as session:
        owner = make_principal(session)
        folder_id = made(session, owner, "A", 1)
        late = make_asset(session, owner).id

    def arrive(session: Session) -> None:
        assets.edit(session, owner, assets.get(session, owner, late), {"folder": "A"})

    refused = at_once(work, arrive, lambda session: folder_edits.delete(session, owner, folder_id))
    assert {type(error) for error in refused} <= {Conflict}
    with work() as session:
        found = session.scalars(select(Asset.folder_id)).all()
        known = set(session.scalars(select(Folder.id)))
        assert len(found) == 2
        assert {each for each in found if each} <= known


def at_once(work: Work, *changes: object) -> list[Exception]:
    """Run each in a transaction of its own, together; what was refused."""
    barrier, refused = threading.Barrier(len(changes)), []

    def run(change: object) -> None:
        try:
            with work() as session:
                barrier.wait()
                change(session)  # type: ignore[operator]
        except (Conflict, Invalid) as error:
            refused.append(error)

    threads = [threading.Thread(target=run, args=[change]) for change in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return refused
