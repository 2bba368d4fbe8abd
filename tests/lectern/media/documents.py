"""Documents as real libraries write them: forms and outlines in PDF, slides, texts."""

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import docx
import pptx
from docx.enum.text import WD_BREAK
from odf import text as odf_text
from odf.draw import Frame, Page, TextBox
from odf.opendocument import OpenDocumentPresentation, OpenDocumentText
from odf.presentation import Notes
from odf.style import MasterPage, PageLayout
from pypdf import PdfReader, PdfWriter
from pypdf.generic import BooleanObject, DecodedStreamObject, NameObject, TextStringObject
from reportlab.pdfgen import canvas

PAGE = (400, 300)


def form(path: Path) -> Path:
    """A form of two pages that is filled in, with a password and a hidden field."""
    sheet = canvas.Canvas(str(path), pagesize=PAGE)
    fields = sheet.acroForm
    sheet.drawString(20, 270, "Registration")
    fields.textfield(
        name="name", tooltip="Full name", value="Ada Lovelace", x=20, y=220, width=200, height=24
    )
    fields.textfield(name="pin", value="tops3cret", fieldFlags="password", x=20, y=10, width=90)
    fields.textfield(
        name="hidden", value="unseen words", annotationFlags="hidden", x=200, y=10, width=90
    )
    fields.checkbox(name="agree", tooltip="May be recorded", checked=True, x=20, y=180)
    fields.checkbox(name="refuse", tooltip="Must not be recorded", checked=False, x=60, y=180)
    fields.choice(
        name="city",
        options=["Bern", "Zürich", "Basel"],
        value="Zürich",
        x=20,
        y=140,
        width=120,
        height=24,
    )
    fields.listbox(
        name="day",
        options=["Monday", "Tuesday"],
        value="Tuesday",
        x=160,
        y=100,
        width=120,
        height=60,
    )
    for value, x in (("beginner", 20), ("advanced", 60)):
        fields.radio(
            name="level", tooltip="Level", value=value, selected=value == "advanced", x=x, y=100
        )
    sheet.showPage()
    sheet.drawString(20, 270, "Second sheet")
    fields.textfield(name="wish", value="More about tides", x=20, y=220, width=200, height=24)
    sheet.save()
    return path


def without_appearances(source: Path, path: Path, *, asking: bool) -> Path:
    """The same form as programs leave it that write values and no pictures of them."""
    writer = PdfWriter(clone_from=source)
    for page in writer.pages:
        for reference in page.get("/Annots", ()):
            reference.get_object().pop("/AP", None)
    acro_form = writer.root_object["/AcroForm"].get_object()
    acro_form[NameObject("/NeedAppearances")] = BooleanObject(asking)
    writer.write(path)
    return path


def with_value(source: Path, path: Path, value: str) -> Path:
    """The form with another name in it, its old picture left in place, for the reader to redraw."""
    writer = PdfWriter(clone_from=source)
    field = writer.pages[0]["/Annots"][0].get_object()
    field[NameObject("/V")] = TextStringObject(value)
    acro_form = writer.root_object["/AcroForm"].get_object()
    acro_form[NameObject("/NeedAppearances")] = BooleanObject(True)
    writer.write(path)
    return path


def book(path: Path) -> Path:
    """Three pages, a nested outline, links within and links out, one of them no web address."""
    sheet = canvas.Canvas(str(path), pagesize=PAGE)
    for number, title in enumerate(("Tides", "The Moon", "Sources"), start=1):
        sheet.bookmarkPage(f"p{number}")
        sheet.drawString(20, 270, f"Page of {number}")
        sheet.addOutlineEntry(title, f"p{number}", level=1 if number == 2 else 0)
        if number == 1:
            sheet.drawString(20, 200, "See the sources")
            sheet.linkAbsolute("", "p3", Rect=(20, 195, 120, 215))
        if number == 3:
            sheet.drawString(20, 200, "Lectern on the web")
            sheet.linkURL("https://example.org/lectern?a=1", (20, 195, 130, 215))
            sheet.drawString(20, 160, "Write to us")
            sheet.linkURL("mailto:hello@example.org", (20, 155, 130, 175))
            sheet.linkURL("javascript:alert(1)", (20, 115, 130, 135))
            sheet.linkURL("file:///etc/passwd", (20, 75, 130, 95))
        sheet.showPage()
    sheet.save()
    return path


