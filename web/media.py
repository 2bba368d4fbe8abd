"""Bytes: originals, playable renditions and posters, with Range, under `/m/`."""

import uuid
from urllib.parse import quote

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from lectern.errors import NotFound
from lectern.library import assets, posters, renditions, versions
from lectern.models import Asset, Blob, Version
from lectern.people import audit
from lectern.people.rights import Action, require
from web.auth import allow
from web.extensions import db, storage
from web.serving.replies import FileReply

bp = Blueprint("media", __name__, url_prefix="/m")

A_YEAR = "private, max-age=31536000, immutable"
# Types a browser may show by itself; everything else is a download, whatever it claims to be.
INLINE = ("video/", "audio/", "image/png", "image/jpeg", "image/webp", "image/gif", "image/avif")
# Downloads that may keep their own type.
PASSIVE = (
    *("image/bmp", "image/tiff", "image/heic", "image/heif"),
    *("application/pdf", "application/msword", "application/vnd.", "text/plain", "text/vtt"),
)


@bp.get("/<uuid:asset_id>")
@allow(Action.DOWNLOAD_ORIGINAL)
def original(asset_id: uuid.UUID) -> ResponseReturnValue:
    """The current original, unchanged, for those who may have it."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    require(g.principal, Action.DOWNLOAD_ORIGINAL, asset)
    version = _version(asset, None)
    reply = _reply(version.blob, asset.mime or version.blob.mime, cache="private, no-cache")
    if reply.status_code == 200 and request.method == "GET":
        details = {"version": version.number}
        audit.record(session, g.principal, "asset.download", "asset", asset.id, details)
        session.commit()
    shown = request.args.get("inline") and _inline(asset.mime)
    name = quote(_file_name(asset), safe="")
    disposition = "inline" if shown else "attachment"
    reply.headers["Content-Disposition"] = f"{disposition}; filename*=UTF-8''{name}"
    return reply


@bp.get("/<uuid:asset_id>/v/<int:number>/play")
@allow(Action.PLAY)
def play(asset_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """What a browser plays of one version: metadata-stripped, never the original."""
    asset = assets.get(db.session(), g.principal, asset_id)
    version = _version(asset, number)
    made = renditions.find(db.session(), asset.workspace_id, version.blob_id, renditions.PLAYABLE)
    if made is None:
        raise NotFound("This file cannot be played yet.")
    return _reply(made.blob, str(made.facts.get("mime") or made.blob.mime), cache=A_YEAR)


@bp.get("/<uuid:asset_id>/poster.jpg")
@bp.get("/<uuid:asset_id>/v/<int:number>/poster.jpg")
@allow(Action.SEE)
def poster(asset_id: uuid.UUID, number: int | None = None) -> ResponseReturnValue:
    """The poster; with `?d=` of its digest in the address it may be kept for a year."""
    asset = assets.get(db.session(), g.principal, asset_id)
    if number is not None:
        _version(asset, number)
    blob = posters.blob_of(db.session(), asset)
    wanted = request.args.get("d", "")
    fresh = len(wanted) >= 8 and blob.digest.startswith(wanted)
    return _reply(blob, blob.mime, cache=A_YEAR if fresh else "private, no-cache")


@bp.get("/<uuid:asset_id>/v/<int:number>/poster/<int:rank>.jpg")
@allow(Action.SEE)
def candidate(asset_id: uuid.UUID, number: int, rank: int) -> ResponseReturnValue:
    """One of the poster's candidates, 1 being the machine's favourite."""
    asset = assets.get(db.session(), g.principal, asset_id)
    blob = posters.blob_of(db.session(), asset, rank)
    return _reply(blob, blob.mime, cache="private, no-cache")


def _version(asset: Asset, number: int | None) -> Version:
    session = db.session()
    found = (
        versions.get_current(session, asset)
        if number is None
        else versions.find(session, asset, number)
    )
    if found is None:
        raise NotFound("There is no such version.")
    return found


def _file_name(asset: Asset) -> str:
    """What the browser saves it as: the name as it is now, with the file's own extension."""
    _, dot, extension = asset.original_name.rpartition(".")
    if not dot or asset.name.lower().endswith(f".{extension.lower()}"):
        return asset.name
    return f"{asset.name}.{extension}"


def _reply(blob: Blob, mime: str, *, cache: str) -> FileReply:
    shown = mime if _harmless(mime) else "application/octet-stream"
    reply = FileReply(storage().path(blob.key), mime=shown, etag=blob.digest)
    reply.headers["Cache-Control"] = cache
    reply.headers["Vary"] = "Cookie, Authorization"
    if not _inline(mime):
        reply.headers["Content-Disposition"] = "attachment"
    return reply


def _inline(mime: str | None) -> bool:
    return bool(mime) and str(mime).startswith(INLINE)


def _harmless(mime: str) -> bool:
    """False for what a browser could run or read as markup (reliability.md I13)."""
    return _inline(mime) or mime.startswith(PASSIVE)
