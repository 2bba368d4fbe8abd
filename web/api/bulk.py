"""Changes to many assets at once, in JSON."""

import uuid
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from flask import Blueprint, Response, g, jsonify
from flask.typing import ResponseReturnValue

from jobs import live
from lectern import bulk, search
from lectern.bulk import Refusal, Started, Targets
from lectern.errors import Invalid
from lectern.models import Batch, ItemState
from lectern.people.rights import Action
from lectern.search import Query
from web import changes
from web.api.representations import moment
from web.api.requests import idempotency, parsing
from web.auth import allow
from web.extensions import db, settings
from web.i18n import translated

bp = Blueprint("bulk", __name__, url_prefix="/api/v1/bulk")

_FILTERS = {field.name for field in fields(Query)}


@bp.post("")
@allow(Action.SEE)
def start() -> ResponseReturnValue:
    """Change many assets, or say what would change; 202 while a worker is at it."""
    session, body = db.session(), parsing.json_object()
    request = (g.principal, body.get("action"), _args(body), _chosen(body))
    if parsing.flag_of(body, "dry_run"):
        return jsonify(would=_would(bulk.dry_run(session, *request, settings=settings())))
    return _begin(lambda: bulk.start(session, *request, settings=settings()))


@bp.get("/<uuid:batch_id>")
@allow(Action.SEE)
def show(batch_id: uuid.UUID) -> ResponseReturnValue:
    """How far a change is, and what it refused."""
    return jsonify(_batch(bulk.get(db.session(), g.principal, batch_id)))


@bp.post("/<uuid:batch_id>/undo")
@allow(Action.SEE)
def undo(batch_id: uuid.UUID) -> ResponseReturnValue:
    """Give every asset back what it had, unless somebody changed that since."""
    return _begin(lambda: bulk.undo(db.session(), g.principal, batch_id))


def _begin(change: Callable[[], Started]) -> Response:
    """Commit what `change` begins, once for each key; tell others of it after the commit."""
    begun: list[Started] = []

    def make() -> Response:
        begun[:] = [change()]
        reply = jsonify(_batch(begun[0].batch))
        reply.status_code = 200 if begun[0].task is None else 202
        return reply

    session = db.session()
    reply = changes.retry_on_conflict(lambda: idempotency.once(session, make))
    for each in begun:
        live.batch_started(each)
    return reply


def _chosen(body: dict[str, Any]) -> Targets:
    query, selection = body.get("query"), body.get("selection")
    return Targets(
        ids=None if body.get("ids") is None else parsing.ids_of(body, "ids"),
        query=None if query is None else _query(query),
        selection=None if selection is None else parsing.id_of(body, "selection"),
    )


def _query(values: Any) -> Query:
    if not isinstance(values, dict):
        raise Invalid.of("query", "Send an object of filters.")
    unknown = sorted(values.keys() - _FILTERS)
    if unknown:
        # In a list a filter that is none shows too much; here it would change too much.
        raise Invalid.of(f"query.{unknown[0]}", "Unknown filter.")
    return search.read(values)


def _args(body: dict[str, Any]) -> dict[str, Any]:
    args = body.get("args")
    if args is not None and not isinstance(args, dict):
        raise Invalid.of("args", "Send an object.")
    return args or {}


def _would(would: bulk.DryRun) -> dict[str, Any]:
    body = {
        "total": would.total,
        "change": would.change,
        "same": would.same,
        "refuse": [_item_json(told) for told in would.refuse],
    }
    if would.refused > len(would.refuse):
        body["more"] = would.refused - len(would.refuse)
    if would.preview:
        body["preview"] = [
            {"id": str(each.id), "before": each.before, "after": each.after}
            for each in would.preview
        ]
    return body


def _batch(batch: Batch) -> dict[str, Any]:
    session = db.session()
    refused, kept = bulk.told(session, batch), bulk.told(session, batch, ItemState.KEPT)
    return {
        "batch": str(batch.id),
        "action": batch.action,
        "state": batch.state,
        "total": batch.total,
        "done": batch.done,
        "same": batch.same,
        "refused": [_item_json(told) for told in refused],
        "more": batch.refused - len(refused),
        "undone": batch.undone,
        "kept": [_item_json(told) for told in kept],
        "more_kept": batch.kept - len(kept),
        "reason": translated(batch.reason),
        "can_undo": bulk.can_undo(batch),
        "created_at": moment(batch.created_at),
        "created_by": str(batch.created_by) if batch.created_by else None,
        "finished_at": moment(batch.finished_at),
    }


def _item_json(told: Refusal) -> dict[str, Any]:
    return {"id": str(told.id), "reason": translated(told.reason)}
