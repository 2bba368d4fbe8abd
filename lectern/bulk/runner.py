"""One chunk of a batch, or of its undo, in one short transaction."""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import func, text
from sqlalchemy.orm import Session

from lectern.bulk import registry
from lectern.bulk import rows as chunk
from lectern.bulk.rows import Done
from lectern.bulk.targets import NO_FILE
from lectern.errors import Forbidden, Message, NotFound
from lectern.models import Batch, BatchState, ItemState
from lectern.people import audit, members
from lectern.people.audit import Fact
from lectern.people.principal import Principal
from lectern.pipeline.due import Due

# Large enough that statements are few, small enough that nobody waits for its commit.
CHUNK = 1000
NO_LONGER = Message("The person who requested this is no longer a member of the workspace.")
_DOING = (BatchState.QUEUED, BatchState.RUNNING)
_PLAN_ANEW = text("DISCARD PLANS")
_BY_INDEX = text("SET LOCAL enable_seqscan = off")
_STORE = text("""
    UPDATE batch_item i SET state = :state, reason = new.value ->> 1,
        before = coalesce(nullif(new.value -> 2, 'null'), i.before)
    FROM jsonb_array_elements(CAST(:noted AS jsonb)) AS new
    WHERE i.workspace_id = :workspace_id AND i.batch_id = :batch_id
        -- The chunk's bounds, so that not all of the batch is walked for each of its chunks.
        AND i.position BETWEEN :first AND :last
        AND i.position = CAST(new.value -> 0 AS int)""")
# Most items have nothing to note but their state: all of those with the same one at once.
_STORE_STATE = text("""
    UPDATE batch_item SET state = :state
    WHERE workspace_id = :workspace_id AND batch_id = :batch_id
        AND position = ANY (CAST(:positions AS int[]))""")


@dataclass(frozen=True)
class News:
    """What open pages and workers hear after the commit: assets, how, and tasks that are due."""

    workspace_id: uuid.UUID
    batch_id: uuid.UUID
    assets: Sequence[uuid.UUID] = ()
    event: str = "changed"
    due: Sequence[Due] = ()


@dataclass(frozen=True)
class Progress:
    """How far a batch is, 0.0 to 1.0; `over` when no item is left.

    `at` is where the next chunk begins, of `total` items.
    """

    over: bool
    share: float
    news: News
    at: int = 0
    total: int = 0


class Ahead(NamedTuple):
    """A chunk that begins at the item `at` while the one before it is still at work.

    `wait` returns when that one has been committed, and raises `Overtaken` when it never will be.
    """

    at: int
    undoing: bool
    wait: Callable[[], object]


class Overtaken(Exception):
    """The batch did not come to where a chunk ahead began; nothing of that chunk was written."""


class _Note(NamedTuple):
    """What an item keeps beside its state: why it was refused, or what it was before."""

    position: int
    reason: str | None = None
    before: Mapping[str, Any] | None = None


class _Ends(NamedTuple):
    """Items that came to the same state: most have nothing to note, those are positions only."""

    state: ItemState
    positions: Sequence[int] = ()
    notes: Sequence[_Note] = ()


