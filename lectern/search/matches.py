"""Where in files the words of a search are said or shown: sentences, slides and pages."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from lectern.database.scope import scoped
from lectern.models import Asset, AssetSaid, Said, Slide, Version
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.search.filters import Query
from lectern.search.syntax import highlight, operators, words
from lectern.search.syntax.folding import SHORT, fold
from lectern.search.syntax.spelling import Spelling

# With each file of a list.
FEW = 3
MOST = 200
# A phrase may end in the next sentence, so far from its beginning.
_BEYOND = 120
_SHOWN_LETTERS = 90


class Wanted(NamedTuple):
    """The words to find anywhere, those to find in what is said, and in what is shown."""

    anywhere: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """What to mark."""
        return tuple(dict.fromkeys((*self.anywhere, *self.said, *self.shown)))


@dataclass(frozen=True)
class Match:
    """A sentence (`said`), a slide (`shown`) or a `page` with its number; times in seconds.

    `text` is the passage with the words. `slide` is the number of the slide to be seen then.
    """

    asset_id: uuid.UUID
    kind: str
    number: int
    start_s: float | None
    end_s: float | None
    text: str
    slide: int | None


class Matches(NamedTuple):
    """The best matches in one file, and how many there are."""

    items: tuple[Match, ...] = ()
    total: int = 0


def wanted(query: Query, spelling: Spelling | None = None) -> Wanted:
    """What a search for the query looks for, also by the spellings that were taken instead."""
    parsed = operators.parse(query.q)
    respelled = [word for _, taken in spelling.words for word in taken] if spelling else []
    return Wanted(
        tuple(dict.fromkeys([*parsed.words, *respelled])),
        tuple(dict.fromkeys([*query.said, *parsed.filters.get("said", ())])),
        tuple(dict.fromkeys([*query.shown, *parsed.filters.get("shown", ())])),
    )


def of_assets(
    session: Session,
    principal: Principal,
    asset_ids: Sequence[uuid.UUID],
    wanted: Wanted,
    few: int = FEW,
) -> dict[uuid.UUID, Matches]:
    """The `few` best matches in each of the files that have any; one question for all."""
    require(principal, Action.SEE)
    if not asset_ids or not wanted.all:
        return {}
    ranked = _ranked(principal.workspace_id, asset_ids, wanted).subquery("ranked")
    c = ranked.c
    rows = session.execute(
        select(c.asset_id, c.kind, c.number, c.start_s, c.end_s, c.text, c.total, _slide(c))
        .where(c.place <= few)
        .order_by(c.asset_id, c.place)
    )
    found: dict[uuid.UUID, list[Match]] = defaultdict(list)
    totals: dict[uuid.UUID, int] = {}
    for row in rows:
        totals[row.asset_id] = row.total
        found[row.asset_id].append(_match(row, wanted.all))
    return {each: Matches(tuple(items), totals[each]) for each, items in found.items()}


def of_asset(session: Session, principal: Principal, asset: Asset, wanted: Wanted) -> Matches:
    """All matches in one file, as they come in it; at most `MOST` of them."""
    found = of_assets(session, principal, [asset.id], wanted, MOST).get(asset.id, Matches())
    in_order = sorted(found.items, key=lambda each: (each.start_s or 0.0, each.number))
    return found._replace(items=tuple(in_order))


def _ranked(workspace_id: uuid.UUID, asset_ids: Sequence[uuid.UUID], wanted: Wanted) -> Select[Any]:
    """Every match with its place in its file: those with the most words first, then the first."""
    here = scoped(
        Said,
        workspace_id,
        Said,
        func.lead(func.left(Said.folded, _BEYOND))
        .over(partition_by=(Said.asset_id, Said.kind), order_by=Said.number)
        .label("next"),
    ).where(Said.asset_id.in_(asset_ids))
    here = here.where(Said.asset_id.in_(_likely(workspace_id, asset_ids, wanted)))
    c = here.subquery("here").c
    tests = _tests(c, wanted)
    number: ColumnElement[int] = sum(
        (case((test, 1), else_=0) for test in tests), literal(0, Integer)
    )
    order = (number.desc(), c.start_s.nulls_last(), c.number, c.kind)
    return select(
        c.workspace_id,
        c.asset_id,
        c.kind,
        c.number,
        c.start_s,
        c.end_s,
        c.text,
        func.row_number().over(partition_by=c.asset_id, order_by=order).label("place"),
        func.count().over(partition_by=c.asset_id).label("total"),
    ).where(or_(*tests))


def _likely(
    workspace_id: uuid.UUID, asset_ids: Sequence[uuid.UUID], wanted: Wanted
) -> Select[uuid.UUID]:
    """The files in which any of the words is said or shown; only their sentences are looked at."""
    respelled = words.plain(wanted.anywhere) + words.spoken(wanted.said, wanted.shown)
    return scoped(AssetSaid, workspace_id, AssetSaid.asset_id).where(
        AssetSaid.asset_id.in_(asset_ids),
        or_(*(words.is_spoken(word, AssetSaid) for word in respelled)),
    )


def _tests(c: Any, wanted: Wanted) -> list[ColumnElement[bool]]:
    spoken, shown = c.kind == "said", c.kind != "said"
    tests = [_has(c, word) for word in wanted.anywhere]
    tests += [and_(spoken, _has(c, word)) for word in wanted.said]
    return tests + [and_(shown, _has(c, word)) for word in wanted.shown]


def _has(c: Any, word: str) -> ColumnElement[bool]:
    """Whether the word, or the beginning of the phrase, is in the row's own text."""
    text = fold(word).strip()
    if len(text) < SHORT:
        return words.begins(text, c.folded)
    if " " not in text:
        return func.strpos(c.folded, text) > 0
    joined = func.strpos(c.folded.concat(" ").concat(func.coalesce(c.next, "")), text)
    return joined.between(1, func.length(c.folded))


def _slide(c: Any) -> Any:
    """The slide that is to be seen at the beginning of a row."""
    version, asset = aliased(Version), aliased(Asset)
    current = (version.workspace_id == asset.workspace_id) & (
        version.id == asset.current_version_id
    )
    return (
        select(Slide.number)
        .join(
            version,
            (version.workspace_id == Slide.workspace_id) & (version.blob_id == Slide.blob_id),
        )
        .join(asset, current)
        .where(
            asset.workspace_id == c.workspace_id,
            asset.id == c.asset_id,
            Slide.start_s <= c.start_s,
            Slide.end_s > c.start_s,
        )
        .order_by(Slide.start_s.desc())
        .limit(1)
        .scalar_subquery()
        .label("slide")
    )


def _match(row: Any, marked: Sequence[str]) -> Match:
    pieces = highlight.snippet(row.text, marked, around=_SHOWN_LETTERS)
    text = "".join(piece.text for piece in pieces)
    return Match(row.asset_id, row.kind, row.number, row.start_s, row.end_s, text, row.slide)


def has_any(session: Session, principal: Principal, asset: Asset) -> bool:
    """Whether anything is known to be said or shown in the file."""
    require(principal, Action.SEE)
    known = scoped(AssetSaid, principal, AssetSaid.asset_id).where(AssetSaid.asset_id == asset.id)
    return session.scalar(select(known.exists())) or False
