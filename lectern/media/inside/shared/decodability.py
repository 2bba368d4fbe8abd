"""Whether what was copied or joined decodes where it might not: at its ends and its joins.

A length is right for coded data that nobody can decode, so a few groups of frames are decoded here,
strictly: what a lenient decoder would paint over is an error.
"""

import io
from collections.abc import Collection
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from lectern.media import codecs
from lectern.media.hls.index import Index

# Of a longer group of a plain file not more is decoded: the check stays cheap, its end unseen.
MOST_FRAMES = 300
# So many packets of sound at each end, and so many frames after a join.
_SOUND_PACKETS = 50
_AFTER = 5
_SOUND_S = 1.0
# Decoders of sound leave out what encoders put in front.
_PRIMING = 3
_STRICT = {"err_detect": "explode"}
# A packet of sound leans on those before it, and players leave out some that they cannot read.
_LOST_SOUND = 0.1
_WORDS = {"video": "picture", "audio": "sound"}


class Undecodable(ValueError):
    """The message says what, and where."""


def check(path: Path, demuxer: str) -> None:
    """Decode the first and the last group of frames of each track.

    Cover pictures and subtitles are not looked at.

    Raises:
        Undecodable: nothing decodes there, or something is damaged.
    """
    options = codecs.read_options(demuxer)
    with av.open(str(path), format=demuxer, options=options) as file:
        tracks = [stream.index for stream in file.streams if _heard_or_seen(stream)]
    for number in tracks:
        for last in (False, True):
            # A decoder that has seen what came before would not need a key frame.
            with av.open(str(path), format=demuxer, options=options) as file:
                where = "its end" if last else "its start"
                _demand(file, file.streams[number], where, _seek if last else None)


def check_fragments(file: BinaryIO, index: Index, joins: Collection[int]) -> None:
    """The same of a fragmented file of one track, and across each join.

    `joins` are the times, on the track's clock, of fragments that came from another file than the
    one before: that one is decoded, and a few frames of what follows.

    Raises:
        Undecodable: a frame is damaged or missing.
    """
    fragments = index.fragments
    _piece(file, index, range(1), fragments[0].samples, "its start")
    count = len(fragments)
    # The last fragment of sound may be a single packet, which says nothing by itself.
    last = range(max(0, count - (2 if index.codec.startswith("mp4a") else 1)), count)
    if count > 1:
        _piece(file, index, last, sum(fragments[place].samples for place in last), "its end")
    for place, fragment in enumerate(fragments):
        if fragment.time in joins:
            before = fragments[place - 1].samples
            after = min(_AFTER, fragment.samples)
            second = fragment.time / index.timescale
            _piece(file, index, range(place - 1, place + 1), before + after, f"{second:.1f} s")


def _heard_or_seen(stream: Any) -> bool:
    cover = stream.disposition & stream.disposition.attached_pic
    return isinstance(stream, VideoStream | AudioStream) and not cover


def _piece(file: BinaryIO, index: Index, places: range, frames: int, where: str) -> None:
    """Decode some fragments by themselves, as a player does that begins there."""
    first, last = index.fragments[places[0]], index.fragments[places[-1]]
    file.seek(0)
    data = file.read(index.header_bytes)
    file.seek(first.offset)
    data += file.read(last.offset + last.size - first.offset)
    with av.open(io.BytesIO(data), "r", format="mov", options=codecs.read_options("mov")) as piece:
        stream = piece.streams[0]
        shown = _demand(piece, stream, where, None, frames)
        if shown < frames - (0 if stream.type == "video" else _PRIMING):
            raise _undecodable(stream, where)


def _demand(
    file: InputContainer, stream: Any, where: str, begin: Any, frames: int | None = None
) -> int:
    """How many frames decode, of `frames` or to the end of the group; at least one does."""
    if stream.type == "video":
        stream.codec_context.options = _STRICT
    stream.thread_type = "NONE"
    shown = lost = 0
    try:
        if begin is not None:
            begin(file, stream)
        for number, packet in enumerate(file.demux(stream)):
            if frames is None and begin is None and _next_group(stream, packet, number):
                break
            good, bad = _decode(packet)
            shown, lost = shown + good, lost + bad
            if shown >= (frames or MOST_FRAMES):
                break
    except av.FFmpegError as error:
        raise _undecodable(stream, where) from error
    if not shown or lost > (_LOST_SOUND * shown if stream.type == "audio" else 0):
        raise _undecodable(stream, where)
    return shown


def _decode(packet: Any) -> tuple[int, int]:
    """How many frames came of it whole, and whether it was damaged."""
    try:
        found = packet.decode()
    except av.error.InvalidDataError:
        return 0, 1
    whole = sum(not frame.is_corrupt for frame in found)
    return whole, len(found) - whole


def _next_group(stream: Any, packet: Any, number: int) -> bool:
    """True where the second group of frames begins; each packet of sound would be one."""
    if stream.type == "audio":
        return number >= _SOUND_PACKETS
    return bool(number and packet.size and packet.is_keyframe)


def _seek(file: InputContainer, stream: Any) -> None:
    """To the last key frame, or shortly before the end of the sound."""
    base, start = stream.time_base or 1, stream.start_time or 0
    if stream.duration:
        end = start + stream.duration
    else:
        end = round(((file.start_time or 0) + (file.duration or 0)) / 1_000_000 / base)
    back = round(_SOUND_S / base) if stream.type == "audio" else 0
    file.seek(max(start, end - back), stream=stream, backward=True)


def _undecodable(stream: Any, where: str) -> Undecodable:
    return Undecodable(f"The {_WORDS[stream.type]} does not decode at {where}.")
