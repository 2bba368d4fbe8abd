"""Playlists over fragmented MP4 files, written from where their bytes lie (RFC 8216)."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from lectern.media.hls.index import Index
from lectern.media.hls.plan import AudioTrack

MIME = "application/vnd.apple.mpegurl"
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}", re.ASCII)
_GROUP = "sound"


@dataclass(frozen=True)
class Segment:
    """Some fragments that are fetched together; `key_bytes` reach to the end of the first frame."""

    offset: int
    size: int
    duration: Fraction
    key_bytes: int


@dataclass(frozen=True)
class Variant:
    """A rung as the master playlist offers it, under the name of its own playlist."""

    name: str
    index: Index
    segments: Sequence[Segment]
    width: int
    height: int
    rate: Fraction


@dataclass(frozen=True)
class Sound:
    """A track of sound as the master playlist offers it."""

    name: str
    track: AudioTrack
    index: Index
    segments: Sequence[Segment]


def segments(index: Index, cuts_s: Iterable[float] = ()) -> list[Segment]:
    """Each fragment for itself, or those together that begin before the next of `cuts_s`."""
    cuts = sorted(cuts_s)
    made: list[Segment] = []
    taken = 0
    begin = index.fragments[0].time
    for fragment in index.fragments:
        at_s = (fragment.time - begin) / index.timescale
        # Half a frame of slowness: a cut is rounded to the frame, the source's clock is not.
        passed = sum(1 for cut in cuts[taken:] if cut <= at_s + 0.02)
        duration = Fraction(fragment.duration, index.timescale)
        if made and cuts and not passed:
            last = made[-1]
            size = last.size + fragment.size
            made[-1] = Segment(last.offset, size, last.duration + duration, last.key_bytes)
        else:
            made.append(Segment(fragment.offset, fragment.size, duration, fragment.first_bytes))
        taken += passed
    return made


def media(index: Index, parts: Sequence[Segment], file: str) -> str:
    """The playlist of one rung or track, all of whose segments lie in `file`."""
    lines = _head(index, parts, file, "#EXT-X-INDEPENDENT-SEGMENTS")
    for part in parts:
        lines.append(f"#EXTINF:{float(part.duration):.6f},")
        lines += [f"#EXT-X-BYTERANGE:{part.size}@{part.offset}", file]
    return _text([*lines, "#EXT-X-ENDLIST"])


def stills(index: Index, parts: Sequence[Segment], file: str) -> str:
    """The playlist of key frames alone, for scrubbing: each with the table that describes it."""
    lines = _head(index, parts, file, "#EXT-X-I-FRAMES-ONLY")
    for part in parts:
        lines.append(f"#EXTINF:{float(part.duration):.6f},")
        lines += [f"#EXT-X-BYTERANGE:{part.key_bytes}@{part.offset}", file]
    return _text([*lines, "#EXT-X-ENDLIST"])


def master(
    variants: Sequence[Variant], sounds: Sequence[Sound], scrubbed: Variant | None = None
) -> str:
    """The playlist that names the others: rungs from the smallest, then sound alone.

    `scrubbed` is the rung whose key frames `stills` lists, as `iframes.m3u8`.
    """
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    lines += [_sound_line(number, sound) for number, sound in enumerate(sounds)]
    heard = max((_peak(sound.segments) for sound in sounds), default=0)
    heard_on_average = max((_average(sound.segments) for sound in sounds), default=0)
    spoken = [sounds[0].index.codec] if sounds else []
    group = [f'AUDIO="{_GROUP}"'] if sounds else []
    for variant in sorted(variants, key=_smallness):
        codecs = ",".join([variant.index.codec, *spoken])
        attributes = [
            f"BANDWIDTH={_peak(variant.segments) + heard}",
            f"AVERAGE-BANDWIDTH={_average(variant.segments) + heard_on_average}",
            f'CODECS="{codecs}"',
            f"RESOLUTION={variant.width}x{variant.height}",
            f"FRAME-RATE={float(variant.rate):.3f}",
            *group,
        ]
        lines += [f"#EXT-X-STREAM-INF:{','.join(attributes)}", f"{variant.name}.m3u8"]
    if sounds:
        alone = [f"BANDWIDTH={heard}", f"AVERAGE-BANDWIDTH={heard_on_average}"]
        alone += [f'CODECS="{spoken[0]}"', *group]
        lines += [f"#EXT-X-STREAM-INF:{','.join(alone)}", f"{sounds[0].name}.m3u8"]
    if scrubbed is not None:
        lines.append(_stills_line(scrubbed))
    return _text(lines)


def _smallness(variant: Variant) -> tuple[int, int]:
    return variant.width * variant.height, _average(variant.segments)


def _head(index: Index, parts: Sequence[Segment], file: str, what: str) -> list[str]:
    # Each duration, rounded to the nearest second, is at most this.
    longest = math.floor(max(part.duration for part in parts) + Fraction(1, 2))
    return [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{max(1, longest)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        what,
        f'#EXT-X-MAP:URI="{file}",BYTERANGE="{index.header_bytes}@0"',
    ]


def _sound_line(number: int, sound: Sound) -> str:
    language = sound.track.language or ""
    known = [f'LANGUAGE="{language}"'] if _LANGUAGE.fullmatch(language) else []
    attributes = [
        "TYPE=AUDIO",
        f'GROUP-ID="{_GROUP}"',
        f'NAME="{_name(number, sound.track)}"',
        *([] if language == "und" else known),
        f"DEFAULT={'NO' if number else 'YES'}",
        "AUTOSELECT=YES",
        f'CHANNELS="{sound.track.channels}"',
        f'URI="{sound.name}.m3u8"',
    ]
    return f"#EXT-X-MEDIA:{','.join(attributes)}"


def _name(number: int, track: AudioTrack) -> str:
    """What a player lists the track as: no two alike, and nothing that would end the quotes."""
    said = "".join(c for c in track.title or "" if c.isprintable() and c != '"').strip()
    return f"{number + 1}: {said}" if said else f"{number + 1}"


def _stills_line(variant: Variant) -> str:
    peak = max(_rate(part.key_bytes, part.duration) for part in variant.segments)
    attributes = [
        f"BANDWIDTH={peak}",
        f'CODECS="{variant.index.codec}"',
        f"RESOLUTION={variant.width}x{variant.height}",
        'URI="iframes.m3u8"',
    ]
    return f"#EXT-X-I-FRAME-STREAM-INF:{','.join(attributes)}"


def _peak(parts: Sequence[Segment]) -> int:
    # The last may be one frame long, which says nothing of the rate that is needed.
    full = [part for part in parts if part.duration >= 1] or parts
    return max(_average(parts), *(_rate(part.size, part.duration) for part in full))


def _average(parts: Sequence[Segment]) -> int:
    return _rate(sum(part.size for part in parts), sum((p.duration for p in parts), Fraction(0)))


def _rate(size: int, duration: Fraction) -> int:
    return math.ceil(size * 8 / max(duration, Fraction(1, 100)))


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
