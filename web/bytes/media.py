"""Bytes: originals, playable renditions and posters, with Range, under `/m/`.

Where the storage has addresses of its own, whoever has the right is sent there for the large ones.
"""

import uuid
from functools import partial
from urllib.parse import quote

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from lectern.errors import NotFound
from lectern.ingest import awaited
from lectern.library import assets, versions
from lectern.models import Asset, Blob, Version
from lectern.people import audit
from lectern.people.rights import Action, require
from lectern.renditions import posters, renditions
from web.auth import allow
from web.extensions import db, storage
from web.serving.elsewhere import BytesReply, Redirect
from web.serving.replies import FileReply

bp = Blueprint("media", __name__, url_prefix="/m")

A_YEAR = "private, max-age=31536000, immutable"
# How long a signed address may be good, seconds: a lecture is watched for hours, with pauses; a
# download begins at once and then needs no address any more (docs/reliability.md#storage).
PLAY_S = 8 * 3600
DOWNLOAD_S = 900
# Types a browser may show by itself; everything else is a download, whatever it claims to be.
INLINE = ("video/", "audio/", "image/png", "image/jpeg", "image/webp", "image/gif", "image/avif")
# Downloads that may keep their own type.
PASSIVE = (
    *("image/bmp", "image/tiff", "image/heic", "image/heif"),
    *("application/pdf", "application/msword", "application/vnd.", "text/plain", "text/vtt"),
)


@bp.get("/<uuid:asset_id>")
@bp.get("/<uuid:asset_id>/v/<int:number>/original")
@allow(Action.DOWNLOAD_ORIGINAL)
def original(asset_id: uuid.UUID, number: int | None = None) -> ResponseReturnValue:
    """The current original, or that of one version, unchanged, for those who may have it."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    require(g.principal, Action.DOWNLOAD_ORIGINAL, asset)
    version = version_of(asset, number)
    if version.blob.state == awaited.AWAITED:
        raise NotFound(awaited.NOT_HERE)
    known = asset.mime if number is None else version.facts.get("mime")
    mime = str(known or version.blob.mime)
    shown = request.args.get("inline") and _inline(mime)
    name = quote(_file_name(asset, version), safe="")
    disposition = f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{name}"
    cache = A_YEAR if number else "private, no-cache"
    played_s = PLAY_S if shown else 0
    reply = _reply(version.blob, mime, cache=cache, disposition=disposition, played_s=played_s)
    if _is_whole(reply):
        details = {"version": version.number}
        audit.record(session, g.principal, "asset.download", "asset", asset.id, details)
        session.commit()
    return reply


@bp.get("/<uuid:asset_id>/v/<int:number>/play")
@allow(Action.PLAY)
def play(asset_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """What a browser plays of one version: metadata-stripped, never the original."""
    asset = assets.get(db.session(), g.principal, asset_id)
    version = version_of(asset, number)
    made = renditions.find(db.session(), asset.workspace_id, version.blob_id, renditions.PLAYABLE)
    if made is None:
        raise NotFound("This file cannot be played yet.")
    mime = str(made.facts.get("mime") or made.blob.mime)
    return _reply(made.blob, mime, cache=A_YEAR, played_s=PLAY_S)


@bp.get("/<uuid:asset_id>/poster.jpg")
@bp.get("/<uuid:asset_id>/v/<int:number>/poster.jpg")
@allow(Action.SEE)
def poster(asset_id: uuid.UUID, number: int | None = None) -> ResponseReturnValue:
    """The poster; with `?d=` of its digest in the address it may be kept for a year."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    version = None if number is None else version_of(asset, number)
    if version is not None and version.id != asset.current_version_id:
        blob = posters.best_of(session, version)
    else:
        blob = posters.blob_of(session, asset)
    wanted = request.args.get("d", "")
    fresh = len(wanted) >= 8 and blob.digest.startswith(wanted)
    return file_reply(blob, blob.mime, cache=A_YEAR if fresh else "private, no-cache")


@bp.get("/<uuid:asset_id>/v/<int:number>/poster/<int:rank>.jpg")
@allow(Action.SEE)
def candidate(asset_id: uuid.UUID, number: int, rank: int) -> ResponseReturnValue:
    """One of the poster's candidates, 1 being the machine's favourite."""
    asset = assets.get(db.session(), g.principal, asset_id)
    blob = posters.blob_of(db.session(), asset, rank)
    return file_reply(blob, blob.mime, cache="private, no-cache")


def version_of(asset: Asset, number: int | None) -> Version:
    """The asset's version by its number, or its current one.

    Raises:
        NotFound: there is none.
    """
    session = db.session()
    found = (
        versions.get_current(session, asset)
        if number is None
        else versions.find(session, asset, number)
    )
    if found is None:
        raise NotFound("Version not found.")
    return found


def _file_name(asset: Asset, version: Version) -> str:
    """What the browser saves it as: the name as it is now, with the file's own extension."""
    _, dot, extension = version.original_name.rpartition(".")
    if not dot or asset.name.lower().endswith(f".{extension.lower()}"):
        return asset.name
    return f"{asset.name}.{extension}"


def _reply(
    blob: Blob, mime: str, *, cache: str, disposition: str | None = None, played_s: int = 0
) -> Response:
    """The bytes, or the way to where the storage itself serves them; no `played_s`: a download."""
    disposition = disposition or ("inline" if _inline(mime) else "attachment")
    seconds = played_s or DOWNLOAD_S
    url = storage().url(blob.key, seconds, mime=_shown_as(mime), disposition=disposition)
    if url is not None:
        # It lasts for half of its time at least; the browser may go there for half of that.
        return Redirect(url, kept_s=played_s // 4)
    reply = file_reply(blob, mime, cache=cache)
    if disposition != "inline":
        reply.headers["Content-Disposition"] = disposition
    return reply


def file_reply(blob: Blob, mime: str, *, cache: str) -> Response:
    """The bytes from us; posters always, since a page shows many and they are small."""
    path, shown = storage().path(blob.key), _shown_as(mime)
    reply: Response
    if path is None:
        reply = BytesReply(partial(storage().read, blob.key), mime=shown, etag=blob.digest)
    else:
        reply = FileReply(path, mime=shown, etag=blob.digest)
    reply.headers["Cache-Control"] = cache
    reply.headers["Vary"] = "Cookie, Authorization"
    if not _inline(mime):
        reply.headers["Content-Disposition"] = "attachment"
    return reply


def _is_whole(reply: Response) -> bool:
    """True when a download begins here; not for a further part of one."""
    sent = reply.status_code == 302 and "Range" not in request.headers
    return request.method == "GET" and (sent or reply.status_code == 200)


def _shown_as(mime: str) -> str:
    return mime if _harmless(mime) else "application/octet-stream"


def _inline(mime: str | None) -> bool:
    return bool(mime) and str(mime).startswith(INLINE)


def _harmless(mime: str) -> bool:
    """False for what a browser could run or read as markup (docs/reliability.md, I13)."""
    return _inline(mime) or mime.startswith(PASSIVE)
