"""The cookie that holds a session's secret, as sign-in, setup and sign-out set and end it."""

from flask import g, make_response, redirect, request
from flask.typing import ResponseReturnValue

from jobs import live
from lectern.people import sign_ins
from web.auth import cookie_name
from web.extensions import db, settings


def name() -> str:
    """What the cookie is called here."""
    return cookie_name(settings().secure)


def secret() -> str:
    """The secret that the browser sent; empty without one."""
    return request.cookies.get(name(), "")


def end_session() -> None:
    """End the session that the browser has, if any; its open pages are told."""
    if secret():
        sign_ins.end(db.session(), secret())
        db.session().commit()
        if g.principal:
            # Its open pages hear nothing more.
            live.publish(g.principal.workspace_id, live.SIGNED_OUT)


def start_session(target: str, new_secret: str) -> ResponseReturnValue:
    """Go on to the target with the cookie of a new session."""
    reply = make_response(redirect(target, code=303))
    reply.set_cookie(
        name(),
        new_secret,
        max_age=sign_ins.ABSOLUTE,
        secure=settings().secure,
        httponly=True,
        samesite="Lax",
    )
    return reply


def forget(target: str) -> ResponseReturnValue:
    """Go on to the target without the cookie."""
    reply = make_response(redirect(target, code=303))
    reply.delete_cookie(name(), secure=settings().secure, httponly=True, samesite="Lax")
    return reply
