"""What people call things: titles, names, references and addresses, made safe to show."""

import re
import unicodedata

from lectern.errors import Invalid

# Invisible characters that turn the reading direction around: a name could pose as another.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
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
        raise Invalid.of(field, "Write something here.")
    if len(kept) > longest:
        raise Invalid.of(field, f"This has {len(kept)} characters; at most {longest} are possible.")
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
            "A reference has 1 to 200 visible characters and neither a slash nor edge blanks.",
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
        raise Invalid.of("email", "This is not an e-mail address.")
    return clean
