"""Task `pages`: the pages of a PDF as pictures, their text, and the places to jump to in it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import Image

from lectern.errors import Message
from lectern.media.inside.shared import pdf
from lectern.media.inside.shared.shaping import save
from lectern.media.sandbox.refusal import Refused
from lectern.text import N_

# Text beyond this is a corpus, not a hand-out.
_MOST_PAGES = 2_000
_MOST_PAGE_LETTERS = 50_000
_MOST_LETTERS = 4_000_000
# A page's size in points may be anything at all; what is drawn of it is a poster.
_LEAST_POINTS, _MOST_POINTS = 1.0, 20_000.0
_DRAWN_WIDTH, _DRAWN_HEIGHT = 1_280, 2_560

_LOCKED = Message("The PDF is password-protected, so its pages cannot be shown or searched.")
_BROKEN = Message("The PDF is damaged: its pages cannot be read.")
_XFA = N_(
    "This PDF is an XFA form, which only Adobe's programs show. What is filled in cannot be shown "
    "or searched here. Print it to a PDF, then upload that."
)


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: source, scratch, purpose (`poster`, `text` or `pictures`).

    `poster` writes `out.0`, a WebP of the first page; its size is in the answer. `text` writes
    `out.1`, a JSON list of `{"page", "text"}` of those that have any, with what is filled in, and
    `out.2`, the places: `{"bookmarks", "links"}`; it counts `letters`, and `notes` say what could
    not be read. `pictures` writes `out.1` to `out.N`, a WebP of each page, until `most` pages or
    `cpu_s` seconds of computing are used up, and answers `drawn`. `pages` is how many there are.

    Raises:
        Refused: it is locked, broken or empty.
    """
    scratch = Path(arguments["scratch"])
    document = _opened(Path(arguments["source"]))
    try:
        match arguments["purpose"]:
            case "poster":
                answer = _first(document, scratch / "out.0")
            case "text":
                answer = _read(document, scratch, tell)
            case _:
                answer = _drawn(document, scratch, arguments["most"], arguments["cpu_s"], tell)
        return {"pages": len(document), **answer}
    except pdfium.PdfiumError as error:
        raise Refused(_BROKEN) from error
    finally:
        document.close()


def _opened(source: Path) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(source)
    except pdfium.PdfiumError as error:
        raise Refused(_LOCKED if "password" in str(error).lower() else _BROKEN) from error
    # Before any page is loaded. This build of PDFium has no JavaScript: nothing in the file is run.
    with suppress(pdfium.PdfiumError):
        document.init_forms()
    if document.formenv:
        # Fields are shown as they are printed, without the tint that invites to fill them in.
        raw.FPDF_RemoveFormFieldHighlight(document.formenv)
    if not len(document):
        raise Refused("The PDF has no pages.")
    return document


def _first(document: pdfium.PdfDocument, target: Path) -> dict[str, Any]:
    with _page(document, 0) as page:
        if not _is_drawable(page):
            raise Refused("The first page of the PDF has an invalid size and cannot be rendered.")
        return _draw(document, page, target)


def _drawn(
    document: pdfium.PdfDocument,
    scratch: Path,
    most: int,
    cpu_s: float,
    tell: Callable[[float], None],
) -> dict[str, Any]:
    count = min(len(document), most)
    for number in range(1, count + 1):
        if time.process_time() > cpu_s:
            return {"drawn": number - 1}
        _draw_or_blank(document, number, scratch / f"out.{number}")
        tell(number / count)
    return {"drawn": count}


def _draw_or_blank(document: pdfium.PdfDocument, number: int, target: Path) -> None:
    """One page that cannot be drawn leaves the numbers of the others as they are."""
    try:
        with _page(document, number - 1) as page:
            if _is_drawable(page):
                _draw(document, page, target)
                return
    except pdfium.PdfiumError:
        pass
    save(Image.new("RGB", (_DRAWN_WIDTH // 4, _DRAWN_WIDTH // 4), "white"), target)


def _is_drawable(page: pdfium.PdfPage) -> bool:
    return all(_LEAST_POINTS <= side <= _MOST_POINTS for side in page.get_size())


def _draw(document: pdfium.PdfDocument, page: pdfium.PdfPage, target: Path) -> dict[str, Any]:
    pdf.hide_passwords(document, page)
    width, height = page.get_size()
    scale = min(_DRAWN_WIDTH / width, _DRAWN_HEIGHT / height)
    picture: Image.Image = page.render(scale=scale, may_draw_forms=True).to_pil()
    return save(picture.convert("RGB"), target)


@contextmanager
def _page(document: pdfium.PdfDocument, index: int) -> Iterator[pdfium.PdfPage]:
    page = document[index]
    try:
        yield page
    finally:
        page.close()


def _read(
    document: pdfium.PdfDocument, scratch: Path, tell: Callable[[float], None]
) -> dict[str, Any]:
    texts: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    letters = 0
    count = min(len(document), _MOST_PAGES)
    for number in range(1, count + 1):
        text, led = _page_text(document, number - 1)
        letters += len(text)
        if letters > _MOST_LETTERS:
            break
        if text:
            texts.append({"page": number, "text": text})
        links += [{"on": number, **link} for link in led[: pdf.MOST_LINKS - len(links)]]
        tell(number / count)
    places = {"bookmarks": pdf.bookmarks(document), "links": links}
    for target, value in ((scratch / "out.1", texts), (scratch / "out.2", places)):
        target.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    is_xfa = document.get_formtype() == raw.FORMTYPE_XFA_FULL
    return {"letters": letters, "notes": [_XFA] if is_xfa else []}


def _page_text(document: pdfium.PdfDocument, index: int) -> tuple[str, list[dict[str, Any]]]:
    """The words of one page as lines, and its links; a page that cannot be read has none."""
    try:
        with _page(document, index) as page:
            words = page.get_textpage()
            text = pdf.clean(words.get_text_bounded())
            written = pdf.filled_in(document, page)
            return "\n".join((text, *written)).strip()[:_MOST_PAGE_LETTERS], pdf.links(
                document, page, words
            )
    except pdfium.PdfiumError:
        return "", []
