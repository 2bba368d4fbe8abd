"""What a browser plays or shows of an asset: its own coded data where possible, else re-encoded."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lectern.media import codecs, colour
from lectern.media.convert import (
    INPUT,
    OUTPUT,
    Conversion,
    Target,
    Transfer,
    Way,
    arguments,
)
from lectern.media.facts import COVERED_S, Facts, Irregular
from lectern.media.probe import probe
from lectern.media.sandbox import sandbox
from lectern.media.sandbox.limits import MAX_DURATION_S
from lectern.media.sandbox.refusal import Refused
from lectern.pipeline.limits import GIB, MIB
from lectern.pipeline.registry import Step

Progress = Callable[[float], None] | None
Cancelled = Callable[[], bool] | None

# Browsers decode more, but a lesson's first rendition should start at once on a phone.
_COPIED_PIXELS = 2560 * 1440
_LONG_SIDE, _SHORT_SIDE = 1920, 1080
_MOST_FPS = 60
# Slides whose durations mislead: so many pictures a second end when the slides do.
_SLIDES_FPS = 5
_COPIED_WAV_BYTES = 50 * MIB
_AAC_RATES = frozenset({16_000, 22_050, 24_000, 32_000, 44_100, 48_000})
_TRANSFERS = {"pq": Transfer.PQ, "hlg": Transfer.HLG}
_MIMES = {
    ("video", Target.MP4): "video/mp4",
    ("video", Target.WEBM): "video/webm",
    ("audio", Target.MP4): "audio/mp4",
    ("audio", Target.WEBM): "audio/webm",
    ("audio", Target.MP3): "audio/mpeg",
    ("audio", Target.FLAC): "audio/flac",
    ("audio", Target.WAV): "audio/wav",
}
_COPIED_AUDIO = {
    "mp3": Target.MP3,
    "aac": Target.MP4,
    "opus": Target.WEBM,
    "vorbis": Target.WEBM,
    "flac": Target.FLAC,
}
_WAV_CODECS = frozenset({"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_f32le"})


@dataclass(frozen=True)
class Playable:
    """The finished rendition; `facts` are those of the new file, measured again."""

    path: Path
    mime: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Skip:
    """Nothing to make, and why: the original is offered for download instead."""

    reason: str


def make(
    source: Path,
    facts: Facts,
    scratch: Path,
    on_progress: Progress = None,
    cancelled: Cancelled = None,
) -> Playable | Skip:
    """Make the rendition as file `out.0` in `scratch`, stripped of all metadata.

    A copy that does not come out whole is followed by a full conversion; what is returned has
    been opened again and lasts about as long as the source. Both ends of a copy are decoded.

    Raises:
        Refused: it cannot be converted, or not within the limits.
        Stopped: `cancelled` said so.
        SandboxCrashed, SandboxUnavailable, Unreadable: see `sandbox.run`.
    """
    if facts.kind == "document":
        return Skip("Documents are kept for download.")
    if facts.container == "svg":
        return Skip("SVG files are kept for download: shown in a page, they could run scripts.")
    if facts.kind == "image":
        return _image(source, facts, scratch, on_progress, cancelled)
    for job in plan(facts, source.stat().st_size):
        made = _converted(source, facts, job, scratch, on_progress, cancelled)
        if made:
            return made
    raise Refused("The file could not be converted to a format that browsers can play.")


def plan(facts: Facts, size: int) -> list[Conversion]:
    """The conversions to try in turn: the cheapest that keeps the coded data, then the full one."""
    duration_s = facts.duration_s or MAX_DURATION_S
    blank = Conversion(
        demuxer=facts.container,
        target=Target.MP4,
        limit_s=duration_s * 1.05 + 5,
        limit_bytes=2 * size + GIB,
    )
    full = _with_audio(_encoded_video(blank, facts), facts, Way.AAC)
    if facts.kind == "audio":
        target = _copied_audio_target(facts, size)
        copy = replace(_with_audio(blank, facts, Way.COPY), target=target) if target else None
    else:
        copy = _copied_video(blank, facts)
    # A browser gives up at damage that ffmpeg decodes around.
    copied = copy and not facts.damaged and not facts.irregular and not _ends_early(facts)
    return [copy, full] if copy and copied else [full]


def _ends_early(facts: Facts) -> bool:
    """True where the picture or the sound ends well before the other."""
    return bool(_missing_s(facts, facts.picture_s) or _missing_s(facts, facts.sound_s))


def _missing_s(facts: Facts, end_s: float | None) -> float:
    """Seconds that a track lacks at its end, where a person would notice."""
    if facts.kind != "video" or end_s is None or facts.duration_s is None:
        return 0.0
    missing_s = facts.duration_s - end_s
    return missing_s if missing_s > COVERED_S else 0.0


def _copied_video(job: Conversion, facts: Facts) -> Conversion | None:
    pixels = (facts.stored_width or 0) * (facts.stored_height or 0)
    plays = (
        facts.video_codec in codecs.BROWSER_VIDEO
        and facts.pixel_format in codecs.BROWSER_PIXELS
        and pixels <= _COPIED_PIXELS
        and not facts.interlaced
        and not facts.hdr
    )
    if not plays:
        return None
    job = replace(job, video=Way.COPY, video_stream=facts.video_stream or 0)
    # VP8 has no place in MP4, nor H.264 in WebM; VP9 and AV1 go where their sound can go too.
    if facts.video_codec == "vp8" or (
        facts.video_codec != "h264" and facts.audio_codec in {None, "opus", "vorbis"}
    ):
        way = Way.COPY if facts.audio_codec in {"opus", "vorbis"} else Way.OPUS
        return _with_audio(replace(job, target=Target.WEBM), facts, way)
    return _with_audio(job, facts, Way.COPY if facts.audio_codec in {"aac", "mp3"} else Way.AAC)


def _copied_audio_target(facts: Facts, size: int) -> Target | None:
    if facts.audio_codec in _WAV_CODECS and facts.container == "wav":
        modest = (facts.channels or 0) <= 2 and (facts.sample_rate or 0) <= 48_000
        return Target.WAV if modest and size <= _COPIED_WAV_BYTES else None
    return _COPIED_AUDIO.get(facts.audio_codec or "")


def _encoded_video(job: Conversion, facts: Facts) -> Conversion:
    if facts.kind == "audio":
        return job
    width, height = facts.width or 2, facts.height or 2
    share = min(1.0, _LONG_SIDE / max(width, height), _SHORT_SIDE / min(width, height))
    return replace(
        job,
        video=Way.H264,
        video_stream=facts.video_stream or 0,
        # H.264 in 4:2:0 has even sides; rounding down never enlarges.
        width=max(2, int(width * share) // 2 * 2),
        height=max(2, int(height * share) // 2 * 2),
        deinterlace=facts.interlaced,
        transfer=_TRANSFERS.get(facts.hdr or ""),
        colour=None if facts.hdr else colour.of(facts),
        fitted=Irregular.FORM in facts.irregular,
        held_s=_missing_s(facts, facts.picture_s),
        fps=_rate(facts),
        limit_s=(facts.duration_s or job.limit_s) if _misleading(facts) else job.limit_s,
    )


def _rate(facts: Facts) -> int | None:
    """The constant rate of the rendition, where the source's own is too fast or says nothing."""
    if _misleading(facts):
        return _SLIDES_FPS
    return _MOST_FPS if facts.fps and facts.fps > _MOST_FPS + 1 else None


