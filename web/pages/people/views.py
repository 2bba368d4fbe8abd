"""Signing in and out, the first owner, one's account and tokens, and the members."""

import secrets
import uuid

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from jobs import live
from lectern.errors import Invalid
from lectern.models import Role, Workspace
from lectern.people import members, setup, sign_ins, tokens, users
from lectern.people.rights import SCOPES, Action
from web import i18n
from web.auth import allow, cookie_name, public
from web.extensions import db, settings
from web.forms import Form, local_path

bp = Blueprint("people", __name__)
# Three groups of four from 31 letters: 59 bits, easy to read out to somebody.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@bp.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """The form; who is signed in already goes on."""
    following = request.args.get("next", "")
    if g.principal:
        return redirect(local_path(following, url_for("library.index")))
    return render_template("people/sign_in.html", form=Form(), following=following)


@bp.post("/sign-in")
@public
def start_session() -> ResponseReturnValue:
    """Check the password and open a session."""
    form, session = Form(request.form), db.session()
    address = request.remote_addr or "unknown"
    signed_in = sign_ins.start(session, form["email"], form.secret("password"), address)
    session.commit()
    if signed_in is None:
        form.errors[""] = gettext("Incorrect email or password.")
        page = render_template("people/sign_in.html", form=form, following=form["next"])
        return page, 422
    _end_former()
    return _with_cookie(local_path(form["next"], url_for("library.index")), signed_in.secret)


@bp.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """End the session here and on the server."""
    _end_former()
    reply = make_response(redirect(url_for(".sign_in"), code=303))
    reply.delete_cookie(_cookie(), secure=settings().secure, httponly=True, samesite="Lax")
    return reply


@bp.get("/setup/<secret>")
@public
def show_setup(secret: str) -> ResponseReturnValue:
    """The first owner's form, for whoever has the link."""
    setup.check(db.session(), secret)
    return render_template("people/setup.html", form=Form(), secret=secret)


@bp.post("/setup/<secret>")
@public
def use_setup(secret: str) -> ResponseReturnValue:
    """Make the first owner and the workspace, and sign in."""
    form, session = Form(request.form), db.session()
    signed_in = form.attempt(
        lambda: setup.use(
            session,
            secret,
            email=form["email"],
            name=form["name"],
            password=form.secret("password"),
            workspace_name=form["workspace_name"],
        )
    )
    if signed_in is None:
        return render_template("people/setup.html", form=form, secret=secret), 422
    session.commit()
    return _with_cookie(url_for("library.index"), signed_in.secret)


@bp.get("/account")
@allow(Action.MANAGE_TOKENS)
def account() -> ResponseReturnValue:
    """One's name, password and tokens."""
    return _account(Form())


@bp.post("/account/name")
@allow(Action.MANAGE_TOKENS)
def rename() -> ResponseReturnValue:
    """Change one's own name."""
    form, session = Form(request.form), db.session()
    if form.attempt(lambda: users.rename(session, g.principal, form["name"])) is None:
        return _account(form)
    session.commit()
    return redirect(url_for(".account"), code=303)


@bp.post("/account/language")
@allow(Action.MANAGE_TOKENS)
def choose_language() -> ResponseReturnValue:
    """Choose the language that one's pages are in."""
    form, session = Form(request.form), db.session()
    chosen = form.attempt(
        lambda: users.choose_language(session, g.principal, form["language"], i18n.LANGUAGES)
    )
    if chosen is None:
        return _account(form)
    session.commit()
    return redirect(url_for(".account"), code=303)


@bp.post("/account/password")
@allow(Action.MANAGE_TOKENS)
def change_password() -> ResponseReturnValue:
    """Change one's own password; other browsers are signed out."""
    form, session = Form(request.form), db.session()
    keep = sign_ins.digest(request.cookies.get(_cookie(), ""))
    current, new = form.secret("current"), form.secret("new")
    form.attempt(lambda: users.change_password(session, g.principal, current, new, keep=keep))
    session.commit()  # a wrong password is counted
    if form.errors:
        return _account(form)
    return _account(
        Form(), done=gettext("Password changed. You have been signed out of all other browsers.")
    )


