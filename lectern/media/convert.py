"""One conversion by ffmpeg as numbers and names of our own, and the command line it becomes."""

from dataclasses import dataclass
from enum import StrEnum

from lectern.media import codecs
from lectern.media.colour import Colour
from lectern.media.sandbox.limits import MAX_DURATION_S

INPUT, OUTPUT = "in", "out.0"


class Way(StrEnum):
    """What happens to a stream's coded data."""

    COPY = "copy"
    H264 = "libx264"
    AAC = "aac"
    OPUS = "libopus"


class Target(StrEnum):
    """A container a browser reads, by ffmpeg's name for its muxer."""

    MP4 = "mp4"
    WEBM = "webm"
    MP3 = "mp3"
    FLAC = "flac"
    WAV = "wav"


class Transfer(StrEnum):
    """HDR transfer characteristics, by zscale's names."""

    PQ = "smpte2084"
    HLG = "arib-std-b67"


@dataclass(frozen=True)
class Conversion:
    """Every choice a command line depends on; streams are indices, sizes even pixels.

    `fitted`: the picture changes its size on the way, and each is fitted into the one given here.
    The last picture is held for `held_s` seconds; sound is filled with silence up to `filled_s`.
    """

    demuxer: str
    target: Target
    limit_s: float
    limit_bytes: int
    video: Way | None = None
    video_stream: int = 0
    width: int = 0
    height: int = 0
    deinterlace: bool = False
    fitted: bool = False
    held_s: float = 0.0
    transfer: Transfer | None = None
    colour: Colour | None = None
    fps: int | None = None
    audio: Way | None = None
    audio_stream: int = 0
    channels: int = 2
    sample_rate: int | None = None
    filled_s: float | None = None


def arguments(job: Conversion) -> list[str]:
    """ffmpeg's arguments: fixed words, enums and numbers; nothing a user wrote can be in them.

    The input is `in` and the output `out.0` of the sandbox's scratch folder. Only the two chosen
    streams are mapped; metadata, chapters, data, subtitles and attachments stay behind.
    """
    if job.demuxer not in codecs.DEMUXERS:
        raise ValueError(f"{job.demuxer!r} is not a demuxer that may be used.")
    return [
        *("-nostdin", "-hide_banner", "-loglevel", "error", "-nostats", "-y"),
        *("-progress", "pipe:1", "-max_alloc", "1000000000", "-filter_threads", "1"),
        *_input(job),
        *_video(job),
        *_audio(job),
        *("-dn", "-sn", "-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1"),
        *("-fflags", "+bitexact", "-flags", "+bitexact", "-max_muxing_queue_size", "1024"),
        *("-t", f"{min(job.limit_s, MAX_DURATION_S):.3f}", "-fs", str(job.limit_bytes)),
        *_muxer(job.target),
        *("-f", job.target.value, OUTPUT),
    ]


def _input(job: Conversion) -> list[str]:
    options = codecs.read_options(job.demuxer)
    named = [word for name, value in options.items() for word in (f"-{name}", value)]
    # Filters that begin anew where the picture changes would begin to count anew.
    kept = ["-reinit_filter:v", "0"] if job.fitted else []
    return [*named, *kept, "-threads", "2", "-f", job.demuxer, "-i", INPUT]


def _video(job: Conversion) -> list[str]:
    if job.video is None:
        return ["-vn"]
    chosen = ["-map", f"0:{job.video_stream:d}", "-c:v", job.video.value]
    if job.video is Way.COPY:
        return chosen
    return [
        *chosen,
        *("-vf", ",".join(_filters(job)), "-pix_fmt", "yuv420p", "-fps_mode", "vfr"),
        *("-preset", "veryfast", "-crf", "23", "-profile:v", "high", "-threads", "2"),
        # Seeking lands on a key frame: one every four seconds at least.
        *("-force_key_frames", "expr:gte(t,n_forced*4)"),
    ]


def _filters(job: Conversion) -> list[str]:
    filters = ["bwdif"] if job.deinterlace else []
    if job.fps:
        filters.append(f"fps={job.fps:d}")
    scale = f"scale={job.width:d}:{job.height:d}:flags=bicubic"
    scale += job.colour.scaling if job.colour else ":out_range=tv"
    if job.fitted:
        scale += ":force_original_aspect_ratio=decrease:force_divisible_by=2"
        scale += f",pad={job.width:d}:{job.height:d}:(ow-iw)/2:(oh-ih)/2:eval=frame"
    filters.append(scale)
    if job.transfer:
        # Linear light, BT.709 primaries, then the curve that keeps highlights apart.
        filters += [
            f"zscale=tin={job.transfer.value}:pin=2020:min=2020_ncl:rin=tv:t=linear:npl=100",
            "format=gbrpf32le",
            "zscale=p=709",
            "tonemap=tonemap=hable:desat=0",
            "zscale=t=709:m=709:r=tv",
        ]
    filters += ["setsar=1", "format=yuv420p"]
    if job.colour:
        filters.append(job.colour.tagging)
    if job.held_s:
        filters.append(f"tpad=stop_mode=clone:stop_duration={job.held_s:.3f}")
    return filters


def _audio(job: Conversion) -> list[str]:
    if job.audio is None:
        return ["-an"]
    chosen = ["-map", f"0:{job.audio_stream:d}", "-c:a", job.audio.value]
    if job.audio is Way.COPY:
        return chosen
    rate = ["-ar", str(job.sample_rate)] if job.sample_rate else []
    bit_rate = "96k" if job.channels == 1 else "160k"
    # Silence where the source has gaps, so that sound and picture stay together.
    filters = ["aresample=async=1"]
    if job.filled_s is not None:
        filters.append(f"apad=whole_dur={job.filled_s:.3f}")
    whole = ["-af", ",".join(filters)]
    return [*chosen, *whole, "-b:a", bit_rate, "-ac", f"{job.channels:d}", *rate]


def _muxer(target: Target) -> list[str]:
    return {
        Target.MP4: ["-movflags", "+faststart"],
        Target.WEBM: ["-cues_to_front", "1"],
        Target.MP3: ["-id3v2_version", "0", "-write_id3v1", "0"],
        Target.FLAC: [],
        Target.WAV: [],
    }[target]
