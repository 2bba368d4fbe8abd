"""What the storage of a workspace holds: by kind, course and rendition, and what could go.

Counting reads every blob once. Where that is quick it is done when somebody asks; where it is
not, the answer is the last count of the periodic process, and `as_of` says when that was.
"""

import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.integrity import storage_totals_sql
from lectern.models import Asset, Kind, StorageCount, Workspace
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.search import selections

# Nobody waits longer than this for a count of the moment.
QUICK_MS = 700
EVERY_S = 900
# A slow count is done more seldom: the database has other things to do.
SHARE = 0.02
MONTHS = (3, 6, 12, 24)


class Unused(NamedTuple):
    """How many files nobody has used for `months` months, and the bytes of them as they are."""

    months: int
    files: int
    bytes: int


class Course(NamedTuple):
    """The originals of the files that a course uses; `shared` are those that others use too."""

    ref: str
    title: str
    id: str
    files: int
    bytes: int
    shared: int


class Month(NamedTuple):
    """What came in a month (UTC) and is still there, and all that was there at its end."""

    month: str
    bytes: int
    total: int


@dataclass(frozen=True)
class Totals:
    """All in bytes.

    `logical` counts the original of every version; `physical` every stored blob once, so it is
    `originals` plus all of `by_rendition` plus `unreferenced`. `reclaimable` would go if the trash
    were emptied and collected; `old_versions` would go besides, if earlier versions that no lesson
    keeps were removed. `trash` is the logical size of what lies there.
    """

    as_of: datetime
    took_ms: int
    logical: int
    physical: int
    originals: int
    unreferenced: int
    reclaimable: int
    old_versions: int
    trash: int
    trashed_files: int
    files: int
    versions: int
    by_kind: dict[str, int]
    by_rendition: dict[str, int]
    by_course: list[Course]
    growth: list[Month]
    unused: list[Unused]


def get(session: Session, principal: Principal) -> Totals:
    """The totals of now, or where counting takes long those of the last count."""
    require(principal, Action.SEE_STORAGE)
    kept = session.get(StorageCount, principal.workspace_id)
    if kept is not None and kept.took_ms > QUICK_MS:
        return _read(kept)
    return count(session, principal.workspace_id)


def count(session: Session, workspace_id: uuid.UUID) -> Totals:
    """Count everything, in one snapshot of each question."""
    started = time.perf_counter()
    as_of = session.scalars(select(func.clock_timestamp())).one().astimezone(UTC)
    originals = _ask(session, workspace_id, storage_totals_sql.ORIGINALS)
    blobs = _blobs(session, workspace_id)
    courses = _ask(session, workspace_id, storage_totals_sql.COURSES)
    months = _ask(session, workspace_id, storage_totals_sql.MONTHS)
    unused = _ask(session, workspace_id, storage_totals_sql.UNUSED, months=list(MONTHS))
    kinds, made = Counter[str](), Counter[str]()
    for row in originals:
        kinds[row.kind] += int(row.bytes)
    for row in blobs:
        if row.noun:
            made[row.noun] += int(row.bytes)
    trashed = [row for row in originals if not row.live]
    return Totals(
        as_of=as_of,
        logical=kinds.total(),
        physical=_sum(blobs),
        originals=_sum([row for row in blobs if row.noun == ""]),
        unreferenced=_sum([row for row in blobs if row.noun is None]),
        reclaimable=_sum([row for row in blobs if not row.kept]),
        old_versions=_sum([row for row in blobs if row.kept and not row.needed]),
        trash=_sum(trashed),
        trashed_files=sum(row.assets for row in trashed),
        files=sum(row.assets for row in originals),
        versions=sum(row.versions for row in originals),
        by_kind={kind.value: kinds[kind] for kind in Kind},
        by_rendition=dict(sorted(made.items())),
        by_course=[
            Course(row.ref, row.title, str(row.id), row.files, int(row.bytes), int(row.shared))
            for row in courses
        ],
        growth=_growth([(row.month, int(row.bytes)) for row in months], as_of),
        unused=[Unused(row.months, row.files, int(row.bytes)) for row in unused],
        took_ms=round((time.perf_counter() - started) * 1000),
    )


