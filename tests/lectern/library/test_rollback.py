"""Rollback: an earlier version comes back as a new one, at once, and nothing else changes."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.errors import Conflict, Forbidden, NotFound, Stale
from lectern.library import assets, rollback, trash, versions
from lectern.models import Asset, Blob, Role, TaskState
from lectern.people import audit_reading
from lectern.people.principal import Principal
from lectern.pipeline import due, segments, tasks
from lectern.pipeline.registry import Step
from lectern.renditions import posters, renditions
from lectern.storage import LocalStorage
from tests.factories import add_version, make_asset, make_blob, make_colleague, make_course


def stored(session: Session, storage: LocalStorage, owner: Principal, folder: Path) -> Blob:
    """A blob whose bytes are there."""
    blob = make_blob(session, owner.workspace_id)
    source = folder / blob.id.hex
    source.write_bytes(b"x" * blob.byte_size)
    storage.put(source, blob.key)
    return blob


@pytest.fixture
def asset(session: Session, owner: Principal, storage: LocalStorage, tmp_path: Path) -> Asset:
    """Two versions, each with a poster and a rendition; the second is current."""
    made = make_asset(session, owner, blob=stored(session, storage, owner, tmp_path))
    for number in (1, 2):
        if number == 2:
            add_version(session, made, stored(session, storage, owner, tmp_path))
        version = versions.find(session, made, number)
        assert version is not None
        version.facts = {"kind": "video", "mime": "video/mp4", "duration_s": 10.0 * number}
        for step in (Step.POSTER, Step.PLAYABLE):
            task = tasks.add(
                session, made.workspace_id, step, version_id=version.id, asset_id=made.id
            )
            task.state, task.progress = TaskState.DONE, 1.0
        for spec in ("poster.1", renditions.PLAYABLE):
            blob = stored(session, storage, owner, tmp_path)
            renditions.record(session, made.workspace_id, version.blob_id, spec, blob, {})
        posters.show_best(session, version)
    session.flush()
    return made


def test_the_old_bytes_are_current_again_under_a_new_number(
    session: Session, owner: Principal, asset: Asset, storage: LocalStorage
) -> None:
    first = versions.find(session, asset, 1)
    assert first is not None
    version = rollback.roll_back(session, owner, asset, 1, storage=storage)
    assert (version.number, version.origin, version.blob_id) == (3, "rollback", first.blob_id)
    assert (version.facts, version.original_name) == (first.facts, first.original_name)
    assert (asset.version_number, asset.version_count, asset.state) == (3, 3, "ready")
    assert (asset.digest, asset.duration_s) == (first.blob.digest, 10.0)
    poster = renditions.find(session, asset.workspace_id, first.blob_id, "poster.1")
    assert poster is not None
    assert asset.poster_blob_id == poster.blob_id
    line = audit_reading.history(session, owner, asset.id)[0]
    assert (line.action, line.details) == (
        "asset.rollback",
        {"version": 3, "restores": 1, "before": 2},
    )


def test_nothing_is_encoded_again(
    session: Session, owner: Principal, asset: Asset, storage: LocalStorage
) -> None:
    version = rollback.roll_back(session, owner, asset, 1, storage=storage)
    assert due.of_asset(session, asset.workspace_id, asset.id) == []
    mine = [
        (task.step, task.state, task.progress)
        for task in tasks.of_asset(session, asset.workspace_id, asset.id)
        if task.version_id == version.id
    ]
    assert mine == [("poster", "done", 1.0), ("playable", "done", 1.0)]
    assets.settle(session, asset.workspace_id, asset.id)
    assert asset.version_number == 3


def test_later_steps_that_others_are_at_begin_anew(
    session: Session, owner: Principal, asset: Asset, storage: LocalStorage
) -> None:
    first = versions.find(session, asset, 1)
    assert first is not None
    subject = {"version_id": first.id, "asset_id": asset.id}
    held = []
    for step in (Step.CAPTIONS, Step.HLS):
        task = tasks.add(session, asset.workspace_id, step, **subject)
        claim = tasks.claim(session, asset.workspace_id, task.id, "a", 90)
        assert claim is not None
        held.append(claim)
    segments.share_out(session, held[1], 2, {0, 1})
    version = rollback.roll_back(session, owner, asset, 1, storage=storage)
    mine = {
        task.step: (task.state, task.progress)
        for task in tasks.of_asset(session, asset.workspace_id, asset.id)
        if task.version_id == version.id
    }
    ended = ("done", 1.0)
    begun = ("queued", 0.0)
    assert mine == {"poster": ended, "playable": ended, "captions": begun, "hls": begun}


def test_lessons_that_follow_get_it_and_pinned_ones_stay(
    session: Session, owner: Principal, asset: Asset, storage: LocalStorage
) -> None:
    course = make_course(session, owner, lessons=2)
    usages.put(session, owner, Place(course.ref, None, "l0"), [UsageSpec(asset.id)])
    usages.put(session, owner, Place(course.ref, None, "l1"), [UsageSpec(asset.id, policy="pin")])
    rollback.roll_back(session, owner, asset, 1, storage=storage)
    session.expire_all()
    shown = [usage.version_number for usage in usages.of_asset(session, owner, asset.id)]
    assert shown == [3, 2]


def test_a_version_on_its_way_does_not_undo_the_rollback(
    session: Session, owner: Principal, asset: Asset, storage: LocalStorage
) -> None:
    coming = versions.add(
        session,
        asset,
        make_blob(session, asset.workspace_id),
        origin="replacement",
        original_name="late.mp4",
        facts={},
        created_by=owner.user_id,
    )
    task = tasks.add(
        session, asset.workspace_id, Step.PLAYABLE, version_id=coming.id, asset_id=asset.id
    )
    rollback.roll_back(session, owner, asset, 1, storage=storage)
    task.state = TaskState.DONE
    assets.settle(session, asset.workspace_id, asset.id)
    assert asset.version_number == 4


def test_who_saw_an_older_state_is_told(
    session: Session, owner: Principal, asset: Asset, storage: LocalStorage
) -> None:
    seen = asset.lock_version
    assets.edit(session, owner, asset, {"name": "New"})
    with pytest.raises(Stale):
        rollback.roll_back(session, owner, asset, 1, storage=storage, expected=seen)
    assert asset.version_count == 2


@pytest.mark.parametrize("number", [3, 1 << 30])
def test_there_must_be_such_a_version(
    session: Session, owner: Principal, asset: Asset, storage: LocalStorage, number: int
) -> None:
    with pytest.raises(NotFound, match="no version"):
        rollback.roll_back(session, owner, asset, number, storage=storage)


def test_a_version_that_never_was_ready_or_lost_its_bytes_stays_where_it_is(
    session: Session, owner: Principal, asset: Asset, storage: LocalStorage
) -> None:
    first = versions.find(session, asset, 1)
    assert first is not None
    made = renditions.find(session, asset.workspace_id, first.blob_id, renditions.PLAYABLE)
    assert made is not None
    storage.delete(made.blob.key)
    with pytest.raises(Conflict, match="missing"):
        rollback.roll_back(session, owner, asset, 1, storage=storage)
    for task in tasks.of_asset(session, asset.workspace_id, asset.id):
        task.state = TaskState.FAILED
    with pytest.raises(Conflict, match="never ready"):
        rollback.roll_back(session, owner, asset, 2, storage=storage)
    assert (asset.version_number, asset.version_count) == (2, 2)


def test_not_in_the_trash_and_not_by_everybody(
    session: Session, owner: Principal, asset: Asset, storage: LocalStorage
) -> None:
    viewer = make_colleague(session, owner, Role.VIEWER)
    with pytest.raises(Forbidden):
        rollback.roll_back(session, viewer, asset, 1, storage=storage)
    trash.trash(session, owner, asset, days=30)
    with pytest.raises(Conflict, match="trash"):
        rollback.roll_back(session, owner, asset, 1, storage=storage)
