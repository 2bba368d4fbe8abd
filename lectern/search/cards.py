"""Cards: what a page of the library shows of each asset, formatted once, as plain tuples.

Templates spend most of a grid's time on attribute look-ups and filters,
so everything here is ready to print.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from lectern import search
from lectern.database.scope import scoped
from lectern.models import Asset, AssetTag, Blob, Tag, Task, TaskState
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.pipeline import registry
from lectern.search import Query, Spelling
from lectern.search.syntax import highlight, operators
from lectern.text import duration_text, size_text

# A snippet is looked for in so many letters of a description.
LONGEST_SEARCHED = 4_000


class TaskLine(NamedTuple):
    """A step on a card; `percent` is 0 to 100. `held`: it begins by itself, after another step."""

    step: str
    state: str
    percent: int
    reason: str | None
    held: bool = False


class Card(NamedTuple):
    """One asset in the grid. `poster` is the first digits of the still's digest, or None.

    `snippet` is the passage of the description that holds what was searched for.
    """

    id: uuid.UUID
    name: str
    kind: str
    state: str
    mime: str
    poster: str | None
    duration: str
    size: str
    tags: tuple[str, ...]
    usage_count: int
    usage: str
    version: int
    width: int | None
    height: int | None
    lock_version: int
    created_at: datetime
    tasks: tuple[TaskLine, ...]
    trashed: bool
    snippet: str = ""

    @property
    def stopped(self) -> bool:
        """True when a person has stopped a step that it is not ready without."""
        return self.state == "processing" and any(
            task.state == TaskState.CANCELLED and task.step in registry.ESSENTIAL
            for task in self.tasks
        )


class Page(NamedTuple):
    """Cards, and the cursor that continues them; `spelling` when near words were searched for."""

    items: list[Card]
    next: str | None
    spelling: Spelling | None = None


def page(
    session: Session,
    principal: Principal,
    query: Query,
    cursor: str | None,
    limit: int,
    *,
    snippets: bool = False,
) -> Page:
    """One page of cards, with `snippets` of their descriptions only where these are shown.

    It asks as many questions for two cards as for two hundred.
    """
    found = search.ids(session, principal, query, cursor=cursor, limit=limit)
    words = words_of(query, found.spelling) if snippets else ()
    read = {card.id: card for card in _cards(session, principal.workspace_id, found.ids, words)}
    items = [read[asset_id] for asset_id in found.ids if asset_id in read]
    return Page(items, found.next, found.spelling)


def words_of(query: Query, spelling: Spelling | None) -> tuple[str, ...]:
    """What a search for the query looks for, also by the spellings it took instead."""
    respelled = [word for _, words in spelling.words for word in words] if spelling else []
    return tuple(dict.fromkeys([*operators.parse(query.q).words, *respelled]))


def one(session: Session, principal: Principal, asset_id: uuid.UUID) -> Card | None:
    """The card of one asset, or None when there is none any more."""
    return next(iter(several(session, principal, [asset_id])), None)


def several(session: Session, principal: Principal, asset_ids: Iterable[uuid.UUID]) -> list[Card]:
    """The cards of these assets that exist, in no particular order."""
    require(principal, Action.SEE)
    return _cards(session, principal.workspace_id, list(asset_ids))


# Plain columns, not assets: making objects of sixty rows would cost more than the page.
_TAGS = (
    select(func.array_agg(aggregate_order_by(Tag.name, Tag.key)))
    .join(AssetTag)
    .where(AssetTag.workspace_id == Asset.workspace_id, AssetTag.asset_id == Asset.id)
    .correlate(Asset)
    .scalar_subquery()
)
_STILL = (
    select(func.left(Blob.digest, 12))
    .where(Blob.workspace_id == Asset.workspace_id, Blob.id == Asset.poster_blob_id)
    .correlate(Asset)
    .scalar_subquery()
)
_ROWS = select(
    Asset.id,
    Asset.name,
    Asset.kind,
    Asset.state,
    Asset.mime,
    _STILL.label("poster"),
    Asset.duration_s,
    Asset.byte_size,
    _TAGS.label("tags"),
    Asset.usage_count,
    Asset.last_used_at,
    Asset.version_number,
    Asset.version_count,
    Asset.width,
    Asset.height,
    Asset.lock_version,
    Asset.created_at,
    Asset.live,
)


def _cards(
    session: Session,
    workspace_id: uuid.UUID,
    asset_ids: Sequence[uuid.UUID],
    words: Sequence[str] = (),
) -> list[Card]:
    if not asset_ids:
        return []
    text = func.left(Asset.description, LONGEST_SEARCHED) if words else literal("")
    rows = session.execute(
        _ROWS.add_columns(text.label("description")).where(
            Asset.workspace_id == workspace_id, Asset.id.in_(asset_ids)
        )
    ).all()
    # A ready asset has nothing to tell about its tasks, unless a newer version is on its way.
    busy = [r.id for r in rows if r.state != "ready" or r.version_number != r.version_count]
    tasks = tasks_of(session, workspace_id, busy)
    return [_card(row, tasks, words) for row in rows]


def _card(row: Any, tasks: dict[uuid.UUID, tuple[TaskLine, ...]], words: Sequence[str]) -> Card:
    return Card(
        id=row.id,
        name=row.name,
        kind=row.kind,
        state=row.state,
        mime=row.mime or "",
        poster=row.poster,
        duration=duration_text(row.duration_s),
        size=size_text(row.byte_size),
        tags=tuple(row.tags or ()),
        usage_count=row.usage_count,
        usage=usage_of(row.usage_count, row.last_used_at),
        version=row.version_number,
        width=row.width,
        height=row.height,
        lock_version=row.lock_version,
        created_at=row.created_at,
        tasks=tasks.get(row.id, ()),
        trashed=not row.live,
        snippet=_snippet(row.description, words) if row.description else "",
    )


def _snippet(description: str, words: Sequence[str]) -> str:
    """The passage with the most words, or nothing when none is there."""
    pieces = highlight.snippet(description, words)
    found = any(piece.matched for piece in pieces)
    return "".join(piece.text for piece in pieces) if found else ""


def usage_of(count: int, last_used_at: datetime | None) -> str:
    """`used` by a lesson now, `formerly` used, or `never`."""
    if count:
        return "used"
    return "formerly" if last_used_at else "never"


def tags_of(
    session: Session, workspace_id: uuid.UUID, asset_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, tuple[str, ...]]:
    """The tags of the assets that have any, in their order."""
    if not asset_ids:
        return {}
    rows = session.execute(
        scoped(AssetTag, workspace_id, AssetTag.asset_id, Tag.name)
        .join(Tag)
        .where(AssetTag.asset_id.in_(asset_ids))
        .order_by(Tag.key)
    )
    collected: dict[uuid.UUID, list[str]] = defaultdict(list)
    for asset_id, name in rows:
        collected[asset_id].append(name)
    return {asset_id: tuple(names) for asset_id, names in collected.items()}


def tasks_of(
    session: Session, workspace_id: uuid.UUID, asset_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, tuple[TaskLine, ...]]:
    """The tasks of the assets' newest versions, in the order they were made."""
    if not asset_ids:
        return {}
    columns = (Task.asset_id, Task.version_id, Task.step, Task.state, Task.progress, Task.reason)
    held = (Task.state == TaskState.WAITING) & Task.awaits.in_(registry.RULES)
    rows = session.execute(
        scoped(Task, workspace_id, *columns, func.coalesce(held, False))
        .where(Task.asset_id.in_(asset_ids), Task.step.not_in(registry.UNLISTED))
        .order_by(Task.asset_id, Task.version_id.desc(), Task.created_at, Task.id)
    )
    collected: dict[uuid.UUID, list[TaskLine]] = defaultdict(list)
    newest: dict[uuid.UUID, uuid.UUID | None] = {}
    for asset_id, version_id, step, state, progress, reason, waits in rows:
        if asset_id is not None and newest.setdefault(asset_id, version_id) == version_id:
            percent = 100 if state == TaskState.DONE else round(progress * 100)
            collected[asset_id].append(TaskLine(step, state, percent, reason, waits))
    return {asset_id: tuple(lines) for asset_id, lines in collected.items()}