def advance(
    session: Session,
    workspace_id: uuid.UUID,
    batch_id: uuid.UUID,
    most: int = CHUNK,
    *,
    ahead: Ahead | None = None,
) -> Progress:
    """Do the next chunk of the batch, or of its undo, whichever is under way.

    In one transaction the assets change, their history is written, and the batch moves on; so a
    worker that dies in the middle has done nothing, and the next one begins with the same chunk.
    A chunk `ahead` changes its assets first and holds the batch only then, when it is its turn:
    chunks are committed one after the other, in the order of their items.

    Raises:
        Forbidden: whoever asked is no member any more.
        Overtaken: a chunk ahead cannot follow what the batch came to.
    """
    batch = (hold if ahead is None else _as_it_is)(session, workspace_id, batch_id)
    undoing = batch.state == BatchState.UNDOING
    if not _goes_on(batch, ahead):
        return Progress(True, 1.0, News(workspace_id, batch_id))
    at = batch.at if ahead is None else ahead.at
    principal = _asker(session, batch)
    change = _change(session, principal, batch, range(at, at + most), undoing=undoing)
    if ahead is not None:
        ahead.wait()
        batch = hold(session, workspace_id, batch_id)
        if batch.at != at or not _goes_on(batch, ahead):
            raise Overtaken
    if not undoing:
        batch.state = BatchState.RUNNING
    _count(batch, change.ends)
    batch.at += most
    session.flush()
    audit.record_all(session, principal, change.facts)
    over = batch.at >= batch.total
    share = min(1.0, batch.at / max(1, batch.total))
    return Progress(over, share, change.news, batch.at, batch.total)


def may_run_ahead(batch: Batch) -> bool:
    """Whether chunks of it may be at work at once; see `BulkAction.ahead`."""
    return registry.named(batch.action).ahead


def finish(session: Session, workspace_id: uuid.UUID, batch_id: uuid.UUID) -> None:
    """End a batch, or an undo, of which no item is left."""
    batch = hold(session, workspace_id, batch_id)
    if batch.state in (*_DOING, BatchState.UNDOING):
        undoing = batch.state == BatchState.UNDOING
        batch.state = BatchState.UNDONE if undoing else BatchState.DONE
        batch.finished_at = func.clock_timestamp()
        _tell(session, batch, "batch.undo" if undoing else f"batch.{batch.action}")


def fail(session: Session, workspace_id: uuid.UUID, batch_id: uuid.UUID, reason: str) -> None:
    """End a batch that cannot go on; what it did stays done, and can be undone."""
    batch = hold(session, workspace_id, batch_id)
    if batch.state in (*_DOING, BatchState.UNDOING):
        batch.state, batch.reason = BatchState.FAILED, reason
        batch.finished_at = func.clock_timestamp()
        _tell(session, batch, "batch.fail")


def hold(session: Session, workspace_id: uuid.UUID, batch_id: uuid.UUID) -> Batch:
    """The batch as it is now, locked.

    Raises:
        NotFound: there is none.
    """
    batch = session.get(
        Batch, (workspace_id, batch_id), with_for_update=True, populate_existing=True
    )
    if batch is None:
        raise NotFound("Bulk change not found.")
    return batch


def _as_it_is(session: Session, workspace_id: uuid.UUID, batch_id: uuid.UUID) -> Batch:
    """The batch without a lock, since the chunk before has it."""
    return session.get_one(Batch, (workspace_id, batch_id), populate_existing=True)


def _goes_on(batch: Batch, ahead: Ahead | None) -> bool:
    undoing = batch.state == BatchState.UNDOING
    if ahead is not None and ahead.undoing != undoing:
        return False
    return undoing or batch.state in _DOING


class _Change(NamedTuple):
    """What a chunk did, before the batch counts it."""

    news: News
    ends: Sequence[_Ends] = ()
    facts: Sequence[Fact] = ()


def _change(
    session: Session, principal: Principal, batch: Batch, places: range, *, undoing: bool
) -> _Change:
    kind = registry.named(batch.action)(session, principal, batch.args)
    news = News(batch.workspace_id, batch.id, event=kind.undo_event if undoing else kind.event)
    _plan_for_many(session, batch)
    kind.hold()
    rows, gone = chunk.take(
        session,
        batch,
        places,
        kind.columns,
        undoing=undoing,
        against_use=kind.against_use,
    )
    if not rows and not gone:
        return _Change(news)
    judged = (registry.judge_undo if undoing else registry.judge)(kind, rows)
    done: list[Done] = []
    if judged.ready:
        done = (kind.undo if undoing else kind.apply)(judged.ready)
    ends = _ends_of_undo(judged, gone) if undoing else _ends(judged, done, gone)
    _store(session, batch, ends)
    context = {"batch": str(batch.id), **({"undo": True} if undoing else {})}
    facts = [Fact(each.action, "asset", each.row.id, {**each.details, **context}) for each in done]
    return _Change(replace(news, assets=[each.row.id for each in done], due=kind.due), ends, facts)


