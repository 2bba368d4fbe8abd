"""What of an export is here already: by id, else by the name that only one thing may have."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.exchange.imports.checks import natural_key
from lectern.exchange.schema import Record
from lectern.models import Folder, Tag

# Whose natural key is a number in something that has numbers of its own here.
_BY_ID_ALONE = {"versions", "caption_edits"}


@dataclass(frozen=True)
class Found:
    """Rows that are here, by id and by natural key."""

    file: str
    by_id: dict[uuid.UUID, Any]
    by_key: dict[tuple[Any, ...], Any]

    def of(self, row: dict[str, Any]) -> Any:
        """The row here that the line is about, if there is one."""
        known = self.by_id.get(row["id"])
        key = natural_key(self.file, row) if self.by_key else None
        return known if known is not None or key is None else self.by_key.get(key)


def find(
    session: Session, workspace_id: uuid.UUID, record: Record, rows: Sequence[dict[str, Any]]
) -> Found:
    """The rows of the workspace that these lines are about, locked in the order of their ids."""
    model = record.model
    mine = (
        select(model)
        .where(model.workspace_id == workspace_id)
        .order_by(model.id)
        .with_for_update(of=model)
        .execution_options(populate_existing=True)
    )
    ids = [row["id"] for row in rows]
    by_id = {each.id: each for each in session.scalars(mine.where(model.id.in_(ids)))}
    left = [row for row in rows if row["id"] not in by_id]
    keys = [key for row in left if (key := natural_key(record.file, row)) is not None]
    by_key: dict[tuple[Any, ...], Any] = {}
    if keys and record.file not in _BY_ID_ALONE:
        for each in session.scalars(mine.where(_has(record, keys))):
            by_key[_key_of(record.file, each)] = each
    return Found(record.file, by_id, by_key)


def _has(record: Record, keys: Sequence[tuple[Any, ...]]) -> Any:
    model = record.model
    match record.file:
        case "folders":
            ((parent_id, name),) = keys
            return Folder.parent_id.is_not_distinct_from(parent_id) & (Folder.name == name)
        case "tags":
            return Tag.key.in_([key for (key,) in keys])
        case "custom_fields":
            return model.key.in_([key for (key,) in keys])
        case "courses":
            return model.ref.in_([ref for (ref,) in keys])
        case "saved_searches":
            return tuple_(model.created_by, model.name).in_(keys)
        case "scheduled_switches":
            return model.version_id.in_([version_id for (version_id,) in keys])
        case "caption_tracks":
            return tuple_(model.version_id, model.language).in_(keys)
        case "glossary_terms":
            # Those of other courses are looked at too: a term may belong to none.
            return model.key.in_([key for _, key in keys])
        case _:
            return tuple_(model.course_id, model.ref).in_(keys)


def _key_of(file: str, row: Any) -> tuple[Any, ...]:
    names = (
        *("parent_id", "name", "key", "ref", "course_id", "created_by", "version_id", "language"),
        "term",
    )
    key = natural_key(file, {name: getattr(row, name, None) for name in names})
    if key is None:
        raise ValueError(f"{file} has no natural key")
    return key


def tag_names(session: Session, workspace_id: uuid.UUID, ids: Sequence[uuid.UUID]) -> list[str]:
    """The names of tags, in the order in which they are shown."""
    query = scoped(Tag, workspace_id, Tag.name).where(Tag.id.in_(ids))
    return list(session.scalars(query.order_by(Tag.key)))
