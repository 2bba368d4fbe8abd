"""Task `container`: the facts of a video or audio file, each measured, none believed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import dropwhile
from pathlib import Path
from typing import Any, overload

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard, Stream
from av.video.frame import VideoFrame
from av.video.reformatter import ColorTrc
from av.video.stream import VideoStream

from lectern.errors import Message
from lectern.media import codecs, colour
from lectern.media.facts import ChapterFacts, Facts, Irregular, StreamFacts, clock
from lectern.media.inside.shared import (
    atoms,
    decodability,
    irregular,
    listening,
    spans,
    tracks,
)
from lectern.media.inside.shared.tracks import Track, Tracks, plain
from lectern.media.sandbox.limits import MAX_DURATION_S, MAX_FPS
from lectern.media.sandbox.refusal import Refused

_MOST_CHAPTERS = 500
# Demuxers that have to guess where in the file a time is, and miss its key frames.
_UNINDEXED = frozenset({"mpegts", "mpeg", "mpegvideo", "ogg"})

_DAMAGED = Message("The file is damaged: parts of it cannot be decoded properly.")

_TRANSFERS = {int(ColorTrc.SMPTE2084): "pq", int(ColorTrc.ARIB_STD_B67): "hlg"}
_VIDEO_MIMES = {"audio/ogg": "video/ogg", "audio/mp4": "video/mp4"}
_AUDIO_MIMES = {
    "video/mp4": "audio/mp4",
    "video/quicktime": "audio/mp4",
    "video/webm": "audio/webm",
    "video/x-matroska": "audio/x-matroska",
    "video/3gpp": "audio/3gpp",
    "video/x-ms-asf": "audio/x-ms-wma",
    "video/mpeg": "audio/mpeg",
    "video/x-flv": "audio/x-flv",
    "video/mp2t": "audio/mp2t",
    "video/x-msvideo": "audio/x-msvideo",
}


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: source, demuxer, mime, and ends: whether both ends are to be decoded.

    Returns `Facts` as JSON.

    Raises:
        Refused: locked, empty, damaged beyond the first frame, or over a stated limit.
    """
    source, demuxer = Path(arguments["source"]), str(arguments["demuxer"])
    shape = atoms.examine(source) if demuxer == "mov" else None
    if shape and shape.encrypted:
        raise Refused("The file is protected by DRM. Upload a file without copy protection.")
    with open_container(source, demuxer, shape) as container:
        facts = _facts(container, source, demuxer, str(arguments["mime"]), shape)
    if arguments.get("ends"):
        try:
            decodability.check(source, demuxer)
        except decodability.Undecodable as error:
            raise Refused("The file is damaged: %(error)s", error=error) from error
    if shape and shape.cut_short and not any("incomplete" in each for each in facts.warnings):
        warning = "The file may be incomplete: its data ends before the file says it does."
        facts = replace(facts, warnings=(*facts.warnings, warning))
    return facts.to_json()


def open_container(source: Path, demuxer: str, shape: atoms.Atoms | None = None) -> InputContainer:
    """The file, open with the sniffed demuxer and no other.

    Raises:
        Refused: the demuxer cannot make sense of it.
    """
    try:
        return av.open(
            str(source),
            "r",
            format=demuxer,
            options=codecs.read_options(demuxer),
            metadata_errors="replace",
        )
    except MemoryError:
        raise
    except (av.FFmpegError, ValueError) as error:
        if shape and not shape.has_moov:
            raise Refused(
                "The file is incomplete: its index (the moov part) is missing, which can "
                "happen when a recording is interrupted. Record or export it again."
            ) from error
        raise Refused("The file is damaged: its structure cannot be read.") from error


def alone(container: InputContainer, index: int) -> Stream:
    """One track of the file; the others are not even read from now on."""
    for other in container.streams:
        if other.index != index:
            other.discard = Discard.all
    return container.streams[index]


