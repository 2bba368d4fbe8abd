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
from lectern.exchange.schema import BY_FILE, MANIFEST
from lectern.models import (
    Asset,
    CaptionEdit,
    CaptionTrack,
    Chapter,
    Course,
    CustomField,
    GlossaryTerm,
    Lesson,
    SavedSearch,
    ScheduledSwitch,
    Usage,
    UsageHistory,
    Version,
    new_id,
)
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.search.syntax.folding import fold
from lectern.storage import LocalStorage, Storage, blobs
from lectern.taxonomy import folders, tags
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
    _say(session, owner, version, course)
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


def _say(session: Session, owner: Principal, version: Version, course: Course) -> None:
    """Captions with their history, words of a course and of all, and a switch that was done."""
    home, cues = {"workspace_id": owner.workspace_id}, [{"start": 0.5, "end": 2, "text": "Grün\nA"}]
    now = datetime.now(UTC)
    by = {"edited_by": owner.user_id, "lock_version": 2}
    reviewed = {"state": "reviewed", "reviewed_by": owner.user_id, "reviewed_at": now}
    track = caption(session, version, cues, **by, **reviewed, carried_from=new_id())
    caption(session, version, [], language="de", origin="machine", state="machine", deleted_at=now)
    for number, kept in ((1, []), (2, cues)):
        session.add(
            CaptionEdit(
                **home, track_id=track.id, number=number, cues=kept, edited_by=owner.user_id
            )
        )
    for place, term in ((course.id, "Chlorophyll"), (None, "Löwe")):
        word = {"term": term, "key": fold(term), "sounds_like": ["clear a fill"]}
        session.add(GlossaryTerm(**home, **word, course_id=place, created_by=owner.user_id))
    switch(session, version, state="done", reason="It was late.", ended_at=now)
    session.flush()


def caption(session: Session, version: Version, cues: list[Any], **values: Any) -> CaptionTrack:
    """Captions of a version, English and a person's unless said otherwise."""
    said = {"language": "en", "origin": "person", **values}
    track = CaptionTrack(
        workspace_id=version.workspace_id, version_id=version.id, cues=cues, **said
    )
    session.add(track)
    session.flush()
    return track


def switch(session: Session, version: Version, **values: Any) -> ScheduledSwitch:
    """A time in the future at which the version is to be shown, unless said otherwise."""
    said = {"at": datetime(2099, 3, 2, 7, tzinfo=UTC), "local": "2099-03-02T08:00", **values}
    said = {"zone": "Europe/Berlin", "version_id": version.id, **said}
    made = ScheduledSwitch(workspace_id=version.workspace_id, asset_id=version.asset_id, **said)
    session.add(made)
    session.flush()
    return made


def in_first_format(content: bytes) -> bytes:
    """The export as an earlier release wrote it, without what it did not know."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as new, zipfile.ZipFile(target, "w") as old:
        for name in new.namelist():
            record = BY_FILE.get(name.removesuffix(".jsonl"))
            if record is None or record.since == 1:
                raw = new.read(name)
                first = json.dumps({**json.loads(raw), "version": 1}) if name == MANIFEST else raw
                old.writestr(name, first)
    return target.getvalue()


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
