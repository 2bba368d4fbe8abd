"""Assets: read them, edit them, and keep their state true."""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from lectern.errors import Invalid, NotFound, Stale
from lectern.library import folders, names, tags, versions
from lectern.models import Asset, AssetState, Blob, Task, TaskState, Version
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

MISSING = "There is no such file in this library."
_ENDED_WELL = {TaskState.DONE, TaskState.SKIPPED, TaskState.CANCELLED}
LONGEST_TEXT = 20_000
# Levels of objects and lists in `custom`.
DEEPEST = 8


def get(session: Session, principal: Principal, asset_id: uuid.UUID) -> Asset:
    """The asset with its tags, folder and creator, also when it lies in the trash.

    Raises:
        NotFound: no such asset in this workspace, or nothing the principal may see.
    """
    require(principal, Action.SEE)
    asset = session.scalar(
        select(Asset)
        .where(Asset.workspace_id == principal.workspace_id, Asset.id == asset_id)
        .options(selectinload(Asset.tags), selectinload(Asset.folder), selectinload(Asset.creator))
    )
    if asset is None:
        raise NotFound(MISSING)
    return asset


def with_digest(session: Session, principal: Principal, digest: str, size: int) -> list[Asset]:
    """Live assets of the workspace that have these bytes in any version, newest first."""
    require(principal, Action.SEE)
    holders = (
        select(Version.asset_id)
        .join(Blob, (Blob.workspace_id == Version.workspace_id) & (Blob.id == Version.blob_id))
        .where(
            Blob.workspace_id == principal.workspace_id,
            Blob.digest == digest,
            Blob.byte_size == size,
        )
    )
    return list(
        session.scalars(
            select(Asset)
            .where(
                Asset.workspace_id == principal.workspace_id,
                Asset.id.in_(holders),
                Asset.live,
            )
            .order_by(Asset.created_at.desc(), Asset.id.desc())
        )
    )


def edit(
    session: Session,
    principal: Principal,
    asset: Asset,
    changes: Mapping[str, Any],
    *,
    expected: int | None = None,
) -> Asset:
    """Change what a person may change: the keys of `changes` are the API's field names.

    `expected` is the `lock_version` the person saw; None skips the comparison.

    Raises:
        Stale: somebody changed the asset since.
        Invalid: a field is unknown or unusable; nothing was changed.
    """
    require(principal, Action.EDIT, asset)
    session.refresh(asset, with_for_update=True)
    if expected is not None and asset.lock_version != expected:
        raise Stale("Somebody changed this file since you opened it. Reload to see the change.")
    entries = _apply(session, principal, asset, _checked(changes))
    if entries:
        asset.lock_version += 1
        asset.updated_at = func.clock_timestamp()
        session.flush()
        session.expire(asset)
    for field, details in entries:
        audit.record(session, principal, f"asset.{field}", "asset", asset.id, details)
    return asset


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(changes) - set(_FIELDS)
    if unknown:
        field = sorted(unknown)[0]
        raise Invalid(f"{field!r} cannot be changed.", {field: "This cannot be changed."})
    return {field: _FIELDS[field](value) for field, value in changes.items()}


def _apply(
    session: Session, principal: Principal, asset: Asset, wanted: Mapping[str, Any]
) -> list[tuple[str, dict[str, Any]]]:
    """Write what differs; returns each changed field with its value before and after."""
    entries = []
    for field, value in wanted.items():
        before = _read(session, asset, field)
        if not _same(field, before, value):
            _write(session, principal, asset, field, value)
            after = _read(session, asset, field) if field == "folder" else value
            if after != before:
                entries.append((field, {"before": before, "after": after}))
    return entries


def _same(field: str, before: Any, after: Any) -> bool:
    if field == "tags":
        # Two spellings are one tag, and it stays as it was first spelled.
        return {names.tag_key(name) for name in before} == {names.tag_key(name) for name in after}
    return bool(before == after)


def _read(session: Session, asset: Asset, field: str) -> Any:
    if field == "tags":
        return [tag.name for tag in asset.tags]
    if field == "folder":
        return folders.path_of(session, asset.workspace_id, asset.folder_id)
    return getattr(asset, field)


def _write(session: Session, principal: Principal, asset: Asset, field: str, value: Any) -> None:
    if field == "tags":
        tags.put(session, asset, value)
    elif field == "folder":
        folder = folders.ensure(session, principal, value)
        asset.folder_id = folder.id if folder else None
    else:
        setattr(asset, field, value)


def _name(value: Any) -> str:
    return names.asset_name(_text("name", value, LONGEST_TEXT))


def _tags(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong("tags", "Send a list of texts.")
    return tags.clean(value)


def _folder(value: Any) -> str:
    if isinstance(value, dict):
        # As an asset shows its folder, so that what was read can be sent back.
        value = value.get("id") or value.get("path")
    return "/".join(folders.split(_text("folder", value or "", LONGEST_TEXT)))


def _access(value: Any) -> str:
    if value not in ("course", "unlisted", "public"):
        raise _wrong("access", "Choose course, unlisted or public.")
    return str(value)


def _custom(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or _depth(value, DEEPEST) > DEEPEST:
        raise _wrong("custom", f"Send an object of objects and lists, at most {DEEPEST} deep.")
    if len(json.dumps(value)) > LONGEST_TEXT:
        raise _wrong("custom", f"This is too long; at most {LONGEST_TEXT} characters of JSON.")
    return value


def _depth(value: Any, most: int) -> int:
    """How deep objects and lists are nested; does not look deeper than `most` and one."""
    inner = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(inner, list) or most < 0:
        return 0
    return 1 + max((_depth(item, most - 1) for item in inner), default=0)


def _description(value: Any) -> str:
    return names.clean_paragraphs(_text("description", value, LONGEST_TEXT))


def _line(field: str, longest: int) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        return names.clean_text(_text(field, value or "", longest)) or None

    return check


def _text(field: str, value: Any, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise _wrong(field, f"Send a text of at most {longest} characters.")
    return value


def _wrong(field: str, problem: str) -> Invalid:
    return Invalid(f"Please look at “{field}”: {problem}", {field: problem})


_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "name": _name,
    "tags": _tags,
    "folder": _folder,
    "description": _description,
    "language": _line("language", 35),
    "licence": _line("licence", 200),
    "access": _access,
    "custom": _custom,
}


def settle(session: Session, workspace_id: uuid.UUID, asset_id: uuid.UUID) -> Asset:
    """Derive the asset's state from its tasks, and move to a newer version that has become ready.

    Safe to call at any time and twice; the row lock serialises callers.
    """
    asset = session.get_one(
        Asset, (workspace_id, asset_id), with_for_update=True, populate_existing=True
    )
    newest = versions.find(session, asset, asset.version_count)
    behind = newest is not None and newest.id != asset.current_version_id
    if newest is not None and behind and _state(session, newest) == AssetState.READY:
        versions.make_current(session, asset, newest, newest.blob)
    current = versions.get_current(session, asset)
    if current is not None:
        asset.state = _state(session, current)
    asset.lock_version += 1
    session.flush()
    return asset


def _state(session: Session, version: Version) -> AssetState:
    states = set(
        session.scalars(
            select(Task.state).where(
                Task.workspace_id == version.workspace_id, Task.version_id == version.id
            )
        )
    )
    if TaskState.FAILED in states:
        return AssetState.FAILED
    return AssetState.READY if states <= _ENDED_WELL else AssetState.PROCESSING
