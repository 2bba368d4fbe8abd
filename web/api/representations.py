"""What rows look like in JSON, in one place, so that lists and single answers agree."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flask import url_for
from sqlalchemy.orm import Session

from lectern import duplicates
from lectern.models import (
    Asset,
    Lesson,
    Rendition,
    ScheduledSwitch,
    SwitchState,
    Upload,
    Usage,
    UsageHistory,
    Version,
)
from lectern.people.audit import Line
from lectern.renditions.places import Bookmark, Link
from lectern.search import cards
from lectern.search.cards import TaskLine
from lectern.taxonomy import folders
from web.i18n import translated


def moment(at: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def assets_json(session: Session, assets: Iterable[Asset]) -> list[dict[str, Any]]:
    """Assets as the contract has them; three queries and one for those in the trash."""
    rows = list(assets)
    if not rows:
        return []
    workspace_id, ids = rows[0].workspace_id, [asset.id for asset in rows]
    around = _Around(
        cards.tags_of(session, workspace_id, ids),
        cards.tasks_of(session, workspace_id, ids),
        folders.paths_of(
            session, workspace_id, {asset.folder_id for asset in rows if asset.folder_id}
        ),
        duplicates.kept_of(session, workspace_id, [asset.id for asset in rows if not asset.live]),
    )
    return [_asset(asset, around) for asset in rows]


class _Around(NamedTuple):
    """What belongs to assets of a list: tags and tasks by asset, paths by folder; and into which
    file those in the trash were merged."""

    tags: Mapping[uuid.UUID, tuple[str, ...]]
    tasks: Mapping[uuid.UUID, tuple[TaskLine, ...]]
    paths: Mapping[uuid.UUID | None, str]
    merged: Mapping[uuid.UUID, uuid.UUID]


def asset_json(session: Session, asset: Asset) -> dict[str, Any]:
    """One asset as the contract has it."""
    return assets_json(session, [asset])[0]


def _asset(asset: Asset, around: _Around) -> dict[str, Any]:
    return {
        "id": str(asset.id),
        "name": asset.name,
        "original_name": asset.original_name,
        "description": asset.description,
        "language": asset.language,
        "licence": asset.licence,
        "custom": asset.custom,
        "kind": asset.kind,
        "mime": asset.mime,
        "size": asset.byte_size,
        "digest": asset.digest,
        "tags": list(around.tags.get(asset.id, ())),
        "folder": _folder(asset, around),
        "access": asset.access,
        "created_at": moment(asset.created_at),
        "updated_at": moment(asset.updated_at),
        "created_by": str(asset.created_by) if asset.created_by else None,
        "version": asset.version_number,
        "versions": asset.version_count,
        "duration": asset.duration_s,
        "width": asset.width,
        "height": asset.height,
        "usage_count": asset.usage_count,
        "usage": asset.usage,
        "state": asset.state,
        "tasks": [_task(task) for task in around.tasks.get(asset.id, ())],
        **_addresses(asset),
        "trashed_at": moment(asset.trashed_at),
        "purge_after": moment(asset.purge_after),
        "merged_into": str(around.merged[asset.id]) if asset.id in around.merged else None,
    }


def _task(task: TaskLine) -> dict[str, Any]:
    return {
        "step": task.step,
        "state": task.state,
        "progress": task.percent / 100,
        "reason": translated(task.reason),
    }


def _folder(asset: Asset, around: _Around) -> dict[str, str] | None:
    if asset.folder_id is None:
        return None
    return {"id": str(asset.folder_id), "path": around.paths.get(asset.folder_id, "")}


def _addresses(asset: Asset) -> dict[str, str | None]:
    playable = asset.state == "ready" and asset.kind != "document"
    if asset.mime == "image/svg+xml":
        playable = False
    return {
        "poster_url": url_for("media.poster", asset_id=asset.id) if asset.poster_blob_id else None,
        "play_url": url_for("media.play", asset_id=asset.id, number=asset.version_number)
        if playable
        else None,
        "download_url": url_for("media.original", asset_id=asset.id),
    }


def upload_json(upload: Upload) -> dict[str, Any]:
    """An upload's state, as `GET /uploads/ID` answers it."""
    return {
        "id": str(upload.id),
        "state": upload.state,
        "offset": upload.received,
        "size": upload.byte_size,
        "filename": upload.filename,
        "asset": str(upload.asset_id) if upload.asset_id else None,
        "duplicate_of": str(upload.duplicate_of) if upload.duplicate_of else None,
        "reason": translated(upload.reason),
    }


