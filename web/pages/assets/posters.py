"""Posters by hand: a frame of the video, or an image that is sent."""

import uuid

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lectern.library import assets, poster_requests
from lectern.models import Asset, Task
from lectern.people.rights import Action
from web import changes
from web.auth import allow
from web.extensions import db
from web.pages.assets.page import AssetPage

bp = Blueprint("posters", __name__, url_prefix="/assets/<uuid:asset_id>/poster")


@bp.post("/frame")
@allow(Action.CHOOSE_POSTER)
def use_frame(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Have the frame at a second of the video made the poster."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    at_s = request.form.get("at", type=float)
    task = poster_requests.ask_frame(session, g.principal, asset, at_s)
    return _begun(asset, task, gettext("Setting this frame as the poster."))


@bp.post("/image")
@allow(Action.CHOOSE_POSTER)
def use_image(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Have a picture of one's own made the poster."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    sent = request.files.get("image")
    data = sent.read() if sent else b""
    task = poster_requests.ask_image(session, g.principal, asset, data)
    return _begun(asset, task, gettext("Setting your image as the poster."))


def _begun(asset: Asset, task: Task, toast: str) -> ResponseReturnValue:
    changes.commit(asset.id, tasks=[task])
    page = AssetPage(db.session(), g.principal, asset)
    url = url_for("assets.show", asset_id=asset.id)
    return changes.reply(
        url, lambda: render_template("assets/_posters.html", page=page), toast=toast
    )