def _misleading(facts: Facts) -> bool:
    return Irregular.DURATIONS in facts.irregular


def _with_audio(job: Conversion, facts: Facts, way: Way) -> Conversion:
    if facts.audio_stream is None:
        return job
    # At a change of its form a filter ends, and would fill up what is yet to come.
    changes = Irregular.FORM in facts.irregular
    rate = 48_000 if way is Way.OPUS or facts.sample_rate not in _AAC_RATES else None
    return replace(
        job,
        audio=way,
        audio_stream=facts.audio_stream,
        channels=1 if facts.channels == 1 else 2,
        sample_rate=rate,
        filled_s=facts.duration_s if _missing_s(facts, facts.sound_s) and not changes else None,
    )


def _converted(
    source: Path,
    facts: Facts,
    job: Conversion,
    scratch: Path,
    on_progress: Progress,
    cancelled: Cancelled,
) -> Playable | None:
    """The result of one conversion, or None where it came out wrong and another may do better."""
    entry = scratch / INPUT
    entry.unlink(missing_ok=True)
    entry.symlink_to(source.resolve())
    answer = sandbox.run(
        "ffmpeg",
        {"argv": arguments(job), "duration_s": facts.duration_s},
        read=[source],
        scratch=scratch,
        limits=Step.PLAYABLE.limits("ffmpeg", facts.duration_s or 0.0, source.stat().st_size),
        on_progress=on_progress,
        cancelled=cancelled,
    )
    entry.unlink()
    path = scratch / OUTPUT
    if answer["exit"] or not path.is_file() or path.is_symlink():
        return None
    try:
        # What was encoded here decodes; what was copied is as good as its source.
        made = probe(path, path.name, scratch, ends=Way.COPY in {job.video, job.audio})
    except Refused:
        return None
    if not _whole(facts, made):
        return None
    return Playable(path, _MIMES[facts.kind, job.target], made.to_json())


def _whole(facts: Facts, made: Facts) -> bool:
    if made.kind != facts.kind or (facts.audio_codec and not made.audio_codec):
        return False
    if facts.duration_s is None or made.duration_s is None:
        return True
    return abs(facts.duration_s - made.duration_s) <= max(1.0, 0.03 * facts.duration_s)


def _image(
    source: Path, facts: Facts, scratch: Path, on_progress: Progress, cancelled: Cancelled
) -> Playable:
    purposes = ["animation", "display"] if facts.animated else ["display"]
    for purpose in purposes:
        given = {
            "source": str(source.resolve()),
            "demuxer": facts.container,
            "scratch": str(scratch.resolve()),
            "purpose": purpose,
        }
        try:
            sandbox.run(
                "rendition",
                given,
                read=[source],
                scratch=scratch,
                limits=Step.PLAYABLE.limits("rendition"),
                on_progress=on_progress,
                cancelled=cancelled,
            )
        except Refused:
            # An animation that costs too much still makes a still picture.
            if purpose == "display":
                raise
        else:
            break
    path = sandbox.output(scratch, 0)
    return Playable(path, "image/webp", probe(path, "out.webp", scratch).to_json())
