"""Files of equal bytes side by side, merged into one, and taken apart again."""

import uuid
from collections.abc import Iterable
from functools import partial

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from jobs import live
from lectern import duplicates as joining
from lectern import values
from lectern.duplicates import dismissed, exact
from lectern.duplicates.dismissed import Pair
from lectern.errors import Invalid
from lectern.people.rights import Action
from web import dialogs, htmx, merges
from web.auth import allow
from web.extensions import db
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
    work = partial(merges.insist, lambda: merges.merge(keep[0], values.identifiers(chosen)))
    row = form.attempt(work) if keep else None
    if row is None:
        form.errors = form.errors or {"keep": gettext("Choose the file that stays.")}
        return dialogs.go_on(PART, status=422, form=form, offer=None)
    db.session().commit()
    merges.publish(row, live.REMOVED)
    if not htmx.wants_fragment():
        return redirect(url_for(".show_merge", merge_id=row.id), code=303)
    number = len(row.merged)
    words = ngettext("Merged %(num)d file.", "Merged %(num)d files.", number)
    undoing = url_for(".undo", merge_id=row.id)
    return htmx.fragment("", status=204, event=EVENT, toast=words, undo=undoing)


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
    change = dismissed.take_back if undoing else dismissed.call_different
    change(session, g.principal, *two)
    session.commit()
    if not htmx.wants_fragment():
        return redirect(url_for(".index"), code=303)
    if undoing:
        return htmx.fragment("", status=204, event=EVENT, toast=gettext("Undone."))
    back = url_for(".call_different", undo=1, file=[str(each) for each in two])
    return htmx.fragment("", event=EVENT, toast=gettext("Not shown again."), undo=back, status=204)


@bp.get("/merges/<uuid:merge_id>")
@allow(Action.SEE)
def show_merge(merge_id: uuid.UUID) -> ResponseReturnValue:
    """What one merge did, and what became of it."""
    row = joining.get(db.session(), g.principal, merge_id)
    return render_template("duplicates/merged.html", page=MergePage(db.session(), g.principal, row))


@bp.post("/merges/<uuid:merge_id>/undo")
@allow(Action.RESTORE)
def undo(merge_id: uuid.UUID) -> ResponseReturnValue:
    """Give every file back what was its own."""
    session = db.session()
    row = merges.insist(lambda: joining.undo(session, g.principal, merge_id))
    session.commit()
    merges.publish(row, live.ADDED)
    if not htmx.wants_fragment() or row.stayed:
        # What stayed as it is wants more words than a toast has.
        return htmx.go_to(url_for(".show_merge", merge_id=merge_id))
    number = len(row.merged)
    words = ngettext("Undone: %(num)d file is back.", "Undone: %(num)d files are back.", number)
    return htmx.fragment("", toast=words, event=EVENT)


def _groups() -> dict[str, object]:
    found = exact.groups(db.session(), g.principal, request.args.get("cursor"), PAGE)
    return {"views": [GroupView(g.principal, each) for each in found.items], "next": found.next}


def _near() -> list[Pair]:
    return dismissed.undecided(db.session(), g.principal, PAGE)


def _offer(merge: Iterable[str], keep: str | None) -> Offer:
    chosen = values.identifiers([keep or ""])
    if not chosen:
        message = gettext("Choose the file that stays.")
        raise Invalid(message, {"keep": message})
    return Offer(joining.foresee(db.session(), g.principal, chosen[0], values.identifiers(merge)))
