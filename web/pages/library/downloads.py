"""Downloads of many files at once."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from lectern.bulk import zip
from lectern.people.rights import Action
from lectern.search import selections
from lectern.storage import blobs
from web.auth import allow
from web.extensions import db, storage, work_factory
from web.serving.zips import StoredFile, ZipReply

bp = Blueprint("downloads", __name__, url_prefix="/downloads")


@bp.get("/selection/<uuid:selection_id>.zip")
@allow(Action.DOWNLOAD_ORIGINAL)
def selection(selection_id: uuid.UUID) -> ResponseReturnValue:
    """The originals of what is selected, and a manifest that also says what is left out."""
    session = db.session()
    chosen = selections.get(session, g.principal, selection_id)
    entries = zip.plan(session, g.principal, chosen, storage())
    if request.method == "GET":
        zip.record(session, g.principal, entries)
        session.commit()
    reply = ZipReply(_files(entries), [(zip.MANIFEST, zip.manifest(entries))])
    name = quote(zip.file_name(datetime.now(UTC)), safe="")
    reply.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    reply.headers["Cache-Control"] = "private, no-store"
    return reply


def _files(entries: Iterable[zip.Entry]) -> list[StoredFile]:
    workspace_id, store, work = g.principal.workspace_id, storage(), work_factory()

    def learn(blob_id: uuid.UUID, crc32: int) -> None:
        with work() as session:
            blobs.learn_crc(session, workspace_id, blob_id, crc32)

    return [
        StoredFile(
            *(each.path, partial(store.read, each.key, 0, each.byte_size), each.byte_size),
            crc32=each.crc32,
            digest=each.digest,
            learn=partial(learn, each.blob_id),
        )
        for each in entries
        if each.blob_id is not None
    ]
