"""EBU STL, the binary subtitles of broadcasters; pure.

Source: EBU Tech 3264, https://tech.ebu.ch/docs/tech/tech3264.pdf; its Latin characters are those of
ISO 6937. ttconv joins the words beside italics (findings/ttconv-stl-spaces.sh).
"""

import unicodedata
from collections.abc import Iterator

from lectern.errors import Invalid
from lectern.insight.caption_files import markup
from lectern.insight.caption_files.reading import Found, Reading, usable

_GENERAL, _BLOCK = 1024, 128
_LAST, _USER_DATA = 0xFF, 0xFE
_NEW_LINE, _UNUSED = 0x8A, 0x8F
# Of 23 rows; the upper third is the top.
_TOP_ROWS = 8
_CODECS = {b"01": "iso8859-5", b"02": "iso8859-6", b"03": "iso8859-7", b"04": "iso8859-8"}
_LATIN = {
    code: letter
    for first, letters in (
        (0xA0, " ¡¢£$¥#§¤‘“«←↑→↓°±²³×µ¶·÷’”»¼½¾¿"),
        (0xD0, "—¹®©™♪¬¦"),
        (0xDC, "⅛⅜⅝⅞ΩÆĐªĦ"),
        (0xE6, "ĲĿŁØŒºÞŦŊŉĸæđðħıĳŀłøœßþŧŋ"),
    )
    for code, letter in enumerate(letters, start=first)
}
# They stand before their letter.
_MARKS = {
    0xC1: "\u0300", 0xC2: "\u0301", 0xC3: "\u0302", 0xC4: "\u0303", 0xC5: "\u0304",
    0xC6: "\u0306", 0xC7: "\u0307", 0xC8: "\u0308", 0xCA: "\u030a", 0xCB: "\u0327",
    0xCD: "\u030b", 0xCE: "\u0328", 0xCF: "\u030c",
}  # fmt: skip


def is_stl(data: bytes) -> bool:
    """Whether the general block of such a file is here."""
    return data[3:6] == b"STL" and len(data) >= _GENERAL


def stl(data: bytes, reading: Reading) -> list[Found]:
    """Its subtitles; those of the upper rows stay at the top. Lines are numbers of blocks.

    Raises:
        Invalid: it counts in other pictures a second than the standard knows.
    """
    rate = {b"STL24.01": 24.0, b"STL25.01": 25.0, b"STL30.01": 30.0}.get(data[3:11])
    if rate is None:
        raise Invalid("This EBU STL file names no frame rate. Export it again with 25 or 30.")
    codec = _CODECS.get(data[12:14], "")
    found = []
    for number, block, text in _subtitles(data):
        times = _seconds(block[5:9], rate), _seconds(block[9:13], rate)
        words = "\n".join(_words(line, codec) for line in text.split(bytes([_NEW_LINE])))
        settings = "line:0" if 0 < block[13] <= _TOP_ROWS else ""
        cue = usable(reading, number, times, markup.Said(markup.tidy(words)), settings)
        if cue is not None:
            found.append(cue)
    return found


def _subtitles(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Number of its first block, that block, and the text of all its blocks; no comments."""
    first, text, number = b"", b"", 0
    for count, at in enumerate(range(_GENERAL, len(data) - _BLOCK + 1, _BLOCK), start=1):
        block = data[at : at + _BLOCK]
        if block[3] == _USER_DATA or block[15] == 1:
            continue
        if not first:
            first, number = block, count
        text += block[16:].split(bytes([_UNUSED]), 1)[0]
        if block[3] == _LAST:
            yield number, first, text
            first, text = b"", b""


def _seconds(code: bytes, rate: float) -> float:
    hours, minutes, seconds, frames = code
    return hours * 3600 + minutes * 60 + seconds + frames / rate


def _words(line: bytes, codec: str) -> str:
    """A row: codes of colour and height take a space's place, those of italics none."""
    spaced = bytes(0x20 if code < 0x20 else code for code in line if not 0x80 <= code <= 0x9F)
    return spaced.decode(codec, errors="replace") if codec else _latin(spaced)


def _latin(line: bytes) -> str:
    letters, mark = [], ""
    for code in line:
        if code in _MARKS:
            mark = _MARKS[code]
            continue
        letters.append((chr(code) if code < 0x7F else _LATIN.get(code, "")) + mark)
        mark = ""
    return unicodedata.normalize("NFC", "".join(letters))
