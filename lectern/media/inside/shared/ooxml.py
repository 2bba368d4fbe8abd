"""Text of Office Open XML: presentations (.pptx) and texts (.docx), ECMA-376 part 1."""

from collections.abc import Mapping

from lectern.media.inside.shared.packages import DAMAGED, Handlers, Package, Relation
from lectern.media.inside.shared.words import (
    MOST_LETTERS,
    MOST_PAGES,
    Lines,
    Pages,
    Text,
    add,
    parse,
    title,
)
from lectern.media.sandbox.refusal import Refused


def presentation(package: Package) -> Text:
    """Slides in the order in which the presentation names them, hidden ones too."""
    main = _main_part(package)
    relations = package.relations(main)
    order: list[str] = []

    def start(name: str, attributes: Mapping[str, str]) -> None:
        slide = relations.get(attributes.get("r:id", ""))
        if name == "sldId" and slide:
            order.append(slide.target)

    package.parse(main, Handlers(start))
    text, letters = Text(pages=len(order)), 0
    for number, part in enumerate(order[:MOST_PAGES], start=1):
        slide = _Slide(package, part)
        beside = package.relations(part)
        others = [_Slide(package, each).text for each in _of_kind(beside, "diagramData", "chart")]
        notes = [_Slide(package, each, only="body") for each in _of_kind(beside, "notesSlide")]
        add(text.texts, number, "\n".join((slide.text, *others)))
        add(text.notes, number, "\n".join(each.text for each in notes))
        title(text, slide.title, number)
        letters += len(slide.text)
        if letters > MOST_LETTERS:
            break
    return text


def _of_kind(relations: Mapping[str, Relation], *kinds: str) -> list[str]:
    return [each.target for each in relations.values() if each.kind in kinds]


class _Slide:
    """The paragraphs of a drawing; of its `only` placeholders alone, where one is named."""

    def __init__(self, package: Package, part: str, only: str = "") -> None:
        self._lines = Lines()
        self._only = only
        self._titles: list[str] = []
        # What is open: the shape's placeholder, texts, alternatives for older readers.
        self._placeholder = ""
        self._in_text = self._in_fallback = 0
        self._in_number = False
        parse(package, part, Handlers(self._start, self._end, self._add))
        self.text = self._lines.take()
        self.title = " ".join(self._titles)

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        match name:
            case "Fallback":
                self._in_fallback += 1
            case "sp":
                self._placeholder = ""
            case "ph":
                self._placeholder = attributes.get("type", "body")
            case "fld":
                self._in_number = attributes.get("type") == "slidenum"
            case "p":
                self._lines.begin()
            case "t":
                self._in_text += 1
            case "br":
                self._lines.add("\n")

    def _end(self, name: str) -> None:
        match name:
            case "Fallback":
                self._in_fallback -= 1
            case "sp":
                self._placeholder = ""
            case "fld":
                self._in_number = False
            case "t":
                self._in_text -= 1
            case "p":
                text = self._lines.end()
                if text and self._only and self._placeholder != self._only:
                    self._lines.lines.pop()
                elif text and self._placeholder in {"title", "ctrTitle"}:
                    self._titles.append(text)

    def _add(self, text: str) -> None:
        if self._in_text and not self._in_fallback and not self._in_number:
            self._lines.add(text)


def document(package: Package) -> Text:
    """Body text by the page ends that Word noted when it last laid the document out."""
    main = _main_part(package)
    relations = package.relations(main)
    pages, levels = Pages(), _outline_levels(package, _of_kind(relations, "styles"))
    for part in _of_kind(relations, "header"):
        _Body(package, part, pages)
    _Body(package, main, pages, levels)
    for part in _of_kind(relations, "footnotes", "endnotes", "footer"):
        _Body(package, part, pages)
    return pages.finish()


def _outline_levels(package: Package, parts: list[str]) -> dict[str, int]:
    """How deep headings of a style stand, by its id, which differs by Word's language."""
    levels: dict[str, int] = {}
    style = ""

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal style
        if name == "style":
            style = attributes.get("styleId", "")
        elif name == "outlineLvl" and attributes.get("val", "").isdecimal():
            levels[style] = int(attributes["val"])

    for part in parts:
        parse(package, part, Handlers(start))
    # Nine and above is body text (ECMA-376 part 1 §17.3.1.20).
    return {name: level for name, level in levels.items() if level < 9}


class _Body:
    """Reads a part of a text document into pages."""

    def __init__(
        self, package: Package, part: str, pages: Pages, levels: Mapping[str, int] | None = None
    ) -> None:
        self._pages = pages
        self._levels = levels or {}
        self._level: int | None = None
        self._in_text = self._in_fallback = 0
        parse(package, part, Handlers(self._start, self._end, self._add))

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        match name:
            case "Fallback":
                self._in_fallback += 1
            case "p":
                self._level = None
                self._pages.lines.begin()
            case "pStyle":
                self._level = self._levels.get(attributes.get("val", ""))
            case "t":
                self._in_text += 1
            case "tab" | "cr":
                self._pages.lines.add("\t" if name == "tab" else "\n")
            case "br" if attributes.get("type") == "page":
                self._pages.turn(noted=False)
            case "br":
                self._pages.lines.add("\n")
            case "lastRenderedPageBreak":
                self._pages.turn(noted=True)

    def _end(self, name: str) -> None:
        match name:
            case "Fallback":
                self._in_fallback -= 1
            case "t":
                self._in_text -= 1
            case "p":
                line = self._pages.lines.end()
                if line and self._level is not None:
                    self._pages.title(line, min(self._level, 7))
                self._level = None

    def _add(self, text: str) -> None:
        if self._in_text and not self._in_fallback:
            self._pages.lines.add(text)


def _main_part(package: Package) -> str:
    for relation in package.relations().values():
        if relation.kind == "officeDocument" and relation.target in package.names:
            return relation.target
    raise Refused(DAMAGED)
