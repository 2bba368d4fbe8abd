"""The plan of a version's streams: what all workers that make them go by, and what a row keeps."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from lectern.media.colour import Colour
from lectern.media.convert import Transfer


class Coding(StrEnum):
    """How a rung is encoded, by ffmpeg's name for the encoder."""

    H264 = "libx264"
    AV1 = "libsvtav1"


@dataclass(frozen=True)
class Rung:
    """One size of the picture: even pixels, at most `kbps` kbit/s."""

    name: str
    width: int
    height: int
    kbps: int
    coding: Coding = Coding.H264


@dataclass(frozen=True)
class AudioTrack:
    """One track of sound. `copied`: its coded data is kept as it is.

    It is filled with silence up to `filled_s`.
    """

    stream: int
    channels: int
    language: str | None = None
    title: str | None = None
    copied: bool = False
    sample_rate: int | None = None
    filled_s: float | None = None


@dataclass(frozen=True)
class Plan:
    """All that encoding a version's streams depends on.

    Rungs are ordered from the largest; an audio file has none. Frames follow each other at
    `rate`, numbered from 0. A media segment of the playlists begins at each of `cuts`; a segment
    of the encode, which one worker does at once, at each of `segments`. `source_kbps` is set where
    the coded picture of the source is kept as the top rung, beginning `lead_s` after the start of
    the file.
    """

    demuxer: str
    duration_s: float
    tracks: tuple[AudioTrack, ...]
    rungs: tuple[Rung, ...] = ()
    video_stream: int = 0
    rate: Fraction = Fraction(25)
    frames: int = 0
    cuts: tuple[int, ...] = (0,)
    segments: tuple[int, ...] = (0,)
    slides: bool = False
    deinterlace: bool = False
    transfer: Transfer | None = None
    colour: Colour | None = None
    source_kbps: int | None = None
    lead_s: float = 0.0

    def segment(self, number: int) -> tuple[int, int]:
        """The first frame of segment `number` (from 0), and the first that is not in it."""
        ends = (*self.segments[1:], self.frames)
        return self.segments[number], ends[number]

    def seconds(self, frame: int) -> float:
        """When that frame is shown."""
        return float(frame / self.rate)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "rate": [self.rate.numerator, self.rate.denominator]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Plan":
        """The inverse of `to_json`.

        Raises:
            KeyError, TypeError, ValueError: it was not written by this `to_json`.
        """
        known: dict[str, Any] = dict(values)
        known["rate"] = Fraction(*known["rate"])
        known["tracks"] = tuple(AudioTrack(**each) for each in known["tracks"])
        known["rungs"] = tuple(
            Rung(**{**each, "coding": Coding(each["coding"])}) for each in known["rungs"]
        )
        known["transfer"] = Transfer(known["transfer"]) if known["transfer"] else None
        known["colour"] = Colour(**known["colour"]) if known.get("colour") else None
        # Under its former name in plans that an earlier release wrote.
        begins = known.pop("stretches") if "stretches" in known else known["segments"]
        known["cuts"], known["segments"] = tuple(known["cuts"]), tuple(begins)
        return cls(**known)
