"""Idempotency-Key: repeating a POST creates nothing twice (docs/reliability.md#uploads)."""

import hashlib
from collections.abc import Callable

from flask import Response, g, request
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lectern.errors import Conflict, Invalid
from lectern.models import IdempotentReply

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
# Headers that are part of the answer; the rest is made anew for each response.
_KEPT = ("Location", "Upload-Offset", "Upload-Expires", "Tus-Resumable", "ETag")


def once(session: Session, make: Callable[[], Response]) -> Response:
    """`make`'s answer, committed; for a key seen before, the answer it got then.

    Raises:
        Invalid: the key was used for another request, or is too long.
        Conflict: the first request with this key has not been answered.
    """
    key = request.headers.get(HEADER)
    if not key:
        reply = make()
        session.commit()
        return reply
    if len(key) > LONGEST_KEY or "\x00" in key:
        raise Invalid(
            "%(header)s has at most %(longest_key)s characters.",
            header=HEADER,
            longest_key=LONGEST_KEY,
        )
    digest = hashlib.sha256(
        b"\n".join([request.method.encode(), request.full_path.encode(), _content()])
    ).digest()
    identity = (g.principal.workspace_id, g.principal.user_id, key)
    if not _first(session, identity, digest):
        return _repeat(session, identity, digest)
    reply = make()
    row = session.get_one(IdempotentReply, identity)
    row.status = reply.status_code
    row.headers = {name: reply.headers[name] for name in _KEPT if name in reply.headers}
    row.body = reply.get_data(as_text=True)
    session.commit()
    return reply


def _content() -> bytes:
    """What the request says: its tus headers, and its body unless that is the file itself."""
    headers = [request.headers.get("Upload-Length", ""), request.headers.get("Upload-Metadata", "")]
    body = b"" if request.mimetype == "application/offset+octet-stream" else request.get_data()
    return "\n".join(headers).encode() + body


def _first(session: Session, identity: tuple[object, ...], digest: bytes) -> bool:
    """True when this request brought the key; waits for a twin that is being answered."""
    workspace_id, user_id, key = identity
    inserted = session.execute(
        insert(IdempotentReply)
        .values(workspace_id=workspace_id, user_id=user_id, key=key, request_digest=digest)
        .on_conflict_do_nothing()
        .returning(IdempotentReply.key)
    )
    return inserted.first() is not None


def _repeat(session: Session, identity: tuple[object, ...], digest: bytes) -> Response:
    workspace_id, user_id, key = identity
    row = session.scalar(
        select(IdempotentReply).where(
            IdempotentReply.workspace_id == workspace_id,
            IdempotentReply.user_id == user_id,
            IdempotentReply.key == key,
        )
    )
    if row is None or row.status is None:
        raise Conflict(
            "The first request with this %(header)s is not answered yet. Try again.", header=HEADER
        )
    if row.request_digest != digest:
        raise Invalid("This %(header)s was used for another request.", header=HEADER)
    reply = Response(row.body or "", row.status, row.headers)
    reply.mimetype = "application/json"
    return reply
