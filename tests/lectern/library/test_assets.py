"""Assets: read, edited, and their state kept true."""

import threading
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lectern.errors import Forbidden, Invalid, NotFound, Stale
from lectern.ingest.receiving import Work
from lectern.library import assets, trash, versions
from lectern.models import Asset, Role, Task, TaskState, Version
from lectern.people import audit_reading
from lectern.people.principal import Principal
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step
from tests.factories import add_version, make_asset, make_blob, make_colleague, make_principal


def test_an_asset_is_found_in_its_workspace_only(
    session: Session, owner: Principal, stranger: Principal
) -> None:
    asset = make_asset(session, owner)
    assert assets.get(session, owner, asset.id) is asset
    trash.trash(session, owner, asset, days=30)
    assert assets.get(session, owner, asset.id) is asset
    with pytest.raises(NotFound):
        assets.get(session, stranger, asset.id)


def test_bytes_are_found_in_any_version_of_what_is_not_in_the_trash(
    session: Session, owner: Principal, stranger: Principal
) -> None:
    blob = make_blob(session, owner.workspace_id)
    first = make_asset(session, owner, blob=blob)
    add_version(session, first)
    second, digest = make_asset(session, owner, blob=blob), blob.digest
    assert assets.with_digest(session, owner, digest, 1000) == [second, first]
    assert assets.with_digest(session, owner, digest, 999) == []
    assert assets.with_digest(session, stranger, digest, 1000) == []
    trash.trash(session, owner, second, days=30)
    assert assets.with_digest(session, owner, digest, 1000) == [first]


def test_bytes_that_are_awaited_are_nobodys_duplicate(session: Session, owner: Principal) -> None:
    blob = make_blob(session, owner.workspace_id, state="awaited")
    make_asset(session, owner, blob=blob)
    assert assets.with_digest(session, owner, blob.digest, blob.byte_size) == []


@pytest.mark.parametrize(
    ("field", "sent", "kept"),
    [
        ("name", "  Cell\tdivision ", "Cell division"),
        ("tags", ["Mitosis", "mitosis", "Cells"], ["Cells", "Mitosis"]),
        ("description", "One\r\nTwo", "One\nTwo"),
        ("language", "de", "de"),
        ("licence", "CC BY 4.0", "CC BY 4.0"),
        ("access", "public", "public"),
        ("custom", {"term": [1, None, {"a": "ü"}]}, {"term": [1, None, {"a": "ü"}]}),
    ],
)
def test_a_change_is_kept_counted_and_recorded(
    session: Session, owner: Principal, field: str, sent: Any, kept: Any
) -> None:
    asset = make_asset(session, owner)
    seen = asset.lock_version
    assets.edit(session, owner, asset, {field: sent})
    value = getattr(asset, field)
    assert ([tag.name for tag in value] if field == "tags" else value) == kept
    assert asset.lock_version > seen
    (line,) = audit_reading.history(session, owner, asset.id)
    assert line.action == f"asset.{field}"
    assert line.details["after"] == (sorted(kept, reverse=True) if field == "tags" else kept)


def test_a_folder_is_named_by_its_path_and_left_with_an_empty_one(
    session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner)
    assets.edit(session, owner, asset, {"folder": "/Biology//Week 1/"})
    assert asset.folder is not None
    assert asset.folder.name == "Week 1"
    assets.edit(session, owner, asset, {"folder": None})
    assert asset.folder_id is None
    after, before = audit_reading.history(session, owner, asset.id)
    assert before.details == {"before": "", "after": "Biology/Week 1"}
    assert after.details == {"before": "Biology/Week 1", "after": ""}


def test_a_folder_is_named_by_its_id_too_as_an_asset_shows_it(
    session: Session, owner: Principal
) -> None:
    first, second = make_asset(session, owner), make_asset(session, owner)
    folder_id = assets.edit(session, owner, first, {"folder": "Biology/Week 1"}).folder_id
    for sent in (str(folder_id), {"id": str(folder_id), "path": "Biology/Week 1"}):
        assets.edit(session, owner, second, {"folder": sent})
        assert second.folder_id == folder_id
    (line,) = audit_reading.history(session, owner, second.id)
    assert line.details == {"before": "", "after": "Biology/Week 1"}
    stranger = make_principal(session)
    foreign = make_asset(session, stranger)
    assets.edit(session, stranger, foreign, {"folder": str(folder_id)})
    assert foreign.folder_id != folder_id


def test_what_is_sent_unchanged_changes_nothing(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner)
    assets.edit(session, owner, asset, {"tags": ["Zoo", "Äpfel", "apple"], "name": "Clip"})
    seen, lines = asset.lock_version, len(audit_reading.history(session, owner, asset.id))
    assets.edit(session, owner, asset, {"tags": ["APPLE", "äpfel", "zoo"], "name": "Clip"})
    assert asset.lock_version == seen
    assert len(audit_reading.history(session, owner, asset.id)) == lines
    assert [tag.name for tag in asset.tags] == ["apple", "Zoo", "Äpfel"]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": 5},
        {"name": None},
        {"tags": "cell"},
        {"tags": [1]},
        {"tags": ["a,b"]},
        {"folder": ["x"]},
        {"folder": "a/.."},
        {"description": None},
        {"description": "x" * 20_001},
        {"language": "x" * 36},
        {"licence": 3},
        {"access": "secret"},
        {"access": ["public"]},
        {"custom": []},
        {"custom": {"x": "y" * 20_001}},
        {"custom": {"1": {"2": {"3": {"4": {"5": {"6": {"7": {"8": {}}}}}}}}}},
        {"kind": "audio"},
        {"digest": "0" * 64},
        {"id": "x"},
        {"": ""},
    ],
)
def test_what_cannot_be_is_refused_with_its_field_and_nothing_changes(
    session: Session, owner: Principal, changes: dict[str, Any]
) -> None:
    asset = make_asset(session, owner)
    name, seen = asset.name, asset.lock_version
    with pytest.raises(Invalid) as refusal:
        assets.edit(session, owner, asset, {"name": "Other", **changes})
    assert refusal.value.fields.keys() == changes.keys()
    assert (asset.name, asset.lock_version) == (name, seen)


