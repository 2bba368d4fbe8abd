"""What was derived of an asset for looking at it, as its page's parts ask for it."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from flask import url_for
from flask_babel import format_decimal, gettext
from sqlalchemy.orm import Session

from lectern.library import poster_requests
from lectern.models import Asset, Rendition, Task, TaskState, Version
from lectern.renditions import image_sizes, page_texts, renditions, storyboards

# Courses are comfortable to hear between these; players and platforms aim at the middle.
QUIET_LUFS, LOUD_LUFS = -24, -16


class Pictures:
    """The current version's storyboard, waveform and sizes, and the posters that are on the way.

    `made` are the renditions of the version's blob by spec.
    """

    def __init__(
        self,
        session: Session,
        asset: Asset,
        version: Version | None,
        made: Mapping[str, Rendition],
    ) -> None:
        self._session = session
        self._made = made
        self._asset = asset
        self._version = version

    @cached_property
    def storyboard_url(self) -> str:
        """Where a player finds its thumbnails; empty while there are none."""
        return self._url("derived.storyboard") if storyboards.spec(0) in self._made else ""

    @cached_property
    def waveform(self) -> Rendition | None:
        """The drawn sound, with its loudness."""
        return self._made.get(renditions.WAVEFORM)

    @property
    def waveform_url(self) -> str:
        """Where the peaks are; empty while there are none."""
        return self._url("derived.waveform") if self.waveform else ""

    def srcset(self, format_: str) -> str:
        """The image's widths in one format, as `srcset` wants them; empty for none."""
        return ", ".join(
            f"{self._url('derived.image', width=size.width, part=format_)} {size.width}w"
            for size in image_sizes.among(self._made.values())
            if size.format == format_
        )

    @property
    def under_way(self) -> Sequence[Task]:
        """Posters by hand that are being made."""
        return [task for task in self._requests if task.state != TaskState.FAILED]

    @property
    def failures(self) -> Sequence[Task]:
        """Posters by hand that could not be made."""
        return [task for task in self._requests if task.state == TaskState.FAILED]

    @cached_property
    def _requests(self) -> Sequence[Task]:
        return poster_requests.shown(self._session, self._asset)

    @property
    def loudness(self) -> str:
        """How loud it is, in words; empty while nothing is measured."""
        if self.waveform is None:
            return ""
        facts = self.waveform.facts
        if facts.get("lufs") is None:
            return str(gettext("No audible sound"))
        return str(
            gettext(
                "%(lufs)s LUFS · peak %(peak)s dBTP · range %(range)s LU",
                lufs=_signed(facts["lufs"]),
                peak=_signed(facts["true_peak_db"]),
                range=format_decimal(facts["range_lu"]),
            )
        )

    @property
    def loudness_hint(self) -> str:
        """What is odd about the loudness, in a sentence; empty when nothing is."""
        lufs = self.waveform.facts.get("lufs") if self.waveform else None
        if lufs is None or QUIET_LUFS <= lufs <= LOUD_LUFS:
            return ""
        if lufs < QUIET_LUFS:
            return str(
                gettext(
                    "The audio is quiet, so learners will have to turn up the volume. "
                    "Speech is comfortable between −24 and −16 LUFS."
                )
            )
        return str(
            gettext(
                "The audio is louder than other recordings. Speech is comfortable "
                "between −24 and −16 LUFS."
            )
        )

    @property
    def pages(self) -> int:
        """How many pages a PDF has; 0 where nobody knows."""
        found = self._made.get(page_texts.SPEC)
        return int(found.facts.get("pages", 0)) if found else 0

    def _url(self, endpoint: str, **more: Any) -> str:
        number = self._version.number if self._version else 0
        return url_for(endpoint, asset_id=self._asset.id, number=number, **more)


def _signed(value: float) -> str:
    """A level with a real minus sign."""
    return str(format_decimal(round(value, 1))).replace("-", "−")
