"""Taking in the bytes of an upload: durable before acknowledged, hashed as they pass.

An offset is acknowledged only after `fdatasync`, so it survives a power cut
(docs/reliability.md, I1); bytes beyond it were never promised and are cut off by the next writer.
"""

import fcntl
import os
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lectern.durable import sync_folder
from lectern.errors import Conflict, Gone, Invalid, Message, StorageFull, TooLarge
from lectern.ingest import hashers, uploads
from lectern.models import Upload, UploadState, new_id
from lectern.people.principal import Principal
from lectern.settings import Settings

Work = Callable[[], AbstractContextManager[Session]]

# A killed server loses at most this much of a running request.
CHECKPOINT_BYTES = 64 << 20
# The disk begins with this much at a time, so that `fdatasync` finds little left to wait for.
FLUSH_BYTES = 8 << 20
# How long a newcomer waits for the former writer, who looks once a second whether it is replaced.
TAKEOVER_S = 10.0
LOOK_S = 1.0


class WrongOffset(Conflict):
    """The sender and the server disagree about how much is here; `offset` is the truth."""

    def __init__(self, offset: int) -> None:
        super().__init__(
            Message(
                "The server has %(offset)s bytes of this upload. Go on from there.", offset=offset
            )
        )
        self.offset = offset


class ChecksumMismatch(Conflict):
    """The bytes of this request were damaged on the way, and were discarded."""


class Taken(Conflict):
    """Another request writes to this upload now."""


class Checksum(Protocol):
    """A running checksum of one request's bytes, as `Upload-Checksum` announced it."""

    def update(self, data: bytes, /) -> object: ...
    def digest(self) -> bytes: ...


