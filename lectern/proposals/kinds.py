"""Every kind of proposal, declared once: who may decide, and which module carries it out."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from sqlalchemy.orm import Session

from lectern.changes.ledger import Change, Conflict
from lectern.models import Proposal
from lectern.people.principal import Principal
from lectern.people.rights import Action


class Handler(Protocol):
    """What a kind's module has: functions of these names. The subject's rows are held by then."""

    @staticmethod
    def check(proposal: Proposal, payload: Mapping[str, Any]) -> dict[str, Any]:
        """A payload that a person edited, as it is kept. Raises Invalid for what cannot be."""
        ...

    @staticmethod
    def accept(
        session: Session, principal: Principal, proposal: Proposal, payload: Mapping[str, Any]
    ) -> Sequence[Change]:
        """Carry it out; what changed. Raises Conflict where the content is no longer so."""
        ...

    @staticmethod
    def undo(
        session: Session, principal: Principal, proposal: Proposal, changes: Sequence[Change]
    ) -> Sequence[Conflict]:
        """Put back what is as `accept` left it; what stays, and why."""
        ...


@dataclass(frozen=True)
class Kind:
    """`right` is asked of the subject. `module` has the functions of `Handler`; it lies above this
    package, so it is named, and loaded when somebody decides."""

    name: str
    right: Action
    module: str

    @property
    def handler(self) -> Handler:
        """The functions that carry it out."""
        return cast(Handler, importlib.import_module(self.module))


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (Kind("glossary", Action.EDIT, "lectern.insight.editing.decisions"),)
}
