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
# One frame, decoded from the key frame before it, however far that is.
STILL = Limits(cpu_s=120, wall_s=300, memory_bytes=2 * GIB, file_bytes=64 * MIB)
# Three hundred key frames at most, however long the film.
STORYBOARD = Limits(cpu_s=240, wall_s=600, memory_bytes=2 * GIB, file_bytes=16 * MIB)
PICTURE = Limits(cpu_s=120, wall_s=300, memory_bytes=2 * GIB, file_bytes=256 * MIB)

# Pages are drawn and read by a renderer that has seen many a broken file.
PAGES = Limits(cpu_s=90, wall_s=240, memory_bytes=GIB, file_bytes=64 * MIB)


def sound(duration_s: float) -> Limits:
    """The allowance for listening to a whole track once: a CPU second for each ten of sound."""
    cpu_s = int(60 + duration_s / 10)
    return Limits(cpu_s=cpu_s, wall_s=3.0 * cpu_s, memory_bytes=GIB, file_bytes=64 * MIB)


def encode(duration_s: float, input_bytes: int) -> Limits:
    """The allowance for one transcode: 12 CPU seconds for each second of media, within bounds."""
    cpu_s = int(min(24 * 3600, max(600, 12 * duration_s + 60)))
    return Limits(
        cpu_s=cpu_s,
        wall_s=2.0 * cpu_s,
        memory_bytes=3 * GIB,
        file_bytes=2 * input_bytes + GIB,
    )


def scan(duration_s: float, input_bytes: int) -> Limits:
    """The allowance for reading every packet once: 20 MB/s at least, and a tenth of real time."""
    cpu_s = int(60 + 0.1 * duration_s + input_bytes / 20e6)
    return Limits(cpu_s=cpu_s, wall_s=3.0 * cpu_s, memory_bytes=GIB, file_bytes=MIB)


def ladder(duration_s: float, rungs: int, file_bytes: int) -> Limits:
    """The allowance for encoding some rungs at once: each costs a transcode, at most.

    `file_bytes` bounds each file that is written.
    """
    one = encode(duration_s, 0)
    cpu_s = min(24 * 3600, one.cpu_s * max(1, rungs))
    memory_bytes = one.memory_bytes + max(0, rungs - 2) * GIB
    return Limits(cpu_s, 2.0 * cpu_s, memory_bytes, file_bytes + MIB)
