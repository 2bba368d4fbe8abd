"""Statements that stay within one workspace."""

import uuid
from typing import Any, Protocol, TypeVar, overload

from sqlalchemy import Select, select

M = TypeVar("M")


class InWorkspace(Protocol):
    """A principal, or a row of a workspace."""

    @property
    def workspace_id(self) -> uuid.UUID:
        """The workspace that it belongs to."""


@overload
def scoped(model: type[M], scope: InWorkspace | uuid.UUID) -> Select[M]: ...
@overload
def scoped(model: Any, scope: InWorkspace | uuid.UUID, *columns: Any) -> Select[Any]: ...
def scoped(model: Any, scope: InWorkspace | uuid.UUID, *columns: Any) -> Select[Any]:
    """The rows of `model`, or these columns of them, in one workspace: its id, or what has one."""
    workspace_id = scope if isinstance(scope, uuid.UUID) else scope.workspace_id
    return select(*(columns or (model,))).where(model.workspace_id == workspace_id)
