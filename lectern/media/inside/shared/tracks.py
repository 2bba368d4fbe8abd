"""The tracks of a container while its packets go by: spans, counts, proof that they decode."""

import time
from dataclasses import dataclass, field
from typing import Any

import av
from av.audio.stream import AudioStream
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lectern.media import codecs
from lectern.media.facts import StreamFacts
from lectern.media.inside.shared.irregular import Packet, Watch
from lectern.media.inside.shared.listening import Heard
from lectern.media.sandbox.limits import (
    MAX_FRAME_PIXELS,
    MAX_FRAME_SIDE,
    MAX_SAMPLE_RATE,
    MAX_TRACKS,
)
from lectern.media.sandbox.refusal import Refused

# Proof of decoding: this much, or this long in CPU seconds, whichever ends first.
_FRAMES_TO_PROVE = {"video": 120, "audio": 60}
_PROVING_S = 4.0
_TEXT_LENGTH = 200
_MISLEADING_S = 0.5


def plain(text: str | None) -> str | None:
    """A tag as a label: one line, no control or direction-changing characters, bounded."""
    if not text:
        return None
    kept = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(kept.split())[:_TEXT_LENGTH] or None


@dataclass
class Track:
    """A video or audio stream under examination; times are seconds of presentation."""

    stream: Stream
    decoder: str | None
    allowed: bool
    demuxer: str
    watch: Watch
    packets: int = 0
    start_s: float | None = None
    last_s: float | None = None
    last_duration_s: float = 0.0
    tail_s: float = 0.0
    reordered: bool = False
    frames: int = 0
    errors: int = 0
    proving_s: float = 0.0
    heard: Heard | None = None
    first: Any = None

    @property
    def index(self) -> int:
        return self.stream.index

    @property
    def proven(self) -> bool:
        """True when no more needs to be decoded to know that this track can be."""
        return (
            not self.allowed
            or self.frames + self.errors >= _FRAMES_TO_PROVE[self.stream.type]
            or (self.frames > 0 and self.proving_s > _PROVING_S)
        )

    @property
    def damaged(self) -> bool:
        """True when more fails to decode than the odd frame at a cut."""
        return self.errors > max(2, self.frames // 50)

    @property
    def end_s(self) -> float | None:
        """When the last frame ends.

        In MP4 a packet lasts until the next one is decoded, not until the next one is shown: of
        reordered frames only the last packet says how long the last frame stays.
        """
        if self.last_s is None:
            return None
        return self.last_s + (self.tail_s if self._in_stored_order else self.last_duration_s)

    @property
    def misleading(self) -> bool:
        """True where players may wait at the end for what the durations promise."""
        return self._in_stored_order and abs(self.last_duration_s - self.tail_s) > _MISLEADING_S

    @property
    def _in_stored_order(self) -> bool:
        return self.demuxer == "mov" and self.reordered

    def take(self, packet: Packet, shift_s: float = 0.0) -> None:
        """Count one packet; decode it while proof is still wanted. The last, empty one flushes.

        `shift_s` is what its own times are behind those of presentation.
        """
        if packet.size:
            self.watch.take(packet)
            if not packet.is_discard:
                self.packets += 1
                if packet.pts is not None:
                    base = float(packet.time_base)
                    self._span(packet.pts * base + shift_s, (packet.duration or 0) * base)
        if not self.proven:
            self._decode(packet)

    def _span(self, start_s: float, duration_s: float) -> None:
        self.start_s = start_s if self.start_s is None else min(self.start_s, start_s)
        self.tail_s = duration_s
        if self.last_s is None or start_s >= self.last_s:
            self.last_s, self.last_duration_s = start_s, duration_s
        else:
            self.reordered = True

    def _decode(self, packet: Any) -> None:
        began = time.process_time()
        try:
            for frame in packet.decode():
                self.frames += 1
                self.errors += bool(frame.is_corrupt)
                self.first = self.first or frame
                if isinstance(frame, VideoFrame):
                    within_frame_limits(frame.width, frame.height)
        except av.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            self.errors += 1
        self.proving_s += time.process_time() - began


@dataclass
class Tracks:
    """All streams of a container, the candidates for the main ones apart."""

    video: list[Track] = field(default_factory=list)
    audio: list[Track] = field(default_factory=list)

    def candidates(self) -> dict[int, Track]:
        return {track.index: track for track in (*self.video, *self.audio)}


def gather(streams: list[Stream], demuxer: str) -> Tracks:
    """The streams worth reading; covers, subtitles, data and attachments are left alone."""
    if len(streams) > MAX_TRACKS:
        raise Refused(
            "The file has %(count)s tracks; at most %(max_tracks)s are accepted.",
            count=len(streams),
            max_tracks=MAX_TRACKS,
        )
    tracks = Tracks()
    for stream in streams:
        if stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails):
            continue
        # A stream without any decoder has no context: touching its sizes would crash libav.
        context: Any = stream.codec_context
        decoder = context.codec.name if context else None
        name = context.codec.canonical_name if context else ""
        allowed = decoder in codecs.DEMUXERS[demuxer]
        track = Track(stream, decoder, allowed, demuxer, Watch(name))
        if isinstance(stream, VideoStream):
            if context:
                within_frame_limits(context.width, context.height)
            tracks.video.append(track)
        elif isinstance(stream, AudioStream):
            if context and stream.sample_rate > MAX_SAMPLE_RATE:
                raise Refused(
                    "The sound claims %(sample_rate)s samples a second; at most"
                    " %(max_sample_rate)s are accepted.",
                    sample_rate=f"{stream.sample_rate:,}",
                    max_sample_rate=f"{MAX_SAMPLE_RATE:,}",
                )
            tracks.audio.append(track)
        if context and track.allowed:
            context.thread_count = 1
    return tracks


