"""Streams of a file: its coded data as it is, and its rungs, made in segments and joined."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lectern.errors import Message, StorageFull
from lectern.media.hls import commands
from lectern.media.hls.index import Index
from lectern.media.hls.plan import Plan, Rung
from lectern.media.probe import probe
from lectern.media.sandbox import sandbox
from lectern.media.sandbox.refusal import Refused, SandboxCrashed
from lectern.pipeline.limits import GIB, MIB, Limits
from lectern.pipeline.registry import Step

Progress = Callable[[float], None] | None
Cancelled = Callable[[], bool] | None

_FAILED = Message("The video could not be encoded for streaming.")
# Sound that browsers decode in MP4: AAC-LC, and HE-AAC in its two forms.
_AAC = frozenset({"mp4a.40.2", "mp4a.40.5", "mp4a.40.29"})
# What stays free for everybody else.
_RESERVE = GIB


@dataclass(frozen=True)
class Made:
    """A fragmented MP4 file under its name, and where its bytes lie."""

    name: str
    path: Path
    index: Index


def originals(
    source: Path, plan: Plan, scratch: Path, on_progress: Progress, cancelled: Cancelled
) -> list[Made] | None:
    """`source` (the picture as it is, where the plan keeps it), then `a0`, `a1` … for the sound.

    None: coded data that was to be kept does not make a stream; see `ladder.without_copies`.

    Raises:
        Refused: the sound cannot be encoded. StorageFull: no room in `scratch`.
        Stopped, SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    names = [*(["source"] if plan.source_kbps else []), *(f"a{n}" for n in range(len(plan.tracks)))]
    if not names:
        return []
    needed = 2 * source.stat().st_size + int(plan.duration_s * 40_000)
    require_space(scratch, needed)
    limits = Step.HLS.limits("ffmpeg", plan.duration_s, len(plan.tracks), needed + GIB)
    words = commands.originals(plan)
    copies = plan.source_kbps is not None or any(track.copied for track in plan.tracks)
    try:
        paths = _ffmpeg(
            words, names, [source], scratch, limits, plan.duration_s, on_progress, cancelled
        )
        copied = [*([True] if plan.source_kbps else []), *(track.copied for track in plan.tracks)]
        measured = _measured(names, paths, copied, scratch)
        made = [_settled(each, plan, scratch) for each in measured]
    except Refused:
        if copies:
            return None
        raise
    sound = all(each.index.codec in _AAC for each in made if each.name != "source")
    picture = all(f.key for each in made if each.name == "source" for f in each.index.fragments)
    return made if (sound and picture) or not copies else None


