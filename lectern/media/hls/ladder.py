"""The rungs of a video's ladder, and how its frames are laid out, from what was measured."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction

from lectern.media import codecs, colour
from lectern.media.convert import Transfer
from lectern.media.facts import COVERED_S, Facts
from lectern.media.hls.plan import AudioTrack, Coding, Plan, Rung
from lectern.media.hls.timeline import Timeline

SEGMENT_S = 4.0
# A source is cut at its own key frames where they are at most this far apart.
LONGEST_GOP_S = 10.1
_LONG_SIDE, _SHORT_SIDE = 1920, 1080
# Short side → kbit/s at most; slides stay far below with the same crispness.
_SLIDES = {360: 300, 540: 800, 720: 1500, 1080: 2800}
_MOVING = {360: 700, 540: 1800, 720: 3500, 1080: 6000}
# Bits a pixel below which a recording shows slides or a screen, not a moving camera.
_SLIDES_BITS = 0.025
# A source this much larger than the last rung below it is a rung of its own.
_WORTH = 1.15
_MOST_REMUXED_KBPS = 12_000
_MOST_AUDIO_TRACKS = 8
# Encoders put up to 2112 samples of silence in front, which players leave out.
_AUDIO_LEAD_S = 0.06
_SYNC_S = 0.025
_AAC_RATES = frozenset({16_000, 22_050, 24_000, 32_000, 44_100, 48_000})
_RATES = (
    *(Fraction(n) for n in (5, 10, 12)),
    *(Fraction(25, 2), Fraction(15), Fraction(20), Fraction(24000, 1001), Fraction(24)),
    *(Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(48), Fraction(50)),
    *(Fraction(60000, 1001), Fraction(60)),
)
_TRANSFERS = {"pq": Transfer.PQ, "hlg": Transfer.HLG}
# Demuxers that find a moment of a long file by its index.
_INDEXED = frozenset({"mov", "matroska"})


def plan(facts: Facts, timeline: Timeline, encode_s: float, av1: bool = False) -> Plan:
    """The plan for a video or audio file; segments last about `encode_s` seconds each."""
    tracks = tuple(_tracks(facts, timeline))
    duration_s = facts.duration_s or timeline.end_s
    if facts.kind != "video":
        return Plan(facts.container, duration_s, tracks)
    rate = frame_rate(timeline)
    covered = duration_s - timeline.end_s <= COVERED_S
    # Where there is sound for longer, the last picture stays: players wait for one that has ended.
    frames = max(1, round((timeline.end_s if covered else duration_s) * rate))
    kbps = timeline.byte_size * 8 / 1000 / max(timeline.end_s, 0.04)
    pixels = (facts.width or 2) * (facts.height or 2)
    slides = kbps * 1000 < _SLIDES_BITS * pixels * min(float(rate), 30.0)
    remuxed = fits(facts, timeline, kbps)
    cuts = cuts_at_keys(timeline, rate, frames) if remuxed else regular_cuts(rate, frames)
    made = rungs(facts.width or 2, facts.height or 2, slides=slides, fast=rate > 30)
    if av1:
        made += tuple(_as_av1(rung) for rung in made if min(rung.width, rung.height) >= 720)
    if remuxed:
        top = max(rung.height for rung in made)
        made = tuple(r for r in made if r.height < top or r.coding is Coding.AV1)
    long = facts.container in _INDEXED and not facts.damaged
    return Plan(
        demuxer=facts.container,
        duration_s=duration_s,
        tracks=tracks,
        rungs=made,
        video_stream=facts.video_stream or 0,
        rate=rate,
        frames=frames,
        cuts=cuts,
        segments=segments(cuts, rate, frames, timeline.keys, encode_s) if long else (0,),
        slides=slides,
        deinterlace=facts.interlaced,
        transfer=_TRANSFERS.get(facts.hdr or ""),
        colour=None if facts.hdr else colour.of(facts),
        source_kbps=round(kbps) if remuxed else None,
        lead_s=max(0.0, timeline.first_s) if remuxed else 0.0,
    )


def without_copies(made: Plan, facts: Facts) -> Plan:
    """The same plan with everything encoded anew, where the source's coded data disappoints."""
    width, height = facts.width or 2, facts.height or 2
    tracks = tuple(replace(track, copied=False) for track in made.tracks)
    if made.source_kbps is None:
        return replace(made, tracks=tracks)
    every = rungs(width, height, slides=made.slides, fast=made.rate > 30)
    av1 = tuple(rung for rung in made.rungs if rung.coding is Coding.AV1)
    return replace(made, tracks=tracks, rungs=every + av1, source_kbps=None, lead_s=0.0)


def rungs(width: int, height: int, *, slides: bool, fast: bool = False) -> tuple[Rung, ...]:
    """The sizes for a picture as displayed: none larger than it, the largest first."""
    share = min(1.0, _LONG_SIDE / max(width, height), _SHORT_SIDE / min(width, height))
    short = int(min(width, height) * share)
    caps = _SLIDES if slides else _MOVING
    sides = [side for side in caps if side <= short]
    if not sides or short > _WORTH * sides[-1]:
        sides.append(short)
    return tuple(_rung(width, height, side, caps, fast) for side in reversed(sides))


def _rung(width: int, height: int, side: int, caps: Mapping[int, int], fast: bool) -> Rung:
    share = side / min(width, height)
    below = max((each for each in caps if each <= side), default=min(caps))
    # Between two sizes the cap grows with the number of pixels.
    kbps = caps[below] * (side / below) ** 2 * (1.5 if fast else 1.0)
    size = (_even(width * share), _even(height * share))
    return Rung(f"v{side}", *size, kbps=max(100, round(kbps)))


