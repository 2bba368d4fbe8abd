"""How long the tracks of a file last: its packets read past, in the order of the file."""

import time

import av
from av.container import InputContainer

from lectern.media.facts import Irregular, clock
from lectern.media.inside.shared import irregular
from lectern.media.inside.shared.tracks import Track, Tracks

# Up to this size the whole file is read; above, its beginning and its end.
_READ_WHOLE_BYTES = 64 << 20
_READING_CPU_S = 12.0
_TAIL_S = 12.0
# Only the index of an MP4 tells what a part of its packets does not.
_NEVER_PARTLY = irregular.DISCONTINUOUS | {"matroska"}


def read(
    container: InputContainer, found: Tracks, size: int, times: irregular.Clock | None = None
) -> bool:
    """Send packets past the tracks; True when all of the file went by.

    A file whose times may begin again has no end that could be sought.
    """
    candidates = found.candidates()
    if not candidates:
        return True
    partly = size > _READ_WHOLE_BYTES and (times is None or times.demuxer not in _NEVER_PARTLY)
    deadline = time.process_time() + _READING_CPU_S
    for packet in container.demux([track.stream for track in candidates.values()]):
        shift_s = times.shift(packet) if times and packet.size else 0.0
        candidates[packet.stream.index].take(packet, shift_s)
        enough = partly and all(t.proven for t in candidates.values())
        if enough or time.process_time() > deadline:
            return False
    return True


def duration(
    container: InputContainer,
    found: Tracks,
    video: Track | None,
    audio: Track | None,
    whole: bool,
) -> tuple[float | None, tuple[str, ...]]:
    """Seconds as the timestamps show them; the claim stands only where they confirm it."""
    main = [track for track in (video, audio) if track]
    claim_s = container.duration / 1e6 if container.duration else None
    begin_s = container.start_time / 1e6 if container.start_time is not None else 0.0
    if not whole:
        whole = _read_tail(container, found, begin_s + (claim_s or 0))
    ends = [track.end_s for track in main if track.end_s is not None]
    measured_s = max(0.0, max(ends) - begin_s) if ends else None
    if video and whole and measured_s is not None:
        # Players end with the last frame, whatever the container adds or leaves out, and where an
        # edit ends within it.
        edited = any(Irregular.EDITS in track.watch.irregular for track in main)
        lasts_s = min(measured_s, claim_s) if edited and claim_s else measured_s
        return round(lasts_s, 3) or None, _incomplete(claim_s, measured_s)
    if measured_s is None or (claim_s and not whole and measured_s < claim_s):
        return claim_s, ("The duration is what the file says; it was not measured.",)
    if claim_s is None or abs(claim_s - measured_s) > max(0.3, 0.02 * claim_s):
        return round(measured_s, 3) or None, _incomplete(claim_s, measured_s)
    return round(claim_s, 3) or None, ()


def _incomplete(claim_s: float | None, measured_s: float) -> tuple[str, ...]:
    """A warning where clearly less is there than the file says."""
    if not claim_s or claim_s - measured_s <= max(0.3, 0.02 * claim_s):
        return ()
    return (
        f"The file may be incomplete: it says {clock(claim_s)}, "
        f"but only {_spoken(measured_s)} there.",
    )


def _spoken(seconds: float) -> str:
    return f"{seconds:.1f} seconds are" if seconds < 60 else f"{clock(seconds)} is"


def _read_tail(container: InputContainer, found: Tracks, end_s: float) -> bool:
    """Read the last seconds of a large file, or all of it where it cannot seek; True at the end."""
    candidates = found.candidates()
    for at_s in (max(0.0, end_s - _TAIL_S), 0.0):
        before = sum(track.packets for track in candidates.values())
        try:
            container.seek(int(at_s * 1e6))
            ended = read(container, found, 0)
        except av.FFmpegError:
            continue
        if ended and sum(track.packets for track in candidates.values()) > before:
            return True
    return False


def lasting(container: InputContainer, track: Track | None) -> float | None:
    """When the track ends, in seconds from the start of the file."""
    if track is None or track.end_s is None:
        return None
    begin_s = container.start_time / 1e6 if container.start_time is not None else 0.0
    return round(max(0.0, track.end_s - begin_s), 3)
