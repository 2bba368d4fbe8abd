"""What a PDF's page holds besides its printed words: form fields, notes on it, links, bookmarks."""

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

MOST_BOOKMARKS = 2_000
MOST_LINKS = 2_000
_DEEPEST = 8
_LONGEST_TITLE = 300
_LONGEST_URL = 2_000
_LONGEST_VALUE = 5_000
# Of one page: a form that has more is no form.
_MOST_ANNOTATIONS = 2_000

_PASSWORD = 1 << 13
_UNSEEN = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
# What a ticked box is called in a file where nobody gave it a name.
_NAMELESS = frozenset({"", "on", "yes", "true", "1", "oui", "ja"})


def clean(text: str) -> str:
    """Text without what is none: hyphens at a line's end (U+FFFE, U+0002), halves of letters."""
    plain = text.replace("\ufffe", "").replace("\x02", "").replace("\x00", "")
    plain = plain.encode("utf-8", "ignore").decode()
    return "\n".join(line.strip() for line in plain.splitlines() if line.strip())


def filled_in(document: pdfium.PdfDocument, page: pdfium.PdfPage) -> list[str]:
    """What somebody wrote on a page: values of its form fields, as `label: value`, and free text.

    Passwords and what is hidden are left out, and boxes and lists in which nothing is chosen.
    """
    lines = []
    for annotation in _annotations(page):
        if raw.FPDFAnnot_GetFlags(annotation) & _UNSEEN:
            continue
        match raw.FPDFAnnot_GetSubtype(annotation):
            case raw.FPDF_ANNOT_WIDGET if document.formenv:
                lines.append(_field(document.formenv, annotation))
            case raw.FPDF_ANNOT_FREETEXT:
                lines.append(_wide(raw.FPDFAnnot_GetStringValue, annotation, b"Contents"))
    return list(dict.fromkeys(line for line in map(clean, lines) if line))


def hide_passwords(document: pdfium.PdfDocument, page: pdfium.PdfPage) -> None:
    """Keep passwords out of the picture: programs write them in clear into a field's appearance.

    The document is changed in memory only.
    """
    if not document.formenv:
        return
    for annotation in _annotations(page):
        if raw.FPDFAnnot_GetSubtype(annotation) == raw.FPDF_ANNOT_WIDGET and _is_password(
            document.formenv, annotation
        ):
            flags = raw.FPDFAnnot_GetFlags(annotation) | raw.FPDF_ANNOT_FLAG_HIDDEN
            raw.FPDFAnnot_SetFlags(annotation, flags)


def _is_password(form: Any, annotation: Any) -> bool:
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    flags = raw.FPDFAnnot_GetFormFieldFlags(form, annotation)
    return bool(kind == raw.FPDF_FORMFIELD_TEXTFIELD and flags & _PASSWORD)


