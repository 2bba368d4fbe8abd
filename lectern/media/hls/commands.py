"""The command lines that make streams: fixed words, enums and numbers of a plan, nothing else.

Inputs are `in` and `in.1`, outputs `out.0` and so on, in the sandbox's scratch folder.
"""

from fractions import Fraction

from lectern.media import codecs
from lectern.media.hls.plan import AudioTrack, Coding, Plan, Rung

INPUT, OUTPUT = "in", "out"
FRAGMENT_S = 4
_SILENT = ["-nostdin", "-hide_banner", "-loglevel", "error", "-nostats", "-y"]
_BOUNDED = ["-progress", "pipe:1", "-max_alloc", "1000000000"]
# One fragment for each group of frames; the first frame is shown at the time that it carries.
_PICTURE_FLAGS = "+frag_keyframe+delay_moov+default_base_moof+negative_cts_offsets+skip_trailer"
_SOUND_FLAGS = "+delay_moov+default_base_moof+skip_trailer"
_BARE = (
    *("-dn", "-sn", "-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1"),
    *("-fflags", "+bitexact", "-max_muxing_queue_size", "4096"),
)
# Text on slides shows blocks sooner than a face does, and costs little.
_SLIDES_CRF, _MOVING_CRF, _AV1_CRF = 21, 23, 35


def clock(rate: Fraction) -> int:
    """The units a second of a rung's clock: a frame lasts a whole number of them."""
    return rate.numerator * (1 if rate.numerator >= 10_000 else 512)


def ticks(rate: Fraction) -> int:
    """The units of `clock` that one frame lasts."""
    return int(clock(rate) / rate)


def originals(plan: Plan) -> list[str]:
    """The coded picture as it is (where the plan keeps it), then every track of sound."""
    words = [*_SILENT, *_BOUNDED, *_input(plan)]
    number = 0
    if plan.source_kbps is not None:
        copied = ["-map", f"0:{plan.video_stream:d}", "-an", "-c:v", "copy", "-tag:v", "avc1"]
        words += [*copied, *_BARE, "-movflags", _PICTURE_FLAGS, *_file(0)]
        number = 1
    for track in plan.tracks:
        words += [*_sound(track), *_BARE, "-movflags", _SOUND_FLAGS]
        words += ["-frag_duration", str(FRAGMENT_S * 1_000_000), *_file(number)]
        number += 1
    return words


def encoding(plan: Plan, number: int) -> list[str]:
    """Segment `number` in every rung, decoded once; each size is scaled from the next larger."""
    begin, end = plan.segment(number)
    seek = ["-ss", f"{plan.seconds(begin):.6f}"] if begin else []
    # Frames before the segment come too: the last of them may be shown when it begins.
    exact = ["-copyts", "-start_at_zero", "-noaccurate_seek", *seek]
    words = [*_SILENT, *_BOUNDED, *exact, *_input(plan)]
    words += ["-filter_complex_threads", "2", "-filter_complex", graph(plan, begin, end)]
    keys = _keys(plan, begin, end)
    for place, rung in enumerate(plan.rungs):
        words += ["-map", f"[v{place}]", "-an", *_coding(plan, rung), *keys]
        words += ["-fps_mode", "passthrough", "-frames:v", str(end - begin)]
        words += ["-video_track_timescale", str(clock(plan.rate)), *_BARE]
        words += ["-flags", "+bitexact+cgop", "-movflags", _PICTURE_FLAGS, *_file(place)]
    return words


def progressive(sounds: int) -> list[str]:
    """One rung and, where there is one, one track of sound as a plain MP4 that starts at once."""
    words = [*_SILENT, *_BOUNDED, *_ours(INPUT)]
    if sounds:
        words += _ours(f"{INPUT}.1")
    words += ["-map", "0:0", *(["-map", "1:0"] if sounds else []), "-c", "copy", *_BARE]
    return [*words, "-movflags", "+faststart", *_file(0)]


def graph(plan: Plan, begin: int, end: int) -> str:
    """The filters: frames `begin` to `end` at the plan's rate, upright, in every rung's size."""
    rate = f"{plan.rate.numerator:d}/{plan.rate.denominator:d}"
    steps = ["bwdif=mode=send_frame"] if plan.deinterlace else []
    steps += [
        f"fps=fps={rate}:start_time={plan.seconds(begin):.6f}:round=near",
        # A source that ends early holds its last picture: every segment is whole.
        "tpad=stop=-1:stop_mode=clone",
        f"trim=end_frame={end - begin:d}",
        "setpts=PTS-STARTPTS",
    ]
    chains = []
    pad = f"[0:{plan.video_stream:d}]"
    sizes = _sizes(plan.rungs)
    for place, ((width, height), places) in enumerate(sizes.items()):
        # Only the first one converts: the others are scaled from what it made.
        colours = plan.colour.scaling if plan.colour and place == 0 else ":out_range=tv"
        steps.append(f"scale={width:d}:{height:d}:flags=bicubic{colours}")
        if place == 0:
            steps += _to_sdr(plan)
        steps += ["setsar=1", "format=yuv420p"]
        if plan.colour and place == 0:
            steps.append(plan.colour.tagging)
        last = place == len(sizes) - 1
        outs = [f"[v{each}]" for each in places] + ([] if last else [f"[s{place}]"])
        split = [f"split={len(outs)}"] if len(outs) > 1 else []
        chains.append(f"{pad}{','.join([*steps, *split])}{''.join(outs)}")
        pad, steps = f"[s{place}]", []
    return ";".join(chains)


