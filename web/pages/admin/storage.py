"""What the storage holds, for owners, and what could go."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lectern.errors import Invalid
from lectern.integrity import storage_totals
from lectern.people.rights import Action
from lectern.search import selections
from web.auth import allow
from web.extensions import db
from web.forms import Form
from web.pages.admin.storage_page import StoragePage

bp = Blueprint("storage", __name__, url_prefix="/storage")


@bp.get("")
@allow(Action.SEE_STORAGE)
def index() -> ResponseReturnValue:
    """Everything at a glance."""
    totals = storage_totals.get(db.session(), g.principal)
    return render_template("storage/index.html", page=StoragePage(totals))


@bp.post("/unused")
@allow(Action.SEE_STORAGE)
def review() -> ResponseReturnValue:
    """Select what nobody has used for so long, and show it in the library."""
    session, months = db.session(), Form(request.form).number("months")
    if months not in storage_totals.MONTHS:
        raise Invalid("Choose one of the listed periods.", {"months": "Choose one."})
    chosen = selections.begin(session, g.principal, "library")
    selections.clear(session, g.principal, chosen)
    selections.add(
        session, g.principal, chosen, storage_totals.unused(session, g.principal, months)
    )
    session.commit()
    return redirect(url_for("library.index", usage="unused", sort="-size"), code=303)
