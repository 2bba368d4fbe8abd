"""What an import changed gets its former values back, field by field, where they are unchanged."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Uuid, delete, func, insert, inspect, select
from sqlalchemy.orm import Session

from lectern.changes import ledger
from lectern.errors import Message
from lectern.exchange import attached
from lectern.exchange.imports import matching
from lectern.exchange.schema import BY_FILE, written
from lectern.insight import carry_over
from lectern.models import (
    Asset,
    AssetTag,
    CaptionTrack,
    Folder,
    ImportItem,
    ScheduledSwitch,
    SwitchState,
    Tag,
    Version,
)
from lectern.people.audit import Fact
from lectern.taxonomy import folders
from lectern.text import N_

CHANGED = N_("Someone has changed this since then: %(fields)s.")
ENDED = Message("This scheduled change has since ended.")
LOST = N_("The previous value no longer exists: %(fields)s.")
# Of these a part alone would make no sense: half a review, a time in another zone.
_AS_A_WHOLE = {"caption_tracks", "scheduled_switches"}


def row(
    session: Session, workspace_id: uuid.UUID, item: ImportItem, facts: list[Fact]
) -> str | None:
    """Give the fields back what they had; why not, for those that stay."""
    model = BY_FILE[item.file].model
    row = session.get(model, (workspace_id, item.object_id), populate_existing=True)
    if row is None:
        return None
    before, after = item.before or {}, item.after or {}
    if isinstance(row, ScheduledSwitch) and row.state != SwitchState.WAITING:
        return ENDED
    lost: list[str] = []
    restored = False
    now = {name: _now(session, row, name) for name in before}
    # What was noted for other ends, such as a version's number, is no field of this change.
    left = {name: value for name, value in after.items() if name in before}
    former, stays = ledger.standing(before, left, now)
    if stays and item.file in _AS_A_WHOLE:
        return Message(CHANGED, fields=", ".join(stays))
    for name, value in former.items():
        if not _there(session, workspace_id, name, value):
            lost.append(name)
            continue
        _give_back(session, row, name, value)
        restored = True
        if item.file == "assets":
            facts.append(_fact(session, row, name, now[name], value))
    if restored:
        _count(session, row)
        facts += _attached(session, row, before)
    reasons = [
        Message(reason, fields=", ".join(names))
        for reason, names in ((CHANGED, stays), (LOST, lost))
        if names
    ]
    if len(reasons) == 2:
        return Message("%(one)s %(other)s", one=reasons[0], other=reasons[1])
    return reasons[0] if reasons else None


def _now(session: Session, row: Any, name: str) -> Any:
    if name == "tags":
        return sorted(str(tag_id) for tag_id in _tags_of(session, row))
    return written(getattr(row, name))


def _give_back(session: Session, row: Any, name: str, former: Any) -> None:
    if name == "tags":
        _retag(session, row, [uuid.UUID(tag_id) for tag_id in former])
        return
    column = inspect(type(row)).columns[name]
    value = former
    if former and isinstance(column.type, Uuid):
        value = uuid.UUID(former)
    elif former and isinstance(column.type, DateTime):
        value = datetime.fromisoformat(former)
    setattr(row, name, value)


def _there(session: Session, workspace_id: uuid.UUID, name: str, former: Any) -> bool:
    """Whether what the value names exists."""
    model: Any = {"folder_id": Folder, "version_id": Version}.get(name)
    if model is None or former is None:
        return True
    return session.get(model, (workspace_id, uuid.UUID(former))) is not None


def _tags_of(session: Session, asset: Asset) -> Sequence[uuid.UUID]:
    query = select(AssetTag.tag_id).where(
        AssetTag.workspace_id == asset.workspace_id, AssetTag.asset_id == asset.id
    )
    return session.scalars(query).all()


def _retag(session: Session, asset: Asset, former: Sequence[uuid.UUID]) -> None:
    """Those of the former tags that still exist; their rows are held."""
    mine = (AssetTag.workspace_id == asset.workspace_id) & (AssetTag.asset_id == asset.id)
    session.execute(delete(AssetTag).where(mine, AssetTag.tag_id.not_in(former)))
    here = set(_tags_of(session, asset))
    query = select(Tag.id).where(Tag.workspace_id == asset.workspace_id, Tag.id.in_(former))
    tag_ids = session.scalars(query.with_for_update(read=True, key_share=True)).all()
    rows = [
        {
            "workspace_id": asset.workspace_id,
            "asset_id": asset.id,
            "tag_id": tag_id,
            "asset_created_at": asset.created_at,
        }
        for tag_id in tag_ids
        if tag_id not in here
    ]
    if rows:
        session.execute(insert(AssetTag), rows)
    session.expire(asset, ["tags"])


def _fact(session: Session, asset: Asset, name: str, now: Any, former: Any) -> Fact:
    def word(value: Any) -> Any:
        if name == "folder_id":
            place = uuid.UUID(value) if value else None
            return folders.path_of(session, asset.workspace_id, place)
        if name == "tags":
            ids = [uuid.UUID(tag_id) for tag_id in value]
            return matching.tag_names(session, asset.workspace_id, ids)
        return value

    details = {"before": word(now), "after": word(former)}
    return Fact(f"asset.{name.removesuffix('_id')}", "asset", asset.id, details)


def _attached(session: Session, row: Any, before: Mapping[str, Any]) -> list[Fact]:
    """What belongs to captions and switches that are as before, and what the log says of them."""
    if not isinstance(row, CaptionTrack | ScheduledSwitch):
        return []
    if isinstance(row, CaptionTrack) and "cues" in before:
        carry_over.keep(session, row, row.edited_by)
    return attached.facts(session, row)


def _count(session: Session, row: Any) -> None:
    if hasattr(row, "lock_version"):
        row.lock_version += 1
    if hasattr(row, "updated_at"):
        row.updated_at = func.clock_timestamp()
    session.flush()
