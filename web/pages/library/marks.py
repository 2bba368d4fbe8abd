"""What was searched for, marked where it is shown."""

from collections.abc import Sequence

from markupsafe import Markup, escape

from lectern.search.syntax.highlight import marks

Words = tuple[str, ...]


def marked(text: str, words: Sequence[str]) -> Markup:
    """The text with each occurrence of a word in `<mark>`; without words, only escaped."""
    if not words:
        return escape(text)
    pieces = marks(text, words)
    return Markup("").join(
        Markup("<mark>{}</mark>").format(piece.text) if piece.matched else piece.text
        for piece in pieces
    )
