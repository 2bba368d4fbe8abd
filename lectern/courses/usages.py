"""Usages: the places where courses use assets, declared, added, ended, and asked for."""

import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from lectern.courses import ending, places, terms, writing
from lectern.courses.places import Place, Spot
from lectern.courses.terms import UsageSpec
from lectern.errors import Message, NotFound, Stale
from lectern.models import Asset, Chapter, Course, Lesson, Usage, UsageHistory
from lectern.people.audit import Fact
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

__all__ = [
    "Place",
    "UsageSpec",
    "add",
    "at",
    "blockers",
    "end",
    "of_asset",
    "of_lesson",
    "past_of_asset",
    "place_of",
    "put",
    "reorder",
]

NO_ASSET = Message("File not found in this library.")


def put(
    session: Session, principal: Principal, place: Place, items: Sequence[UsageSpec]
) -> list[Usage]:
    """Declare all uses of a place, in order, and return them so.

    A use of the same asset in the same slot stays the same usage, since when and by whom included,
    whatever else changes about it. What is left out ends and stays as history. `pin` without a
    number keeps the version that is pinned already. See `lectern.courses.changed` for live pages.

    Raises:
        NotFound: no such place.
        Invalid: an item is wrong; nothing was changed.
    """
    spot = places.find(session, principal, place, lock=True)
    now = {(usage.asset_id, usage.slot): usage for usage in _select(session, spot.here)}
    wanted = [spec.asset_id for spec in items]
    assets = terms.lock_assets(
        session, principal.workspace_id, [*wanted, *(asset_id for asset_id, _ in now)]
    )
    checked = terms.check_all(session, items, assets, now)
    keys = [(spec.asset_id, term.slot) for spec, term in zip(items, checked, strict=True)]
    declared = set(keys)
    left_out = [usage for key, usage in now.items() if key not in declared]
    stays = [key for key in now if key in declared]

    ended = ending.end_all(session, principal, left_out)
    facts = writing.ends(ended)
    for position, (key, term) in enumerate(zip(keys, checked, strict=True)):
        usage = now.get(key)
        if usage is None:
            usage = writing.new(session, principal, spot, key[0], position, term)
            said = writing.given(term)
            facts.append(writing.about("usage.add", key[0], usage.id, spot.titles, **said))
        elif changes := writing.update(usage, position, term):
            said = {"changes": changes}
            facts.append(writing.about("usage.change", key[0], usage.id, spot.titles, **said))
    session.flush()
    moved = stays != [key for key in keys if key in now]
    writing.finish(session, principal, spot, assets, facts, moved=moved)
    return _select(session, spot.here)


def add(
    session: Session,
    principal: Principal,
    lesson_id: uuid.UUID,
    asset_ids: Sequence[uuid.UUID],
    *,
    policy: str = "follow",
) -> list[Usage]:
    """Insert assets at the end of a lesson; the usages come in the order asked for.

    An asset that the lesson uses already is not inserted again: its usage is returned.

    Raises:
        NotFound: no such lesson.
        Invalid: an asset is unknown or in the trash; nothing was inserted.
    """
    spot = places.lesson(session, principal, lesson_id)
    now = _select(session, spot.here)
    known = {usage.asset_id: usage for usage in reversed(now)}
    wanted = list(dict.fromkeys(asset_ids))
    assets = terms.lock_assets(session, principal.workspace_id, wanted)
    specs = [UsageSpec(asset_id, policy=policy) for asset_id in wanted]
    checked = terms.check_all(session, specs, assets, {})
    position = 1 + max((usage.position for usage in now), default=-1)
    facts: list[Fact] = []
    for asset_id, term in zip(wanted, checked, strict=True):
        if asset_id in known:
            continue
        at = position + len(facts)
        usage = writing.new(session, principal, spot, asset_id, at, term)
        said = writing.given(term)
        facts.append(writing.about("usage.add", asset_id, usage.id, spot.titles, **said))
        known[asset_id] = usage
    session.flush()
    writing.finish(session, principal, spot, assets, facts)
    found = {usage.id: usage for usage in _select(session, spot.here)}
    return [found[known[asset_id].id] for asset_id in wanted]


