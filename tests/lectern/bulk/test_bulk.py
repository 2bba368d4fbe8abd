"""Changes to many assets at once: what they do, what they refuse, and their undo."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from lectern import bulk
from lectern import settings as settings_module
from lectern.bulk import Started, Targets, registry
from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.errors import Conflict, Forbidden, Invalid, NotFound
from lectern.integrity import fsck
from lectern.library import assets, trash
from lectern.models import Asset, BatchState, ItemState, Role, Task, TaskState
from lectern.people import audit, audit_actions, audit_reading
from lectern.people.principal import Principal
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step
from lectern.search import Query, selections
from lectern.settings import Settings
from lectern.taxonomy import folders
from tests.factories import make_asset, make_colleague, make_course


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_module.read({}, data=tmp_path)


@pytest.fixture
def clips(session: Session, owner: Principal) -> list[Asset]:
    return [make_asset(session, owner, name=f"clip {n}.mp4") for n in range(1, 5)]


class Change:
    """Does and foresees changes as one principal."""

    def __init__(self, session: Session, who: Principal, settings: Settings) -> None:
        self.session, self.who, self.settings = session, who, settings

    def __call__(
        self, action: Any, chosen: Any, who: Principal | None = None, **args: Any
    ) -> Started:
        return bulk.start(
            self.session, who or self.who, action, args, named(chosen), settings=self.settings
        )

    def would(
        self, action: Any, chosen: Any, who: Principal | None = None, **args: Any
    ) -> bulk.DryRun:
        return bulk.dry_run(
            self.session, who or self.who, action, args, named(chosen), settings=self.settings
        )

    def undo(self, begun: Started, who: Principal | None = None) -> Started:
        return bulk.undo(self.session, who or self.who, begun.batch.id)


def named(chosen: Any) -> Targets:
    if isinstance(chosen, list):
        return Targets(ids=[getattr(each, "id", each) for each in chosen])
    return chosen if isinstance(chosen, Targets) else Targets(query=chosen)


@pytest.fixture
def change(session: Session, owner: Principal, settings: Settings) -> Change:
    return Change(session, owner, settings)


def tags_of(session: Session, asset: Asset) -> list[str]:
    session.expire_all()
    return [tag.name for tag in asset.tags]


def counts(begun: Started) -> tuple[int, int, int]:
    return begun.batch.done, begun.batch.same, begun.batch.refused


def test_tagging_is_one_change_with_one_undo(
    session: Session, owner: Principal, clips: list[Asset], change: Change
) -> None:
    assets.edit(session, owner, clips[0], {"tags": ["Exam", "old"]})
    assets.edit(session, owner, clips[1], {"tags": ["exam", "New"]})
    versions = {asset.id: asset.lock_version for asset in clips}
    would = change.would("tag", clips[:3], tags=["exam", "NEW"])
    assert (would.total, would.change, would.same, would.refused) == (3, 2, 1, 0)
    assert tags_of(session, clips[2]) == []
    begun = change("tag", clips[:3], tags=["exam", "NEW"])
    assert (begun.batch.state, begun.task, counts(begun)) == (BatchState.DONE, None, (2, 1, 0))
    assert [tags_of(session, asset) for asset in clips] == [
        ["Exam", "New", "old"],
        ["Exam", "New"],
        ["Exam", "New"],
        [],
    ]
    assert [asset.lock_version - versions[asset.id] for asset in clips] == [1, 0, 1, 0]
    line = audit_reading.history(session, owner, clips[0].id)[0]
    assert (line.action, line.actor_id) == ("asset.tags", owner.user_id)
    assert line.details == {
        "before": ["Exam", "old"],
        "after": ["Exam", "New", "old"],
        "batch": str(begun.batch.id),
    }
    undone = change.undo(begun)
    assert (undone.batch.state, undone.batch.undone, undone.batch.kept) == (BatchState.UNDONE, 2, 0)
    assert [tags_of(session, asset) for asset in clips] == [
        ["Exam", "old"],
        ["Exam", "New"],
        [],
        [],
    ]
    assert audit_reading.history(session, owner, clips[0].id)[0].details["undo"] is True
    with pytest.raises(Conflict, match="already"):
        change.undo(begun)
    assert audit.verify(session, owner.workspace_id).ok


def test_untagging_and_its_undo(
    session: Session, owner: Principal, clips: list[Asset], change: Change
) -> None:
    assets.edit(session, owner, clips[0], {"tags": ["a", "b"]})
    begun = change("untag", clips[:2], tags=["B", "never seen"])
    assert counts(begun) == (1, 1, 0)
    assert tags_of(session, clips[0]) == ["a"]
    change.undo(begun)
    assert tags_of(session, clips[0]) == ["a", "b"]


def test_an_undo_overwrites_nothing_that_changed_since(
    session: Session, owner: Principal, clips: list[Asset], change: Change
) -> None:
    tagged = change("tag", clips, tags=["x"])
    moved = change("move", clips, folder="A")
    renamed = change("rename", clips, pattern="n{n}")
    assets.edit(session, owner, clips[0], {"tags": ["x", "mine"]})
    assets.edit(session, owner, clips[1], {"folder": "B"})
    assets.edit(session, owner, clips[2], {"name": "my own"})
    for begun, kept, words in (
        (renamed, clips[2], "renamed since"),
        (moved, clips[1], "moved since then"),
        (tagged, clips[0], "changed since"),
    ):
        undone = change.undo(begun)
        assert (undone.batch.undone, undone.batch.kept) == (3, 1)
        (told,) = bulk.told(session, undone.batch, ItemState.KEPT)
        assert told.id == kept.id
        assert words in told.reason
    assert tags_of(session, clips[0]) == ["mine", "x"]
    assert tags_of(session, clips[1]) == []
    assert folders.path_of(session, owner.workspace_id, clips[1].folder_id) == "B"
    assert [asset.name for asset in clips] == ["clip 1.mp4", "clip 2.mp4", "my own", "clip 4.mp4"]


def test_moving_makes_the_folder_when_it_is_meant(
    session: Session, owner: Principal, clips: list[Asset], change: Change
) -> None:
    assets.edit(session, owner, clips[0], {"folder": "Here"})
    assert change.would("move", clips, folder="New/One").change == 4
    assert folders.find(session, owner, "New") is None
    begun = change("move", clips, folder="New/One")
    assert counts(begun) == (4, 0, 0)
    details = audit_reading.history(session, owner, clips[0].id)[0].details
    assert (details["before"], details["after"]) == ("Here", "New/One")
    session.expire_all()
    again = change("move", clips, folder=str(clips[0].folder_id))
    assert counts(again) == (0, 4, 0)
    session.expire_all()
    out = change("move", clips, folder=None)
    session.expire_all()
    assert {asset.folder_id for asset in clips} == {None}
    change.undo(out)
    change.undo(begun)
    session.expire_all()
    paths = [folders.path_of(session, owner.workspace_id, asset.folder_id) for asset in clips]
    assert paths == ["Here", "", "", ""]


def test_renaming_counts_in_the_order_given_and_can_be_seen_before(
    session: Session, owner: Principal, clips: list[Asset], change: Change
) -> None:
    order = [clips[2], clips[0]]
    pattern = "{name} – Week {n:02} of {date}.{ext}"
    day = clips[0].created_at.date().isoformat()
    after = [f"clip 3 – Week 01 of {day}.mp4", f"clip 1 – Week 02 of {day}.mp4"]
    would = change.would("rename", order, pattern=pattern)
    assert [(each.before, each.after) for each in would.preview] == [
        ("clip 3.mp4", after[0]),
        ("clip 1.mp4", after[1]),
    ]
    begun = change("rename", order, pattern=pattern)
    session.expire_all()
    assert [asset.name for asset in order] == after
    found = change("rename", Query(q="Week", sort="-name"), find="Week", replace="Day")
    assert counts(found) == (2, 0, 0)
    change.undo(found)
    change.undo(begun)
    session.expire_all()
    assert [asset.name for asset in order] == ["clip 3.mp4", "clip 1.mp4"]


def test_a_query_is_renamed_in_the_order_of_its_list(
    session: Session, owner: Principal, change: Change
) -> None:
    made = [make_asset(session, owner, name=f"part {n}") for n in (10, 2, 1)]
    change("rename", Query(sort="name"), pattern="{n}: {name}")
    session.expire_all()
    assert [asset.name for asset in made] == ["3: part 10", "2: part 2", "1: part 1"]


def test_a_name_that_is_none_is_refused_for_that_file(
    session: Session, owner: Principal, clips: list[Asset], change: Change
) -> None:
    would = change.would("rename", clips, find="clip 1.mp4", replace="")
    assert [(each.id, each.reason) for each in would.refuse] == [
        (clips[0].id, "A name cannot be empty.")
    ]
    begun = change("rename", clips[:1], find="clip 1", replace="x" * 200)
    assert counts(begun) == (0, 0, 1)
    assert "200 characters" in bulk.told(session, begun.batch)[0].reason


def test_a_used_file_stays_and_the_places_are_named(
    session: Session, owner: Principal, clips: list[Asset], change: Change
) -> None:
    course = make_course(session, owner, title="Biology")
    usages.put(session, owner, Place(course.ref), [UsageSpec(clips[0].id)])
    usages.put(session, owner, Place(course.ref, None, "l0"), [UsageSpec(clips[0].id)])
    would = change.would("trash", clips)
    begun = change("trash", clips, reason="too  old")
    for told in (would.refuse, bulk.told(session, begun.batch)):
        assert [tuple(each) for each in told] == [
            (
                clips[0].id,
                "clip 1.mp4",
                "Used in 2 places: Biology, Biology › Chapter 0 › Lesson 0",
            )
        ]
    session.expire_all()
    assert [asset.live for asset in clips] == [True, False, False, False]
    assert (clips[1].trashed_by, clips[1].trash_reason) == (owner.user_id, "too old")
    assert clips[1].purge_after is not None
    assert clips[1].trashed_at is not None
    assert (clips[1].purge_after - clips[1].trashed_at).days in (29, 30)
    assert counts(change("trash", clips)) == (0, 3, 1)
    trash.restore(session, owner, clips[1])
    trash.trash(session, owner, clips[1], days=30)
    trash.restore(session, owner, clips[2])
    undone = change.undo(begun)
    reasons = {each.id: each.reason for each in bulk.told(session, undone.batch, ItemState.KEPT)}
    assert (undone.batch.undone, set(reasons)) == (1, {clips[1].id, clips[2].id})
    session.expire_all()
    assert [asset.live for asset in clips] == [True, False, True, True]


def test_an_undone_restore_is_refused_for_what_is_used_since(
    session: Session, owner: Principal, clips: list[Asset], change: Change
) -> None:
    change("trash", clips, reason="old")
    session.expire_all()
    at = clips[1].trashed_at
    begun = change("restore", Query(trashed=True))
    assert counts(begun) == (4, 0, 0)
    session.expire_all()
    course = make_course(session, owner)
    usages.put(session, owner, Place(course.ref), [UsageSpec(clips[0].id)])
    undone = change.undo(begun)
    (told,) = bulk.told(session, undone.batch, ItemState.KEPT)
    assert (told.id, told.reason) == (clips[0].id, f"Used in one place: {course.title}")
    session.expire_all()
    assert [asset.live for asset in clips] == [True, False, False, False]
    assert (clips[1].trashed_at, clips[1].trash_reason) == (at, "old")


def test_failed_steps_are_tried_again(
    session: Session, owner: Principal, clips: list[Asset], change: Change
) -> None:
    for asset in clips[:2]:
        tasks.add(
            session,
            owner.workspace_id,
            Step.POSTER,
            version_id=asset.current_version_id,
            asset_id=asset.id,
        )
    session.execute(
        update(Task)
        .where(Task.asset_id == clips[0].id)
        .values(state=TaskState.FAILED, attempts=4, reason="It broke.")
    )
    assets.settle(session, owner.workspace_id, clips[0].id)
    assert clips[0].state == "failed"
    begun = change("process", clips)
    assert counts(begun) == (1, 3, 0)
    assert [due.queue for due in begun.news.due] == ["media"]
    session.expire_all()
    assert clips[0].state == "processing"
    (task,) = tasks.of_asset(session, owner.workspace_id, clips[0].id)
    assert (task.state, task.attempts, task.reason) == (TaskState.QUEUED, 0, None)
    assert audit_reading.history(session, owner, clips[0].id)[0].details["steps"] == ["poster"]
    with pytest.raises(Conflict):
        change.undo(begun)


def test_a_contributor_changes_only_what_is_theirs_and_a_viewer_nothing(
    session: Session, owner: Principal, clips: list[Asset], change: Change
) -> None:
    contributor = make_colleague(session, owner, Role.CONTRIBUTOR)
    own = make_asset(session, contributor)
    would = change.would("tag", [*clips, own], contributor, tags=["x"])
    begun = change("tag", [*clips, own], contributor, tags=["x"])
    assert (would.change, would.refused) == (1, 4) == (begun.batch.done, begun.batch.refused)
    assert "only if you own them" in bulk.told(session, begun.batch)[0].reason
    viewer = make_colleague(session, owner, Role.VIEWER)
    for refused in (change, change.would):
        with pytest.raises(Forbidden):
            refused("tag", clips, viewer, tags=["x"])
    with pytest.raises(Forbidden):
        change.undo(begun, viewer)
    scoped = Principal(
        *[getattr(owner, f) for f in ("workspace_id", "user_id", "role", "name", "email")],
        frozenset({"edit"}),
    )
    with pytest.raises(Forbidden, match="scope"):
        change("trash", clips, scoped)


def test_foreign_and_unknown_files_read_the_same(
    session: Session, owner: Principal, stranger: Principal, clips: list[Asset], change: Change
) -> None:
    foreign = make_asset(session, stranger)
    unknown = [foreign.id, uuid.uuid4()]
    would = change.would("tag", [unknown[0], clips[0].id, unknown[1]], tags=["x"])
    assert [tuple(each) for each in would.refuse] == [
        (each, None, "File not found.") for each in unknown
    ]
    begun = change("tag", [unknown[0], clips[0].id, unknown[1], clips[0].id], tags=["x"])
    assert (begun.batch.total, counts(begun)) == (3, (1, 0, 2))
    told = bulk.told(session, begun.batch)
    assert [each.id for each in told] == unknown
    assert {each.reason for each in told} == {"File not found."}
    with pytest.raises(NotFound):
        bulk.get(session, stranger, begun.batch.id)
    with pytest.raises(NotFound):
        change.undo(begun, stranger)


def test_a_selection_is_changed_as_it_is_when_the_change_begins(
    session: Session, owner: Principal, clips: list[Asset], change: Change
) -> None:
    chosen = selections.begin(session, owner, "library")
    selections.all_matching(session, owner, chosen, Query(kind="video"))
    selections.remove(session, owner, chosen, [clips[0].id])
    begun = change("tag", Targets(selection=chosen.id), tags=["x"])
    assert counts(begun) == (3, 0, 0)
    colleague = make_colleague(session, owner)
    with pytest.raises(NotFound):
        change("tag", Targets(selection=chosen.id), colleague, tags=["x"])


@pytest.mark.parametrize(
    ("action", "args", "field"),
    [
        ("explode", {}, "action"),
        (None, {}, "action"),
        (["tag"], {}, "action"),
        ("tag", {}, "args.tags"),
        ("tag", {"tags": []}, "args.tags"),
        ("tag", {"tags": "x"}, "args.tags"),
        ("tag", {"tags": [1]}, "args.tags"),
        ("tag", {"tags": ["a,b"]}, "tags"),
        ("tag", {"tags": [f"t{n}" for n in range(101)]}, "tags"),
        ("move", {}, "args.folder"),
        ("move", {"folder": 5}, "args.folder"),
        ("move", {"folder": "x" * 101}, "folder"),
        ("rename", {}, "args.find"),
        ("rename", {"pattern": ""}, "args.pattern"),
        ("rename", {"pattern": 7}, "args.pattern"),
        ("rename", {"pattern": "{name} {nope}"}, "args.pattern"),
        ("rename", {"pattern": "{n:0}"}, "args.pattern"),
        ("rename", {"pattern": "x" * 501}, "args.pattern"),
        ("rename", {"find": "", "replace": "x"}, "args.find"),
        ("trash", {"reason": 5}, "args.reason"),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    clips: list[Asset], change: Change, action: Any, args: dict[str, Any], field: str
) -> None:
    for attempt in (change, change.would):
        with pytest.raises(Invalid) as refusal:
            attempt(action, clips, **args)
        assert list(refusal.value.fields) == [field]


def test_a_file_cannot_have_more_tags_than_one_can_read(
    session: Session, owner: Principal, clips: list[Asset], change: Change
) -> None:
    assets.edit(session, owner, clips[0], {"tags": [f"t{n}" for n in range(99)]})
    begun = change("tag", clips[:2], tags=["t5", "a", "b"])
    assert counts(begun) == (1, 0, 1)
    assert "100" in bulk.told(session, begun.batch)[0].reason


def test_exactly_one_way_says_which_files(
    session: Session, clips: list[Asset], change: Change
) -> None:
    for chosen in (
        Targets(),
        Targets(ids=[], query=Query()),
        Targets(ids=[uuid.uuid4() for _ in range(10_001)]),
    ):
        with pytest.raises(Invalid):
            change("tag", chosen, tags=["x"])
    assert counts(change("tag", Targets(ids=[]), tags=["x"])) == (0, 0, 0)


def test_many_become_a_task_whose_chunks_go_on_where_the_last_one_ended(
    session: Session, owner: Principal, change: Change
) -> None:
    made = [make_asset(session, owner) for _ in range(205)]
    begun = change("tag", Query(sort="created"), tags=["x"])
    assert begun.task is not None
    assert (begun.batch.state, begun.batch.total, begun.task.queue) == ("queued", 205, "small")
    with pytest.raises(Conflict, match="in progress"):
        change.undo(begun)
    key = (owner.workspace_id, begun.batch.id)
    make_asset(session, owner)
    seen = []
    while not (progress := bulk.advance(session, *key, most=100)).over:
        seen.append((progress.share, len(progress.news.assets)))
    assert seen == [(pytest.approx(100 / 205), 100), (pytest.approx(200 / 205), 100)]
    assert len(progress.news.assets) == 5
    assert not bulk.advance(session, *key).news.assets
    bulk.finish(session, *key)
    session.refresh(begun.batch)
    assert counts(begun) == (205, 0, 0)
    assert {tuple(tags_of(session, asset)) for asset in (made[0], made[-1])} == {("x",)}
    undoing = change.undo(begun)
    assert undoing.task is not None
    assert undoing.task.step == Step.UNDO
    while not bulk.advance(session, *key).over:
        pass
    bulk.finish(session, *key)
    session.refresh(begun.batch)
    assert (begun.batch.state, begun.batch.undone) == ("undone", 205)
    assert tags_of(session, made[0]) == []


def test_the_end_of_every_kind_of_bulk_change_has_a_sentence_in_the_audit_log() -> None:
    for name in registry.KINDS:
        audit_actions.check(f"batch.{name}", "batch")


def test_an_undo_takes_from_each_file_only_the_tags_that_it_got(
    session: Session, change: Change, clips: list[Asset]
) -> None:
    first, second, *_ = clips
    change("tag", [first], tags=["exam"])
    begun = change("tag", [first, second], tags=["exam", "week 3"])
    assert tags_of(session, second) == ["exam", "week 3"]
    change.undo(begun)
    assert (tags_of(session, first), tags_of(session, second)) == (["exam"], [])
    assert sentences_of_lists(session) == []


def sentences_of_lists(session: Session) -> list[str]:
    return [finding.sentence for finding in fsck.rows(session)]
