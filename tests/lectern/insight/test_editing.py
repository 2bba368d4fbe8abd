"""Changes of cues: order and times hold, no word is lost, nobody's work is overwritten unseen."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lectern.errors import Invalid, Stale
from lectern.insight.cues import Cue, limits_of
from lectern.insight.editing import operations, readability, tracks
from lectern.insight.editing.operations import Join, Replace, Shift, Splice, Split
from lectern.insight.editing.readability import Trouble

WORD = st.text("abcdeäß語", min_size=1, max_size=9)
TEXT = st.lists(WORD, min_size=1, max_size=14).map(" ".join)


@st.composite
def captions(draw: st.DrawFn) -> list[Cue]:
    """Cues as they are kept: in order, none over another, whole milliseconds."""
    found, clock = [], 0
    for text in draw(st.lists(TEXT, min_size=1, max_size=8)):
        clock += draw(st.integers(0, 3000))
        lasts = draw(st.integers(50, 8000))
        found.append(Cue(clock / 1000, (clock + lasts) / 1000, text))
        clock += lasts
    return found


def words(cues: list[Cue]) -> list[str]:
    return " ".join(cue.text for cue in cues).split()


def is_sound(cues: list[Cue]) -> bool:
    return tracks.checked(cues) == cues and all(
        one.start_s < other.start_s for one, other in pairwise(cues)
    )


@given(captions(), st.data())
def test_a_split_loses_no_word_and_can_be_joined_again(
    cues: list[Cue], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(cues) - 1))
    at = data.draw(st.integers(0, len(cues[index].text)))
    time_s = data.draw(st.none() | st.floats(0, 100))
    try:
        changed = Split(cues[index], at, time_s).apply(cues)
    except Invalid:
        return
    assert is_sound(changed)
    assert len(changed) == len(cues) + 1
    assert "".join(words(changed)) == "".join(words(cues))
    joined = Join(changed[index], changed[index + 1]).apply(changed)
    assert is_sound(joined)
    assert (joined[index].start_s, joined[index].end_s) == (cues[index].start_s, cues[index].end_s)
    assert "".join(words(joined)) == "".join(words(cues))


@given(captions(), st.data(), st.integers(-5000, 5000), st.booleans())
def test_a_shift_moves_exactly_what_was_meant_or_nothing(
    cues: list[Cue], data: st.DataObject, by_ms: int, following: bool
) -> None:
    index = data.draw(st.integers(0, len(cues) - 1))
    stop = len(cues) if following else index + 1
    try:
        changed = Shift(cues[index], by_ms / 1000, following).apply(cues)
    except Invalid:
        moved_anyway = [
            Cue(cue.start_s + by_ms / 1000, cue.end_s + by_ms / 1000, cue.text)
            if index <= number < stop
            else cue
            for number, cue in enumerate(cues)
        ]
        with pytest.raises(Invalid):
            tracks.checked(moved_anyway)
        return
    assert is_sound(changed)
    for number, (old, new) in enumerate(zip(cues, changed, strict=True)):
        moved = by_ms if index <= number < stop else 0
        assert round((new.start_s - old.start_s) * 1000) == moved
        assert round((new.end_s - old.end_s) * 1000) == moved
        assert new.text == old.text


@given(captions(), captions())
def test_the_difference_of_two_lists_is_a_splice_that_can_be_undone(
    old: list[Cue], new: list[Cue]
) -> None:
    first, gone, come = operations.difference(old, new)
    there, then = tuple(old[first : first + gone]), tuple(new[first : first + come])
    assert [*old[:first], *then, *old[first + gone :]] == new
    if there:
        assert Splice(there, then).apply(old) == new
    if then:
        assert Splice(then, there).apply(new) == old


@given(captions(), WORD, WORD, st.booleans(), st.booleans())
def test_replacing_touches_only_where_something_was_found(
    cues: list[Cue], find: str, by: str, case: bool, whole: bool
) -> None:
    wanted = Replace(find, by, case, whole)
    changed = wanted.apply(cues)
    assert is_sound(changed)
    hit = {index for index, _ in wanted.matches(cues)}
    for number, (old, new) in enumerate(zip(cues, changed, strict=True)):
        assert (new.start_s, new.end_s) == (old.start_s, old.end_s)
        assert number in hit or new == old


ONE, TWO, THREE = Cue(0.0, 1.0, "One"), Cue(1.0, 2.0, "Two."), Cue(3.0, 4.0, "Three")


def test_changes_to_different_cues_both_hold_and_to_the_same_one_do_not() -> None:
    mine = Splice((ONE,), (Cue(0.0, 1.0, "Mine"),))
    theirs = Splice((THREE,), (Cue(3.0, 4.0, "Theirs"),))
    both = operations.apply([ONE, TWO, THREE], [theirs, mine])
    assert [cue.text for cue in both] == ["Mine", "Two.", "Theirs"]
    late = Splice((THREE,), (Cue(3.0, 4.0, "Too late"),))
    with pytest.raises(Stale):
        operations.apply(both, [late])
    with pytest.raises(Stale):
        Join(ONE, TWO).apply([ONE, Cue(0.9, 0.95, "New"), TWO])
    with pytest.raises(Invalid):
        Splice((), ()).apply([ONE])


def test_a_phrase_is_found_over_the_end_of_a_line_and_as_a_word() -> None:
    cues = [Cue(0.0, 4.0, "call use\nstate here"), Cue(4.0, 8.0, "Use states (use state)")]
    assert Replace("use state", "useState").matches(cues) == [(0, 1), (1, 2)]
    assert Replace("use state", "useState", words=True).matches(cues) == [(0, 1), (1, 1)]
    assert Replace("use state", "x", case=True).matches(cues) == [(0, 1), (1, 1)]
    changed = Replace("use state", r"\1", words=True).apply(cues)
    assert [cue.text for cue in changed] == [r"call \1 here", r"Use states (\1)"]
    with pytest.raises(Invalid):
        Replace("  ", "x").apply(cues)


def troubles(cue: Cue) -> set[Trouble]:
    return {each.trouble for each in readability.problems(cue)}


def test_what_is_hard_to_read_is_named_with_the_time_it_needs() -> None:
    assert troubles(Cue(0.0, 2.0, "x" * 40)) == set()
    assert troubles(Cue(0.0, 1.9, "x" * 40)) == {Trouble.FAST}
    (fast,) = readability.problems(Cue(0.0, 1.0, "x" * 40))
    assert fast.needed_s is not None
    assert fast.needed_s >= 2.0
    assert troubles(Cue(0.0, 3.0, "x " * 24)) == {Trouble.LONG_LINE}
    assert troubles(Cue(0.0, 6.9, "word " * 20)) == {Trouble.TOO_MUCH}
    assert troubles(Cue(0.0, 2.0, "a\nb\nc")) == {Trouble.LINES}
    assert troubles(Cue(0.0, 0.5, "a")) == {Trouble.FLASH}
    assert troubles(Cue(0.0, 7.5, "a")) == {Trouble.STAYS}


@pytest.mark.parametrize(
    ("language", "letters", "per_s"), [("ja", 16, 4), ("zh-Hant", 16, 9), ("ko", 16, 12)]
)
def test_east_asian_captions_have_limits_of_their_own(
    language: str, letters: int, per_s: int
) -> None:
    limits = limits_of(language)

    def found(text: str, lasts_s: float) -> set[Trouble]:
        return {each.trouble for each in readability.problems(Cue(0.0, lasts_s, text), limits)}

    line = "字" * letters
    assert found(line, letters / per_s) == set()
    assert found(line, letters / per_s - 0.3) == {Trouble.FAST}
    assert found(f"{line}字", 6.9) == {Trouble.LONG_LINE}
    assert found(line * 2 + "字", 16.0) == {Trouble.TOO_MUCH, Trouble.STAYS}
    assert limits_of("he") == limits_of("en") == limits_of("und")
