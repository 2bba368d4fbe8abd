"""How many live files have a tag or lie in a folder, as the database keeps count of it."""

import uuid

from sqlalchemy import ColumnElement, SQLColumnExpression, func

from lectern.database.scope import scoped
from lectern.models import CodeDelta


def files(workspace_id: uuid.UUID, code: SQLColumnExpression[int]) -> ColumnElement[int]:
    """The number of live files with each row's code: of a tag, or of this very folder."""
    return (
        scoped(CodeDelta, workspace_id, func.coalesce(func.sum(CodeDelta.assets), 0))
        .where(CodeDelta.code == code)
        .scalar_subquery()
    )
