"""PDFs: pages to look at, words to find, places to jump to; locked and broken ones say so."""

import json
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image

from lectern.media.pictures import pages
from lectern.media.sandbox.refusal import Refused
from lectern.renditions import places
from lectern.renditions.places import Bookmark, Link
from tests.lectern.media import documents


def test_the_words_of_each_page_are_kept(corpus: Path, scratch: Path) -> None:
    made = pages.texts(corpus / "document" / "course-transcript.pdf", scratch)
    (page,) = json.loads(made.path.read_text("utf-8"))
    assert page["page"] == 1
    assert page["text"].startswith("Transcript - The Reach of Open edX, 2023\n")
    assert made.facts == {"pages": 1, "letters": len(page["text"]), "notes": []}


def test_pages_without_words_are_left_out(corpus: Path, scratch: Path) -> None:
    made = pages.texts(corpus / "document" / "report.pdf", scratch)
    assert made.facts == {"pages": 1, "letters": 0, "notes": []}
    assert json.loads(made.path.read_text()) == []


def test_the_first_page_is_drawn_on_white(corpus: Path, scratch: Path) -> None:
    told = pages.first(corpus / "document" / "course-transcript.pdf", scratch)
    with Image.open(scratch / "out.0") as image:
        assert (image.width, image.height) == (told["width"], told["height"]) == (1280, 1809)
        assert image.convert("RGB").getpixel((3, 3)) == (255, 255, 255)


FILLED_IN = [
    "Registration\nFull name: Ada Lovelace\nMay be recorded\nZürich\nTuesday\nLevel: advanced",
    "Second sheet\nMore about tides",
]


def words(source: Path, scratch: Path) -> list[str]:
    made = pages.texts(source, scratch)
    return [page["text"] for page in json.loads(made.path.read_text("utf-8"))]


def dark(source: Path, scratch: Path, box: tuple[int, int, int, int]) -> bool:
    """Whether something is written in that part of the first page; points from the top left."""
    told = pages.first(source, scratch)
    scale = told["width"] / documents.PAGE[0]
    with Image.open(scratch / "out.0") as image:
        part = image.convert("L").crop([round(scale * side) for side in box])
    return bool(part.getextrema()[0] < 100)


# Inside the field of the name, and of the box that is ticked, away from their edges.
PIN = (24, 262, 100, 270)
NAME, TICKED, EMPTY = (24, 60, 120, 76), (23, 103, 37, 117), (63, 103, 77, 117)


def test_what_is_filled_in_is_found_on_its_page_but_no_secrets(
    scratch: Path, tmp_path: Path
) -> None:
    found = words(documents.form(tmp_path / "form.pdf"), scratch)
    assert found == FILLED_IN
    assert "tops3cret" not in "".join(found)


def test_what_is_filled_in_is_seen(scratch: Path, tmp_path: Path) -> None:
    source = documents.form(tmp_path / "form.pdf")
    shown = [dark(source, scratch, box) for box in (NAME, TICKED, EMPTY)]
    assert shown == [True, True, False]


def test_a_password_is_not_seen_though_the_file_has_a_picture_of_it(
    scratch: Path, tmp_path: Path
) -> None:
    source = documents.form(tmp_path / "form.pdf")
    with pdfium.PdfDocument(source) as document:
        document.init_forms()
        drawn = document[0].render().to_pil().convert("L")
    assert drawn.crop(PIN).getextrema()[0] < 100
    assert not dark(source, scratch, PIN)


@pytest.mark.parametrize("asking", [True, False])
def test_fields_without_pictures_of_their_own_are_seen_and_found(
    scratch: Path, tmp_path: Path, asking: bool
) -> None:
    whole = documents.form(tmp_path / "form.pdf")
    source = documents.without_appearances(whole, tmp_path / "bare.pdf", asking=asking)
    assert "Full name: Ada Lovelace" in words(source, scratch)[0]
    shown = [dark(source, scratch, box) for box in (NAME, TICKED, EMPTY)]
    assert shown == [True, True, False]


def test_a_changed_value_replaces_the_picture_of_the_old_one(scratch: Path, tmp_path: Path) -> None:
    whole = documents.form(tmp_path / "form.pdf")
    source = documents.with_value(whole, tmp_path / "changed.pdf", "I")
    assert "Full name: I\n" in words(source, scratch)[0]
    # The longer name that was there does not reach so far any more.
    assert dark(whole, scratch, (50, 60, 110, 76))
    assert not dark(source, scratch, (50, 60, 110, 76))


def test_a_form_of_adobes_own_kind_is_said_to_be_one(scratch: Path, tmp_path: Path) -> None:
    whole = documents.form(tmp_path / "form.pdf")
    made = pages.texts(documents.adobe_form(whole, tmp_path / "xfa.pdf"), scratch)
    (note,) = made.facts["notes"]
    assert "XFA" in note


def test_bookmarks_and_links_become_places(scratch: Path, tmp_path: Path) -> None:
    made = pages.texts(documents.book(tmp_path / "book.pdf"), scratch)
    found = places.read(made.places.read_bytes())
    assert found.bookmarks == (
        Bookmark("Tides", 0, 1),
        Bookmark("The Moon", 1, 2),
        Bookmark("Sources", 0, 3),
    )
    # Whatever is no web or mail address is left out.
    assert found.links == (
        Link(1, "See the sources", 3),
        Link(3, "Lectern on the web", url="https://example.org/lectern?a=1"),
        Link(3, "Write to us", url="mailto:hello@example.org"),
    )


def test_an_outline_in_a_circle_ends(scratch: Path, tmp_path: Path) -> None:
    source = documents.circle(documents.book(tmp_path / "book.pdf"), tmp_path / "circle.pdf")
    found = places.read(pages.texts(source, scratch).places.read_bytes())
    assert {"Tides", "Sources"} <= {each.title for each in found.bookmarks}
    assert len(found.bookmarks) < 20


def test_each_page_gets_a_picture(scratch: Path, tmp_path: Path) -> None:
    made = pages.pictures(documents.book(tmp_path / "book.pdf"), scratch)
    assert (len(made.paths), made.pages) == (3, 3)
    for path in made.paths:
        with Image.open(path) as image:
            assert (image.format, image.size) == ("WEBP", (1280, 960))


def test_the_first_pages_of_a_long_document_get_pictures(scratch: Path, tmp_path: Path) -> None:
    document = pdfium.PdfDocument.new()
    for _ in range(pages.MOST_PICTURES + 5):
        document.new_page(20, 20)
    document.save(tmp_path / "long.pdf")
    made = pages.pictures(tmp_path / "long.pdf", scratch)
    assert (len(made.paths), made.pages) == (pages.MOST_PICTURES, pages.MOST_PICTURES + 5)


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
    for attempt in (pages.first, pages.texts, pages.pictures):
        with pytest.raises(Refused, match="damaged"):
            attempt(broken, scratch)


def test_a_locked_file_is_refused_in_words(scratch: Path, tmp_path: Path) -> None:
    """Standard encryption with a user password nobody gave; the digests are of no matter."""
    locked = tmp_path / "locked.pdf"
    locked.write_bytes(LOCKED)
    for attempt in (pages.first, pages.texts, pages.pictures):
        with pytest.raises(Refused, match="password-protected"):
            attempt(locked, scratch)


def test_a_password_that_a_program_set_is_noticed(scratch: Path, tmp_path: Path) -> None:
    source = documents.locked(documents.book(tmp_path / "book.pdf"), tmp_path / "locked.pdf")
    with pytest.raises(Refused, match="password-protected"):
        pages.texts(source, scratch)


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
