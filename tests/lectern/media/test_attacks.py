"""Hostile files reach nothing: no neighbour, no file of the machine, no network."""

import ast
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lectern.media.convert import Conversion, Target, Way, arguments
from lectern.media.pictures.poster import candidates
from lectern.media.playable import make
from lectern.media.probe import probe
from lectern.media.sandbox import sandbox
from lectern.media.sandbox.refusal import Refused
from lectern.pipeline.limits import PROBE

CHECKOUT = Path(__file__).resolve().parents[3]
CANARY = "canary-3f1c9d of this machine"


@pytest.fixture
def connections() -> Iterator[list[str]]:
    """Who connected to 127.0.0.1:9, the address that the hostile files name."""
    found: list[str] = []
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", 9))
        except OSError as error:
            pytest.skip(f"Port 9 cannot be listened on here: {error}.")
        listener.listen()
        listener.settimeout(0.1)
        done = threading.Event()

        def accept() -> None:
            while not done.is_set():
                with suppress(TimeoutError):
                    found.append(str(listener.accept()[1]))

        thread = threading.Thread(target=accept)
        thread.start()
        yield found
        done.set()
        thread.join()


def everything_said(source: Path, scratch: Path) -> str:
    """All that the probe, the poster and the rendition of a file give out, bytes included."""
    try:
        facts = probe(source, source.name, scratch)
        said = [str(facts), str(candidates(source, facts, scratch))]
        said.append(str(make(source, facts, scratch)))
    except Refused as refused:
        return str(refused)
    written = [path.read_bytes().decode("latin-1") for path in scratch.iterdir()]
    return "".join([*said, *written])


def test_the_attack_folder_reads_nothing_and_connects_nowhere(
    corpus: Path, scratch: Path, tmp_path: Path, connections: list[str]
) -> None:
    folder = tmp_path / "uploads"
    shutil.copytree(corpus / "attack", folder)
    hostname = Path("/etc/hostname").read_text().strip() if Path("/etc/hostname").exists() else ""
    for source in sorted(folder.iterdir()):
        said = everything_said(source, scratch)
        # A short host name might stand in any file by chance.
        assert len(hostname) < 6 or hostname not in said, source.name
        for left in scratch.iterdir():
            left.unlink()
    assert connections == []
    assert not list(tmp_path.rglob("zip-slip-was-here.txt"))
    assert not list(tmp_path.rglob("pwned.txt"))


PLAYLISTS = {
    "x.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
    "x.ffconcat": "ffconcat version 1.0\nfile {target}\n",
    "x.mpd": '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{target}</BaseURL></MPD>',
}


@pytest.mark.parametrize("name", PLAYLISTS)
@pytest.mark.parametrize("demuxer", ["mov", "matroska", "mpegts", "avi"])
def test_a_playlist_past_the_sniff_still_opens_nothing(
    scratch: Path, tmp_path: Path, name: str, demuxer: str
) -> None:
    """As if the sniff had been fooled: the next layers hold by themselves."""
    canary = tmp_path / "neighbour.ts"
    canary.write_text(CANARY)
    source = tmp_path / name
    source.write_text(PLAYLISTS[name].format(target=canary))
    given = {"source": str(source), "demuxer": demuxer, "mime": "video/mp4"}
    with pytest.raises(Refused) as refused:
        sandbox.run("container", given, read=[source], scratch=scratch, limits=PROBE)
    assert CANARY not in str(refused.value)
    (scratch / "in").symlink_to(source)
    job = Conversion(demuxer, Target.MP4, 10, 1 << 20, video=Way.COPY)
    answer = sandbox.run(
        "ffmpeg", {"argv": arguments(job)}, read=[source], scratch=scratch, limits=PROBE
    )
    assert answer["exit"] != 0
    assert CANARY not in str(answer)


def test_even_a_followed_playlist_cannot_leave_the_box(scratch: Path, tmp_path: Path) -> None:
    """As if every option had failed: Landlock keeps the neighbour shut."""
    canary = tmp_path / "neighbour.srt"
    canary.write_text(f"1\n00:00:01,000 --> 00:00:09,000\n{CANARY}\n")
    source = tmp_path / "x.ffconcat"
    source.write_text(f"ffconcat version 1.0\nfile {canary}\n")
    argv = ["-nostdin", "-y", "-safe", "0", "-f", "concat", "-i", str(source), "-f", "srt", "out.0"]
    closed = sandbox.run("ffmpeg", {"argv": argv}, read=[source], scratch=scratch, limits=PROBE)
    assert closed["exit"] != 0
    assert "denied" in closed["log"].lower()
    assert CANARY not in str(closed)
    opened = sandbox.run(
        "ffmpeg", {"argv": argv}, read=[source, canary], scratch=scratch, limits=PROBE
    )
    assert (opened["exit"], CANARY in (scratch / "out.0").read_text()) == (0, True)


def test_a_box_has_no_network(scratch: Path, connections: list[str]) -> None:
    argv = [
        "-nostdin",
        "-y",
        "-i",
        "http://127.0.0.1:9/x.ts",
        "-c",
        "copy",
        "-f",
        "mpegts",
        "out.0",
    ]
    answer = sandbox.run("ffmpeg", {"argv": argv}, read=[], scratch=scratch, limits=PROBE)
    assert answer["exit"] != 0
    assert connections == []


OPENERS = {"av", "PIL", "pillow_heif", "cv2"}
# They draw pictures of their own; no user's file ever reaches them.
DRAWERS = {Path("web/cli/sample/make.py")}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_only_the_inside_of_the_box_imports_what_opens_media() -> None:
    inside = CHECKOUT / "lectern" / "media" / "inside"
    for package in ("lectern", "jobs", "web", "core_ext"):
        for path in (CHECKOUT / package).rglob("*.py"):
            if path.is_relative_to(inside) or path.relative_to(CHECKOUT) in DRAWERS:
                continue
            names = imported(path)
            assert not {name.split(".")[0] for name in names} & OPENERS, path
            assert not any(name.startswith("lectern.media.inside") for name in names), path


def test_the_web_never_imports_the_media_package() -> None:
    for path in (CHECKOUT / "web").rglob("*.py"):
        assert not any(name.startswith("lectern.media") for name in imported(path)), path
