"""Languages as BCP 47 tags, from what files, models and people call them; pure."""

import re

from lectern.errors import Invalid, Message

UNKNOWN = "und"
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
# ISO 639-2 as containers have it, both its forms, to the two letters that BCP 47 prefers (RFC 5646
# §2.2.1). What is not here keeps its three letters, which is valid too.
_TWO = {
    three: two
    for two, names in {
        "ar": "ara", "bg": "bul", "ca": "cat", "cs": "ces cze", "cy": "cym wel", "da": "dan",
        "de": "deu ger", "el": "ell gre", "en": "eng", "es": "spa", "et": "est", "eu": "eus baq",
        "fa": "fas per", "fi": "fin", "fr": "fra fre", "ga": "gle", "gl": "glg", "he": "heb",
        "hi": "hin", "hr": "hrv", "hu": "hun", "id": "ind", "is": "isl ice", "it": "ita",
        "ja": "jpn", "ko": "kor", "lt": "lit", "lv": "lav", "ms": "msa may", "nl": "nld dut",
        "no": "nor", "pl": "pol", "pt": "por", "ro": "ron rum", "ru": "rus", "sk": "slk slo",
        "sl": "slv", "sr": "srp", "sv": "swe", "th": "tha", "tr": "tur", "uk": "ukr",
        "vi": "vie", "zh": "zho chi",
    }.items()
    for three in names.split()
}  # fmt: skip


def tag(text: str) -> str:
    """The tag in its usual spelling: `en`, `pt-BR`, `zh-Hant`.

    Raises:
        Invalid: it is no language tag.
    """
    parts = text.strip().replace("_", "-").split("-")
    if _TAG.fullmatch("-".join(parts)) is None:
        message = Message(
            "%(text)s is no language. Use a tag such as en, de or pt-BR.", text=repr(text[:40])
        )
        raise Invalid(message, {"lang": message})
    first = parts[0].lower()
    return "-".join([_TWO.get(first, first), *_rest(parts[1:])])


def tag_or_unknown(text: str | None) -> str:
    """The tag of a track or an asset, `und` for none and for nonsense."""
    try:
        found = tag(text or "")
    except Invalid:
        return UNKNOWN
    return UNKNOWN if found in {"und", "mul", "zxx", "mis"} else found


def primary(text: str) -> str:
    """The language alone, without region and script."""
    return text.partition("-")[0]


def _rest(parts: list[str]) -> list[str]:
    private = False
    written = []
    for part in parts:
        private |= len(part) == 1
        if private or not part.isalpha():
            written.append(part.lower())
        elif len(part) == 2:
            written.append(part.upper())
        else:
            written.append(part.title() if len(part) == 4 else part.lower())
    return written
