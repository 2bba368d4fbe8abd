"""What was derived of a file for looking at it, under `/m/`: storyboards, waveforms, sizes.

Small files that a page needs many of: they come from us, wherever the storage is.
"""

import uuid

from flask import Blueprint, Response, g, jsonify, url_for
from flask.typing import ResponseReturnValue

from lectern.errors import NotFound
from lectern.library import assets
from lectern.models import Version
from lectern.people.rights import Action
from lectern.renditions import documents, image_sizes, renditions, storyboards
from lectern.renditions.storyboards import Storyboard
from web.auth import allow
from web.bytes.media import A_YEAR, file_reply, version_of
from web.extensions import db

bp = Blueprint("derived", __name__, url_prefix="/m/<uuid:asset_id>")

FRESH = "private, no-cache"


@bp.get("/storyboard.vtt")
@bp.get("/v/<int:number>/storyboard.vtt")
@allow(Action.PLAY)
def storyboard(asset_id: uuid.UUID, number: int | None = None) -> ResponseReturnValue:
    """The tiles as WebVTT, the way players read them; addresses in it are relative."""
    version = _version(asset_id, number)
    board = _board(version)
    if board is None:
        raise NotFound("This file has no storyboard yet.")
    before = "storyboard/" if number else f"v/{version.number}/storyboard/"
    text = storyboards.vtt(board, version.facts.get("duration_s"), before)
    return _told(Response(text, mimetype="text/vtt"), A_YEAR if number else FRESH)


@bp.get("/v/<int:number>/preview.json")
@allow(Action.PLAY)
def preview(asset_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """The tiles as a card shows them, which asks without knowing whether there are any."""
    board = _board(_version(asset_id, number))
    if board is None:
        return _told(jsonify({"tiles": 0}), FRESH)
    told = {
        "tiles": len(board.times),
        "width": board.width,
        "height": board.height,
        "columns": board.columns,
        "rows": board.rows,
        "sheets": [
            url_for(".sheet", asset_id=asset_id, number=number, sheet=i)
            for i in range(board.sheets)
        ],
    }
    return _told(jsonify(told), A_YEAR)


@bp.get("/v/<int:number>/storyboard/<int:sheet>.jpg")
@allow(Action.PLAY)
def sheet(asset_id: uuid.UUID, number: int, sheet: int) -> ResponseReturnValue:
    """One sheet of tiles, counted from 0."""
    blob = storyboards.sheet(db.session(), _version(asset_id, number), sheet)
    return file_reply(blob, "image/jpeg", cache=A_YEAR)


@bp.get("/v/<int:number>/waveform.json")
@allow(Action.PLAY)
def waveform(asset_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """The peaks of the sound, in the JSON of BBC's audiowaveform."""
    version = _version(asset_id, number)
    key = (version.workspace_id, version.blob_id, renditions.WAVEFORM)
    found = renditions.find(db.session(), *key)
    if found is None:
        raise NotFound("The waveform of this file is not ready yet.")
    reply = file_reply(found.blob, "application/json", cache=A_YEAR)
    # Numbers of our own making: a page reads them, and nothing in them could be run.
    reply.mimetype = "application/json"
    reply.headers.pop("Content-Disposition", None)
    return reply


@bp.get("/v/<int:number>/image/<int:width>.<any(avif, webp):part>")
@allow(Action.PLAY)
def image(asset_id: uuid.UUID, number: int, width: int, part: str) -> ResponseReturnValue:
    """An image in one of its widths."""
    blob = image_sizes.find(db.session(), _version(asset_id, number), width, part)
    return file_reply(blob, f"image/{part}", cache=A_YEAR)


@bp.get("/v/<int:number>/pages/<int:page>.webp")
@allow(Action.PLAY)
def page(asset_id: uuid.UUID, number: int, page: int) -> ResponseReturnValue:
    """The picture of a page of a document, counted from 1."""
    version = _version(asset_id, number)
    spec = documents.page(page)
    found = renditions.find(db.session(), version.workspace_id, version.blob_id, spec)
    if found is None:
        raise NotFound("There is no picture of this page.")
    return file_reply(found.blob, "image/webp", cache=A_YEAR)


def _version(asset_id: uuid.UUID, number: int | None) -> Version:
    return version_of(assets.get(db.session(), g.principal, asset_id), number)


def _board(version: Version) -> Storyboard | None:
    return storyboards.find(db.session(), version)


def _told(reply: Response, cache: str) -> Response:
    reply.headers["Cache-Control"] = cache
    reply.headers["Vary"] = "Cookie, Authorization"
    return reply
