"""What was meant by a word that nothing has: words of the library one or two slips away."""

import uuid
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import func
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.models import Vocabulary
from lectern.search.syntax import words
from lectern.search.syntax.folding import fold
from lectern.search.syntax.words import Word

# A letter wrong, missing, too many or swapped with its neighbour, from so many letters on.
ONE_SLIP, TWO_SLIPS = 4, 8
MOST = 8


class Spelling(NamedTuple):
    """Each word that was understood as others: as typed, and what is looked for instead."""

    words: tuple[tuple[str, tuple[str, ...]], ...]


def guess(
    session: Session, workspace_id: uuid.UUID, typed: tuple[str, ...], unknown: Collection[Word]
) -> tuple[tuple[Word, ...], Spelling] | None:
    """All words, with near spellings beside the unknown ones; None when there are none to offer."""
    strange = {text for word in unknown for text in word.texts}
    groups: list[tuple[str, ...]] = []
    changed: list[tuple[str, tuple[str, ...]]] = []
    for word in typed:
        text = fold(word).strip()
        near = _near(session, workspace_id, text) if text in strange else ()
        if near:
            changed.append((word, near))
        if text:
            groups.append((text, *near))
    if not changed:
        return None
    respelled = words.meaning(session, workspace_id, list(dict.fromkeys(groups)))
    return respelled, Spelling(tuple(changed))


def _near(session: Session, workspace_id: uuid.UUID, word: str) -> tuple[str, ...]:
    if len(word) < ONE_SLIP:
        return ()
    # 5 MB that most processes never need.
    from rapidfuzz.distance import OSA  # noqa: PLC0415

    slips = 2 if len(word) >= TWO_SLIPS else 1
    found = session.scalars(
        scoped(Vocabulary, workspace_id, Vocabulary.word).where(
            Vocabulary.near.overlap(func.near_keys(word))
        )
    )
    ranked = sorted(
        (distance, candidate)
        for candidate in found
        if 0 < (distance := OSA.distance(word, candidate, score_cutoff=slips)) <= slips
    )
    # The nearest only: with one slip to go, two would be another word.
    return tuple(candidate for distance, candidate in ranked if distance == ranked[0][0])[:MOST]
