"""A title that a whole series shows tells no file from another, so none is shown by it."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from lectern.library import versions
from lectern.models import Asset, Blob, Folder
from lectern.people.principal import Principal
from lectern.renditions import posters, shared_frames
from lectern.taxonomy import folders
from tests.factories import make_asset, make_blob

SLATE = "00ff00ff00ff00ff"
NEARLY = "00ff00ff00ff00fe"


@pytest.fixture
def folder(session: Session, owner: Principal) -> Folder:
    made = folders.ensure(session, owner, "Series")
    assert made is not None
    return made


def lecture(session: Session, owner: Principal, folder: Folder | None) -> Asset:
    asset = make_asset(session, owner)
    asset.folder_id = folder.id if folder else None
    session.flush()
    return asset


def record(session: Session, asset: Asset, *hashes: str) -> list[tuple[Blob, dict[str, Any]]]:
    """What the poster step writes; returns what was proposed."""
    version = versions.get_current(session, asset)
    assert version is not None
    proposed: list[tuple[Blob, dict[str, Any]]] = [
        (
            make_blob(session, asset.workspace_id, mime="image/webp"),
            {"at_s": 1.0, "reasons": ["Sharp"], "scores": {"difference_hash": each}},
        )
        for each in hashes
    ]
    posters.record(session, version, proposed)
    shared_frames.step_aside(session, version, proposed)
    session.expire_all()
    return proposed


def test_a_shared_slate_comes_last_and_says_why(
    session: Session, owner: Principal, folder: Folder
) -> None:
    record(session, lecture(session, owner, folder), SLATE, "1111222233334444")
    second = lecture(session, owner, folder)
    proposed = record(session, second, NEARLY, "5555666677778888")
    assert second.poster_blob_id == proposed[1][0].id
    found = posters.candidates(session, second)
    assert [each.reasons[0] for each in found] == ["Sharp", shared_frames.SHARED]


def test_the_first_of_the_series_steps_aside_too(
    session: Session, owner: Principal, folder: Folder
) -> None:
    first = lecture(session, owner, folder)
    shown = record(session, first, SLATE, "1111222233334444")
    assert first.poster_blob_id == shown[0][0].id
    record(session, lecture(session, owner, folder), SLATE, "5555666677778888")
    assert first.poster_blob_id == shown[1][0].id


def test_a_persons_choice_stays_a_slate(session: Session, owner: Principal, folder: Folder) -> None:
    first = lecture(session, owner, folder)
    shown = record(session, first, SLATE, "1111222233334444")
    posters.choose(session, owner, first, 1)
    record(session, lecture(session, owner, folder), SLATE, "5555666677778888")
    assert first.poster_blob_id == shown[0][0].id


def test_two_cuts_of_one_recording_keep_their_order(
    session: Session, owner: Principal, folder: Folder
) -> None:
    first = lecture(session, owner, folder)
    shown = record(session, first, SLATE, "1111222233334444")
    second = lecture(session, owner, folder)
    proposed = record(session, second, SLATE, "1111222233334444")
    assert second.poster_blob_id == proposed[0][0].id
    assert first.poster_blob_id == shown[0][0].id
    assert posters.candidates(session, second)[0].reasons == ("Sharp",)


def test_files_elsewhere_do_not_matter(session: Session, owner: Principal, folder: Folder) -> None:
    record(session, lecture(session, owner, None), SLATE, "1111222233334444")
    second = lecture(session, owner, folder)
    proposed = record(session, second, SLATE, "5555666677778888")
    assert second.poster_blob_id == proposed[0][0].id


def test_plain_pictures_are_not_slates(session: Session, owner: Principal, folder: Folder) -> None:
    record(session, lecture(session, owner, folder), "0000000000000000", "1111222233334444")
    second = lecture(session, owner, folder)
    proposed = record(session, second, "0000000000000000", "5555666677778888")
    assert second.poster_blob_id == proposed[0][0].id
