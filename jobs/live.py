"""Live events: what open pages are told after a commit, each declared once.

A message lost on the way costs freshness, not truth: pages also look again by themselves.
"""

import json
import logging
import uuid
from collections.abc import Collection
from typing import NamedTuple, Protocol

from redis.exceptions import RedisError

from jobs import broker, enqueue
from lectern.bulk import News, Started

log = logging.getLogger(__name__)

# Beyond this many cards, one refresh of each page is cheaper.
MOST_CARDS = 50


class Event(NamedTuple):
    """Something that open pages of a workspace hear of.

    `subject` is what it is about, `asset`, `upload` or `batch`: its payload is that thing's id.
    Pages get it as the JSON message `message`; without one they get the asset's card as HTML, or
    nothing. `triggers` are the events that `live-updates.js` then dispatches on the body, where
    fragments listen by `hx-trigger="NAME from:body"`; `ID` stands for the subject's id.

    Every signed-in member hears every event of the workspace, since ids tell nothing: the addresses
    of the fragments ask for their own rights.
    """

    name: str
    subject: str = ""
    message: str = ""
    triggers: tuple[str, ...] = ()


CHANGED = Event("changed", "asset", triggers=("asset-ID", "usage-changed"))
ADDED = Event("added", "asset", "asset-added", ("asset-ID", "library-total", "library-changed"))
REMOVED = Event("removed", "asset", triggers=("asset-ID", "library-total"))
# A step of the asset has come further, and its card is as it was.
PROGRESS = Event("progress", "asset", "progress", ("progress-ID",))
UPLOAD = Event("upload", "upload", "upload", ("upload-changed",))
# A bulk change or an import has moved on, or its undo.
BATCH = Event("batch", "batch", "batch", ("batch-ID",))
# So much has changed, or may have been missed, that each page fetches what it shows.
REFRESH = Event("refresh", "", "refresh", ("live-refresh", "library-changed", "asset-ID"))
NOTICE = Event("notice", "", "notice", ("notice",))
# Some session of the workspace has ended: its sockets are closed.
SIGNED_OUT = Event("signed-out")

EVENTS = {
    event.name: event
    for event in (
        *(CHANGED, ADDED, REMOVED, PROGRESS, UPLOAD, BATCH),
        *(REFRESH, NOTICE, SIGNED_OUT),
    )
}


class Subjects(Protocol):
    """What a task or its claim is about."""

    @property
    def workspace_id(self) -> uuid.UUID: ...
    @property
    def asset_id(self) -> uuid.UUID | None: ...
    @property
    def upload_id(self) -> uuid.UUID | None: ...
    @property
    def batch_id(self) -> uuid.UUID | None: ...


def publish(workspace_id: uuid.UUID, event: Event, subject_id: uuid.UUID | None = None) -> None:
    """Tell the open pages of a workspace, after the commit."""
    if (subject_id is None) == bool(event.subject):
        raise ValueError(f"The event {event.name} is about: {event.subject or 'nothing'}.")
    subject = {event.subject: str(subject_id)} if event.subject else {}
    try:
        broker.connection().publish(
            broker.channel(workspace_id), json.dumps({"event": event.name, **subject})
        )
    except RedisError as error:
        log.warning("live news was not sent: %s", error)


def publish_assets(workspace_id: uuid.UUID, event: Event, asset_ids: Collection[uuid.UUID]) -> None:
    """Tell of an event for each of these assets, or of one refresh where they are many."""
    if len(asset_ids) > MOST_CARDS:
        publish(workspace_id, REFRESH)
    else:
        for asset_id in asset_ids:
            publish(workspace_id, event, asset_id)


def read(data: bytes) -> tuple[Event, uuid.UUID | None]:
    """What `publish` sent.

    Raises:
        ValueError: it is nothing of the kind.
    """
    try:
        content = json.loads(data)
        event = EVENTS[content["event"]]
        return event, uuid.UUID(content[event.subject]) if event.subject else None
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("This is no live event.") from error


def message(event: Event, subject_id: uuid.UUID | None = None) -> str:
    """What pages are sent of an event that has a message."""
    subject = {event.subject: str(subject_id)} if event.subject else {}
    return json.dumps({"event": event.message, **subject})


def publish_task(task: Subjects, event: Event = CHANGED) -> None:
    """A task has moved on: `event` for its asset, and what it means for an upload or a batch."""
    if task.asset_id:
        publish(task.workspace_id, event, task.asset_id)
    if task.upload_id:
        publish(task.workspace_id, UPLOAD, task.upload_id)
    if task.batch_id:
        publish(task.workspace_id, BATCH, task.batch_id)


def batch_started(started: Started) -> None:
    """A batch was begun or undone in a request: wake its worker, or tell what it changed."""
    if started.task is not None:
        enqueue.notify([started.task])
    batch_moved(started.news)


def batch_moved(news: News) -> None:
    """A batch has moved on, and assets with it."""
    enqueue.notify(news.due)
    publish(news.workspace_id, BATCH, news.batch_id)
    publish_assets(news.workspace_id, EVENTS[news.event], news.assets)
