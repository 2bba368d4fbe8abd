"""How well an asset fits the words: a whole number, larger is better."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, case, func, literal, type_coerce
from sqlalchemy.dialects.postgresql import ARRAY

from lectern.models import AssetText
from lectern.search.syntax.words import Word

# In the name as a whole word, at the beginning of one, within one; in a tag's or folder's name,
# in the original name, in the description.
WHOLE, BEGINS, WITHIN, NAMED, ORIGINAL, DESCRIBED = 8, 6, 4, 4, 2, 1
FIRST = 3


def score(words: Sequence[Word], listed: Any) -> ColumnElement[int]:
    """The score of an `AssetText` row whose listing has the columns `listed`.

    What is only said or shown counts nothing: it comes last.
    """
    words = [word for word in words if not word.within]
    name = func.split_part(AssetText.names, "\n", 1)
    # Whatever separates words in file names, so that a word's edges are spaces.
    spaced = literal(" ").concat(func.translate(name, "_-.,()[]+&/:", " " * 12)).concat(" ")
    found: ColumnElement[int] = literal(0, Integer)
    for word in words:
        found = found + func.greatest(*(_of_text(text, name, spaced) for text in word.texts))
        if word.codes:
            codes = type_coerce(list(word.codes), ARRAY(listed.codes.type.item_type))
            found = found + case((listed.codes.overlap(codes), NAMED), else_=0)
    first = words[0].texts[0] if words else ""
    return found + case((func.starts_with(name, first), FIRST), else_=0)


def _of_text(text: str, name: Any, spaced: Any) -> ColumnElement[int]:
    return case(
        (func.strpos(spaced, f" {text} ") > 0, WHOLE),
        (func.strpos(spaced, f" {text}") > 0, BEGINS),
        (func.strpos(name, text) > 0, WITHIN),
        (func.strpos(AssetText.names, text) > 0, ORIGINAL),
        (func.strpos(AssetText.description, text) > 0, DESCRIBED),
        else_=0,
    )
