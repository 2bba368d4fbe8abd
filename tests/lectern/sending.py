"""One upload and the requests that bring its bytes."""

import os

from lectern.ingest import uploads
from lectern.ingest.receiving import Receiver, Work
from lectern.ingest.uploads import NewUpload
from lectern.models import Upload
from lectern.people.principal import Principal
from lectern.settings import Settings

BYTES = os.urandom(300_000)


class Sending:
    """One upload of `size` bytes, and the requests that bring them."""

    def __init__(self, work: Work, settings: Settings, sender: Principal, size: int) -> None:
        self.work, self.settings, self.sender = work, settings, sender
        with work() as session:
            new = NewUpload("lecture.mp4", size)
            upload = uploads.create(session, sender, new, settings=settings)
            self.id, self.spool = upload.id, uploads.spool_path(settings, upload)

    def begin(self, offset: int, length: int | None = None, **more: object) -> Receiver:
        return Receiver.begin(
            self.work,
            self.settings,
            self.sender,
            self.id,
            offset=offset,
            length=length,
            **more,  # type: ignore[arg-type]
        )

    def send(self, offset: int, data: bytes, **more: object) -> int:
        receiver = self.begin(offset, len(data), **more)
        receiver.write(data)
        return receiver.finish()

    @property
    def row(self) -> Upload:
        with self.work() as session:
            return uploads.get(session, self.sender, self.id)
