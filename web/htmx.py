"""The only reader and writer of the HX-* headers."""

from urllib.parse import urlsplit

from flask import Flask, Response, redirect
from flask.typing import ResponseReturnValue
from htmx_flask import Htmx, make_response, request

_htmx = Htmx()


def init_app(app: Flask) -> None:
    """Teach the application's requests about htmx, and caches about the two forms of a page."""
    _htmx.init_app(app)
    app.after_request(_vary)


def wants_fragment() -> bool:
    """True when htmx will put the answer into a part of the page that is open.

    False for plain requests, boosts and history restores, which want whole pages.
    """
    return bool(request.htmx) and request.headers.get("HX-Request-Type") == "partial"


def fragment(
    html: str,
    *,
    toast: str = "",
    undo: str | None = None,
    address: str | None = None,
    pushed: str | None = None,
    event: str | None = None,
    status: int = 200,
) -> Response:
    """A fragment with what else the page should do.

    `toast` is shown for a few seconds, with an Undo button when `undo` is the address to POST to.
    `address` replaces the one in the location bar; `pushed` follows it, so that Back returns to it,
    unless it is the same. `event` is dispatched on the element that asked.
    """
    if pushed is not None and pushed == _shown():
        address, pushed = pushed, None
    events: dict[str, object] = {event: None} if event else {}
    if toast:
        events["toast"] = {"text": toast, "undo": undo}
    response: Response = make_response(
        html, trigger=events or None, replace_url=address, push_url=pushed
    )
    response.status_code = status
    return response


def _shown() -> str:
    """The path and query of the page that asks."""
    url = urlsplit(request.htmx.current_url or "")
    return f"{url.path}?{url.query}" if url.query else url.path


def go_to(url: str) -> ResponseReturnValue:
    """Send the browser to another page after a write, whichever way it asked."""
    if request.htmx:
        response: Response = make_response("", redirect=url)
        return response
    return redirect(url, code=303)


def _vary(response: Response) -> Response:
    if request.endpoint == "static":
        return response
    response.vary.update(["HX-Request", "HX-Request-Type"])
    if wants_fragment() and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
