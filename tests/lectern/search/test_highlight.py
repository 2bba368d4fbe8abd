"""Marks where the words stand, against a slow reading of the same rule."""

import re
import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lectern.search.syntax.folding import fold
from lectern.search.syntax.highlight import Piece, marks, snippet

# Few letters, so that words are found; each folds in its own way, some to nothing or to two.
SOME = st.text(
    st.sampled_from("aAäßsSoœeﬁfiİıΣςσæ \n.\u0301\u0308\u0323\u200d\uff9e한하🙂👍\U0001f3fd")
)
ANYTHING = st.text(st.characters(exclude_categories=[]), max_size=60)
TEXTS = SOME | ANYTHING
WORDS = st.lists(SOME.map(lambda text: text[:3]) | ANYTHING, max_size=4)


def shown(pieces: list[Piece]) -> str:
    return "".join(f"[{piece.text}]" if piece.matched else piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("useHooks-final_v2.mp4", ["hook"], "use[Hook]s-final_v2.mp4"),
        ("Crème brûlée", ["creme", "ULE"], "[Crème] br[ûlé]e"),
        ("Zu\u0308rich", ["zur"], "[Zu\u0308r]ich"),
        ("Zurich", ["ZÜR"], "[Zur]ich"),
        ("Straße", ["ras"], "St[raß]e"),
        ("Straße", ["sse"], "Stra[ße]"),
        ("A week at sea: 2, 22, week2", ["a", "2", "k2"], "[A] week [a]t sea: [2], [2]2, week[2]"),
        ("Œuvre", ["euv"], "[Œuv]re"),
        ("ﬁne", ["ine"], "[ﬁne]"),
        ("ὈΔΥΣΣΕΎΣ", ["οδυσσευς"], "[ὈΔΥΣΣΕΎΣ]"),
        ("banana", ["ana"], "b[anana]"),
        ("cell division", ["cell d", "di"], "[cell di]vision"),
        ("cell", ["ce", " ell"], "[cell]"),
        ("한글", ["하"], "[한]글"),
        ("細胞", ["胞"], "細[胞]"),
        ("👍🏽 yes", ["👍"], "[👍🏽] yes"),
        ("a\u0301", ["a"], "[a\u0301]"),
        ("x", ["", "\u0301", "y"], "x"),
        ("x", [], "x"),
        ("", ["x"], ""),
    ],
)
def test_matching_letters_are_marked(text: str, words: list[str], expected: str) -> None:
    assert shown(marks(text, words)) == expected


@given(TEXTS, WORDS)
@example("aΣ", ["σ"])
def test_marks_change_no_letter_and_alternate(text: str, words: list[str]) -> None:
    pieces = marks(text, words)
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.text for piece in pieces)
    assert all(a.matched != b.matched for a, b in pairwise(pieces))


@given(TEXTS, WORDS)
def test_every_marked_run_holds_a_word_and_no_other_run_does(text: str, words: list[str]) -> None:
    folded = wanted(words)
    for piece in marks(text, words):
        if piece.matched:
            assert any(word in fold(piece.text) for word in folded)
        else:
            assert not any(word in fold(piece.text) for word in folded if len(word) > 2)


def wanted(words: list[str]) -> set[str]:
    return {fold(word).strip() for word in words} - {""}


@given(TEXTS, WORDS)
def test_no_mark_is_parted_from_its_letter(text: str, words: list[str]) -> None:
    for piece in marks(text, words)[1:]:
        assert unicodedata.category(piece.text[0])[0] != "M"
        assert unicodedata.combining(piece.text[0]) == 0


@given(TEXTS, WORDS)
def test_marks_are_what_a_slow_reading_finds(text: str, words: list[str]) -> None:
    """Every cut of the folded text against every word, without looking for anything."""
    letters = slow_letters(text)
    edges = [0]
    for letter in letters:
        edges.append(edges[-1] + len(fold(letter)))
    whole = fold(text)
    assert edges[-1] == len(whole)
    hits = [
        (begin, begin + len(word))
        for word in wanted(words)
        for begin in range(len(whole))
        if stands(whole, word, begin)
    ]
    expected = [covered(edges[at], edges[at + 1], hits) for at in range(len(letters))]
    marked = "".join(str(int(piece.matched)) * len(piece.text) for piece in marks(text, words))
    assert marked == "".join(
        str(int(hit)) * len(letter) for hit, letter in zip(expected, letters, strict=True)
    )