def unused(session: Session, principal: Principal, months: int) -> list[uuid.UUID]:
    """The files that nobody has used for so many months, the largest first, at most 10 000.

    The same files as `Totals.unused` counts.
    """
    require(principal, Action.SEE_STORAGE)
    idle = func.clock_timestamp() - func.make_interval(0, months)
    rows = session.scalars(
        scoped(Asset, principal, Asset.id)
        .where(
            Asset.live,
            Asset.usage_count == 0,
            func.greatest(Asset.created_at, Asset.last_used_at) < idle,
        )
        .order_by(Asset.byte_size.desc().nulls_last(), Asset.id)
        .limit(selections.MOST)
    )
    return list(rows)


def due(session: Session) -> Sequence[uuid.UUID]:
    """Workspaces whose count is too old, by how long it took."""
    age = func.extract("epoch", func.clock_timestamp() - StorageCount.counted_at)
    allowed = func.greatest(EVERY_S, StorageCount.took_ms / (1000 * SHARE))
    return session.scalars(
        select(Workspace.id)
        .outerjoin(StorageCount, StorageCount.workspace_id == Workspace.id)
        .where(StorageCount.workspace_id.is_(None) | (age > allowed) | (age < 0))
        .order_by(Workspace.id)
    ).all()


def recount(session: Session, workspace_id: uuid.UUID) -> Totals:
    """Count again, and keep the answer for those who ask."""
    found = count(session, workspace_id)
    values = {
        "counted_at": found.as_of,
        "took_ms": found.took_ms,
        "totals": {**asdict(found), "as_of": found.as_of.isoformat()},
    }
    session.execute(
        insert(StorageCount)
        .values(workspace_id=workspace_id, **values)
        .on_conflict_do_update(index_elements=["workspace_id"], set_=values)
    )
    return found


def _read(kept: StorageCount) -> Totals:
    said = kept.totals
    return Totals(
        **{
            **said,
            "as_of": datetime.fromisoformat(said["as_of"]),
            "by_course": [Course(*each) for each in said["by_course"]],
            "growth": [Month(*each) for each in said["growth"]],
            "unused": [Unused(*each) for each in said["unused"]],
        }
    )


def _ask(
    session: Session, workspace_id: uuid.UUID, question: str, **values: Any
) -> Sequence[Row[Any]]:
    return session.execute(text(question), {"workspace": workspace_id, **values}).all()


def _blobs(session: Session, workspace_id: uuid.UUID) -> Sequence[Row[Any]]:
    # Sorting by blob on disk, or compiling the question, would take longer than counting.
    session.execute(text("SET LOCAL work_mem = '64MB'"))
    session.execute(text("SET LOCAL jit = off"))
    found = _ask(session, workspace_id, storage_totals_sql.BLOBS)
    session.execute(text("SET LOCAL work_mem TO DEFAULT"))
    session.execute(text("SET LOCAL jit TO DEFAULT"))
    return found


def _sum(rows: Sequence[Row[Any]]) -> int:
    # PostgreSQL adds up big integers to a decimal.
    return int(sum(row.bytes for row in rows))


def _growth(found: list[tuple[str, int]], now: datetime) -> list[Month]:
    """Every month from the first one to this one, also those in which nothing came."""
    if not found:
        return []
    came, total, months = dict(found), 0, []
    year, month = (int(part) for part in found[0][0].split("-"))
    last = max(found[-1][0], f"{now:%Y-%m}")
    while (name := f"{year:04}-{month:02}") <= last:
        total += came.get(name, 0)
        months.append(Month(name, came.get(name, 0), total))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return months
