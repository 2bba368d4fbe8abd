"""What a file is and what is in it: sniffed here, opened only in the sandbox."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from lectern.media.facts import Facts
from lectern.media.sandbox import sandbox
from lectern.media.sandbox.limits import MAX_BYTES
from lectern.media.sandbox.refusal import Refused, Unreadable
from lectern.media.sniff import HEAD_BYTES, Sniffed, document_mismatch, refuse_locked, sniff
from lectern.pipeline.limits import MIB, Limits
from lectern.pipeline.registry import Step

_TASKS = {"video": "container", "audio": "container", "image": "picture"}
_DOCUMENT_TASKS = {"zip": "office", "webvtt": "captions", "srt": "captions"}


def probe(
    source: Path,
    filename: str,
    scratch: Path,
    limits: Limits | None = None,
    *,
    ends: bool = False,
) -> Facts:
    """The facts of a file, each measured; at least one frame or packet of it was decoded.

    `filename` only words warnings. `scratch` is an empty folder of the caller's. `ends`: of video
    and audio, the first and the last group of frames are decoded as well, strictly.

    Raises:
        Refused: it is not acceptable, with the reason in words.
        Unreadable, SandboxCrashed, SandboxUnavailable: not the file's fault, see `sandbox.run`.
    """
    try:
        size = source.stat().st_size
        with source.open("rb") as file:
            head = file.read(HEAD_BYTES)
            refuse_locked(head, file)
    except OSError as error:
        raise Unreadable("The stored file cannot be read right now. Try again later.") from error
    sniffed = sniff(head, size, filename)
    _within_size(sniffed.kind_guess, size)
    facts = _opened(source, sniffed, scratch, limits, ends)
    _within_size(facts.kind, size)
    other = document_mismatch(filename, facts.container)
    return replace(facts, warnings=(*sniffed.warnings, *other, *facts.warnings))


def _opened(
    source: Path, sniffed: Sniffed, scratch: Path, limits: Limits | None, ends: bool
) -> Facts:
    kind, demuxer = sniffed.kind_guess, sniffed.demuxer
    task = _DOCUMENT_TASKS.get(demuxer) if kind == "document" else _TASKS[kind]
    # SVG is a program as much as a picture: nothing of ours ever parses it. A PDF is read later.
    if task is None or demuxer == "svg":
        return Facts(kind=kind, mime=sniffed.mime, container=demuxer)
    arguments: dict[str, Any] = {
        "source": str(source.resolve()),
        "demuxer": demuxer,
        "mime": sniffed.mime,
    }
    if task == "container":
        arguments["ends"] = ends
    answer = sandbox.run(
        task, arguments, read=[source], scratch=scratch, limits=limits or Step.PROBE.limits(task)
    )
    return Facts.from_json(answer)


def _within_size(kind: str, size: int) -> None:
    if size > MAX_BYTES[kind]:
        article = "an" if kind[0] in "ai" else "a"
        raise Refused(
            "The file has %(value)s MiB; %(article)s %(kind)s may have at most %(value_2)s MiB.",
            value=f"{size / MIB:,.0f}",
            article=article,
            kind=kind,
            value_2=f"{MAX_BYTES[kind] / MIB:,.0f}",
        )
