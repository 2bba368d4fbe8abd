"""Words of a search: where they are looked for, and how a near spelling stands in for one.

A word is found anywhere in a name, original name or description, one of fewer than three letters
only where a word begins; and in the names of an asset's tags and folder. What else may be searched
later, such as what is said, is another branch of `of_row` and `in_index`.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
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

from lectern.library.search import codes
from lectern.library.search.folding import SHORT, fold, grams
from lectern.models import AssetText, Folder, Listing, Tag


@dataclass(frozen=True)
class Word:
    """`texts`: the folded word, or what may have been meant; one of them must be found.

    `codes` are those of tags and folders that are called so.
    """

    texts: tuple[str, ...]
    codes: tuple[int, ...] = ()


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


def of_row(workspace_id: uuid.UUID, words: Sequence[Word], c: Any) -> list[ColumnElement[bool]]:
    """Whether the asset of a row has each word: a look-up for every row that is asked."""
    found = []
    for word in words:
        # A name of its own, since the query around it may read the same table.
        text = aliased(AssetText)
        here = (
            select(_has(word, text))
            .where(text.workspace_id == workspace_id, text.asset_id == c.asset_id)
            .scalar_subquery()
        )
        found.append(or_(c.codes.overlap(codes.array(word.codes)), here) if word.codes else here)
    return found


def in_index(workspace_id: uuid.UUID, words: Sequence[Word], c: Any) -> list[ColumnElement[bool]]:
    """Whether the asset of a row is among those the index finds for the words.

    Words that tags or folders are called, too, are many files' words: of those only the longest is
    looked up in the index, and only if there is no other; the rest is asked of what that leaves.
    """
    plain = [word for word in words if not word.codes]
    others = sorted((word for word in words if word.codes), key=_length, reverse=True)
    if plain or not others:
        found = [c.asset_id.in_(_texts(workspace_id, plain))] if plain else []
        return found + of_row(workspace_id, others, c)
    coded = select(Listing.asset_id).where(
        Listing.workspace_id == workspace_id, Listing.codes.overlap(codes.array(others[0].codes))
    )
    either = c.asset_id.in_(union_all(_texts(workspace_id, others[:1]), coded))
    return [either, *of_row(workspace_id, others[1:], c)]


def _length(word: Word) -> int:
    return max(map(len, word.texts))


def _texts(workspace_id: uuid.UUID, words: Sequence[Word]) -> Select[uuid.UUID]:
    return select(AssetText.asset_id).where(
        AssetText.workspace_id == workspace_id, *(_has(word, AssetText) for word in words)
    )


def _has(word: Word, table: type[AssetText]) -> ColumnElement[bool]:
    return or_(*(_contains(text, table) for text in word.texts))


def _contains(text: str, table: type[AssetText]) -> ColumnElement[bool]:
    keys = grams(text)
    indexed = table.grams.contains(cast(keys, ARRAY(Integer)))
    if len(text) < SHORT:
        return indexed
    found = or_(func.strpos(table.names, text) > 0, func.strpos(table.description, text) > 0)
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
