"""Places to jump to in a document: its bookmarks, and the links on its pages."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from lectern.models import Version
from lectern.renditions import renditions
from lectern.renditions.page_texts import PageText
from lectern.storage import Storage

SPEC = "places.json"
# Addresses that may be followed from a page of ours; a file may name any others.
SCHEMES = frozenset({"http", "https", "mailto"})
LONGEST_TITLE = 300
LONGEST_URL = 2_000


class Bookmark(NamedTuple):
    """An entry of a document's outline, which leads to a page or an address, or is a heading.

    `level` is how deep it is nested, from 0.
    """

    title: str
    level: int
    page: int | None = None
    url: str | None = None


class Link(NamedTuple):
    """A link on page `on`, to another page or an address; `text` is what it stands on."""

    on: int
    text: str
    page: int | None = None
    url: str | None = None


@dataclass(frozen=True)
class Places:
    """Both, in the order of the document; pages are counted from 1."""

    bookmarks: Sequence[Bookmark] = field(default=())
    links: Sequence[Link] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.bookmarks or self.links)


def of_version(session: Session, storage: Storage, version: Version) -> Places:
    """The places of a version; none while they are not known.

    Raises:
        FileNotFoundError: what is stored is gone. StorageAway: it cannot be read now.
    """
    found = renditions.find(session, version.workspace_id, version.blob_id, SPEC)
    if found is None:
        return Places()
    data = b"".join(storage.read(found.blob.key, 0, found.blob.byte_size))
    return read(data)


def read(data: bytes) -> Places:
    """The places in the bytes of such a rendition, without what cannot be followed."""
    stored = json.loads(data)
    bookmarks = []
    for each in stored.get("bookmarks", ()):
        title = _line(each.get("title"))
        if title:
            bookmarks.append(Bookmark(title, max(0, int(each.get("level") or 0)), *_target(each)))
    links = []
    for each in stored.get("links", ()):
        page, url = _target(each)
        if page or url:
            links.append(Link(int(each["on"]), _line(each.get("text")), page, url))
    return Places(tuple(bookmarks), tuple(links))


def dumped(places: Places) -> bytes:
    """The bytes that `read` reads."""
    value = {
        "bookmarks": [each._asdict() for each in places.bookmarks],
        "links": [each._asdict() for each in places.links],
    }
    return json.dumps(value, ensure_ascii=False).encode()


def searchable(texts: Sequence[PageText], places: Places) -> list[PageText]:
    """The text of the pages, each with the titles of its bookmarks that are not on it."""
    by_page = {each.page: each.text for each in texts}
    for bookmark in places.bookmarks:
        if bookmark.page is None:
            continue
        text = by_page.get(bookmark.page, "")
        if _compared(bookmark.title) not in _compared(text):
            by_page[bookmark.page] = f"{bookmark.title}\n{text}".strip()
    return [PageText(page, text) for page, text in sorted(by_page.items())]


def followable(url: str) -> str | None:
    """An address that a person may be sent to: http, https or mailto; None for any other."""
    text = url.strip()
    if len(text) > LONGEST_URL or any(ord(letter) <= 32 or ord(letter) == 127 for letter in text):
        return None
    if text.lower().startswith("www."):
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme.lower() not in SCHEMES:
        return None
    return text if parts.netloc or (parts.scheme.lower() == "mailto" and parts.path) else None


def _target(each: Mapping[str, Any]) -> tuple[int | None, str | None]:
    page = each.get("page")
    url = followable(str(each["url"])) if each.get("url") else None
    return (int(page) if page and int(page) > 0 else None), url


def _line(text: object) -> str:
    return " ".join(str(text or "").replace("\x00", "").split())[:LONGEST_TITLE]


def _compared(text: str) -> str:
    return " ".join(text.casefold().split())
