"""Captions where the player asks for them, beside the bytes of the file."""

import uuid

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from lectern.errors import Invalid, NotFound
from lectern.insight import captions
from lectern.library import assets, versions
from lectern.people.rights import Action
from web.auth import allow
from web.extensions import db
from web.pages.captions.downloads import A_YEAR, reply

bp = Blueprint("caption_files", __name__, url_prefix="/m/<uuid:asset_id>")


@bp.get("/captions/<string:lang>.vtt")
@bp.get("/v/<int:number>/captions/<string:lang>.vtt")
@allow(Action.PLAY)
def track(asset_id: uuid.UUID, lang: str, number: int | None = None) -> ResponseReturnValue:
    """WebVTT; with `?d=` of its tag in the address it may be kept for a year."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    current = versions.get_current(session, asset)
    version = current if number is None else versions.find(session, asset, number)
    if version is None:
        raise NotFound(captions.NONE)
    try:
        found = captions.get(session, asset, version, lang)
    except Invalid as error:
        raise NotFound(captions.NONE) from error
    fresh = request.args.get("d") == found.tag
    return reply(asset, found, "vtt", cache=A_YEAR if fresh else "private, no-cache")
