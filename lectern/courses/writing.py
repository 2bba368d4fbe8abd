"""The rows and audit entries that a change of usages consists of."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from lectern.courses import changed, places, terms
from lectern.courses.places import Spot
from lectern.courses.terms import Terms
from lectern.models import Asset, Usage, UsageHistory
from lectern.people import audit
from lectern.people.principal import Principal

_TERMS = Terms._fields


class Entry(NamedTuple):
    """What the audit log will say about an asset."""

    action: str
    asset_id: uuid.UUID
    details: dict[str, Any]


def new(
    session: Session,
    principal: Principal,
    spot: Spot,
    asset_id: uuid.UUID,
    position: int,
    term: Terms,
) -> Usage:
    """A usage of the asset at the spot, flushed."""
    usage = Usage(
        workspace_id=principal.workspace_id,
        asset_id=asset_id,
        course_id=spot.course.id,
        chapter_id=spot.chapter.id if spot.chapter else None,
        lesson_id=spot.lesson.id if spot.lesson else None,
        position=position,
        created_by=principal.user_id,
        **term._asdict(),
    )
    session.add(usage)
    session.flush()
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
    entries: Sequence[Entry],
    *,
    moved: bool = False,
) -> None:
    """Once the rows are changed: what else depends on them, and last the audit log."""
    if not entries and not moved:
        return
    places.touch(spot.course)
    if spot.lesson is not None:
        spot.lesson.lock_version += 1
    session.flush()
    touched = {entry.asset_id for entry in entries}
    terms.forget_counts(session, [asset for key, asset in assets.items() if key in touched])
    changed.note(session, touched)
    for entry in entries:
        audit.record(session, principal, entry.action, "asset", entry.asset_id, entry.details)
    if moved:
        row = spot.lesson or spot.chapter or spot.course
        audit.record(session, principal, "usage.reorder", row.__tablename__, row.id, spot.titles)


def record_ends(session: Session, principal: Principal, ended: Sequence[UsageHistory]) -> None:
    """Write into the audit log which usages have ended; like every entry, after all changes."""
    for past in ended:
        details = said(past.id, past.place)
        audit.record(session, principal, "usage.end", "asset", past.asset_id, details)


def said(usage_id: uuid.UUID, place: dict[str, str], **more: Any) -> dict[str, Any]:
    """The details of an audit entry about a usage."""
    return {"usage": usage_id, "place": place, **more}


def given(term: Terms) -> dict[str, Any]:
    """The terms that say something."""
    return {field: value for field, value in term._asdict().items() if value not in (None, "")}
