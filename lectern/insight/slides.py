"""The slides of a version: what they say and from when to when; and the pages of documents."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.errors import NotFound
from lectern.models import Blob, Slide, Version
from lectern.renditions import renditions
from lectern.renditions.page_texts import PageText

# Of a page; a text that is longer is cut here.
LONGEST_TEXT = 20_000
MOST_PAGES = 5_000


@dataclass(frozen=True)
class Line:
    """A line of text. `box` is left, top, right, bottom in shares of the picture."""

    text: str
    confidence: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Shown:
    """A picture, by its number, from one second to another."""

    start_s: float
    end_s: float
    picture: int


def spec(number: int) -> str:
    """The spec of a slide's small picture."""
    return f"slides/{number}.webp"


def of_version(session: Session, version: Version) -> list[Slide]:
    """The slides of a video, in order; empty while they are not known."""
    found = scoped(Slide, version).where(
        Slide.blob_id == version.blob_id, Slide.start_s.is_not(None)
    )
    return list(session.scalars(found.order_by(Slide.number)))


def known(session: Session, workspace_id: uuid.UUID, blob_id: uuid.UUID, model: str) -> bool:
    """Whether this model has read the slides of the blob."""
    found = scoped(Slide, workspace_id, Slide.id).where(
        Slide.blob_id == blob_id, Slide.model == model
    )
    return session.scalar(select(found.exists())) or False


def picture(session: Session, version: Version, number: int) -> Blob:
    """The small picture of a slide.

    Raises:
        NotFound: there is no such slide.
    """
    found = renditions.find(session, version.workspace_id, version.blob_id, spec(number))
    if found is None:
        raise NotFound("Slide not found in this file.")
    return found.blob


def record(
    session: Session,
    version: Version,
    model: str,
    shown: Sequence[Shown],
    lines: Sequence[Sequence[Line]],
    thumbs: Sequence[Blob],
) -> None:
    """Write down the slides, in place of any before; `lines` and `thumbs` are those of pictures."""
    rows = []
    for number, each in enumerate(shown):
        read = lines[each.picture]
        sure = [line.confidence for line in read]
        rows.append(
            {
                "number": number,
                "start_s": each.start_s,
                "end_s": each.end_s,
                "text": "\n".join(line.text for line in read)[:LONGEST_TEXT],
                "confidence": sum(sure) / len(sure) if sure else None,
                "lines": [_plain(line) for line in read],
            }
        )
        blob = thumbs[each.picture]
        key = (version.workspace_id, version.blob_id, spec(number))
        renditions.record(session, *key, blob, {"start_s": each.start_s})
    _replace(session, version.workspace_id, version.blob_id, model, rows)


def record_pages(
    session: Session, workspace_id: uuid.UUID, blob_id: uuid.UUID, pages: Sequence[PageText]
) -> None:
    """Write down what the pages of a document say, so that they are found."""
    rows = [
        {"number": each.page, "text": each.text.replace("\x00", "")[:LONGEST_TEXT]}
        for each in pages[:MOST_PAGES]
        if each.text.strip()
    ]
    _replace(session, workspace_id, blob_id, "pdfium", rows)


def page_text(session: Session, version: Version, number: int) -> str:
    """What a page of a document says, as search knows it; empty where it says nothing."""
    found = scoped(Slide, version, Slide.text).where(
        Slide.blob_id == version.blob_id, Slide.start_s.is_(None), Slide.number == number
    )
    return session.scalar(found) or ""


def last_page(session: Session, version: Version) -> int:
    """The last page of a document that says anything; 0 for none."""
    found = scoped(Slide, version, func.max(Slide.number)).where(
        Slide.blob_id == version.blob_id, Slide.start_s.is_(None)
    )
    return session.scalar(found) or 0


def _replace(
    session: Session,
    workspace_id: uuid.UUID,
    blob_id: uuid.UUID,
    model: str,
    rows: Sequence[dict[str, Any]],
) -> None:
    session.execute(
        delete(Slide).where(Slide.workspace_id == workspace_id, Slide.blob_id == blob_id)
    )
    same = {"workspace_id": workspace_id, "blob_id": blob_id, "model": model}
    if rows:
        session.execute(insert(Slide), [{**same, **row} for row in rows])
    session.flush()


def _plain(line: Line) -> dict[str, Any]:
    return {"text": line.text, "confidence": line.confidence, "box": list(line.box)}
