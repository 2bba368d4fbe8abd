"""What other code will take for granted of the objects and lists that an export holds; pure."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lectern.insight.cues import OPTIONAL
from lectern.insight.glossary import LONGEST_TERM, MOST_SPELLINGS
from lectern.insight.subtitles import MAX_CUES
from lectern.models import Kind

# As for texts of other files: a slip or an attack, not a caption.
LONGEST_CUE = 10_000
_CUE = {"start", "end", "text"}
# Of a cue's speaker and settings.
LONGEST_NOTE = 200


def check(name: str, said: Any) -> None:
    """Let a field's value pass if it has the shape that fields of this name have.

    Raises:
        ValueError: with what is wrong, to be put after the field's name.
    """
    known = _SHAPES.get(name)
    if known is not None:
        known(said)


def _texts(said: Iterable[Any]) -> None:
    if not all(isinstance(text, str) for text in said):
        raise ValueError("must hold texts only")


def _place(said: Mapping[str, Any]) -> None:
    _texts(said.values())


def _facts(said: Mapping[str, Any]) -> None:
    if said.get("kind", Kind.VIDEO) not in set(Kind):
        raise ValueError("name a kind that there is not")
    measured = [said.get(name) for name in ("duration_s", "width", "height")]
    if not all(each is None or type(each) in {int, float} for each in measured):
        raise ValueError("hold a measure that is no number")


def _cues(said: list[Any]) -> None:
    if len(said) > MAX_CUES:
        raise ValueError(f"has more than {MAX_CUES:,} cues")
    for number, cue in enumerate(said, start=1):
        if not isinstance(cue, dict) or cue.keys() - OPTIONAL != _CUE or not _texts_of(cue):
            raise ValueError(f"has no start, end and text in cue {number:,}")
        times = cue["start"], cue["end"]
        if not all(type(each) in {int, float} and math.isfinite(each) for each in times):
            raise ValueError(f"has a time that is no number in cue {number:,}")
        if not 0 <= times[0] <= times[1]:
            raise ValueError(f"has a cue that ends before it begins, cue {number:,}")
        if len(cue["text"]) > LONGEST_CUE:
            raise ValueError(f"has more than {LONGEST_CUE:,} characters in cue {number:,}")


def _texts_of(cue: Mapping[str, Any]) -> bool:
    notes = [cue.get(name, "") for name in OPTIONAL]
    if not all(isinstance(text, str) for text in (cue["text"], *notes)):
        return False
    return all(len(text) <= LONGEST_NOTE for text in notes)


def _spellings(said: list[Any]) -> None:
    _texts(said)
    if len(said) > MOST_SPELLINGS or not all(0 < len(text) <= LONGEST_TERM for text in said):
        raise ValueError(
            f"may have {MOST_SPELLINGS} spellings of 1 to {LONGEST_TERM} characters each"
        )


_SHAPES: Mapping[str, Callable[[Any], None]] = {
    "options": _texts,
    "place": _place,
    "facts": _facts,
    "cues": _cues,
    "sounds_like": _spellings,
}
