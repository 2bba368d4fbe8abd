"""An export into a workspace: what is missing is added, what differs is changed, nothing goes.

Things are the same when their ids are, or their names where a name can be had only once. The
caller's transaction holds all of it: rolled back, it was the dry run.
"""

import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.exchange.archive import Archive
from lectern.exchange.imports import contents, people, recording, whole
from lectern.exchange.imports.recording import Key
from lectern.exchange.imports.report import Report
from lectern.exchange.imports.rows import Merging
from lectern.exchange.schema import RECORDS, Record
from lectern.models import Course
from lectern.people import audit
from lectern.people.audit import Fact
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.storage import Storage
from lectern.storage.blobs import Stored


def missing(session: Session, principal: Principal, archive: Archive) -> dict[str, int]:
    """The contents that the archive brings and the workspace lacks: digest → bytes.

    Raises:
        Forbidden: the principal is no owner. Refused: the archive is not good.
    """
    require(principal, Action.EXCHANGE)
    sizes = whole.read(archive).sizes
    wanted = archive.digests & sizes.keys()
    here = contents.here(session, principal.workspace_id, wanted)
    return {digest: sizes[digest] for digest in sorted(wanted - here)}


def store(
    archive: Archive,
    lacking: Mapping[str, int],
    storage: Storage,
    workspace_id: uuid.UUID,
    scratch: Path,
) -> dict[str, Stored]:
    """Put those contents into storage, before any row names them; `scratch` is a folder.

    Raises:
        Refused: one is not what its digest says; none of them stays.
    """
    return contents.store(archive, lacking, storage, workspace_id, scratch)


def apply(
    session: Session,
    principal: Principal,
    archive: Archive,
    stored: Mapping[str, Stored] | None = None,
    *,
    everybody: bool = False,
    rehearsal: bool = False,
    batch: Key | None = None,
) -> Report:
    """Bring the archive's metadata in; a second time changes nothing.

    `stored` are contents put into storage for it. People are found among the members; with
    `everybody`, for whoever runs the server, among all accounts, and those missing get one that
    nobody can sign in to. A `rehearsal` writes nothing into the audit log: the caller rolls back.
    What is done is written down in the `batch`, for its undo.

    Raises:
        Forbidden: the principal is no owner. Refused: the archive is not good.
    """
    require(principal, Action.EXCHANGE)
    read = whole.read(archive)
    lock = func.hashtextextended(f"import:{principal.workspace_id}", 0)
    session.execute(select(func.pg_advisory_xact_lock(lock)))
    known = people.match(session, principal, read.people, everybody=everybody)
    merging = Merging(session, principal, read, stored or {}, known)
    _lock_courses(session, principal)
    for record in RECORDS:
        if record.file in {"people", "audit"}:
            continue
        for rows in _pieces(archive, record, read):
            merging.take(record, rows)
    merging.finish()
    if batch is not None:
        recording.note(session, batch, merging.items)
    if merging.report.writes and not rehearsal:
        _tell(session, principal, merging)
    return merging.report


def _tell(session: Session, principal: Principal, merging: Merging) -> None:
    report = merging.report
    counts = {"added": dict(report.added), "changed": dict(report.changed)}
    home = principal.workspace_id
    facts = [*merging.facts, Fact("library.import", "workspace", home, counts)]
    audit.record_all(session, principal, facts)


def _lock_courses(session: Session, principal: Principal) -> None:
    """Courses before assets, as everybody does."""
    session.execute(
        scoped(Course, principal, Course.id).order_by(Course.id).with_for_update(key_share=True)
    )


def _pieces(archive: Archive, record: Record, read: whole.Whole) -> Iterator[list[dict[str, Any]]]:
    if record.file == "folders":
        # One by one: a child's parent must be there, perhaps under another id.
        yield from ([values] for values in read.folders)
        return
    piece: list[dict[str, Any]] = []
    for _, values in archive.lines(record):
        piece.append(values)
        if len(piece) == record.at_once:
            yield piece
            piece = []
    if piece:
        yield piece
