"""What the storage holds, in shares and words."""

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

from flask import url_for
from flask_babel import format_date, gettext, ngettext

from lectern.integrity.storage_totals import Month, Totals
from lectern.text import size_text
from web.pages.admin.storage_labels import month_of, rendition_words

# Courses below these are one click away.
SHOWN = 8
YEARS = 3


class Part(NamedTuple):
    """One bar: `share` is in percent of the widest, `of_all` of everything, `tone` its colour."""

    label: str
    bytes: int
    share: float
    of_all: float
    tone: str = "1"
    url: str = ""
    note: str = ""


class StoragePage:
    """The totals as the page shows them."""

    def __init__(self, totals: Totals) -> None:
        self.totals = totals

    @property
    def saved(self) -> int:
        """What equal bytes would cost a second time."""
        return max(0, self.totals.logical - self.totals.originals)

    @cached_property
    def whole(self) -> list[Part]:
        """What the stored bytes are, together all of them."""
        made = sum(self.totals.by_rendition.values())
        named = {
            gettext("Originals"): self.totals.originals,
            gettext("Generated files"): made,
            gettext("Unused data"): self.totals.unreferenced,
        }
        return [
            part._replace(tone=str(tone))
            for tone, part in enumerate(_parts(named.items()), 1)
            if part.bytes
        ]

    @cached_property
    def kinds(self) -> list[Part]:
        """Originals by kind, each with its way into the library."""
        words = {
            "video": gettext("Videos"),
            "audio": gettext("Audio"),
            "image": gettext("Images"),
            "document": gettext("Documents"),
        }
        found = _parts((words[kind], size) for kind, size in self.totals.by_kind.items())
        return [
            part._replace(url=url_for("library.index", kind=kind, sort="-size"))
            for kind, part in zip(self.totals.by_kind, found, strict=True)
        ]

    @cached_property
    def renditions(self) -> list[Part]:
        """What was made of the originals, the largest first."""
        words = rendition_words()
        named = ((words.get(noun, noun), size) for noun, size in self.totals.by_rendition.items())
        return sorted(_parts(named), key=lambda part: -part.bytes)

    @cached_property
    def courses(self) -> list[Part]:
        """The courses by what they use, the largest first."""
        found = self.totals.by_course
        parts = _parts((course.title, course.bytes) for course in found)
        return [
            part._replace(
                url=url_for("courses.show", course_id=course.id),
                note=_course_note(course.files, course.shared),
            )
            for course, part in zip(found, parts, strict=True)
        ]

    @property
    def most(self) -> list[Part]:
        """The courses shown at first."""
        return self.courses[:SHOWN]

    @property
    def others(self) -> list[Part]:
        """The remaining ones."""
        return self.courses[SHOWN:]

    @property
    def months(self) -> list[Month]:
        """The growth of the last years."""
        return self.totals.growth[-12 * YEARS :]

    @property
    def chart(self) -> str:
        """What the chart draws, as JSON for its element."""
        rows = [
            {
                "label": format_date(month_of(each.month), "MMM yyyy"),
                "bytes": each.bytes,
                "total": each.total,
                "came": size_text(each.bytes),
                "all": size_text(each.total),
            }
            for each in self.months
        ]
        return json.dumps(rows, ensure_ascii=False)


def _course_note(files: int, shared: int) -> str:
    said = ngettext("%(num)d file", "%(num)d files", files)
    if not shared:
        return str(said)
    return f"{said} · {gettext('%(size)s shared with other courses', size=size_text(shared))}"


def _parts(named: Iterable[tuple[str, int]] | Mapping[str, int]) -> list[Part]:
    pairs = list(named.items() if isinstance(named, Mapping) else named)
    total = sum(size for _, size in pairs) or 1
    widest = max((size for _, size in pairs), default=0) or 1
    return [
        Part(label, size, round(100 * size / widest, 2), round(100 * size / total, 2))
        for label, size in pairs
    ]
