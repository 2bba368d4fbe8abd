"""Files in storage that no row names: what a crash between storing and naming leaves behind.

They cost space and nothing else. `adopt` gives one to the collection, which deletes it after the
same grace as everything that lost its name.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

import core_ext
from lectern.integrity.garbage import MARKING_MIN_AGE
from lectern.models import Blob, Workspace
from lectern.storage import Item, Storage
from lectern.storage.keys import digest_of

# Keys looked up by one statement.
AT_ONCE = 1_000
# See `lectern.storage.blobs.store`: the workspace's first digits and the blob's UUIDv7.
_KEY = re.compile(r"b1/[0-9a-f]{2}/[0-9a-f]{64}/([0-9a-f]{8})-([0-9a-f]{32})")
_MIME = "application/octet-stream"


@dataclass(frozen=True)
class Stray:
    """A stored file without a row. Without `blob_id` its key is none that Lectern gives."""

    key: str
    byte_size: int
    workspace: str = ""
    blob_id: uuid.UUID | None = None


def find(session: Session, storage: Storage) -> Iterator[Stray]:
    """Every stray; one younger than a day may be about to get its row and is left out."""
    items = storage.items()
    while batch := list(islice(items, AT_ONCE)):
        # Asked after the listing: what was named meanwhile is seen.
        named = set(
            session.scalars(select(Blob.key).where(Blob.key.in_([item.key for item in batch])))
        )
        now = session.scalars(select(func.clock_timestamp())).one()
        for item in batch:
            if item.key not in named:
                stray = _stray(item)
                if stray.blob_id is None or now - _made_at(stray.blob_id) > MARKING_MIN_AGE:
                    yield stray


def adopt(session: Session, storage: Storage, stray: Stray) -> bool:
    """Give the stray a row that is on its way out; False for what is not surely a file of ours.

    The same content that comes again within the grace finds it and keeps it.
    """
    digest = digest_of(stray.key)
    owners = session.scalars(
        select(Workspace.id).where(
            func.replace(cast(Workspace.id, String), "-", "").startswith(stray.workspace)
        )
    ).all()
    # Workspaces that were made within the same minute have the same first digits.
    if stray.blob_id is None or digest is None or len(owners) != 1:
        return False
    with storage.local_copy(stray.key) as path:
        if core_ext.digest_file(path) != digest:
            return False
    usable = select(Blob.id).where(
        Blob.workspace_id == owners[0],
        Blob.digest == digest,
        Blob.state.in_(["live", "condemned"]),
    )
    row = Blob(workspace_id=owners[0], id=stray.blob_id, digest=digest, mime=_MIME)
    row.key, row.byte_size = stray.key, stray.byte_size
    # Where the content is here already, this copy is one too many and needs no grace.
    row.state = "deleting" if session.scalar(select(usable.exists())) else "condemned"
    row.condemned_at = func.clock_timestamp()
    session.add(row)
    session.flush()
    return True


def _stray(item: Item) -> Stray:
    found = _KEY.fullmatch(item.key)
    if found is None:
        return Stray(item.key, item.byte_size)
    return Stray(item.key, item.byte_size, found[1], uuid.UUID(found[2]))


def _made_at(identity: uuid.UUID) -> datetime:
    """When a UUIDv7 was made: its first 48 bits are milliseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=identity.int >> 80)
