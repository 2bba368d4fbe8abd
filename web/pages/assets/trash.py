"""Deleting for good: asked with the password, because nothing brings it back."""

import uuid

from flask import Blueprint, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from jobs import live
from lectern.errors import NotFound
from lectern.integrity import purging
from lectern.library import assets, versions
from lectern.models import Asset
from lectern.people import passwords
from lectern.people.rights import Action
from web import changes, dialogs, htmx
from web.auth import allow
from web.extensions import db
from web.forms import Form

bp = Blueprint("trash", __name__, url_prefix="/trash/<uuid:trashed_id>")
PART = "versions/_purge.html"


@bp.get("/purge")
@allow(Action.PURGE)
def ask(trashed_id: uuid.UUID) -> ResponseReturnValue:
    """What would go, and the question for the password."""
    asset = _trashed(trashed_id)
    return dialogs.ask(PART, form=Form(), asset=asset, held=versions.held(db.session(), asset))


@bp.post("/purge")
@allow(Action.PURGE)
def purge(trashed_id: uuid.UUID) -> ResponseReturnValue:
    """Delete it for good, if the password is right."""
    session, form, asset = db.session(), Form(request.form), _trashed(trashed_id)
    principal = g.principal
    if not passwords.confirmed(session, principal, form.secret("password")):
        session.commit()  # a wrong password is counted
        form.errors["password"] = gettext("Incorrect password.")
        held = versions.held(session, asset)
        return dialogs.go_on(PART, status=422, form=form, asset=asset, held=held)
    changes.retry_on_conflict(lambda: purging.purge(session, principal, trashed_id))
    changes.commit(trashed_id, event=live.REMOVED)
    return htmx.go_to(url_for("library.index", trashed=1))


def _trashed(trashed_id: uuid.UUID) -> Asset:
    asset = assets.get(db.session(), g.principal, trashed_id)
    if asset.live:
        raise NotFound(purging.MISSING)
    return asset
