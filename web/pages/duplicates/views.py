"""Files of equal bytes side by side, merged into one, and taken apart again."""

import uuid
from collections.abc import Iterable
from functools import partial

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from jobs import live
from lectern import duplicates, values
from lectern.duplicates import dismissed, exact
from lectern.duplicates.dismissed import Pair
from lectern.errors import Invalid
from lectern.people.rights import Action
from web import changes, dialogs, htmx
from web.auth import allow
from web.extensions import db, settings
from web.forms import Form
from web.pages.duplicates.page import GroupView, MergePage, Offer

bp = Blueprint("duplicates", __name__)
PAGE = 20
PART = "duplicates/_merge.html"
EVENT = "duplicates-changed"


@bp.get("/duplicates")
@allow(Action.SEE)
def index() -> ResponseReturnValue:
    """All groups, those whose copies would weigh most first."""
    total = exact.total(db.session(), g.principal)
    pairs = [] if request.args.get("cursor") else _near()
    return render_template("duplicates/index.html", total=total, pairs=pairs, **_groups())


@bp.get("/duplicates/groups")
@allow(Action.SEE)
def show_groups() -> ResponseReturnValue:
    """The groups after the cursor, or all of them anew."""
    cursor = request.args.get("cursor")
    part = "duplicates/_items.html" if cursor else "duplicates/_groups.html"
    return htmx.fragment(render_template(part, **_groups()))


@bp.get("/duplicates/of/<uuid:asset_id>")
@allow(Action.SEE)
def show(asset_id: uuid.UUID) -> ResponseReturnValue:
    """The copies of one file."""
    group = exact.group_of(db.session(), g.principal, asset_id)
    view = GroupView(g.principal, group)
    return render_template("duplicates/show.html", view=view, asset_id=asset_id)


@bp.get("/duplicates/merge")
@allow(Action.EDIT)
def ask() -> ResponseReturnValue:
    """What merging would do, or why it cannot be, before anything is done."""
    form = Form()
    offer = form.attempt(lambda: _offer(request.args.getlist("merge"), request.args.get("keep")))
    return dialogs.ask(PART, form=form, offer=offer)


@bp.post("/duplicates/merge")
@allow(Action.EDIT)
def merge() -> ResponseReturnValue:
    """Merge, and offer to undo it."""
    form, chosen = Form(request.form), request.form.getlist("merge")
    keep = values.identifiers([form["keep"]])
    work = partial(duplicates.merge, db.session(), g.principal, days=settings().trash_days)
    once = partial(changes.retry_on_conflict, lambda: work(keep[0], values.identifiers(chosen)))
    row = form.attempt(once) if keep else None
    if row is None:
        form.errors = form.errors or {"keep": gettext("Choose the file to keep.")}
        return dialogs.go_on(PART, status=422, form=form, offer=None)
    db.session().commit()
    changes.notify_merge(row, live.REMOVED)
    toast = ngettext("Merged %(num)d file.", "Merged %(num)d files.", len(row.merged))
    url, undoing = (url_for(name, merge_id=row.id) for name in (".show_merge", ".undo"))
    return changes.reply(url, event=EVENT, toast=toast, undo=undoing)


@bp.get("/duplicates/near")
@allow(Action.SEE)
def show_near() -> ResponseReturnValue:
    """Files that are mostly the same, two by two."""
    return htmx.fragment(render_template("duplicates/_near.html", pairs=_near()))


@bp.post("/duplicates/differences")
@allow(Action.EDIT)
def call_different() -> ResponseReturnValue:
    """Two files are different; with `undo`, they may be the same after all."""
    session, two = db.session(), values.identifiers(request.values.getlist("file"))
    if len(two) != 2:
        message = gettext("Choose two files.")
        raise Invalid(message, {"file": message})
    undoing = request.args.get("undo") == "1"
    work = dismissed.take_back if undoing else dismissed.call_different
    work(session, g.principal, *two)
    changes.commit()
    toast = gettext("Undone.") if undoing else gettext("Marked as different.")
    back = url_for(".call_different", undo=1, file=[str(each) for each in two])
    return changes.reply(
        url_for(".index"), event=EVENT, toast=toast, undo=None if undoing else back
    )


@bp.get("/merges/<uuid:merge_id>")
@allow(Action.SEE)
def show_merge(merge_id: uuid.UUID) -> ResponseReturnValue:
    """What one merge did, and what became of it."""
    row = duplicates.get(db.session(), g.principal, merge_id)
    return render_template("duplicates/merged.html", page=MergePage(db.session(), g.principal, row))


@bp.post("/merges/<uuid:merge_id>/undo")
@allow(Action.RESTORE)
def undo(merge_id: uuid.UUID) -> ResponseReturnValue:
    """Give every file back what was its own."""
    session = db.session()
    row = changes.retry_on_conflict(lambda: duplicates.undo(session, g.principal, merge_id))
    session.commit()
    changes.notify_merge(row, live.ADDED)
    if not htmx.wants_fragment() or row.stayed:
        # What stayed as it is wants more words than a toast has.
        return htmx.go_to(url_for(".show_merge", merge_id=merge_id))
    number = len(row.merged)
    words = ngettext("Undone: %(num)d file restored.", "Undone: %(num)d files restored.", number)
    return htmx.fragment("", toast=words, event=EVENT)


def _groups() -> dict[str, object]:
    found = exact.groups(db.session(), g.principal, request.args.get("cursor"), PAGE)
    return {"views": [GroupView(g.principal, each) for each in found.items], "next": found.next}


def _near() -> list[Pair]:
    return dismissed.undecided(db.session(), g.principal, PAGE)


def _offer(merge: Iterable[str], keep: str | None) -> Offer:
    chosen = values.identifiers([keep or ""])
    if not chosen:
        message = gettext("Choose the file to keep.")
        raise Invalid(message, {"keep": message})
    return Offer(
        duplicates.preview(db.session(), g.principal, chosen[0], values.identifiers(merge))
    )
