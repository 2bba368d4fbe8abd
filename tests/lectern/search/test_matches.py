"""What is said and shown finds files, as a brute-force search over all sentences would."""

import itertools
from collections.abc import Iterable

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from lectern import search
from lectern.insight import captions, slides, transcripts
from lectern.insight.cues import Cue
from lectern.insight.editing import tracks
from lectern.insight.slides import Line, Shown
from lectern.insight.transcripts import Heard, Segment
from lectern.integrity import fsck
from lectern.library import trash, versions
from lectern.models import Asset, AssetSaid, Said, Version
from lectern.people.principal import Principal
from lectern.renditions.page_texts import PageText
from lectern.search import Query, matches
from lectern.search.syntax.folding import fold
from tests.factories import add_version, make_asset, make_blob, make_principal

SENTENCES = [
    "The mitochondrion makes energy.",
    "A cell divides by Mitosis, twice.",
    "Crème brûlée is no cell.",
    "Ab initio, says the chemist.",
    "Enzymes lower the barrier.",
]
WORDS = ["cell", "mitosis", "creme", "ab", "enzymes lower", "barrier", "nothing", "lecture"]


@pytest.fixture
def owner(session: Session) -> Principal:
    return make_principal(session)


def current(session: Session, asset: Asset) -> Version:
    session.refresh(asset)
    version = versions.get_current(session, asset)
    assert version is not None
    return version


def say(session: Session, asset: Asset, sentences: Iterable[str], model: str = "nano") -> None:
    version = current(session, asset)
    spoken = [Segment(n * 4.0, n * 4.0 + 3, each) for n, each in enumerate(sentences)]
    key = (version.workspace_id, version.blob_id, model, "settings")
    transcripts.record(session, *key, heard=Heard("en", spoken))


def show(session: Session, asset: Asset, texts: Iterable[str]) -> None:
    lines = [[Line(each, 0.9, (0.1, 0.1, 0.9, 0.2))] for each in texts]
    shown = [Shown(n * 10.0, n * 10.0 + 9, n) for n in range(len(lines))]
    thumbs = [make_blob(session, asset.workspace_id) for _ in lines]
    slides.record(session, current(session, asset), "reader", shown, lines, thumbs)


def found(session: Session, owner: Principal, query: Query) -> set[str]:
    page = search.page(session, owner, query, cursor=None, limit=100)
    names = {asset.name for asset in page.assets}
    assert search.total(session, owner, query) == len(names)
    filtered = set(session.scalars(search.filtered(session, owner, query)))
    assert {asset.name for asset in filtered} == names
    return names


def kept(session: Session, asset: Asset) -> list[tuple[str, str]]:
    rows = session.execute(
        select(Said.kind, Said.text)
        .where(Said.workspace_id == asset.workspace_id, Said.asset_id == asset.id)
        .order_by(Said.kind, Said.number)
    )
    return [(kind, said) for kind, said in rows]


def wrong(session: Session) -> list[str]:
    return [finding.sentence for finding in fsck.rows(session, "I10")]


def test_words_find_what_a_look_at_every_sentence_finds(session: Session, owner: Principal) -> None:
    library: dict[str, tuple[str, str, str]] = {}
    for number, (spoken, slide) in enumerate(itertools.product([0, 1, 2, 7, 29], [0, 2, 12, 16])):
        told = [each for n, each in enumerate(SENTENCES) if spoken >> n & 1]
        read = [each for n, each in enumerate(SENTENCES) if slide >> n & 1]
        name = f"Lecture {number}" if number % 2 else f"Cell {number}"
        asset = make_asset(session, owner, name=name, original_name="file", description="")
        say(session, asset, told)
        show(session, asset, read)
        library[name] = (fold(name), fold(" ".join(told)), fold(" ".join(read)))

    def has(word: str, texts: Iterable[str]) -> bool:
        return any(f" {word}" in f" {each}" if len(word) < 3 else word in each for each in texts)

    for one, other in itertools.product(WORDS, [*WORDS[:4], ""]):
        words = [word for word in (one, other) if word]
        q = " ".join(f'"{word}"' for word in words)
        # What nothing has may have been meant otherwise; that is not what this is about.
        if all(any(has(word, texts) for texts in library.values()) for word in words):
            expected = {n for n, texts in library.items() if all(has(w, texts) for w in words)}
            assert found(session, owner, Query(q=q)) == expected, q
        said = {n for n, (_, told, _) in library.items() if all(has(w, [told]) for w in words)}
        assert found(session, owner, Query(said=tuple(words))) == said, words
        typed = " ".join(f'shown:"{word}"' for word in words)
        shown = {n for n, (_, _, read) in library.items() if all(has(w, [read]) for w in words)}
        assert found(session, owner, Query(q=typed)) == shown, typed
        both = {n for n, (_, told, read) in library.items() if has(one, [told])} & shown
        assert found(session, owner, Query(q=typed, said=(one,))) == both
    assert wrong(session) == []


def test_a_mistyped_word_finds_what_is_said(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner, name="Lecture")
    say(session, asset, SENTENCES)
    page = search.page(session, owner, Query(q="mitochondron"), cursor=None, limit=5)
    assert [each.id for each in page.assets] == [asset.id]
    assert page.spelling == search.Spelling((("mitochondron", ("mitochondrion",)),))
    assert found(session, owner, Query(q="said:mitochondron")) == set()


