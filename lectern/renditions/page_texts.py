"""The words on a document's pages, as the search reads them."""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from lectern.models import Rendition, Version
from lectern.renditions import renditions
from lectern.storage import Storage

SPEC = "text.json"


class PageText(NamedTuple):
    """The text of one page, counted from 1."""

    page: int
    text: str


def find(session: Session, version: Version) -> Rendition | None:
    """The rendition with the version's texts; its facts have `pages` and `letters`."""
    return renditions.find(session, version.workspace_id, version.blob_id, SPEC)


def texts(session: Session, storage: Storage, version: Version) -> list[PageText]:
    """The pages that have text, in their order; empty while none is known.

    Raises:
        FileNotFoundError: the stored text is gone. StorageAway: it cannot be read now.
    """
    found = find(session, version)
    if found is None:
        return []
    data = b"".join(storage.read(found.blob.key, 0, found.blob.byte_size))
    return read(data)


def read(data: bytes) -> list[PageText]:
    """The pages in the bytes of such a rendition."""
    return [PageText(int(each["page"]), str(each["text"])) for each in json.loads(data)]


def dumped(pages: Sequence[PageText]) -> bytes:
    """The bytes that `read` reads."""
    value = [{"page": each.page, "text": each.text} for each in pages]
    return json.dumps(value, ensure_ascii=False).encode()


def joined(pages: Sequence[PageText], notes: Mapping[int, str]) -> list[PageText]:
    """The pages with what the speaker noted for each below its text."""
    by_page = {each.page: each.text for each in pages}
    for page, note in notes.items():
        by_page[page] = f"{by_page.get(page, '')}\n{note}".strip()
    return [PageText(page, text) for page, text in sorted(by_page.items())]
