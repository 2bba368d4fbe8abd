"""One's account: name, language, password, and the tokens of one's programs."""

import uuid

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lectern.people import sign_ins, tokens, users
from lectern.people.rights import SCOPES, Action
from web import i18n
from web.auth import allow
from web.extensions import db
from web.forms import Form
from web.pages.people import cookies

bp = Blueprint("account", __name__, url_prefix="/account")


@bp.get("")
@allow(Action.MANAGE_TOKENS)
def show() -> ResponseReturnValue:
    """One's name, password and tokens."""
    return _page(Form())


@bp.post("/name")
@allow(Action.MANAGE_TOKENS)
def rename() -> ResponseReturnValue:
    """Change one's own name."""
    form, session = Form(request.form), db.session()
    if form.attempt(lambda: users.rename(session, g.principal, form["name"])) is None:
        return _page(form)
    session.commit()
    return redirect(url_for(".show"), code=303)


@bp.post("/language")
@allow(Action.MANAGE_TOKENS)
def choose_language() -> ResponseReturnValue:
    """Choose the language that one's pages are in."""
    form, session = Form(request.form), db.session()
    chosen = form.attempt(
        lambda: users.choose_language(session, g.principal, form["language"], i18n.LANGUAGES)
    )
    if chosen is None:
        return _page(form)
    session.commit()
    return redirect(url_for(".show"), code=303)


@bp.post("/password")
@allow(Action.MANAGE_TOKENS)
def change_password() -> ResponseReturnValue:
    """Change one's own password; other browsers are signed out."""
    form, session = Form(request.form), db.session()
    keep = sign_ins.digest(cookies.secret())
    current, new = form.secret("current"), form.secret("new")
    form.attempt(lambda: users.change_password(session, g.principal, current, new, keep=keep))
    session.commit()  # a wrong password is counted
    if form.errors:
        return _page(form)
    return _page(
        Form(), notice=gettext("Password changed. You have been signed out of all other browsers.")
    )


@bp.post("/tokens")
@allow(Action.MANAGE_TOKENS)
def create_token() -> ResponseReturnValue:
    """Make a token and show it, this once."""
    form, session = Form(request.form), db.session()
    workspace_id, scopes = g.principal.workspace_id, request.form.getlist("scopes")
    token = form.attempt(
        lambda: tokens.create(session, g.principal, workspace_id, form["token_name"], scopes)
    )
    session.commit()
    return _page(form, new_token=token or "")


@bp.post("/tokens/<uuid:token_id>/revocation")
@allow(Action.MANAGE_TOKENS)
def revoke_token(token_id: uuid.UUID) -> ResponseReturnValue:
    """End a token at once."""
    session = db.session()
    tokens.revoke(session, g.principal, token_id)
    session.commit()
    return redirect(url_for(".show", _anchor="tokens"), code=303)


def _page(form: Form, *, new_token: str = "", notice: str = "") -> ResponseReturnValue:
    page = render_template(
        "people/account.html",
        form=form,
        tokens=tokens.list_tokens(db.session(), g.principal),
        scopes=list(SCOPES),
        languages=i18n.LANGUAGES,
        new_token=new_token,
        notice=notice,
    )
    return page, 422 if form.errors else 200
