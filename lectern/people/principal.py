"""Who asks: the one value every domain function judges rights by."""

import uuid
from dataclasses import dataclass

from lectern.models import Role


@dataclass(frozen=True)
class Principal:
    """A member of one workspace, as a browser session or a token.

    `scopes` is None for a browser session, which may do all that the role may. `user_id` is None
    for Lectern itself. `language` is the one that the person chose, or empty: the browser's.
    """

    workspace_id: uuid.UUID
    user_id: uuid.UUID | None
    role: Role
    name: str
    email: str
    scopes: frozenset[str] | None = None
    language: str = ""

    @classmethod
    def system(cls, workspace_id: uuid.UUID, on_behalf_of: uuid.UUID | None = None) -> "Principal":
        """Lectern acting by itself, or finishing what a person began and was allowed to."""
        return cls(workspace_id, on_behalf_of, Role.OWNER, "Lectern", "")
