"""Office documents: text by their XML, pages by LibreOffice, and sentences for what is no good."""

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pypdfium2 as pdfium
import pytest
from PIL import Image

from lectern.media import office
from lectern.media.facts import Facts
from lectern.media.pictures import pages, poster
from lectern.media.probe import probe
from lectern.media.sandbox.refusal import Refused, SandboxCrashed, Stopped
from lectern.pipeline.limits import Limits
from lectern.renditions import places
from lectern.settings import read as read_settings
from tests.lectern.media import documents

SLIDES = (
    ("Tides", "Why water rises", "Ask for the moon first"),
    ("Die Ebbe", "Wasser fällt", ""),
    ("Waves", "Wind and water", "Show the film"),
)
PRESENTATION = "application/vnd.openxmlformats-officedocument.presentationml."
NO_LIBREOFFICE = "LibreOffice is not installed: apt-get install libreoffice-impress"


def scratch_in(folder: Path) -> Path:
    path = folder / f"scratch-{len(list(folder.glob('scratch-*')))}"
    path.mkdir()
    return path


def read(source: Path) -> tuple[Facts, office.Read, list[dict[str, object]]]:
    facts = probe(source, source.name, scratch_in(source.parent))
    found = office.text(source, facts, scratch_in(source.parent))
    return facts, found, json.loads(found.path.read_text("utf-8"))


@pytest.fixture(scope="session")
def libreoffice() -> Path:
    found = office.program()
    if found is None:
        pytest.skip(NO_LIBREOFFICE)
    return found


def test_slides_come_in_their_order_with_titles_and_notes(tmp_path: Path) -> None:
    facts, found, texts = read(documents.deck(tmp_path / "a.pptx", SLIDES))
    assert (facts.kind, facts.container) == ("document", "pptx")
    assert facts.mime == PRESENTATION + "presentation"
    assert texts == [
        {"page": 1, "text": "Tides\nWhy water rises"},
        {"page": 2, "text": "Die Ebbe\nWasser fällt"},
        {"page": 3, "text": "Waves\nWind and water"},
    ]
    assert found.notes == {1: "Ask for the moon first", 3: "Show the film"}
    assert found.pages == 3
    titles = places.read(found.places.read_bytes()).bookmarks
    assert [(each.title, each.page) for each in titles] == [
        ("Tides", 1),
        ("Die Ebbe", 2),
        ("Waves", 3),
    ]


def test_the_presentation_says_the_order_and_tables_are_read(tmp_path: Path) -> None:
    _, _, texts = read(documents.deck_with_table(tmp_path / "table.pptx"))
    assert texts == [
        {"page": 1, "text": "Made second\nPlanet\nMoons\nMars\nTwo"},
        {"page": 2, "text": "Made first"},
    ]


def test_a_text_has_pages_headers_and_tables(tmp_path: Path) -> None:
    facts, found, texts = read(documents.paper(tmp_path / "paper.docx"))
    assert (facts.container, found.pages) == ("docx", 2)
    assert texts == [
        {"page": 1, "text": "Course reader\nCurrents\nWater moves."},
        {"page": 2, "text": "Second page of it.\nSalt\n3.5 %"},
    ]
    (heading,) = places.read(found.places.read_bytes()).bookmarks
    assert (heading.title, heading.level, heading.page) == ("Currents", 0, 1)


def test_open_presentations_are_read(tmp_path: Path) -> None:
    facts, found, texts = read(documents.open_deck(tmp_path / "a.odp", SLIDES[:2]))
    assert facts.mime == "application/vnd.oasis.opendocument.presentation"
    assert texts == [
        {"page": 1, "text": "Tides\nWhy water rises"},
        {"page": 2, "text": "Die Ebbe\nWasser fällt"},
    ]
    assert found.notes == {1: "Ask for the moon first"}


def test_open_texts_are_read_with_the_page_ends_they_note(tmp_path: Path) -> None:
    facts, found, texts = read(documents.open_paper(tmp_path / "a.odt"))
    assert (facts.container, found.pages) == ("odt", 2)
    assert texts == [
        {"page": 1, "text": "Currents\nWater moves."},
        {"page": 2, "text": "Second page of it."},
    ]
    (heading,) = places.read(found.places.read_bytes()).bookmarks
    assert (heading.title, heading.level, heading.page) == ("Currents", 0, 1)