@overload
def decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]: ...
@overload
def decoded(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]: ...
def decoded(container: InputContainer, stream: VideoStream | AudioStream) -> Iterator[Any]:
    """Every frame of one track from here on; what is damaged is left out."""
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except MemoryError:
                raise
            except av.FFmpegError:
                continue
    except av.FFmpegError:
        return


def _facts(
    container: InputContainer,
    source: Path,
    demuxer: str,
    mime: str,
    shape: atoms.Atoms | None,
) -> Facts:
    streams = list(container.streams)
    found = tracks.gather(streams, demuxer)
    times = irregular.Clock(demuxer)
    whole = spans.read(container, found, source.stat().st_size, times)
    _listen(container, found)
    video, audio = _main(found)
    duration_s, warnings = spans.duration(container, found, video, audio, whole)
    _within_duration(duration_s)
    warnings += _unheard(found, audio)
    main = [track for track in (video, audio) if track]
    damaged = any(track.damaged for track in main)
    odd = _irregular(main, times, shape)
    facts = Facts(
        kind="video" if video else "audio",
        mime=_VIDEO_MIMES.get(mime, mime) if video else _AUDIO_MIMES.get(mime, mime),
        container=demuxer,
        duration_s=duration_s,
        title=plain(container.metadata.get("title")),
        artist=plain(container.metadata.get("artist")),
        streams=_described(streams, found),
        chapters=_chapters(container),
        damaged=damaged,
        irregular=odd,
        seekable=not odd and demuxer not in _UNINDEXED,
        picture_s=spans.lasting(container, video),
        sound_s=spans.lasting(container, audio),
        warnings=(*warnings, _DAMAGED) if damaged else warnings,
    )
    if audio:
        facts = _with_audio(facts, audio)
    return _with_video(facts, video, whole) if video else facts


def _within_duration(duration_s: float | None) -> None:
    if duration_s and duration_s > MAX_DURATION_S:
        raise Refused(
            "The recording lasts %(clock)s; at most %(value)s hours are accepted.",
            clock=clock(duration_s),
            value=MAX_DURATION_S // 3600,
        )


def _irregular(
    main: list[Track], times: irregular.Clock, shape: atoms.Atoms | None
) -> tuple[str, ...]:
    found = set[Irregular]().union(*(track.watch.irregular for track in main))
    if times.jumps:
        found.add(Irregular.CLOCK)
    if shape and shape.described > 1:
        found.add(Irregular.DESCRIPTIONS)
    if any(track.misleading for track in main):
        found.add(Irregular.DURATIONS)
    # Of a large file not every packet was looked at, but its index tells.
    if shape and any(_edited(track) for track in main):
        found.add(Irregular.EDITS)
    return tuple(sorted(found))


def _edited(track: Track) -> bool:
    entries = iter(track.stream.index_entries)
    if track.stream.type == "audio":
        # What encoders put in front.
        entries = dropwhile(lambda entry: entry.is_discard, entries)
    return any(entry.is_discard for entry in entries)


def _listen(container: InputContainer, found: Tracks) -> None:
    """Find out which tracks are heard, where there is more than one track or channel."""
    decoded_ones = {track.index: track for track in found.audio if track.frames}
    streams = [
        each.stream for each in decoded_ones.values() if isinstance(each.stream, AudioStream)
    ]
    if len(streams) > 1 or any(stream.channels == 2 for stream in streams):
        start_s, duration_s = (container.start_time or 0) / 1e6, (container.duration or 0) / 1e6
        for index, heard in listening.listen(container, streams, start_s, duration_s).items():
            decoded_ones[index].heard = heard


def _described(streams: list[Stream], found: Tracks) -> tuple[StreamFacts, ...]:
    candidates = found.candidates()
    return tuple(
        tracks.describe(each, candidates[each.index].heard if each.index in candidates else None)
        for each in streams
    )


