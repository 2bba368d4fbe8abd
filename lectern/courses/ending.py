"""Ending usages: the live row goes, what it said stays as history."""

from collections.abc import Sequence

from sqlalchemy.orm import Session, joinedload

from lectern.courses import changed, terms
from lectern.database.scope import scoped
from lectern.models import Usage, UsageHistory
from lectern.people.principal import Principal

_SAME = (
    "workspace_id",
    "id",
    "created_at",
    "asset_id",
    "course_id",
    "chapter_id",
    "lesson_id",
    "slot",
    "position",
    "policy",
    "version_id",
    "title",
    "alt",
    "start_s",
    "end_s",
    "created_by",
)


def titles(usage: Usage) -> dict[str, str]:
    """What the usage's place is called now: `{"course": …, "chapter": …, "lesson": …}`."""
    named = {"course": usage.course, "chapter": usage.chapter, "lesson": usage.lesson}
    return {kind: row.title for kind, row in named.items() if row is not None}


def end_all(session: Session, principal: Principal, usages: Sequence[Usage]) -> list[UsageHistory]:
    """Move the usages into the history, with the titles of their places as they are now.

    The caller holds the course's row and writes the audit entries once all rows are changed.
    """
    if not usages:
        return []
    workspace_id = principal.workspace_id
    # The database counts usages down in the assets' rows: take these in id order first.
    assets = terms.lock_assets(session, workspace_id, [usage.asset_id for usage in usages])
    loaded = session.scalars(
        scoped(Usage, workspace_id)
        .where(Usage.id.in_([usage.id for usage in usages]))
        .options(joinedload(Usage.course), joinedload(Usage.chapter), joinedload(Usage.lesson))
        .order_by(Usage.asset_id)
        .execution_options(populate_existing=True)
    ).all()
    ended = []
    for usage in loaded:
        values = {field: getattr(usage, field) for field in _SAME}
        past = UsageHistory(**values, place=titles(usage), ended_by=principal.user_id)
        ended.append(past)
        session.add(past)
        session.delete(usage)
    session.flush()
    terms.forget_counts(session, assets.values())
    changed.note(session, assets)
    return ended
