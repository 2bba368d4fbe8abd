"""Words of a search: where they are looked for, and how a near spelling stands in for one.

A word is found anywhere in a name, original name or description, one of fewer than three letters
only where a word begins; in the names of an asset's tags and folder; and in what is said and shown
in it, which has a table of its own, so that names stay quick to look up.
"""

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    any_,
    case,
    cast,
    func,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from lectern.database.scope import scoped
from lectern.models import AssetSaid, AssetText, CodeListing, Folder, Tag
from lectern.search import codes
from lectern.search.syntax.folding import SHORT, fold, grams


@dataclass(frozen=True)
class Word:
    """`texts`: the folded word, or what may have been meant; one of them must be found.

    `codes` are those of tags and folders that are called so. `within` is `said` or `shown` where
    nothing else counts.
    """

    texts: tuple[str, ...]
    codes: tuple[int, ...] = ()
    within: str = ""


def find(session: Session, workspace_id: uuid.UUID, typed: Iterable[str]) -> tuple[Word, ...]:
    """The words with the tags and folders that have them in their names."""
    texts = list(dict.fromkeys(filter(None, (fold(word).strip() for word in typed))))
    return meaning(session, workspace_id, [(text,) for text in texts])


def meaning(
    session: Session, workspace_id: uuid.UUID, texts: Sequence[tuple[str, ...]]
) -> tuple[Word, ...]:
    """A word for each group of texts that may stand for each other."""
    if not texts:
        return ()
    named = _named(session, workspace_id, {text for group in texts for text in group})
    return tuple(
        Word(group, tuple({code for text in group for code in named.get(text, ())}))
        for group in texts
    )


def plain(typed: Iterable[str]) -> tuple[Word, ...]:
    """The words as they are typed, without the tags and folders that are called so."""
    texts = dict.fromkeys(filter(None, (fold(word).strip() for word in typed)))
    return tuple(Word((text,)) for text in texts)


def spoken(said: Iterable[str], shown: Iterable[str]) -> tuple[Word, ...]:
    """The words that must be said, and those that must be shown."""
    return tuple(
        Word((text,), within=within)
        for within, typed in (("said", said), ("shown", shown))
        for text in dict.fromkeys(filter(None, (fold(word).strip() for word in typed)))
    )


def of_row(workspace_id: uuid.UUID, words: Sequence[Word], c: Any) -> list[ColumnElement[bool]]:
    """Whether the asset of a row has each word: a look-up for every row that is asked."""
    found = []
    for word in words:
        # Names of their own, since the query around it may read the same tables.
        here = [_looked_up(workspace_id, word, aliased(AssetSaid), is_spoken, c)]
        if not word.within:
            here.insert(0, _looked_up(workspace_id, word, aliased(AssetText), _has, c))
        if word.codes:
            here.insert(0, c.codes.overlap(codes.array(word.codes)))
        found.append(or_(*here))
    return found


def _looked_up(workspace_id: uuid.UUID, word: Word, text: Any, has: Any, c: Any) -> Any:
    return (
        select(has(word, text))
        .where(text.workspace_id == workspace_id, text.asset_id == c.asset_id)
        .scalar_subquery()
    )


def in_index(
    workspace_id: uuid.UUID, words: Sequence[Word], c: Any, *, coded: bool
) -> list[ColumnElement[bool]]:
    """Whether the asset of a row is among those the index finds for the words.

    Words that tags or folders are called, too, are many files' words: of those only the longest is
    looked up in the index, and only if there is no other; the rest is asked of what that leaves.
    `coded`: the rows have an index of codes of their own, see `by_codes`.
    """
    leading, others = _leading(words)
    if not leading:
        return []
    if not leading[0].codes:
        return [_is_among(c, _branches(workspace_id, leading)), *of_row(workspace_id, others, c)]
    branches = _branches(workspace_id, leading)
    if coded:
        # Both indexes of the same table: their bitmaps are joined, and no row is read twice.
        either = or_(_is_among(c, branches), codes.any_of(c, leading[0].codes))
    else:
        called = scoped(CodeListing, workspace_id, CodeListing.asset_id).where(
            codes.any_of(CodeListing, leading[0].codes)
        )
        either = _is_among(c, [*branches, called])
    return [either, *of_row(workspace_id, others, c)]


def by_codes(words: Sequence[Word]) -> bool:
    """Whether the index of codes leads to files with the words, beside that of names."""
    leading, _ = _leading(words)
    return bool(leading and leading[0].codes)


def _leading(words: Sequence[Word]) -> tuple[list[Word], list[Word]]:
    """The words to be looked up in the index, and those to be asked of what it finds."""
    plain = [word for word in words if not word.codes]
    others = sorted((word for word in words if word.codes), key=_length, reverse=True)
    return (plain, others) if plain else (others[:1], others[1:])


