"""Streams made by real workers: at once, together, and in spite of one that is killed."""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest
from sqlalchemy import func, select, update

from jobs import endings, enqueue, process, run
from lectern.database.sessions import unit_of_work
from lectern.library import assets, progress
from lectern.models import (
    Rendition,
    Role,
    StreamPlan,
    Task,
    TaskState,
    Upload,
    UploadState,
    Version,
)
from lectern.people.principal import Principal
from lectern.pipeline.registry import Step
from lectern.renditions import streams
from lectern.storage import blobs
from tests.jobs.conftest import (
    House,
    again,
    asset_of,
    descendants,
    make_clip,
    task_of,
    upload,
    wait_until,
)

RATE = 15
SECONDS, SEGMENTS = 26, 4
SHORT = {"LECTERN_STRETCH_SECONDS": "6"}


def tasks_of(sent: Upload, step: Step) -> list[Task]:
    with unit_of_work() as session:
        query = select(Task).filter_by(workspace_id=sent.workspace_id, step=step)
        return list(session.scalars(query.order_by(Task.args)))


def stream_files(house: House, sent: Upload, folder: Path) -> dict[str, Path]:
    """All that was made of the upload by spec, as files below `folder`."""
    folder.mkdir()
    with unit_of_work() as session:
        blob_id = session.get_one(
            Version, (sent.workspace_id, asset_of(sent).current_version_id)
        ).blob_id
        query = select(Rendition).filter_by(workspace_id=sent.workspace_id)
        made = session.scalars(query.filter_by(source_blob_id=blob_id))
        keys = {each.spec: each.blob.key for each in made}
    paths = {}
    for spec, key in keys.items():
        with house.this.storage.local_copy(key) as copy:
            paths[spec] = folder / spec.replace("/", "_")
            paths[spec].write_bytes(copy.read_bytes())
    return paths


def is_done(sent: Upload) -> bool:
    found = tasks_of(sent, Step.HLS)
    return bool(found) and found[0].state == TaskState.DONE


def begin(house: House, file: Path) -> Upload:
    """An upload whose streams are due, and nobody there to make them."""
    house.worker("probe")
    house.worker("media")
    sent = upload(house, file)
    enqueue.notify([task_of(sent)])
    wait_until(lambda: again(sent).state == UploadState.DONE)
    wait_until(lambda: tasks_of(sent, Step.HLS)[0].state == TaskState.QUEUED)
    return sent


def presented(path: Path) -> list[int]:
    """When each frame is shown, in frames of 1/RATE s from the first, in order."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets: list[Any] = [packet for packet in container.demux(stream) if packet.size]
    times = sorted(float(packet.pts * packet.time_base) for packet in packets)
    return [round((time - times[0]) * RATE) for time in times]


def key_frames(path: Path) -> list[int]:
    """The frames that decoding may begin with."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets: list[Any] = [p for p in container.demux(stream) if p.size]
        first = min(float(p.pts * p.time_base) for p in packets)
        return sorted(
            round((float(p.pts * p.time_base) - first) * RATE) for p in packets if p.is_keyframe
        )


def test_a_clip_that_fits_is_streamed_as_it_is(house: House, clip: Path, tmp_path: Path) -> None:
    sent = begin(house, clip)
    house.worker("streams")
    wait_until(lambda: is_done(sent))
    made = stream_files(house, sent, tmp_path / "made")
    master = made["hls/master.m3u8"].read_text()
    assert "source.m3u8" in master
    assert "a0.m3u8" in master
    assert presented(made["hls/source.mp4"]) == list(range(4 * RATE))
    assert not [spec for spec in made if spec.startswith("hls.part")]
    # What is played is a plain MP4 below 720p already.
    assert "mp4" not in made


@pytest.fixture(scope="session")
def moving_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """B-frames in a codec that must be encoded anew, and a key frame each 2.6 s."""
    coding = ("-c:v", "mpeg4", "-bf", "2", "-g", "39", "-q:v", "4", "-s", "320x180")
    return make_clip(tmp_path_factory.mktemp("clip") / "moving.mp4", SECONDS, *coding)


def test_three_workers_share_a_long_video_and_one_is_killed(
    house: House, moving_clip: Path, tmp_path: Path
) -> None:
    sent = begin(house, moving_clip)
    workers = [house.worker("streams", **SHORT) for _ in range(3)]
    house.schedule()
    victim, args, sandboxes = wait_until(lambda: one_at_work(sent, workers))
    victim.kill()
    _, alive = psutil.wait_procs(sandboxes, timeout=3)
    assert not alive
    wait_until(lambda: is_done(sent), patience_s=120)
    parts = tasks_of(sent, Step.HLS_PART)
    assert [each.state for each in parts] == [TaskState.DONE] * SEGMENTS
    # One segment was begun twice, by another worker; the others were done once.
    assert [each.args for each in parts if each.fence > 1] == [args]
    assert len({each.worker for each in parts}) >= 2
    made = stream_files(house, sent, tmp_path / "made")
    assert presented(made["hls/v180.mp4"]) == list(range(SECONDS * RATE))
    assert key_frames(made["hls/v180.mp4"]) == list(range(0, SECONDS * RATE, 4 * RATE))
    assert not [spec for spec in made if spec.startswith("hls.part")]
    with unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(StreamPlan)) == 0
    assert_sharp(moving_clip, made["hls/v180.mp4"])


def one_at_work(
    sent: Upload, workers: "list[subprocess.Popen[bytes]]"
) -> "tuple[subprocess.Popen[bytes], dict[str, Any], list[psutil.Process]] | None":
    """A worker held still in the middle of a segment, which that is, and the worker's sandbox."""
    for task in running(sent):
        for worker in workers:
            if f":{worker.pid}:" not in (task.worker or "") or not descendants(worker.pid):
                continue
            psutil.Process(worker.pid).suspend()
            sandboxes = descendants(worker.pid)
            if sandboxes and task.args in [each.args for each in running(sent)]:
                return worker, task.args, sandboxes
            psutil.Process(worker.pid).resume()
    return None


