"""How far files are: the workspace's processing page, the steps of one file, a person's notices."""

import uuid

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from jobs import workers
from lectern.library import assets, progress
from lectern.people.rights import Action, can
from lectern.pipeline import notices, registry
from lectern.pipeline.registry import Step
from web import changes, htmx
from web.auth import allow
from web.extensions import db
from web.pages.uploads.views import open_uploads

bp = Blueprint("processing", __name__)
STEP = f"/assets/<uuid:asset_id>/steps/<any({', '.join(registry.RULES)}):part>"


@bp.get("/processing")
@allow(Action.SEE)
def index() -> ResponseReturnValue:
    """What is running, in line, waiting and failed; the list alone when it asks again."""
    overview = progress.overview(db.session(), g.principal)
    name = "processing/_lists.html" if htmx.wants_fragment() else "processing/index.html"
    return render_template(name, overview=overview, crews=workers.crews())


@bp.post(f"{STEP}/cancelling")
@allow(Action.EDIT)
def cancel(asset_id: uuid.UUID, part: str) -> ResponseReturnValue:
    """Stop a step."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    progress.cancel(session, g.principal, asset, Step.named(part))
    changes.commit(asset_id)
    return _after(asset_id, gettext("Stopped."))


@bp.post(f"{STEP}/retrying")
@allow(Action.EDIT)
def again(asset_id: uuid.UUID, part: str) -> ResponseReturnValue:
    """Try a failed, stopped or waiting step again."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    progress.again(session, g.principal, asset, Step.named(part))
    changes.commit(asset_id, wake=True)
    return _after(asset_id, gettext("Queued again."))


@bp.get("/notices")
@allow(Action.SEE)
def show_notices() -> ResponseReturnValue:
    """The principal's notices: as a panel, or as a page."""
    shown = notices.latest(db.session(), g.principal)
    name = "notices/_list.html" if htmx.wants_fragment() else "notices/index.html"
    return render_template(name, notices=shown)


@bp.get("/notices/count")
@allow(Action.SEE)
def count_notices() -> ResponseReturnValue:
    """The bell, with how many notices are unread; `uploads=1` adds the unfinished uploads."""
    count = notices.unread(db.session(), g.principal)
    label = (
        ngettext("%(num)d new notification", "%(num)d new notifications", count) if count else ""
    )
    html = render_template("notices/_count.html", count=count, label=label)
    if request.args.get("uploads") and can(g.principal, Action.UPLOAD):
        html += open_uploads([], oob=True)
    return html


@bp.post("/notices/reading")
@allow(Action.SEE)
def read_notices() -> ResponseReturnValue:
    """Mark all of the principal's notices as read."""
    session = db.session()
    notices.read_all(session, g.principal)
    changes.commit()
    latest = notices.latest(session, g.principal)
    return changes.reply(
        url_for(".show_notices"),
        lambda: render_template("notices/_list.html", notices=latest),
        event="notice",
    )


def _after(asset_id: uuid.UUID, toast: str) -> ResponseReturnValue:
    back = request.form.get("from") == "processing"
    url = url_for(".index") if back else url_for("assets.show", asset_id=asset_id)
    return changes.reply(url, toast=toast, event=f"asset-{asset_id}")
