"""Markup of caption texts: what each format knows is taken out, everything else is words; pure.

Sources: W3C WebVTT 1 §4.2, https://www.w3.org/TR/webvtt1/; SubRip has no standard, its tags are
those that players know. `List<String>` and `<div>` are what somebody says in a programming course.
"""

import html
import re
import unicodedata
from enum import StrEnum
from typing import NamedTuple


class Markup(StrEnum):
    """Whose tags a text has."""

    VTT = "vtt"
    SRT = "srt"


class Said(NamedTuple):
    """A cue's text without markup, who says it where the file says so, and where it stands."""

    text: str
    speaker: str = ""
    settings: str = ""


LONGEST_SPEAKER = 100
# Beyond this a cue is no caption; nothing of it could be kept.
LONGEST_TEXT = 10_000
_STAMP = r"(?:\d{1,4}:)?\d{1,2}:\d{2}\.\d{3}"
_FONT = r"font\s+(?:color|face|size)\s?=[^<>]{0,300}|/font"
_VTT_TAG = re.compile(
    rf"<(?:/?(?:c|i|b|u|v|lang|ruby|rt)|(?:c|i|b|u|ruby|rt)(?:\.[^\s<>.]+)+"
    rf"|(?:v|lang)(?:\.[^\s<>.]+)*[ \t\n]+[^<>]*|{_STAMP}|{_FONT}|)>"
)
_SRT_TAG = re.compile(rf"<(?:/?[ibus]|(?i:{_FONT})|{_STAMP})\s*/?>")
_TAGS = {Markup.VTT: _VTT_TAG, Markup.SRT: _SRT_TAG}
# `<B>` alone is a type parameter.
_SRT_PAIR = re.compile(r"<([IBUS])>([^<>]{0,500})</\1>")
_SRT_ANY = re.compile(rf"<(?:/?[ibus]|{_FONT}|{_STAMP})\s*/?>", re.IGNORECASE)
# What no cue's markup has and a page would run.
_SCRIPT = re.compile(r"</?script\b[^<>]{0,200}>", re.IGNORECASE)
_HANDLER = re.compile(r"<[a-z][^<>]{0,200}\son[a-z]{1,30}\s?=[^<>]{0,200}>", re.IGNORECASE)
_VOICE = re.compile(r"<v(?:\.[^\s<>.]+)*[ \t\n]+([^<>]*)>")
_VOICE_ENDS = re.compile(r"</v>")
_RUBY = re.compile(r"<rt(?:\.[^\s<>.]+)*>(.*?)(?:</rt>|(?=<rt\b|</ruby>)|$)", re.DOTALL)
# Style overrides of SubStation Alpha, which SubRip files have too; `{\alpha}` is LaTeX.
_OVERRIDE = re.compile(
    r"\{\\(?:an?\d{1,2}|[ibus][01]|b\d{3}|fn[^{}\\]*|fs\d[^{}]*|[1-4]?c&H[^{}]*|[1-4]?a&H[^{}]*"
    r"|alpha&H[^{}]*|pos\([^{}]*|move\([^{}]*|org\([^{}]*|fade?\([^{}]*|i?clip\([^{}]*|t\([^{}]*"
    r"|(?:k[fo]?|K)\d+|q\d|r[^{}\\]*|[xy]?bord\d[^{}]*|[xy]?shad\d[^{}]*|be\d|blur\d[^{}]*"
    r"|f[ra][xyz]?-?\d[^{}]*|fsc[xy]\d[^{}]*|fsp-?\d[^{}]*|fe\d+|p\d+)(?:\\[^{}]*)?\}"
)
_PLACE = re.compile(r"\{[^{}]{0,200}\\an([1-9])[^{}]{0,200}\}")
# Where the places of a number block are, as WebVTT says it; bottom middle is where cues stand.
_ACROSS = {1: "align:start position:0%", 2: "", 0: "align:end position:100%"}
_DOWN = {0: "", 1: "line:50%", 2: "line:0"}
_SETTING = re.compile(
    r"(?:vertical:(?:rl|lr)|line:-?\d+(?:\.\d+)?%?(?:,(?:start|center|end))?"
    r"|position:\d+(?:\.\d+)?%(?:,(?:line-left|center|line-right|start|middle|end))?"
    r"|size:\d+(?:\.\d+)?%|align:(?:start|center|middle|end|left|right))"
)
# Overrides turn letters round for what follows; isolates only hold a phrase together.
_TURNS = {"\u202d", "\u202e"}


