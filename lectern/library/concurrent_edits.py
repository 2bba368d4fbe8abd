"""Two people, one asset: what each of them changed is kept, and where both did, the second is told.

A change is what differs between the value somebody saw and the value they want. It is laid over
the value there is now; only a field that was changed both ways has to be decided by a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lectern.errors import Invalid, Message, Stale
from lectern.library import fields
from lectern.models import Asset
from lectern.people import audit_reading
from lectern.people.principal import Principal

MISSING: Any = None


@dataclass(frozen=True)
class Clash:
    """A field changed both ways: its value now, who made it so and when, as far as it is known.

    A custom field's name is `custom.KEY`.
    """

    field: str
    now: Any
    by: str | None
    at: datetime | None


class Overtaken(Stale):
    """Somebody else changed the very field; `clashes` has what each is now."""

    def __init__(self, clashes: Sequence[Clash]) -> None:
        who = clashes[0].by or Message("Someone")
        super().__init__(
            Message(
                "%(who)s changed this while you were typing. Nothing is saved "
                "yet: choose which of the two to keep.",
                who=who,
            )
        )
        self.clashes = list(clashes)


def merged(
    session: Session,
    principal: Principal,
    asset: Asset,
    wanted: Mapping[str, Any],
    seen: Mapping[str, Any],
) -> dict[str, Any]:
    """What to write so that `wanted` holds without undoing what the person has not `seen`.

    A field without a value in `seen` is written whatever it is now. Values are checked ones.

    Raises:
        Overtaken: a field was changed by somebody else, too, and differently.
    """
    kept: dict[str, Any] = {}
    clashes: list[str] = []
    for field, value in wanted.items():
        if field not in seen:
            kept[field] = value
        elif field == "custom":
            kept[field] = _custom(asset.custom, value, seen[field], clashes)
        else:
            now = fields.read(session, asset, field)
            before = _as_kept(field, seen[field])
            same_folder = field == "folder" and _names(seen[field], asset)
            verdict = _compare(field, before, value, now, settled=same_folder)
            if verdict == "clash":
                clashes.append(field)
            elif verdict == "write":
                kept[field] = value
    if clashes:
        raise Overtaken([_clash(session, principal, asset, field) for field in clashes])
    return kept


def _custom(
    now: Mapping[str, Any], wanted: Mapping[str, Any], seen: Any, clashes: list[str]
) -> dict[str, Any]:
    before = seen if isinstance(seen, dict) else {}
    laid = dict(now)
    for key in [*wanted, *(key for key in before if key not in wanted)]:
        value = wanted.get(key, MISSING)
        verdict = _compare("", before.get(key, MISSING), value, now.get(key, MISSING))
        if verdict == "clash":
            clashes.append(f"custom.{key}")
        elif verdict == "write" and value is MISSING:
            laid.pop(key, None)
        elif verdict == "write":
            laid[key] = value
    return laid


def _compare(field: str, seen: Any, wanted: Any, now: Any, *, settled: bool = False) -> str:
    if fields.same(field, wanted, now) or fields.same(field, wanted, seen):
        return "leave"
    return "write" if settled or fields.same(field, seen, now) else "clash"


def _names(seen: Any, asset: Asset) -> bool:
    """True when the folder seen is the asset's folder, whatever its path has become."""
    return isinstance(seen, dict) and seen.get("id") == str(asset.folder_id)


def _as_kept(field: str, seen: Any) -> Any:
    """What was seen, cleaned as `wanted` was: a browser has its own line ends."""
    if field == "folder" and isinstance(seen, dict):
        seen = seen.get("path")
    try:
        return fields.checked({field: seen})[field]
    except Invalid:
        return fields.EMPTY[field]


def _clash(session: Session, principal: Principal, asset: Asset, field: str) -> Clash:
    name, _, key = field.partition(".")
    now = asset.custom.get(key, MISSING) if key else fields.read(session, asset, name)
    line = audit_reading.last_change(session, principal, asset.id, f"asset.{name}", key)
    return Clash(field, now, line.actor if line else None, line.at if line else None)
