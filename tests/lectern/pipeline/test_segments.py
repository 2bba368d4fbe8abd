"""Segments of a long video: who waits for them, what is begun again, and what is forgotten."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lectern.library import progress
from lectern.models import Asset, Rendition, StreamPlan, Task, TaskState, Version
from lectern.people.principal import Principal
from lectern.pipeline import notices, segments, tasks
from lectern.pipeline.registry import Step
from lectern.pipeline.tasks import Claim
from lectern.renditions import renditions, streams
from tests.factories import make_asset, make_blob

Make = Callable[..., None]


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    return make_asset(session, owner)


@pytest.fixture
def version(session: Session, asset: Asset) -> Version:
    return session.get_one(Version, (asset.workspace_id, asset.current_version_id))


@pytest.fixture
def whole(session: Session, asset: Asset) -> Claim:
    """The step, held by a worker."""
    return claimed(session, asset, Step.HLS)


@pytest.fixture
def make(session: Session, version: Version) -> Make:
    """`make(spec, …)`: renditions of the version's bytes."""

    def record(*specs: str) -> None:
        for spec in specs:
            blob = make_blob(session, version.workspace_id)
            renditions.record(session, version.workspace_id, version.blob_id, spec, blob, {})

    return record


def claimed(session: Session, asset: Asset, step: Step, **args: int) -> Claim:
    subject = {"version_id": asset.current_version_id, "asset_id": asset.id}
    task = tasks.add(session, asset.workspace_id, step, args=args, **subject)
    held = tasks.claim(session, asset.workspace_id, task.id, "a", 90)
    assert held is not None
    return held


def end(session: Session, segment: Claim) -> None:
    segments.hold(session, segment)
    tasks.finish(session, segment, TaskState.DONE)
    segments.end(session, segment)


def states(session: Session, step: Step) -> list[str]:
    return list(session.scalars(select(Task.state).filter_by(step=step).order_by(Task.args)))


def specs(session: Session) -> set[str]:
    return set(session.scalars(select(Rendition.spec)))


def test_the_step_goes_on_with_its_last_segment(
    session: Session, asset: Asset, whole: Claim
) -> None:
    segments.share_out(session, whole, 2, {0, 1})
    end(session, claimed(session, asset, Step.HLS_PART, segment=0))
    assert states(session, Step.HLS) == ["waiting"]
    end(session, claimed(session, asset, Step.HLS_PART, segment=1))
    assert states(session, Step.HLS) == ["queued"]


def test_a_segment_whose_file_is_gone_is_encoded_again(
    session: Session, asset: Asset, version: Version, whole: Claim, make: Make
) -> None:
    segments.share_out(session, whole, 3, {0, 1, 2})
    for segment in range(3):
        end(session, claimed(session, asset, Step.HLS_PART, segment=segment))
    make("hls.part.0/v360", "hls.part.0/v180", "hls.part.1/v360", "hls.part.2/v180")
    wanted = streams.missing(session, version, 3, ["v360", "v180"])
    assert wanted == {1, 2}
    segments.share_out(session, claimed(session, asset, Step.HLS), 3, wanted)
    session.expire_all()
    assert states(session, Step.HLS_PART) == ["done", "queued", "queued"]
    assert states(session, Step.HLS) == ["waiting"]


def test_segments_of_another_division_are_not_waited_for(
    session: Session, asset: Asset, whole: Claim
) -> None:
    segments.share_out(session, whole, 3, {0, 1, 2})
    segment = claimed(session, asset, Step.HLS_PART, segment=0)
    segments.ask_anew(session, segment)
    segments.share_out(session, claimed(session, asset, Step.HLS), 1, {0})
    assert states(session, Step.HLS_PART) == ["running"]
    end(session, segment)
    assert states(session, Step.HLS) == ["queued"]


def test_starting_over_forgets_pieces_but_never_a_finished_whole(
    session: Session, version: Version, whole: Claim, make: Make
) -> None:
    streams.keep_plan(session, whole, {"old": 1}, {})
    make("playable", "hls/a0.mp4", "hls/first.m3u8", "hls.part.0/v360")
    streams.start_over(session, whole, version)
    assert specs(session) == {"playable"}
    assert session.scalar(select(func.count()).select_from(StreamPlan)) == 0
    make("hls/master.m3u8", "hls/a0.mp4", "hls.part.0/v360")
    streams.start_over(session, whole, version)
    assert specs(session) == {"playable", "hls/master.m3u8", "hls/a0.mp4"}


def test_equal_bytes_of_another_file_keep_what_they_go_by(
    session: Session, owner: Principal, version: Version, whole: Claim, make: Make
) -> None:
    twin = make_asset(session, owner, blob=version.blob)
    streams.keep_plan(session, claimed(session, twin, Step.HLS), {}, {})
    make("hls/a0.mp4", "hls.part.0/v360")
    streams.start_over(session, whole, version)
    assert specs(session) == {"hls/a0.mp4", "hls.part.0/v360"}


def test_pieces_are_not_listed(session: Session, version: Version, make: Make) -> None:
    make("hls/v360.mp4", "hls.part.0/v360")
    made = renditions.list_of(session, version.workspace_id, version.blob_id)
    assert [each.spec for each in made] == ["hls/v360.mp4"]


def test_shared_segments_are_shown_as_one_step_that_runs(
    session: Session, owner: Principal, asset: Asset, whole: Claim
) -> None:
    segments.share_out(session, whole, 4, {0, 1, 2, 3})
    end(session, claimed(session, asset, Step.HLS_PART, segment=0))
    tasks.record_progress(session, claimed(session, asset, Step.HLS_PART, segment=1), 0.5)
    since = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 10)
    session.execute(update(Task).where(Task.step == Step.HLS).values(started_at=since))
    seen = progress.overview(session, owner)
    (line,) = seen.running.lines
    assert (line.step, line.state, line.segments, line.percent) == ("hls", "running", (1, 4), 40)
    assert line.left_s == pytest.approx(15 * 60, rel=0.1)
    assert (line.stoppable, line.resumable, line.reason) == (True, False, None)
    assert not seen.waiting.all
    assert not seen.queued
    assert [each.segments for each in progress.steps_of(session, owner, asset)] == [(1, 4)]


def test_shared_segments_are_not_tried_again_but_stopped_as_one(
    session: Session, owner: Principal, asset: Asset, whole: Claim
) -> None:
    segments.share_out(session, whole, 2, {0, 1})
    assert not notices.tell_done(session, whole)
    assert progress.again(session, owner, asset, Step.HLS) == 0
    assert progress.cancel(session, owner, asset, Step.HLS) == 3
    assert states(session, Step.HLS_PART) == ["cancelled"] * 2
    assert progress.again(session, owner, asset, Step.HLS) == 1
    segments.share_out(session, claimed(session, asset, Step.HLS), 2, {0, 1})
    session.expire_all()
    assert states(session, Step.HLS_PART) == ["queued"] * 2
