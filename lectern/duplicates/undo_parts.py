"""What a merge took or gave, back to where it was, as far as it is still as the merge left it."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.changes import ledger
from lectern.duplicates import merge_usages
from lectern.duplicates.merge_plan import Leftover
from lectern.duplicates.merge_usages import Row
from lectern.errors import Message
from lectern.library import fields
from lectern.models import Asset, CaptionTrack, Chapter, Course, Lesson, Merge, MergedAsset, Version
from lectern.people.principal import Principal
from lectern.taxonomy import tags
from lectern.text import tag_key

ENDED = Message("It is no longer used there.")
CHANGED = Message("It has been changed there since then, so the file you kept is still used.")
REUSED = Message("The file is already back in that place.")
PLACE_GONE = Message("That place no longer exists.")
EDITED = Message("It has been changed since then, so it stays as it is.")


def uses(
    session: Session,
    merge: Merge,
    parts: Sequence[MergedAsset],
    assets: Mapping[uuid.UUID, Asset],
    courses: Collection[uuid.UUID],
) -> list[Leftover]:
    """Let usages name the files again that they named before; the caller holds all of them."""
    back: list[Row] = []
    stayed: list[tuple[Row | None, str]] = []
    for part in parts:
        asset = assets.get(part.asset_id)
        if asset is None or not asset.live:
            continue
        ids = [uuid.UUID(entry["id"]) for entry in part.moved]
        used = merge_usages.now(session, merge.workspace_id, ids)
        taken = merge_usages.slots(session, merge.workspace_id, asset.id)
        for entry in part.moved:
            row = used.get(entry["id"])
            reason = _reason(row, entry, merge.kept_id, taken, courses)
            if reason:
                stayed.append((row or entry["now"], reason))
            elif row is not None:
                was = uuid.UUID(entry["was"]) if entry["was"] else None
                back.append({**row, "asset_id": asset.id, "version_id": was})
        stayed += _revive(session, merge, part, taken, courses)
    merge_usages.replace(session, back)
    return _told(session, merge.workspace_id, stayed)


def _reason(
    row: Row | None,
    entry: Mapping[str, Any],
    kept_id: uuid.UUID,
    taken: Collection[tuple[Any, ...]],
    courses: Collection[uuid.UUID],
) -> str:
    """Why a usage stays as it is; empty when it can go back."""
    if row is None:
        return ENDED
    if row["asset_id"] != kept_id or merge_usages.terms(row) != entry["now"]:
        return CHANGED
    if row["course_id"] not in courses:
        return CHANGED
    return REUSED if merge_usages.slot(row) in taken else ""


def _revive(
    session: Session,
    merge: Merge,
    part: MergedAsset,
    taken: Collection[tuple[Any, ...]],
    courses: Collection[uuid.UUID],
) -> list[tuple[Row | None, str]]:
    """Usages that ended because their place had both files."""
    rows = merge_usages.ended(
        session, merge.workspace_id, [uuid.UUID(usage_id) for usage_id in part.ended]
    )
    there = _places_there(session, merge.workspace_id, rows)
    back: list[Row] = []
    stayed: list[tuple[Row | None, str]] = []
    for row in rows:
        if row["course_id"] not in courses or not there(row):
            stayed.append((row, PLACE_GONE))
        elif merge_usages.slot(row) in taken:
            stayed.append((row, REUSED))
        else:
            back.append(row)
    merge_usages.bring_back(session, back)
    return stayed


def _places_there(session: Session, workspace_id: uuid.UUID, rows: Sequence[Row]) -> Any:
    known: set[uuid.UUID] = set()
    for model, key in ((Chapter, "chapter_id"), (Lesson, "lesson_id")):
        ids = {row[key] for row in rows if row[key]}
        query = select(model.id).where(model.workspace_id == workspace_id, model.id.in_(ids))
        known.update(session.scalars(query))
    return lambda row: all(
        row[key] is None or row[key] in known for key in ("chapter_id", "lesson_id")
    )


def _told(
    session: Session, workspace_id: uuid.UUID, stayed: Sequence[tuple[Row | None, str]]
) -> list[Leftover]:
    """With the places as they are called now."""
    titles: dict[str, str] = {}
    for model, key in ((Course, "course_id"), (Chapter, "chapter_id"), (Lesson, "lesson_id")):
        ids = {uuid.UUID(str(row[key])) for row, _ in stayed if row and row[key]}
        query = select(model.id, model.title).where(
            model.workspace_id == workspace_id, model.id.in_(ids)
        )
        titles.update({str(place_id): title for place_id, title in session.execute(query)})
    keys = ("course_id", "chapter_id", "lesson_id")
    return [
        Leftover(" › ".join(titles[str(row[key])] for key in keys if str(row[key]) in titles), why)
        for row, why in stayed
        if row is not None
    ]


def own(
    session: Session, principal: Principal, target: Asset, done: Mapping[str, Any]
) -> list[Leftover]:
    """Take from the kept file what it got: tags, texts, fields of the workspace, notes."""
    stayed: list[Leftover] = []
    _take_tags(session, target, done.get("tags", ()))
    changed_fields = done.get("fields", {})
    before, after = (
        {field: changed_fields[field][when] for field in changed_fields}
        for when in ("before", "after")
    )
    now = {field: getattr(target, field) for field in changed_fields}
    columns = ledger.standing(before, after, now, fields.same)
    for field, value in columns.restore.items():
        setattr(target, field, value)
    custom = ledger.standing({}, done.get("custom", {}), target.custom, fields.same_custom)
    target.custom = {
        key: value for key, value in target.custom.items() if key not in custom.restore
    }
    stayed += [Leftover(field, EDITED) for field in (*columns.overtaken, *custom.overtaken)]
    for note in done.get("notes", ()):
        version = session.get(Version, (target.workspace_id, uuid.UUID(note["version"])))
        if version is not None and version.note == note["after"]:
            version.note = ""
    stayed += _take_captions(session, target, done.get("captions", ()))
    session.flush()
    target.lock_version = Asset.lock_version + 1
    session.flush()
    return stayed


def _take_captions(
    session: Session, target: Asset, carried: Sequence[Mapping[str, Any]]
) -> list[Leftover]:
    """Captions that somebody went on with are the kept file's own by now."""
    stayed = []
    for entry in carried:
        track = session.get(CaptionTrack, (target.workspace_id, uuid.UUID(entry["track"])))
        if track is None:
            continue
        if track.lock_version == entry["seen"]:
            session.delete(track)
        else:
            stayed.append(Leftover(f"captions ({entry['language']})", EDITED))
    return stayed


def _take_tags(session: Session, target: Asset, names: Sequence[str]) -> None:
    """Those that somebody took off since are off already."""
    keys = {tag_key(name) for name in names}
    left = [tag.name for tag in target.tags if tag.key not in keys]
    if len(left) < len(target.tags):
        tags.put(session, target, left)