@bp.post("/account/tokens")
@allow(Action.MANAGE_TOKENS)
def create_token() -> ResponseReturnValue:
    """Make a token and show it, this once."""
    form, session = Form(request.form), db.session()
    workspace_id, scopes = g.principal.workspace_id, request.form.getlist("scopes")
    made = form.attempt(
        lambda: tokens.create(session, g.principal, workspace_id, form["token_name"], scopes)
    )
    session.commit()
    return _account(form, made=made or "")


@bp.post("/account/tokens/<uuid:token_id>/revocation")
@allow(Action.MANAGE_TOKENS)
def revoke_token(token_id: uuid.UUID) -> ResponseReturnValue:
    """End a token at once."""
    session = db.session()
    tokens.revoke(session, g.principal, token_id)
    session.commit()
    return redirect(url_for(".account", _anchor="tokens"), code=303)


@bp.get("/members")
@allow(Action.MANAGE_MEMBERS)
def list_members() -> ResponseReturnValue:
    """Who is in the workspace."""
    return _members(Form())


@bp.post("/members")
@allow(Action.MANAGE_MEMBERS)
def add_member() -> ResponseReturnValue:
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
    return _members(Form() if added else form, added=added, password=password)


@bp.post("/members/<uuid:user_id>/role")
@allow(Action.MANAGE_MEMBERS)
def change_role(user_id: uuid.UUID) -> ResponseReturnValue:
    """Give a member another role."""
    form, session = Form(request.form), db.session()
    role = _role(form["role"])
    if form.attempt(lambda: members.change_role(session, g.principal, user_id, role)) is None:
        return _members(form)
    session.commit()
    return redirect(url_for(".list_members"), code=303)


@bp.post("/members/<uuid:user_id>/removal")
@allow(Action.MANAGE_MEMBERS)
def remove_member(user_id: uuid.UUID) -> ResponseReturnValue:
    """End a membership; what the person made stays."""
    form, session = Form(request.form), db.session()
    form.attempt(lambda: members.remove(session, g.principal, user_id))
    if form.errors:
        return _members(form)
    session.commit()
    return redirect(url_for(".list_members"), code=303)


def _account(form: Form, *, made: str = "", done: str = "") -> ResponseReturnValue:
    found = tokens.list_tokens(db.session(), g.principal)
    page = render_template(
        "people/account.html",
        form=form,
        tokens=found,
        scopes=list(SCOPES),
        languages=i18n.LANGUAGES,
        made=made,
        done=done,
    )
    return page, 422 if form.errors else 200


def _members(form: Form, **more: object) -> ResponseReturnValue:
    found = members.list_members(db.session(), g.principal)
    page = render_template(
        "people/members.html", form=form, members=found, roles=list(Role), **more
    )
    return page, 422 if form.errors else 200


def _role(text: str) -> Role:
    if text not in set(Role):
        raise Invalid("A role is one of %(list)s.", list=", ".join(Role))
    return Role(text)


def _one_time_password() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))


def _cookie() -> str:
    return cookie_name(settings().secure)


def _end_former() -> None:
    secret = request.cookies.get(_cookie())
    if secret:
        sign_ins.end(db.session(), secret)
        db.session().commit()
        if g.principal:
            # Its open pages hear nothing more.
            live.publish(g.principal.workspace_id, live.SIGNED_OUT)


def _with_cookie(target: str, secret: str) -> ResponseReturnValue:
    reply = make_response(redirect(target, code=303))
    reply.set_cookie(
        _cookie(),
        secret,
        max_age=sign_ins.ABSOLUTE,
        secure=settings().secure,
        httponly=True,
        samesite="Lax",
    )
    return reply
