"""What a bulk change would do, told before anything is changed."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from lectern.bulk import registry, runner, targets
from lectern.bulk import rows as chunk
from lectern.bulk.action import BulkAction
from lectern.bulk.rename import Rename
from lectern.bulk.rows import Places, Row
from lectern.bulk.targets import NO_FILE, Targets
from lectern.people.principal import Principal
from lectern.people.rights import require
from lectern.settings import Settings

# A result names so many refusals, and says how many more there are.
MOST_REFUSALS = 1000
PREVIEWED = 20


class Refusal(NamedTuple):
    """An asset that was refused, or kept by an undo, and why; no name when it is gone."""

    id: uuid.UUID
    name: str | None
    reason: str


class Renamed(NamedTuple):
    """What a name would become."""

    id: uuid.UUID
    before: str
    after: str


@dataclass
class DryRun:
    """What a change would do if it began now; `refuse` names the first of the refused."""

    total: int = 0
    change: int = 0
    same: int = 0
    refused: int = 0
    refuse: list[Refusal] = field(default_factory=list)
    preview: list[Renamed] = field(default_factory=list)


def dry_run(
    session: Session,
    principal: Principal,
    action: object,
    args: Mapping[str, Any],
    chosen: Targets,
    *,
    settings: Settings,
) -> DryRun:
    """What `start` would do, by the same questions about the same assets; changes nothing.

    Raises:
        Invalid: as `start` does. Forbidden: the role does not allow it for any file.
    """
    kind, known = checked(session, principal, action, args, chosen, settings, dry=True)
    would = DryRun()
    for ids in targets.chunks(session, principal, chosen, runner.CHUNK):
        places: Places = {each: n for n, each in enumerate(ids, would.total)}
        rows = chunk.read(session, principal.workspace_id, places, kind.columns)
        one = kind(session, principal, known)
        one.hold()
        judged = registry.judge(one, rows)
        gone = places.keys() - {row.id for row in rows}
        would.total += len(ids)
        would.change += len(judged.ready)
        would.same += len(judged.same)
        would.refused += len(judged.refused) + len(gone)
        told = [Refusal(row.id, row.name, reason) for row, reason in judged.refused]
        told += [Refusal(each, None, NO_FILE) for each in gone]
        told.sort(key=lambda each: places[each.id])
        would.refuse += told[: MOST_REFUSALS - len(would.refuse)]
        if isinstance(one, Rename):
            _preview(would, one, judged.ready)
    return would


def checked(
    session: Session,
    principal: Principal,
    action: object,
    args: Mapping[str, Any],
    chosen: Targets,
    settings: Settings,
    *,
    dry: bool,
) -> tuple[type[BulkAction], dict[str, Any]]:
    """The kind of change, and its arguments as a batch keeps them.

    Raises:
        Invalid: the action, an argument or the choice makes no sense.
        Forbidden: the role does not allow it for any file.
    """
    kind = registry.named(action)
    require(principal, kind.right)
    targets.check(chosen)
    return kind, kind.read(session, principal, args, settings, dry=dry)


def _preview(would: DryRun, kind: Rename, rows: list[Row]) -> None:
    for row in rows[: PREVIEWED - len(would.preview)]:
        would.preview.append(Renamed(row.id, row.name, kind.name_of(row)))