def encode(
    source: Path,
    plan: Plan,
    number: int,
    scratch: Path,
    on_progress: Progress,
    cancelled: Cancelled,
) -> list[Made]:
    """Every rung of segment `number`, each beginning at time 0 with exactly its frames.

    Raises:
        Refused: it cannot be encoded, or not within the limits. StorageFull: no room.
        Stopped, SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    begin, end = plan.segment(number)
    seconds = float((end - begin) / plan.rate)
    sizes = [int(rung.kbps * 125 * seconds * 1.5) + 8 * MIB for rung in plan.rungs]
    require_space(scratch, sum(sizes))
    names = [rung.name for rung in plan.rungs]
    words = commands.encoding(plan, number)
    limits = Step.HLS.limits("ffmpeg", seconds, len(names), max(sizes))
    paths = _ffmpeg(words, names, [source], scratch, limits, seconds, on_progress, cancelled)
    made = _measured(names, paths, [False] * len(names), scratch)
    for each in made:
        if each.index.samples != end - begin:
            raise SandboxCrashed(f"{_FAILED} Frames are missing.")
    return made


def join(plan: Plan, rung: Rung, parts: Sequence[Path], scratch: Path) -> Made:
    """One rung from its segments, by moving coded data only: no seam, no drift.

    Raises:
        Refused: they are not pieces of one whole, or do not decode at their ends or where they
            meet. StorageFull: no room in `scratch`.
    """
    require_space(scratch, sum(part.stat().st_size for part in parts))
    frame = commands.ticks(plan.rate)
    begins = [begin * frame for begin in plan.segments]
    target = scratch / f"{rung.name}.mp4"
    (index,) = _index(parts, target, begins, [True], scratch)
    times = [fragment.time for fragment in index.fragments]
    whole = index.duration == plan.frames * frame and index.samples == plan.frames
    if not whole or times != [cut * frame for cut in plan.cuts]:
        raise Refused("%(failed)s Its parts do not fit together.", failed=_FAILED)
    return Made(rung.name, target, index)


def progressive(picture: Path, sound: Path | None, duration_s: float, scratch: Path) -> Path:
    """A plain MP4 of one rung and one track of sound, its index first; nothing is encoded.

    Raises:
        Refused: it could not be written, or does not decode. StorageFull: no room in `scratch`.
    """
    sources = [picture, *([sound] if sound else [])]
    size = sum(each.stat().st_size for each in sources)
    # It is written once and then moved behind its index.
    require_space(scratch, 2 * size)
    words = commands.progressive(1 if sound else 0)
    limits = Step.HLS.limits("ffmpeg", duration_s, 1, 2 * size)
    (path,) = _ffmpeg(words, ["progressive"], sources, scratch, limits, duration_s, None, None)
    probe(path, path.name, scratch, ends=True)
    return path


def require_space(scratch: Path, needed: int) -> None:
    """Raises StorageFull, before anything is begun, where `needed` bytes do not fit."""
    free = shutil.disk_usage(scratch).free
    if free < needed + _RESERVE:
        raise StorageFull(
            "Encoding needs about %(value)s GiB on the server's disk, which has"
            " %(value_2)s GiB to spare. Make room, then try again.",
            value=f"{needed / GIB:.1f}",
            value_2=f"{max(0, free - _RESERVE) / GIB:.1f}",
        )


def _measured(
    names: Sequence[str], paths: Sequence[Path], decoded: Sequence[bool], scratch: Path
) -> list[Made]:
    """The files with what the sandbox read of them, all at once."""
    indexes = _index(paths, None, [], decoded, scratch)
    return [Made(*each) for each in zip(names, paths, indexes, strict=True)]


def _settled(made: Made, plan: Plan, scratch: Path) -> Made:
    """The file, its clock moved by what the picture of the source begins late."""
    if made.name != "source":
        return made
    lead = round(plan.lead_s * made.index.timescale) - made.index.fragments[0].time
    target = scratch / "source.mp4"
    (index,) = _index([made.path], target, [lead], [False], scratch)
    return Made(made.name, target, index)


def _index(
    parts: Sequence[Path],
    target: Path | None,
    begins: Sequence[int],
    decoded: Sequence[bool],
    scratch: Path,
) -> list[Index]:
    arguments = {
        "parts": [str(part.resolve()) for part in parts],
        "begins": list(begins),
        "decoded": list(decoded),
        "target": None if target is None else str(target.resolve()),
    }
    answer = sandbox.run(
        "fragments",
        arguments,
        read=list(parts),
        scratch=scratch,
        limits=Step.HLS.limits("fragments"),
    )
    return [Index.from_json(each) for each in answer["indexes"]]


def _ffmpeg(
    words: list[str],
    names: Sequence[str],
    sources: Sequence[Path],
    scratch: Path,
    limits: Limits,
    duration_s: float,
    on_progress: Progress,
    cancelled: Cancelled,
) -> list[Path]:
    """Run it, and name what it wrote."""
    entries = [scratch / commands.INPUT, scratch / f"{commands.INPUT}.1"][: len(sources)]
    for entry, source in zip(entries, sources, strict=True):
        entry.unlink(missing_ok=True)
        entry.symlink_to(source.resolve())
    answer = sandbox.run(
        "ffmpeg",
        {"argv": words, "duration_s": duration_s},
        read=list(sources),
        scratch=scratch,
        limits=limits,
        on_progress=on_progress,
        cancelled=cancelled,
    )
    for entry in entries:
        entry.unlink()
    if answer["exit"]:
        refusal = Refused(_FAILED)
        refusal.add_note(answer["log"])
        raise refusal
    paths = []
    for number, name in enumerate(names):
        made = sandbox.output(scratch, number)
        paths.append(made.rename(scratch / f"{name}.made"))
    return paths
