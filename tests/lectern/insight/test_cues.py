"""Cues read well, whatever was said."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lectern.insight import cues
from lectern.insight.cues import LAG_S, Word, from_words, width

LETTERS = st.characters(whitelist_categories=["L", "N"], whitelist_characters=".,?!'-")


@st.composite
def spoken(draw: st.DrawFn) -> list[Word]:
    """Speech as people speak: no word faster than 18 characters a second, pauses between some."""
    words, clock = [], draw(st.floats(0, 5))
    for text in draw(st.lists(st.text(LETTERS, min_size=1, max_size=14), min_size=1, max_size=60)):
        took = (width(text) + 1) / 18 + draw(st.sampled_from([0.0, 0.05, 0.3]))
        words.append(Word(clock, clock + took, f" {text}"))
        clock += took + draw(st.sampled_from([0.0, 0.0, 0.0, 0.3, 1.0, 2.5]))
    return words


@st.composite
def anything(draw: st.DrawFn) -> list[Word]:
    """Times that no recogniser should give."""
    times = st.floats(0, 30, allow_nan=False)
    text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=120)
    rows = draw(st.lists(st.tuples(times, times, text), max_size=40))
    return [Word(start, end, f" {text}") for start, end, text in rows]


def plain(text: str) -> str:
    return "".join(text.split())


def check_shape(words: list[Word]) -> list[cues.Cue]:
    made = from_words(words)
    assert plain("".join(cue.text for cue in made)) == plain("".join(w.text for w in words))
    for cue in made:
        lines = cue.text.split("\n")
        assert 1 <= len(lines) <= cues.MOST_LINES
        assert all(0 < width(line) <= cues.LINE_CHARS for line in lines)
        assert 0 < cue.end_s - cue.start_s <= cues.MOST_S + 0.001
    for one, other in pairwise(made):
        assert one.end_s <= other.start_s
    return made


@given(spoken())
def test_what_people_say_can_be_read_in_time(words: list[Word]) -> None:
    for cue in check_shape(words):
        took = cue.end_s - cue.start_s
        assert took >= cues.LEAST_S - 0.002
        assert width(cue.text.replace("\n", " ")) / took <= cues.CHARS_PER_S + 0.1


@given(spoken())
def test_no_cue_is_far_from_what_it_says(words: list[Word]) -> None:
    said = {plain(word.text) for word in words}
    for cue in from_words(words):
        first = cue.text.split()[0]
        if first in said:
            starts = [word.start_s for word in words if plain(word.text) == first]
            assert min(abs(cue.start_s - start) for start in starts) <= LAG_S + 0.01


@given(anything())
def test_whatever_the_times_are_nothing_overlaps_or_is_lost(words: list[Word]) -> None:
    check_shape(words)


def test_breaks_are_at_the_ends_of_sentences() -> None:
    text = (
        "A hook is a function that gives a component memory. Before hooks, we needed a class for "
        "every component with state. Now a simple function is enough, and the code is clean."
    )
    words = [Word(n * 0.35, n * 0.35 + 0.3, f" {word}") for n, word in enumerate(text.split())]
    made = from_words(words)
    assert [cue.text.replace("\n", " ") for cue in made] == [
        "A hook is a function that gives a component memory.",
        "Before hooks, we needed a class for every component with state.",
        "Now a simple function is enough, and the code is clean.",
    ]
    assert made[0].text == "A hook is a function that\ngives a component memory."


def test_a_long_pause_ends_a_cue() -> None:
    made = from_words([Word(0, 0.5, " and"), Word(4.0, 4.5, " then")])
    assert [cue.text for cue in made] == ["and", "then"]
    assert made[0].end_s < 2.0


def test_languages_without_spaces_keep_none() -> None:
    words = [Word(n * 0.2, n * 0.2 + 0.2, letter) for n, letter in enumerate("これはテストです。")]
    assert [cue.text for cue in from_words(words)] == ["これはテストです。"]
