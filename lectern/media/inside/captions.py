"""Task `captions`: whether a WebVTT or SubRip file has usable cues, line by line."""

import codecs
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lectern.media.facts import Facts
from lectern.media.sandbox.limits import MAX_CAPTION_BYTES, MAX_CUES
from lectern.media.sandbox.refusal import Refused

_MOST_WARNINGS = 20
_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# WebVTT §4.1: hours may be left out, exactly three decimals.
_VTT_TIME = re.compile(r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})")
# SubRip has no standard; players take a comma or a dot, fewer decimals, and none.
_SRT_TIME = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,3})(?:[,.](\d{1,3}))?")


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: source, demuxer (`webvtt` or `srt`), mime. Returns `Facts` as JSON.

    Raises:
        Refused: over a limit, not in Unicode, or without one usable cue; names the line.
    """
    data = Path(arguments["source"]).read_bytes()
    if len(data) > MAX_CAPTION_BYTES:
        raise Refused(
            "A caption file may have at most %(value)s MiB.", value=MAX_CAPTION_BYTES >> 20
        )
    lines = re.split(r"\r\n|\r|\n", _text(data))
    time = _VTT_TIME if arguments["demuxer"] == "webvtt" else _SRT_TIME
    cues, problems = _check(lines, time)
    if not cues:
        raise Refused(
            f"The captions have no usable cue. {problems[0]}"
            if problems
            else "The captions have no cue: a cue needs a line such as 00:01.000 --> 00:04.000."
        )
    if cues > MAX_CUES:
        raise Refused(
            "The captions have %(cues)s cues; at most %(max_cues)s are accepted.",
            cues=f"{cues:,}",
            max_cues=f"{MAX_CUES:,}",
        )
    if len(problems) > _MOST_WARNINGS:
        problems[_MOST_WARNINGS:] = [f"{len(problems) - _MOST_WARNINGS} more lines have problems."]
    return Facts(
        kind="document",
        mime=str(arguments["mime"]),
        container=str(arguments["demuxer"]),
        pages=cues,
        warnings=tuple(problems),
    ).to_json()


def _text(data: bytes) -> str:
    mark, encoding = next((pair for pair in _ENCODINGS if data.startswith(pair[0])), (b"", "utf-8"))
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Refused(
            "The captions are not UTF-8 (line %(line)s): save them as UTF-8 and upload them again.",
            line=line,
        ) from error


def _check(lines: list[str], time: re.Pattern[str]) -> tuple[int, list[str]]:
    """How many cues can be used, and sentences about the others."""
    cues, problems = 0, []
    for number, line in enumerate(lines, start=1):
        if "-->" not in line:
            continue
        before, _, after = line.partition("-->")
        start_s, end_s = _seconds(before, time), _seconds(after.strip().split(" ")[0], time)
        if start_s is None or end_s is None:
            problems.append(f"Line {number}: the time cannot be read, so the cue cannot be shown.")
        elif end_s <= start_s:
            problems.append(f"Line {number}: the cue ends before it starts, so it cannot be shown.")
        else:
            cues += 1
    if any("\x00" in line for line in lines):
        problems.append("The text has control characters in it.")
    return cues, problems


def _seconds(text: str, time: re.Pattern[str]) -> float | None:
    match = time.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds, decimals = match.groups()
    fraction = float(f"0.{decimals}") if decimals else 0.0
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + fraction
