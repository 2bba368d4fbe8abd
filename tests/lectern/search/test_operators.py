"""Operators typed into the search box: what they mean, what stays a word, what is refused."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from lectern.errors import Invalid
from lectern.models import Workspace
from lectern.people.principal import Principal
from lectern.search.filters import MOST_WORDS, Query
from lectern.search.query import read, write
from lectern.search.syntax import operators
from lectern.search.syntax.operators import Parsed, Part, parse, resolve, without
from tests.factories import make_colleague, make_principal, make_user

SOMEBODY = uuid.UUID("00000000-0000-7000-8000-000000000001")


def day(year: int, month: int = 1, number: int = 1) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


MEANINGS: list[tuple[str, dict[str, Any]]] = [
    ("tag:react", {"tag": ("react",)}),
    ('TAG:"two words" tag:x', {"tag": ("two words", "x")}),
    ("tag:“two words”", {"tag": ("two words",)}),
    ('tag:"open to the end', {"tag": ("open to the end",)}),
    ("Kind:VIDEO", {"kind": "video"}),
    ("kind:video kind:audio", {"kind": "audio"}),
    ('folder:"Biology/Week 1"', {"folder": "Biology/Week 1"}),
    ("course:BIO-101", {"course": "BIO-101"}),
    ("course:urn:x:1", {"course": "urn:x:1"}),
    ("used:never", {"usage": "never"}),
    ("used:yes", {"usage": "used"}),
    ("used:no", {"usage": "unused"}),
    ("usage:formerly", {"usage": "formerly"}),
    ("is:unused is:duplicate", {"usage": "unused", "duplicates": True}),
    ("is:trashed is:failed", {"trashed": True, "state": "failed"}),
    ("state:processing", {"state": "processing"}),
    ("owner:me", {"owner_name": "me"}),
    (f"owner:ann owner:{SOMEBODY}", {"owner": SOMEBODY}),
    (f'owner:{SOMEBODY} owner:"Ann B"', {"owner_name": "Ann B"}),
    (">100mb", {"min_size": 100_000_001}),
    (">=100MB", {"min_size": 100_000_000}),
    ("≥1,5kb", {"min_size": 1500}),
    ("<=2 GB", {"max_size": 2_000_000_000}),
    ("<2kib", {"max_size": 2047}),
    ("size:<0.5kib", {"max_size": 511}),
    (">0.0015kb <0.0025kb", {"min_size": 2, "max_size": 2}),
    ("size:>1 MB", {"min_size": 1_000_001}),
    ("size:10mb..1gb", {"min_size": 10_000_000, "max_size": 1_000_000_000}),
    ("size:..1tb", {"max_size": 10**12}),
    ("size:1b..", {"min_size": 1}),
    ("longer:10m shorter:1h30m", {"min_duration": 600.0, "max_duration": 5400.0}),
    ("length:5m..20min", {"min_duration": 300.0, "max_duration": 1200.0}),
    ("duration:>=90s", {"min_duration": 90.0}),
    ("duration:<=1:02:03", {"max_duration": 3723.0}),
    ("duration:1:30..", {"min_duration": 90.0}),
    ("after:2026-01-31", {"created_after": day(2026, 1, 31)}),
    ("before:2026-02", {"created_before": day(2026, 2)}),
    ("date:2026", {"created_after": day(2026), "created_before": day(2027)}),
    ("date:2026-12", {"created_after": day(2026, 12), "created_before": day(2027)}),
    ("date:2024-02-29", {"created_after": day(2024, 2, 29), "created_before": day(2024, 3)}),
    ("date:2025..2026-03", {"created_after": day(2025), "created_before": day(2026, 4)}),
    ("date:2026-05..", {"created_after": day(2026, 5)}),
    ("sort:-size", {"sort": "-size"}),
]


# fmt: off
UNFINISHED = [
    "kind:", "kind:vi", 'tag:"', 'tag:""', "sort:-",
    ">1", ">10m", "<=2,", "size:10mb", "size:10mb.", "size:..", "size:>",
    "longer:10", "longer:1h3", "length:5mi",
    "date:20", "after:2026-0", "before:2026-01-", "date:2026..2027-",
]
SENSELESS = [
    "kind:film", "kind:vi cell", 'kind:"vi"', "used:often", "is:red", "state:done", "sort:colour",
    ">10x", "<3 cells", "<0b", ">9999999tb", "size:big", "size:10mb cell", "size:1kb..x",
    "longer:long", "shorter:10 x", "duration:<0s", "longer:999999999h",
    "after:yesterday", "date:2026-13", "date:2026-02-30", "date:9999", "date:0000",
    "after:９９９９", "date:2026..x",
]
# Pieces that mean something, in any order, between plain noise.
BITS = [
    *(q for q, _ in MEANINGS), *UNFINISHED, '"', "“", "<=5", "2 GB", "http://x", "a::b",
    "é", "e\u0301", "\u0958", "mb", "..", "-", " ", "\x00", ":", "cell",
]
# fmt: on
ANYTHING = st.characters(exclude_categories=[])
TYPED = st.builds(
    str.join,
    st.sampled_from(["", " "]),
    st.lists(st.sampled_from(BITS) | st.text(ANYTHING, max_size=12), max_size=12),
)


@pytest.mark.parametrize(("q", "filters"), MEANINGS)
def test_each_operator_means_its_filters_and_leaves_no_word(
    q: str, filters: dict[str, Any]
) -> None:
    parsed = parse(q)
    assert (parsed.filters, parsed.words, parsed.unfinished) == (filters, (), ())


def test_a_strict_comparison_of_seconds_leaves_its_bound_out() -> None:
    filters = parse("duration:>90s duration:<91s").filters
    assert 90 < filters["min_duration"] < 90.001
    assert 90.999 < filters["max_duration"] < 91


@pytest.mark.parametrize(
    ("q", "words"),
    [
        ("  cell   Division ", ("cell", "Division")),
        ('"exact phrase" more', ("exact phrase", "more")),
        ("“curved phrase”", ("curved phrase",)),
        ('"open to the end', ("open to the end",)),
        ('"one"two', ("one", "two")),
        ('"" x " "', ("x",)),
        ('"kind:video" "<=2" gb', ("kind:video", "<=2", "gb")),
        ("12:30 10:30:00 v2:final", ("12:30", "10:30:00", "v2:final")),
        ("http://a.example/b https:// a::b", ("http://a.example/b", "https://", "a::b")),
        (r"C:\x D:/y tag::z", (r"C:\x", "D:/y", "tag::z")),
        ("Biology: cells -> > >= < :)", ("Biology:", "cells", "->", ">", ">=", "<", ":)")),
        ("x 5'10\" x", ("x", "5'10\"")),
        ("-kind:video (tag:x)", ("-kind:video", "(tag:x)")),
        ("ce\x00ll\x07\ndiv\ud800", ("cell", "div")),
    ],
)
def test_what_is_no_operator_stays_a_word(q: str, words: tuple[str, ...]) -> None:
    assert parse(q) == Parsed(words)


@pytest.mark.parametrize("typing", UNFINISHED)
def test_what_is_still_being_typed_filters_nothing_and_is_told(typing: str) -> None:
    assert parse(f"cell {typing}") == Parsed(("cell",), unfinished=(typing,))
    with pytest.raises(Invalid, match="not finished"):
        operators.require_finished(Query(q=typing))


def test_an_operator_without_a_value_is_told_wherever_it_stands() -> None:
    assert parse("tag: react") == Parsed(("react",), unfinished=("tag:",))
    operators.require_finished(Query(q="tag:react cells"))


@pytest.mark.parametrize("q", SENSELESS)
def test_a_value_that_an_operator_does_not_know_is_refused(q: str) -> None:
    with pytest.raises(Invalid, match="is not understood") as refusal:
        parse(q)
    assert refusal.value.fields == {"q": str(refusal.value)}


@pytest.mark.parametrize("q", ["foo:bar", 'foo:"bar baz"', "x foo:12", "FOO:b:c"])
def test_an_unknown_operator_is_named_with_the_known_ones_and_a_way_out(q: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse(q)
    assert refusal.value.fields == {"q": str(refusal.value)}
    assert str(refusal.value).startswith("“foo:” is no search operator. Known are kind, tag, ")
    literal = str(refusal.value).rpartition("in quotes: ")[2].removesuffix(".")
    assert len(parse(literal).words) == 1


def test_a_search_has_its_limits() -> None:
    assert len(parse(" ".join(map(str, range(MOST_WORDS)))).words) == MOST_WORDS
    assert parse("a " * 249) == Parsed(("a",))
    for q in (" ".join(map(str, range(MOST_WORDS + 1))), "x" * 501, '"' + "x " * 249 + "x"):
        with pytest.raises(Invalid, match="at most 50 words and 500 characters") as refusal:
            parse(q)
        assert refusal.value.fields.keys() == {"q"}


def test_parts_say_where_a_filter_comes_from() -> None:
    assert parse('cell TAG:"two words" >100mb longer:10m is:duplicate before:2026').parts == (
        Part('TAG:"two words"', "tag", "two words"),
        Part(">100mb", "size", ">100mb"),
        Part("longer:10m", "duration", ">=10m"),
        Part("is:duplicate", "duplicates", "duplicate"),
        Part("before:2026", "created", "<2026"),
    )


@pytest.mark.parametrize(
    ("q", "part", "rest"),
    [
        ('cell  tag:"two words" kind:video', 'tag:"two words"', "cell kind:video"),
        ("a <=2 GB b", "<=2 GB", "a b"),
        ("kind:video", "kind:video", ""),
        ('tag:a "tag:a" tag:a', "tag:a", '"tag:a"'),
        ("tag:a tag:ab", "tag:a", "tag:ab"),
        ('"one"tag:a foo:', "tag:a", '"one" foo:'),
    ],
)
def test_a_part_can_be_taken_out(q: str, part: str, rest: str) -> None:
    (taken,) = {each for each in parse(q).parts if each.text == part}
    assert without(q, taken) == rest


def read_or_refused(q: str) -> Parsed | Invalid:
    """Nothing else may come of any text."""
    try:
        return parse(q)
    except Invalid as refusal:
        return refusal


@settings(max_examples=400)
@given(TYPED | st.text(ANYTHING, max_size=600))
@example('"' + "x " * 249)
@example("\u0958" * 400)
def test_any_text_is_read_or_refused(q: str) -> None:
    parsed = read_or_refused(q)
    if isinstance(parsed, Invalid):
        assert parsed.fields == {"q": str(parsed)}
        return
    assert all(word == word.strip() != "" for word in parsed.words)
    for part in parsed.parts:
        rest = parse(without(q, part))
        assert rest.words == parsed.words
        assert rest.parts == tuple(each for each in parsed.parts if each.text != part.text)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(q=TYPED, tag=st.sampled_from([(), ("react", "b")]), kind=st.sampled_from(["", "audio"]))
def test_resolving_twice_is_resolving_once(
    session: Session, owner: Principal, q: str, tag: tuple[str, ...], kind: str
) -> None:
    typed = Query(q=q, tag=tag, kind=kind)
    try:
        once = resolve(session, owner, typed)
    except Invalid:
        return
    assert resolve(session, owner, once) == once
    assert parse(once.q) == Parsed(parse(q).words)
    assert read(write(once)) == once


def test_what_is_typed_wins_and_tags_add_up(session: Session, owner: Principal) -> None:
    controls = Query(
        q='cells kind:video tag:exam tag:b "a phrase" x:yz "ab:c" >1kb '
        "sort:name is:duplicate date:2026",
        kind="audio",
        tag=("b", "c"),
        any_tag=("d",),
        usage="used",
        max_size=5000,
        created_before=day(2020),
        sort="-size",
    )
    assert resolve(session, owner, controls) == replace(
        controls,
        q='cells "a phrase" x:yz "ab:c"',
        kind="video",
        tag=("b", "c", "exam"),
        min_size=1001,
        created_after=day(2026),
        created_before=day(2027),
        sort="name",
        duplicates=True,
    )


def test_too_many_tags_together_are_refused(session: Session, owner: Principal) -> None:
    tags = tuple(map(str, range(50)))
    assert resolve(session, owner, Query(q="tag:7", tag=tags)).tag == tags
    with pytest.raises(Invalid, match="at most 50 tags"):
        resolve(session, owner, Query(q="tag:x", tag=tags))


def test_an_owner_is_found_by_any_name(session: Session, owner: Principal) -> None:
    space = session.get_one(Workspace, owner.workspace_id)
    zoe = make_user(session, space, name="Zoë Berg", email=f"z{uuid.uuid4().hex}@example.org")
    make_user(session, space, name="Ann Berg")
    make_user(session, make_principal_space(session), name="Zoë Berg")
    for typed in ('"Zoë Berg"', '"zoe berg"', "ZOE", zoe.email.upper(), str(zoe.id)):
        assert resolve(session, owner, Query(q=f"owner:{typed}")).owner == zoe.id
    colleague = make_colleague(session, owner)
    assert resolve(session, colleague, Query(q="owner:me")).owner == colleague.user_id


def make_principal_space(session: Session) -> Workspace:
    return session.get_one(Workspace, make_principal(session).workspace_id)


def test_an_owner_who_is_nobody_or_several_is_refused(
    session: Session, owner: Principal, stranger: Principal
) -> None:
    space = session.get_one(Workspace, owner.workspace_id)
    for first in ("Ann", "Bob"):
        make_user(session, space, name=f"{first} Berg")
    for typed, said in (
        ("berg", "fits 2 people: "),
        ("Nemo", "No member is called “Nemo”"),
        (stranger.email, "No member is called"),
    ):
        with pytest.raises(Invalid, match=said) as refusal:
            resolve(session, owner, Query(q=f"owner:{typed}"))
        assert refusal.value.fields.keys() == {"q"}
        assert "@example.org" not in str(refusal.value) or "@" in typed
    with pytest.raises(Invalid, match="No member"):
        resolve(session, Principal.system(owner.workspace_id), Query(q="owner:me"))
