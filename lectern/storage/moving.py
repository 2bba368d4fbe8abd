"""Moving a library's bytes to another storage while people work: copy, compare, look again."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import core_ext
from lectern.errors import Message, StorageDamaged
from lectern.models import Blob
from lectern.storage import Storage

Units = Callable[[], AbstractContextManager[Session]]
# `b1/ab/`: a 256th of the library at a time keeps lists and transactions short.
PREFIX_LENGTH = 6
# States of a blob whose bytes must be there.
HELD = ("live", "condemned")
DAMAGED = Message("The file in the old storage has been altered. Restore it from a backup.")


@dataclass(frozen=True)
class Stored:
    """What a row says of its bytes."""

    workspace_id: uuid.UUID
    id: uuid.UUID
    key: str
    digest: str
    byte_size: int


@dataclass(frozen=True)
class Outcome:
    """What became of one file; `wrong` is a sentence when it could not be moved."""

    key: str
    byte_size: int
    copied: bool = False
    wrong: str = ""


def count(session: Session) -> tuple[int, int]:
    """How many files a library has, and their bytes together."""
    query = select(func.count(), func.coalesce(func.sum(Blob.byte_size), 0))
    number, size = session.execute(query.where(Blob.state.in_(HELD))).one()
    return int(number), int(size)


def copy_all(units: Units, source: Storage, target: Storage, at_once: int) -> Iterator[Outcome]:
    """Bring what the target does not have yet, `at_once` files together; say what became of each.

    Nothing is taken from the source, so it may be broken off at any time and begun again: what is
    there already is not sent again, a large file not even in part.

    Raises:
        StorageAway, StorageFull: as the two storages say; all that was told of is moved.
    """
    with units() as session:
        prefixes = _prefixes(session)
    with ThreadPoolExecutor(at_once) as pool:
        for prefix in prefixes:
            there = {item.key: item.byte_size for item in target.items(prefix)}
            with units() as session:
                rows = _below(session, prefix)
            due = [row for row in rows if row.key not in there]
            yield from (_as_it_is(row, there[row.key]) for row in rows if row.key in there)
            yield from pool.map(lambda row: _copy(units, source, target, row), due)


def _prefixes(session: Session) -> Sequence[str]:
    prefix = func.left(Blob.key, PREFIX_LENGTH)
    return session.scalars(
        select(prefix).where(Blob.state.in_(HELD)).distinct().order_by(prefix)
    ).all()


def _below(session: Session, prefix: str) -> list[Stored]:
    query = select(Blob.workspace_id, Blob.id, Blob.key, Blob.digest, Blob.byte_size)
    below = Blob.key.startswith(prefix, autoescape=True)
    found = session.execute(query.where(below, Blob.state.in_(HELD)).order_by(Blob.key))
    return [Stored(*row) for row in found]


def _as_it_is(row: Stored, byte_size: int) -> Outcome:
    if byte_size == row.byte_size:
        return Outcome(row.key, row.byte_size)
    wrong = (
        f"The file {row.key} has {byte_size:,} bytes in the new storage and should have "
        f"{row.byte_size:,}. Delete it there, then move again."
    )
    return Outcome(row.key, row.byte_size, wrong=wrong)


def _copy(units: Units, source: Storage, target: Storage, row: Stored) -> Outcome:
    try:
        with source.local_copy(row.key) as path:
            # The target may link it unread, and must not get damage that is old.
            if core_ext.digest_file(path) != row.digest:
                raise StorageDamaged(DAMAGED)
            target.put(path, row.key, row.digest)
    except FileExistsError:
        # Another move brought it meanwhile.
        return Outcome(row.key, row.byte_size)
    except FileNotFoundError:
        wrong = f"The file {row.key} is missing in the old storage."
        return Outcome(row.key, row.byte_size, wrong=wrong if _wanted(units, row) else "")
    except StorageDamaged as damage:
        return Outcome(row.key, row.byte_size, wrong=f"{row.key}: {damage}")
    if not _wanted(units, row):
        # Deleted from the old while it was copied: it must not live on in the new.
        target.delete(row.key)
        return Outcome(row.key, row.byte_size)
    return Outcome(row.key, row.byte_size, copied=True)


def _wanted(units: Units, row: Stored) -> bool:
    query = select(Blob.state).where(Blob.workspace_id == row.workspace_id, Blob.id == row.id)
    with units() as session:
        return session.scalar(query) in HELD
