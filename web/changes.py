"""After a change: commit it, wake workers, tell open pages, and answer whoever made it.

A view that changes something ends with `commit`, then `reply` (or an answer of its own):

    changes.commit(asset.id, tasks=[task])
    return changes.reply(url, lambda: render_template("assets/_posters.html", page=page))
"""

import uuid
from collections.abc import Callable, Iterable
from typing import TypeVar

from flask import g, redirect
from flask.typing import ResponseReturnValue

from jobs import enqueue, live
from jobs.enqueue import Runnable
from jobs.live import Event
from lectern.courses import changed
from lectern.database import retry
from lectern.models import Merge
from lectern.pipeline import due
from web import htmx
from web.extensions import db

T = TypeVar("T")


def commit(
    *asset_ids: uuid.UUID,
    event: Event = live.CHANGED,
    tasks: Iterable[Runnable] = (),
    wake: bool = False,
) -> None:
    """Commit the request's transaction, then `notify` of it.

    `tasks` are enqueued, and with `wake` whatever is due for the assets.
    """
    session = db.session()
    session.commit()
    enqueue.notify(tasks)
    if wake:
        for asset_id in asset_ids:
            enqueue.notify(due.of_asset(session, g.principal.workspace_id, asset_id))
    notify(*asset_ids, event=event)


def notify(*asset_ids: uuid.UUID, event: Event = live.CHANGED) -> None:
    """Tell open pages of `event` for these assets, and which other assets' usages have changed."""
    workspace_id = g.principal.workspace_id
    live.publish_assets(workspace_id, event, asset_ids)
    live.publish_assets(workspace_id, live.CHANGED, changed.take(db.session()) - set(asset_ids))


def notify_merge(row: Merge, event: Event) -> None:
    """Tell open pages of a merge, after its commit: its files are gone, or back after its undo."""
    merged = {part.asset_id for part in row.merged}
    changed.note(db.session(), {row.kept_id})
    notify(*merged, event=event)


def reply(
    url: str,
    render: Callable[[], str] | None = None,
    *,
    toast: str = "",
    undo: str | None = None,
    event: str | None = None,
) -> ResponseReturnValue:
    """Answer with the fragment that `render` makes; without htmx, lead to `url`.

    Without `render` nothing is swapped. `toast`, `undo` and `event` are those of `htmx.fragment`.
    """
    if not htmx.wants_fragment():
        return redirect(url, code=303)
    html, status = (render(), 200) if render else ("", 204)
    return htmx.fragment(html, toast=toast, undo=undo, event=event, status=status)


def retry_on_conflict(work: Callable[[], T]) -> T:
    """Do `work` in the request's transaction, begun anew where another's commit crossed it."""
    return retry.retry_on_conflict(work, db.session().rollback)
