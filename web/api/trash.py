"""The trash in JSON: what is removed from it is gone for good."""

import uuid

from flask import Blueprint, g
from flask.typing import ResponseReturnValue

from jobs import live
from lectern.integrity import purging
from lectern.people.rights import Action
from web import changes
from web.auth import allow
from web.extensions import db

bp = Blueprint("trash", __name__, url_prefix="/api/v1/trash")


@bp.delete("/<uuid:trashed_id>")
@allow(Action.PURGE)
def purge(trashed_id: uuid.UUID) -> ResponseReturnValue:
    """Delete for good what lies in the trash; 404 when it does not."""
    session, principal = db.session(), g.principal
    changes.retry_on_conflict(lambda: purging.purge(session, principal, trashed_id))
    changes.commit(trashed_id, event=live.REMOVED)
    return "", 204