def _annotations(page: pdfium.PdfPage) -> Iterator[Any]:
    for index in range(min(raw.FPDFPage_GetAnnotCount(page), _MOST_ANNOTATIONS)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if annotation:
            try:
                yield annotation
            finally:
                raw.FPDFPage_CloseAnnot(annotation)


def _field(form: Any, annotation: Any) -> str:
    label = _wide(raw.FPDFAnnot_GetFormFieldAlternateName, form, annotation)
    value = ""
    match raw.FPDFAnnot_GetFormFieldType(form, annotation):
        case raw.FPDF_FORMFIELD_TEXTFIELD:
            if not _is_password(form, annotation):
                value = _wide(raw.FPDFAnnot_GetFormFieldValue, form, annotation)
        case raw.FPDF_FORMFIELD_COMBOBOX | raw.FPDF_FORMFIELD_LISTBOX:
            chosen = ", ".join(_chosen(form, annotation))
            # A box to type into has a value that is none of its options.
            value = chosen or _wide(raw.FPDFAnnot_GetFormFieldValue, form, annotation)
        case raw.FPDF_FORMFIELD_CHECKBOX | raw.FPDF_FORMFIELD_RADIOBUTTON:
            if not raw.FPDFAnnot_IsChecked(form, annotation):
                return ""
            value = _wide(raw.FPDFAnnot_GetFormFieldExportValue, form, annotation)
            if value.lower() in _NAMELESS:
                value = label or _wide(raw.FPDFAnnot_GetFormFieldName, form, annotation)
    value = value[:_LONGEST_VALUE].strip()
    return f"{label}: {value}" if value and label and label != value else value


def _chosen(form: Any, annotation: Any) -> Iterator[str]:
    for option in range(max(0, raw.FPDFAnnot_GetOptionCount(form, annotation))):
        if raw.FPDFAnnot_IsOptionSelected(form, annotation, option):
            yield _wide(raw.FPDFAnnot_GetOptionLabel, form, annotation, option)


def _wide(read: Callable[..., int], *arguments: Any) -> str:
    """What one of the functions answers that fill in a buffer of UTF-16."""
    size = read(*arguments, None, 0)
    if not 2 < size < 1 << 20:
        return ""
    buffer = ctypes.create_string_buffer(size)
    read(*arguments, ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return buffer.raw[: size - 2].decode("utf-16-le", "ignore")


def bookmarks(document: pdfium.PdfDocument) -> list[dict[str, Any]]:
    """The outline in its order: `{"title", "level", "page", "url"}`, `page` counted from 1.

    Those without a title, and those that lead nowhere and stand over none that do, are left out.
    """
    found: list[dict[str, Any]] = []
    for bookmark in document.get_toc(max_depth=_DEEPEST):
        if len(found) == MOST_BOOKMARKS:
            break
        title = " ".join(clean(bookmark.get_title()).split())[:_LONGEST_TITLE]
        if title:
            target = raw.FPDFBookmark_GetDest(document, bookmark)
            action = raw.FPDFBookmark_GetAction(bookmark)
            found.append(
                {"title": title, "level": bookmark.level, **_led_to(document, target, action)}
            )
    return [each for i, each in enumerate(found) if _leads(each) or _is_over(found, i)]


def _leads(place: dict[str, Any]) -> bool:
    return bool(place["page"] or place["url"])


def _is_over(found: list[dict[str, Any]], index: int) -> bool:
    below = found[index + 1 :]
    for each in below:
        if each["level"] <= found[index]["level"]:
            return False
        if _leads(each):
            return True
    return False


def links(document: pdfium.PdfDocument, page: pdfium.PdfPage, words: Any) -> list[dict[str, Any]]:
    """Where a page's links lead: `{"text", "page", "url"}`; `words` is its text page."""
    found: list[dict[str, Any]] = []
    position, link = ctypes.c_int(0), raw.FPDF_LINK()
    while len(found) < MOST_LINKS and raw.FPDFLink_Enumerate(page, position, link):
        target = raw.FPDFLink_GetDest(document, link)
        place = _led_to(document, target, raw.FPDFLink_GetAction(link))
        box = raw.FS_RECTF()
        if _leads(place) and raw.FPDFLink_GetAnnotRect(link, box):
            text = words.get_text_bounded(box.left, box.bottom, box.right, box.top)
            title = " ".join(clean(text).split())[:_LONGEST_TITLE]
            found.append({"text": title, **place})
    return found


def _led_to(document: pdfium.PdfDocument, target: Any, action: Any) -> dict[str, Any]:
    """The page of this document, or the address, that a bookmark or a link leads to."""
    url = ""
    if not target and action:
        match raw.FPDFAction_GetType(action):
            case raw.PDFACTION_GOTO:
                target = raw.FPDFAction_GetDest(document, action)
            case raw.PDFACTION_URI:
                url = _address(document, action)
    index = raw.FPDFDest_GetDestPageIndex(document, target) if target else -1
    return {"page": index + 1 if index >= 0 else None, "url": url or None}


def _address(document: pdfium.PdfDocument, action: Any) -> str:
    size = raw.FPDFAction_GetURIPath(document, action, None, 0)
    if not 1 < size <= _LONGEST_URL:
        return ""
    buffer = ctypes.create_string_buffer(size)
    raw.FPDFAction_GetURIPath(document, action, buffer, size)
    return buffer.value.decode("utf-8", "replace")
