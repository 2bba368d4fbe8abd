"""Storyboards: a version's tiles, their times and where on which sheet each lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from lectern.errors import NotFound
from lectern.models import Blob, Version
from lectern.renditions import renditions


@dataclass(frozen=True)
class Storyboard:
    """Tiles of `width` × `height` pixels, `columns` × `rows` on each sheet but the last.

    `times` has the second that each tile shows, in order.
    """

    width: int
    height: int
    columns: int
    rows: int
    times: tuple[float, ...]

    @property
    def sheets(self) -> int:
        """How many sheets there are."""
        return -(-len(self.times) // (self.columns * self.rows))

    def place(self, number: int) -> tuple[int, int, int]:
        """The sheet of tile `number`, and how many pixels from its left and top it begins."""
        sheet, rest = divmod(number, self.columns * self.rows)
        row, column = divmod(rest, self.columns)
        return sheet, column * self.width, row * self.height


def spec(sheet: int) -> str:
    """The spec of a sheet's rendition; sheets count from 0."""
    return f"storyboard/{sheet}.jpg"


def record(
    session: Session, version: Version, sheets: Sequence[Blob], facts: dict[str, Any]
) -> None:
    """Write down a version's sheets; the first one's `facts` say how all are divided."""
    for number, blob in enumerate(sheets):
        own = facts if number == 0 else {}
        renditions.record(session, version.workspace_id, version.blob_id, spec(number), blob, own)


def find(session: Session, version: Version) -> Storyboard | None:
    """The version's storyboard, or None while there is none."""
    first = renditions.find(session, version.workspace_id, version.blob_id, spec(0))
    if first is None:
        return None
    told = first.facts
    return Storyboard(
        width=told["width"],
        height=told["height"],
        columns=told["columns"],
        rows=told["rows"],
        times=tuple(told["times"]),
    )


def sheet(session: Session, version: Version, number: int) -> Blob:
    """The bytes of one sheet.

    Raises:
        NotFound: there is no such sheet.
    """
    found = renditions.find(session, version.workspace_id, version.blob_id, spec(number))
    if found is None:
        raise NotFound("Storyboard not found.")
    return found.blob


def vtt(board: Storyboard, duration_s: float | None, prefix: str) -> str:
    """WebVTT with a picture for each stretch of time, as players read thumbnails.

    `prefix` goes before `<sheet>.jpg`; relative, it inherits the signature of its address.
    """
    end = max(duration_s or 0.0, board.times[-1] + 1.0)
    # What is before the first picture is shown by it as well.
    starts = [0.0, *board.times[1:]]
    lines = ["WEBVTT", ""]
    for number, (start, stop) in enumerate(zip(starts, [*starts[1:], end], strict=True)):
        on, left, top = board.place(number)
        lines += [
            f"{_clock(start)} --> {_clock(stop)}",
            f"{prefix}{on}.jpg#xywh={left},{top},{board.width},{board.height}",
            "",
        ]
    return "\n".join(lines)


def _clock(seconds: float) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{thousandths:03}"
