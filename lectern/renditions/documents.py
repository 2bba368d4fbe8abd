"""What is made of documents for looking at them: a PDF of those that are none, and their pages."""

from collections.abc import Iterable

# LibreOffice's, of an office document.
PDF = "document.pdf"
_PAGE, _SUFFIX = "pages/", ".webp"


def page(number: int) -> str:
    """The spec of the picture of a page, counted from 1."""
    return f"{_PAGE}{number}{_SUFFIX}"


def drawn(specs: Iterable[str]) -> int:
    """How many pages have a picture: the first of the document, without gaps."""
    return sum(each.startswith(_PAGE) for each in specs)