class Receiver:
    """Writes one request's body to the spool. Calls come one at a time, from any thread."""

    def __init__(
        self,
        work: Work,
        settings: Settings,
        upload: Upload,
        *,
        checksum: tuple[Checksum, bytes] | None,
    ) -> None:
        self._work = work
        self._key = (upload.workspace_id, upload.id)
        self._size = upload.byte_size
        self._writer = upload.writer
        self._checksum = checksum
        self._acknowledged = self._flushing = self.offset = upload.received
        self._hasher = hashers.take(upload.id, self.offset)
        self._looked = time.monotonic()
        self._file = self._open(uploads.spool_path(settings, upload))

    @classmethod
    def begin(
        cls,
        work: Work,
        settings: Settings,
        principal: Principal,
        upload_id: uuid.UUID,
        *,
        offset: int,
        length: int | None,
        checksum: tuple[Checksum, bytes] | None = None,
    ) -> "Receiver":
        """Become the upload's writer; whoever wrote before gives up.

        Raises:
            NotFound: no such upload of this principal.
            Gone: it has ended. Conflict: it is complete. WrongOffset: go on elsewhere.
            TooLarge: `length` reaches beyond the announced size.
        """
        with work() as session:
            # Locked: the former writer must not move the offset between this look and this write.
            upload = uploads.get(session, principal, upload_id, lock=True)
            if uploads.broken_off(upload):
                raise Gone(upload.reason or "This upload has ended. Start it again.")
            if upload.state != UploadState.RECEIVING:
                raise Conflict("All data for this upload has already been received.")
            if upload.received != offset:
                raise WrongOffset(upload.received)
            if length is not None and offset + length > upload.byte_size:
                raise TooLarge("More data was sent than the upload declared.")
            upload.writer = new_id()
            session.flush()
        return cls(work, settings, upload, checksum=checksum)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next bytes. Nothing is acknowledged before `finish` or a checkpoint.

        Raises:
            TooLarge: more than was announced. Taken: another request took over.
            StorageFull: the spool's disk is full; what was acknowledged stays.
        """
        try:
            self._take(data)
        except BaseException:
            # The lock on the spool file must not outlive a request that failed.
            self.close()
            raise

    def _take(self, data: bytes | bytearray | memoryview) -> None:
        if self.offset + len(data) > self._size:
            raise TooLarge("More data was sent than the upload declared.")
        if time.monotonic() - self._looked > LOOK_S:
            self._look()
        if self._hasher is not None:
            self._hasher.update(data)
        if self._checksum is not None:
            self._checksum[0].update(bytes(data))
        self._write_all(memoryview(data))
        self.offset += len(data)
        if self.offset - self._flushing >= FLUSH_BYTES:
            # On Linux this starts writing dirty pages and waits for none of them.
            length = self.offset - self._flushing
            os.posix_fadvise(self._file, self._flushing, length, os.POSIX_FADV_DONTNEED)
            self._flushing = self.offset
        # With a checksum nothing may be acknowledged before all of it has been compared.
        if self._checksum is None and self.offset - self._acknowledged >= CHECKPOINT_BYTES:
            self._acknowledge()

    def finish(self) -> int:
        """Acknowledge what was written and let go; returns the upload's offset.

        Call it also when the sender vanished in the middle: what has arrived is kept. After a
        `write` that raised, what it did not acknowledge is not.

        Raises:
            ChecksumMismatch: the bytes are not what was announced; they are discarded.
        """
        if self._file < 0:
            return self._acknowledged
        try:
            if self._checksum is not None and self._checksum[0].digest() != self._checksum[1]:
                self.offset = self._acknowledged
                os.ftruncate(self._file, self.offset)
                raise ChecksumMismatch("The checksum does not match. Send this part again.")
            self._acknowledge()
            if self._hasher is not None and self.offset < self._size:
                hashers.keep(self._key[1], self.offset, self._hasher)
            return self.offset
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the spool file; what was not acknowledged is not kept. May be repeated."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self, path: Path) -> int:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._lock(file)
            if os.fstat(file).st_size < self.offset:
                self._lost()
            os.ftruncate(file, self.offset)
            os.lseek(file, self.offset, os.SEEK_SET)
            if self.offset == 0:
                # `fdatasync` later vouches for the bytes, not for the name they are found by.
                sync_folder(path.parent)
                sync_folder(path.parent.parent)
        except BaseException:
            os.close(file)
            raise
        return file

    def _lock(self, file: int) -> None:
        """Wait until the former writer, told by the row that it is replaced, lets go."""
        deadline = time.monotonic() + TAKEOVER_S
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Taken("Another request is still writing to this upload.") from None
                time.sleep(0.05)

    def _lost(self) -> None:
        """The spool file is shorter than what was promised: only a failed disk does that."""
        with self._work() as session:
            upload = session.get_one(Upload, self._key)
            uploads.fail(
                session, upload, Message("The server lost part of this upload. Start it again.")
            )
        raise Gone("The server lost part of this upload. Start it again.")

    def _look(self) -> None:
        self._looked = time.monotonic()
        with self._work() as session:
            writer = session.scalar(
                select(Upload.writer).where(
                    Upload.workspace_id == self._key[0], Upload.id == self._key[1]
                )
            )
        if writer != self._writer:
            raise Taken("Another request has taken over this upload.")

    def _write_all(self, data: memoryview) -> None:
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            raise StorageFull("The server could not write to its disk. Try again later.") from error

    def _acknowledge(self) -> None:
        if self.offset == self._acknowledged:
            return
        self._sync()
        with self._work() as session:
            moved = session.scalar(
                update(Upload)
                .where(
                    Upload.workspace_id == self._key[0],
                    Upload.id == self._key[1],
                    Upload.received == self._acknowledged,
                    Upload.writer == self._writer,
                    Upload.state == UploadState.RECEIVING,
                )
                .values(
                    received=self.offset,
                    updated_at=func.clock_timestamp(),
                    # Going on keeps it alive for as long again as it was first given.
                    expires_at=Upload.expires_at + (func.clock_timestamp() - Upload.updated_at),
                )
                .returning(Upload)
            )
            if moved is None:
                raise Taken("Another request has taken over this upload.")
            if self.offset == self._size:
                digest = self._hasher.hexdigest() if self._hasher is not None else None
                uploads.complete(session, moved, digest)
        self._acknowledged = self.offset

    def _sync(self) -> None:
        try:
            os.fdatasync(self._file)
        except OSError as error:
            # The kernel may have dropped the pages: this file can never be trusted again.
            with self._work() as session:
                upload = session.get_one(Upload, self._key)
                uploads.fail(
                    session, upload, Message("The server's disk failed. Start the upload again.")
                )
            raise StorageFull("The server's disk failed. Start the upload again.") from error


def checksum_of(
    algorithm: str, expected: bytes, new: Callable[[], Checksum]
) -> tuple[Checksum, bytes]:
    """A checksum to compare at the end; sha1 digests have 20 bytes, blake3 ones 32."""
    length = {"sha1": 20, "blake3": 32}[algorithm]
    if len(expected) != length:
        raise Invalid(
            "A %(algorithm)s checksum must be %(length)s bytes, encoded as base64.",
            algorithm=algorithm,
            length=length,
        )
    return new(), expected
