"""Domain errors and HTTP errors as answers: a problem document, a page, or a fragment."""

from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import BadHost, HTTPException

from lectern import errors
from lectern.ingest.receiving import ChecksumMismatch, WrongOffset
from web.api.representations import usage_json
from web.extensions import db
from web.i18n import translated, translated_fields

# 460 is tus's own status for damaged bytes.
_STATUS: list[tuple[type[errors.LecternError], int, str]] = [
    (errors.NotFound, 404, "Not found"),
    (errors.Forbidden, 403, "Not allowed"),
    (errors.InUse, 409, "In use"),
    (errors.Stale, 412, "Changed in the meantime"),
    (WrongOffset, 409, "Wrong offset"),
    (ChecksumMismatch, 460, "Checksum mismatch"),
    (errors.Conflict, 409, "Conflict"),
    (errors.Gone, 410, "Gone"),
    (errors.Invalid, 422, "Not valid"),
    (errors.TooLarge, 413, "Too large"),
    (errors.RateLimited, 429, "Too many attempts"),
    (errors.StorageFull, 507, "No space left"),
    (errors.StorageAway, 503, "Not available"),
]

# Where Werkzeug's own words would help nobody.
_WORDS = {
    404: lazy_gettext("There is no page at this address."),
    405: lazy_gettext("This address does not take that method."),
    500: lazy_gettext("Something went wrong. Nothing was changed. Details are in the server log."),
}


def init_app(app: Flask) -> None:
    """Answer every error of this application in the caller's language: JSON, page or fragment."""
    app.register_error_handler(errors.LecternError, domain_error)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(OperationalError, database_away)
    app.register_error_handler(DataError, unusable_value)


def domain_error(error: errors.LecternError) -> ResponseReturnValue:
    """The domain's refusals, each with its status."""
    db.session.rollback()
    status, title = next(
        ((status, title) for kind, status, title in _STATUS if isinstance(error, kind)),
        (500, "Something went wrong"),
    )
    reply = problem(status, title, translated(error.message), error)
    if isinstance(error, errors.RateLimited):
        reply.headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, errors.StorageAway):
        reply.headers["Retry-After"] = "5"
    if isinstance(error, WrongOffset):
        reply.headers["Upload-Offset"] = str(error.offset)
    return reply


def http_error(error: HTTPException) -> ResponseReturnValue:
    """What Flask and Werkzeug refuse, without their HTML."""
    if error.code is None or error.code < 400:
        return error.get_response()
    detail = str(_WORDS.get(error.code) or error.description or error.name)
    reply = problem(error.code, error.name, detail)
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            reply.headers[name] = value
    if error.code == 401:
        reply.headers["WWW-Authenticate"] = "Bearer"
    return reply


def database_away(error: OperationalError) -> ResponseReturnValue:
    """PostgreSQL is restarting or gone: nothing changed, so the caller may repeat."""
    db.session.rollback()
    detail = gettext("The database is not responding. Try again in a moment.")
    reply = problem(503, "Not available", detail)
    reply.headers["Retry-After"] = "5"
    return reply


def unusable_value(error: DataError) -> ResponseReturnValue:
    """A value no column can hold, such as a NUL character."""
    db.session.rollback()
    detail = gettext("A value contains characters or numbers that cannot be stored.")
    return problem(422, "Not valid", detail)


def problem(
    status: int, title: str, detail: str, error: errors.LecternError | None = None
) -> Response:
    """One error as RFC 9457 JSON under /api/, as a fragment for htmx, as a page otherwise."""
    # A page links to others, which takes a Host header that can be one.
    homeless = isinstance(request.routing_exception, BadHost)
    if homeless or request.path.startswith(("/api/", "/m/")):
        return _json(status, title, detail, error)
    partial = request.headers.get("HX-Request-Type") == "partial"
    usages = error.usages if isinstance(error, errors.InUse) else []
    template = "_problem.html" if partial else "problem.html"
    page = render_template(template, status=status, title=title, detail=detail, usages=usages)
    return Response(page, status, mimetype="text/html")


def _json(status: int, title: str, detail: str, error: errors.LecternError | None) -> Response:
    body: dict[str, object] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
    }
    if error is not None:
        body["code"] = error.code
        body["params"] = {name: str(value) for name, value in error.message.params.items()}
    if isinstance(error, errors.Invalid) and error.fields:
        body["errors"] = translated_fields(error.fields)
    if isinstance(error, errors.InUse):
        body["usages"] = [usage_json(usage) for usage in error.usages]
    reply = jsonify(body)
    reply.status_code = status
    reply.mimetype = "application/problem+json"
    return reply
