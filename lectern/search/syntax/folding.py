"""What makes two spellings one when searching; the same as the functions of migration 0005."""

import unicodedata

# Letters that are no other letter with a mark, in the order PostgreSQL replaces them.
_ONE = str.maketrans("øłđıς", "oldiσ")
_TWO = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
_PRIME = 1_000_003
_31_BITS = (1 << 31) - 1
# A gram that begins with this is the beginning of a word.
_START = 1
SHORT = 3


def fold(text: str) -> str:
    """Lower case, compatibility forms made plain, without accents: `Crème ﬁn` is `creme fin`.

    The result may be longer than the text, or shorter.
    """
    letters = unicodedata.normalize("NFKD", text).lower()
    plain = "".join(c for c in letters if not "\u0300" <= c <= "\u036f").translate(_ONE)
    for letter, spelled in _TWO.items():
        plain = plain.replace(letter, spelled)
    return plain


def grams(word: str) -> list[int]:
    """The numbers that the index has for every text with this folded word in it.

    A word of one or two letters stands for the beginning of a word; spaces separate.
    """
    found: dict[int, None] = {}
    for part in word.split():
        if len(part) < SHORT:
            found[_gram(_START, *map(ord, part), *[0] * (2 - len(part)))] = None
        for at in range(len(part) - 2):
            found[_gram(*map(ord, part[at : at + 3]))] = None
    return list(found)


def _gram(a: int, b: int, c: int) -> int:
    return ((a * _PRIME + b) * _PRIME + c) & _31_BITS