def end(session: Session, principal: Principal, usage_id: uuid.UUID) -> UsageHistory:
    """Take one use out of its place; it stays as history.

    Raises:
        NotFound: there is no such usage, or it has ended already.
    """
    require(principal, Action.EDIT_COURSES)
    key = (principal.workspace_id, usage_id)
    missing = NotFound("This file is no longer used there.")
    usage = session.get(Usage, key)
    if usage is None:
        raise missing
    places.course(session, principal, usage.course_id)
    usage = session.get(Usage, key, populate_existing=True)
    if usage is None:
        raise missing
    spot = _spot(session, usage)
    (past,) = ending.end_all(session, principal, [usage])
    writing.finish(session, principal, spot, {}, writing.ends([past]))
    return past


def reorder(
    session: Session, principal: Principal, lesson_id: uuid.UUID, usage_ids: Sequence[uuid.UUID]
) -> list[Usage]:
    """Put all usages of a lesson into this order.

    Raises:
        NotFound: no such lesson.
        Stale: these are not the usages that the lesson has now.
    """
    spot = places.lesson(session, principal, lesson_id)
    now = {usage.id: usage for usage in _select(session, spot.here)}
    if sorted(usage_ids) != sorted(now):
        raise Stale("Someone changed this lesson after you opened it. Reload to see the changes.")
    moved = list(usage_ids) != list(now)
    for position, usage_id in enumerate(usage_ids):
        now[usage_id].position = position
    session.flush()
    writing.finish(session, principal, spot, {}, [], moved=moved)
    return _select(session, spot.here)


def at(session: Session, principal: Principal, place: Place) -> list[Usage]:
    """The usages at exactly this place, in order."""
    return _select(session, places.find(session, principal, place).here)


def of_lesson(session: Session, principal: Principal, lesson_id: uuid.UUID) -> list[Usage]:
    """The usages of a lesson in order, with their assets; none for a lesson that does not exist."""
    require(principal, Action.SEE_COURSES)
    workspace = Usage.workspace_id == principal.workspace_id
    return _select(session, workspace & (Usage.lesson_id == lesson_id))


def of_asset(session: Session, principal: Principal, asset_id: uuid.UUID) -> list[Usage]:
    """Where an asset is used now, by course, chapter and lesson.

    Raises:
        NotFound: no such asset.
    """
    _require_asset(session, principal, asset_id)
    return blockers(session, principal.workspace_id, asset_id)


def past_of_asset(
    session: Session, principal: Principal, asset_id: uuid.UUID
) -> list[UsageHistory]:
    """Where an asset was used, the most recently ended first.

    Raises:
        NotFound: no such asset.
    """
    _require_asset(session, principal, asset_id)
    query = (
        select(UsageHistory)
        .where(
            UsageHistory.workspace_id == principal.workspace_id,
            UsageHistory.asset_id == asset_id,
        )
        .order_by(UsageHistory.ended_at.desc(), UsageHistory.id.desc())
    )
    return list(session.scalars(query))


def blockers(session: Session, workspace_id: uuid.UUID, asset_id: uuid.UUID) -> list[Usage]:
    """The usages for which an asset may not go, by course, chapter and lesson; asks no right."""
    return _select(session, (Usage.workspace_id == workspace_id) & (Usage.asset_id == asset_id))


def place_of(usage: Usage) -> str:
    """The usage's place in words: “Course › Chapter › Lesson”."""
    return " › ".join(ending.titles(usage).values())


def _select(session: Session, which: ColumnElement[bool]) -> list[Usage]:
    query = (
        select(Usage)
        .where(which)
        .outerjoin(Usage.course)
        .outerjoin(Usage.chapter)
        .outerjoin(Usage.lesson)
        .options(
            joinedload(Usage.asset),
            joinedload(Usage.course),
            joinedload(Usage.chapter),
            joinedload(Usage.lesson),
            joinedload(Usage.creator),
            joinedload(Usage.version),
        )
        .order_by(
            func.lower(Course.title),
            Usage.course_id,
            Chapter.position.nulls_first(),
            Lesson.position.nulls_first(),
            Usage.position,
            Usage.id,
        )
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))


def _spot(session: Session, usage: Usage) -> Spot:
    workspace_id = usage.workspace_id
    return Spot(
        session.get_one(Course, (workspace_id, usage.course_id)),
        session.get_one(Chapter, (workspace_id, usage.chapter_id)) if usage.chapter_id else None,
        session.get_one(Lesson, (workspace_id, usage.lesson_id)) if usage.lesson_id else None,
    )


def _require_asset(session: Session, principal: Principal, asset_id: uuid.UUID) -> None:
    require(principal, Action.SEE)
    if session.get(Asset, (principal.workspace_id, asset_id)) is None:
        raise NotFound(NO_ASSET)
