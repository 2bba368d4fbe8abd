"""The numbers that stand for what a filter can ask for; `Listing.codes` holds an asset's.

The same as `facet_code` and `fixed_code` of migration 0005. All of them are one workspace's own.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from lectern.models import CodeDelta

TAG, COURSE, FOLDER, OWNER, FIXED_FIELD = 1, 2, 3, 4, 5
_LOW = (1 << 60) - 1
# So many codes are looked up in the index at once.
TOGETHER = 8
# What every live asset has, and what every trashed one has instead of all its codes.
LIVE, TRASHED, TWIN = "live", "trashed", "twin"
FIXED: Mapping[str, int] = {
    LIVE: 0,
    "video": 1,
    "audio": 2,
    "image": 3,
    "document": 4,
    "processing": 11,
    "ready": 12,
    "failed": 13,
    "used": 21,
    "formerly": 22,
    "never": 23,
    TRASHED: 31,
    TWIN: 41,
}


def of(field: int, thing_id: uuid.UUID) -> int:
    """The code of having this tag, course, folder or owner."""
    return field << 60 | thing_id.int & _LOW


def fixed(workspace_id: uuid.UUID, word: str) -> int:
    """The code of a kind, a state or a usage."""
    low = workspace_id.int & _LOW & ((1 << 52) - 1)
    return FIXED_FIELD << 60 | low << 8 | FIXED[word]


def array(numbers: Iterable[int]) -> ColumnElement[Any]:
    """The codes as PostgreSQL's array, to compare `Listing.codes` with."""
    return cast(list(numbers), ARRAY(BigInteger))


def bounds(field: int) -> tuple[int, int]:
    """The least and the largest code of a field."""
    return field << 60, field << 60 | _LOW


def any_of(c: Any, numbers: Sequence[int]) -> ColumnElement[bool]:
    """Whether a row has one of the codes, for the index.

    It merges the lists of the codes of one condition at a cost that grows with their number for
    each file, and PostgreSQL does not know so; of few at a time the bitmaps are joined instead.
    """
    parts = [array(numbers[at : at + TOGETHER]) for at in range(0, len(numbers), TOGETHER)]
    return or_(*(c.codes.overlap(part) for part in parts))


def field_of(code: int) -> int:
    """TAG, COURSE, FOLDER, OWNER, or another number for the fixed ones."""
    return code >> 60


def counts(
    session: Session, workspace_id: uuid.UUID, codes: Collection[int] | None = None
) -> dict[int, int]:
    """How many live assets have each of these codes, or each code there is; exact and quick."""
    query = (
        select(CodeDelta.code, func.sum(CodeDelta.assets))
        .where(CodeDelta.workspace_id == workspace_id)
        .group_by(CodeDelta.code)
    )
    if codes is not None:
        query = query.where(CodeDelta.code.in_(codes))
    return {code: int(number) for code, number in session.execute(query)}


def frequent(
    session: Session, workspace_id: uuid.UUID, most: int, field: int | None = None
) -> dict[int, int]:
    """The exact counts of the `most` most frequent codes of each field, or of this one."""
    counted = (
        select(CodeDelta.code, func.sum(CodeDelta.assets).label("files"))
        .where(CodeDelta.workspace_id == workspace_id)
        .group_by(CodeDelta.code)
    )
    if field is not None:
        counted = counted.where(CodeDelta.code.between(*bounds(field)))
    rows = session.execute(ranked(counted.subquery("counted"), most))
    return {code: number for code, number in rows}


def ranked(counted: FromClause, most: int) -> Select[int, int]:
    """Of a table of `code` and `files`, the `most` most frequent codes of each field."""
    c = counted.c
    field = c.code.op(">>", return_type=BigInteger())(literal(60, Integer))
    place = (
        func.row_number().over(partition_by=field, order_by=(c.files.desc(), c.code)).label("place")
    )
    r = select(c.code, cast(c.files, BigInteger).label("files"), place).subquery("ranked").c
    return select(r.code, r.files).where(r.place <= most)


def fold_deltas(session: Session) -> None:
    """Replace the added-up rows of each code by one; no count changes, nobody waits."""
    many = (
        select(CodeDelta.workspace_id, CodeDelta.code)
        .group_by(CodeDelta.workspace_id, CodeDelta.code)
        .having(func.count() > 1)
        .subquery()
    )
    # Rows that another transaction adds meanwhile are not seen, and stay.
    gone = (
        delete(CodeDelta)
        .where(CodeDelta.workspace_id == many.c.workspace_id, CodeDelta.code == many.c.code)
        .returning(CodeDelta.workspace_id, CodeDelta.code, CodeDelta.assets)
        .cte("gone")
    )
    added = select(gone.c.workspace_id, gone.c.code, func.sum(gone.c.assets)).group_by(
        gone.c.workspace_id, gone.c.code
    )
    columns = [CodeDelta.workspace_id, CodeDelta.code, CodeDelta.assets]
    session.execute(insert(CodeDelta).from_select(columns, added))
