"""Pictures that stand for an asset: a video's best frames, a cover, an image, a first page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lectern.errors import Message
from lectern.media.facts import Facts, clock
from lectern.media.pictures import pages
from lectern.media.probe import probe
from lectern.media.sandbox import sandbox
from lectern.media.sandbox.refusal import Refused
from lectern.pipeline.registry import Step
from lectern.text import N_


@dataclass(frozen=True)
class Candidate:
    """A poster to choose from. `at_s` is the second it shows, None for what has no time.

    The time is the last of its reasons, added here: text from the sandbox is no template.
    """

    path: Path
    mime: str
    width: int
    height: int
    at_s: float | None
    scores: dict[str, Any]
    reasons: list[Message]

    @property
    def facts(self) -> dict[str, Any]:
        """What its rendition says of it."""
        return {
            "width": self.width,
            "height": self.height,
            "at_s": self.at_s,
            "scores": self.scores,
            "reasons": [reason.to_json() for reason in self.reasons],
        }


def candidates(source: Path, facts: Facts, scratch: Path) -> list[Candidate]:
    """At most five pictures, the best first, as files `out.N` in `scratch`.

    A video's are upright key frames with the reasons in words; sound has at most its cover;
    an image has itself, a PDF its first page; other documents and SVG get an empty list.

    Raises:
        Refused: no picture of it can be decoded within the limits.
        SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
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
    if facts.container == "pdf":
        return [first_page(source, scratch)]
    return []


def still(source: Path, facts: Facts, scratch: Path, at_s: float) -> Candidate:
    """The frame shown at `at_s` seconds of a video, picked by a person.

    Raises:
        Refused: there is no frame there that can be decoded within the limits.
        SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    arguments = about(source, facts, scratch) | {"at_s": at_s}
    answer = sandbox.run(
        "still", arguments, read=[source], scratch=scratch, limits=Step.STILL.limits("still")
    )
    return _candidate(scratch, 0, answer | {"scores": {}, "reasons": [N_("Picked by hand")]})


def own(source: Path, scratch: Path) -> Candidate:
    """An image that a person brings as the poster, whatever picture format it is in.

    Raises:
        Refused: it is no image, or it cannot be decoded within the limits.
        SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    facts = probe(source, source.name, scratch)
    if facts.kind != "image" or facts.container == "svg":
        raise Refused("This image cannot be used as a poster. Use a JPEG, PNG or WebP image.")
    return _picture(source, facts, scratch, None, N_("A picture of your own"))


def first_page(source: Path, scratch: Path) -> Candidate:
    """The first page of a PDF, as file `out.0` in `scratch`.

    Raises:
        Refused: it is locked or broken, or drawing it takes more than the limits.
        SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    answer = pages.first(source, scratch)
    return _candidate(
        scratch, 0, answer | {"at_s": None, "scores": {}, "reasons": [N_("The first page")]}
    )


def _frames(source: Path, facts: Facts, scratch: Path) -> list[Candidate]:
    arguments = about(source, facts, scratch)
    answer = sandbox.run(
        "frames", arguments, read=[source], scratch=scratch, limits=Step.POSTER.limits("frames")
    )
    with sandbox.described("poster"):
        told = list(answer["candidates"])[:5]
    return [_candidate(scratch, i, each) for i, each in enumerate(told)]


def about(source: Path, facts: Facts, scratch: Path) -> dict[str, Any]:
    """What the sandbox has to know to find a video's pictures and show them as they are meant."""
    return {
        "source": str(source.resolve()),
        "demuxer": facts.container,
        "stream": facts.video_stream,
        "duration_s": facts.duration_s,
        "shown": (facts.width, facts.height),
        "rotation": facts.rotation,
        "hdr": facts.hdr,
        "scratch": str(scratch.resolve()),
    }


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
    answer = sandbox.run(
        "rendition",
        arguments,
        read=[source],
        scratch=scratch,
        limits=Step.POSTER.limits("rendition"),
    )
    return _candidate(scratch, 0, answer | {"at_s": None, "scores": {}, "reasons": [reason]})


def _candidate(scratch: Path, number: int, answer: dict[str, Any]) -> Candidate:
    with sandbox.described("poster"):
        return Candidate(
            path=sandbox.output(scratch, number),
            mime="image/webp",
            width=int(answer["width"]),
            height=int(answer["height"]),
            at_s=answer["at_s"],
            scores=dict(answer["scores"]),
            reasons=[Message(str(reason)) for reason in answer["reasons"]] + _time(answer["at_s"]),
        )


def _time(at_s: float | None) -> list[Message]:
    return [] if at_s is None else [Message("%(time)s into the video", time=clock(at_s))]
