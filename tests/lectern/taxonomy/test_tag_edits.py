"""Renaming, merging and deleting tags on all files at once."""

import threading
import uuid

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern.errors import Conflict, Forbidden, Invalid, LecternError, NotFound, Stale
from lectern.ingest.receiving import Work
from lectern.library import assets, trash
from lectern.models import Asset, AssetTag, AuditEntry, Role, Tag
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.taxonomy import tag_edits, tags
from tests.factories import make_asset, make_colleague, make_principal


def tagged(session: Session, who: Principal, *names: str, **more: object) -> Asset:
    asset = make_asset(session, who, **more)
    tags.put(session, asset, names)
    return asset


def tag_id(session: Session, who: Principal, name: str) -> uuid.UUID:
    found = session.scalar(
        select(Tag.id).where(Tag.workspace_id == who.workspace_id, Tag.name == name)
    )
    assert found is not None
    return found


def names_of(asset: Asset) -> list[str]:
    return [tag.name for tag in asset.tags]


def facts(session: Session, who: Principal) -> list[tuple[str, uuid.UUID | None, object]]:
    rows = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.workspace_id == who.workspace_id)
        .order_by(AuditEntry.seq)
    )
    return [(entry.action, entry.object_id, entry.details) for entry in rows]


def test_a_tag_is_renamed_on_every_file_that_has_it(session: Session, owner: Principal) -> None:
    asset = tagged(session, owner, "exam", "biology")
    other = tagged(session, owner, "biology")
    versions = asset.lock_version, other.lock_version
    exam = tag_id(session, owner, "exam")
    done = tag_edits.unite(session, owner, [exam], " Final  exam ", seen=["exam"])
    assert done == tag_edits.Done(("exam",), "Final exam", (asset.id,))
    assert names_of(asset) == ["biology", "Final exam"]
    assert (asset.lock_version, other.lock_version) == (versions[0] + 1, versions[1])
    assert facts(session, owner) == [
        ("tag.rename", exam, {"before": "exam", "after": "Final exam", "files": 1}),
        (
            "asset.tags",
            asset.id,
            {"before": ["biology", "exam"], "after": ["biology", "Final exam"]},
        ),
    ]
    assert audit.verify(session, owner.workspace_id).ok


def test_a_tag_may_change_its_spelling_only(session: Session, owner: Principal) -> None:
    asset = tagged(session, owner, "EXAM")
    exam = tag_id(session, owner, "EXAM")
    tag_edits.unite(session, owner, [exam], "Exam")
    assert names_of(asset) == ["Exam"]
    assert tag_edits.unite(session, owner, [exam], "Exam").asset_ids == ()
    assert len(facts(session, owner)) == 2


def test_a_name_that_another_tag_has_is_refused_until_they_are_merged(
    session: Session, owner: Principal
) -> None:
    one, both = tagged(session, owner, "exams"), tagged(session, owner, "exams", "Exam")
    exams, exam = tag_id(session, owner, "exams"), tag_id(session, owner, "Exam")
    with pytest.raises(Invalid, match="a tag “Exam” already"):
        tag_edits.unite(session, owner, [exams], "exam")
    assert names_of(one) == ["exams"]
    done = tag_edits.unite(session, owner, [exams], "exam", merge=True)
    assert done.after == "Exam"
    assert set(done.asset_ids) == {one.id, both.id}
    assert names_of(one) == names_of(both) == ["Exam"]
    assert session.scalars(select(Tag.id)).all() == [exam]
    assert facts(session, owner)[0] == (
        "tag.merge",
        exam,
        {"before": ["exams"], "after": "Exam", "files": 2},
    )


def test_several_tags_become_one_with_the_name_that_was_chosen(
    session: Session, owner: Principal
) -> None:
    files = [tagged(session, owner, name, "kept") for name in ("a", "b", "c")]
    all_three = tagged(session, owner, "a", "b", "c")
    ids = [tag_id(session, owner, name) for name in ("c", "a", "b")]
    with pytest.raises(Invalid):
        tag_edits.unite(session, owner, ids, "new")
    tag_edits.unite(session, owner, ids, "B", merge=True, seen=["c", "a", "b"])
    assert [names_of(asset) for asset in files] == [["B", "kept"]] * 3
    assert names_of(all_three) == ["B"]
    assert set(session.scalars(select(Tag.name))) == {"B", "kept"}
    tag_edits.unite(session, owner, [tag_id(session, owner, "B")], "new")
    assert tags.suggest(session, owner, "new") == [("new", 4)]


def test_a_deleted_tag_leaves_the_files_and_their_other_tags(
    session: Session, owner: Principal
) -> None:
    asset = tagged(session, owner, "exam", "biology")
    done = tag_edits.delete(session, owner, [tag_id(session, owner, "exam")], seen=["exam"])
    assert done.asset_ids == (asset.id,)
    assert names_of(asset) == ["biology"]
    action, _, details = facts(session, owner)[0]
    assert (action, details) == ("tag.delete", {"before": ["exam"], "files": 1})
    assert session.scalar(select(func.count()).select_from(AssetTag)) == 1