def _sizes(rungs: tuple[Rung, ...]) -> dict[tuple[int, int], list[int]]:
    """Each size with the places of the rungs that have it, the largest first."""
    sizes: dict[tuple[int, int], list[int]] = {}
    for place, rung in enumerate(rungs):
        sizes.setdefault((rung.width, rung.height), []).append(place)
    return dict(sorted(sizes.items(), reverse=True))


def _to_sdr(plan: Plan) -> list[str]:
    if plan.transfer is None:
        return []
    # As in `lectern.media.convert`: linear light, BT.709 primaries, then a curve for highlights.
    return [
        f"zscale=tin={plan.transfer.value}:pin=2020:min=2020_ncl:rin=tv:t=linear:npl=100",
        "format=gbrpf32le",
        "zscale=p=709",
        "tonemap=tonemap=hable:desat=0",
        "zscale=t=709:m=709:r=tv",
    ]


def _coding(plan: Plan, rung: Rung) -> list[str]:
    capped = ["-maxrate", f"{rung.kbps:d}k", "-bufsize", f"{2 * rung.kbps:d}k"]
    threads = "2" if rung.width * rung.height > 640 * 360 else "1"
    if rung.coding is Coding.AV1:
        # SVT-AV1 shares its threads out by itself; level of parallelism 2 is two cores.
        own = ["-preset", "10", "-crf", str(_AV1_CRF), "-svtav1-params", "lp=2"]
        return ["-c:v", rung.coding.value, *own, *capped]
    crf = _SLIDES_CRF if plan.slides else _MOVING_CRF
    own = ["-preset", "veryfast", "-crf", str(crf), "-profile:v", "high", "-threads", threads]
    return ["-c:v", rung.coding.value, *own, *capped, "-sc_threshold", "0"]


def _keys(plan: Plan, begin: int, end: int) -> list[str]:
    """Key frames at the plan's cuts and nowhere else, counted from the start of the segment."""
    cuts = [cut - begin for cut in plan.cuts if begin <= cut < end]
    every = cuts[1] if len(cuts) > 1 else end - begin
    if all(cut == place * every for place, cut in enumerate(cuts)) and end - begin <= (
        len(cuts) * every
    ):
        return ["-g", str(every), "-keyint_min", str(every)]
    # A frame that comes a millisecond later than asked for would be too late.
    times = ",".join(f"{max(0.0, plan.seconds(cut) - 0.001):.6f}" for cut in cuts)
    return ["-g", str(end - begin + 1), "-force_key_frames", times]


def _sound(track: AudioTrack) -> list[str]:
    chosen = ["-map", f"0:{track.stream:d}", "-vn"]
    if track.copied:
        return [*chosen, "-c:a", "copy"]
    rate = ["-ar", str(track.sample_rate)] if track.sample_rate else []
    kbps = "80k" if track.channels == 1 else "128k"
    # Silence where the source has gaps, so that sound and picture stay together.
    filters = ["aresample=async=1:first_pts=0"]
    if track.filled_s is not None:
        filters.append(f"apad=whole_dur={track.filled_s:.3f}")
    whole = ["-af", ",".join(filters)]
    return [*chosen, *whole, "-c:a", "aac", "-b:a", kbps, "-ac", f"{track.channels:d}", *rate]


def _input(plan: Plan) -> list[str]:
    if plan.demuxer not in codecs.DEMUXERS:
        raise ValueError(f"{plan.demuxer!r} is not a demuxer that may be used.")
    options = codecs.read_options(plan.demuxer)
    named = [word for name, value in options.items() for word in (f"-{name}", value)]
    return [*named, "-threads", "2", "-f", plan.demuxer, "-i", INPUT]


def _ours(name: str) -> list[str]:
    return ["-protocol_whitelist", "file", "-format_whitelist", "mov", "-f", "mov", "-i", name]


def _file(number: int) -> list[str]:
    return ["-f", "mp4", f"{OUTPUT}.{number:d}"]
