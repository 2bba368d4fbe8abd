"""Names that people gave to files, made safe to show and to store; they are never paths."""

import re
import unicodedata

from lectern.errors import Invalid

# reliability.md T9: a display string of at most 200 characters.
LONGEST_NAME = 200
LONGEST_TAG = 60
_SPACE = re.compile(r"\s+")
_PATH = re.compile(r"[/\\]")
# Directional formatting can make one name look like another (photo + U+202E + gpj.exe).
_BIDI = {
    chr(code) for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


def clean_text(text: str) -> str:
    """NFC, without control, surrogate and directional characters; runs of space become one."""
    kept = "".join(c for c in text if c.isspace() or not _unseen(c))
    return _SPACE.sub(" ", unicodedata.normalize("NFC", kept)).strip()


def _unseen(letter: str) -> bool:
    return letter in _BIDI or unicodedata.category(letter) in {"Cc", "Cs"}


def clean_paragraphs(text: str) -> str:
    """Like `clean_text`, line by line: descriptions keep their line breaks."""
    return "\n".join(clean_text(line) for line in text.replace("\r\n", "\n").split("\n")).strip()


def file_name(raw: str) -> str:
    """The name to show for an uploaded file: its last path component, cleaned and bounded.

    The extension survives shortening, because it is what people recognise a file by.
    """
    last = clean_text(_PATH.split(raw)[-1].replace("\x00", "")) or clean_text(
        " ".join(part for part in _PATH.split(raw) if part.strip("."))
    )
    if not last.strip(" ."):
        return "untitled"
    if len(last) <= LONGEST_NAME:
        return last
    stem, dot, extension = last.rpartition(".")
    if not dot or len(extension) > 10:
        return last[:LONGEST_NAME].strip()
    return f"{stem[: LONGEST_NAME - len(extension) - 1].strip()}.{extension}"


def asset_name(raw: str) -> str:
    """A name given to an asset by a person.

    Raises:
        Invalid: nothing visible is left of it, or it is too long.
    """
    name = clean_text(raw)
    if not name:
        raise Invalid("A name cannot be empty.", {"name": "Type a name."})
    if len(name) > LONGEST_NAME:
        message = f"A name may have at most {LONGEST_NAME} characters; this one has {len(name)}."
        raise Invalid(message, {"name": message})
    return name


def tag_name(raw: str) -> str:
    """A tag as shown. Commas separate tags, so they are not part of one.

    Raises:
        Invalid: empty, too long, or with a comma.
    """
    name = clean_text(raw)
    if not name or len(name) > LONGEST_TAG or "," in name:
        message = f"A tag needs 1 to {LONGEST_TAG} characters and no comma: {name[:80]!r}."
        raise Invalid(message, {"tags": message})
    return name


def tag_key(name: str) -> str:
    """What makes two spellings one tag."""
    return unicodedata.normalize("NFKC", name).casefold()
