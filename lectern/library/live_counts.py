"""How many live files have a tag or lie in a folder, as the database keeps count of it."""

import uuid
from enum import IntEnum
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, func, select

from lectern.models import CodeDelta


class Field(IntEnum):
    """Whose ids are counted; the numbers are those that migration 0005 makes codes of."""

    TAG = 1
    FOLDER = 3


def files(
    field: Field, workspace_id: uuid.UUID, row_id: SQLColumnExpression[Any]
) -> ColumnElement[int]:
    """The number of live files that have this tag, or lie in this very folder, for each row."""
    return (
        select(func.coalesce(func.sum(CodeDelta.assets), 0))
        .where(
            CodeDelta.workspace_id == workspace_id,
            CodeDelta.code == func.facet_code(int(field), row_id),
        )
        .scalar_subquery()
    )
