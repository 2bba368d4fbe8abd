"""Task `archive`: which document a ZIP is, from the names in its directory; nothing is unpacked."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lectern.media.facts import Facts
from lectern.media.sandbox.refusal import Refused

_MOST_ENTRIES = 10_000
_OFFICE = "application/vnd.openxmlformats-officedocument."
# The part that makes an Office Open XML package what it is (ECMA-376 part 1 §11–13).
_PARTS = {
    "word/document.xml": ("docx", _OFFICE + "wordprocessingml.document"),
    "ppt/presentation.xml": ("pptx", _OFFICE + "presentationml.presentation"),
    "xl/workbook.xml": ("xlsx", _OFFICE + "spreadsheetml.sheet"),
}
# The first entry, stored plain, of an EPUB (OCF §4.3) or an OpenDocument file (part 2 §3.3).
_MIMETYPES = {
    "application/epub+zip": "epub",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
}


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: source. Returns `Facts` of the document as JSON.

    Raises:
        Refused: it is an archive of files, or no readable ZIP at all.
    """
    try:
        with zipfile.ZipFile(Path(arguments["source"])) as package:
            names = {entry.filename for entry in package.infolist()[:_MOST_ENTRIES]}
            container, mime = _document(package, names)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError) as error:
        raise Refused(
            "The file is damaged: it looks like a ZIP archive but cannot be read."
        ) from error
    macros = any(name.endswith("vbaProject.bin") for name in names)
    notes = ("The document contains macros: tell those who download it.",) if macros else ()
    return Facts(kind="document", mime=mime, container=container, warnings=notes).to_json()


def _document(package: zipfile.ZipFile, names: set[str]) -> tuple[str, str]:
    if "[Content_Types].xml" in names:
        for part, found in _PARTS.items():
            if part in names:
                return found
    first = package.infolist()[0] if package.infolist() else None
    if first and first.filename == "mimetype" and first.file_size <= 100:
        mime = package.read(first).decode("ascii", errors="replace").strip()
        if mime in _MIMETYPES:
            return _MIMETYPES[mime], mime
    raise Refused(
        "This is a ZIP archive, neither media nor a document: unpack it and upload the files."
    )