def test_a_text_without_page_ends_claims_no_pages(tmp_path: Path) -> None:
    import_ = documents.docx.Document()
    for number in range(400):
        import_.add_paragraph(f"Paragraph {number} " + "of many words " * 8)
    import_.save(str(tmp_path / "long.docx"))
    _, found, texts = read(tmp_path / "long.docx")
    assert found.pages == 0
    assert len(texts) == 4
    assert "\n".join(str(each["text"]) for each in texts).count("Paragraph") == 400


@pytest.mark.parametrize(
    ("kind", "mime"),
    [
        ("slideshow.main+xml", PRESENTATION + "slideshow"),
        ("template.main+xml", PRESENTATION + "template"),
        (
            "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml",
            "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
        ),
    ],
)
def test_kinds_of_presentations_are_told_apart_by_content(
    tmp_path: Path, kind: str, mime: str
) -> None:
    wanted = kind if kind.startswith("application/") else PRESENTATION + kind

    def change(name: str, data: bytes) -> bytes:
        if name != "[Content_Types].xml":
            return data
        return data.replace(f"{PRESENTATION}presentation.main+xml".encode(), wanted.encode())

    source = documents.deck(tmp_path / "plain.pptx", SLIDES)
    facts, _, texts = read(documents.rewritten(source, tmp_path / "other.pptx", change))
    assert (facts.container, facts.mime) == ("pptx", mime)
    assert len(texts) == 3


def test_a_document_with_macros_says_so_and_runs_none(tmp_path: Path) -> None:
    source = documents.paper(tmp_path / "plain.docx")
    with zipfile.ZipFile(source, "a") as package:
        package.writestr("word/vbaProject.bin", b"a program")
    facts = probe(source, "letter.docm", scratch_in(tmp_path))
    assert "macros" in facts.warnings[0]


def test_a_name_that_promises_another_format_is_noted(tmp_path: Path) -> None:
    source = documents.deck(tmp_path / "a.pptx", SLIDES)
    facts = probe(source, "script.docx", scratch_in(tmp_path))
    assert (facts.container, *facts.warnings) == (
        "pptx",
        "The name promises another format, but the content is a PowerPoint presentation.",
    )
    with pytest.raises(Refused, match="the content is a document"):
        probe(source, "film.mp4", scratch_in(tmp_path))


def test_a_locked_office_file_is_refused_in_words(tmp_path: Path) -> None:
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    header[30:32] = (9).to_bytes(2, "little")
    # The directory lies far behind the beginning that is looked at.
    header[48:52] = (300).to_bytes(4, "little")
    directory = "EncryptedPackage".encode("utf-16-le").ljust(512, b"\0")
    source = tmp_path / "locked.pptx"
    source.write_bytes(bytes(header) + bytes(512 * 300) + directory)
    with pytest.raises(Refused, match="password-protected"):
        probe(source, source.name, scratch_in(tmp_path))
    source.write_bytes(bytes(header) + bytes(512 * 300))
    with pytest.raises(Refused, match="before 2007"):
        probe(source, source.name, scratch_in(tmp_path))


def test_a_locked_open_document_is_said_to_be_locked(tmp_path: Path) -> None:
    entry = (
        '<file-entry xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" '
        'full-path="content.xml"><encryption-data/></file-entry>'
    )

    def lock(name: str, data: bytes) -> bytes:
        if name == "META-INF/manifest.xml":
            head, end, tail = data.rpartition(b"</")
            return head + entry.encode() + end + tail
        return b"\x01\x02\x03" if name == "content.xml" else data

    source = documents.open_paper(tmp_path / "a.odt")
    with pytest.raises(Refused, match="password-protected"):
        read(documents.rewritten(source, tmp_path / "locked.odt", lock))


def in_first_slide(change: Callable[[bytes], bytes]) -> Callable[[str, bytes], bytes]:
    return lambda name, data: change(data) if name == "ppt/slides/slide1.xml" else data


