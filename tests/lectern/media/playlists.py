"""Playlists read as a player does, each address compared with the bytes that it names."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from lectern.media.hls import index as hls_index

ATTRIBUTE = re.compile(r'([A-Z-]+)=("[^"]*"|[^",]+)(?:,|$)')


def attributes(line: str) -> dict[str, str]:
    """The attributes of a tag; nothing may be left between them."""
    text = line.partition(":")[2]
    found = ATTRIBUTE.findall(text)
    assert "".join(f"{name}={value}," for name, value in found).rstrip(",") == text, line
    return {name: value.strip('"') for name, value in found}


@dataclass
class Media:
    """A media playlist: seconds, length and place of each segment in `file`."""

    file: str = ""
    header: tuple[int, int] = (0, 0)
    target_s: int = 0
    stills: bool = False
    segments: list[tuple[float, int, int]] = field(default_factory=list)

    @property
    def duration_s(self) -> float:
        return sum(seconds for seconds, _, _ in self.segments)


def read_media(text: str) -> Media:
    """A media playlist, as RFC 8216 §4.3 has it."""
    lines = text.split("\n")
    assert lines[:2] == ["#EXTM3U", "#EXT-X-VERSION:7"]
    assert lines[-2:] == ["#EXT-X-ENDLIST", ""]
    made, seconds, place = Media(), 0.0, (0, 0)
    for line in lines:
        if line.startswith("#EXT-X-TARGETDURATION:"):
            made.target_s = int(line.partition(":")[2])
        elif line.startswith("#EXT-X-MAP:"):
            found = attributes(line)
            made.file, made.header = found["URI"], place_of(found["BYTERANGE"])
        elif line == "#EXT-X-I-FRAMES-ONLY":
            made.stills = True
        elif line.startswith("#EXTINF:"):
            seconds = float(line.partition(":")[2].rstrip(","))
        elif line.startswith("#EXT-X-BYTERANGE:"):
            place = place_of(line.partition(":")[2])
        elif line and not line.startswith("#"):
            assert line == made.file
            made.segments.append((seconds, *place))
    assert all(round(seconds) <= made.target_s for seconds, _, _ in made.segments)
    return made


def place_of(text: str) -> tuple[int, int]:
    length, _, offset = text.partition("@")
    return int(length), int(offset)


def check_media(folder: Path, name: str) -> Media:
    """Every segment of the playlist begins with a fragment at the time that the playlist says."""
    made = read_media((folder / name).read_text("ascii"))
    with (folder / made.file).open("rb") as file:
        index = hls_index.index(file)
        size = file.seek(0, 2)
        assert made.header == (index.header_bytes, 0)
        fragments = {fragment.offset: fragment for fragment in index.fragments}
        at, expected = index.header_bytes, index.fragments[0].time / index.timescale
        for seconds, length, offset in made.segments:
            fragment = fragments[offset]
            assert fragment.key
            assert abs(fragment.time / index.timescale - expected) < 0.01
            expected += seconds
            file.seek(offset)
            assert file.read(8)[4:] == b"moof"
            if made.stills:
                assert length == fragment.first_bytes <= fragment.size
            else:
                assert offset == at
                at += length
        assert made.stills or at == size
    assert abs(made.duration_s - index.duration / index.timescale) < 0.01 * len(made.segments)
    return made


@dataclass
class Master:
    """A master playlist: rungs and tracks by the address of their playlist."""

    rungs: dict[str, dict[str, str]] = field(default_factory=dict)
    sounds: dict[str, dict[str, str]] = field(default_factory=dict)
    stills: dict[str, str] = field(default_factory=dict)


def check(folder: Path) -> Master:
    """Everything that the master playlist in `folder` names is there and as it says."""
    master = read_master((folder / "master.m3u8").read_text("ascii"))
    heard = [check_media(folder, name) for name in master.sounds]
    loud = max((rate(folder, each) for each in heard), default=0.0)
    for name, said in master.rungs.items():
        media = check_media(folder, name)
        alone = name in master.sounds
        average = rate(folder, media) + (0 if alone else loud)
        assert average * 0.9 <= int(said["AVERAGE-BANDWIDTH"]) <= average * 1.1 + 8
        assert int(said["BANDWIDTH"]) >= int(said["AVERAGE-BANDWIDTH"])
        with (folder / media.file).open("rb") as file:
            assert hls_index.index(file).codec in said["CODECS"].split(",")
        assert alone or {"RESOLUTION", "FRAME-RATE"} <= said.keys()
        assert (said.get("AUDIO") in {s["GROUP-ID"] for s in master.sounds.values()}) == bool(heard)
    if master.stills:
        assert check_media(folder, master.stills["URI"]).stills
    return master


def rate(folder: Path, media: Media) -> float:
    """Bits a second over the whole file."""
    return sum(length for _, length, _ in media.segments) * 8 / media.duration_s


def read_master(text: str) -> Master:
    lines = text.split("\n")
    assert lines[0] == "#EXTM3U"
    master = Master()
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("#EXT-X-STREAM-INF:"):
            master.rungs[after] = attributes(line)
        elif line.startswith("#EXT-X-MEDIA:"):
            found = attributes(line)
            master.sounds[found["URI"]] = found
        elif line.startswith("#EXT-X-I-FRAME-STREAM-INF:"):
            master.stills = attributes(line)
    assert sum(said["DEFAULT"] == "YES" for said in master.sounds.values()) == bool(master.sounds)
    names = [said["NAME"] for said in master.sounds.values()]
    assert len(set(names)) == len(names)
    return master
