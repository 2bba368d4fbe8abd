"""Tags: the list of all, what is suggested while one types, and changes to tags themselves."""

import uuid
from functools import partial
from typing import Any

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from lectern.errors import NotFound
from lectern.people.rights import Action
from lectern.taxonomy import tag_edits
from lectern.taxonomy import tags as tag_lists
from lectern.taxonomy.tag_edits import Done, Preview
from lectern.text import clean_text, tag_key
from web import changes, dialogs, htmx
from web.auth import allow
from web.extensions import db
from web.forms import Form

bp = Blueprint("tags", __name__, url_prefix="/tags")
EVENT = "tags-changed"


@bp.get("")
@allow(Action.SEE)
def index() -> ResponseReturnValue:
    """All tags, with how many files have each."""
    return render_template("tags/index.html", **_listing())


@bp.get("/list")
@allow(Action.SEE)
def show_list() -> ResponseReturnValue:
    """The list alone, for a search or an order."""
    listing = _listing()
    html = render_template("tags/_list.html", **listing)
    return htmx.fragment(html, address=url_for(".index", **listing["address"]))


@bp.get("/suggestions")
@allow(Action.SEE)
def show_suggestions() -> ResponseReturnValue:
    """The options of a field for tags: `q` is what is typed, `taken` (repeatable) what is there."""
    typed, taken = clean_text(request.args.get("q", "")), request.args.getlist("taken")
    found = tag_lists.suggest(db.session(), g.principal, typed, taken=taken)
    known = {tag_key(name) for name in [*taken, *(each.name for each in found)]}
    new = "" if tag_key(typed) in known else typed
    return htmx.fragment(render_template("tags/_suggestions.html", found=found, typed=new))


@bp.get("/change")
@allow(Action.MANAGE_TAGS)
def ask_change() -> ResponseReturnValue:
    """Ask for the name that one tag or several get; with a `name`, show what that changes."""
    form, plan = Form(request.args), _plan(request.args.getlist("tag"))
    if "name" not in form.values or request.args.get("back"):
        return dialogs.ask("tags/_change.html", form=form, plan=plan)
    ids = [tag.id for tag in plan.tags]
    found = form.attempt(partial(tag_edits.preview, db.session(), g.principal, ids, form["name"]))
    if found is None:
        plan = _plan(request.args.getlist("tag"))
        return dialogs.go_on("tags/_change.html", status=422, form=form, plan=plan)
    return dialogs.go_on("tags/_preview.html", form=form, plan=found)


@bp.post("/change")
@allow(Action.MANAGE_TAGS)
def change() -> ResponseReturnValue:
    """Give one tag a name, or make several one."""
    form, session, ids = Form(request.form), db.session(), _ids(request.form.getlist("tag"))
    work = partial(tag_edits.unite, merge=form["merge"] == "1", seen=request.form.getlist("seen"))
    done = form.attempt(partial(work, session, g.principal, ids, form["name"]))
    if done is None:
        plan = _plan(request.form.getlist("tag"))
        return dialogs.go_on("tags/_change.html", status=422, form=form, plan=plan)
    number = len(done.asset_ids)
    toast = ngettext(
        "“%(tag)s”: %(num)s file.", "“%(tag)s”: %(num)s files.", number, tag=done.after
    )
    return _done(done, toast)


@bp.get("/removal")
@allow(Action.MANAGE_TAGS)
def ask_removal() -> ResponseReturnValue:
    """Show what deleting tags changes."""
    return dialogs.ask("tags/_remove.html", form=Form(), plan=_plan(request.args.getlist("tag")))


@bp.post("/removal")
@allow(Action.MANAGE_TAGS)
def remove() -> ResponseReturnValue:
    """Take tags off all files, and away."""
    form, session, ids = Form(request.form), db.session(), _ids(request.form.getlist("tag"))
    work = partial(tag_edits.delete, seen=request.form.getlist("seen"))
    done = form.attempt(partial(work, session, g.principal, ids))
    if done is None:
        plan = _plan(request.form.getlist("tag"))
        return dialogs.go_on("tags/_remove.html", status=422, form=form, plan=plan)
    return _done(done, ngettext("Tag deleted.", "%(num)s tags deleted.", len(done.before)))


def _done(done: Done, toast: str) -> ResponseReturnValue:
    changes.commit(*done.asset_ids)
    return dialogs.done(url_for(".index"), event=EVENT, toast=toast)


def _plan(texts: list[str]) -> Preview:
    return tag_edits.preview(db.session(), g.principal, _ids(texts))


def _ids(texts: list[str]) -> list[uuid.UUID]:
    try:
        return [uuid.UUID(text) for text in texts]
    except ValueError as error:
        raise NotFound(_("Tag not found in this library.")) from error


def _listing() -> dict[str, Any]:
    text, order = request.args.get("q", ""), request.args.get("sort") or "name"
    page = request.args.get("page", default=1, type=int)
    tags, total = tag_lists.listing(db.session(), g.principal, text, order, page)
    shown = {"q": text, "sort": "" if order == "name" else order, "page": page if page > 1 else ""}
    return {
        "tags": tags,
        "total": total,
        "text": text,
        "order": order,
        "page": page,
        "pages": -(-total // tag_lists.PAGE),
        "address": {name: value for name, value in shown.items() if value},
    }
