"""Where the words of a search stand in a text, although searching ignores accents and case."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from lectern.search.syntax.folding import SHORT, fold

_DOTS = "…"
_JOINER = "\u200d"
_SKIN = range(0x1F3FB, 0x1F400)
# Vowels and final consonants of Korean written letter by letter.
_JAMO = range(0x1160, 0x1200)
# Chinese, Japanese and Korean, where every letter may begin a word.
_CJK = range(11904, 55216)


class Piece(NamedTuple):
    """A stretch of a text that either matches or does not."""

    text: str
    matched: bool


class _Match(NamedTuple):
    """Letters `begin` to `end` (exclusive) have the word of that number in them."""

    begin: int
    end: int
    word: int


class _Letters:
    """A text letter by letter, a letter being a character with all its marks.

    `begins` are the letters' places in the text, and its end; `letter_at` is the letter that each
    character of `folded` comes from.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        if text.isascii():
            self.folded: str = fold(text)
            self.begins: Sequence[int] = range(len(text) + 1)
            self.letter_at: Sequence[int] = range(len(text))
            return
        begins = [
            place
            for place, character in enumerate(text)
            if not place or not (_joins(character) or text[place - 1] == _JOINER)
        ]
        self.begins = [*begins, len(text)]
        folded = [_folded(text[begin:end]) for begin, end in pairwise(self.begins)]
        self.folded = "".join(folded)
        self.letter_at = [at for at, each in enumerate(folded) for _ in each]

    def __len__(self) -> int:
        return len(self.begins) - 1

    def between(self, begin: int, end: int) -> str:
        return self.text[self.begins[begin] : self.begins[end]]

    def is_space(self, at: int) -> bool:
        return self.between(at, at + 1).isspace()

    def matches(self, words: Sequence[str]) -> Iterator[_Match]:
        """Word by word, each from the left, overlapping ones too.

        One of fewer than three letters is looked for only where a word begins, as in searching.
        """
        for number, word in enumerate(words):
            folded = fold(word).strip()
            place = self.folded.find(folded) if folded else -1
            while place >= 0:
                if len(folded) >= SHORT or _begins_word(self.folded, place):
                    last = self.letter_at[place + len(folded) - 1]
                    yield _Match(self.letter_at[place], last + 1, number)
                place = self.folded.find(folded, place + 1)


def marks(text: str, words: Sequence[str]) -> list[Piece]:
    """The text in pieces, which together are exactly it; matching ones are never neighbours.

    A letter is marked whole, with its accents, if any part of what it folds to matches. The cost
    grows with the length of the text times that of the words, which a search bounds.
    """
    letters = _Letters(text)
    return _marked(letters, sorted(letters.matches(words)), 0, len(letters))


def snippet(text: str, words: Sequence[str], around: int = 60) -> list[Piece]:
    """The passage with the most different words, for a text too long to show.

    It has up to `around` letters on either side of its matches, which begin at most twice as many
    apart; it is cut between words where there is a space, with `…` for what is left out. Without
    a match it is the beginning.
    """
    letters = _Letters(text)
    found = sorted(letters.matches(words))
    first, last = _densest(found, 2 * around) if found else (0, around)
    begin, end = max(0, first - around), min(len(letters), last + around)
    if begin:
        begin = next((at + 1 for at in range(begin - 1, first) if letters.is_space(at)), begin)
    if end < len(letters):
        end = next((at for at in range(end, last - 1, -1) if letters.is_space(at)), end)
    pieces = _marked(letters, found, begin, end)
    before, after = begin > 0, end < len(letters)
    return [*[Piece(_DOTS, False)] * before, *pieces, *[Piece(_DOTS, False)] * after]


def _marked(letters: _Letters, found: Sequence[_Match], begin: int, end: int) -> list[Piece]:
    """The letters from `begin` to `end` in pieces, of matches in the order of the text."""
    covered, reached = bytearray(len(letters)), 0
    for match in found:
        # Overlapping matches are many: each adds only what is new.
        if match.end > reached:
            new = max(match.begin, reached)
            covered[new : match.end] = b"\1" * (match.end - new)
            reached = match.end
    pieces, at = [], begin
    while at < end:
        other = covered.find(1 - covered[at], at, end)
        after = other if other >= 0 else end
        pieces.append(Piece(letters.between(at, after), bool(covered[at])))
        at = after
    return pieces


def _densest(found: Sequence[_Match], width: int) -> tuple[int, int]:
    """From where to where most different words are, which begin at most `width` apart.

    Of equal passages the first. `found` is in the order of the text.
    """
    counts: Counter[int] = Counter()
    best, most, after = (0, 1), 0, 0
    for number, match in enumerate(found):
        while after < len(found) and found[after].begin <= match.begin + width:
            counts[found[after].word] += 1
            after += 1
        if len(counts) > most:
            best, most = (number, after), len(counts)
        counts[match.word] -= 1
        if not counts[match.word]:
            del counts[match.word]
    inside = found[slice(*best)]
    return inside[0].begin, max(each.end for each in inside)


@lru_cache(maxsize=4096)
def _joins(character: str) -> bool:
    """Whether it belongs to the letter before it, whatever that is."""
    return (
        unicodedata.category(character)[0] == "M"
        # Some stand-alone forms fold to a mark.
        or unicodedata.combining(unicodedata.normalize("NFKD", character)[0]) > 0
        or ord(character) in _SKIN
        or ord(character) in _JAMO
        or character == _JOINER
    )


@lru_cache(maxsize=4096)
def _folded(letter: str) -> str:
    return fold(letter)


def _begins_word(folded: str, place: int) -> bool:
    """As the database's function `grams` has it: where letters or digits begin, and in between."""
    kind = _kind(folded[place])
    begins = not place or kind != _kind(folded[place - 1]) or ord(folded[place]) in _CJK
    return kind > 0 and begins


def _kind(character: str) -> int:
    if "0" <= character <= "9":
        return 1
    return 2 if character > "\x7f" or "a" <= character <= "z" else 0
