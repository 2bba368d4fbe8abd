"""Task `office`: which document a ZIP is, the text in it, and its pages as a PDF."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lectern.media.facts import Facts
from lectern.media.inside.shared import libreoffice, ooxml, opendocument
from lectern.media.inside.shared.packages import DAMAGED, UNREADABLE, Package
from lectern.media.inside.shared.words import Text
from lectern.media.sandbox.refusal import Refused

_OFFICE = "application/vnd.openxmlformats-officedocument."
_PRESENTATION = _OFFICE + "presentationml."
_TEXT = _OFFICE + "wordprocessingml."
_SHEET = _OFFICE + "spreadsheetml."
_POWERPOINT = "application/vnd.ms-powerpoint."
_WORD = "application/vnd.ms-word."
_EXCEL = "application/vnd.ms-excel."
# By the type that the package declares for its main part (ECMA-376 part 1 §11–13, [MS-OFFMACRO]).
_MAIN_TYPES = {
    _PRESENTATION + "presentation.main+xml": ("pptx", _PRESENTATION + "presentation"),
    _PRESENTATION + "slideshow.main+xml": ("pptx", _PRESENTATION + "slideshow"),
    _PRESENTATION + "template.main+xml": ("pptx", _PRESENTATION + "template"),
    _POWERPOINT + "presentation.macroEnabled.main+xml": (
        "pptx",
        _POWERPOINT + "presentation.macroEnabled.12",
    ),
    _POWERPOINT + "slideshow.macroEnabled.main+xml": (
        "pptx",
        _POWERPOINT + "slideshow.macroEnabled.12",
    ),
    _POWERPOINT + "template.macroEnabled.main+xml": (
        "pptx",
        _POWERPOINT + "template.macroEnabled.12",
    ),
    _TEXT + "document.main+xml": ("docx", _TEXT + "document"),
    _TEXT + "template.main+xml": ("docx", _TEXT + "template"),
    _WORD + "document.macroEnabled.main+xml": ("docx", _WORD + "document.macroEnabled.12"),
    _WORD + "template.macroEnabledTemplate.main+xml": (
        "docx",
        _WORD + "template.macroEnabled.12",
    ),
    _SHEET + "sheet.main+xml": ("xlsx", _SHEET + "sheet"),
    _SHEET + "template.main+xml": ("xlsx", _SHEET + "template"),
    _EXCEL + "sheet.macroEnabled.main+xml": ("xlsx", _EXCEL + "sheet.macroEnabled.12"),
}
# Where a package declares none of these, the part that is always there.
_PARTS = {
    "word/document.xml": ("docx", _TEXT + "document"),
    "ppt/presentation.xml": ("pptx", _PRESENTATION + "presentation"),
    "xl/workbook.xml": ("xlsx", _SHEET + "sheet"),
}
_OPEN = "application/vnd.oasis.opendocument."
# What an EPUB (OCF §4.3) or an OpenDocument file (part 2 §3.3) says of itself.
_MIMETYPES = {
    "application/epub+zip": "epub",
    _OPEN + "text": "odt",
    _OPEN + "text-template": "odt",
    _OPEN + "presentation": "odp",
    _OPEN + "presentation-template": "odp",
    _OPEN + "spreadsheet": "ods",
}
_MOST_MIMETYPE_BYTES = 100
_READERS: dict[str, Callable[[Package], Text]] = {
    "pptx": ooxml.presentation,
    "docx": ooxml.document,
    "odp": opendocument.presentation,
    "odt": opendocument.document,
}


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: source, and purpose (`facts`, `text` or `pdf`).

    `facts` are those of the document as JSON. `text` (container, scratch) writes `out.1`, a JSON
    list of `{"page", "text"}`, `out.2`, the places, and `out.3`, the speaker notes like the text;
    it answers `pages`, 0 where only a layout would tell, and `letters`. `pdf` (container, scratch,
    program) has LibreOffice write `out.0`.

    Raises:
        Refused: it is an archive of files, or cannot be read.
    """
    source = Path(arguments["source"])
    match arguments.get("purpose", "facts"):
        case "text":
            return _text(source, arguments["container"], Path(arguments["scratch"]))
        case "pdf":
            libreoffice.convert(
                source, arguments["container"], Path(arguments["scratch"]), arguments["program"]
            )
            return {}
        case _:
            return _facts(source).to_json()


def _facts(source: Path) -> Facts:
    try:
        package = Package(source)
        names = package.names
        container, mime = _document(package, names)
    except UNREADABLE as error:
        raise Refused(
            "The file is damaged: it looks like a ZIP archive but cannot be read."
        ) from error
    macros = any(name.endswith("vbaProject.bin") for name in names)
    notes = ("The document contains macros: tell those who download it.",) if macros else ()
    return Facts(kind="document", mime=mime, container=container, warnings=notes)


def _document(package: Package, names: set[str]) -> tuple[str, str]:
    if "[Content_Types].xml" in names:
        for declared in package.content_types().values():
            if declared in _MAIN_TYPES:
                return _MAIN_TYPES[declared]
        for part, found in _PARTS.items():
            if part in names:
                return found
    mime = package.read("mimetype", _MOST_MIMETYPE_BYTES).decode("ascii", "replace").strip()
    if mime in _MIMETYPES:
        return _MIMETYPES[mime], mime
    raise Refused(
        "This is a ZIP archive, neither media nor a document: unpack it and upload the files."
    )


def _text(source: Path, container: str, scratch: Path) -> dict[str, Any]:
    try:
        package = Package(source)
    except UNREADABLE as error:
        raise Refused(DAMAGED) from error
    read = _READERS[container](package)
    places = {"bookmarks": read.bookmarks, "links": []}
    for number, value in ((1, read.texts), (2, places), (3, read.notes)):
        text = json.dumps(value, ensure_ascii=False)
        (scratch / f"out.{number}").write_text(text, encoding="utf-8")
    letters = sum(len(each["text"]) for each in (*read.texts, *read.notes))
    return {"pages": read.pages, "letters": letters}
