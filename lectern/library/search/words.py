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
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    cast,
    func,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

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
        here = (
            select(_has(word))
            .where(AssetText.workspace_id == workspace_id, AssetText.asset_id == c.asset_id)
            .scalar_subquery()
        )
        found.append(or_(c.codes.overlap(_array(word.codes)), here) if word.codes else here)
    return found


def in_index(workspace_id: uuid.UUID, words: Sequence[Word], c: Any) -> list[ColumnElement[bool]]:
    """Whether the asset of a row is among those the index finds for each word."""
    plain = [word for word in words if not word.codes]
    found = [c.asset_id.in_(_texts(workspace_id, plain))] if plain else []
    for word in words:
        if word.codes:
            coded = select(Listing.asset_id).where(
                Listing.workspace_id == workspace_id, Listing.codes.overlap(_array(word.codes))
            )
            found.append(c.asset_id.in_(union_all(_texts(workspace_id, [word]), coded)))
    return found


def _texts(workspace_id: uuid.UUID, words: Sequence[Word]) -> Select[uuid.UUID]:
    return select(AssetText.asset_id).where(
        AssetText.workspace_id == workspace_id, *(_has(word) for word in words)
    )


def _has(word: Word) -> ColumnElement[bool]:
    return or_(*(_contains(text) for text in word.texts))


def _contains(text: str) -> ColumnElement[bool]:
    keys = grams(text)
    indexed = AssetText.grams.contains(cast(keys, ARRAY(Integer)))
    if len(text) < SHORT:
        return indexed
    found = or_(
        func.strpos(AssetText.names, text) > 0, func.strpos(AssetText.description, text) > 0
    )
    return and_(indexed, found) if keys else found


def _named(
    session: Session, workspace_id: uuid.UUID, texts: Iterable[str]
) -> dict[str, tuple[int, ...]]:
    """Which tags and folders have each text in their names. There are few of them: all are read.

    What is in a folder is called so, too.
    """
    known = list(texts)
    found: dict[str, tuple[int, ...]] = {}
    for field, query in (
        (codes.TAG, _tags(workspace_id, known)),
        (codes.FOLDER, _folders(workspace_id, known)),
    ):
        for thing_id, *answers in session.execute(query):
            for text, holds in zip(known, answers, strict=True):
                if holds:
                    found[text] = (*found.get(text, ()), codes.of(field, thing_id))
    return found


def _tags(workspace_id: uuid.UUID, texts: Sequence[str]) -> Select[Any]:
    tests: list[Any] = [_within(func.fold(Tag.name), text) for text in texts]
    return select(Tag.id, *tests).where(Tag.workspace_id == workspace_id, or_(*tests))


def _folders(workspace_id: uuid.UUID, texts: Sequence[str]) -> Select[Any]:
    tests = [_within(func.fold(Folder.name), text).label(f"t{at}") for at, text in enumerate(texts)]
    start = (
        select(Folder.id, *tests)
        .where(Folder.workspace_id == workspace_id, or_(*tests))
        .cte("called", recursive=True)
    )
    inside: Select[Any] = select(Folder.id, *(start.c[test.name] for test in tests)).where(
        Folder.workspace_id == workspace_id, Folder.parent_id == start.c.id
    )
    return select(start.union(inside))


def _within(folded: Any, text: str) -> ColumnElement[bool]:
    if len(text) < SHORT:
        return type_coerce(func.grams(folded), ARRAY(Integer)).contains(grams(text))
    return func.strpos(folded, text) > 0


def _array(numbers: Iterable[int]) -> ColumnElement[Any]:
    return cast(list(numbers), ARRAY(BigInteger))
