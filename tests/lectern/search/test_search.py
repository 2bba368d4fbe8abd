"""Search: every filter against a plain reading of the same words, every cursor to the end."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lectern import search
from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.models import Asset
from lectern.people.principal import Principal
from lectern.search import Query, codes, scan, selectivity
from lectern.search.syntax.folding import fold
from lectern.taxonomy import folders, tags
from lectern.text import tag_key
from tests.factories import make_asset, make_blob, make_course, make_principal

WORDS = ["Cell", "cells", "Zelle", "zürich", "Éclair", "50%", "a_b", "back\\slash", "Week 2"]
TAGS = ["Biology", "biology 2", "Übung", "exam"]
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Shelf:
    """One workspace with assets whose every field is known, and the people of two workspaces."""

    session: Session
    owner: Principal
    colleague: Principal
    stranger: Principal
    course: str
    used: set[uuid.UUID] = field(default_factory=set)
    assets: list[Asset] = field(default_factory=list)
    tags: dict[uuid.UUID, set[str]] = field(default_factory=dict)
    paths: dict[uuid.UUID, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def shelf(engine: Engine) -> Iterator[Shelf]:
    """120 assets, made once: nothing here changes them."""
    with engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield stocked(session, random.Random(7))  # noqa: S311 - the same shelf every time
        transaction.rollback()


def stocked(session: Session, chance: random.Random) -> Shelf:
    owner, stranger = make_principal(session), make_principal(session)
    course = make_course(session, owner, ref="used-here")
    colleague = replace(make_principal(session), workspace_id=owner.workspace_id)
    shelf = Shelf(session, owner, colleague, stranger, course.ref)
    twins = [make_blob(session, owner.workspace_id, byte_size=5 << 30) for _ in range(3)]
    for number in range(120):
        shelf.assets.append(asset := one(shelf, chance, number, twins))
        given_tags = chance.sample(TAGS, chance.randrange(3))
        tags.put(session, asset, given_tags)
        shelf.tags[asset.id] = {tag_key(tag) for tag in given_tags}
        path = chance.choice(["", "Biology", "Biology/Week 1"])
        folder = folders.ensure(session, owner, path)
        asset.folder_id = folder.id if folder else None
        shelf.paths[asset.id] = path
        make_asset(session, stranger, name=asset.name)
    session.flush()
    used = [asset.id for asset in shelf.assets if asset.live][::5]
    usages.put(session, owner, Place(course.ref), [UsageSpec(asset_id) for asset_id in used])
    shelf.used.update(used)
    for asset in shelf.assets:
        session.refresh(asset)
    return shelf


def one(shelf: Shelf, chance: random.Random, number: int, twins: list[Any]) -> Asset:
    trashed = chance.random() < 0.15
    at = START + timedelta(days=chance.randrange(20), microseconds=chance.randrange(3))
    blob = chance.choice(twins) if chance.random() < 0.2 else None
    blob = blob or make_blob(
        shelf.session, shelf.owner.workspace_id, byte_size=chance.choice([10, 1000, 6 << 30])
    )
    return make_asset(
        shelf.session,
        chance.choice([shelf.owner, shelf.colleague]),
        blob=blob,
        name=f"{chance.choice(WORDS)} {chance.choice(WORDS)} {number % 13}",
        original_name=f"{chance.choice(WORDS)}.mp4",
        description=chance.choice(["", "About " + chance.choice(WORDS)]),
        kind=chance.choice(["video", "audio", "image", "document"]),
        state=chance.choice(["processing", "ready", "failed"]),
        duration_s=chance.choice([None, 0.1, 60.0, 3600.25]),
        usage_count=chance.choice([0, 0, 1, 12]),
        last_used_at=chance.choice([None, START, START + timedelta(days=1, microseconds=1)]),
        created_at=at,
        live=not trashed,
        trashed_at=START if trashed else None,
    )


def has(place: str, word: str) -> bool:
    """Long words anywhere, short ones where a word begins; accents and case do not matter."""
    place, word = fold(place), fold(word)
    starts = [
        at
        for at, letter in enumerate(place)
        if letter_class(letter) and (at == 0 or letter_class(place[at - 1]) != letter_class(letter))
    ]
    if len(word) < 3:
        return any(place.startswith(word, at) for at in starts)
    return word in place


def letter_class(letter: str) -> int:
    if letter in "0123456789":
        return 1
    return 2 if letter > "\x7f" or "a" <= letter <= "z" else 0


def matches(shelf: Shelf, query: Query, asset: Asset) -> bool:
    """What the filters mean, said once more without a database."""
    text = [asset.name, asset.original_name, asset.description]
    own = shelf.tags[asset.id]

    places = [*text, *own, *shelf.paths[asset.id].split("/")]

    alive = [other for other in shelf.assets if other.live]
    formerly = asset.usage_count == 0 and asset.last_used_at is not None
    usage = {
        "": True,
        "used": asset.usage_count > 0,
        "unused": asset.usage_count == 0,
        "formerly": formerly,
        "never": asset.usage_count == 0 and not formerly,
    }
    size, length = asset.byte_size or 0, asset.duration_s
    return all(
        [
            asset.live != query.trashed,
            all(any(has(place, word) for place in places) for word in query.q.split()),
            query.kind in ("", asset.kind),
            query.state in ("", asset.state),
            usage[query.usage],
            {tag_key(tag) for tag in query.tag} <= own,
            not query.any_tag or {tag_key(tag) for tag in query.any_tag} & own,
            f"{shelf.paths[asset.id]}/".startswith(f"{query.folder}/") or not query.folder,
            query.course == "" or (query.course == "used-here" and asset.id in shelf.used),
            query.owner in (None, asset.created_by),
            not query.duplicates
            or (asset.live and sum(other.digest == asset.digest for other in alive) > 1),
            query.created_after is None or asset.created_at >= query.created_after,
            query.created_before is None or asset.created_at < query.created_before,
            query.min_size is None or size >= query.min_size,
            query.max_size is None or size <= query.max_size,
            query.min_duration is None or (length is not None and length >= query.min_duration),
            query.max_duration is None or (length is not None and length <= query.max_duration),
        ]
    )


def maybe(*values: Any) -> st.SearchStrategy[Any]:
    """Usually the first value: filters that all hold at once would find nothing."""
    return st.one_of(st.just(values[0]), st.just(values[0]), st.sampled_from(values))


moments = st.sampled_from([START + timedelta(days=day) for day in (0, 5, 12, 19)])
words = st.lists(
    st.sampled_from(
        [*WORDS, "CELL", "exam", "ü", "eclair", "ell", "iolog", "w", "2", "_b", "ck\\s"]
    ),
    max_size=2,
)
queries = st.builds(
    Query,
    q=words.map(" ".join),
    kind=maybe("", "video", "audio", "image", "document"),
    tag=maybe((), ("BIOLOGY",), ("exam", "Übung"), ("nothing",)),
    course=maybe("", "used-here", "no-course"),
    any_tag=maybe((), ("biology 2", "nothing"), ("exam", "übung")),
    folder=maybe("", "Biology", "Biology/Week 1", "Chemistry"),
    usage=maybe("", "used", "unused", "formerly", "never"),
    state=maybe("", "processing", "ready", "failed"),
    duplicates=maybe(False, True),
    created_after=st.none() | moments,
    created_before=st.none() | moments,
    min_size=maybe(None, 0, 1000, 5 << 30),
    max_size=maybe(None, 10, 5 << 30),
    min_duration=maybe(None, 0.0, 60.0),
    max_duration=maybe(None, 0.5, 60.0),
    trashed=maybe(False, True),
    sort=st.just("name"),
)


@settings(max_examples=150, deadline=None)
@given(query=queries, mine=st.booleans())
def test_filters_find_what_a_plain_reading_finds(shelf: Shelf, query: Query, mine: bool) -> None:
    query = replace(query, owner=shelf.owner.user_id if mine else None)
    expected = {asset.id for asset in shelf.assets if matches(shelf, query, asset)}
    found = search.page(shelf.session, shelf.owner, query, cursor=None, limit=200).assets
    assert {asset.id for asset in found} == expected
    assert len(found) == len(expected)
    assert search.total(shelf.session, shelf.owner, query) == len(expected)


SORTS = ["created", "name", "size", "duration", "usage", "last_used"]


@pytest.mark.parametrize("limit", [1, 7, 50, 200])
@pytest.mark.parametrize("sort", [*SORTS, *(f"-{sort}" for sort in SORTS), "relevance"])
def test_cursors_lead_past_everything_exactly_once(shelf: Shelf, sort: str, limit: int) -> None:
    query = Query(sort=sort)
    seen: list[Asset] = []
    cursor = None
    while True:
        page = search.page(shelf.session, shelf.owner, query, cursor=cursor, limit=limit)
        seen += page.assets
        cursor = page.next
        if cursor is None:
            break
        assert len(page.assets) == limit
    assert sorted(asset.id for asset in seen) == sorted(
        asset.id for asset in shelf.assets if asset.live
    )
    keys = [key_of(asset, sort.removeprefix("-")) for asset in seen]
    down = sort.startswith("-") or sort == "relevance"
    assert keys == sorted(keys, reverse=down)


def key_of(asset: Asset, sort: str) -> Any:
    never = datetime.fromtimestamp(0, UTC)
    parts = fold(asset.name).split()
    keys = {
        "created": asset.created_at,
        "relevance": asset.created_at,
        "name": " ".join(part.zfill(18) if part.isdigit() else part for part in parts),
        "size": asset.byte_size,
        "duration": asset.duration_s or 0.0,
        "usage": asset.usage_count,
        "last_used": asset.last_used_at or never,
    }
    return keys[sort]


def test_names_sort_as_people_number_things(session: Session, owner: Principal) -> None:
    names = ["week 10", "Week 2", "week 1", "Week 2 part 11", "week 2 part 9", "week 007", "weak"]
    for name in names:
        make_asset(session, owner, name=name)
    found = search.page(session, owner, Query(sort="name"), cursor=None, limit=50).assets
    assert [asset.name for asset in found] == [
        "weak",
        "week 1",
        "Week 2",
        "week 2 part 9",
        "Week 2 part 11",
        "week 007",
        "week 10",
    ]


def test_a_course_finds_what_it_uses_now(
    session: Session, owner: Principal, stranger: Principal
) -> None:
    course = make_course(session, owner)
    used, ended = make_asset(session, owner), make_asset(session, owner)
    make_course(session, stranger, ref=course.ref)
    usages.put(session, owner, Place(course.ref), [UsageSpec(ended.id)])
    usages.put(session, owner, Place(course.ref), [])
    usages.put(session, owner, Place(course.ref, None, "l0"), [UsageSpec(used.id)])
    for who, ref, expected in (
        (owner, course.ref, [used]),
        (owner, "x", []),
        (stranger, course.ref, []),
    ):
        found = search.page(session, who, Query(course=ref), cursor=None, limit=5).assets
        assert found == expected


def test_letters_written_in_two_ways_are_the_same(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner, name="Caf\u00e9")
    found = search.page(session, owner, Query(q="CAFE\u0301"), cursor=None, limit=5).assets
    assert found == [asset]


def test_control_characters_in_a_search_mean_nothing(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner, name="Cell division")
    found = search.page(session, owner, Query(q="ce\x00ll\x07\ndiv"), cursor=None, limit=5).assets
    assert found == [asset]


SCANS = [
    # How small a library, and how many matches and rows, the scans read: always the one, always
    # the other, and one after the other.
    {"SMALL": 0, "SHORT_WALK": 10**6, "WALKED": 10**6, "TOGETHER": 1},
    {"SMALL": 0, "SHORT_WALK": 0, "GATHERED": 10**6, "MANY": 20, "FEW": 0},
    {"SMALL": 0, "SHORT_WALK": 40, "WALKED": 30, "PATIENCE": 0, "TOGETHER": 2},
    {"SMALL": 0, "SHORT_WALK": 40, "GATHERED": 10, "WALKED": 30, "MANY": 5, "FEW": 10},
]


@settings(max_examples=60, deadline=None)
@given(
    query=queries,
    sort=st.sampled_from([*SORTS, *(f"-{sort}" for sort in SORTS)]),
    scan_limits=st.sampled_from(SCANS),
)
def test_every_scan_finds_the_same_pages(
    shelf: Shelf, query: Query, sort: str, scan_limits: dict[str, int]
) -> None:
    query = replace(query, sort=sort)
    with pytest.MonkeyPatch.context() as patch:
        expected = pages_of(shelf, query)
        for name, value in scan_limits.items():
            for module in (selectivity, scan, codes):
                if hasattr(module, name):
                    patch.setattr(module, name, value)
        assert pages_of(shelf, query) == expected
        assert search.total(shelf.session, shelf.owner, query) == len(expected)


def pages_of(shelf: Shelf, query: Query) -> list[uuid.UUID]:
    found: list[uuid.UUID] = []
    cursor = None
    while True:
        page = search.ids(shelf.session, shelf.owner, query, cursor=cursor, limit=9)
        found += page.ids
        cursor = page.next
        if cursor is None:
            return found


def test_words_of_names_and_tags_are_found_by_either_index(
    session: Session, owner: Principal
) -> None:
    named = make_asset(session, owner, name="Xylem and phloem")
    tagged = make_asset(session, owner, name="Plants", kind="audio")
    both = make_asset(session, owner, name="Xylem", kind="audio")
    gone = make_asset(session, owner, name="Bark", live=False, trashed_at=datetime.now(UTC))
    for asset in (tagged, both, gone):
        tags.put(session, asset, ["xylem transport"])
    make_asset(session, owner, name="Something else")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selectivity, "SMALL", 0)
        patch.setattr(scan, "SHORT_WALK", 0)
        for query, expected in (
            (Query(q="xylem", sort="created"), [named, tagged, both]),
            (Query(q="xylem", kind="audio", sort="created"), [tagged, both]),
            (Query(q="xylem", trashed=True, sort="created"), [gone]),
        ):
            found = search.page(session, owner, query, cursor=None, limit=9).assets
            assert found == expected
            assert search.total(session, owner, query) == len(expected)


def test_too_many_matches_come_newest_first(shelf: Shelf) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "RANKED", 3)
        found = pages_of(shelf, Query(q="cell"))
    assert found == pages_of(shelf, Query(q="cell", sort="-created"))
    assert sorted(found) == sorted(pages_of(shelf, Query(q="cell")))


def test_the_best_match_comes_first(session: Session, owner: Principal) -> None:
    described = make_asset(session, owner, name="Week 3", description="On cell walls")
    within = make_asset(session, owner, name="Multicellular life")
    begins = make_asset(session, owner, name="Cells of plants")
    whole = make_asset(session, owner, name="The cell")
    first = make_asset(session, owner, name="cell-division.mp4")
    found = search.page(session, owner, Query(q="cell"), cursor=None, limit=9).assets
    assert found == [first, begins, whole, within, described]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("phtosynthesis", "photosynthesis"),
        ("photosynthesys", "photosynthesis"),
        ("fotosynthesis", "photosynthesis"),
        ("hpotosynthesis", "photosynthesis"),
        ("Mitosiss", "mitosis"),
        ("mtosis", "mitosis"),
    ],
)
def test_typos_are_forgiven_when_nothing_has_the_word(
    session: Session, owner: Principal, stranger: Principal, typed: str, meant: str
) -> None:
    asset = make_asset(session, owner, name=f"Week 2 {meant.title()}.mp4")
    make_asset(session, owner, name="Osmosis")
    make_asset(session, stranger, name=typed)
    query = Query(q=f"week {typed}")
    found = search.page(session, owner, query, cursor=None, limit=9)
    assert found.assets == [asset]
    assert found.spelling is not None
    assert found.spelling.words == ((typed, (meant,)),)
    assert search.total(session, owner, query) == 1


def test_a_word_that_is_there_means_itself(session: Session, owner: Principal) -> None:
    make_asset(session, owner, name="Cell", kind="audio")
    make_asset(session, owner, name="Bell", kind="video")
    found = search.page(session, owner, Query(q="cell", kind="video"), cursor=None, limit=9)
    assert (found.assets, found.spelling) == ([], None)