def _is_among(c: Any, branches: Sequence[Select[uuid.UUID]]) -> ColumnElement[bool]:
    """Whether the asset of a row is in one of these lists of ids.

    As an array the ids are sorted and the key's index is walked once along them; as a list that is
    joined, the index would be descended for each, at three times the cost.
    """
    listed = union_all(*branches) if len(branches) > 1 else branches[0]
    found: ColumnElement[bool] = c.asset_id == any_(func.array(listed.scalar_subquery()))
    return found


def _branches(workspace_id: uuid.UUID, words: Sequence[Word]) -> list[Select[uuid.UUID]]:
    """The assets whose names have all words, and those in which some are said or shown.

    Of the latter each is asked for the words that it may have in its names instead.
    """
    spoken_in = scoped(AssetSaid, workspace_id, AssetSaid.asset_id)
    only = [word for word in words if word.within]
    if only:
        spoken_in = spoken_in.where(*(is_spoken(word, AssetSaid) for word in only))
    else:
        spoken_in = spoken_in.where(or_(*(is_spoken(word, AssetSaid) for word in words)))
    either = [word for word in words if not word.within]
    if len(words) > 1 and either:
        texts = aliased(AssetText)
        same = (texts.workspace_id == workspace_id) & (texts.asset_id == AssetSaid.asset_id)
        spoken_in = spoken_in.join(texts, same).where(
            *(or_(is_spoken(word, AssetSaid), _has(word, texts)) for word in either)
        )
    return [spoken_in] if only else [_texts(workspace_id, words), spoken_in]


def _length(word: Word) -> int:
    return max(map(len, word.texts))


def _texts(workspace_id: uuid.UUID, words: Sequence[Word]) -> Select[uuid.UUID]:
    return scoped(AssetText, workspace_id, AssetText.asset_id).where(
        *(_has(word, AssetText) for word in words)
    )


def _has(word: Word, table: Any) -> ColumnElement[bool]:
    return or_(
        *(_contains(text, table.grams, table.names, table.description) for text in word.texts)
    )


def is_spoken(word: Word, table: Any) -> ColumnElement[bool]:
    """Whether the word is said or shown in a row of `AssetSaid`."""
    columns = {"said": (table.said,), "shown": (table.shown,)}
    places = columns.get(word.within, (table.said, table.shown))
    found = []
    for text in word.texts:
        contained = _contains(text, table.grams, *places)
        # The numbers are those of both texts.
        here = or_(*(begins(text, place) for place in places))
        found.append(and_(contained, here) if word.within and len(text) < SHORT else contained)
    return or_(*found)


def begins(text: str, place: Any) -> ColumnElement[bool]:
    """Whether a word begins so, roughly as the database's function `grams` has it."""
    same = "0-9" if text[0].isdigit() else r"a-z\u0080-\U0010ffff"
    begin = "" if text[0] >= "\u2e80" else f"(^|[^{same}])"
    found: ColumnElement[bool] = place.regexp_match(begin + re.escape(text))
    return found


def _contains(text: str, numbered: Any, *places: Any) -> ColumnElement[bool]:
    keys = grams(text)
    indexed: ColumnElement[bool] = numbered.contains(cast(keys, ARRAY(Integer)))
    found = or_(*(func.strpos(place, text) > 0 for place in places))
    if len(text) < SHORT:
        return indexed
    return and_(indexed, found) if keys else found


def _named(
    session: Session, workspace_id: uuid.UUID, texts: Iterable[str]
) -> dict[str, tuple[int, ...]]:
    """Which tags and folders have each text in their names. There are few of them: all are read.

    What is in a folder is called so, too.
    """
    known = list(texts)
    found: dict[str, tuple[int, ...]] = {}
    for query in (_tags(workspace_id, known), _folders(workspace_id, known)):
        for code, *answers in session.execute(query):
            for text, holds in zip(known, answers, strict=True):
                if holds:
                    found[text] = (*found.get(text, ()), code)
    return found


def _tags(workspace_id: uuid.UUID, texts: Sequence[str]) -> Select[Any]:
    tests: list[Any] = [_within(Tag.folded, text) for text in texts]
    return select(Tag.code, *tests).where(Tag.workspace_id == workspace_id, or_(*tests))


def _folders(workspace_id: uuid.UUID, texts: Sequence[str]) -> Select[Any]:
    tests = [_within(Folder.folded, text).label(f"t{at}") for at, text in enumerate(texts)]
    start = (
        select(Folder.id, Folder.code, *tests)
        .where(Folder.workspace_id == workspace_id, or_(*tests))
        .cte("called", recursive=True)
    )
    inside: Select[Any] = select(
        Folder.id, Folder.code, *(start.c[test.name] for test in tests)
    ).where(Folder.workspace_id == workspace_id, Folder.parent_id == start.c.id)
    called = start.union(inside)
    return select(called.c.code, *(called.c[test.name] for test in tests))


def _within(folded: Any, text: str) -> ColumnElement[bool]:
    found = func.strpos(folded, text) > 0
    if len(text) < SHORT:
        keys = type_coerce(func.grams(folded), ARRAY(Integer))
        # Numbering the letters of every name would take longer than the rest of the search.
        return case((found, keys.contains(grams(text))), else_=False)
    return found
