"""The learner's page of a file: the player with all it has, and nothing else."""

import uuid
from typing import Any

from flask import Blueprint, Response, g, render_template
from flask.typing import ResponseReturnValue

from lectern.errors import NotFound
from lectern.insight import subtitles
from lectern.insight.caption_files import writing
from lectern.library import assets
from lectern.people.rights import Action
from lectern.search import cards
from web import htmx
from web.auth import allow
from web.bytes.media import A_YEAR
from web.extensions import db
from web.pages.assets import player as players
from web.pages.assets.player import Original, Player

bp = Blueprint("watch", __name__)


@bp.app_template_global()
def player_of(asset_id: uuid.UUID, number: int | None = None, **given: str) -> Player | None:
    """The player of a file that the page shows anyway; see `players.of`."""
    session = db.session()
    return players.of(session, assets.get(session, g.principal, asset_id), number, **given)


@bp.app_template_global()
def original_of(asset_id: uuid.UUID, number: int | None = None, **given: str) -> Original | None:
    """The player of a file's original, where that is offered; see `players.original_of`."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    return players.original_of(session, g.principal, asset, number, **given)


@bp.get("/watch/<uuid:asset_id>")
@allow(Action.PLAY)
def show(asset_id: uuid.UUID) -> ResponseReturnValue:
    """The page; `?t=` names the second to begin at."""
    return render_template("watch/show.html", **_shown(asset_id))


@bp.get("/watch/<uuid:asset_id>/stage")
@allow(Action.PLAY)
def show_stage(asset_id: uuid.UUID) -> ResponseReturnValue:
    """What is played, asked for while it is being prepared."""
    return htmx.fragment(render_template("watch/_stage.html", **_shown(asset_id)))


@bp.get("/m/<uuid:asset_id>/v/<int:number>/chapters.vtt")
@allow(Action.PLAY)
def chapters(asset_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """The chapters that came with the file, as players read them; an empty list where none did."""
    player = player_of(asset_id, number)
    if player is None:
        raise NotFound("Version not found.")
    reply = Response(writing.vtt(player.chapters), mimetype=subtitles.VTT_MIME)
    reply.headers["Cache-Control"] = A_YEAR
    reply.headers["Vary"] = "Cookie, Authorization"
    return reply


def _shown(asset_id: uuid.UUID) -> dict[str, Any]:
    asset = assets.get(db.session(), g.principal, asset_id)
    card = cards.one(db.session(), g.principal, asset_id)
    # In the trash it is nobody's lesson any more.
    if card is None or asset.trashed_at is not None:
        raise NotFound("There is nothing to watch here.")
    return {"asset": asset, "card": card}
