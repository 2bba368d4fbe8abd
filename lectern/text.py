"""Names, titles, tags and references made safe to show and store; durations and sizes as text."""

import re
import unicodedata
from functools import lru_cache

from lectern.errors import Invalid, Message

# docs/reliability.md#names: a display string of at most 200 characters.
LONGEST_NAME = 200
LONGEST_TAG = 60
_SPACE = re.compile(r"\s+")
_PATH = re.compile(r"[/\\]")
# Directional formatting can make one name look like another (photo + U+202E + gpj.exe).
_BIDI = {
    chr(code) for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


def N_(text: str) -> str:  # noqa: N802 the name by which gettext's tools know it
    """The text itself, marked for translation; whoever shows it translates it."""
    return text


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
        message = Message(
            "A tag needs 1 to %(longest_tag)s characters and no comma: %(name)s.",
            longest_tag=LONGEST_TAG,
            name=repr(name[:80]),
        )
        raise Invalid(message, {"tags": message})
    return name


# A batch asks for few different ones, a hundred thousand times.
@lru_cache(10_000)
def tag_key(name: str) -> str:
    """What makes two spellings one tag."""
    return unicodedata.normalize("NFKC", name).casefold()


_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)*")


def line(text: str, field: str, *, longest: int = 200, empty: bool = False) -> str:
    """`text` as one clean line: NFC, blanks joined, control and direction characters dropped.

    Raises:
        Invalid: for `field`, when nothing or more than `longest` characters are left.
    """
    joined = " ".join(text.split())
    kept = "".join(
        letter
        for letter in unicodedata.normalize("NFC", joined)
        if letter not in _BIDI and unicodedata.category(letter) not in _UNSEEN
    ).strip()
    if not kept and not empty:
        raise Invalid.of(field, "Enter some text.")
    if len(kept) > longest:
        raise Invalid.of(
            field,
            "This has %(count)s characters. The limit is %(longest)s.",
            count=len(kept),
            longest=longest,
        )
    return kept


def reference(text: str, field: str = "ref") -> str:
    """A caller's own name for a thing, usable as one segment of an address.

    It is never changed, only refused: the caller must find the thing again by what it wrote.

    Raises:
        Invalid: it is empty, over 200 characters, or has characters that an address loses.
    """
    normal = unicodedata.normalize("NFC", text)
    if len(text) > 200 or normal != line(text, field) or "/" in text or text in {".", ".."}:
        raise Invalid.of(
            field,
            "A reference must have 1 to 200 visible characters, without slashes or "
            "leading or trailing spaces.",
        )
    return text


def slug(text: str, otherwise: str) -> str:
    """Lower-case ASCII words joined by hyphens, at most 60 characters; `otherwise` if none."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or otherwise


def email(text: str) -> str:
    """The address in lower case, as it is stored and looked up.

    Raises:
        Invalid: it is no address.
    """
    clean = line(text, "email", longest=254).lower()
    if not _EMAIL.fullmatch(clean):
        raise Invalid.of("email", "This is not a valid email address.")
    return clean


def duration_text(seconds: float | None) -> str:
    """`0:07`, `12:04` or `1:02:03`; empty for what has no duration."""
    if seconds is None:
        return ""
    # Under a second still lasts: 0:00 would look broken.
    whole = max(1, round(seconds)) if seconds > 0 else 0
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size_text(size: int | None) -> str:
    """Decimal units, as disks and browsers count: `512 B`, `1.2 MB`, `20 GB`."""
    if size is None:
        return ""
    amount, unit = float(size), "B"
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if amount < 999.5 or unit == "TB":
            break
        amount /= 1000
    digits = 0 if unit == "B" or amount >= 9.95 else 1
    return f"{amount:.{digits}f} {unit}"