def test_other_workspaces_are_not_searched(session: Session, owner: Principal) -> None:
    stranger = make_principal(session)
    say(session, make_asset(session, stranger), SENTENCES)
    assert found(session, owner, Query(q="mitosis")) == set()
    assert found(session, owner, Query(q="said:mitosis")) == set()


def test_corrected_captions_are_what_is_said(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner, name="Lecture")
    say(session, asset, ["It is called my toes is."])
    version = current(session, asset)
    mine = [Cue(0.0, 2.0, "It is called\nmitosis.")]
    tracks.save(session, owner, asset, version, "en", mine)
    assert kept(session, asset) == [("said", "It is called mitosis.")]
    assert found(session, owner, Query(q="mitosis")) == {"Lecture"}
    tracks.delete(session, owner, asset, version, "en")
    assert kept(session, asset) == []
    tracks.restore(session, owner, asset, version, "en")
    say(session, asset, ["Heard otherwise."], model="other")
    spoken = captions.segments(session, version)
    assert kept(session, asset) == [("said", segment.text) for segment in spoken]
    assert wrong(session) == []


def test_a_switch_and_the_trash_take_it_along(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner, name="Lecture")
    say(session, asset, ["The first version speaks."])
    show(session, asset, ["Overview"])
    first = current(session, asset)
    second = add_version(session, asset)
    versions.make_current(session, asset, second, second.blob)
    assert kept(session, asset) == []
    say(session, asset, ["The second one as well."])
    assert kept(session, asset) == [("said", "The second one as well.")]
    versions.make_current(session, asset, first, first.blob)
    assert kept(session, asset) == [
        ("said", "The first version speaks."),
        ("shown", "Overview"),
    ]
    trash.trash(session, owner, asset, days=30)
    assert found(session, owner, Query(q="overview")) == set()
    assert found(session, owner, Query(q="overview", trashed=True)) == {"Lecture"}
    assert wrong(session) == []


def test_pages_are_shown(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner, name="Paper", kind="document")
    version = current(session, asset)
    pages = [PageText(1, "Abstract"), PageText(2, "  "), PageText(3, "Photo\nsynthesis")]
    slides.record_pages(session, version.workspace_id, version.blob_id, pages)
    assert kept(session, asset) == [("page", "Abstract"), ("page", "Photo synthesis")]
    assert found(session, owner, Query(q="shown:synthesis")) == {"Paper"}
    assert slides.of_version(session, version) == []


def test_a_check_sees_what_is_missing_and_mends_it(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner, name="Lecture")
    say(session, asset, SENTENCES)
    for damage in (
        "UPDATE said SET text = 'Something else' WHERE number = 2",
        "DELETE FROM said",
        "UPDATE asset_said SET grams = '{}'",
        "UPDATE asset_said SET said = 'else'",
        "DELETE FROM asset_said",
    ):
        session.execute(text(damage))
        assert wrong(session), damage
        fsck.repair(session)
        assert wrong(session) == []
        assert found(session, owner, Query(q="mitosis")) == {"Lecture"}
        assert len(kept(session, asset)) == len(SENTENCES)


def test_a_long_transcript_stays_findable_and_bounded(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner, name="Lecture")
    many = [f"Sentence {n} says that w{n}x{n * 7919 % 10007} matters." for n in range(8_000)]
    say(session, asset, many)
    text_ = session.scalars(select(AssetSaid)).one()
    assert len(text_.said) <= 400_000
    assert found(session, owner, Query(q="w7999x9")) == {"Lecture"}


def test_matches_are_where_the_words_are(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner, name="Lecture")
    say(session, asset, [*SENTENCES, "It ends with a cell", "wall of Mitosis in a cell."])
    show(session, asset, ["Overview", "Cell and mitosis"])
    other = make_asset(session, owner, name="Other")
    say(session, other, ["No cell here."])

    def of(query: Query) -> dict[str, tuple[list[tuple[str, int]], int]]:
        got = matches.of_assets(session, owner, [asset.id, other.id], matches.wanted(query))
        names = {asset.id: "Lecture", other.id: "Other"}
        return {
            names[each]: ([(m.kind, m.number) for m in found.items], found.total)
            for each, found in got.items()
        }

    assert of(Query(q="mitosis cell")) == {
        "Lecture": ([("said", 2), ("shown", 1), ("said", 7)], 5),
        "Other": ([("said", 1)], 1),
    }
    assert of(Query(q="said:mitosis")) == {"Lecture": ([("said", 2), ("said", 7)], 2)}
    assert of(Query(shown=("mitosis",))) == {"Lecture": ([("shown", 1)], 1)}
    assert of(Query(q='"cell wall"')) == {"Lecture": ([("said", 6)], 1)}
    assert of(Query(q="ab")) == {"Lecture": ([("said", 4)], 1)}
    assert of(Query(q="nothing")) == of(Query()) == {}
    inside = matches.of_asset(session, owner, asset, matches.wanted(Query(q="creme said:cell")))
    # The slides are shown from 0 to 9 and from 10 to 19 seconds.
    slides_then = [(each.start_s, each.slide) for each in inside.items]
    assert slides_then == [(4.0, 0), (8.0, 0), (20.0, None), (24.0, None)]
    stranger = make_principal(session)
    assert matches.of_assets(session, stranger, [asset.id], matches.wanted(Query(q="cell"))) == {}