def test_the_preview_says_what_would_change_and_changes_nothing(
    session: Session, owner: Principal
) -> None:
    for number in range(7):
        tagged(session, owner, "exam", name=f"clip {number}")
    binned = tagged(session, owner, "exam", "test")
    trash.trash(session, owner, binned, days=30)
    exam, test = tag_id(session, owner, "exam"), tag_id(session, owner, "test")
    found = tag_edits.preview(session, owner, [exam], "finals")
    assert (found.files, found.trashed, found.merging, found.into) == (7, 1, False, "finals")
    assert found.named == ("clip 6", "clip 5", "clip 4", "clip 3", "clip 2")
    assert tag_edits.preview(session, owner, [exam], "TEST").merging
    assert tag_edits.preview(session, owner, [exam], "TEST").into == "test"
    both = tag_edits.preview(session, owner, [exam, test], "new")
    assert (both.files, both.merging, both.into) == (7, True, "new")
    assert tag_edits.preview(session, owner, [test]).files == 0
    assert facts(session, owner)[1:] == []


def test_who_saw_an_older_name_is_told(session: Session, owner: Principal) -> None:
    tagged(session, owner, "exam")
    exam = tag_id(session, owner, "exam")
    tag_edits.unite(session, owner, [exam], "finals")
    with pytest.raises(Stale, match="It is now: finals"):
        tag_edits.unite(session, owner, [exam], "tests", seen=["exam"])
    with pytest.raises(Stale):
        tag_edits.delete(session, owner, [exam], seen=["exam"])


@pytest.mark.parametrize("name", ["", " ", "a,b", "x" * 61])
def test_a_name_that_is_no_tag_is_refused(session: Session, owner: Principal, name: str) -> None:
    tagged(session, owner, "exam")
    with pytest.raises(Invalid):
        tag_edits.unite(session, owner, [tag_id(session, owner, "exam")], name)


def test_many_files_get_one_fact_with_their_number(
    session: Session, owner: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tag_edits, "MOST_FACTS", 2)
    files = [tagged(session, owner, "exam") for _ in range(3)]
    tag_edits.unite(session, owner, [tag_id(session, owner, "exam")], "finals")
    assert [names_of(asset) for asset in files] == [["finals"]] * 3
    (only,) = facts(session, owner)
    assert only[2] == {"before": "exam", "after": "finals", "files": 3}


def test_only_owners_and_editors_change_tags(session: Session, owner: Principal) -> None:
    tagged(session, owner, "exam")
    exam = tag_id(session, owner, "exam")
    tag_edits.unite(session, make_colleague(session, owner), [exam], "finals")
    for role in (Role.CONTRIBUTOR, Role.VIEWER):
        who = make_colleague(session, owner, role)
        for change in (
            lambda who=who: tag_edits.preview(session, who, [exam]),
            lambda who=who: tag_edits.unite(session, who, [exam], "tests"),
            lambda who=who: tag_edits.delete(session, who, [exam]),
        ):
            with pytest.raises(Forbidden):
                change()


def test_another_workspaces_tags_are_not_there(
    session: Session, owner: Principal, stranger: Principal
) -> None:
    tagged(session, owner, "mine")
    theirs = tagged(session, stranger, "exam", "mine")
    foreign, mine = tag_id(session, stranger, "exam"), tag_id(session, owner, "mine")
    for change in (
        lambda: tag_edits.preview(session, owner, [foreign]),
        lambda: tag_edits.unite(session, owner, [mine, foreign], "x", merge=True),
        lambda: tag_edits.delete(session, owner, [foreign]),
    ):
        with pytest.raises(NotFound):
            change()
    tag_edits.unite(session, owner, [mine], "exam")
    assert names_of(theirs) == ["exam", "mine"]


def test_a_file_tagged_while_its_tag_goes_keeps_the_word(work: Work) -> None:
    with work() as session:
        owner = make_principal(session)
        tagged(session, owner, "exams")
        late = make_asset(session, owner).id
        exams = tag_id(session, owner, "exams")

    def tag(session: Session) -> None:
        assets.edit(session, owner, assets.get(session, owner, late), {"tags": ["exams"]})

    def merge(session: Session) -> None:
        tag_edits.unite(session, owner, [exams], "exam")

    for _ in range(5):
        refused = at_once(work, tag, merge)
        with work() as session:
            words = names_of(session.get_one(Asset, (owner.workspace_id, late)))
            assert words in (["exam"], ["exams"])
            assert all(isinstance(error, Conflict | Invalid) for error in refused)
            tag_edits.delete(session, owner, list(session.scalars(select(Tag.id))))
            tagged(session, owner, "exams")
            exams = tag_id(session, owner, "exams")


def at_once(work: Work, *changes: object) -> list[LecternError]:
    """Run each in a transaction of its own, together; what was refused."""
    barrier, refused = threading.Barrier(len(changes)), []

    def run(change: object) -> None:
        try:
            with work() as session:
                barrier.wait()
                change(session)  # type: ignore[operator]
        except LecternError as error:
            refused.append(error)

    threads = [threading.Thread(target=run, args=[change]) for change in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return refused
