"""The two tables that people open in a spreadsheet; an import does not read them."""

import uuid
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from lectern import csv_files
from lectern.database.scope import scoped
from lectern.models import Asset, AssetTag, Chapter, Course, Folder, Lesson, Tag, Usage, User
from lectern.taxonomy import folders

_ASSETS = (
    *("id", "name", "original name", "kind", "bytes", "seconds", "width", "height", "tags"),
    *("folder", "access", "language", "licence", "description", "uses", "versions", "digest"),
    *("uploaded", "by", "trashed"),
)
_USAGES = (
    *("asset", "name", "course", "chapter", "lesson", "course title", "chapter title"),
    *("lesson title", "slot", "policy", "since", "by"),
)


def sheets(session: Session, workspace_id: uuid.UUID) -> Iterator[tuple[str, Iterator[str]]]:
    """Name and lines of each table."""
    yield "assets.csv", _assets(session, workspace_id)
    usages = session.execute(_usages(workspace_id).execution_options(yield_per=1000))
    yield "usages.csv", csv_files.lines(_USAGES, usages)


def _assets(session: Session, workspace_id: uuid.UUID) -> Iterator[str]:
    ids = session.scalars(scoped(Folder, workspace_id, Folder.id)).all()
    paths = folders.paths_of(session, workspace_id, ids)
    place = _ASSETS.index("folder")
    rows = session.execute(_files(workspace_id).execution_options(yield_per=1000))
    with_paths = ((*row[:place], paths.get(row[place], ""), *row[place + 1 :]) for row in rows)
    yield from csv_files.lines(_ASSETS, with_paths)


def _files(workspace_id: uuid.UUID) -> Select[*tuple[Any, ...]]:
    tags = (
        select(func.string_agg(Tag.name, ", "))
        .join(AssetTag, (AssetTag.workspace_id == Tag.workspace_id) & (AssetTag.tag_id == Tag.id))
        .where(AssetTag.workspace_id == Asset.workspace_id, AssetTag.asset_id == Asset.id)
        .scalar_subquery()
    )
    return (
        select(
            *(Asset.id, Asset.name, Asset.original_name, Asset.kind, Asset.byte_size),
            *(Asset.duration_s, Asset.width, Asset.height, tags, Asset.folder_id, Asset.access),
            *(Asset.language, Asset.licence, Asset.description, Asset.usage_count),
            *(Asset.version_count, Asset.digest, Asset.created_at, User.name, Asset.trashed_at),
        )
        .outerjoin(User, User.id == Asset.created_by)
        .where(Asset.workspace_id == workspace_id)
        .order_by(Asset.id)
    )


def _usages(workspace_id: uuid.UUID) -> Select[*tuple[Any, ...]]:
    def of(model: Any, column: Any) -> Any:
        return (model.workspace_id == Usage.workspace_id) & (model.id == column)

    return (
        select(
            *(Usage.asset_id, Asset.name, Course.ref, Chapter.ref, Lesson.ref, Course.title),
            *(Chapter.title, Lesson.title, Usage.slot, Usage.policy, Usage.created_at, User.name),
        )
        .join(Asset, of(Asset, Usage.asset_id))
        .join(Course, of(Course, Usage.course_id))
        .outerjoin(Chapter, of(Chapter, Usage.chapter_id))
        .outerjoin(Lesson, of(Lesson, Usage.lesson_id))
        .outerjoin(User, User.id == Usage.created_by)
        .where(Usage.workspace_id == workspace_id)
        .order_by(Course.ref, Usage.chapter_id, Usage.lesson_id, Usage.position, Usage.id)
    )