STARTS = re.compile(
    r"(?<![0-9])[0-9]|(?<![a-z\u0080-\U0010ffff])[a-z\u0080-\U0010ffff]|[\u2e80-\ud7af]"
)


def stands(whole: str, word: str, begin: int) -> bool:
    """Short words only where a word begins: after something else than itself, or in CJK."""
    return whole.startswith(word, begin) and (len(word) > 2 or bool(STARTS.match(whole, begin)))


def covered(begin: int, end: int, hits: list[tuple[int, int]]) -> bool:
    """Letters that fold to nothing are covered when they stand inside a hit."""
    if begin == end:
        return any(first < begin < last for first, last in hits)
    return any(first < end and begin < last for first, last in hits)


def slow_letters(text: str) -> list[str]:
    letters: list[str] = []
    for character in text:
        plain = unicodedata.normalize("NFKD", character)
        joined = (
            unicodedata.category(character) in {"Mn", "Mc", "Me"}
            or unicodedata.combining(plain[0])
            or character == "\u200d"
            or "\U0001f3fb" <= character <= "\U0001f3ff"
            or "\u1160" <= character <= "\u11ff"
            or (letters and letters[-1][-1] == "\u200d")
        )
        if joined and letters:
            letters[-1] += character
        else:
            letters.append(character)
    return letters


def test_long_texts_with_many_matches_take_no_longer_than_their_length() -> None:
    def cost(length: int) -> float:
        text = "ä" * length
        began = time.process_time()
        assert marks(text, ["a" * 400, "a", "aa"]) == [Piece(text, True)]
        return time.process_time() - began

    cost(1000)
    # Sixteen times the length: the square of that would be 256.
    assert cost(80_000) < 80 * max(cost(5_000), 0.002)


LONG = (
    "Before that " * 20 + "the cell divides, and mitosis begins " + "and so on " * 30 + "cell wall."
)


def test_a_snippet_is_the_passage_with_the_most_words() -> None:
    pieces = snippet(LONG, ["cell", "mitosis"], around=20)
    assert shown(pieces) == "…Before that the [cell] divides, and [mitosis] begins and so on…"
    assert shown(snippet(LONG, ["wall"], around=12)) == "…so on cell [wall]."


def test_a_snippet_without_a_match_is_the_beginning() -> None:
    assert shown(snippet(LONG, ["nothing"], around=14)) == "Before that Before that…"
    assert shown(snippet("Short.", ["x"])) == "Short."
    assert snippet("", ["x"]) == []
    assert shown(snippet("x" * 500, [], around=10)) == "x" * 20 + "…"


@given(TEXTS.filter(lambda text: "…" not in text), WORDS, st.integers(1, 12))
def test_a_snippet_is_a_passage_of_the_text_and_as_rich_as_any(
    text: str, words: list[str], around: int
) -> None:
    text = f"{text} {text[::-1]}{text}"
    pieces = snippet(text, words, around)
    passage = "".join(piece.text for piece in pieces)
    assert passage.strip("…") in text
    assert text.startswith(passage.strip("…")) or passage.startswith("…")
    assert text.endswith(passage.strip("…")) or passage.endswith("…")
    letters = slow_letters(text)
    edges = [0]
    for letter in letters:
        edges.append(edges[-1] + len(fold(letter)))
    whole = fold(text)
    starts = [
        {word for word in wanted(words) for at in range(*span) if stands(whole, word, at)}
        for span in pairwise(edges)
    ]
    richest = max(len(set().union(*starts[at : at + 2 * around + 1])) for at in range(len(letters)))
    assert len({word for word in wanted(words) if word in fold(passage)}) >= richest