def _unheard(found: Tracks, audio: Track | None) -> tuple[str, ...]:
    """A warning where there is sound and none of it can be decoded."""
    if audio or not found.audio:
        return ()
    track = found.audio[0]
    context = track.stream.codec_context
    name = context.codec.canonical_name if context else getattr(track.stream, "name", None)
    return (
        f"The sound is in {codecs.spoken(name or 'none')}, which Lectern cannot decode: only the "
        "picture plays. Export it with AAC sound.",
    )


def _main(found: Tracks) -> tuple[Track | None, Track | None]:
    video, audio = tracks.best(found.video), tracks.best(found.audio)
    if video:
        return video, audio
    filled = [track for track in found.video if track.packets]
    if filled or not audio:
        raise Refused(_why_nothing(filled or [t for t in found.audio if t.packets], found))
    return None, audio


def _why_nothing(filled: list[Track], found: Tracks) -> str:
    what = "picture" if filled and filled[0].stream.type == "video" else "sound"
    shut = next((track for track in filled if not track.allowed), None)
    if shut:
        context = shut.stream.codec_context
        name = codecs.spoken(context.codec.canonical_name if context else "none")
        return f"The codec is not supported: the {what} is in {name}. Export it as MP4 (H.264)."
    if filled:
        return f"The file is damaged: none of its {what} can be decoded."
    if found.video or found.audio:
        return "The file has tracks but nothing in them: no picture and no sound."
    return "The file has no video or audio in it."


def _chapters(container: InputContainer) -> tuple[ChapterFacts, ...]:
    chapters = []
    for number, chapter in enumerate(container.chapters()[:_MOST_CHAPTERS], start=1):
        base = chapter["time_base"] or Fraction(1)
        title = plain(chapter["metadata"].get("title")) or f"Chapter {number}"
        start_s, end_s = float(chapter["start"] * base), float(chapter["end"] * base)
        chapters.append(ChapterFacts(round(start_s, 3), round(end_s, 3), title))
    return tuple(chapters)


def _with_audio(facts: Facts, track: Track) -> Facts:
    context: Any = track.stream.codec_context
    return replace(
        facts,
        audio_codec=context.codec.canonical_name,
        audio_stream=track.index,
        channels=context.layout.nb_channels,
        sample_rate=context.sample_rate,
    )


def _with_video(facts: Facts, track: Track, whole: bool) -> Facts:
    frame = track.first
    stored = width, height = frame.width, frame.height
    stream: Any = track.stream
    aspect = stream.sample_aspect_ratio
    if aspect and Fraction(1, 4) <= aspect <= 4:
        width = round(width * aspect)
    rotation = -round(frame.rotation / 90) * 90 % 360
    if rotation in {90, 270}:
        width, height = height, width
    mirrored = irregular.mirrored(frame)
    return replace(
        facts,
        width=width,
        height=height,
        stored_width=stored[0],
        stored_height=stored[1],
        rotation=rotation,
        irregular=tuple(sorted({*facts.irregular, *([Irregular.MIRRORED] if mirrored else [])})),
        seekable=facts.seekable and not mirrored,
        fps=_fps(track, whole),
        video_codec=stream.codec_context.codec.canonical_name,
        video_stream=track.index,
        pixel_format=frame.format.name,
        interlaced=bool(frame.interlaced_frame),
        hdr=_TRANSFERS.get(int(frame.color_trc)),
        matrix="gbr" if frame.format.is_rgb else colour.MATRICES.get(int(frame.colorspace)),
        primaries=colour.PRIMARIES.get(int(frame.color_primaries)),
        transfer=colour.TRANSFERS.get(int(frame.color_trc)),
    )


def _fps(track: Track, whole: bool) -> float | None:
    rate = None
    if whole and track.packets > 1 and track.start_s is not None and track.end_s is not None:
        span_s = track.end_s - track.start_s
        rate = track.packets / span_s if span_s > 0 else None
    elif track.packets > 1:
        rate = float(track.stream.average_rate or track.stream.guessed_rate or 0)
    return round(rate, 3) if rate and rate <= MAX_FPS else None
