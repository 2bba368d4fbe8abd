"""Duplicates, near duplicates and merges in JSON."""

import uuid
from typing import Any

from flask import Blueprint, Response, g, jsonify
from flask.typing import ResponseReturnValue

from jobs import live
from lectern import duplicates
from lectern.duplicates import Plan, exact, near
from lectern.duplicates.exact import Group
from lectern.duplicates.near import Near
from lectern.library import assets
from lectern.models import Merge
from lectern.people.rights import Action
from web import changes
from web.api.representations import asset_json, assets_json, moment
from web.api.requests import idempotency, paging, parsing
from web.auth import allow
from web.extensions import db, settings

bp = Blueprint("duplicates", __name__, url_prefix="/api/v1")
near_bp = Blueprint("similar", __name__, url_prefix="/api/v1/assets/<uuid:asset_id>/similar")


@bp.get("/duplicates")
@allow(Action.SEE)
def index() -> ResponseReturnValue:
    """Groups of files with equal bytes, those that would weigh most first."""
    session = db.session()
    page = exact.groups(session, g.principal, parsing.cursor(), parsing.limit())
    body: dict[str, Any] = {"items": [_group(each) for each in page.items], "next": page.next}
    if parsing.with_total():
        body["total"] = exact.total(session, g.principal)
    return jsonify(body)


@bp.post("/duplicates/merge")
@allow(Action.EDIT)
def merge() -> ResponseReturnValue:
    """Merge copies into one that stays, or say what that would do."""
    body = parsing.json_object()
    keep, others = parsing.id_of(body, "keep"), parsing.ids_of(body, "merge")
    if parsing.flag_of(body, "dry_run"):
        return jsonify(would=_would(duplicates.preview(db.session(), g.principal, keep, others)))
    merged: list[Merge] = []

    def make() -> Response:
        days = settings().trash_days
        merged[:] = [duplicates.merge(db.session(), g.principal, keep, others, days=days)]
        return jsonify(_merge(merged[0]))

    reply = changes.retry_on_conflict(lambda: idempotency.once(db.session(), make))
    for row in merged:
        changes.notify_merge(row, live.REMOVED)
    return reply


@bp.get("/merges/<uuid:merge_id>")
@allow(Action.SEE)
def show(merge_id: uuid.UUID) -> ResponseReturnValue:
    """What a merge did, and what became of it."""
    return jsonify(_merge(duplicates.get(db.session(), g.principal, merge_id)))


@bp.post("/merges/<uuid:merge_id>/undo")
@allow(Action.RESTORE)
def undo(merge_id: uuid.UUID) -> ResponseReturnValue:
    """Give every file back what was its own, except where somebody changed it since."""
    session = db.session()
    row = changes.retry_on_conflict(lambda: duplicates.undo(session, g.principal, merge_id))
    session.commit()
    changes.notify_merge(row, live.ADDED)
    return jsonify(_merge(row))


@near_bp.get("")
@allow(Action.SEE)
def index_near(asset_id: uuid.UUID) -> ResponseReturnValue:
    """The files that show or sound mostly the same, the nearest first."""
    session = db.session()
    rows = near.near(session, g.principal, assets.get(session, g.principal, asset_id))
    return jsonify(paging.whole(rows, _near))


def _group(group: Group) -> dict[str, Any]:
    copies = [copy.asset for copy in group.copies]
    return {
        "digest": group.digest,
        "size": group.byte_size,
        "files": group.files,
        "keep": str(copies[0].id) if copies else None,
        "assets": assets_json(db.session(), copies),
        "more": group.more,
    }


def _would(plan: Plan) -> dict[str, Any]:
    return {
        "keep": str(plan.target.id),
        "merge": [str(asset.id) for asset in plan.merged],
        "usages": len(plan.moves),
        "ended": len(plan.ends),
        "tags": list(plan.tags),
        "fields": {name: filled.value for name, filled in plan.fields.items()},
        "custom": {key: filled.value for key, filled in plan.custom.items()},
        "notes": len(plan.notes),
        "captions": [track.language for track in plan.captions],
        "left": [item._asdict() for item in plan.left],
    }


def _merge(row: Merge) -> dict[str, Any]:
    return {
        "merge": str(row.id),
        "keep": str(row.kept_id),
        "merged": [
            {"id": str(part.asset_id), "name": part.name, "usages": len(part.moved)}
            for part in row.merged
        ],
        "tags": row.done.get("tags", []),
        "fields": sorted([*row.done.get("fields", {}), *row.done.get("custom", {})]),
        "created_at": moment(row.created_at),
        "created_by": str(row.created_by) if row.created_by else None,
        "undone_at": moment(row.undone_at),
        "stayed": row.stayed,
        "can_undo": duplicates.can_undo(db.session(), g.principal, row),
    }


def _near(row: Near) -> dict[str, Any]:
    return {
        "asset": asset_json(db.session(), row.asset),
        "relation": "near",
        "share": round(row.share, 3),
        "differences": row.differences,
    }
