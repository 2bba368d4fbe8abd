"""When the frames of a file come: what its packets say, all of them read in the sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lectern.media.facts import Facts
from lectern.media.sandbox import sandbox
from lectern.pipeline.registry import Step


@dataclass(frozen=True)
class Timeline:
    """Seconds from the start of the file, where its first track begins.

    `frame_s` is the usual time from one frame to the next, 0 where there is none; `even` says that
    nearly all keep it. `keys` are key frames at least half a second apart. `closed`: no frame
    is shown before the key frame it follows. `audio` maps a stream to where it begins, `audio_ends`
    to where it ends (as far as it was read: of a file without picture only its beginning is).
    """

    first_s: float = 0.0
    end_s: float = 0.0
    frames: int = 0
    byte_size: int = 0
    frame_s: float = 0.0
    even: bool = False
    closed: bool = False
    longest_gop_s: float = 0.0
    keys: tuple[float, ...] = ()
    audio: Mapping[int, float] = field(default_factory=dict)
    audio_ends: Mapping[int, float] = field(default_factory=dict)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Timeline":
        """From what the sandbox answers: numbers, each within its type."""
        known: dict[str, Any] = {
            name: values[name] for name in cls.__dataclass_fields__ if name in values
        }
        known["keys"] = tuple(float(each) for each in known.get("keys", ()))
        for name in ("audio", "audio_ends"):
            known[name] = {int(n): float(each) for n, each in known.get(name, {}).items()}
        return cls(**known)


def measure(source: Path, facts: Facts, scratch: Path) -> Timeline:
    """Read every packet of the file's picture, and where each of its sounds begins.

    Raises:
        Refused, SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    arguments = {
        "source": str(source.resolve()),
        "demuxer": facts.container,
        "video": facts.video_stream if facts.kind == "video" else None,
        "audio": [stream.index for stream in facts.streams if stream.kind == "audio"],
    }
    limits = Step.HLS.limits("packets", facts.duration_s or 0.0, source.stat().st_size)
    answer = sandbox.run("packets", arguments, read=[source], scratch=scratch, limits=limits)
    return Timeline.from_json(answer)
