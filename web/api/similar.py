"""Near duplicates of an asset, in JSON."""

import uuid
from typing import Any

from flask import Blueprint, g, jsonify
from flask.typing import ResponseReturnValue

from lectern.duplicates import near as similar
from lectern.duplicates.near import Near
from lectern.library import assets
from lectern.people.rights import Action
from web.api.representations import asset_json
from web.api.requests import paging
from web.auth import allow
from web.extensions import db

bp = Blueprint("similar", __name__, url_prefix="/api/v1/assets/<uuid:asset_id>/similar")


@bp.get("")
@allow(Action.SEE)
def index(asset_id: uuid.UUID) -> ResponseReturnValue:
    """The files that show or sound mostly the same, the nearest first."""
    session = db.session()
    found = similar.near(session, g.principal, assets.get(session, g.principal, asset_id))
    return jsonify(paging.whole(found, _near_json))


def _near_json(near: Near) -> dict[str, Any]:
    return {
        "asset": asset_json(db.session(), near.asset),
        "relation": "near",
        "share": round(near.share, 3),
        "differences": near.differences,
    }
