"""The rows and audit lines that a change of usages consists of."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from lectern.courses import changed, places, terms
from lectern.courses.places import Spot
from lectern.courses.terms import Terms
from lectern.models import Asset, Usage, UsageHistory, new_id
from lectern.people import audit
from lectern.people.audit import Fact
from lectern.people.principal import Principal

_TERMS = Terms._fields


def new(
    session: Session,
    principal: Principal,
    spot: Spot,
    asset_id: uuid.UUID,
    position: int,
    term: Terms,
) -> Usage:
    """A usage of the asset at the spot; the caller flushes, so that many go in one statement."""
    usage = Usage(
        workspace_id=principal.workspace_id,
        id=new_id(),
        asset_id=asset_id,
        course_id=spot.course.id,
        chapter_id=spot.chapter.id if spot.chapter else None,
        lesson_id=spot.lesson.id if spot.lesson else None,
        position=position,
        created_by=principal.user_id,
        **term._asdict(),
    )
    session.add(usage)
    return usage


def update(usage: Usage, position: int, term: Terms) -> dict[str, Any]:
    """Give the usage these terms; returns what differs: field → before and after."""
    before = {field: getattr(usage, field) for field in _TERMS}
    after = term._asdict()
    usage.position = position
    for field in _TERMS:
        if before[field] != after[field]:
            setattr(usage, field, after[field])
    return {
        field: {"before": before[field], "after": after[field]}
        for field in _TERMS
        if before[field] != after[field]
    }


def finish(
    session: Session,
    principal: Principal,
    spot: Spot,
    assets: Mapping[uuid.UUID, Asset],
    facts: Sequence[Fact],
    *,
    moved: bool = False,
) -> None:
    """Once the rows are changed: what else depends on them, and last the audit log."""
    if not facts and not moved:
        return
    places.touch(spot.course)
    if spot.lesson is not None:
        spot.lesson.lock_version += 1
    session.flush()
    touched = {fact.object_id for fact in facts if fact.object_id is not None}
    terms.forget_counts(session, [asset for key, asset in assets.items() if key in touched])
    changed.note(session, touched)
    order = []
    if moved:
        row = spot.lesson or spot.chapter or spot.course
        order = [Fact("usage.reorder", row.__tablename__, row.id, spot.titles)]
    audit.record_all(session, principal, [*facts, *order])


def about(
    action: str, asset_id: uuid.UUID, usage_id: uuid.UUID, place: dict[str, str], **more: Any
) -> Fact:
    """What the audit log says about a usage: it is a line in its asset's history."""
    return Fact(action, "asset", asset_id, {"usage": usage_id, "place": place, **more})


def ends(ended: Iterable[UsageHistory]) -> list[Fact]:
    """What it says about usages that have ended."""
    return [about("usage.end", past.asset_id, past.id, past.place) for past in ended]


def given(term: Terms) -> dict[str, Any]:
    """The terms that say something."""
    return {field: value for field, value in term._asdict().items() if value not in (None, "")}
