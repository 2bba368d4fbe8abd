"""Signing in and out, and the form that makes the first owner."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lectern.people import setup, sign_ins
from web.auth import public
from web.extensions import db
from web.forms import Form, local_path
from web.pages.people import cookies

bp = Blueprint("sign_in", __name__)


@bp.get("/sign-in")
@public
def show() -> ResponseReturnValue:
    """The form; who is signed in already goes on."""
    following = request.args.get("next", "")
    if g.principal:
        return redirect(local_path(following, url_for("library.index")))
    return render_template("people/sign_in.html", form=Form(), following=following)


@bp.post("/sign-in")
@public
def start() -> ResponseReturnValue:
    """Check the password and open a session."""
    form, session = Form(request.form), db.session()
    address = request.remote_addr or "unknown"
    signed_in = sign_ins.start(session, form["email"], form.secret("password"), address)
    session.commit()
    if signed_in is None:
        form.errors[""] = gettext("Incorrect email or password.")
        page = render_template("people/sign_in.html", form=form, following=form["next"])
        return page, 422
    cookies.end_session()
    return cookies.start_session(
        local_path(form["next"], url_for("library.index")), signed_in.secret
    )


@bp.post("/sign-out")
@public
def end() -> ResponseReturnValue:
    """End the session here and on the server."""
    cookies.end_session()
    return cookies.forget(url_for(".show"))


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
    return cookies.start_session(url_for("library.index"), signed_in.secret)
