"""Uploads by tus 1.0.0: creation, creation-with-upload, expiration, checksum, termination."""

import base64
import binascii
import hashlib
import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, g, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, PreconditionFailed, UnsupportedMediaType
from werkzeug.http import http_date

import core_ext
from jobs import enqueue, live
from lectern import values
from lectern.errors import Invalid, LecternError
from lectern.ingest import uploads
from lectern.ingest.receiving import Checksum, Receiver, checksum_of
from lectern.ingest.uploads import NewUpload
from lectern.library import assets
from lectern.models import Upload, UploadState
from lectern.people.principal import Principal
from lectern.people.rights import Action
from lectern.pipeline import tasks
from lectern.text import clean_text
from web.api.representations import assets_json, upload_json
from web.api.requests import idempotency, paging, parsing
from web.api.requests.fields import Fields
from web.auth import allow, public
from web.extensions import db, settings, work_factory
from web.serving.replies import ReceivingReply

bp = Blueprint("uploads", __name__, url_prefix="/api/v1/uploads")

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
BODY = "application/offset+octet-stream"
# Any size that somebody may name; what is too large is told by its meaning, not its length.
MOST_BYTES = 10**30
_FIELDS = {
    *("filename", "filetype", "digest", "replaces", "on_duplicate", "folder", "tags"),
    *("switch_at", "switch_zone"),
}
_DIGEST = re.compile(r"[0-9a-f]{64}")
# The names other tus clients use for the same things.
_ALIASES = {"name": "filename", "type": "filetype"}


@bp.after_request
def speak_tus(response: Response) -> Response:
    """Every answer names the protocol's version."""
    response.headers["Tus-Resumable"] = VERSION
    return response


@bp.route("", methods=["OPTIONS"])
@bp.route("/<uuid:upload_id>", methods=["OPTIONS"])
@public
def describe(upload_id: uuid.UUID | None = None) -> ResponseReturnValue:
    """What this server speaks."""
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(settings().max_upload_bytes),
        "Tus-Checksum-Algorithm": "sha1,blake3",
    }
    return "", 204, headers


@bp.post("/check")
@allow(Action.SEE)
def check() -> ResponseReturnValue:
    """Which files of this workspace have these bytes already."""
    body = Fields(parsing.json_object())
    digest, size = body.text("digest").lower(), body.whole("size")
    if not _DIGEST.fullmatch(digest):
        message = "A digest is 64 hexadecimal digits (BLAKE3)."
        raise Invalid(message, {"digest": message})
    found = assets.with_digest(db.session(), g.principal, digest, size)
    return jsonify(duplicates=assets_json(db.session(), found))


@bp.post("")
@allow(Action.UPLOAD)
def create() -> ResponseReturnValue:
    """Announce an upload; its address is in `Location`. A body is the first part of the file."""
    _check_version()
    session = db.session()

    def make() -> Response:
        upload = uploads.create(session, g.principal, _announced(), settings=settings())
        reply = jsonify(upload_json(upload))
        reply.status_code = 201
        reply.headers["Location"] = url_for("api.uploads.show", upload_id=upload.id)
        reply.headers["Upload-Expires"] = http_date(upload.expires_at)
        created.append(upload)
        return reply

    created: list[Upload] = []
    reply = idempotency.once(session, make)
    if request.mimetype != BODY:
        return reply
    if created and created[0].state == UploadState.RECEIVING:
        return _receive(created[0].id, 0, reply)
    # Made by this request's first sending, whose bytes are here already, or empty and refused.
    upload_id = uuid.UUID(reply.headers["Location"].rpartition("/")[2])
    upload = uploads.get(session, g.principal, upload_id)
    reply.headers["Upload-Offset"] = str(upload.received)
    return reply


@bp.get("")
@allow(Action.SEE)
def index() -> ResponseReturnValue:
    """This person's unfinished uploads, for a page that was reloaded."""
    found = uploads.list_open(db.session(), g.principal)
    return jsonify(paging.whole(found, upload_json))


# HEAD is tus's own question here, with headers GET does not have.
@bp.route("/<uuid:upload_id>", methods=["HEAD"], provide_automatic_options=False)
@allow(Action.SEE)
def head(upload_id: uuid.UUID) -> ResponseReturnValue:
    """How far the upload has come."""
    _check_version()
    upload = uploads.get(db.session(), g.principal, upload_id)
    headers = {
        "Upload-Offset": str(upload.received),
        "Upload-Length": str(upload.byte_size),
        "Cache-Control": "no-store",
    }
    if uploads.broken_off(upload):
        return "", 410, headers
    headers["Upload-Expires"] = http_date(upload.expires_at)
    return "", 200, headers


@bp.route("/<uuid:upload_id>", methods=["GET"], provide_automatic_options=False)
@allow(Action.SEE)
def show(upload_id: uuid.UUID) -> ResponseReturnValue:
    """The upload's state: what a client asks until it is done or refused."""
    if request.method == "HEAD":
        return head(upload_id)
    return jsonify(upload_json(uploads.get(db.session(), g.principal, upload_id)))


@bp.patch("/<uuid:upload_id>")
@allow(Action.UPLOAD)
def append(upload_id: uuid.UUID) -> ResponseReturnValue:
    """The next bytes, from `Upload-Offset` on."""
    _check_version()
    if request.mimetype != BODY:
        raise UnsupportedMediaType(f"Send the bytes as {BODY}.")
    return _receive(upload_id, _whole("Upload-Offset"), Response(status=204))


