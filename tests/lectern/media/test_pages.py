"""PDFs: a first page to look at, and words to find; locked and broken ones say so."""

import json
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image

from lectern.media.pictures import pages
from lectern.media.sandbox.refusal import Refused


def test_the_words_of_each_page_are_kept(corpus: Path, scratch: Path) -> None:
    made = pages.texts(corpus / "document" / "course-transcript.pdf", scratch)
    (page,) = json.loads(made.path.read_text("utf-8"))
    assert page["page"] == 1
    assert page["text"].startswith("Transcript - The Reach of Open edX, 2023\n")
    assert made.facts == {"pages": 1, "letters": len(page["text"])}


def test_pages_without_words_are_left_out(corpus: Path, scratch: Path) -> None:
    made = pages.texts(corpus / "document" / "report.pdf", scratch)
    assert made.facts == {"pages": 1, "letters": 0}
    assert json.loads(made.path.read_text()) == []


def test_the_first_page_is_drawn_on_white(corpus: Path, scratch: Path) -> None:
    told = pages.first(corpus / "document" / "course-transcript.pdf", scratch)
    with Image.open(scratch / "out.0") as image:
        assert (image.width, image.height) == (told["width"], told["height"]) == (1280, 1809)
        assert image.convert("RGB").getpixel((3, 3)) == (255, 255, 255)


@pytest.mark.parametrize(("width", "height"), [(20, 14_000), (14_000, 20), (300, 300)])
def test_odd_pages_become_pictures_of_modest_size(
    scratch: Path, tmp_path: Path, width: int, height: int
) -> None:
    document = pdfium.PdfDocument.new()
    document.new_page(width, height)
    document.save(tmp_path / "odd.pdf")
    told = pages.first(tmp_path / "odd.pdf", scratch)
    assert told["pages"] == 1
    assert told["width"] * told["height"] <= 1280 * 2560


def test_a_broken_file_is_refused_in_words(corpus: Path, scratch: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes((corpus / "document" / "report.pdf").read_bytes()[:3_000])
    for attempt in (pages.first, pages.texts):
        with pytest.raises(Refused, match="damaged"):
            attempt(broken, scratch)


def test_a_locked_file_is_refused_in_words(scratch: Path, tmp_path: Path) -> None:
    """Standard encryption with a user password nobody gave; the digests are of no matter."""
    locked = tmp_path / "locked.pdf"
    locked.write_bytes(LOCKED)
    for attempt in (pages.first, pages.texts):
        with pytest.raises(Refused, match="password-protected"):
            attempt(locked, scratch)


LOCKED = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n"
    b"4 0 obj<</Filter/Standard/V 1/R 2/O<"
    + b"11" * 32
    + b">/U<"
    + b"22" * 32
    + b">/P -4>>endobj\n"
    b"trailer<</Root 1 0 R/Encrypt 4 0 R/ID[<" + b"33" * 16 + b"><" + b"33" * 16 + b">]/Size 5>>\n"
    b"%%EOF\n"
)
