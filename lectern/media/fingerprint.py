"""What a file looks and sounds like: hashes of its pictures and a fingerprint of its sound."""

import base64
from dataclasses import dataclass
from pathlib import Path

from lectern.media.facts import Facts
from lectern.media.playable import Cancelled, Progress
from lectern.media.sandbox import sandbox
from lectern.pipeline.registry import Step


@dataclass(frozen=True)
class Looks:
    """`frames` are seconds with the hash of the picture there; `sound` is empty where none is.

    Both as `core_ext` makes them: `picture_hash`, `SoundPrinter`.
    """

    frames: list[tuple[float, bytes]]
    sound: bytes


def take(
    source: Path,
    facts: Facts,
    scratch: Path,
    on_progress: Progress = None,
    cancelled: Cancelled = None,
) -> Looks:
    """Look at a video, listen to it or to a sound file, or look at an image.

    Raises:
        Refused: an image cannot be decoded, or a limit was reached.
        Stopped: `cancelled` said so.
        SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    arguments = {
        "source": str(source.resolve()),
        "demuxer": facts.container,
        "kind": facts.kind,
        "video_stream": facts.video_stream,
        "audio_stream": facts.audio_stream,
        "rotation": facts.rotation,
        "duration_s": facts.duration_s,
    }
    answer = sandbox.run(
        "fingerprint",
        arguments,
        read=[source],
        scratch=scratch,
        limits=Step.FINGERPRINT.limits("fingerprint", facts.duration_s or 0.0),
        on_progress=on_progress,
        cancelled=cancelled,
    )
    with sandbox.described("fingerprint"):
        frames = [(float(at_s), bytes.fromhex(hash_)) for at_s, hash_ in answer["frames"]]
        return Looks(frames, base64.b64decode(answer["sound"], validate=True))
