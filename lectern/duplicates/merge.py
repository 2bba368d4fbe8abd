"""Doing what a plan says, in one transaction."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from lectern.courses import ending
from lectern.duplicates import merge_usages
from lectern.duplicates.merge_locks import prepare
from lectern.duplicates.merge_plan import Plan
from lectern.insight import carry_over
from lectern.library import trash, versions
from lectern.models import Asset, CaptionTrack, Merge, MergedAsset, Version, new_id
from lectern.people import audit
from lectern.people.audit import Fact
from lectern.people.principal import Principal
from lectern.taxonomy import tags


def merge(
    session: Session,
    principal: Principal,
    keep: uuid.UUID,
    merge: Sequence[uuid.UUID],
    *,
    days: int,
) -> Merge:
    """Let one file have all that the others have, and move these to the trash for `days` days.

    All must have the same bytes. Raises as `preparing.prepare` does; nothing was changed then.
    """
    plan = prepare(session, principal, keep, merge, hold=True)
    used_before = {asset.id: asset.last_used_at for asset in (plan.target, *plan.merged)}
    moved = merge_usages.move(session, plan.moves, keep)
    merge_usages.touch(
        session, principal.workspace_id, [merge_usages.row_of(usage) for usage in plan.ends]
    )
    ending.end_all(session, principal, plan.ends)
    done = _fill(session, plan)
    done["last_used_at"] = _date_use(session, plan, used_before)
    trashed_at = _trash(session, principal, plan, days)
    row = _write(session, principal, plan, done)
    for asset in plan.merged:
        session.add(
            MergedAsset(
                workspace_id=principal.workspace_id,
                merge_id=row.id,
                asset_id=asset.id,
                name=asset.name,
                trashed_at=trashed_at,
                last_used_at=used_before[asset.id],
                moved=moved.get(asset.id, []),
                ended=[str(usage.id) for usage in plan.ends if usage.asset_id == asset.id],
            )
        )
    session.flush()
    session.expire_all()
    audit.record_all(session, principal, _facts(plan, row, moved))
    return row


def _write(session: Session, principal: Principal, plan: Plan, done: dict[str, Any]) -> Merge:
    row = Merge(
        workspace_id=principal.workspace_id,
        id=new_id(),
        kept_id=plan.target.id,
        created_by=principal.user_id,
        done=done,
    )
    session.add(row)
    session.flush()
    return row


def _fill(session: Session, plan: Plan) -> dict[str, Any]:
    """Give the kept file what it lacks; returns what it got."""
    target, done = plan.target, {}
    if plan.tags:
        tags.put(session, target, [*(tag.name for tag in target.tags), *plan.tags])
    for field, filled in plan.fields.items():
        done[field] = {"before": getattr(target, field), "after": filled.value}
        setattr(target, field, filled.value)
    custom = {key: filled.value for key, filled in plan.custom.items()}
    if custom:
        target.custom = {**target.custom, **custom}
    notes = []
    for version_id, note in plan.notes.items():
        session.get_one(Version, (target.workspace_id, version_id)).note = note
        notes.append({"version": str(version_id), "after": note})
    carried = [_carry(session, target, track) for track in plan.captions]
    if plan.tags or done or custom or notes or carried:
        target.updated_at = func.clock_timestamp()
    session.flush()
    # Whoever edits it has seen another file than this.
    target.lock_version = Asset.lock_version + 1
    session.flush()
    return {"tags": list(plan.tags), "fields": done, "custom": custom, "notes": notes} | (
        {"captions": carried} if carried else {}
    )


def _carry(session: Session, target: Asset, track: CaptionTrack) -> dict[str, Any]:
    version = versions.get_current(session, target)
    assert version is not None, "a plan with captions is of versions"  # noqa: S101
    copy = carry_over.own(session, version, track)
    return {"track": str(copy.id), "language": copy.language, "seen": copy.lock_version}


def _date_use(
    session: Session, plan: Plan, before: Mapping[uuid.UUID, datetime | None]
) -> dict[str, str | None]:
    """A use that changes its file is no new use: the kept file was last put into a place when the
    last of them was."""
    moments = [moment for moment in before.values() if moment is not None]
    was = before[plan.target.id]
    after = max(moments) if plan.moves and moments else was
    if plan.moves:
        merge_usages.date_use(session, plan.target.workspace_id, {plan.target.id: after})
    return {"before": _text(was), "after": _text(after)}


def _trash(session: Session, principal: Principal, plan: Plan, days: int) -> datetime:
    """Into the trash with the merged ones; when they came there."""
    ids, reason = [asset.id for asset in plan.merged], f"Merged into “{plan.target.name}”"
    by = principal.user_id
    return trash.put_in(session, principal.workspace_id, ids, by=by, days=days, reason=reason)


def _facts(plan: Plan, row: Merge, moved: Mapping[uuid.UUID, list[Any]]) -> list[Fact]:
    target = plan.target
    details = {
        "merge": row.id,
        "from": [{"id": asset.id, "name": asset.name} for asset in plan.merged],
        "places": len(plan.moves),
        "tags": list(plan.tags),
        "fields": [*plan.fields, *(f"custom.{key}" for key in plan.custom)],
    }
    return [
        Fact("asset.merge", "asset", target.id, details),
        *(
            Fact(
                "asset.merged",
                "asset",
                asset.id,
                {
                    "merge": row.id,
                    "into": {"id": target.id, "name": target.name},
                    "places": len(moved.get(asset.id, ())),
                },
            )
            for asset in plan.merged
        ),
    ]


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