def test_a_nesting_no_reader_follows_is_refused(session: Session, owner: Principal) -> None:
    deep: Any = {}
    for _ in range(900):
        deep = {"x": [deep]}
    with pytest.raises(Invalid):
        assets.edit(session, owner, make_asset(session, owner), {"custom": deep})


def test_of_two_people_who_saw_the_same_the_second_is_told(
    session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner)
    seen = asset.lock_version
    assets.edit(session, owner, asset, {"name": "First"}, expected=seen)
    with pytest.raises(Stale):
        assets.edit(session, owner, asset, {"name": "Second"}, expected=seen)
    assert asset.name == "First"


@pytest.mark.parametrize(("role", "own"), [(Role.VIEWER, True), (Role.CONTRIBUTOR, False)])
def test_editing_needs_the_right_to(
    session: Session, owner: Principal, role: Role, own: bool
) -> None:
    colleague = make_colleague(session, owner, role)
    asset = make_asset(session, colleague if own else owner)
    with pytest.raises(Forbidden):
        assets.edit(session, colleague, asset, {"name": "Mine now"})


def steps(session: Session, version: Version, *states: TaskState) -> None:
    for step, state in zip((Step.POSTER, Step.PLAYABLE), states, strict=False):
        task = tasks.add(
            session,
            version.workspace_id,
            step,
            version_id=version.id,
            asset_id=version.asset_id,
        )
        task.state = state
        task.lease_until = None
    session.flush()


@pytest.mark.parametrize(
    ("states", "settled"),
    [
        ((TaskState.QUEUED, TaskState.QUEUED), "processing"),
        ((TaskState.DONE, TaskState.QUEUED), "processing"),
        ((TaskState.WAITING, TaskState.DONE), "processing"),
        ((TaskState.DONE, TaskState.DONE), "ready"),
        ((TaskState.DONE, TaskState.SKIPPED), "ready"),
        ((TaskState.CANCELLED, TaskState.DONE), "processing"),
        ((TaskState.FAILED, TaskState.DONE), "failed"),
        ((TaskState.FAILED, TaskState.QUEUED), "failed"),
        ((), "ready"),
    ],
)
def test_the_state_follows_from_the_tasks_however_often_it_is_settled(
    session: Session, owner: Principal, states: tuple[TaskState, ...], settled: str
) -> None:
    asset = make_asset(session, owner, state="processing")
    version = versions.get_current(session, asset)
    assert version is not None
    steps(session, version, *states)
    for _ in range(2):
        assert assets.settle(session, owner.workspace_id, asset.id).state == settled


def newer(session: Session, asset: Asset, *states: TaskState) -> Version:
    version = versions.add(
        session,
        asset,
        make_blob(session, asset.workspace_id, byte_size=2000),
        origin="replacement",
        original_name="new.mp4",
        facts={"kind": "video", "mime": "video/webm", "duration_s": 5.0, "width": 64, "height": 36},
        created_by=asset.created_by,
    )
    steps(session, version, *states)
    return version


def test_a_newer_version_takes_over_when_it_is_ready_with_all_its_facts(
    session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner)
    version = newer(session, asset, TaskState.DONE, TaskState.QUEUED)
    assets.settle(session, owner.workspace_id, asset.id)
    assert (asset.version_number, asset.state) == (1, "ready")
    for task in session.query(Task).filter_by(version_id=version.id):
        task.state = TaskState.DONE
    assets.settle(session, owner.workspace_id, asset.id)
    assert (asset.version_number, asset.version_count, asset.state) == (2, 2, "ready")
    assert (asset.byte_size, asset.mime, asset.duration_s) == (2000, "video/webm", 5.0)
    assert (asset.width, asset.height, asset.digest) == (64, 36, version.blob.digest)


def test_a_newer_version_that_failed_leaves_the_one_that_works(
    session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner)
    newer(session, asset, TaskState.FAILED, TaskState.DONE)
    assets.settle(session, owner.workspace_id, asset.id)
    assert (asset.version_number, asset.version_count, asset.state) == (1, 2, "ready")


def test_twelve_versions_at_once_are_numbered_without_gaps(work: Work) -> None:
    with work() as session:
        owner = make_principal(session)
        asset = make_asset(session, owner)
    barrier = threading.Barrier(12)
    numbers: list[int] = []

    def add() -> None:
        with work() as session:
            mine = session.get_one(Asset, (owner.workspace_id, asset.id))
            barrier.wait()
            numbers.append(newer(session, mine, TaskState.DONE, TaskState.DONE).number)

    threads = [threading.Thread(target=add) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(numbers) == list(range(2, 14))
    with work() as session:
        mine = session.get_one(Asset, (owner.workspace_id, asset.id))
        assert [v.number for v in versions.list_of(session, mine)] == list(range(13, 0, -1))
        assert assets.settle(session, owner.workspace_id, asset.id).version_number == 13
