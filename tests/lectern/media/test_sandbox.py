"""The sandbox holds: what it may touch, what it may cost, and that it never outlives its owner."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from lectern.media.convert import Conversion, Target, Way, arguments
from lectern.media.sandbox import sandbox
from lectern.media.sandbox.refusal import Refused, SandboxCrashed, Stopped, Unreadable
from lectern.pipeline.limits import GIB, MIB, PICTURE, PROBE, Limits

Make = Callable[..., Path]
LONG = Limits(cpu_s=600, wall_s=600, memory_bytes=3 * GIB, file_bytes=GIB)


@pytest.fixture
def film(clip: Make) -> Path:
    """Ten minutes of noise that take far longer to encode than any test waits."""
    return clip(
        "film.mkv",
        *("-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30:d=4", "-c:v", "mpeg4", "-q:v", "6"),
    )


@pytest.fixture
def endless(film: Path, clip: Make) -> Path:
    return clip("endless.mkv", "-stream_loop", "150", "-i", str(film), "-c", "copy")


def encoding(source: Path, scratch: Path, scale: int = 1) -> dict[str, object]:
    """The arguments of a long transcode of `source`, its link laid in `scratch`."""
    (scratch / "in").symlink_to(source)
    width, height = 1280 * scale, 720 * scale
    job = Conversion("matroska", Target.MP4, 600, GIB, video=Way.H264, width=width, height=height)
    return {"argv": arguments(job), "duration_s": 604.0}


def children(of: int | None = None) -> list[psutil.Process]:
    """Sandbox processes below a process, this one by default."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return [each for each in psutil.Process(of).children(recursive=True) if sandboxed(each)]
    return []


def sandboxed(process: psutil.Process) -> bool:
    try:
        line = " ".join(process.cmdline())
    except psutil.Error:
        return False
    return "sandbox.child" in line or "-protocol_whitelist" in line


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


@contextlib.contextmanager
def transcoding(source: Path, scratch: Path) -> Iterator[psutil.Process]:
    """A transcode under way, as the process that does it; stopped at the end."""
    stop = threading.Event()
    given = encoding(source, scratch)

    def work() -> None:
        with contextlib.suppress(Stopped):
            sandbox.run(
                "ffmpeg", given, read=[source], scratch=scratch, limits=LONG, cancelled=stop.is_set
            )

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert wait_for(lambda: any("ffmpeg" in each.name() for each in children()))
        yield children()[0]
    finally:
        stop.set()
        thread.join(20)


def test_the_box_has_no_secrets_no_rights_and_no_files_of_ours(
    endless: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LECTERN_SECRET_KEY", "canary-of-the-environment")
    with transcoding(endless, scratch) as process:
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        environment = process.environ()
        opened = {Path(each.path) for each in process.open_files()}
        connections = process.net_connections()
        group = os.getpgid(process.pid)
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Seccomp"].strip() == "2"
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    assert "canary" not in str(environment)
    assert not [name for name in environment if name.startswith("LECTERN")]
    assert opened <= {endless, scratch / "out.0", Path("/dev/null")}
    assert connections == []
    assert group == process.pid != os.getpgid(0)


def test_only_the_named_input_can_be_read(scratch: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.srt"
    secret.write_text("1\n00:00:01,000 --> 00:00:02,000\ncanary\n")
    given = {"source": str(secret), "demuxer": "srt", "mime": "x"}
    assert (
        sandbox.run("captions", given, read=[secret], scratch=scratch, limits=PROBE)["pages"] == 1
    )
    with pytest.raises(SandboxCrashed, match="PermissionError"):
        sandbox.run("captions", given, read=[], scratch=scratch, limits=PROBE)
    for path in ("/etc/passwd", "/etc/hostname", "/proc/1/environ", str(Path(__file__))):
        given["source"] = path
        with pytest.raises(SandboxCrashed, match="PermissionError"):
            sandbox.run("captions", given, read=[], scratch=scratch, limits=PROBE)


def test_nothing_can_be_written_beside_the_scratch_folder(
    clip: Make, scratch: Path, tmp_path: Path
) -> None:
    picture = clip("picture.png", "-f", "lavfi", "-i", "testsrc=s=64x48:d=1", "-frames:v", "1")
    given = {"source": str(picture), "demuxer": "PNG", "purpose": "display"}
    with pytest.raises(SandboxCrashed, match="PermissionError"):
        sandbox.run(
            "rendition",
            given | {"scratch": str(tmp_path)},
            read=[picture],
            scratch=scratch,
            limits=PICTURE,
        )
    assert not (tmp_path / "out.0").exists()


def test_a_missing_input_may_come_back(scratch: Path) -> None:
    with pytest.raises(Unreadable):
        sandbox.run("captions", {}, read=[scratch / "gone"], scratch=scratch, limits=PROBE)


def test_a_wish_to_stop_ends_it_at_once(endless: Path, scratch: Path) -> None:
    with transcoding(endless, scratch) as process:
        began = time.monotonic()
    assert time.monotonic() - began < 3
    assert not process.is_running()


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (replace(LONG, wall_s=1.0), "longer than 1 seconds"),
        (replace(LONG, cpu_s=2), "more than 2 seconds of computing"),
        (replace(LONG, file_bytes=200_000), "far larger"),
    ],
    ids=["wall", "cpu", "file"],
)
def test_each_limit_acts_and_is_named(
    endless: Path, scratch: Path, limits: Limits, words: str
) -> None:
    given = encoding(endless, scratch)
    with pytest.raises(Refused, match=words):
        sandbox.run("ffmpeg", given, read=[endless], scratch=scratch, limits=limits)
    assert children() == []


