"""An export that somebody sends, on its way into a file that an import then reads."""

import errno
import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import g, request
from flask.typing import ResponseReturnValue

from lectern.errors import Invalid, StorageFull, TooLarge
from lectern.exchange import runs
from lectern.exchange.archive import Archive
from lectern.exchange.imports import importer
from lectern.models import new_id
from lectern.settings import Settings
from web.extensions import db, settings
from web.serving.replies import ReceivingReply

TYPE = "application/zip"
FULL = "The disk of the server is full. Free some space, then try again."


class Received:
    """A complete archive: its batch's id to be, its name, its size and what it would change."""

    def __init__(self, batch_id: uuid.UUID, name: str, size: int, report: dict[str, Any]) -> None:
        self.id = batch_id
        self.name = name
        self.size = size
        self.report = report


def receive(answer: Callable[[Received], ResponseReturnValue], *, keep: bool) -> ReceivingReply:
    """Take the request's body in, read all of it, and answer.

    With `keep` the archive stays at `runs.path_of`, unless it is refused or `answer` raises.

    Raises:
        Invalid: the body is announced as something else. TooLarge: it has too many bytes.
    """
    if request.mimetype != TYPE:
        raise Invalid("Send the archive as the body of the request, as %(type)s.", type=TYPE)
    return ReceivingReply(_Body(settings(), request.args.get("name", ""), answer, keep=keep))


class _Body:
    """See `web.serving.replies.Receiver`."""

    def __init__(
        self,
        configured: Settings,
        name: str,
        answer: Callable[[Received], ResponseReturnValue],
        *,
        keep: bool,
    ) -> None:
        self._id = new_id()
        self._name = name or "export.zip"
        self._answer = answer
        self._keep = keep
        self._most = configured.max_upload_bytes
        self._size = 0
        self._path = runs.path_of(configured, self._id)
        if (request.content_length or 0) > self._most:
            raise self._too_large()
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._file = open(os.open(self._path, flags, 0o600), "wb")  # noqa: SIM115 - closed below

    def write(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._most:
            raise self._too_large()
        try:
            self._file.write(piece)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise StorageFull(FULL) from error
            raise

    def finish(self) -> ResponseReturnValue:
        kept = False
        try:
            self._file.close()
            reply = self._answer(Received(self._id, self._name, self._size, self._rehearsed()))
            kept = self._keep
            return reply
        finally:
            if not kept:
                self._path.unlink(missing_ok=True)

    def interrupted(self) -> None:
        with suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)

    def _rehearsed(self) -> dict[str, Any]:
        """What the import would change, found out by doing it and taking it back."""
        session = db.session()
        with Archive(self._path) as archive:
            report = importer.apply(session, g.principal, archive, rehearsal=True)
            session.rollback()
        return runs.told(report)

    def _too_large(self) -> TooLarge:
        return TooLarge(
            "An archive may have at most %(value)s GiB here.", value=f"{self._most / (1 << 30):.3g}"
        )
