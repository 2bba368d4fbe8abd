"""The widths of an image: renditions that a phone loads instead of the whole picture."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from lectern.errors import NotFound
from lectern.models import Blob, Rendition, Version
from lectern.renditions import renditions

_SPEC = re.compile(r"image/(\d+)\.(avif|webp)")


class ImageSize(NamedTuple):
    """One rendition of an image; `format` is `avif` or `webp`."""

    width: int
    height: int
    format: str


def spec(width: int, format_: str) -> str:
    """The spec of one size."""
    return f"image/{width}.{format_}"


def record(
    session: Session, version: Version, made: Sequence[tuple[tuple[int, int, str], Blob]]
) -> None:
    """Write down a version's sizes."""
    for (width, height, format_), blob in made:
        facts = {"width": width, "height": height, "mime": f"image/{format_}"}
        renditions.record(
            session, version.workspace_id, version.blob_id, spec(width, format_), blob, facts
        )


def of_version(session: Session, version: Version) -> list[ImageSize]:
    """The sizes that there are, narrow ones first."""
    return among(renditions.list_of(session, version.workspace_id, version.blob_id))


def among(made: Iterable[Rendition]) -> list[ImageSize]:
    """The same, of a blob's renditions."""
    found = []
    for rendition in made:
        match = _SPEC.fullmatch(rendition.spec)
        if match:
            found.append(ImageSize(int(match[1]), int(rendition.facts["height"]), match[2]))
    return sorted(found)


def find(session: Session, version: Version, width: int, format_: str) -> Blob:
    """The bytes of one size.

    Raises:
        NotFound: there is no such size.
    """
    name = spec(width, format_)
    found = renditions.find(session, version.workspace_id, version.blob_id, name)
    if found is None:
        raise NotFound("Image size not found.")
    return found.blob
