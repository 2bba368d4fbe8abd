"""Downloads of many files at once."""

import uuid
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from lectern.bulk import zip
from lectern.people.rights import Action
from lectern.search import selections
from web.auth import allow
from web.extensions import db, storage
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
    files = [
        StoredFile(each.path, partial(storage().read, each.key, 0, each.byte_size), each.byte_size)
        for each in entries
        if each.path
    ]
    reply = ZipReply(files, [(zip.MANIFEST, zip.manifest(entries))])
    name = quote(zip.file_name(datetime.now(UTC)), safe="")
    reply.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    reply.headers["Cache-Control"] = "private, no-store"
    return reply