def test_memory_is_limited_in_ffmpeg(endless: Path, scratch: Path) -> None:
    limits = replace(LONG, memory_bytes=350 * MIB)
    given = encoding(endless, scratch, scale=3)
    # Which of its threads runs out first decides whether ffmpeg says why it gave up.
    try:
        ended = sandbox.run("ffmpeg", given, read=[endless], scratch=scratch, limits=limits)
        said = "of memory" if ended["exit"] else "it went on"
    except Refused as refusal:
        said = str(refusal)
    assert "of memory" in said
    assert children() == []


def test_memory_is_limited_in_python_too(clip: Make, scratch: Path) -> None:
    large = clip("large.png", "-f", "lavfi", "-i", "testsrc=s=7000x7000:d=1", "-frames:v", "1")
    given = {"source": str(large), "demuxer": "PNG", "mime": "image/png"}
    with pytest.raises(Refused, match="memory"):
        sandbox.run(
            "picture",
            given,
            read=[large],
            scratch=scratch,
            limits=replace(PROBE, memory_bytes=200 * MIB),
        )


WORKER = """
import json, sys
from pathlib import Path
from lectern.media.sandbox import sandbox
from lectern.pipeline.limits import Limits
task, given, source, scratch = json.loads(sys.argv[1])
limits = Limits(cpu_s=600, wall_s=600, memory_bytes=3 << 30, file_bytes=1 << 30)
sandbox.run(task, given, read=[Path(source)], scratch=Path(scratch), limits=limits)
"""


def test_a_killed_worker_takes_its_ffmpeg_with_it(endless: Path, scratch: Path) -> None:
    assert_dies_with_worker("ffmpeg", encoding(endless, scratch), endless, scratch)


def test_a_killed_worker_takes_its_python_with_it(clip: Make, scratch: Path) -> None:
    source = clip("long.gif", "-f", "lavfi", "-i", "testsrc2=s=1000x600:r=25:d=24")
    given = {"source": str(source), "demuxer": "GIF", "purpose": "animation"}
    assert_dies_with_worker("rendition", given | {"scratch": str(scratch)}, source, scratch)


def assert_dies_with_worker(
    task: str, given: dict[str, object], source: Path, scratch: Path
) -> None:
    """Kill a worker in mid-task, as the out-of-memory killer would; its sandbox is gone in 2 s."""
    message = json.dumps([task, given, str(source), str(scratch)])
    with subprocess.Popen([sys.executable, "-c", WORKER, message]) as worker:
        assert wait_for(lambda: any(confined(each) for each in children(worker.pid)))
        sandboxes = children(worker.pid)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    gone = wait_for(lambda: not any(alive(each) for each in sandboxes), seconds=2)
    assert gone, [each.cmdline() for each in sandboxes if alive(each)]


def confined(process: psutil.Process) -> bool:
    with contextlib.suppress(OSError):
        return "Seccomp:\t2" in Path(f"/proc/{process.pid}/status").read_text()
    return False


def alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
