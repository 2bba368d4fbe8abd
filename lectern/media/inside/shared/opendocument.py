"""Text of OpenDocument: presentations (.odp) and texts (.odt), OASIS OpenDocument part 3."""

from collections.abc import Mapping
from typing import Any

from lectern.media.inside.shared.packages import LOCKED, Handlers, Package
from lectern.media.inside.shared.words import MOST_PAGES, Lines, Pages, Text, add, parse, title
from lectern.media.sandbox.refusal import Refused

_MANIFEST = "META-INF/manifest.xml"


def presentation(package: Package) -> Text:
    """Slides in their order, with titles and speaker notes."""
    _refuse_locked(package)
    deck = _Deck()
    parse(package, "content.xml", Handlers(deck.start, deck.end, deck.add), required=True)
    deck.text.pages = deck.number
    return deck.text


class _OpenLines:
    """The paragraphs of OpenDocument: text is what stands in them, but for remarks."""

    # Remarks and what was struck out are not printed; names of authors and dates go with them.
    _UNPRINTED = frozenset({"annotation", "tracked-changes"})

    def __init__(self) -> None:
        self.lines = Lines()
        self._unprinted = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._unprinted += name in self._UNPRINTED
        match name:
            case "p" | "h":
                self.lines.begin()
            case "s" | "tab":
                self.lines.add(" ")
            case "line-break":
                self.lines.add("\n")

    def end(self, name: str) -> str:
        """The text of a paragraph that ends."""
        self._unprinted -= name in self._UNPRINTED
        return self.lines.end() if name in {"p", "h"} else ""

    def add(self, text: str) -> None:
        if not self._unprinted:
            self.lines.add(text)


class _Deck(_OpenLines):
    def __init__(self) -> None:
        super().__init__()
        self.text = Text()
        self.number = 0
        self._in_title = False
        self._titles: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        super().start(name, attributes)
        match name:
            case "page":
                self.number += 1
                self._titles = []
                self.lines.take()
            case "frame":
                self._in_title = attributes.get("class") == "title"
            case "notes":
                self._keep(self.text.texts)

    def end(self, name: str) -> str:
        line = super().end(name)
        match name:
            case "frame":
                self._in_title = False
            case "notes":
                self._keep(self.text.notes)
            case "page":
                self._keep(self.text.texts)
                title(self.text, " ".join(self._titles), self.number)
        if line and self._in_title:
            self._titles.append(line)
        return line

    def _keep(self, texts: list[dict[str, Any]]) -> None:
        if 0 < self.number <= MOST_PAGES:
            add(texts, self.number, self.lines.take())


def document(package: Package) -> Text:
    """Body text by the page ends that were noted when it was last laid out, and headings."""
    _refuse_locked(package)
    writer = _Writer()
    parse(package, "styles.xml", Handlers(writer.start, writer.end, writer.add))
    writer.is_body = True
    parse(package, "content.xml", Handlers(writer.start, writer.end, writer.add), required=True)
    return writer.pages.finish()


class _Writer(_OpenLines):
    """Headers and footers stand in the styles, and are kept with the first page."""

    def __init__(self) -> None:
        super().__init__()
        self.pages = Pages()
        self.lines = self.pages.lines
        self.is_body = False
        self._style = ""
        self._breaking: set[str] = set()
        self._level: int | None = None

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        match name:
            case "style":
                self._style = attributes.get("name", "")
            case "paragraph-properties" if attributes.get("break-before") == "page":
                self._breaking.add(self._style)
            case "soft-page-break":
                self.pages.turn(noted=True)
            case "p" | "h" if self.is_body and attributes.get("style-name") in self._breaking:
                if not self.lines.is_empty:
                    self.pages.turn(noted=False)
        if name == "h":
            outline = attributes.get("outline-level", "1")
            self._level = int(outline) - 1 if outline.isdecimal() else 0
        super().start(name, attributes)

    def end(self, name: str) -> str:
        line = super().end(name)
        if name == "h" and line and self.is_body:
            self.pages.title(line, min(self._level or 0, 7))
        return line


def _refuse_locked(package: Package) -> None:
    """Only the manifest of a locked document can be read."""
    locked = False

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal locked
        locked |= name == "encryption-data"

    package.parse(_MANIFEST, Handlers(start))
    if locked:
        raise Refused(LOCKED)
