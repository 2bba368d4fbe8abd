"""A small library with one of everything, and exports read back."""

import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.exchange import export
from lectern.library import blobs, folders, tags
from lectern.models import (
    Asset,
    Chapter,
    Course,
    CustomField,
    Lesson,
    SavedSearch,
    Usage,
    UsageHistory,
    new_id,
)
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.storage import LocalStorage, Storage
from tests.factories import add_version, make_asset, make_course


def fill(session: Session, owner: Principal, storage: Storage, folder: Path) -> Asset:
    """One of everything; returns the asset that is used."""
    blob = stored(session, owner, storage, folder / "one", b"one")
    place = folders.ensure(session, owner, "Biology/Week 1")
    assert place is not None
    used = make_asset(
        session, owner, blob=blob, name="Why leaves are green", description="Two\nlines"
    )
    used.folder_id, used.custom, used.language = place.id, {"level": "=1+1"}, "en"
    tags.put(session, used, ["Botany", "=cmd|' /C calc'!A0"])
    version = add_version(session, used, stored(session, owner, storage, folder / "two", b"two"))
    trashed = make_asset(session, owner, blob=blob, name="An old one")
    trashed.live, trashed.trashed_at, trashed.trashed_by = False, datetime.now(UTC), owner.user_id
    trashed.trash_reason, trashed.purge_after = "Out of date", datetime(2030, 1, 1, tzinfo=UTC)
    course = make_course(session, owner, chapters=2, lessons=2)
    _use(session, owner, used, course)
    _use(session, owner, used, course, policy="pin", version_id=version.id, start_s=1.5)
    _remember(session, owner, used, course)
    audit.record(session, owner, "asset.upload", "asset", used.id, {"bytes": 3})
    session.flush()
    return used


def _use(session: Session, owner: Principal, asset: Asset, course: Course, **terms: Any) -> None:
    lesson = session.scalars(select(Lesson).where(Lesson.course_id == course.id)).first()
    assert lesson is not None
    session.add(
        Usage(
            workspace_id=owner.workspace_id,
            asset_id=asset.id,
            course_id=course.id,
            chapter_id=lesson.chapter_id,
            lesson_id=lesson.id,
            slot=str(len(terms)),
            created_by=owner.user_id,
            **terms,
        )
    )
    session.flush()


def _remember(session: Session, owner: Principal, asset: Asset, course: Course) -> None:
    chapter = session.scalars(select(Chapter).where(Chapter.course_id == course.id)).first()
    assert chapter is not None
    home = {"workspace_id": owner.workspace_id}
    session.add(
        UsageHistory(
            **home,
            asset_id=asset.id,
            course_id=new_id(),
            slot="",
            position=0,
            policy="follow",
            place={"course": "Gone"},
            ended_by=owner.user_id,
        )
    )
    session.add(CustomField(**home, key="level", label="Level", type="text", position=0))
    session.add(
        SavedSearch(
            **home, name="Unused", query={"usage": "never"}, created_by=owner.user_id, position=0
        )
    )
    session.flush()


def stored(
    session: Session, owner: Principal, storage: Storage, source: Path, content: bytes
) -> Any:
    """A blob whose bytes are in storage."""
    source.write_bytes(content)
    put = blobs.store(storage, owner.workspace_id, source)
    return blobs.add(session, owner.workspace_id, put, "text/plain")[0]


def exported(session: Session, owner: Principal, storage: LocalStorage | None = None) -> bytes:
    """The export as a file's content."""
    target = io.BytesIO()
    export.write(session, owner, target, storage)
    return target.getvalue()


def read(content: bytes) -> dict[str, Any]:
    """The files of an export: lines as JSON, tables and bytes as they are."""
    found: dict[str, Any] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            raw = archive.read(name)
            if name.endswith(".jsonl"):
                found[name.removesuffix(".jsonl")] = [json.loads(line) for line in raw.splitlines()]
            else:
                found[name] = json.loads(raw) if name.endswith(".json") else raw
    return found
