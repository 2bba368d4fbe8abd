"""How much a file may be, and how much opening it may cost. Source: reliability notes §4.14."""

from dataclasses import dataclass

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

MAX_BYTES = {
    "video": 20 * GIB,
    "audio": 4 * GIB,
    "image": 50 * MIB,
    "document": 512 * MIB,
}
MAX_CAPTION_BYTES = 2 * MIB
MAX_CUES = 20_000
MAX_DURATION_S = 8 * 3600
MAX_TRACKS = 32
MAX_FPS = 240
MAX_SAMPLE_RATE = 384_000

# A frame of a video: 8K, and no side beyond it.
MAX_FRAME_PIXELS = 36_000_000
MAX_FRAME_SIDE = 8_192

MAX_IMAGE_PIXELS = 50_000_000
MAX_IMAGE_SIDE = 16_384
MAX_IMAGE_FRAMES = 1_000
MAX_ANIMATION_PIXELS = 500_000_000


@dataclass(frozen=True)
class Limits:
    """What one run of the box may use; `wall_s` ends it even when it sleeps."""

    cpu_s: int
    wall_s: float
    memory_bytes: int
    file_bytes: int
    open_files: int = 64


PROBE = Limits(cpu_s=20, wall_s=60, memory_bytes=GIB, file_bytes=MIB)
# Twenty-four key frames of an 8K film, or the pixels of a 50-megapixel picture twice over.
POSTER = Limits(cpu_s=60, wall_s=180, memory_bytes=2 * GIB, file_bytes=64 * MIB)
PICTURE = Limits(cpu_s=120, wall_s=300, memory_bytes=2 * GIB, file_bytes=256 * MIB)


def encode(duration_s: float, input_bytes: int) -> Limits:
    """The allowance for one transcode: 12 CPU seconds for each second of media, within bounds."""
    cpu_s = int(min(24 * 3600, max(600, 12 * duration_s + 60)))
    return Limits(
        cpu_s=cpu_s,
        wall_s=2.0 * cpu_s,
        memory_bytes=3 * GIB,
        file_bytes=2 * input_bytes + GIB,
    )
