"""Waveforms: what a sound track looks like, and how loud it is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lectern.media.facts import Facts
from lectern.media.playable import Cancelled, Progress
from lectern.media.sandbox import sandbox
from lectern.pipeline.registry import Step

MIME = "application/json"


@dataclass(frozen=True)
class Waveform:
    """The peaks as a file in BBC's audiowaveform JSON; `facts` are the loudness by EBU R 128.

    `lufs` is the integrated loudness, `range_lu` its range, `true_peak_db` the highest true
    peak in dBTP; all None for silence.
    """

    path: Path
    facts: dict[str, Any]


def make(
    source: Path,
    facts: Facts,
    scratch: Path,
    on_progress: Progress = None,
    cancelled: Cancelled = None,
) -> Waveform:
    """The waveform of the file's first sound track, as file `out.0` in `scratch`.

    Raises:
        Refused: its sound cannot be decoded, or not within the limits.
        Stopped: `cancelled` said so.
        SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    arguments = {
        "source": str(source.resolve()),
        "demuxer": facts.container,
        "stream": facts.audio_stream,
        "duration_s": facts.duration_s,
        "scratch": str(scratch.resolve()),
    }
    answer = sandbox.run(
        "waveform",
        arguments,
        read=[source],
        scratch=scratch,
        limits=Step.WAVEFORM.limits("waveform", facts.duration_s or 0.0),
        on_progress=on_progress,
        cancelled=cancelled,
    )
    names = ("lufs", "range_lu", "true_peak_db")
    with sandbox.described("waveform"):
        told = {name: None if answer[name] is None else float(answer[name]) for name in names}
    return Waveform(sandbox.output(scratch, 0), told)