def said(text: str, form: Markup) -> Said:
    """The text of a cue without markup, entities decoded once, without empty lines."""
    text = text[:LONGEST_TEXT]
    if form is Markup.SRT:
        place = _PLACE.search(text)
        return Said(_bare(text, form), "", place_settings(int(place[1])) if place else "")
    if "</script" in text.casefold():
        text = _SCRIPT.sub("", text)
    text = _HANDLER.sub("", text)
    parts = _voices(text)
    names = {speaker for speaker, words in parts if words}
    if len(names) == 1:
        return Said("\n".join(words for _, words in parts if words), names.pop())
    told = [f"{speaker}: {words}" if speaker else words for speaker, words in parts if words]
    return Said("\n".join(told))


def settings_of(words: list[str]) -> str:
    """The settings of a WebVTT cue that mean something without its regions and styles."""
    kept = [word for word in words if _SETTING.fullmatch(word)]
    return " ".join(dict.fromkeys(kept))


def place_settings(place: int) -> str:
    """Settings of WebVTT for a place as SubStation Alpha numbers them (`an`), 1 to 9."""
    return " ".join(filter(None, (_DOWN[(place - 1) // 3], _ACROSS[place % 3])))


PLACES = {place_settings(place): place for place in range(1, 10) if place != 2}


def tidy(text: str) -> str:
    """NFC, without control characters and empty lines; spaces at the ends of lines go."""
    kept = "".join(
        c
        for c in unicodedata.normalize("NFC", text)
        if c == "\n"
        or c == "\t"
        or not (unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in _TURNS)
    )
    lines = (" ".join(line.split()) for line in kept.split("\n"))
    return "\n".join(line for line in lines if line)


def speaker_name(text: str) -> str:
    """A speaker as it is kept: one line without markup; empty for what has no letter or digit."""
    name = " ".join(tidy(html.unescape(text)).split())[:LONGEST_SPEAKER].strip()
    return name if any(c.isalnum() for c in name) else ""


def safe(text: str) -> str:
    """A SubRip text in which nothing of the words is read as markup, as little changed as can be.

    The format has no standard and no way to escape.
    """
    whole = text if html.unescape(text) == text else text.replace("&", "&amp;")
    whole = _SRT_ANY.sub(lambda tag: f"&lt;{tag[0][1:]}", whole)
    return _OVERRIDE.sub(lambda tag: f"{{ {tag[0][1:]}", whole).replace("-->", "→")


def _voices(text: str) -> list[tuple[str, str]]:
    """Who says which part, in order; nobody's name is empty."""
    found: list[tuple[str, str]] = []
    pieces = _VOICE.split(text)
    found.append(("", _bare(pieces[0], Markup.VTT)))
    for name, words in zip(pieces[1::2], pieces[2::2], strict=True):
        own, *after = _VOICE_ENDS.split(words, maxsplit=1)
        found.append((speaker_name(name), _bare(own, Markup.VTT)))
        found.extend(("", _bare(rest, Markup.VTT)) for rest in after)
    return found


def _bare(text: str, form: Markup) -> str:
    if form is Markup.VTT:
        text = _RUBY.sub(lambda ruby: _beside(ruby[1]), text)
    else:
        text = _SRT_PAIR.sub(r"\2", text)
    text = _TAGS[form].sub("", _OVERRIDE.sub("", text))
    return tidy(html.unescape(text))


def _beside(reading: str) -> str:
    """What stands above a word, in brackets behind it."""
    words = _VTT_TAG.sub("", reading).strip()
    return f" ({words})" if words.isascii() and words else f"({words})" if words else ""
