"""What a tus client sends, in the few words that tests need."""

import base64
import hashlib
import uuid
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

import core_ext
from lectern.ingest import uploads
from lectern.models import Upload
from lectern.settings import Settings
from tests.web.conftest import Caller

UPLOADS = "/api/v1/uploads"
BODY = "application/offset+octet-stream"
TUS = {"Tus-Resumable": "1.0.0"}


def said(**pairs: str) -> str:
    return ",".join(
        f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items()
    )


def create(api: Caller, size: int, *, body: bytes | None = None, **more: Any) -> Any:
    headers = {
        **TUS,
        "Upload-Length": str(size),
        "Upload-Metadata": said(filename="clip.mp4"),
        **more,
    }
    extra = {} if body is None else {"data": body, "content_type": BODY}
    return api.post(UPLOADS, headers=headers, **extra)


def send(api: Caller, location: str, offset: int, body: bytes, **more: str) -> Any:
    headers = {**TUS, "Upload-Offset": str(offset), **more}
    return api.patch(location, data=body, content_type=BODY, headers=headers)


def spooled(session: Session, settings: Settings, location: str) -> Path:
    upload = session.query(Upload).filter_by(id=uuid.UUID(location.rpartition("/")[2])).one()
    return uploads.spool_path(settings, upload)


def checksum(algorithm: str, data: bytes) -> dict[str, str]:
    if algorithm == "sha1":
        digest = hashlib.sha1(data, usedforsecurity=False).digest()
    else:
        hasher = core_ext.Hasher()
        hasher.update(data)
        digest = bytes.fromhex(hasher.hexdigest())
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}
