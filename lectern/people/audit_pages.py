"""The whole audit log of a workspace, read in part: by person, kind, object and time."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from lectern.models import (
    Asset,
    AuditEntry,
    Chapter,
    Course,
    CustomField,
    Folder,
    Lesson,
    Member,
    Tag,
    User,
)
from lectern.people.audit import Line, lines
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

# Lines read at a time where all of them are wanted.
AT_ONCE = 500


@dataclass(frozen=True)
class Only:
    """Which lines are wanted; empty means all.

    `kinds` are nouns, `asset` or `member`, of actions or of what they were done to. `by_lectern`
    means what nobody asked for. `until` is excluded.
    """

    kinds: tuple[str, ...] = ()
    actor: uuid.UUID | None = None
    by_lectern: bool = False
    object_id: uuid.UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


def page(
    session: Session,
    principal: Principal,
    only: Only,
    *,
    before: int | None = None,
    limit: int = 50,
) -> list[Line]:
    """What was done, newest first; `before` is the seq of the last line already seen.

    Raises:
        NotFound: the principal is no owner.
    """
    require(principal, Action.SEE_AUDIT)
    which = _which(only)
    return lines(session, principal.workspace_id, *which, before=before, limit=limit)


def whole(session: Session, principal: Principal, only: Only) -> Iterator[Line]:
    """All of `page`, read in pieces."""
    before: int | None = None
    while found := page(session, principal, only, before=before, limit=AT_ONCE):
        yield from found
        before = found[-1].seq


def actors(session: Session, principal: Principal) -> list[tuple[uuid.UUID, str]]:
    """Who to choose from: members, by name. Those who left are found through their lines."""
    require(principal, Action.SEE_AUDIT)
    query = (
        select(User.id, User.name)
        .join(Member, Member.user_id == User.id)
        .where(Member.workspace_id == principal.workspace_id)
        .order_by(User.name, User.id)
    )
    return [(user_id, name) for user_id, name in session.execute(query)]


def _which(only: Only) -> Iterator[ColumnElement[bool]]:
    if only.kinds:
        yield or_(
            *(
                or_(
                    AuditEntry.action.startswith(f"{kind}.", autoescape=True),
                    AuditEntry.object_type == kind,
                )
                for kind in only.kinds
            )
        )
    if only.by_lectern:
        yield AuditEntry.actor_id.is_(None)
    elif only.actor is not None:
        yield AuditEntry.actor_id == only.actor
    if only.object_id is not None:
        yield AuditEntry.object_id == only.object_id
    if only.since is not None:
        yield AuditEntry.at >= only.since
    if only.until is not None:
        yield AuditEntry.at < only.until


def names_of(session: Session, principal: Principal, lines: Sequence[Line]) -> dict[uuid.UUID, str]:
    """What the lines' objects are called today; what is gone has no name."""
    require(principal, Action.SEE_AUDIT)
    ids = {line.object_id for line in lines if line.object_id is not None}
    found: dict[uuid.UUID, str] = {}
    models: tuple[tuple[Any, Any], ...] = (
        (Asset, Asset.name),
        (Course, Course.title),
        (Chapter, Chapter.title),
        (Lesson, Lesson.title),
        (Folder, Folder.name),
        (Tag, Tag.name),
        (CustomField, CustomField.label),
    )
    for model, name in models:
        home = model.workspace_id == principal.workspace_id
        for key, word in session.execute(select(model.id, name).where(home, model.id.in_(ids))):
            found[key] = word
    people = (
        select(User.id, User.name)
        .join(Member, Member.user_id == User.id)
        .where(Member.workspace_id == principal.workspace_id, User.id.in_(ids))
    )
    found.update((key, word) for key, word in session.execute(people))
    return found
