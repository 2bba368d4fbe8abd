"""Who asks, and whether the route lets them: run before every request, for every route."""

import hmac
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote, urlsplit

from flask import Flask, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import Unauthorized
from werkzeug.http import parse_cookie

from lectern.errors import Forbidden
from lectern.people import sign_ins, tokens
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from web.extensions import db, settings

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
Result = TypeVar("Result")

SAFE = {"GET", "HEAD", "OPTIONS"}
# Paths that may be asked with a token as well as with a browser's session (contracts.md).
TOKEN_PATHS = ("/api/", "/m/", "/oembed", "/watch/", "/metrics")
NO_TOKEN = "Send a valid token: Authorization: Bearer TOKEN."  # noqa: S105 - words, not a secret


def allow(action: Action) -> Callable[[View], View]:
    """Declare the right a route needs, whatever its object; the domain asks about the object."""

    def declare(view: View) -> View:
        view.action = action  # type: ignore[attr-defined]
        return view

    return declare


def public(view: Callable[..., Result]) -> Callable[..., Result]:
    """Declare that a route needs no sign-in."""
    view.action = None  # type: ignore[attr-defined]
    return view


def cookie_name(secure: bool) -> str:
    """`__Host-` binds the cookie to this host and to https; plain http cannot use the prefix."""
    return "__Host-lectern" if secure else "lectern"


def init_app(app: Flask) -> None:
    """Check every request of this application."""
    app.before_request(check)


def check() -> ResponseReturnValue | None:
    """Identify the caller, refuse forged requests, and ask the rights table."""
    g.principal, g.csrf = None, ""
    # The same bytes for everybody: not worth a question to the database for each file of a page.
    if request.endpoint == "static":
        return None
    # Before anything else, so that even a page about a missing address is the person's own.
    found = _identify()
    if found is not None:
        g.principal, g.csrf = found
    if request.endpoint is None:
        return None
    view = current_app.view_functions[request.endpoint]
    # An undeclared route is a programming error; it must not be an open door.
    action: Action | None = view.action  # type: ignore[union-attr]
    if request.method not in SAFE and "Authorization" not in request.headers:
        _refuse_forged(signed_in=found is not None)
    if action is None:
        return None
    if found is None:
        return _ask_to_sign_in()
    require(found[0], action)
    return None


def _identify() -> tuple[Principal, str] | None:
    """The principal, and the session's CSRF token (empty for an API token)."""
    session = db.session()
    authorization = request.headers.get("Authorization", "")
    if authorization:
        scheme, _, text = authorization.partition(" ")
        principal = None
        if scheme.lower() == "bearer" and request.path.startswith(TOKEN_PATHS):
            principal = tokens.find(session, text.strip())
            session.commit()
        if principal is None:
            raise Unauthorized(NO_TOKEN)
        return principal, ""
    return find_signed_in(session, request.cookies.get(cookie_name(settings().secure)))


def find_signed_in(session: Session, secret: str | None) -> tuple[Principal, str] | None:
    """The principal and CSRF token behind a session cookie's value."""
    found = sign_ins.find(session, secret) if secret else None
    session.commit()
    return (found.principal, found.csrf) if found else None


def secret_in(cookie_header: str, *, secure: bool) -> str | None:
    """The session cookie's value in a raw `Cookie` header, as a WebSocket brings it."""
    return parse_cookie(cookie_header).get(cookie_name(secure))


def same_origin(origin: str | None, host: str) -> bool:
    """True when a request comes from a page of ours (or, without `origin`, from no page)."""
    if origin is None:
        return True
    try:
        place = urlsplit(origin).netloc
    except ValueError:
        return False
    return bool(place) and place in {host, urlsplit(settings().public_url or "").netloc}


def _refuse_forged(*, signed_in: bool) -> None:
    """CSRF, as in docs/reliability.md#requests: where it comes from, then the session's token."""
    site = request.headers.get("Sec-Fetch-Site")
    if site not in {None, "same-origin", "none"} or (
        site is None and not same_origin(request.headers.get("Origin"), request.host)
    ):
        raise Forbidden("This request came from another site and was rejected.")
    if not signed_in:
        return
    sent = request.headers.get("X-CSRF-Token")
    if sent is None and request.mimetype == "application/x-www-form-urlencoded":
        sent = request.form.get("csrf_token")
    if not hmac.compare_digest((sent or "").encode(), g.csrf.encode()):
        raise Forbidden("This page is out of date. Reload it, then try again.")


def _ask_to_sign_in() -> ResponseReturnValue:
    if request.path.startswith(TOKEN_PATHS) and not _is_visited():
        raise Unauthorized(NO_TOKEN)
    target = url_for("sign_in.show")
    if request.headers.get("HX-Request"):
        # A fragment of the sign-in page inside another page would help nobody; that page is kept.
        open_page = urlsplit(request.headers.get("HX-Current-URL", ""))
        here = open_page._replace(scheme="", netloc="", fragment="").geturl()
        return "", 401, {"HX-Redirect": target + _next(here)}
    if request.method in SAFE:
        target += _next(request.full_path.rstrip("?"))
    return redirect(target, code=303)


def _is_visited() -> bool:
    """A learner's page in a browser; programs ask for it without wanting HTML by name."""
    wanted = request.headers.get("Accept", "")
    return request.path.startswith("/watch/") and "text/html" in wanted


def _next(path: str) -> str:
    """The part of the sign-in page's address that says where to go on."""
    return f"?next={quote(path)}" if path not in {"", "/"} else ""