def _even(side: float) -> int:
    # H.264 in 4:2:0 has even sides; rounding down never enlarges.
    return max(2, int(side + 1e-6) // 2 * 2)


def _as_av1(rung: Rung) -> Rung:
    return replace(rung, name=f"{rung.name}av1", kbps=round(rung.kbps * 0.6), coding=Coding.AV1)


def frame_rate(timeline: Timeline) -> Fraction:
    """The constant rate that shows every frame of the source; at most 60, or 30 if uneven."""
    rate = 1 / max(timeline.frame_s, 1 / 240) if timeline.frame_s else 25.0
    # Frames that come when something moves come in bursts: half of the fastest looks the same.
    while rate > (61 if timeline.even else 31):
        rate /= 2
    nearest = min(_RATES, key=lambda each: abs(float(each) / rate - 1))
    if abs(float(nearest) / rate - 1) <= 0.005:
        return nearest
    return next((each for each in _RATES if float(each) >= rate * 0.995), _RATES[-1])


def fits(facts: Facts, timeline: Timeline, kbps: float) -> bool:
    """True when the coded picture can be streamed as it is, cut at its own key frames."""
    return (
        facts.container in _INDEXED
        and facts.video_codec == "h264"
        and facts.pixel_format in codecs.BROWSER_PIXELS
        and (facts.width, facts.height) == (facts.stored_width, facts.stored_height)
        and max(facts.width or 0, facts.height or 0) <= _LONG_SIDE
        and min(facts.width or 0, facts.height or 0) <= _SHORT_SIDE
        and not (facts.rotation or facts.interlaced or facts.hdr or facts.damaged)
        and (facts.duration_s or 0.0) - timeline.end_s <= COVERED_S
        and timeline.even
        and timeline.closed
        and timeline.frame_s > 0
        and 1 / timeline.frame_s <= 61
        and -0.001 <= timeline.first_s <= 1.0
        and bool(timeline.keys)
        and abs(timeline.keys[0] - timeline.first_s) < 0.001
        and timeline.longest_gop_s <= LONGEST_GOP_S
        and kbps <= _MOST_REMUXED_KBPS
    )


def regular_cuts(rate: Fraction, frames: int) -> tuple[int, ...]:
    """A cut every four seconds, to the frame."""
    return tuple(range(0, frames, round(SEGMENT_S * rate)))


def cuts_at_keys(timeline: Timeline, rate: Fraction, frames: int) -> tuple[int, ...]:
    """Cuts at key frames of the source, the first that comes after four seconds or so."""
    cuts = [0]
    for key_s in timeline.keys:
        frame = round(key_s * rate)
        if cuts[-1] + (SEGMENT_S - 0.5) * rate <= frame < frames:
            cuts.append(frame)
    return tuple(cuts)


def segments(
    cuts: tuple[int, ...],
    rate: Fraction,
    frames: int,
    keys: tuple[float, ...],
    encode_s: float,
) -> tuple[int, ...]:
    """Cuts that divide the frames among workers; one alone for what is not twice as long.

    Near each whole multiple of `encode_s` the cut is taken that follows a key frame of the
    source most closely, since what lies between them is decoded twice.
    """
    if frames / rate < 2 * encode_s or not keys:
        return (0,)
    wanted = round(frames / rate / encode_s)
    reach = 2.5 * SEGMENT_S * rate
    chosen = [0]
    for number in range(1, wanted):
        middle = frames * number / wanted
        first, last = bisect_left(cuts, middle - reach), bisect_right(cuts, middle + reach)
        near = [cut for cut in cuts[first:last] if cut > chosen[-1]]
        if near:
            chosen.append(min(near, key=lambda cut: (_waste(float(cut / rate), keys), cut)))
    return tuple(chosen)


def _waste(at_s: float, keys: tuple[float, ...]) -> float:
    """Seconds decoded in vain before a segment that begins at `at_s`; `keys` are in order."""
    before = bisect_right(keys, at_s)
    return at_s - keys[before - 1] if before else at_s


def _tracks(facts: Facts, timeline: Timeline) -> Iterable[AudioTrack]:
    heard = [
        stream
        for stream in facts.streams
        if stream.kind == "audio"
        and stream.channels
        and (stream.index == facts.audio_stream or codecs.decodes(facts.container, stream.codec))
        and (stream.index == facts.audio_stream or stream.index in timeline.audio)
    ]
    # The main track comes first: players take it where nobody has chosen.
    heard.sort(key=lambda stream: stream.index != facts.audio_stream)
    if facts.audio_stream is None:
        return
    for stream in heard[:_MOST_AUDIO_TRACKS]:
        begins = timeline.audio.get(stream.index)
        in_step = begins is not None and -_AUDIO_LEAD_S <= begins <= _SYNC_S
        # Players wait for sound that has ended, too.
        end_s = timeline.audio_ends.get(stream.index, timeline.end_s)
        short = facts.kind == "video" and (facts.duration_s or 0.0) - end_s > COVERED_S
        modest = stream.codec == "aac" and (stream.channels or 9) <= 2
        yield AudioTrack(
            stream=stream.index,
            channels=1 if stream.channels == 1 else 2,
            language=stream.language,
            title=stream.title,
            copied=bool(
                modest
                and in_step
                and not short
                and facts.container in _INDEXED
                and not facts.damaged
            ),
            filled_s=facts.duration_s if short else None,
            sample_rate=None if stream.sample_rate in _AAC_RATES else 48_000,
        )
