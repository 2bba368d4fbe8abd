"""What a person has selected, kept on the server: named assets, or all that match a query.

There is one selection for each user and context. Everything that is asked of it is asked of the
assets as they are now: what was purged, went to the trash or came out of it meanwhile is not in it.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    Uuid,
    all_,
    and_,
    any_,
    delete,
    func,
    literal,
    not_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from lectern import search
from lectern.database.scope import scoped
from lectern.errors import Forbidden, Invalid, Message, NotFound
from lectern.models import Asset, Listing, Selection
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.search import Query
from lectern.search.filters import BEST, NEWEST, SORTS
from lectern.search.syntax import operators

CONTEXTS = ("library", "trash", "picker")
# Ids named one by one; beyond, a query says it in fewer words.
MOST = 10_000
KEPT = "7 days"


def begin(session: Session, principal: Principal, context: str) -> Selection:
    """The user's selection in this context as it was left; an empty one where there is none.

    Raises:
        Invalid: there is no such context.
        Forbidden: nobody in particular asks.
    """
    require(principal, Action.SEE)
    if context not in CONTEXTS:
        message = f"context is one of {', '.join(CONTEXTS)}."
        raise Invalid(message, {"context": message})
    if principal.user_id is None:
        raise Forbidden("Only a signed-in person can select files.")
    mine = {"workspace_id": principal.workspace_id, "user_id": principal.user_id}
    session.execute(insert(Selection).values(**mine, context=context).on_conflict_do_nothing())
    return session.scalars(select(Selection).filter_by(**mine, context=context)).one()


def get(session: Session, principal: Principal, selection_id: uuid.UUID) -> Selection:
    """A selection of one's own.

    Raises:
        NotFound: there is none with this id, or it is somebody else's.
    """
    require(principal, Action.SEE)
    found = session.get(Selection, (principal.workspace_id, selection_id))
    if found is None or principal.user_id is None or found.user_id != principal.user_id:
        raise NotFound("Selection not found.")
    return found


def add(
    session: Session, principal: Principal, selection: Selection, asset_ids: Iterable[uuid.UUID]
) -> None:
    """Select these as well; ids that no asset has are ignored whenever the selection is asked.

    Raises:
        Invalid: so many that a query should say it.
    """
    _hold(session, principal, selection)
    wanted = list(dict.fromkeys(asset_ids))
    known = set(selection.added)
    added = [*selection.added, *(each for each in wanted if each not in known)]
    _put(session, selection, added, _without(selection.removed, wanted))


def remove(
    session: Session, principal: Principal, selection: Selection, asset_ids: Iterable[uuid.UUID]
) -> None:
    """Select these no longer; where all of a query is selected, all but these.

    Raises:
        Invalid: so many that another query should say it.
    """
    _hold(session, principal, selection)
    unwanted = list(dict.fromkeys(asset_ids))
    removed = list(selection.removed)
    if selection.query is not None:
        removed += _without(unwanted, removed)
    _put(session, selection, _without(selection.added, unwanted), removed)


def all_matching(
    session: Session, principal: Principal, selection: Selection, query: Query
) -> None:
    """Select all that matches, also what will match when it is asked; forgets what was selected.

    What matches is decided when it is counted or painted or an action begins, never before.

    Raises:
        Invalid: the query makes no sense.
    """
    _matching(session, principal, selection, query)
    _hold(session, principal, selection)
    operators.require_finished(query)
    selection.query = search.write(query)
    _put(session, selection, [], [])


def clear(session: Session, principal: Principal, selection: Selection) -> None:
    """Select nothing."""
    _hold(session, principal, selection)
    selection.query = None
    _put(session, selection, [], [])


def query_of(selection: Selection) -> Query | None:
    """The query of which all is selected, if it is one.

    Raises:
        Invalid: it was stored by a release that understood more.
    """
    return None if selection.query is None else search.read(selection.query)


def ids(session: Session, principal: Principal, selection: Selection) -> Select[uuid.UUID]:
    """The ids of the assets that are selected now, each once, as an unordered statement."""
    first, *others = _parts(session, principal, selection)
    if not others:
        return first
    here = Asset.workspace_id == principal.workspace_id
    return select(Asset.id).where(here, Asset.id.in_(first.union(*others)))


def in_order(session: Session, principal: Principal, selection: Selection) -> Select[uuid.UUID]:
    """The same ids by the query's order, or in the order in which they were selected."""
    chosen, query = ids(session, principal, selection), query_of(selection)
    if query is not None:
        return ordered(principal, chosen, query)
    return chosen.order_by(func.array_position(_array(selection.added), Asset.id))


