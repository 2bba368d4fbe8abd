"""Text of documents as it is read: paragraphs, pages and their titles."""

from dataclasses import dataclass, field
from typing import Any

from lectern.media.inside.shared.packages import DAMAGED, Handlers, Package, one_line
from lectern.media.inside.shared.pdf import MOST_BOOKMARKS, clean
from lectern.media.sandbox.refusal import Refused

MOST_PAGES = 2_000
_MOST_PAGE_LETTERS = 50_000
MOST_LETTERS = 4_000_000
_LONGEST_TITLE = 300
# A text that does not say where its pages end is searched in parts of this size.
_PART_LETTERS = 15_000


@dataclass
class Text:
    """What a document says, as `lectern.media.inside.office` writes it.

    `pages` is 0 where nothing in the document says where a page ends.
    """

    texts: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    bookmarks: list[dict[str, Any]] = field(default_factory=list)
    pages: int = 0


class Enough(Exception):
    """More text than is kept of one document."""


class Lines:
    """Paragraphs as they end. One may stand within another, in a text box or a note."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._open: list[list[str]] = []
        self.letters = 0

    def begin(self) -> None:
        """Open a paragraph."""
        self._open.append([])

    def add(self, text: str) -> None:
        """Add to the innermost paragraph; text that stands in none is not shown."""
        if self._open:
            self._open[-1].append(text)
            self.letters += len(text)
            if self.letters > MOST_LETTERS:
                raise Enough

    def end(self) -> str:
        """Close a paragraph; its text, which is among the lines from now on."""
        text = "".join(self._open.pop()) if self._open else ""
        kept = clean(text)
        if kept:
            self.lines.append(kept)
        return kept

    def take(self) -> str:
        """All lines so far, with what is open; from now on there are none."""
        for i, parts in enumerate(self._open):
            kept = clean("".join(parts))
            if kept:
                self.lines.append(kept)
            self._open[i] = []
        text, self.lines = "\n".join(self.lines), []
        return text

    @property
    def is_empty(self) -> bool:
        """True while there is nothing to take."""
        return not self.lines and not any(part.strip() for open_ in self._open for part in open_)


class Pages:
    """Text as it comes, page by page."""

    def __init__(self) -> None:
        self.lines = Lines()
        self._text = Text()
        self._number = 1
        self._laid_out = False
        self._is_forced = False

    def turn(self, *, noted: bool) -> None:
        """The page ends, by an order of the writer's, or as a layout `noted` it.

        Word notes the end that it was told to make once more.
        """
        if noted and self._is_forced and self.lines.is_empty:
            return
        self._laid_out |= noted
        self._is_forced = not noted
        self._keep()

    def title(self, text: str, level: int) -> None:
        """A heading on this page."""
        title(self._text, text, self._number, level)

    def _keep(self) -> None:
        if self._number <= MOST_PAGES:
            add(self._text.texts, self._number, self.lines.take())
        self._number += 1

    def finish(self) -> Text:
        """All of it; without page ends in parts of a size, and without a count."""
        if self._laid_out or self._number > 1:
            self._text.pages = self._number
            self._keep()
        else:
            self._text.texts = _parts(self.lines.take())
            for bookmark in self._text.bookmarks:
                bookmark["page"] = None
        return self._text


def parse(package: Package, part: str, handlers: Handlers, *, required: bool = False) -> None:
    """Read a part until there is more text than is kept of one document.

    Raises:
        Refused: see `Package.parse`; or the part is `required` and missing.
    """
    try:
        found = package.parse(part, handlers)
    except Enough:
        return
    if required and not found:
        raise Refused(DAMAGED)


def add(texts: list[dict[str, Any]], page: int, text: str) -> None:
    """Keep the text of a page, if it has any."""
    kept = text.strip()[:_MOST_PAGE_LETTERS]
    if kept:
        texts.append({"page": page, "text": kept})


def title(text: Text, words: str, page: int, level: int = 0) -> None:
    """Keep a title as a place to jump to."""
    line = one_line(words)[:_LONGEST_TITLE]
    if line and len(text.bookmarks) < MOST_BOOKMARKS:
        text.bookmarks.append({"title": line, "level": level, "page": page, "url": None})


def _parts(text: str) -> list[dict[str, Any]]:
    """A text without pages in parts of a size that search can show, cut between paragraphs."""
    parts: list[list[str]] = [[]]
    size = 0
    for line in text.splitlines():
        if size + len(line) > _PART_LETTERS and parts[-1]:
            parts.append([])
            size = 0
        parts[-1].append(line)
        size += len(line)
    texts: list[dict[str, Any]] = []
    for number, part in enumerate(parts[:MOST_PAGES], start=1):
        add(texts, number, "\n".join(part))
    return texts
