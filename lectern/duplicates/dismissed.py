"""Near duplicates to decide about, and those that people have called different."""

import uuid
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lectern.duplicates import exact, near
from lectern.duplicates.exact import Copy
from lectern.errors import Invalid, Message
from lectern.library import assets
from lectern.models import Asset, Difference, new_id
from lectern.people import audit
from lectern.people.audit import Fact
from lectern.people.principal import Principal
from lectern.people.rights import Action, require


@dataclass(frozen=True)
class Pair:
    """Two files that look or sound mostly the same; `differences` are the second one's."""

    first: Copy
    second: Copy
    share: float
    differences: list[Message]


def undecided(session: Session, principal: Principal, limit: int) -> list[Pair]:
    """The nearest pairs that nobody has called different."""
    mine = Difference.workspace_id == principal.workspace_id
    called = {
        frozenset(row)
        for row in session.execute(select(Difference.first_id, Difference.second_id).where(mine))
    }
    found = [
        pair
        for pair in near.pairs(session, principal, limit + len(called))
        if frozenset((pair.a_id, pair.b_id)) not in called
    ][:limit]
    ids = {asset_id for pair in found for asset_id in (pair.a_id, pair.b_id)}
    known = {copy.asset.id: copy for copy in exact.copies_of(session, principal, ids)}
    return [
        Pair(known[pair.a_id], known[pair.b_id], pair.share, pair.differences)
        for pair in found
        if pair.a_id in known and pair.b_id in known
    ]


def call_different(
    session: Session, principal: Principal, one: uuid.UUID, other: uuid.UUID
) -> None:
    """Two files are different, however alike they are. Said already: nothing happens.

    Raises:
        NotFound: there is no such file.
        Invalid: it is one file.
    """
    first, second = _both(session, principal, one, other)
    done = session.execute(
        insert(Difference)
        .values(
            workspace_id=principal.workspace_id,
            id=new_id(),
            first_id=first,
            second_id=second,
            created_by=principal.user_id,
        )
        .on_conflict_do_nothing()
        .returning(Difference.id)
    ).first()
    if done is not None:
        _record(session, principal, "asset.different", first, second)


def take_back(session: Session, principal: Principal, one: uuid.UUID, other: uuid.UUID) -> None:
    """They may be the same after all. Raises as `call_different` does."""
    first, second = _both(session, principal, one, other)
    done = session.execute(
        delete(Difference)
        .where(
            Difference.workspace_id == principal.workspace_id,
            Difference.first_id == first,
            Difference.second_id == second,
        )
        .returning(Difference.id)
    ).first()
    if done is not None:
        _record(session, principal, "asset.alike", first, second)


def _both(
    session: Session, principal: Principal, one: uuid.UUID, other: uuid.UUID
) -> tuple[uuid.UUID, uuid.UUID]:
    """Their ids, the lower one first."""
    found: list[Asset] = [assets.get(session, principal, each) for each in (one, other)]
    for asset in found:
        require(principal, Action.EDIT, asset)
    if one == other:
        raise Invalid("Choose two files.", {"other": "Choose another file."})
    return min(one, other), max(one, other)


def _record(
    session: Session, principal: Principal, action: str, first: uuid.UUID, second: uuid.UUID
) -> None:
    pairs = ((first, second), (second, first))
    facts = [Fact(action, "asset", each, {"other": other}) for each, other in pairs]
    audit.record_all(session, principal, facts)
