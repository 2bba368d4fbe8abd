"""The inbox: what machines propose, with the evidence, and what people decide about it."""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from jobs import live
from lectern import values
from lectern.models import Proposal
from lectern.people.rights import Action, can
from lectern.proposals import accepting, proposals
from lectern.proposals.kinds import KINDS
from lectern.proposals.proposals import OPEN, STATES, Filter
from web import htmx
from web.auth import allow
from web.extensions import db
from web.pages.versions.diffs import diff

bp = Blueprint("proposals", __name__, url_prefix="/proposals")
PAGE = 30
# The fields of a kind's form, which make the edited payload.
PREFIX = "payload."


@bp.get("")
@allow(Action.SEE)
def index() -> ResponseReturnValue:
    """The inbox, through the filters of the address."""
    return render_template("proposals/index.html", **_page())


@bp.get("/list")
@allow(Action.SEE)
def show_list() -> ResponseReturnValue:
    """The list alone, for another filter; with `cursor` its continuation."""
    part = "proposals/_items.html" if request.args.get("cursor") else "proposals/_list.html"
    return htmx.fragment(render_template(part, **_page()))


@bp.post("/<uuid:proposal_id>/acceptance")
@allow(Action.EDIT)
def accept(proposal_id: uuid.UUID) -> ResponseReturnValue:
    """Carry it out."""
    return _decide(accepting.accept, proposal_id, gettext("Accepted."))


@bp.post("/<uuid:proposal_id>/edition")
@allow(Action.EDIT)
def edit(proposal_id: uuid.UUID) -> ResponseReturnValue:
    """Carry out what the person made of it."""
    payload = {
        name.removeprefix(PREFIX): text
        for name, text in request.form.items()
        if name.startswith(PREFIX)
    }
    change = partial(accepting.edit, payload=payload)
    return _decide(change, proposal_id, gettext("Accepted as edited."))


@bp.post("/<uuid:proposal_id>/refusal")
@allow(Action.EDIT)
def refuse(proposal_id: uuid.UUID) -> ResponseReturnValue:
    """Have it never proposed again."""
    change = partial(accepting.refuse, reason=request.form.get("reason", ""))
    return _decide(change, proposal_id, gettext("Rejected. It will not be suggested again."))


@bp.post("/<uuid:proposal_id>/undoing")
@allow(Action.EDIT)
def undo(proposal_id: uuid.UUID) -> ResponseReturnValue:
    """Put back what it changed; it is open again."""
    return _decide(accepting.undo, proposal_id, gettext("Undone."))


def _decide(
    decide: Callable[..., Proposal], proposal_id: uuid.UUID, toast: str
) -> ResponseReturnValue:
    session = db.session()
    row = decide(session, g.principal, proposal_id)
    session.commit()
    if row.asset_id is not None:
        live.publish(row.workspace_id, live.CHANGED, row.asset_id)
    if not htmx.wants_fragment():
        return redirect(url_for(".index", asset=row.asset_id), code=303)
    html = render_template("proposals/_proposal.html", row=row, **_words())
    return htmx.fragment(html, toast=toast)


def _page() -> dict[str, Any]:
    filters = {name: request.args.get(name, "") for name in ("kind", "state", "asset")}
    filters["state"] = filters["state"] or OPEN
    asset = filters["asset"]
    wanted = Filter(
        kind=filters["kind"] or None,
        state=None if filters["state"] == "all" else filters["state"],
        asset_id=values.parameter("asset", asset, values.identifier) if asset else None,
    )
    session = db.session()
    page = proposals.list_of(session, g.principal, wanted, request.args.get("cursor"), PAGE)
    shown = {name: text for name, text in filters.items() if text}
    return {
        "page": page,
        "total": proposals.total(session, g.principal, wanted),
        "filters": shown,
        "kinds": list(KINDS),
        **_words(),
    }


def _words() -> dict[str, Any]:
    """What templates of one proposal need besides it."""
    return {"diff": diff, "states": STATES, "may_decide": _may_decide}


def _may_decide(row: Proposal) -> bool:
    return can(g.principal, KINDS[row.kind].right, row.asset)
