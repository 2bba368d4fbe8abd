"""Pictures that stand for an asset: the best frames of a video, a cover, an image made small."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lectern.media import box
from lectern.media.facts import Facts
from lectern.media.limits import POSTER
from lectern.media.refusal import BoxCrashed, Refused


@dataclass(frozen=True)
class Candidate:
    """A poster to choose from. `at_s` is the second it shows, None for what has no time."""

    path: Path
    mime: str
    width: int
    height: int
    at_s: float | None
    scores: dict[str, Any]
    reasons: list[str]


def candidates(source: Path, facts: Facts, scratch: Path) -> list[Candidate]:
    """At most five pictures, the best first, as files `out.N` in `scratch`.

    A video's are upright key frames with the reasons in words; sound has at most its cover;
    an image has itself; documents and SVG have none, and get an empty list.

    Raises:
        Refused: no picture of it can be decoded within the limits.
        BoxCrashed, BoxUnavailable, Unreadable: see `box.run`.
    """
    if facts.kind == "video":
        return _frames(source, facts, scratch)
    if facts.kind == "audio" and facts.cover:
        try:
            return [_picture(source, facts, scratch, facts.cover.index, "The cover in the file")]
        except Refused:
            # Sound is whole without its cover.
            return []
    if facts.kind == "image" and facts.container != "svg":
        return [_picture(source, facts, scratch, None, "The image itself")]
    return []


def _frames(source: Path, facts: Facts, scratch: Path) -> list[Candidate]:
    arguments = {
        "source": str(source.resolve()),
        "demuxer": facts.container,
        "stream": facts.video_stream,
        "duration_s": facts.duration_s,
        "shown": (facts.width, facts.height),
        "rotation": facts.rotation,
        "hdr": facts.hdr,
        "scratch": str(scratch.resolve()),
    }
    answer = box.run("frames", arguments, read=[source], scratch=scratch, limits=POSTER)
    return [_candidate(scratch, i, each) for i, each in enumerate(answer["candidates"][:5])]


def _picture(
    source: Path, facts: Facts, scratch: Path, cover: int | None, reason: str
) -> Candidate:
    arguments = {
        "source": str(source.resolve()),
        "demuxer": facts.container,
        "scratch": str(scratch.resolve()),
        "purpose": "poster",
        "cover": cover,
    }
    answer = box.run("rendition", arguments, read=[source], scratch=scratch, limits=POSTER)
    return _candidate(scratch, 0, answer | {"at_s": None, "scores": {}, "reasons": [reason]})


def _candidate(scratch: Path, number: int, answer: dict[str, Any]) -> Candidate:
    try:
        return Candidate(
            path=box.output(scratch, number),
            mime="image/webp",
            width=int(answer["width"]),
            height=int(answer["height"]),
            at_s=answer["at_s"],
            scores=dict(answer["scores"]),
            reasons=[str(reason) for reason in answer["reasons"]],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BoxCrashed("The poster came without its description.") from error
