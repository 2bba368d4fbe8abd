"""Folders: the forms that make, rename, move and delete them. They are shown among the places."""

import uuid
from functools import partial

from flask import Blueprint, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lectern.errors import NotFound
from lectern.people.rights import Action
from lectern.taxonomy import folder_edits
from lectern.taxonomy.folders import Node, every, tree
from web import changes, dialogs
from web.auth import allow
from web.extensions import db
from web.forms import Form

bp = Blueprint("folders", __name__, url_prefix="/folders")
EVENT = "places-changed"


@bp.get("/new")
@bp.get("/<uuid:folder_id>/new")
@allow(Action.MANAGE_TAGS)
def ask_name(folder_id: uuid.UUID | None = None) -> ResponseReturnValue:
    """The form for a new folder, inside of one or at the top."""
    parent = _node(folder_id) if folder_id else None
    return dialogs.ask("folders/_new.html", form=Form(), parent=parent)


@bp.post("")
@allow(Action.MANAGE_TAGS)
def create() -> ResponseReturnValue:
    """Make a folder."""
    form, session = Form(request.form), db.session()
    parent = _parent(form["parent"])
    parent_id = parent.id if parent else None
    folder = form.attempt(
        partial(folder_edits.create, session, g.principal, parent_id, form["name"])
    )
    if folder is None:
        return dialogs.go_on("folders/_new.html", status=422, form=form, parent=parent)
    session.commit()
    toast = _("Folder “%(name)s” created.", name=folder.name)
    return dialogs.done(_library(folder.id), event=EVENT, toast=toast)


@bp.get("/<uuid:folder_id>/name")
@allow(Action.MANAGE_TAGS)
def ask_rename(folder_id: uuid.UUID) -> ResponseReturnValue:
    """The form for another name."""
    return dialogs.ask("folders/_rename.html", form=Form(), folder=_node(folder_id), here=_here())


@bp.post("/<uuid:folder_id>/name")
@allow(Action.MANAGE_TAGS)
def rename(folder_id: uuid.UUID) -> ResponseReturnValue:
    """Give the folder another name."""
    form, session, folder = Form(request.form), db.session(), _node(folder_id)
    work = partial(folder_edits.rename, seen=form.values.get("seen"))
    renamed = form.attempt(partial(work, session, g.principal, folder_id, form["name"]))
    if renamed is None:
        folder, here = _node(folder_id), form["here"]
        return dialogs.go_on(
            "folders/_rename.html", status=422, form=form, folder=folder, here=here
        )
    session.commit()
    toast = _("Folder renamed to “%(name)s”.", name=renamed.name)
    leave = _shown(folder, form["here"])
    return dialogs.done(_library(folder_id), event=EVENT, toast=toast, leave=leave)


@bp.get("/<uuid:folder_id>/place")
@allow(Action.MANAGE_TAGS)
def ask_place(folder_id: uuid.UUID) -> ResponseReturnValue:
    """The form for where to move it."""
    folder = _node(folder_id)
    choices = _choices(folder)
    return dialogs.ask(
        "folders/_move.html", form=Form(), folder=folder, choices=choices, here=_here()
    )


@bp.post("/<uuid:folder_id>/place")
@allow(Action.MANAGE_TAGS)
def move(folder_id: uuid.UUID) -> ResponseReturnValue:
    """Put the folder into another one, or to the top."""
    form, session, folder = Form(request.form), db.session(), _node(folder_id)
    parent = _parent(form["parent"])
    work = partial(folder_edits.move, seen=form.values.get("seen"))
    parent_id = parent.id if parent else None
    if form.attempt(partial(work, session, g.principal, folder_id, parent_id)) is None:
        folder, here = _node(folder_id), form["here"]
        values = {"form": form, "folder": folder, "choices": _choices(folder), "here": here}
        # What was dropped had no form yet that the refusal could be shown in.
        show = dialogs.ask if form["dropped"] else dialogs.go_on
        return show("folders/_move.html", status=422, **values)
    session.commit()
    if parent:
        toast = _("“%(name)s” moved to “%(path)s”.", name=folder.name, path=parent.path)
    else:
        toast = _("“%(name)s” moved to the top level.", name=folder.name)
    leave = _shown(folder, form["here"])
    return dialogs.done(_library(folder_id), event=EVENT, toast=toast, leave=leave)


@bp.get("/<uuid:folder_id>/removal")
@allow(Action.MANAGE_TAGS)
def ask_removal(folder_id: uuid.UUID) -> ResponseReturnValue:
    """What would move where if the folder went."""
    plan = folder_edits.removal(db.session(), g.principal, folder_id)
    return dialogs.ask("folders/_remove.html", form=Form(), plan=plan, here=_here())


@bp.post("/<uuid:folder_id>/removal")
@allow(Action.MANAGE_TAGS)
def remove(folder_id: uuid.UUID) -> ResponseReturnValue:
    """Take the folder away; what is in it moves up."""
    form, session = Form(request.form), db.session()
    plan = folder_edits.removal(session, g.principal, folder_id)
    work = partial(folder_edits.delete, seen=form.values.get("seen"))
    gone = form.attempt(partial(work, session, g.principal, folder_id))
    if gone is None:
        plan, here = folder_edits.removal(session, g.principal, folder_id), form["here"]
        return dialogs.go_on("folders/_remove.html", status=422, form=form, plan=plan, here=here)
    changes.commit(*gone.asset_ids)
    url = _library(plan.parent.id if plan.parent else None)
    toast = _("Folder “%(name)s” deleted. Its files are kept.", name=plan.folder.name)
    return dialogs.done(url, event=EVENT, toast=toast, leave=_shown(plan.folder, form["here"]))


def _node(folder_id: uuid.UUID) -> Node:
    return folder_edits.node(db.session(), g.principal, folder_id)


def _parent(text: str) -> Node | None:
    """The folder named by an id from a form; None for the top."""
    if not text:
        return None
    try:
        return _node(uuid.UUID(text))
    except ValueError as error:
        raise NotFound(folder_edits.MISSING) from error


def _choices(folder: Node) -> list[Node]:
    """Where it may go: anywhere but into itself."""
    own = {node.id for node in folder.below()}
    return [each for each in every(tree(db.session(), g.principal)) if each.id not in own]


def _here() -> str:
    """The folder that the page behind the dialog shows, by id or path."""
    return request.args.get("folder", "")


def _shown(folder: Node, here: str) -> bool:
    return here in {str(folder.id), folder.path}


def _library(folder_id: uuid.UUID | None) -> str:
    return url_for("library.index", folder=folder_id)