def ordered(principal: Principal, chosen: Select[uuid.UUID], query: Query) -> Select[uuid.UUID]:
    """A statement of asset ids in the order in which the list of `query` shows them.

    `relevance` ranks a page at a time; for a whole it means the newest first.
    """
    key, descending = _sort(query)
    order = (key.desc(), Listing.asset_id.desc()) if descending else (key, Listing.asset_id)
    here = Listing.workspace_id == principal.workspace_id
    return select(Listing.asset_id).where(here, Listing.asset_id.in_(chosen)).order_by(*order)


def count(session: Session, principal: Principal, selection: Selection) -> int:
    """How many assets are selected now."""
    chosen = ids(session, principal, selection).subquery()
    return session.scalar(select(func.count()).select_from(chosen)) or 0


def contains(
    session: Session, principal: Principal, selection: Selection, asset_ids: Iterable[uuid.UUID]
) -> set[uuid.UUID]:
    """Which of these are selected; at most two queries, however many are asked for."""
    asked = _among(list(asset_ids))
    parts = _parts(session, principal, selection)
    return {found for part in parts for found in session.scalars(part.where(asked))}


def clear_old(session: Session) -> None:
    """Forget the selections that nobody has changed for a week."""
    old = func.clock_timestamp() - text(f"interval '{KEPT}'")
    session.execute(delete(Selection).where(Selection.updated_at < old))


def _parts(session: Session, principal: Principal, selection: Selection) -> list[Select[uuid.UUID]]:
    """Statements that together give what is selected; the second may repeat the first."""
    require(principal, Action.SEE)
    trashed = selection.context == "trash"
    named = scoped(Asset, principal, Asset.id).where(
        not_(Asset.live) if trashed else and_(Asset.live), _among(selection.added)
    )
    query = query_of(selection)
    if query is None:
        return [named]
    matching = _matching(session, principal, selection, query)
    if selection.removed:
        matching = matching.where(Asset.id != all_(_array(selection.removed)))
    return [matching, named] if selection.added else [matching]


def _matching(
    session: Session, principal: Principal, selection: Selection, query: Query
) -> Select[uuid.UUID]:
    """What the query finds in the selection's context: in the trash, or outside."""
    wanted = replace(query, trashed=selection.context == "trash")
    return search.filtered(session, principal, wanted).with_only_columns(Asset.id)


def _sort(query: Query) -> tuple[SQLColumnExpression[Any], bool]:
    order = NEWEST if query.order == BEST else query.order
    column = SORTS[order.removeprefix("-")].column
    return getattr(Listing, column), order.startswith("-")


def _hold(session: Session, principal: Principal, selection: Selection) -> None:
    """Two pages of one person change it one after the other."""
    get(session, principal, selection.id)
    session.refresh(selection, with_for_update=True)


def _put(
    session: Session,
    selection: Selection,
    added: Sequence[uuid.UUID],
    removed: Sequence[uuid.UUID],
) -> None:
    if max(len(added), len(removed)) > MOST:
        message = Message(
            "At most %(most)s files can be picked one by one. Select all that match instead.",
            most=f"{MOST:,}",
        )
        raise Invalid(message, {"ids": message})
    selection.added, selection.removed = list(added), list(removed)
    selection.updated_at = func.clock_timestamp()
    session.flush()


def _without(ids: Sequence[uuid.UUID], others: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    unwanted = set(others)
    return [each for each in ids if each not in unwanted]


def _among(asset_ids: Sequence[uuid.UUID]) -> ColumnElement[bool]:
    return Asset.id == any_(_array(asset_ids))


def _array(asset_ids: Sequence[uuid.UUID]) -> SQLColumnExpression[Any]:
    return literal(list(asset_ids), ARRAY(Uuid))