def _plan_for_many(session: Session, batch: Batch) -> None:
    """Have what changes a thousand rows of large tables find them by their indexes.

    Triggers plan once a connection: what suits one row takes a second for a thousand, and whole
    tables would be read for each chunk.
    """
    planned = session.connection().info
    if planned.get("bulk") != batch.id:
        session.execute(_PLAN_ANEW)
        planned["bulk"] = batch.id
    session.execute(_BY_INDEX)


def _ends(judged: registry.Judged, done: Sequence[Done], gone: Sequence[int]) -> list[_Ends]:
    changed = {each.row.position for each in done}
    # Ready and yet not done: somebody else did it in the moment between.
    same = [*judged.same, *(row for row in judged.ready if row.position not in changed)]
    notes = [_Note(each.row.position, None, each.before) for each in done]
    return [
        _Ends(ItemState.DONE, notes=notes),
        _Ends(ItemState.SAME, [row.position for row in same]),
        _Ends(ItemState.REFUSED, notes=_reasons(judged, gone)),
    ]


def _ends_of_undo(judged: registry.Judged, gone: Sequence[int]) -> list[_Ends]:
    return [
        _Ends(ItemState.UNDONE, [row.position for row in judged.ready]),
        _Ends(ItemState.KEPT, notes=_reasons(judged, gone)),
    ]


def _reasons(judged: registry.Judged, gone: Sequence[int]) -> list[_Note]:
    """Why items stay as they are, as the column stores it."""
    reasons = [(row.position, reason) for row, reason in judged.refused]
    return [
        _Note(position, reason.to_text() if isinstance(reason, Message) else reason)
        for position, reason in [*reasons, *((position, NO_FILE) for position in gone)]
    ]


def _store(session: Session, batch: Batch, ends: Sequence[_Ends]) -> None:
    for state, positions, notes in ends:
        mine = {"workspace_id": batch.workspace_id, "batch_id": batch.id, "state": state}
        if positions:
            array = f"{{{','.join(map(str, positions))}}}"
            session.execute(_STORE_STATE, {**mine, "positions": array})
        if notes:
            places = [note.position for note in notes]
            bounds = {"first": min(places), "last": max(places)}
            session.execute(_STORE, {**mine, **bounds, "noted": json.dumps(notes)})


def _count(batch: Batch, ends: Sequence[_Ends]) -> None:
    counts = {state: len(positions) + len(notes) for state, positions, notes in ends}
    batch.done += counts.get(ItemState.DONE, 0)
    batch.same += counts.get(ItemState.SAME, 0)
    batch.refused += counts.get(ItemState.REFUSED, 0)
    batch.undone += counts.get(ItemState.UNDONE, 0)
    batch.kept += counts.get(ItemState.KEPT, 0)


def _asker(session: Session, batch: Batch) -> Principal:
    """Whose rights count, as they are now."""
    if batch.asked_by is None:
        return Principal.system(batch.workspace_id)
    try:
        member = members.principal_of(session, batch.asked_by, batch.workspace_id)
    except NotFound as error:
        raise Forbidden(NO_LONGER) from error
    return replace(member, scopes=None if batch.scopes is None else frozenset(batch.scopes))


def _tell(session: Session, batch: Batch, action: str) -> None:
    """Write down how it ended."""
    numbers = ("total", "done", "same", "refused", "undone", "kept")
    details = {"args": batch.args, **{name: getattr(batch, name) for name in numbers}}
    by = Principal.system(batch.workspace_id, batch.asked_by)
    audit.record(session, by, action, "batch", batch.id, details)
