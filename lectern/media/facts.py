"""What the probe found out about a file: measured where possible, never merely claimed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

# A track that ends so much earlier than the others does not cover them: players wait for it.
COVERED_S = 0.5


class Irregular(StrEnum):
    """What of a file a copy of its coded data would not show as a player does."""

    EDITS = "edits"
    """Parts are cut out."""
    DESCRIPTIONS = "descriptions"
    """There are several encodings in one track."""
    CLOCK = "clock"
    """Its times begin again or jump."""
    FORM = "form"
    """Size or sound change on the way."""
    DURATIONS = "durations"
    """Frames are said to last until the next one is decoded."""
    MIRRORED = "mirrored"
    """Its matrix turns the picture over."""


@dataclass(frozen=True)
class StreamFacts:
    """One track. `form` is `text` or `bitmap` for subtitles; `cover` marks an attached picture.

    `silent`: nothing is heard in it. `inverted`: its two channels cancel each other out when mixed.
    """

    index: int
    kind: str
    codec: str | None = None
    language: str | None = None
    title: str | None = None
    default: bool = False
    cover: bool = False
    form: str | None = None
    width: int | None = None
    height: int | None = None
    channels: int | None = None
    sample_rate: int | None = None
    silent: bool = False
    inverted: bool = False


@dataclass(frozen=True)
class ChapterFacts:
    """A chapter marker as the file has it; seconds from the start."""

    start_s: float
    end_s: float
    title: str


@dataclass(frozen=True)
class Facts:
    """A file as its content shows it. Sizes are pixels, times seconds.

    `kind` is `video`, `audio`, `image` or `document`. `container` is the demuxer (or picture
    format) that reads it, and the only one that ever should. `width` and `height` are as
    displayed, after `rotation` (degrees clockwise) and sample aspect. `fps` is the average over
    the timestamps, None where they do not tell. `hdr` is `pq`, `hlg` or None; `matrix`,
    `primaries` and `transfer` are its colours by ffmpeg's names, None where it does not say.
    `damaged` says that some of it does not decode. `irregular` are the names of `Irregular` things.
    `seekable`: its pictures can be looked up by their times in the file itself. `picture_s`
    and `sound_s` are when the main picture and the main sound end. `pages` counts the frames or
    pages of a picture and the cues of a caption file. `title` and `artist` are as the file has
    them, plain text from a stranger.
    """

    kind: str
    mime: str
    container: str
    duration_s: float | None = None
    width: int | None = None
    height: int | None = None
    stored_width: int | None = None
    stored_height: int | None = None
    rotation: int = 0
    fps: float | None = None
    video_codec: str | None = None
    video_stream: int | None = None
    pixel_format: str | None = None
    interlaced: bool = False
    hdr: str | None = None
    matrix: str | None = None
    primaries: str | None = None
    transfer: str | None = None
    audio_codec: str | None = None
    audio_stream: int | None = None
    channels: int | None = None
    sample_rate: int | None = None
    damaged: bool = False
    irregular: tuple[str, ...] = ()
    seekable: bool = True
    picture_s: float | None = None
    sound_s: float | None = None
    animated: bool = False
    pages: int | None = None
    title: str | None = None
    artist: str | None = None
    streams: tuple[StreamFacts, ...] = ()
    chapters: tuple[ChapterFacts, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def direct(self) -> bool:
        """Whether things can be made of the file itself; else of its playable rendition."""
        return not self.irregular

    @property
    def subtitles(self) -> tuple[StreamFacts, ...]:
        """The subtitle tracks inside, `text` ones usable as captions."""
        return tuple(stream for stream in self.streams if stream.kind == "subtitle")

    @property
    def cover(self) -> StreamFacts | None:
        """The first attached picture, as music files carry them."""
        return next((stream for stream in self.streams if stream.cover), None)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, as `version.facts` keeps them."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Facts":
        """The inverse of `to_json`; a key this release does not know is left out."""
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        known["streams"] = tuple(StreamFacts(**each) for each in known.get("streams", ()))
        known["chapters"] = tuple(ChapterFacts(**each) for each in known.get("chapters", ()))
        known["warnings"] = tuple(known.get("warnings", ()))
        known["irregular"] = tuple(known.get("irregular", ()))
        return cls(**known)


def clock(seconds: float) -> str:
    """Seconds as people write them: `0:08`, `8:42`, `1:02:03`."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
