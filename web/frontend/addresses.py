"""Addresses of static files, and the view behind them.

An address carries the digest of everything that Lectern serves itself, `/static/DIGEST/…`, so that
relative addresses inside of a file carry it as well; packages of others lie under their version.
Such a file may be kept for a year. Any other address, such as one of a page that was open while
Lectern was updated, is answered with the file as it is now and is asked about each time.
"""

import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path

from flask import Response, request, send_from_directory

from web.frontend import groups
from web.frontend.groups import STATIC

ROOT = "/static"
A_YEAR = "public, max-age=31536000, immutable"
_DIGEST = re.compile(r"[0-9a-f]{12}/")


def static_url(path: str) -> str:
    """The address of a file of `web/static`."""
    return f"{ROOT}/{digest()}/{path}"


def script_url(group: str) -> str:
    """The address of a group of scripts, by its name in `groups.SCRIPTS`."""
    return static_url(f"groups/{group}.js")


def style_url() -> str:
    """The address of the style sheet of all pages."""
    # In the sheets' own folder: they name pictures relative to it.
    return static_url("css/site.css")


def vendor_url(name: str) -> str:
    """The address of a front-end package's entry, by its name in `vendor.json`."""
    return f"{ROOT}/{_vendored()[name]}"


def plain_path(filename: str) -> str:
    """A requested file's path below `web/static`, whatever digest was asked for."""
    return _DIGEST.sub("", filename, count=1) if _DIGEST.match(filename) else filename


def serve(filename: str) -> Response:
    """A file of `web/static`, or a group of them."""
    path = plain_path(filename)
    reply = _group(path) or send_from_directory(STATIC, path)
    lasting = path.startswith("vendor/") or filename == f"{digest()}/{path}"
    reply.headers["Cache-Control"] = A_YEAR if lasting else "no-cache"
    return reply


@lru_cache(maxsize=1)
def digest() -> str:
    """Names the sources, and the step that joins them, by their content."""
    total = hashlib.sha256()
    own = (path for path in STATIC.rglob("*") if path.is_file() and not _is_vendored(path))
    for path in (*sorted(own), Path(groups.__file__)):
        total.update(f"{path.relative_to(STATIC.parent)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:12]


def _is_vendored(path: Path) -> bool:
    # A folder with a dot is one that is being written (`web/cli/vendor.py`).
    return path.relative_to(STATIC).parts[0].startswith(("vendor", "."))


def _group(path: str) -> Response | None:
    built = _built(path)
    if built is None:
        return None
    mime = "text/css" if path.endswith(".css") else "text/javascript"
    reply = Response(built, mimetype=mime)
    reply.set_etag(digest())
    return reply.make_conditional(request)  # type: ignore[return-value]


@lru_cache(maxsize=32)
def _built(path: str) -> bytes | None:
    if path == "css/site.css":
        return groups.style_sheet().encode()
    group = path.removeprefix("groups/").removesuffix(".js")
    if path == f"groups/{group}.js" and group in groups.SCRIPTS:
        return groups.script(group).encode()
    return None


@lru_cache(maxsize=1)
def _vendored() -> dict[str, str]:
    names: dict[str, str] = json.loads((STATIC / "vendor" / "vendor.json").read_text())
    return names
