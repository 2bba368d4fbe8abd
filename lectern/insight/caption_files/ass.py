"""SubStation Alpha, old (`.ssa`) and advanced (`.ass`): its dialogue as cues; pure.

The columns are those that the file's own `Format` lines name, which pysubs2 does not look at
(findings/pysubs2-format-line.sh).
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from lectern.insight.caption_files import markup
from lectern.insight.caption_files.clock import seconds_of
from lectern.insight.caption_files.reading import Found, Reading, usable

_SECTION = re.compile(r"\s*\[([^\]]+)\]\s*")
_LINE = re.compile(r"\s*(Format|Style|Dialogue)\s*:\s?(.*)", re.IGNORECASE)
_EVENTS = "layer start end style name marginl marginr marginv effect text"
_STYLES = (
    "name fontname fontsize primarycolour secondarycolour outlinecolour backcolour bold italic "
    "underline strikeout scalex scaley spacing angle borderstyle outline shadow alignment"
)
_OVERRIDE = re.compile(r"\{([^{}]*)\}")
_DRAWS = re.compile(r"\\p(\d+)")
_PLACE = re.compile(r"\\an([1-9])")
_OLD_PLACE = re.compile(r"\\a(\d{1,2})(?!\d)")
# Places as the old format numbers them, by their number now.
_OLD = {1: 1, 2: 2, 3: 3, 5: 7, 6: 8, 7: 9, 9: 4, 10: 5, 11: 6}
# A brace that is a character stands aside while those of overrides go.
_BRACES = (("\\{", "\ue000", "{"), ("\\}", "\ue001", "}"))


def is_ass(lines: Sequence[str]) -> bool:
    """Whether this is SubStation Alpha: it has a section of events."""
    return any((match := _SECTION.fullmatch(line)) and _is_events(match[1]) for line in lines)


def ass(lines: Sequence[str], reading: Reading) -> list[Found]:
    """Its dialogue: names as speakers, places kept; comments and drawings are no text."""
    places: dict[str, int] = {}
    found = []
    for number, section, row in _rows(lines):
        if "styles" in section:
            places[row.get("name", "").strip().lstrip("*")] = _place_of(row, section)
        elif _is_events(section):
            style = row.get("style", "").strip().lstrip("*")
            cue = _cue(number, row, places.get(style, 2), reading)
            if cue is not None:
                found.append(cue)
    return found


def _is_events(section: str) -> bool:
    return section.strip().casefold() == "events"


def _rows(lines: Sequence[str]) -> Iterator[tuple[int, str, Mapping[str, str]]]:
    """Styles and dialogue with the number of their line and their section, by column."""
    section, columns = "", _EVENTS.split()
    for number, line in enumerate(lines, start=1):
        if head := _SECTION.fullmatch(line):
            section = head[1].strip().casefold()
            columns = (_EVENTS if _is_events(section) else _STYLES).split()
        elif match := _LINE.fullmatch(line):
            if match[1].casefold() == "format":
                columns = [name.strip().casefold() for name in match[2].split(",")]
            else:
                # Only the last column, the text, may have commas in it.
                values = match[2].split(",", len(columns) - 1)
                yield number, section, dict(zip(columns, values, strict=False))


def _place_of(row: Mapping[str, str], section: str) -> int:
    text = row.get("alignment", "2").strip()
    number = int(text) if text.isascii() and text.isdecimal() else 2
    return number if "+" in section else _OLD.get(number, 2)


def _cue(line: int, row: Mapping[str, str], place: int, reading: Reading) -> Found | None:
    text = row.get("text", "")
    for escaped, aside, _ in _BRACES:
        text = text.replace(escaped, aside)
    overrides = "".join(_OVERRIDE.findall(text))
    if own := _PLACE.search(overrides):
        place = int(own[1])
    elif old := _OLD_PLACE.search(overrides):
        place = _OLD.get(int(old[1]), place)
    words = re.sub(r"\\[Nn]", "\n", _shown(text)).replace("\\h", " ")
    for _, aside, brace in _BRACES:
        words = words.replace(aside, brace)
    speaker = markup.speaker_name(row.get("name", row.get("actor", "")))
    settings = markup.place_settings(place) if place in range(1, 10) else ""
    if "\\p" in overrides and not markup.tidy(words):
        return None
    times = seconds_of(row.get("start", "")), seconds_of(row.get("end", ""))
    return usable(reading, line, times, markup.Said(markup.tidy(words), speaker), settings)


def _shown(text: str) -> str:
    """What is written, without overrides and without what is drawn."""
    pieces = _OVERRIDE.split(text)
    shown, draws = pieces[0], False
    for override, words in zip(pieces[1::2], pieces[2::2], strict=True):
        if scales := _DRAWS.findall(override):
            draws = int(scales[-1]) > 0
        shown += "" if draws else words
    return shown
