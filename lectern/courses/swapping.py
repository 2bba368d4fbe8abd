"""Uses of one file changed in all their places at once: pinned to a version, or given another file.

Everything is locked in the order of `places` before the first row changes: courses by id, then
assets by id, then the audit log.
"""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.courses import changed, ending, places, terms, usages, writing
from lectern.courses.places import Place
from lectern.courses.terms import UsageSpec
from lectern.errors import Invalid, Message, NotFound
from lectern.models import Asset, Usage
from lectern.people import audit
from lectern.people.audit import Fact
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

MISSING = Message("File not found in this library.")


def hold(
    session: Session, principal: Principal, asset: Asset, but: Collection[uuid.UUID] = ()
) -> int:
    """Pin the uses that follow new versions to the one shown now; returns how many.

    The usages in `but` go on following.

    Raises:
        Invalid: the asset has no version yet.
    """
    require(principal, Action.EDIT_COURSES)
    found = _lock_courses(session, principal, asset.id)
    held = terms.lock_assets(session, principal.workspace_id, [asset.id])
    if asset.id not in held:
        raise NotFound(MISSING)
    version_id = held[asset.id].current_version_id
    following = [each for each in found if each.policy == "follow" and each.id not in but]
    if version_id is None and following:
        raise Invalid("“%(name)s” has no version to pin yet.", name=asset.name)
    facts: list[Fact] = []
    for usage in following:
        usage.policy, usage.version_id = "pin", version_id
        changes = {
            "policy": {"before": "follow", "after": "pin"},
            "version_id": {"before": None, "after": version_id},
        }
        place = ending.titles(usage)
        facts.append(writing.about("usage.change", asset.id, usage.id, place, changes=changes))
        places.touch(usage.course)
        if usage.lesson is not None:
            usage.lesson.lock_version += 1
    session.flush()
    if facts:
        changed.note(session, [asset.id])
        audit.record_all(session, principal, facts)
    return len(following)


def exchange(session: Session, principal: Principal, old_id: uuid.UUID, new_id: uuid.UUID) -> int:
    """Use another file wherever this one is used; returns in how many places.

    Title, text and position stay. Where the other one is in the same slot already, it is not put
    there twice; a start or end that lies beyond its length goes. The old uses stay as history.

    Raises:
        NotFound: there is no such asset.
        Invalid: both are the same, or the other one lies in the trash; nothing was changed.
    """
    require(principal, Action.EDIT_COURSES)
    if old_id == new_id:
        raise Invalid("Choose a different file.", {"other": "Choose another file."})
    found = _lock_courses(session, principal, old_id)
    spots = {(each.course_id, each.chapter_id, each.lesson_id): each for each in found}
    here = [(_place(each), _at(session, principal, each)) for each in spots.values()]
    everything = {usage.asset_id for _, there in here for usage in there}
    assets = terms.lock_assets(session, principal.workspace_id, [*everything, old_id, new_id])
    if old_id not in assets or new_id not in assets:
        raise NotFound(MISSING)
    if not assets[new_id].live:
        name = assets[new_id].name
        raise Invalid("“%(name)s” is in the trash.", {"other": "It is in the trash."}, name=name)
    for place, there in here:
        usages.put(session, principal, place, _specs(there, old_id, assets[new_id]))
    return len(found)


def _lock_courses(session: Session, principal: Principal, asset_id: uuid.UUID) -> list[Usage]:
    """The asset's usages, with all their courses held; a course that comes later stays as it is."""
    mine = (Usage.workspace_id == principal.workspace_id) & (Usage.asset_id == asset_id)
    courses = session.scalars(select(Usage.course_id).where(mine).distinct()).all()
    for course_id in sorted(courses):
        places.course(session, principal, course_id)
    found = usages.blockers(session, principal.workspace_id, asset_id)
    return [each for each in found if each.course_id in courses]


def _at(session: Session, principal: Principal, usage: Usage) -> list[Usage]:
    return usages.at(session, principal, _place(usage))


def _specs(there: Sequence[Usage], old_id: uuid.UUID, new: Asset) -> list[UsageSpec]:
    taken = {usage.slot for usage in there if usage.asset_id == new.id}
    specs = []
    for usage in there:
        if usage.asset_id != old_id:
            specs.append(_spec(usage, usage.asset_id, usage.policy, usage.start_s, usage.end_s))
        elif usage.slot not in taken:
            length = new.duration_s or 0.0
            fits = all(each is None or each <= length for each in (usage.start_s, usage.end_s))
            start_s, end_s = (usage.start_s, usage.end_s) if fits else (None, None)
            specs.append(_spec(usage, new.id, "follow", start_s, end_s))
    return specs


def _spec(
    usage: Usage, asset_id: uuid.UUID, policy: str, start_s: float | None, end_s: float | None
) -> UsageSpec:
    return UsageSpec(
        asset_id=asset_id,
        slot=usage.slot,
        policy=policy,
        title=usage.title,
        alt=usage.alt,
        start_s=start_s,
        end_s=end_s,
    )


def _place(usage: Usage) -> Place:
    chapter = usage.chapter.ref if usage.chapter else None
    return Place(usage.course.ref, chapter, usage.lesson.ref if usage.lesson else None)
