"""Streams under `/m/`: playlists from us, media with Range or by the way to the storage itself."""

import uuid
from urllib.parse import quote

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from lectern.errors import NotFound
from lectern.library import assets
from lectern.models import Blob
from lectern.people.rights import Action
from lectern.renditions import streams
from web.auth import allow
from web.bytes.media import A_YEAR, DOWNLOAD_S, PLAY_S, file_reply, version_of
from web.extensions import db, storage
from web.serving.elsewhere import Redirect

bp = Blueprint("streams", __name__, url_prefix="/m/<uuid:asset_id>")

FRESH = "private, no-cache"
PLAYLIST = "application/vnd.apple.mpegurl"


@bp.get("/hls/master.m3u8")
@allow(Action.PLAY)
def current(asset_id: uuid.UUID) -> ResponseReturnValue:
    """The master playlist of the version that is current now; its names lead to that version."""
    asset = assets.get(db.session(), g.principal, asset_id)
    version = version_of(asset, None)
    made = streams.find(db.session(), asset.workspace_id, version.blob_id, streams.MASTER)
    if made is None:
        raise NotFound("This file has no streams yet.")
    text = streams.rebased(_text(made.blob), f"../v/{version.number}/hls/")
    return _playlist(text, f"{version.number}-{made.blob.digest}", FRESH)


@bp.get("/v/<int:number>/hls/<name>")
@allow(Action.PLAY)
def file(asset_id: uuid.UUID, number: int, name: str) -> ResponseReturnValue:
    """One file of a version's streams, by its recorded name."""
    asset = assets.get(db.session(), g.principal, asset_id)
    version = version_of(asset, number)
    made = streams.find(db.session(), asset.workspace_id, version.blob_id, name)
    if made is None:
        raise NotFound("Stream not found for this file.")
    if made.blob.mime == PLAYLIST:
        # The first master playlist, under the address of the whole, is soon another.
        whole = made.spec == streams.FOLDER + name
        return _playlist(_text(made.blob), made.blob.digest, A_YEAR if whole else FRESH)
    return _media(made.blob, "inline", PLAY_S)


@bp.get("/v/<int:number>/720p.mp4")
@allow(Action.PLAY)
def plain(asset_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """One plain MP4 for downloads and embedding: never the original, nor its metadata."""
    asset = assets.get(db.session(), g.principal, asset_id)
    blob = streams.plain(db.session(), asset.workspace_id, version_of(asset, number).blob_id)
    if blob is None:
        raise NotFound("This file has no MP4 download yet.")
    name = quote(f"{asset.name} 720p.mp4", safe="")
    return _media(blob, f"attachment; filename*=UTF-8''{name}", DOWNLOAD_S)


def _media(blob: Blob, disposition: str, seconds: int) -> Response:
    url = storage().url(blob.key, seconds, mime=blob.mime, disposition=disposition)
    if url is not None:
        return Redirect(url, kept_s=seconds // 4 if disposition == "inline" else 0)
    reply = file_reply(blob, blob.mime, cache=A_YEAR)
    if disposition != "inline":
        reply.headers["Content-Disposition"] = disposition
    return reply


def _text(blob: Blob) -> str:
    return b"".join(storage().read(blob.key)).decode("ascii")


def _playlist(text: str, etag: str, cache: str) -> Response:
    reply = Response(text, mimetype=PLAYLIST)
    reply.set_etag(etag)
    reply.headers["Cache-Control"] = cache
    reply.headers["Vary"] = "Cookie, Authorization"
    reply.make_conditional(request.environ)
    return reply
