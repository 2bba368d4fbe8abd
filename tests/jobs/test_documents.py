"""Documents on their way: pictures, words and places, with LibreOffice and without it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jobs import run
from lectern.database.sessions import unit_of_work
from lectern.library import retries, versions
from lectern.media import office
from lectern.models import Asset, Task, TaskState, Upload, Version
from lectern.people.principal import Principal
from lectern.pipeline import tasks
from lectern.renditions import page_texts, places, renditions
from lectern.search import Query, matches
from lectern.search.matches import Match
from tests.jobs.conftest import House, asset_of, task_of, upload, upload_as
from tests.lectern.media import documents

SLIDES = (
    ("Tides", "Why water rises", "Ask for the moonlight first"),
    ("Die Ebbe", "Wasser fällt", ""),
    ("Waves", "Wind and water", "Show the film"),
)


@pytest.fixture
def libreoffice() -> Path:
    found = office.program()
    if found is None:
        pytest.skip("LibreOffice is not installed: apt-get install libreoffice-impress")
    return found


@pytest.fixture
def alone(house: House) -> Iterator[House]:
    """A server on which there is no LibreOffice, or none to be used."""
    house.settings = replace(house.settings, soffice=office.NONE)
    yield house
    office.configure(replace(house.settings, soffice=None))


def work_off(house: House, sent: Upload) -> Asset:
    """Check the upload, then do the steps of a document."""
    run.prepare(house.settings)
    run.run(str(sent.workspace_id), str(task_of(sent).id))
    asset = asset_of(sent)
    do(asset, "poster")
    do(asset, "pages")
    return asset_of(sent)


def do(asset: Asset, step: str) -> None:
    task = of(asset, step)
    run.run(str(task.workspace_id), str(task.id))


def of(asset: Asset, step: str) -> Task:
    with unit_of_work() as session:
        found = tasks.of_asset(session, asset.workspace_id, asset.id)
        return next(task for task in found if task.step == step)


def current(asset: Asset) -> Version:
    with unit_of_work() as session:
        version = versions.get_current(session, asset)
        assert version is not None
        session.expunge(version)
        return version


def specs(asset: Asset) -> set[str]:
    with unit_of_work() as session:
        made = renditions.list_of(session, asset.workspace_id, current(asset).blob_id)
        return {each.spec for each in made}


def found(asset: Asset, words: str) -> list[Match]:
    principal = Principal.system(asset.workspace_id, asset.created_by)
    with unit_of_work() as session:
        held = session.get_one(Asset, (asset.workspace_id, asset.id))
        wanted = matches.wanted(Query(q=words))
        return list(matches.of_asset(session, principal, held, wanted).items)


def test_a_form_is_found_by_what_is_filled_in_on_its_page(house: House, tmp_path: Path) -> None:
    asset = work_off(house, upload(house, documents.form(tmp_path / "form.pdf")))
    assert asset.state == "ready"
    assert [match.number for match in found(asset, "lovelace")] == [1]
    assert [match.number for match in found(asset, "tides")] == [2]
    assert found(asset, "tops3cret") == []


def test_each_page_has_a_picture_and_bookmarks_are_found(house: House, tmp_path: Path) -> None:
    asset = work_off(house, upload(house, documents.book(tmp_path / "book.pdf")))
    assert of(asset, "pages").state == TaskState.DONE
    assert {"pages/1.webp", "pages/2.webp", "pages/3.webp", "places.json"} <= specs(asset)
    # The words of the outline stand on no page.
    assert [match.number for match in found(asset, "moon")] == [2]
    with unit_of_work() as session:
        made = places.of_version(session, house.this.storage, current(asset))
    assert [each.title for each in made.bookmarks] == ["Tides", "The Moon", "Sources"]


def test_slides_are_drawn_by_libreoffice(house: House, tmp_path: Path, libreoffice: Path) -> None:
    asset = work_off(house, upload(house, documents.deck(tmp_path / "talk.pptx", SLIDES)))
    assert (asset.state, of(asset, "poster").state, of(asset, "pages").state) == (
        "ready",
        TaskState.DONE,
        TaskState.DONE,
    )
    assert {"poster.1", "document.pdf", "pages/1.webp", "pages/3.webp"} <= specs(asset)
    assert [match.number for match in found(asset, "ebbe")] == [2]
    # What the speaker noted is on no picture, and found with its slide.
    assert [match.number for match in found(asset, "moonlight")] == [1]
    with unit_of_work() as session:
        made = places.of_version(session, house.this.storage, current(asset))
    assert [(each.title, each.page) for each in made.bookmarks] == [
        ("Tides", 1),
        ("Die Ebbe", 2),
        ("Waves", 3),
    ]
    assert not list(house.settings.scratch.glob("*"))


def test_without_libreoffice_the_text_is_found_and_the_page_says_why(
    alone: House, tmp_path: Path
) -> None:
    asset = work_off(alone, upload(alone, documents.deck(tmp_path / "talk.pptx", SLIDES)))
    for step in ("poster", "pages"):
        task = of(asset, step)
        assert task.state == TaskState.SKIPPED
        assert "need LibreOffice on the server" in (task.reason or "")
    assert (asset.state, asset.poster_blob_id) == ("ready", None)
    assert specs(asset) == {"text.json", "places.json"}
    assert [match.number for match in found(asset, "moonlight")] == [1]
    with unit_of_work() as session:
        (first, *_) = page_texts.texts(session, alone.this.storage, current(asset))
    assert first.text == "Tides\nWhy water rises\nAsk for the moonlight first"


@pytest.mark.parametrize("kind", ["docx", "odp", "odt"])
def test_other_kinds_are_found_without_libreoffice(alone: House, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"paper.{kind}"
    if kind == "odp":
        documents.open_deck(path, SLIDES)
    else:
        {"docx": documents.paper, "odt": documents.open_paper}[kind](path)
    asset = work_off(alone, upload(alone, path))
    assert asset.state == "ready"
    words = "wasser" if kind == "odp" else "second"
    assert [match.number for match in found(asset, words)] == [2]


def test_pictures_wait_for_libreoffice_and_are_made_once_it_is_there(
    house: House, tmp_path: Path, libreoffice: Path
) -> None:
    house.settings = replace(house.settings, soffice=str(tmp_path / "not" / "there"))
    asset = work_off(house, upload(house, documents.deck(tmp_path / "talk.pptx", SLIDES)))
    assert (asset.state, of(asset, "pages").state) == ("ready", TaskState.WAITING)
    assert "need LibreOffice on the server" in (of(asset, "pages").reason or "")
    run.prepare(replace(house.settings, soffice=None))
    with unit_of_work() as session:
        held = session.get_one(Asset, (asset.workspace_id, asset.id))
        owner = Principal.system(asset.workspace_id, asset.created_by)
        assert retries.try_again(session, owner, held) == 1
    do(asset, "pages")
    assert of(asset, "pages").state == TaskState.DONE
    assert {"poster.1", "document.pdf", "pages/1.webp", "pages/3.webp"} <= specs(asset)
    with unit_of_work() as session:
        held = session.get_one(Asset, (asset.workspace_id, asset.id))
        assert held.poster_blob_id is not None
        text = page_texts.find(session, current(asset))
        assert text is not None
        assert (text.facts["pages"], text.facts["notes"]) == (3, [])


def test_once_libreoffice_is_there_a_second_upload_gets_its_pictures(
    alone: House, tmp_path: Path, libreoffice: Path
) -> None:
    source = documents.deck(tmp_path / "talk.pptx", SLIDES)
    asset = work_off(alone, upload(alone, source))
    alone.settings = replace(alone.settings, soffice=None)
    with unit_of_work() as session:
        who = (asset.workspace_id, asset.created_by)
        sent = upload_as(session, alone, *who, source, on_duplicate="keep")
    second = work_off(alone, sent)
    assert second.id != asset.id
    assert current(second).blob_id == current(asset).blob_id
    assert {"poster.1", "document.pdf", "pages/3.webp"} <= specs(second)


def test_a_locked_document_is_kept_and_nothing_is_half_written(
    house: House, tmp_path: Path
) -> None:
    whole = documents.book(tmp_path / "book.pdf")
    asset = work_off(house, upload(house, documents.locked(whole, tmp_path / "locked.pdf")))
    assert asset.state == "ready"
    for step in ("poster", "pages"):
        assert of(asset, step).state == TaskState.SKIPPED
        assert "password-protected" in (of(asset, step).reason or "")
    assert specs(asset) == set()


def test_a_document_with_entities_is_kept_and_nothing_is_half_written(
    house: House, tmp_path: Path
) -> None:
    def change(name: str, data: bytes) -> bytes:
        if name != "ppt/slides/slide1.xml":
            return data
        return data.replace(b"?>", b'?><!DOCTYPE a [<!ENTITY a "ha">]>', 1)

    deck = documents.deck(tmp_path / "talk.pptx", SLIDES)
    asset = work_off(house, upload(house, documents.rewritten(deck, tmp_path / "b.pptx", change)))
    assert (asset.state, of(asset, "poster").state) == ("ready", TaskState.SKIPPED)
    assert "XML entities" in (of(asset, "poster").reason or "")
    assert specs(asset) == set()
