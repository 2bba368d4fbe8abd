"""What one run in the sandbox may cost; the registry says which run of which step gets what."""

from dataclasses import dataclass

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True)
class Limits:
    """What one run of the sandbox may use; `wall_s` ends it even when it sleeps."""

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
# Drawing stops by itself before its allowance ends; what is drawn by then is kept.
DRAWN_PAGES = Limits(cpu_s=300, wall_s=900, memory_bytes=GIB, file_bytes=64 * MIB)
# LibreOffice maps 600 MB before it opens anything, and reads a hundred files of its own.
OFFICE = Limits(cpu_s=120, wall_s=300, memory_bytes=2 * GIB, file_bytes=256 * MIB, open_files=256)
SUBTITLES = Limits(cpu_s=300, wall_s=900, memory_bytes=GIB, file_bytes=4 * MIB)
INDEX = Limits(cpu_s=3600, wall_s=2 * 3600, memory_bytes=GIB, file_bytes=32 * GIB)


def sound(duration_s: float) -> Limits:
    """The allowance for listening to a whole track once: a CPU second for each ten of sound."""
    cpu_s = int(60 + duration_s / 10)
    return Limits(cpu_s=cpu_s, wall_s=3.0 * cpu_s, memory_bytes=GIB, file_bytes=64 * MIB)


def fingerprint(duration_s: float) -> Limits:
    """Sixty-four frames at most, and a CPU second for each fifteen of sound."""
    cpu_s = int(120 + duration_s / 15)
    return Limits(cpu_s=cpu_s, wall_s=3.0 * cpu_s, memory_bytes=2 * GIB, file_bytes=MIB)


def slides(duration_s: float) -> Limits:
    """Key frames all over, and a few seconds before each slide; all frames where they are few."""
    cpu_s = int(240 + duration_s / 6)
    return Limits(cpu_s=cpu_s, wall_s=3.0 * cpu_s, memory_bytes=2 * GIB, file_bytes=4 * MIB)


def speech(duration_s: float, file_bytes: int) -> Limits:
    """The allowance for decoding a whole track to samples, `file_bytes` of them at most."""
    cpu_s = int(120 + duration_s / 4)
    return Limits(cpu_s=cpu_s, wall_s=3.0 * cpu_s, memory_bytes=GIB, file_bytes=file_bytes)


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
