"""Text among the uploads: captions and SVG pass, everything else is refused by its name."""

import codecs
import re

from lectern.errors import Message
from lectern.media.sandbox.refusal import Refused
from lectern.text import N_

# Of the first 64 KiB, this share may be control characters in what still counts as text.
_CONTROL_SHARE = 0.02
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))

_TIMING = re.compile(r"^[ \t]*-?\d{1,3}:\d{1,2}(:\d{1,2})?([,.]\d{1,4})?[ \t]*-->", re.MULTILINE)
_PROLOGUE = re.compile(
    r"(\s|<\?xml[^>]*\?>|<!--.*?-->|<!DOCTYPE\s+svg[^\[>]*(\[.*?\]\s*)?>)*",
    re.DOTALL | re.IGNORECASE,
)

_PLAYLIST = N_("This is %(what)s, not a video: upload the video file itself.")
_PLAYLISTS: tuple[tuple[str, str], ...] = (
    (r"#EXTM3U", N_("an HLS playlist")),
    (r"(<\?xml[^>]*\?>\s*)?<MPD\b", N_("a DASH manifest")),
    (r"ffconcat\b|file\s+['\"]?[\w./:\\-]+", N_("a list of files to join")),
    (r";FFMETADATA", N_("a list of metadata")),
    (r"v=0\r?\n", N_("a session description (SDP)")),
    (r"\[(playlist|reference)\]", N_("a playlist")),
    (r"(<\?xml[^>]*\?>\s*)?<(asx|smil|playlist|wpl)\b", N_("a playlist")),
    (r"rtsptext|rtsp://|rtmp://|https?://", N_("a list of addresses")),
)
_OTHERS: tuple[tuple[str, str], ...] = (
    (r"#!", N_("a script")),
    (r"<\?php", N_("a PHP script")),
    (
        r"(<\?xml[^>]*\?>\s*)?(<!--.*?-->\s*)*<(!doctype html|html|head|body|script|title)\b",
        N_("HTML"),
    ),
    (
        r"[\[{]\s*([\"\[{}\]\d-]|true|false|null)",
        N_("JSON data: it is not media, use the import command"),
    ),
)


def sniff(head: bytes, filename: str) -> tuple[str, str, str] | None:
    """`(kind, mime, reader)` of captions or SVG; None for what is not text at all.

    Raises:
        Refused: it is text of another sort; playlists and scripts are called what they are.
    """
    text = _decoded(head)
    if text is None:
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    start = text.lstrip("\ufeff \t\r\n")
    if re.match(r"WEBVTT([ \t\r\n]|$)", text.lstrip("\ufeff")):
        return "document", "text/vtt", "webvtt"
    for pattern, what in _PLAYLISTS:
        if re.match(pattern, start, re.IGNORECASE):
            raise Refused(_PLAYLIST, what=Message(what))
    for pattern, what in _OTHERS:
        if re.match(pattern, start, re.IGNORECASE | re.DOTALL):
            raise Refused("This is %(what)s. It was not kept.", what=Message(what))
    if _svg(start):
        return "image", "image/svg+xml", "svg"
    if _TIMING.search(text):
        return "document", "application/x-subrip", "srt"
    raise Refused(_unknown(text, filename))


def _decoded(head: bytes) -> str | None:
    """Lenient on purpose: only the shape counts here, the caption check is strict."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if head.startswith(mark):
            text = head[2:].decode(encoding, errors="replace")
            return text if "\ufffd" not in text[:-1] and _TIMING_OR_TEXT.search(text) else None
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls > max(8, len(head) * _CONTROL_SHARE) or len(head) < 8:
        return None
    text = head.decode("utf-8-sig", errors="replace")
    # Text in an old one-byte encoding has a few strange bytes, not mostly such.
    return text if text.count("\ufffd") < 0.3 * len(text) else None


# A byte order mark is two bytes, which chance may write; real text has a line of ASCII words.
_TIMING_OR_TEXT = re.compile(r"[\x20-\x7e]{4}|-->")


def _svg(start: str) -> bool:
    prologue = _PROLOGUE.match(start)
    end = prologue.end() if prologue else 0
    if not re.match(r"<(\w+:)?svg\b", start[end:], re.IGNORECASE):
        return False
    if "<!ENTITY" in start[:end]:
        raise Refused(
            "This SVG defines entities, which are not allowed for security "
            "reasons. Save it without entities and upload it again."
        )
    return True


def _unknown(text: str, filename: str) -> str:
    name = filename.lower()
    if name.endswith(".vtt"):
        return "This is not WebVTT: its first line must begin with WEBVTT."
    if name.endswith(".srt"):
        return "This is not SubRip: it has no line such as 00:00:01,000 --> 00:00:04,000."
    if text.lstrip().startswith("<"):
        return "This is markup (XML), not media. It was not kept."
    first = text.split("\n", 1)[0]
    if name.endswith((".csv", ".tsv")) or first.count(",") > 1 or first.count(";") > 1:
        return "This is a table (CSV): it is not media, use the import command."
    return "This is a text file, not media. It was not kept."