def adobe_form(source: Path, path: Path) -> Path:
    """The form with a template of XML that takes the place of its fields."""
    writer = PdfWriter(clone_from=source)
    stream = DecodedStreamObject()
    stream.set_data(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'/>")
    acro_form = writer.root_object["/AcroForm"].get_object()
    acro_form[NameObject("/XFA")] = writer._add_object(stream)
    writer.root_object[NameObject("/NeedsRendering")] = BooleanObject(True)
    writer.write(path)
    return path


def circle(source: Path, path: Path) -> Path:
    """The book with an outline whose last entry goes on with its first."""
    writer = PdfWriter(clone_from=source)
    outline = writer.root_object["/Outlines"].get_object()
    outline["/Last"].get_object()[NameObject("/Next")] = outline.raw_get("/First")
    writer.write(path)
    return path


def locked(source: Path, path: Path) -> Path:
    """The PDF with a password that nobody gave."""
    writer = PdfWriter(clone_from=PdfReader(source))
    writer.encrypt("open sesame", algorithm="RC4-128")
    writer.write(path)
    return path


def deck(path: Path, slides: Sequence[tuple[str, str, str]]) -> Path:
    """A presentation of slides with title, text and speaker notes."""
    presentation = pptx.Presentation()
    for title, words, notes in slides:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = words
        if notes:
            slide.notes_slide.notes_text_frame.text = notes
    presentation.save(str(path))
    return path


def deck_with_table(path: Path) -> Path:
    """A slide with a table, the second slide put before the first."""
    presentation = pptx.Presentation()
    for title in ("Made first", "Made second"):
        presentation.slides.add_slide(presentation.slide_layouts[5]).shapes.title.text = title
    table = presentation.slides[1].shapes.add_table(2, 2, 0, 0, 4_000_000, 1_000_000).table
    for row, column, value in ((0, 0, "Planet"), (0, 1, "Moons"), (1, 0, "Mars"), (1, 1, "Two")):
        table.cell(row, column).text = value
    order = presentation.slides._sldIdLst
    order.insert(0, order[1])
    presentation.save(str(path))
    return path


def paper(path: Path) -> Path:
    """A text of two pages with a header, a table and a heading."""
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Course reader"
    document.add_heading("Currents", level=1)
    document.add_paragraph("Water moves.").add_run().add_break(WD_BREAK.PAGE)
    document.add_paragraph("Second page of it.")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Salt", "3.5 %"
    document.save(str(path))
    return path


def open_deck(path: Path, slides: Sequence[tuple[str, str, str]]) -> Path:
    """An OpenDocument presentation of slides with title, text and speaker notes."""
    document = OpenDocumentPresentation()
    layout = PageLayout(name="layout")
    document.automaticstyles.addElement(layout)
    master = MasterPage(name="master", pagelayoutname=layout)
    document.masterstyles.addElement(master)
    for title, words, remark in slides:
        page = Page(masterpagename=master)
        document.presentation.addElement(page)
        for text, role in ((title, "title"), (words, "outline")):
            page.addElement(_framed(text, role))
        notes = Notes()
        notes.addElement(_framed(remark, "notes"))
        page.addElement(notes)
    document.save(str(path))
    return path


def _framed(text: str, role: str) -> Any:
    frame = Frame(width="10cm", height="3cm", x="1cm", y="1cm")
    frame.setAttrNS("urn:oasis:names:tc:opendocument:xmlns:presentation:1.0", "class", role)
    box = TextBox()
    frame.addElement(box)
    box.addElement(odf_text.P(text=text))
    return frame


def open_paper(path: Path) -> Path:
    """An OpenDocument text with a heading, and a page end as a layout noted it."""
    document = OpenDocumentText()
    document.text.addElement(odf_text.H(outlinelevel=1, text="Currents"))
    paragraph = odf_text.P(text="Water moves.")
    document.text.addElement(paragraph)
    document.text.addElement(odf_text.SoftPageBreak())
    document.text.addElement(odf_text.P(text="Second page of it."))
    document.save(str(path))
    return path


def rewritten(source: Path, path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The package with parts changed, or left out where `change` answers None."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = change(entry.filename, old.read(entry))
            if data is not None:
                new.writestr(entry, data, compress_type=zipfile.ZIP_DEFLATED)
    return path


def bytes_of(entries: dict[str, bytes]) -> bytes:
    """A ZIP with these entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in entries.items():
            package.writestr(name, data)
    return buffer.getvalue()
