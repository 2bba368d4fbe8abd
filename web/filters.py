"""What templates may call: static addresses with their digest, sizes, durations, rights."""

import hashlib
import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from flask import Flask, url_for

from lectern.library.cards import duration_text, size_text
from lectern.people.principal import Principal
from lectern.people.rights import Action, Owned, can

STATIC = Path(__file__).parent / "static"


def register(app: Flask) -> None:
    """Put the globals and filters into the application's Jinja environment."""
    app.jinja_env.globals.update(static_url=static_url, vendor_url=vendor_url, may=may)
    app.jinja_env.filters.update(
        duration=duration_text, initials=initials, iso=iso, size=size_text
    )


def static_url(path: str) -> str:
    """The address of a file of `web/static`, with its digest: it may be kept for a year."""
    return url_for("static", filename=path, v=_digest(path))


def vendor_url(name: str) -> str:
    """The address of a front-end package's entry, by its name in `vendor.json`."""
    return url_for("static", filename=_vendored()[name])


def may(principal: Principal, action: str, obj: Owned | None = None) -> bool:
    """Whether to offer a control: `rights.can`, by the action's name."""
    return can(principal, Action(action), obj)


def initials(name: str) -> str:
    """Up to two letters that stand for a person."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:1] + words[1:][-1:]).upper() or "?"


def iso(moment: datetime) -> str:
    """For `<time datetime>`: an element of ours shows it in the reader's zone."""
    return moment.isoformat(timespec="seconds")


@lru_cache(maxsize=1024)
def _digest(path: str) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:10]


@lru_cache(maxsize=1)
def _vendored() -> dict[str, str]:
    names: dict[str, str] = json.loads((STATIC / "vendor" / "vendor.json").read_text())
    return names