def running(sent: Upload) -> list[Task]:
    """The segments that are being encoded for the first time."""
    parts = tasks_of(sent, Step.HLS_PART)
    return [each for each in parts if each.state == TaskState.RUNNING and each.fence == 1]


def assert_sharp(source: Path, made: Path) -> None:
    """Every frame looks like its own in the source: no segment is off by one."""
    theirs, ours = pictures(source), pictures(made)
    assert len(theirs) == len(ours) == SECONDS * RATE
    for number in range(1, len(ours) - 1):
        off = {
            step: float(np.abs(ours[number] - theirs[number + step]).mean()) for step in (-1, 0, 1)
        }
        assert off[0] == min(off.values()), (number, off)


def pictures(path: Path) -> "list[np.ndarray[Any, Any]]":
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        return [frame.reformat(160, 90, "gray").to_ndarray().astype(np.int16) for frame in frames]


def test_who_stops_the_step_stops_its_segments_and_may_begin_again(
    house: House, moving_clip: Path
) -> None:
    sent = begin(house, moving_clip)
    worker = house.worker("streams", **SHORT)
    house.schedule()
    wait_until(lambda: one_at_work(sent, [worker]))
    principal = Principal(sent.workspace_id, sent.created_by, Role.OWNER, "", "")
    with unit_of_work() as session:
        asset = assets.get(session, principal, asset_of(sent).id)
        (line,) = progress.overview(session, principal).running.lines
        assert (line.step, line.state) == ("hls", "running")
        assert line.segments == (0, SEGMENTS)
        assert progress.again(session, principal, asset, Step.HLS) == 0
        assert progress.cancel(session, principal, asset, Step.HLS) == 1 + SEGMENTS
    psutil.Process(worker.pid).resume()
    wait_until(lambda: not descendants(worker.pid))
    assert {each.state for each in tasks_of(sent, Step.HLS_PART)} == {TaskState.CANCELLED}
    with unit_of_work() as session:
        # A plan of an earlier Lectern, which nobody can read any more.
        session.execute(update(StreamPlan).values(made={"a0": {"fragments": [{"offset": 0}]}}))
        assert progress.again(session, principal, asset_of(sent), Step.HLS) == 1
    wait_until(lambda: is_done(sent))
    assert {each.state for each in tasks_of(sent, Step.HLS_PART)} == {TaskState.DONE}


def test_a_segment_that_cannot_be_made_fails_the_step_with_its_reason(
    house: House, moving_clip: Path
) -> None:
    sent = begin(house, moving_clip)
    worker = house.worker("streams", **SHORT)
    wait_until(lambda: tasks_of(sent, Step.HLS_PART))
    worker.kill()
    worker.wait()
    with unit_of_work() as session:
        part = session.scalars(
            select(Task).filter_by(step=Step.HLS_PART, args={"segment": 1})
        ).one()
        endings.close(session, part, "It cannot be decoded.")
    (whole,) = tasks_of(sent, Step.HLS)
    assert (whole.state, whole.reason) == (TaskState.FAILED, "It cannot be decoded.")
    states = {each.state for each in tasks_of(sent, Step.HLS_PART)}
    assert TaskState.QUEUED not in states
    with unit_of_work() as session:
        found = session.scalar(select(Rendition).where(Rendition.spec == "hls/master.m3u8"))
    assert found is None


def test_segments_that_do_not_decode_where_they_meet_are_encoded_anew(
    house: House, moving_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = begin(house, moving_clip)
    divided = replace(house.this, settings=replace(house.this.settings, stretch_s=6))
    monkeypatch.setattr(process, "_current", divided)
    run_due(sent)
    with unit_of_work() as session:
        query = select(Rendition).where(Rendition.spec == streams.part_spec(1, "v180"))
        part = session.scalars(query).one()
        with divided.storage.local_copy(part.blob.key) as copy:
            spoiled = spoil(copy, tmp_path / "spoiled.mp4")
        # As a worker would have stored it whose encoder went wrong.
        stored = blobs.store(divided.storage, sent.workspace_id, spoiled)
        part.blob_id = blobs.add(session, sent.workspace_id, stored, "video/mp4")[0].id
    run_due(sent, Step.HLS)
    (whole,) = tasks_of(sent, Step.HLS)
    assert (whole.state, whole.attempts) == (TaskState.QUEUED, 1)
    assert "does not decode at" in (whole.reason or "")
    with unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(StreamPlan)) == 0
        session.execute(update(Task).where(Task.id == whole.id).values(run_at=func.now()))
    run_due(sent)
    run_due(sent, Step.HLS)
    assert is_done(sent)
    made = stream_files(house, sent, tmp_path / "made")
    assert presented(made["hls/v180.mp4"]) == list(range(SECONDS * RATE))


def run_due(sent: Upload, *steps: Step) -> None:
    """Do the step and its segments, or only some of that, here and one after the other."""
    for step in steps or (Step.HLS, Step.HLS_PART):
        for task in tasks_of(sent, step):
            run.run(str(task.workspace_id), str(task.id))


def spoil(path: Path, target: Path) -> Path:
    """Noise in the place of the first frame; every table stays true."""
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        for packet in packets:
            if packet.is_keyframe:
                at = data.index(bytes(packet)) + 8
                length = packet.size - 8
                data[at : at + length] = (bytes(range(256)) * (length // 256 + 1))[:length]
                break
    target.write_bytes(data)
    return target
