"""What to say of a file that no reader of captions knows; pure."""

import re

from lectern.errors import Invalid, Message

_MAGIC = (
    (b"PK\x03\x04", Message("a Word document or a ZIP archive")),
    (b"%PDF", Message("a PDF")),
    (b"\xd0\xcf\x11\xe0", Message("a document of an old Office")),
    (b"{\\rtf", Message("a rich text document (RTF)")),
    (b"\x1aE\xdf\xa3", Message("a video")),
)
_SHAPES = (
    (r"\{\d+\}\{\d+\}", Message("MicroDVD, which counts pictures instead of seconds")),
    (r"Scenarist_SCC", Message("SCC, the closed captions of television")),
    (r"<SAMI", Message("SAMI")),
    (r"<!doctype html|<html", Message("a web page")),
    (r"<", Message("XML, but not TTML")),
    (r"[\[{]\s*[\"\[{]", Message("JSON")),
)


def check_magic(data: bytes) -> None:
    """Raises Invalid for documents of other programs, by their first bytes."""
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise _other(what)


def check_shape(text: str) -> None:
    """Raises Invalid for text of other formats, by how it begins."""
    for shape, what in _SHAPES:
        if re.match(shape, text.lstrip(), re.IGNORECASE):
            raise _other(what)


def problem() -> Invalid:
    """What to do with a file in which nothing is known."""
    return Invalid(
        "Line 1: this is no caption file that Lectern knows: there is no line such as "
        "00:00:01.000 --> 00:00:04.000. Save the captions as WebVTT (.vtt) or SubRip (.srt) in the "
        "program that made them, and upload that file."
    )


def _other(what: Message) -> Invalid:
    return Invalid(
        "Line 1: this is %(what)s. Lectern does not read captions from it. Export them as WebVTT "
        "(.vtt) or SubRip (.srt), and upload that file.",
        what=what,
    )