def within_frame_limits(width: int, height: int) -> None:
    """Refuse a frame that would take hundreds of megabytes each."""
    if width * height > MAX_FRAME_PIXELS or max(width, height) > MAX_FRAME_SIDE:
        raise Refused(
            "The picture is %(width)s × %(height)s pixels; a video may have at "
            "most %(value)s megapixels and %(max_frame_side)s pixels a side.",
            width=f"{width:,}",
            height=f"{height:,}",
            value=MAX_FRAME_PIXELS // 1000000,
            max_frame_side=f"{MAX_FRAME_SIDE:,}",
        )


def best(tracks: list[Track]) -> Track | None:
    """The main one: of what decodes and is heard the default, the largest, the first."""
    return min((track for track in tracks if track.frames), key=_rank, default=None)


def _rank(track: Track) -> tuple[bool, bool, int, int]:
    context: Any = track.stream.codec_context
    size = context.width * context.height if isinstance(track.stream, VideoStream) else 0
    silent = track.heard is not None and track.heard.silent
    return silent, not track.stream.disposition & Disposition.default, -size, track.index


def describe(stream: Stream, heard: Heard | None = None) -> StreamFacts:
    """One stream as a line of the facts."""
    context: Any = stream.codec_context
    name = context.codec.canonical_name if context else getattr(stream, "name", None)
    sized = isinstance(stream, VideoStream) and context is not None
    sounds = isinstance(stream, AudioStream) and context is not None
    return StreamFacts(
        index=stream.index,
        kind=stream.type,
        codec=name if stream.type != "attachment" else None,
        language=plain(stream.metadata.get("language")),
        title=plain(stream.metadata.get("title")),
        default=bool(stream.disposition & Disposition.default),
        cover=bool(stream.disposition & Disposition.attached_pic),
        form=_form(name) if stream.type == "subtitle" else None,
        width=context.width if sized else None,
        height=context.height if sized else None,
        channels=context.layout.nb_channels if sounds else None,
        sample_rate=context.sample_rate if sounds else None,
        silent=heard is not None and heard.silent,
        inverted=heard is not None and heard.inverted,
    )


_BITMAP_SUBTITLES = frozenset({"dvd_subtitle", "hdmv_pgs_subtitle", "dvb_subtitle", "xsub"})


def _form(codec: str | None) -> str:
    return "bitmap" if codec in _BITMAP_SUBTITLES else "text"
