"""Task `pages`: the first page of a PDF as a picture, or the text of its pages."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
from PIL import Image

from lectern.errors import Message
from lectern.media.inside.shared.shaping import save
from lectern.media.sandbox.refusal import Refused

# Text beyond this is a corpus, not a hand-out.
_MOST_PAGES = 2_000
_MOST_PAGE_LETTERS = 50_000
_MOST_LETTERS = 4_000_000
# A page's size in points may be anything at all; what is drawn of it is a poster.
_LEAST_POINTS, _MOST_POINTS = 1.0, 20_000.0
_DRAWN_WIDTH, _DRAWN_HEIGHT = 1_280, 2_560

_LOCKED = Message("The PDF is password-protected, so its pages cannot be shown or searched.")
_BROKEN = Message("The PDF is damaged: its pages cannot be read.")


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: source, scratch, purpose (`poster` or `text`).

    Writes `out.0`, a WebP of the first page, or `out.1`, a JSON list of `{"page", "text"}` of
    those that have any. Returns `pages`, their number, and the picture's size or the count of
    letters.

    Raises:
        Refused: it is locked, broken or empty.
    """
    scratch = Path(arguments["scratch"])
    document = _opened(Path(arguments["source"]))
    try:
        told = (
            _first(document, scratch / "out.0")
            if arguments["purpose"] == "poster"
            else _texts(document, scratch / "out.1", tell)
        )
        return {"pages": len(document), **told}
    except pdfium.PdfiumError as error:
        raise Refused(_BROKEN) from error
    finally:
        document.close()


def _opened(source: Path) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(source)
    except pdfium.PdfiumError as error:
        raise Refused(_LOCKED if "password" in str(error).lower() else _BROKEN) from error
    if not len(document):
        raise Refused("The PDF has no pages.")
    return document


def _first(document: pdfium.PdfDocument, target: Path) -> dict[str, Any]:
    page = document[0]
    width, height = page.get_size()
    if not all(_LEAST_POINTS <= side <= _MOST_POINTS for side in (width, height)):
        raise Refused("The first page of the PDF has an invalid size and cannot be rendered.")
    scale = min(_DRAWN_WIDTH / width, _DRAWN_HEIGHT / height)
    # Forms and annotations stay as they are printed: nothing in the file is run.
    picture: Image.Image = page.render(scale=scale, may_draw_forms=False).to_pil()
    return save(picture.convert("RGB"), target)


def _texts(
    document: pdfium.PdfDocument, target: Path, tell: Callable[[float], None]
) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    letters = 0
    count = min(len(document), _MOST_PAGES)
    for number in range(count):
        text = _text(document, number)[:_MOST_PAGE_LETTERS]
        letters += len(text)
        if letters > _MOST_LETTERS:
            break
        if text:
            found.append({"page": number + 1, "text": text})
        tell((number + 1) / count)
    target.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
    return {"letters": letters}


def _text(document: pdfium.PdfDocument, number: int) -> str:
    """The words of one page as lines; a page that cannot be read has none."""
    try:
        page = document[number]
        words = page.get_textpage().get_text_bounded()
    except pdfium.PdfiumError:
        return ""
    # Hyphens at a line's end come as U+FFFE or U+0002; neither they nor halves of letters are text.
    clean = words.replace("\ufffe", "").replace("\x02", "").replace("\x00", "")
    clean = clean.encode("utf-8", "ignore").decode()
    return "\n".join(line.strip() for line in clean.splitlines() if line.strip())
