"""TTML and its older name DFXP: the timed paragraphs of a document, whatever its profile; pure.

Source: W3C TTML2, https://www.w3.org/TR/ttml2/. Namespaces are not looked at: they changed with
each draft, and files carry them wrongly or not at all.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from lectern.errors import Invalid
from lectern.insight.caption_files import markup
from lectern.insight.caption_files.reading import Found, Reading, usable

_ROOT = re.compile(r"\s*(?:<\?xml[^>]*\?>\s*)?(?:(?><!--.*?-->)\s*)*+<(?:\w+:)?tt[\s>]", re.DOTALL)
_CLOCK = re.compile(r"(\d{2,}):(\d{2}):(\d{2})(?:\.(\d+)|:(\d{2,})(?:\.\d+)?)?")
_OFFSET = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|f|t)")
_PARAGRAPH = re.compile(r"<(?:\w+:)?p[\s>]")
_NO_TEXT = {"metadata", "desc", "title", "set", "animate"}
_HEIGHTS = {"before": "line:0", "center": "line:50%"}
_VERTICAL = {"tbrl": "vertical:rl", "tb": "vertical:rl", "tblr": "vertical:lr"}
_DEEPEST = 50


@dataclass(frozen=True)
class _Document:
    """What is said once for all paragraphs: rates, names of agents, settings of regions."""

    frames: float
    ticks: float
    agents: Mapping[str, str]
    settings: Mapping[str, str]

    def seconds(self, text: str | None) -> float | None:
        """A time expression in seconds; None for none and for nonsense."""
        if text is None:
            return None
        if match := _CLOCK.fullmatch(text.strip()):
            hours, minutes, seconds, decimals, frames = match.groups()
            rest = float(f"0.{decimals}") if decimals else int(frames or 0) / self.frames
            return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + rest
        if match := _OFFSET.fullmatch(text.strip()):
            units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
            units |= {"f": 1 / self.frames, "t": 1 / self.ticks}
            return float(match[1]) * units[match[2]]
        return None


def is_ttml(text: str) -> bool:
    """Whether the text is a timed text document."""
    return _ROOT.match(text) is not None


def ttml(text: str, reading: Reading) -> list[Found]:
    """Its paragraphs; where only their spans have times, those.

    Raises:
        Invalid: it is no XML, or defines entities.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Invalid("This TTML file defines a DOCTYPE. Remove it and upload the file again.")
    try:
        # Without a DOCTYPE there are no entities but XML's own five.
        root = ElementTree.fromstring(text.strip())  # noqa: S314
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        line = getattr(error, "position", (1, 0))[0]
        raise Invalid(
            "Line %(line)s: this TTML file is not well-formed XML. Export it again as WebVTT or "
            "SubRip.",
            line=line,
        ) from error
    try:
        return _cues(root, text, reading)
    except RecursionError as error:
        raise Invalid("This TTML file is nested too deeply. Export it again.") from error


def _cues(root: ElementTree.Element, text: str, reading: Reading) -> list[Found]:
    document = _document(root)
    lines = _lines(text)
    found = []
    for element, span, settings in _walk(root, document, (0.0, None), "", 0):
        name = _name(element)
        line = next(lines, 0) if name == "p" else 0
        words = markup.tidy(_words(element).replace("\n ", "\n"))
        speaker = document.agents.get(_value(element, "agent").split(" ")[0], "")
        said = markup.Said(words, speaker)
        if span[1] is None and not words:
            continue
        cue = usable(reading, line, span, said, settings)
        if cue is not None:
            found.append(cue)
    return found


