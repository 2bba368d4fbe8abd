"""What templates may call: static addresses with their digest, sizes, durations, rights.

A file asked for by its digest, or in a folder named with its version, may be kept for a year; any
other one, such as a module that another one imports, is asked about each time.
"""

import hashlib
import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, request
from flask_babel import format_decimal, get_locale, gettext

from lectern.people.principal import Principal
from lectern.people.rights import Action, Owned, can
from lectern.pipeline.registry import step_label
from lectern.text import duration_text, size_text

STATIC = Path(__file__).parent / "static"
A_YEAR = "public, max-age=31536000, immutable"


def init_app(app: Flask) -> None:
    """Put the globals and filters into the application's Jinja environment."""
    app.after_request(_keep)
    app.jinja_env.globals.update(
        get_locale=get_locale,
        static_url=static_url,
        vendor_url=vendor_url,
        may=may,
        problem_title=problem_title,
    )
    app.jinja_env.filters.update(
        duration=duration_text,
        initials=initials,
        iso=iso,
        number=format_decimal,
        size=size_text,
        step_label=step_label,
    )


def static_url(path: str) -> str:
    """The address of a file of `web/static`, with its digest: it may be kept for a year."""
    return f"{_address(path)}?v={_digest(path)}"


def vendor_url(name: str) -> str:
    """The address of a front-end package's entry, by its name in `vendor.json`."""
    return _address(_vendored()[name])


def _address(path: str) -> str:
    # What `url_for` makes of it, which a page asks for a thousand times: each icon has one.
    return f"{current_app.static_url_path}/{path}"


def may(principal: Principal, action: str, obj: Owned | None = None) -> bool:
    """Whether to offer a control: `rights.can`, by the action's name."""
    return can(principal, Action(action), obj)


def problem_title(status: int) -> str:
    """What went wrong, in a few words a person can use; the detail follows it."""
    titles = {
        401: gettext("Please sign in"),
        403: gettext("That is not yours to do"),
        404: gettext("There is nothing here"),
        405: gettext("That does not work here"),
        409: gettext("That does not fit together"),
        410: gettext("This has ended"),
        412: gettext("Somebody was faster"),
        413: gettext("That is too large"),
        422: gettext("Please check what you entered"),
        429: gettext("Please wait a little"),
        503: gettext("One moment, please"),
        507: gettext("The disk is full"),
    }
    return str(titles.get(status) or gettext("Something went wrong on our side"))


def initials(name: str) -> str:
    """Up to two letters that stand for a person."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:1] + words[1:][-1:]).upper() or "?"


def iso(moment: datetime) -> str:
    """For `<time datetime>`: an element of ours shows it in the reader's zone."""
    return moment.isoformat(timespec="seconds")


def _keep(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code in {200, 304}:
        path = (request.view_args or {})["filename"]
        lasting = request.args.get("v") == _digest(path) or path.startswith("vendor/")
        response.headers["Cache-Control"] = A_YEAR if lasting else "no-cache"
    return response


@lru_cache(maxsize=1024)
def _digest(path: str) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:10]


@lru_cache(maxsize=1)
def _vendored() -> dict[str, str]:
    names: dict[str, str] = json.loads((STATIC / "vendor" / "vendor.json").read_text())
    return names
