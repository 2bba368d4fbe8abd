"""What changed between two texts, word by word."""

import re
from difflib import SequenceMatcher
from typing import NamedTuple

_WORD = re.compile(r"\s+|[^\s]+")
# Beyond so many differing words the comparison is not worth its time, nor its reading.
MOST_WORDS = 600
# Words kept on each side of a change.
AROUND = 6


class Piece(NamedTuple):
    """A stretch of text: `kind` is same, gone, new or gap, an ellipsis for what is left out."""

    kind: str
    text: str


def diff(before: str, after: str) -> list[Piece]:
    """The texts as one, with what has gone and what is new; long stretches without change left out.

    Reads like `after` with what has gone from `before` in between.
    """
    old, new = _WORD.findall(before), _WORD.findall(after)
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    pieces = [Piece("same", "".join(old[:start]))]
    pieces += _middle(old[start : len(old) - end], new[start : len(new) - end])
    pieces.append(Piece("same", "".join(old[len(old) - end :])))
    return _shortened([piece for piece in pieces if piece.text])


def _middle(old: list[str], new: list[str]) -> list[Piece]:
    if len(old) > MOST_WORDS or len(new) > MOST_WORDS:
        return [Piece("gone", "".join(old)), Piece("new", "".join(new))]
    pieces = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(Piece("same", "".join(old[a:b])))
        else:
            pieces += [Piece("gone", "".join(old[a:b])), Piece("new", "".join(new[c:d]))]
    return pieces


def _common(one: list[str], other: list[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _shortened(pieces: list[Piece]) -> list[Piece]:
    short: list[Piece] = []
    for at, piece in enumerate(pieces):
        words = _WORD.findall(piece.text)
        first, last = at == 0, at == len(pieces) - 1
        if piece.kind != "same" or len(words) <= 4 * AROUND or (first and last):
            short.append(piece)
            continue
        head = [] if first else [Piece("same", "".join(words[: 2 * AROUND]))]
        tail = [] if last else [Piece("same", "".join(words[-2 * AROUND :]))]
        short += [*head, Piece("gap", "…"), *tail]
    return short
