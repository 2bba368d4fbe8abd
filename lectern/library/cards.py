"""Cards: what a page of the library shows of each asset, formatted once, as plain tuples.

Templates spend most of a grid's time on attribute look-ups and filters (performance.md §4),
so everything here is ready to print.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.library import search
from lectern.library.search import Query
from lectern.models import Asset, AssetTag, Blob, Tag, Task, TaskState
from lectern.people.principal import Principal
from lectern.people.rights import Action, require


class TaskLine(NamedTuple):
    """A step on a card; `percent` is 0 to 100."""

    step: str
    state: str
    percent: int
    reason: str | None


class Card(NamedTuple):
    """One asset in the grid. `poster` is the first digits of the still's digest, or None."""

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


class Page(NamedTuple):
    """Cards, and the cursor that continues them."""

    items: list[Card]
    next: str | None


def page(
    session: Session, principal: Principal, query: Query, cursor: str | None, limit: int
) -> Page:
    """One page of cards: four queries, however many cards."""
    found = search.page(session, principal, query, cursor=cursor, limit=limit)
    return Page(_cards(session, principal.workspace_id, found.assets), found.next)


def one(session: Session, principal: Principal, asset_id: uuid.UUID) -> Card | None:
    """The card of one asset, or None when there is none any more."""
    require(principal, Action.SEE)
    asset = session.get(Asset, (principal.workspace_id, asset_id), populate_existing=True)
    return _cards(session, principal.workspace_id, [asset])[0] if asset else None


def several(session: Session, principal: Principal, asset_ids: Iterable[uuid.UUID]) -> list[Card]:
    """The cards of these assets that exist, in no particular order."""
    require(principal, Action.SEE)
    assets = session.scalars(
        select(Asset).where(
            Asset.workspace_id == principal.workspace_id, Asset.id.in_(list(asset_ids))
        )
    ).all()
    return _cards(session, principal.workspace_id, assets)


def _cards(session: Session, workspace_id: uuid.UUID, assets: Sequence[Asset]) -> list[Card]:
    tags = tags_of(session, workspace_id, [asset.id for asset in assets])
    posters = _posters(session, workspace_id, assets)
    # A ready asset has nothing to tell about its tasks, unless a newer version is on its way.
    busy = [a.id for a in assets if a.state != "ready" or a.version_number != a.version_count]
    tasks = tasks_of(session, workspace_id, busy)
    return [_card(asset, tags, posters, tasks) for asset in assets]


def _card(
    asset: Asset,
    tags: dict[uuid.UUID, tuple[str, ...]],
    posters: dict[uuid.UUID, str],
    tasks: dict[uuid.UUID, tuple[TaskLine, ...]],
) -> Card:
    return Card(
        id=asset.id,
        name=asset.name,
        kind=asset.kind,
        state=asset.state,
        mime=asset.mime or "",
        poster=posters.get(asset.poster_blob_id) if asset.poster_blob_id else None,
        duration=duration_text(asset.duration_s),
        size=size_text(asset.byte_size),
        tags=tags.get(asset.id, ()),
        usage_count=asset.usage_count,
        usage=asset.usage,
        version=asset.version_number,
        width=asset.width,
        height=asset.height,
        lock_version=asset.lock_version,
        created_at=asset.created_at,
        tasks=tasks.get(asset.id, ()),
        trashed=not asset.live,
    )


def tags_of(
    session: Session, workspace_id: uuid.UUID, asset_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, tuple[str, ...]]:
    """The tags of the assets that have any, in their order."""
    if not asset_ids:
        return {}
    rows = session.execute(
        select(AssetTag.asset_id, Tag.name)
        .join(Tag, (Tag.workspace_id == AssetTag.workspace_id) & (Tag.id == AssetTag.tag_id))
        .where(AssetTag.workspace_id == workspace_id, AssetTag.asset_id.in_(asset_ids))
        .order_by(Tag.key)
    )
    collected: dict[uuid.UUID, list[str]] = defaultdict(list)
    for asset_id, name in rows:
        collected[asset_id].append(name)
    return {asset_id: tuple(names) for asset_id, names in collected.items()}


def _posters(
    session: Session, workspace_id: uuid.UUID, assets: Sequence[Asset]
) -> dict[uuid.UUID, str]:
    wanted = [asset.poster_blob_id for asset in assets if asset.poster_blob_id]
    if not wanted:
        return {}
    rows = session.execute(
        select(Blob.id, Blob.digest).where(Blob.workspace_id == workspace_id, Blob.id.in_(wanted))
    )
    return {blob_id: digest[:12] for blob_id, digest in rows}


def tasks_of(
    session: Session, workspace_id: uuid.UUID, asset_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, tuple[TaskLine, ...]]:
    """The tasks of the assets' newest versions, in the order they were made."""
    if not asset_ids:
        return {}
    rows = session.execute(
        select(Task.asset_id, Task.version_id, Task.step, Task.state, Task.progress, Task.reason)
        .where(Task.workspace_id == workspace_id, Task.asset_id.in_(asset_ids))
        .order_by(Task.asset_id, Task.version_id.desc(), Task.created_at, Task.id)
    )
    collected: dict[uuid.UUID, list[TaskLine]] = defaultdict(list)
    newest: dict[uuid.UUID, uuid.UUID | None] = {}
    for asset_id, version_id, step, state, progress, reason in rows:
        if asset_id is not None and newest.setdefault(asset_id, version_id) == version_id:
            percent = 100 if state == TaskState.DONE else round(progress * 100)
            collected[asset_id].append(TaskLine(step, state, percent, reason))
    return {asset_id: tuple(lines) for asset_id, lines in collected.items()}


def duration_text(seconds: float | None) -> str:
    """`0:07`, `12:04` or `1:02:03`; empty for what has no duration."""
    if seconds is None:
        return ""
    # Under a second still lasts: 0:00 would look broken.
    whole = max(1, round(seconds)) if seconds > 0 else 0
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size_text(size: int | None) -> str:
    """Decimal units, as disks and browsers count: `512 B`, `1.2 MB`, `20 GB`."""
    if size is None:
        return ""
    amount, unit = float(size), "B"
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if amount < 999.5 or unit == "TB":
            break
        amount /= 1000
    digits = 0 if unit == "B" or amount >= 9.95 else 1
    return f"{amount:.{digits}f} {unit}"


__all__ = [
    "Card",
    "Page",
    "Query",
    "TaskLine",
    "duration_text",
    "one",
    "page",
    "several",
    "size_text",
    "tags_of",
    "tasks_of",
]