def version_json(
    version: Version, current: int, switch: ScheduledSwitch | None = None
) -> dict[str, Any]:
    """One version of an asset; `current` is the number of the one in force."""
    waiting = switch is not None and switch.state == SwitchState.WAITING
    return {
        "version": version.number,
        "current": version.number == current,
        "digest": version.blob.digest,
        "size": version.blob.byte_size,
        "mime": version.facts.get("mime") or version.blob.mime,
        "origin": version.origin,
        "original_name": version.original_name,
        "note": version.note,
        "facts": version.facts,
        "created_at": moment(version.created_at),
        "created_by": str(version.created_by) if version.created_by else None,
        "switches_at": moment(switch.at) if switch is not None and waiting else None,
        "switch": _switch(switch) if switch is not None else None,
    }


def _switch(switch: ScheduledSwitch) -> dict[str, Any]:
    return {
        "state": switch.state,
        "at": moment(switch.at),
        "local": switch.local,
        "zone": switch.zone,
        "reason": translated(switch.reason),
        "created_by": str(switch.created_by) if switch.created_by else None,
    }


def rendition_json(rendition: Rendition) -> dict[str, Any]:
    """Something that was derived from a version's bytes."""
    return {
        "spec": rendition.spec,
        "mime": rendition.facts.get("mime") or rendition.blob.mime,
        "size": rendition.blob.byte_size,
        "digest": rendition.blob.digest,
        "facts": rendition.facts,
        "created_at": moment(rendition.created_at),
    }


def place_json(place: Bookmark | Link) -> dict[str, Any]:
    """A place to jump to in a document."""
    leads = {"page": place.page, "url": place.url}
    if isinstance(place, Link):
        return {"kind": "link", "title": place.text, "level": None, "on": place.on, **leads}
    return {"kind": "bookmark", "title": place.title, "level": place.level, "on": None, **leads}


def usage_json(usage: Usage) -> dict[str, Any]:
    """A live usage, with the titles of its place."""
    return {
        "id": str(usage.asset_id),
        "usage": str(usage.id),
        "course": _place(usage.course),
        "chapter": _place(usage.chapter),
        "lesson": _place(usage.lesson),
        **_terms(usage),
        "since": moment(usage.created_at),
        "created_by": str(usage.created_by) if usage.created_by else None,
        "url": url_for("lessons.show", lesson_id=usage.lesson_id) + f"#usage-{usage.id}"
        if usage.lesson_id
        else url_for("courses.show", course_id=usage.course_id),
    }


def declared_json(usage: Usage) -> dict[str, Any]:
    """A live usage as it is declared, so that what was read can be sent back."""
    declared = {"id": str(usage.asset_id), **_terms(usage)}
    return declared | ({"version": usage.version_number} if usage.policy == "pin" else {})


def past_usage_json(usage: UsageHistory) -> dict[str, Any]:
    """A usage that has ended, with the titles its place had."""
    return {
        "id": str(usage.asset_id),
        "place": usage.place,
        **_terms(usage),
        "since": moment(usage.created_at),
        "until": moment(usage.ended_at),
    }


def _terms(usage: Usage | UsageHistory) -> dict[str, Any]:
    return {
        "slot": usage.slot,
        "policy": usage.policy,
        "title": usage.title,
        "alt": usage.alt,
        "start": usage.start_s,
        "end": usage.end_s,
    }


def _place(place: Any) -> dict[str, str] | None:
    if place is None:
        return None
    ref = {"ref": place.ref, "title": place.title}
    return {"id": str(place.id), **ref} if isinstance(place, Lesson) else ref


def entry_json(line: Line) -> dict[str, Any]:
    """One line of the audit log; hashes in hex."""
    return {
        "seq": line.seq,
        "at": moment(line.at),
        "actor": {"id": str(line.actor_id), "name": line.actor} if line.actor_id else None,
        "action": line.action,
        "object_type": line.object_type,
        "object_id": str(line.object_id) if line.object_id else None,
        "details": line.details,
        "previous_hash": line.previous_hash,
        "hash": line.hash,
    }
