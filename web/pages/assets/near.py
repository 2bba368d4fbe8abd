"""The near duplicates on an asset's page, as a fragment of their own."""

import uuid

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from lectern.library import assets
from lectern.people.rights import Action
from web import htmx
from web.auth import allow
from web.extensions import db
from web.pages.assets.page import AssetPage

bp = Blueprint("similar", __name__, url_prefix="/assets/<uuid:asset_id>/similar")


@bp.get("")
@allow(Action.SEE)
def show(asset_id: uuid.UUID) -> ResponseReturnValue:
    """The panel as it is now, for when something near has come or gone."""
    session = db.session()
    page = AssetPage(session, g.principal, assets.get(session, g.principal, asset_id))
    return htmx.fragment(render_template("assets/_similar.html", page=page))
