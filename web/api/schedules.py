"""When a version becomes current, in JSON."""

import uuid

from flask import Blueprint, g, jsonify
from flask.typing import ResponseReturnValue

from lectern.library import assets, schedule_edits
from lectern.people.rights import Action, require
from web import changes
from web.api.representations import version_json
from web.api.requests import parsing
from web.api.requests.fields import Fields
from web.auth import allow
from web.extensions import db

bp = Blueprint(
    "switches", __name__, url_prefix="/api/v1/assets/<uuid:asset_id>/versions/<int:number>/switch"
)


@bp.put("")
@allow(Action.EDIT)
def put(asset_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """Let the version become current at a time, or `now` if it waits for one."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    require(g.principal, Action.EDIT, asset)
    body = Fields(parsing.json_object())
    at, zone = body.text("at"), body.text_or_none("zone") or ""
    if at == "now":
        switch = schedule_edits.now(session, g.principal, asset, number)
    else:
        switch = schedule_edits.schedule(session, g.principal, asset, number, at, zone)
    changes.commit(asset.id)
    return jsonify(version_json(switch.version, asset.version_number, switch))


@bp.delete("")
@allow(Action.EDIT)
def delete(asset_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """Call it off: the version is kept, and does not become current by itself."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    schedule_edits.cancel(session, g.principal, asset, number)
    changes.commit(asset.id)
    return "", 204
