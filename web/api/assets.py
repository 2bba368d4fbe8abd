"""Assets and the trash in JSON."""

import uuid
from functools import partial
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from jobs import live
from lectern import search
from lectern.courses import usages
from lectern.errors import Stale
from lectern.integrity import purging
from lectern.library import assets, rollback, schedules, trash, versions
from lectern.models import Asset
from lectern.people import audit_reading
from lectern.people.rights import Action, require
from lectern.renditions import places, renditions
from lectern.renditions.places import Bookmark, Link
from web import changes, forms
from web.api import matches
from web.api.representations import (
    asset_json,
    assets_json,
    past_usage_json,
    place_json,
    rendition_json,
    usage_json,
    version_json,
)
from web.api.requests import idempotency, paging, parsing
from web.api.requests.fields import Fields
from web.auth import allow
from web.extensions import db, settings, storage

bp = Blueprint("assets", __name__, url_prefix="/api/v1/assets")
trash_bp = Blueprint("trash", __name__, url_prefix="/api/v1/trash")


@bp.get("")
@allow(Action.SEE)
def index() -> ResponseReturnValue:
    """One page of the library, by the list's filters."""
    session, query = db.session(), parsing.asset_query()
    found = search.page(session, g.principal, query, cursor=parsing.cursor(), limit=parsing.limit())
    body: dict[str, Any] = {"items": assets_json(session, found.assets), "next": found.next}
    matches.add(body["items"], found, query)
    if parsing.with_total():
        body["total"] = search.total(session, g.principal, query)
    return jsonify(body)


@bp.get("/<uuid:asset_id>")
@allow(Action.SEE)
def show(asset_id: uuid.UUID) -> ResponseReturnValue:
    """One asset, with its ETag."""
    return _answer(assets.get(db.session(), g.principal, asset_id))


@bp.patch("/<uuid:asset_id>")
@allow(Action.EDIT)
def edit(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Change some fields; `If-Match` refuses to overwrite what the caller has not seen."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    _check_match(asset)
    fields = parsing.json_object()
    assets.edit(session, g.principal, asset, fields, expected=_expected(asset))
    changes.commit(asset.id)
    return _answer(asset)


@bp.delete("/<uuid:asset_id>")
@allow(Action.TRASH)
def delete(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Move to the trash; 409 with the places when a course uses it."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    _check_match(asset)
    reason = str(parsing.json_object().get("reason") or "")
    trash.trash(session, g.principal, asset, days=settings().trash_days, reason=reason)
    changes.commit(asset.id, event=live.REMOVED)
    return "", 204


@bp.post("/<uuid:asset_id>/restore")
@allow(Action.RESTORE)
def restore(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Take back from the trash."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    trash.restore(session, g.principal, asset)
    changes.commit(asset.id, event=live.ADDED)
    return _answer(asset)


@bp.get("/<uuid:asset_id>/versions")
@allow(Action.SEE)
def list_versions(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Every version, newest first."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    found, times = versions.list_of(session, asset), schedules.of_asset(session, asset)
    current = asset.version_number
    return jsonify(
        paging.whole(found, lambda each: version_json(each, current, times.get(each.id)))
    )


@bp.post("/<uuid:asset_id>/rollback")
@allow(Action.EDIT)
def roll_back(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Bring an earlier version back as the newest one; `If-Match` as for a PATCH."""
    session = db.session()

    def make() -> Response:
        asset = assets.get(session, g.principal, asset_id)
        require(g.principal, Action.EDIT, asset)
        _check_match(asset)
        number = Fields(parsing.json_object()).whole("version", 1, (1 << 31) - 1)
        work = partial(rollback.roll_back, storage=storage(), expected=_expected(asset))
        work(session, g.principal, asset, number)
        reply = _answer(asset)
        reply.status_code = 201
        return reply

    reply = idempotency.once(session, make)
    changes.notify(asset_id)
    return reply


@bp.get("/<uuid:asset_id>/usages")
@allow(Action.SEE)
def list_usages(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Where it is used now, and under `past` where it was."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    body = paging.whole(usages.of_asset(session, g.principal, asset.id), usage_json)
    past = usages.past_of_asset(session, g.principal, asset.id)
    return jsonify(body | {"past": [past_usage_json(usage) for usage in past]})


@bp.get("/<uuid:asset_id>/history")
@allow(Action.SEE)
def list_history(asset_id: uuid.UUID) -> ResponseReturnValue:
    """What was done with it, newest first; by action, actor and time."""
    session, principal = db.session(), g.principal
    asset = assets.get(session, principal, asset_id)
    only = forms.read(request.args)
    return jsonify(
        paging.lines(
            lambda before, limit: audit_reading.history(
                session, principal, asset.id, only, before=before, limit=limit
            ),
            lambda: audit_reading.count(session, principal, asset.id, only),
        )
    )


@bp.get("/<uuid:asset_id>/renditions")
@allow(Action.SEE)
def list_renditions(asset_id: uuid.UUID) -> ResponseReturnValue:
    """What was made from the current version's bytes."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    version = versions.get_current(session, asset)
    rows = renditions.list_of(session, asset.workspace_id, version.blob_id) if version else []
    return jsonify(paging.whole(rows, rendition_json))


@bp.get("/<uuid:asset_id>/places")
@allow(Action.SEE)
def list_places(asset_id: uuid.UUID) -> ResponseReturnValue:
    """The bookmarks and links of a document's current version; of other files none."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    version = versions.get_current(session, asset)
    found = places.of_version(session, storage(), version) if version else places.Places()
    rows: list[Bookmark | Link] = [*found.bookmarks, *found.links]
    return jsonify(paging.whole(rows, place_json))


@trash_bp.delete("/<uuid:trashed_id>")
@allow(Action.PURGE)
def purge(trashed_id: uuid.UUID) -> ResponseReturnValue:
    """Delete for good what lies in the trash; 404 when it does not."""
    session, principal = db.session(), g.principal
    changes.retry_on_conflict(lambda: purging.purge(session, principal, trashed_id))
    changes.commit(trashed_id, event=live.REMOVED)
    return "", 204


def _answer(asset: Asset) -> Response:
    reply = jsonify(asset_json(db.session(), asset))
    reply.set_etag(str(asset.lock_version))
    reply.make_conditional(request)
    return reply


def _check_match(asset: Asset) -> None:
    if request.if_match and not request.if_match.contains(str(asset.lock_version)):
        raise Stale("Someone changed this file after you read it. Read it again.")


def _expected(asset: Asset) -> int | None:
    """What the row lock must still find, when the caller named a state at all."""
    return asset.lock_version if request.if_match and not request.if_match.star_tag else None
