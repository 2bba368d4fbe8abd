"""The members of the workspace: adding, their roles, removal."""

import secrets
import uuid

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lectern.errors import Invalid
from lectern.models import Role, Workspace
from lectern.people import members, users
from lectern.people.rights import Action
from web.auth import allow
from web.extensions import db
from web.forms import Form

bp = Blueprint("members", __name__, url_prefix="/members")
# Three groups of four from 31 letters: 59 bits, easy to read out to somebody.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@bp.get("")
@allow(Action.MANAGE_MEMBERS)
def index() -> ResponseReturnValue:
    """Who is in the workspace."""
    return _page(Form())


@bp.post("")
@allow(Action.MANAGE_MEMBERS)
def add() -> ResponseReturnValue:
    """Add a person; a new account gets a password that is shown once."""
    form, session = Form(request.form), db.session()
    slug = session.get_one(Workspace, g.principal.workspace_id).slug
    password = None if users.find(session, form["email"]) else _one_time_password()
    added = form.attempt(
        lambda: users.add(
            session,
            email=form["email"],
            name=form["name"] or None,
            role=form["role"],
            workspace_slug=slug,
            password=password,
            by=g.principal,
        )
    )
    session.commit()
    return _page(Form() if added else form, added=added, password=password)


@bp.post("/<uuid:user_id>/role")
@allow(Action.MANAGE_MEMBERS)
def change_role(user_id: uuid.UUID) -> ResponseReturnValue:
    """Give a member another role."""
    form, session = Form(request.form), db.session()
    role = _role(form["role"])
    if form.attempt(lambda: members.change_role(session, g.principal, user_id, role)) is None:
        return _page(form)
    session.commit()
    return redirect(url_for(".index"), code=303)


@bp.post("/<uuid:user_id>/removal")
@allow(Action.MANAGE_MEMBERS)
def remove(user_id: uuid.UUID) -> ResponseReturnValue:
    """End a membership; what the person made stays."""
    form, session = Form(request.form), db.session()
    form.attempt(lambda: members.remove(session, g.principal, user_id))
    if form.errors:
        return _page(form)
    session.commit()
    return redirect(url_for(".index"), code=303)


def _page(form: Form, **values: object) -> ResponseReturnValue:
    rows = members.list_members(db.session(), g.principal)
    page = render_template(
        "people/members.html", form=form, members=rows, roles=list(Role), **values
    )
    return page, 422 if form.errors else 200


def _role(text: str) -> Role:
    if text not in set(Role):
        raise Invalid("A role is one of %(list)s.", list=", ".join(Role))
    return Role(text)


def _one_time_password() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))
