"""What sets a near duplicate apart, in words: seen from one file, about the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lectern.errors import Message
from lectern.models import Kind
from lectern.text import N_, duration_text

# As `lectern.media.facts` writes them; what is not known is missing or None.
Known = Mapping[str, Any]

# Shorter than that, beginnings and ends are not known.
_LEAST_S = 1.0
# Another coding of the same codec comes out larger or smaller by more than this.
_LEAST_BITRATE = 0.03
_CLOCK_FROM_S = 100.0
_CONTAINERS = {
    "mov": "MP4",
    "matroska": "Matroska",
    "mpegts": "MPEG-TS",
    "mpeg": "MPEG",
    "avi": "AVI",
    "asf": "Windows Media",
    "flv": "Flash",
    "ogg": "Ogg",
    "wav": "WAV",
    "mp3": "MP3",
    "aac": "AAC",
    "flac": "FLAC",
}
_CODECS = {"h264": "H.264", "hevc": "H.265", "mpeg4": "MPEG-4 part 2"}


@dataclass(frozen=True)
class Side:
    """One of two near files. `byte_size` is in bytes."""

    name: str
    byte_size: int
    facts: Known


def differences(ours: Side, theirs: Side, offset_s: float) -> list[Message]:
    """What is different about `theirs`, the most telling first; never empty.

    Its second 0 is to be seen at second `offset_s` of `ours`.
    """
    messages = [
        *_tracks(ours.facts, theirs.facts),
        *_times(ours.facts, theirs.facts, offset_s),
        *_picture(ours.facts, theirs.facts),
        *_container(ours.facts, theirs.facts),
        *_coding(ours, theirs),
    ]
    if ours.name.casefold() != theirs.name.casefold():
        messages.append(Message("another name"))
    return messages or [Message("other bytes, the same content")]


def _tracks(ours: Known, theirs: Known) -> list[Message]:
    if ours.get("kind") != theirs.get("kind"):
        return [
            Message("sound only") if theirs.get("kind") == Kind.AUDIO else Message("with pictures")
        ]
    if ours.get("kind") == Kind.VIDEO and bool(ours.get("audio_codec")) != bool(
        theirs.get("audio_codec")
    ):
        return [Message("with sound") if theirs.get("audio_codec") else Message("no sound")]
    return []


def _times(ours: Known, theirs: Known, offset_s: float) -> list[Message]:
    lasts_s, other_s = ours.get("duration_s"), theirs.get("duration_s")
    if not lasts_s or not other_s:
        return []
    cuts = [
        _cut(_TRIMMED_START, _LONGER_START, offset_s),
        _cut(_TRIMMED_END, _LONGER_END, lasts_s - other_s - offset_s),
    ]
    return [cut for cut in cuts if cut is not None]


_TRIMMED_START = N_("trimmed at the start by %(time)s")
_TRIMMED_END = N_("trimmed at the end by %(time)s")
_LONGER_START = N_("%(time)s longer at the start")
_LONGER_END = N_("%(time)s longer at the end")


def _cut(trimmed: str, longer: str, missing_s: float) -> Message | None:
    if abs(missing_s) < _LEAST_S:
        return None
    return Message(trimmed if missing_s > 0 else longer, time=_time(abs(missing_s)))


def _time(seconds: float) -> str:
    return f"{duration_text(seconds)} min" if seconds >= _CLOCK_FROM_S else f"{round(seconds)} s"


def _picture(ours: Known, theirs: Known) -> list[Message]:
    (width, height), (other_width, other_height) = (
        (facts.get("width") or 0, facts.get("height") or 0) for facts in (ours, theirs)
    )
    before, after = width * height, other_width * other_height
    if not before or not after or (width, height) == (other_width, other_height):
        return []
    template = _SMALLER if after < before else _LARGER if after > before else _TURNED
    size, usual = f"{other_width}×{other_height}", f"{width}×{height}"
    return [Message(template, size=size, usual=usual)]


_SMALLER = N_("smaller picture %(size)s instead of %(usual)s")
_LARGER = N_("larger picture %(size)s instead of %(usual)s")
_TURNED = N_("turned picture %(size)s instead of %(usual)s")


def _container(ours: Known, theirs: Known) -> list[Message]:
    # Of another kind it is another container anyway.
    if ours.get("kind") != theirs.get("kind"):
        return []
    usual, other = _container_name(ours), _container_name(theirs)
    if usual == other:
        return []
    return [Message("%(other)s instead of %(usual)s", other=other, usual=usual)]


def _container_name(facts: Known) -> str:
    container, mime = str(facts.get("container")), str(facts.get("mime"))
    if container == "matroska" and mime.endswith("/webm"):
        return "WebM"
    if mime == "video/quicktime":
        return "QuickTime"
    return _CONTAINERS.get(container, container)


def _coding(ours: Side, theirs: Side) -> list[Message]:
    before, after = ours.facts, theirs.facts
    if before.get("kind") != after.get("kind") or before.get("kind") == Kind.IMAGE:
        return []
    usual = before.get("video_codec") or before.get("audio_codec")
    other = after.get("video_codec") or after.get("audio_codec")
    if usual != other and usual and other:
        names = {"other": _codec(other), "usual": _codec(usual)}
        return [Message("re-encoded as %(other)s instead of %(usual)s", **names)]
    if abs(_bitrate(theirs) / (_bitrate(ours) or 1.0) - 1) > _LEAST_BITRATE:
        return [Message("re-encoded")]
    return []


def _codec(name: str) -> str:
    return _CODECS.get(name, name.upper())


def _bitrate(side: Side) -> float:
    return side.byte_size / (side.facts.get("duration_s") or 1.0)