def _document(root: ElementTree.Element) -> _Document:
    frames = float(_number(_value(root, "frameRate"), 30.0))
    if multiplier := re.fullmatch(r"(\d+)[ :](\d+)", _value(root, "frameRateMultiplier")):
        frames *= int(multiplier[1]) / max(1, int(multiplier[2]))
    ticks = _number(_value(root, "tickRate"), frames)
    agents, settings = {}, {}
    for element in root.iter():
        known = _value(element, "id")
        if known and _name(element) == "agent":
            names = [each.text or "" for each in element.iter() if _name(each) == "name"]
            agents[known] = markup.speaker_name(names[0] if names else known)
        elif known and _name(element) in {"region", "style"}:
            settings[known] = _settings(element)
    for element in root.iter():
        if _name(element) in {"region", "style"}:
            known, named = _value(element, "id"), _value(element, "style").split()
            if known and not settings[known]:
                settings[known] = next((settings[n] for n in named if settings.get(n)), "")
    return _Document(frames, ticks, agents, settings)


def _number(text: str, otherwise: float) -> float:
    return float(text) if re.fullmatch(r"\d{1,9}", text) and int(text) else otherwise


def _settings(element: ElementTree.Element) -> str:
    """The place and direction that a region or style gives."""
    found = []
    for each in (element, *element):
        found += [_VERTICAL.get(_value(each, "writingMode"), "")]
        found += [_HEIGHTS.get(_value(each, "displayAlign"), "")]
    words = [word for word in found if word]
    # A vertical cue has its own idea of lines.
    vertical = [word for word in words if word.startswith("vertical")]
    return " ".join(dict.fromkeys(vertical[:1] or words[:1]))


def _walk(
    element: ElementTree.Element, document: _Document, within: tuple[float, float | None],
    settings: str, depth: int,
) -> Iterator[tuple[ElementTree.Element, tuple[float | None, float | None], str]]:  # fmt: skip
    """Each timed paragraph, or span of one without times, with its own times."""
    if depth > _DEEPEST:
        return
    name = _name(element)
    begin, end, timed = _times(element, document, within)
    named = [_value(element, "region"), *_value(element, "style").split()]
    settings = next((document.settings[n] for n in named if document.settings.get(n)), settings)
    if name == "p":
        spans = [] if timed else list(_timed(element))
        if not spans:
            yield element, (begin, end), settings
        for span in spans:
            start, stop, _ = _times(span, document, (begin, end))
            yield span, (start, stop), settings
    elif name != "head":
        for child in element:
            yield from _walk(child, document, (begin, end), settings, depth + 1)


def _times(
    element: ElementTree.Element, document: _Document, within: tuple[float, float | None]
) -> tuple[float, float | None, bool]:
    """Begin and end on the whole document's clock, and whether the element says any."""
    base, until = within
    begin = document.seconds(element.get("begin"))
    end, lasts = document.seconds(element.get("end")), document.seconds(element.get("dur"))
    start = base + (begin or 0.0)
    ends = [base + end] if end is not None else []
    ends += [start + lasts] if lasts is not None else []
    ends += [until] if until is not None and not ends else []
    return start, min(ends) if ends else None, _has_times(element)


def _timed(element: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """The outermost elements within this one that say times."""
    for child in element:
        if _has_times(child):
            yield child
        else:
            yield from _timed(child)


def _has_times(element: ElementTree.Element) -> bool:
    return any(element.get(name) is not None for name in ("begin", "end", "dur"))


def _words(element: ElementTree.Element) -> str:
    """The text, white space as XML authors mean it, a line break for each `br`."""
    parts = [_flat(element.text)]
    for child in element:
        name = _name(child)
        if name == "br":
            parts.append("\n")
        elif name not in _NO_TEXT:
            words = _words(child)
            above = _value(child, "ruby") == "text" and words.strip()
            parts.append(f" ({words.strip()})" if above else words)
        parts.append(_flat(child.tail))
    return "".join(parts)


def _flat(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")


def _lines(text: str) -> Iterator[int]:
    """In which line each paragraph begins."""
    line, at = 1, 0
    for match in _PARAGRAPH.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        yield line


def _name(element: ElementTree.Element) -> str:
    tag = element.tag if isinstance(element.tag, str) else ""
    return tag.rpartition("}")[2]


def _value(element: ElementTree.Element, name: str) -> str:
    """An attribute by its name alone."""
    found = (value for key, value in element.items() if key.rpartition("}")[2] == name)
    return next(found, "")
