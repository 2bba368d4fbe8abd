"""What every kind of bulk change answers; one module for each says how."""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from lectern.bulk.rows import Done, Row
from lectern.people.principal import Principal
from lectern.people.rights import Action
from lectern.pipeline.due import Due
from lectern.settings import Settings


class BulkAction(ABC):
    """One kind of change, at work on one chunk: an object serves one transaction or dry run.

    Order of calls: `hold`, the rows are locked, `look`, then `check` and `changes` for each row and
    `apply` with those that change; for an undo `check_undo` and `undo`. A dry run leaves out the
    locks and stops before `apply`, so that it says what would happen by the same questions.
    """

    right: ClassVar[Action]
    # None: it cannot be undone.
    undo_right: ClassVar[Action | None]
    # What of the assets the questions are about, beside name and owner.
    columns: ClassVar[tuple[str, ...]] = ()
    # Whether a course must not begin to use the assets meanwhile.
    against_use: ClassVar[bool] = False
    # Whether chunks may be at work at once: they lock nothing that another chunk waits for.
    ahead: ClassVar[bool] = False
    # What open pages are told about each asset, after the change and after its undo.
    event: ClassVar[str] = "changed"
    undo_event: ClassVar[str] = "changed"

    def __init__(self, session: Session, principal: Principal, args: Mapping[str, Any]) -> None:
        self.session = session
        self.principal = principal
        self.args = args
        self.due: Sequence[Due] = ()

    @property
    def workspace_id(self) -> uuid.UUID:
        """Whose assets these are."""
        return self.principal.workspace_id

    @classmethod
    def read(
        cls,
        session: Session,
        principal: Principal,
        args: Mapping[str, Any],
        settings: Settings,
        *,
        dry: bool,
    ) -> dict[str, Any]:
        """The arguments as the batch keeps them, none by default; a dry run makes none of them.

        Raises:
            Invalid: an argument is missing or unusable.
        """
        return {}

    def hold(self) -> None:  # noqa: B027 - most kinds hold nothing
        """Lock what must be locked before the assets."""

    def look(self, rows: Sequence[Row]) -> None:  # noqa: B027 - some need the row only
        """Read what the questions about these rows need: a statement a table, not one a row."""

    def check(self, row: Row) -> str | None:
        """Why this asset cannot be changed so, in a sentence; None when it can."""
        return None

    @abstractmethod
    def changes(self, row: Row) -> bool:
        """False when the asset is so already."""

    @abstractmethod
    def apply(self, rows: Sequence[Row]) -> list[Done]:
        """Change all of these rows, none of them refused, each of them different afterwards."""

    def check_undo(self, row: Row) -> str | None:
        """Why this asset stays as it is: somebody changed the same thing since, or it is used."""
        return None

    def undo(self, rows: Sequence[Row]) -> list[Done]:
        """Give these rows back what their `before` says."""
        raise NotImplementedError
