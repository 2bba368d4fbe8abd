"""Saved searches: the forms that keep, change and forget them. They are shown among the places."""

import uuid
from functools import partial
from typing import Any

from flask import Blueprint, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lectern import search
from lectern.people.rights import Action
from lectern.search import saved_searches
from lectern.search.saved_searches import Saved
from web import dialogs
from web.auth import allow
from web.extensions import db
from web.forms import Form
from web.pages.library.sidebar import shown_query

bp = Blueprint("saved", __name__, url_prefix="/saved-searches")
EVENT = "places-changed"


@bp.get("/new")
@allow(Action.SEE)
def ask_name() -> ResponseReturnValue:
    """The form that keeps the filters of the address under a name."""
    return dialogs.ask("saved/_new.html", form=Form(), filters=_filters())


@bp.post("")
@allow(Action.SEE)
def create() -> ResponseReturnValue:
    """Keep the filters of the address under a name."""
    form, session, query = Form(request.form), db.session(), shown_query()
    shared = form["shared"] == "1"
    work = partial(saved_searches.create, shared=shared)
    saved = form.attempt(partial(work, session, g.principal, form["name"], query))
    if saved is None:
        return dialogs.go_on("saved/_new.html", status=422, form=form, filters=_filters())
    session.commit()
    toast = _("“%(name)s” saved.", name=saved.name)
    return dialogs.done(url_for("library.index", **_filters()), event=EVENT, toast=toast)


@bp.get("/<uuid:saved_id>/name")
@allow(Action.SEE)
def ask_rename(saved_id: uuid.UUID) -> ResponseReturnValue:
    """The form for another name, and for sharing."""
    return dialogs.ask("saved/_rename.html", form=Form(), saved=_saved(saved_id))


@bp.post("/<uuid:saved_id>/name")
@allow(Action.SEE)
def rename(saved_id: uuid.UUID) -> ResponseReturnValue:
    """Give it another name, share it, or keep it for oneself."""
    form, session = Form(request.form), db.session()
    seen, shared = form.values.get("seen"), form["shared"] == "1"
    work = partial(saved_searches.change, shared=shared, seen=seen)
    renamed = form.attempt(partial(work, session, g.principal, saved_id, form["name"]))
    if renamed is None:
        return dialogs.go_on("saved/_rename.html", status=422, form=form, saved=_saved(saved_id))
    session.commit()
    toast = _("“%(name)s” saved.", name=renamed.name)
    return dialogs.done(url_for("library.index"), event=EVENT, toast=toast)


@bp.get("/<uuid:saved_id>/filter")
@allow(Action.SEE)
def ask_filter(saved_id: uuid.UUID) -> ResponseReturnValue:
    """The form that keeps the filters of the address in place of those it has."""
    saved, filters = _saved(saved_id), _filters()
    return dialogs.ask("saved/_filter.html", form=Form(), saved=saved, filters=filters)


@bp.post("/<uuid:saved_id>/filter")
@allow(Action.SEE)
def replace(saved_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the filters of the address in place of those it has."""
    form, session, query = Form(request.form), db.session(), shown_query()
    work = partial(saved_searches.replace, seen=form.values.get("seen"))
    saved = form.attempt(partial(work, session, g.principal, saved_id, query))
    if saved is None:
        values = {"form": form, "saved": _saved(saved_id), "filters": _filters()}
        return dialogs.go_on("saved/_filter.html", status=422, **values)
    session.commit()
    toast = _("“%(name)s” updated to the current view.", name=saved.name)
    return dialogs.done(url_for("library.index", **_filters()), event=EVENT, toast=toast)


@bp.get("/<uuid:saved_id>/removal")
@allow(Action.SEE)
def ask_removal(saved_id: uuid.UUID) -> ResponseReturnValue:
    """Ask before forgetting it."""
    return dialogs.ask("saved/_remove.html", form=Form(), saved=_saved(saved_id))


@bp.post("/<uuid:saved_id>/removal")
@allow(Action.SEE)
def remove(saved_id: uuid.UUID) -> ResponseReturnValue:
    """Forget it; its files stay as they are."""
    form, session = Form(request.form), db.session()
    work = partial(saved_searches.delete, seen=form.values.get("seen"))
    name = form.attempt(partial(work, session, g.principal, saved_id))
    if name is None:
        saved = _saved(saved_id)
        return dialogs.go_on("saved/_remove.html", status=422, form=form, saved=saved)
    session.commit()
    toast = _("Search “%(name)s” deleted.", name=name)
    return dialogs.done(url_for("library.index"), event=EVENT, toast=toast)


def _saved(saved_id: uuid.UUID) -> Saved:
    return saved_searches.get(db.session(), g.principal, saved_id)


def _filters() -> dict[str, Any]:
    """The filters of the address, without what is no filter or means nothing."""
    return search.write(shown_query())
