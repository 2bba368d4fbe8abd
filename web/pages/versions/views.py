"""The versions of one file: opened, compared, noted, brought back."""

import uuid
from functools import partial

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lectern.errors import NotFound
from lectern.library import assets, rollback, versions
from lectern.people.rights import Action, require
from web import changes, dialogs, htmx
from web.auth import allow
from web.extensions import db, storage
from web.forms import Form
from web.pages.assets.page import AssetPage

bp = Blueprint("versions", __name__, url_prefix="/assets/<uuid:asset_id>/versions")


@bp.get("/<int:number>")
@allow(Action.SEE)
def show(asset_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """One version, to play and to look at."""
    page = _page(asset_id)
    return render_template("versions/show.html", page=page, row=page.versions.row(number))


@bp.get("/comparison")
@allow(Action.SEE)
def compare(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Two versions side by side: by default the current one and the one before."""
    page, form = _page(asset_id), Form(request.args)
    numbers = [row.number for row in page.versions.all]
    right = _number(form, "right") or page.asset.version_number
    left = _number(form, "left") or next((each for each in numbers if each != right), right)
    rows = [page.versions.row(min(number, 1 << 31)) for number in (left, right)]
    return render_template("versions/compare.html", page=page, left=rows[0], right=rows[1])


@bp.get("/<int:number>/note")
@allow(Action.EDIT)
def ask_note(asset_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """The form for what is to be known about one version."""
    page = _page(asset_id)
    require(g.principal, Action.EDIT, page.asset)
    row = page.versions.row(number)
    return dialogs.ask("versions/_note.html", form=Form(), page=page, row=row)


@bp.post("/<int:number>/note")
@allow(Action.EDIT)
def note(asset_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """Keep the note."""
    session, asset = db.session(), assets.get(db.session(), g.principal, asset_id)
    versions.note(session, g.principal, asset, number, request.form.get("note", ""))
    changes.commit(asset_id)
    return dialogs.done(_panel(asset_id), event="asset-changed", toast=gettext("Saved."))


@bp.get("/<int:number>/rollback")
@allow(Action.EDIT)
def ask_rollback(asset_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """What would change if this version came back."""
    page = _page(asset_id)
    require(g.principal, Action.EDIT, page.asset)
    row = page.versions.row(number)
    return dialogs.ask("versions/_rollback.html", form=Form(), page=page, row=row)


@bp.post("/<int:number>/rollback")
@allow(Action.EDIT)
def roll_back(asset_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """Bring it back, unless the file has changed since the person looked."""
    session, form = db.session(), Form(request.form)
    asset = assets.get(session, g.principal, asset_id)
    work = partial(rollback.roll_back, storage=storage(), expected=form.number("seen"))
    if form.attempt(lambda: work(session, g.principal, asset, number)) is None:
        page = _page(asset_id)
        row = page.versions.row(number)
        return dialogs.go_on("versions/_rollback.html", status=409, form=form, page=page, row=row)
    changes.commit(asset_id)
    return htmx.go_to(url_for("assets.show", asset_id=asset_id))


def _number(form: Form, name: str) -> int | None:
    """The version that the address names; None where it names none."""
    number = form.number(name)
    if form[name] and number is None:
        raise NotFound(gettext("Version not found."))
    return number


def _page(asset_id: uuid.UUID) -> AssetPage:
    session = db.session()
    return AssetPage(session, g.principal, assets.get(session, g.principal, asset_id))


def _panel(asset_id: uuid.UUID) -> str:
    return url_for("assets.show", asset_id=asset_id, _anchor="versions")