def test_xml_entities_are_refused_in_words(tmp_path: Path) -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    source = documents.deck(tmp_path / "a.pptx", SLIDES)
    change = in_first_slide(lambda data: data.replace(b"?>", b"?>" + bomb, 1))
    with pytest.raises(Refused, match="XML entities"):
        read(documents.rewritten(source, tmp_path / "bomb.pptx", change))


def test_what_would_unpack_to_too_much_is_refused_in_words(tmp_path: Path) -> None:
    source = documents.deck(tmp_path / "a.pptx", SLIDES[:1])
    space = b" " * (257 << 20)
    change = in_first_slide(lambda data: data.replace(b"?>", b"?>" + space, 1))
    bomb = documents.rewritten(source, tmp_path / "bomb.pptx", change)
    assert bomb.stat().st_size < 1 << 20
    with pytest.raises(Refused, match="more than 256 MiB"):
        read(bomb)


@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_a_document_that_was_cut_off_is_refused_in_words(tmp_path: Path, share: float) -> None:
    data = documents.deck(tmp_path / "a.pptx", SLIDES).read_bytes()
    source = tmp_path / "cut.pptx"
    source.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(Refused, match="damaged"):
        probe(source, source.name, scratch_in(tmp_path))


def test_a_part_that_is_missing_or_broken_is_damage(tmp_path: Path) -> None:
    source = documents.deck(tmp_path / "a.pptx", SLIDES)
    half = in_first_slide(lambda data: data[: len(data) // 2])
    with pytest.raises(Refused, match="damaged"):
        read(documents.rewritten(source, tmp_path / "half.pptx", half))
    gone = documents.rewritten(
        documents.open_paper(tmp_path / "a.odt"),
        tmp_path / "gone.odt",
        lambda name, data: None if name == "content.xml" else data,
    )
    with pytest.raises(Refused, match="damaged"):
        read(gone)


@pytest.mark.parametrize("encoding", [b"UTF-z", b"utf-7", b"shift_jis"])
def test_an_encoding_that_cannot_be_read_is_damage(tmp_path: Path, encoding: bytes) -> None:
    change = in_first_slide(
        lambda data: (
            b"<?xml version='1.0' encoding='" + encoding + b"'?>" + data.partition(b"?>")[2]
        )
    )
    source = documents.deck(tmp_path / "a.pptx", SLIDES)
    with pytest.raises(Refused, match="damaged"):
        read(documents.rewritten(source, tmp_path / "odd.pptx", change))


def test_empty_documents_have_no_text(tmp_path: Path) -> None:
    _, found, texts = read(documents.deck(tmp_path / "empty.pptx", ()))
    assert (found.pages, found.letters, texts) == (0, 0, [])
    documents.docx.Document().save(str(tmp_path / "empty.docx"))
    _, found, texts = read(tmp_path / "empty.docx")
    assert (found.pages, texts) == (0, [])


def test_two_thousand_slides_are_read(tmp_path: Path) -> None:
    """One slide's part, which two thousand entries of the presentation name."""
    source = documents.deck(tmp_path / "one.pptx", SLIDES[:1])

    def repeat(name: str, data: bytes) -> bytes:
        if name != "ppt/presentation.xml":
            return data
        head, _, rest = data.partition(b"<p:sldId ")
        entry, _, tail = rest.partition(b"/>")
        entries = b"".join(
            b"<p:sldId " + entry.replace(b'id="256"', b'id="%d"' % (256 + number)) + b"/>"
            for number in range(2_000)
        )
        return head + entries + tail

    _, found, texts = read(documents.rewritten(source, tmp_path / "many.pptx", repeat))
    assert (found.pages, len(texts)) == (2_000, 2_000)


MADE: dict[str, Callable[[Path], Path]] = {
    "deck.pptx": lambda path: documents.deck(path, SLIDES),
    "table.pptx": documents.deck_with_table,
    "paper.docx": documents.paper,
    "deck.odp": lambda path: documents.open_deck(path, SLIDES),
    "paper.odt": documents.open_paper,
}
PAGES = {"deck.pptx": 3, "table.pptx": 2, "paper.docx": 2, "deck.odp": 3, "paper.odt": 1}


@pytest.mark.parametrize("name", MADE)
def test_libreoffice_draws_the_pages(tmp_path: Path, libreoffice: Path, name: str) -> None:
    # As storage keeps it: without the ending of its name.
    source = MADE[name](tmp_path / name).rename(tmp_path / "original")
    facts = probe(source, name, scratch_in(tmp_path))
    scratch = scratch_in(tmp_path)
    pdf = office.pdf(source, facts, scratch, libreoffice)
    with pdfium.PdfDocument(pdf) as document:
        assert len(document) == PAGES[name]
    first = poster.first_page(pdf, scratch_in(tmp_path))
    with Image.open(first.path) as picture:
        # Something is drawn on white.
        assert picture.width == 1280
        low, high = picture.convert("L").getextrema()
        assert low < 100 < 250 < high
    texts = json.loads(pages.texts(pdf, scratch_in(tmp_path)).path.read_text("utf-8"))
    words = " ".join(each["text"] for each in texts)
    assert {"deck": "Tides", "table": "Mars", "paper": "Second page"}[
        name.partition(".")[0]
    ] in words


def test_libreoffice_reaches_nothing_but_the_document(tmp_path: Path, libreoffice: Path) -> None:
    """A picture that is linked, not embedded, lies outside of what the sandbox may read."""
    secret = tmp_path / "secret.png"
    Image.new("RGB", (400, 400), (255, 0, 0)).save(secret)
    document = documents.docx.Document()
    document.add_picture(str(secret))
    document.save(str(tmp_path / "plain.docx"))

    def link(name: str, data: bytes) -> bytes:
        if name == "word/document.xml":
            return data.replace(b"r:embed=", b"r:link=")
        if name == "word/_rels/document.xml.rels":
            return data.replace(
                b'Target="media/image1.png"',
                f'Target="{secret.as_uri()}" TargetMode="External"'.encode(),
            )
        return data

    source = documents.rewritten(tmp_path / "plain.docx", tmp_path / "linked.docx", link)
    facts = probe(source, source.name, scratch_in(tmp_path))
    pdf = office.pdf(source, facts, scratch_in(tmp_path), libreoffice)
    first = poster.first_page(pdf, scratch_in(tmp_path))
    with Image.open(first.path) as picture:
        colours = picture.convert("RGB").getcolors(1 << 24) or []
    assert not [colour for _, colour in colours if colour[0] > 200 and colour[1] < 60]


def test_what_libreoffice_cannot_open_is_refused_in_words(
    tmp_path: Path, libreoffice: Path
) -> None:
    source = tmp_path / "broken"
    source.write_bytes(documents.bytes_of({"word/document.xml": b"<no"}))
    facts = Facts(kind="document", mime="", container="docx")
    with pytest.raises(Refused, match="LibreOffice could not open"):
        office.pdf(source, facts, scratch_in(tmp_path), libreoffice)


def test_libreoffice_is_gone_once_it_is_stopped(tmp_path: Path, libreoffice: Path) -> None:
    source = documents.deck(tmp_path / "a.pptx", SLIDES)
    facts = probe(source, source.name, scratch_in(tmp_path))
    scratch, before = scratch_in(tmp_path), psutil.Process().children(recursive=True)
    started = scratch / "profile" / "user"
    with pytest.raises(Stopped):
        office.pdf(source, facts, scratch, libreoffice, started.exists)
    assert started.exists()
    assert psutil.Process().children(recursive=True) == before


def test_libreoffice_stays_within_its_memory(
    tmp_path: Path, libreoffice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = documents.deck(tmp_path / "a.pptx", SLIDES)
    facts = probe(source, source.name, scratch_in(tmp_path))
    tight = Limits(cpu_s=60, wall_s=60, memory_bytes=300 << 20, file_bytes=1 << 28, open_files=256)
    monkeypatch.setattr(office, "limits", lambda purpose: tight)
    with pytest.raises((Refused, SandboxCrashed)):
        office.pdf(source, facts, scratch_in(tmp_path), libreoffice)


def test_a_folder_without_libreoffice_is_none(tmp_path: Path) -> None:
    for named in (office.NONE, str(tmp_path), str(tmp_path / "missing"), "/bin/true"):
        office.configure(replace(read_settings(data=tmp_path), soffice=named))
        assert office.program() is None, named
    office.configure(replace(read_settings(data=tmp_path), soffice=None))