@bp.delete("/<uuid:upload_id>")
@allow(Action.UPLOAD)
def delete(upload_id: uuid.UUID) -> ResponseReturnValue:
    """Give up; what was sent is thrown away."""
    _check_version()
    session = db.session()
    upload = uploads.get(session, g.principal, upload_id)
    uploads.cancel(session, upload)
    session.commit()
    if upload.state == UploadState.EXPIRED:
        uploads.spool_path(settings(), upload).unlink(missing_ok=True)
    return "", 204


class _Body:
    """A request's body on its way into an upload; see `web.serving.replies.Receiver`."""

    def __init__(
        self, receiver: Receiver, principal: Principal, upload: uuid.UUID, reply: Response
    ):
        self.receiver = receiver
        self.principal = principal
        self.upload_id = upload
        self.reply = reply

    def write(self, piece: bytes) -> None:
        self.receiver.write(piece)

    def finish(self) -> ResponseReturnValue:
        offset = self.receiver.finish()
        self.reply.headers["Upload-Offset"] = str(offset)
        session = db.session()
        upload = uploads.get(session, self.principal, self.upload_id)
        self.reply.headers["Upload-Expires"] = http_date(upload.expires_at)
        if self.reply.status_code == 201:
            self.reply.set_data(jsonify(upload_json(upload)).get_data())
        if upload.state == UploadState.CHECKING:
            enqueue.notify(tasks.of_upload(session, upload.workspace_id, upload.id))
        live.publish(upload.workspace_id, live.UPLOAD, upload.id)
        return self.reply

    def interrupted(self) -> None:
        # Nobody is left to tell, and nothing is lost: what counts was acknowledged before.
        with suppress(LecternError):
            self.receiver.finish()


def _receive(upload_id: uuid.UUID, offset: int, reply: Response) -> ResponseReturnValue:
    receiver = Receiver.begin(
        work_factory(),
        settings(),
        g.principal,
        upload_id,
        offset=offset,
        length=request.content_length,
        checksum=_checksum(),
    )
    return ReceivingReply(_Body(receiver, g.principal, upload_id, reply))


def _check_version() -> None:
    if request.headers.get("Tus-Resumable", VERSION) != VERSION:
        error = PreconditionFailed(f"This server speaks tus {VERSION}.")
        error.get_headers = lambda *_: [("Tus-Version", VERSION)]  # type: ignore[method-assign]
        raise error


def _whole(header: str) -> int:
    number = values.readable(request.headers.get(header, ""), values.digits(0, MOST_BYTES))
    if number is None:
        raise Invalid(
            "%(header)s must be a whole number of bytes.", {header: "a whole number"}, header=header
        )
    return number


def _announced() -> NewUpload:
    if request.headers.get("Upload-Defer-Length"):
        raise Invalid("Send Upload-Length: this server needs the size at the beginning.")
    metadata = _metadata(request.headers.get("Upload-Metadata", ""))
    fields: dict[str, Any] = {name: value for name, value in metadata.items() if name in _FIELDS}
    fields.setdefault("filename", "")
    if "tags" in fields:
        fields["tags"] = [tag for tag in fields["tags"].split(",") if clean_text(tag)]
    if "replaces" in fields:
        fields["replaces"] = _asset_id(fields["replaces"])
    fields["digest"] = fields.get("digest") or None
    return NewUpload(size=_whole("Upload-Length"), **fields)


def _asset_id(text: str) -> uuid.UUID:
    try:
        return values.identifier(text)
    except values.Unfit as error:
        raise Invalid("replaces must be the id of a file.", {"replaces": "not an id"}) from error


def _metadata(header: str) -> dict[str, str]:
    """`name base64, name base64`: UTF-8 where it is, otherwise the nearest readable text."""
    metadata: dict[str, str] = {}
    for pair in header.split(","):
        name, _, encoded = pair.strip().partition(" ")
        if not name:
            continue
        try:
            value = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError) as error:
            raise Invalid(
                "Upload-Metadata: the value of %(name)s is not base64.", name=name[:40]
            ) from error
        metadata[_ALIASES.get(name, name)] = value.decode("utf-8", "replace")
    return metadata


def _checksum() -> tuple[Any, bytes] | None:
    header = request.headers.get("Upload-Checksum")
    if not header:
        return None
    algorithm, _, encoded = header.partition(" ")
    makers: dict[str, Callable[[], Checksum]] = {
        "sha1": lambda: hashlib.sha1(usedforsecurity=False),
        "blake3": _Blake3,
    }
    if algorithm not in makers:
        raise BadRequest("Upload-Checksum: use sha1 or blake3.")
    try:
        expected = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("Upload-Checksum: the checksum is not base64.") from error
    return checksum_of(algorithm, expected, makers[algorithm])


class _Blake3:
    """BLAKE3 with hashlib's two methods."""

    def __init__(self) -> None:
        self._hasher = core_ext.Hasher()

    def update(self, data: bytes, /) -> None:
        self._hasher.update(data)

    def digest(self) -> bytes:
        return bytes.fromhex(self._hasher.hexdigest())
