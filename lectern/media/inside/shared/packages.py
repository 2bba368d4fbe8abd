"""Packages of office documents: ZIP files of XML, read part by part and within limits."""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

from lectern.errors import Message
from lectern.media.sandbox.refusal import Refused

MOST_ENTRIES = 10_000
# XML that is unpacked of one document, all parts together; the pictures in it are not touched.
_MOST_XML_BYTES = 256 << 20
_CHUNK_BYTES = 64 << 10
_DEEPEST = 500

# How zipfile and expat say that bytes are not what they should be.
UNREADABLE = (
    expat.ExpatError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    OSError,
    EOFError,
    ValueError,
)

DAMAGED = Message("The document is damaged: its content cannot be read.")
LOCKED = Message("The document is password-protected, so its pages cannot be shown or searched.")
_BOMB = Message(
    "The document would unpack to more than 256 MiB of text, so it is neither shown nor searched."
)
_ENTITIES = Message(
    "The document defines XML entities, which office documents do not have, "
    "so it is neither shown nor searched."
)


class Relation(NamedTuple):
    """A part that another one names; `kind` is the last word of its type."""

    kind: str
    target: str


@dataclass
class Handlers:
    """What is told of a part while it is read. Names come without their namespaces.

    Strict and transitional documents differ in nothing but those.
    """

    start: Callable[[str, Mapping[str, str]], None]
    end: Callable[[str], object] = lambda name: None
    text: Callable[[str], None] = lambda text: None


class Package:
    """An open document; `budget` is how many bytes of XML it may still unpack."""

    def __init__(self, source: Path) -> None:
        self._zip = zipfile.ZipFile(source)
        self._entries = {
            entry.filename.lstrip("/"): entry for entry in self._zip.infolist()[:MOST_ENTRIES]
        }
        self.budget = _MOST_XML_BYTES

    @property
    def names(self) -> set[str]:
        """The parts there are."""
        return set(self._entries)

    def read(self, name: str, most: int) -> bytes:
        """The beginning of a small part; empty where it is missing."""
        entry = self._entries.get(name)
        if entry is None:
            return b""
        with self._zip.open(entry) as part:
            return part.read(most)

    def parse(self, name: str, handlers: Handlers) -> bool:
        """Read one part of XML as a stream; False where it is missing.

        Raises:
            Refused: it is damaged or locked, defines entities, or is larger than the budget.
        """
        entry = self._entries.get(name)
        if entry is None:
            return False
        if entry.flag_bits & 1:
            raise Refused(LOCKED)
        parser = _parser(handlers)
        try:
            with self._zip.open(entry) as part:
                while chunk := part.read(_CHUNK_BYTES):
                    self.budget -= len(chunk)
                    if self.budget < 0:
                        raise Refused(_BOMB)
                    parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except UNREADABLE as error:
            raise Refused(DAMAGED) from error
        except LookupError as error:
            # Expat's own for an encoding that nobody knows; any other is a fault of ours.
            if not str(error).startswith("unknown encoding"):
                raise
            raise Refused(DAMAGED) from error
        return True

    def relations(self, part: str = "") -> dict[str, Relation]:
        """What a part refers to inside the package, by id; of the package itself for `""`."""
        folder, name = posixpath.split(part)
        found: dict[str, Relation] = {}

        def start(element: str, attributes: Mapping[str, str]) -> None:
            if element != "Relationship" or attributes.get("TargetMode") == "External":
                return
            target = attributes.get("Target", "")
            path = target if target.startswith("/") else posixpath.join("/", folder, target)
            kind = attributes.get("Type", "").rpartition("/")[2]
            found[attributes.get("Id", "")] = Relation(kind, posixpath.normpath(path).lstrip("/"))

        self.parse(posixpath.join(folder, "_rels", f"{name}.rels"), Handlers(start))
        return found

    def content_types(self) -> dict[str, str]:
        """The content types that the package declares, by part."""
        found: dict[str, str] = {}

        def start(element: str, attributes: Mapping[str, str]) -> None:
            if element == "Override":
                found[attributes.get("PartName", "").lstrip("/")] = attributes.get(
                    "ContentType", ""
                )

        self.parse("[Content_Types].xml", Handlers(start))
        return found


def _parser(handlers: Handlers) -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise Refused(DAMAGED)
        handlers.start(_local(name), {_key(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        handlers.end(_local(name))

    def doctype(*_: object) -> None:
        raise Refused(_ENTITIES)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = handlers.text
    parser.StartDoctypeDeclHandler = doctype
    return parser


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _key(name: str) -> str:
    """An attribute's name; a reference to another part is `r:id`, apart from an `id` beside it."""
    space, _, local = name.rpartition(" ")
    return f"r:{local}" if space.endswith("/relationships") else local


def one_line(text: str) -> str:
    """Text with single spaces."""
    return re.sub(r"\s+", " ", text).strip()
