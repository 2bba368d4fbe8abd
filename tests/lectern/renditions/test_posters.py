"""Posters: the machine proposes, a person's choice stays for ever."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from lectern.errors import Forbidden, Invalid, NotFound
from lectern.library import assets, versions
from lectern.models import Asset, Blob, Role, Version
from lectern.people import audit_reading
from lectern.people.principal import Principal
from lectern.renditions import posters, renditions
from tests.factories import add_version, make_asset, make_blob, make_colleague


def propose(session: Session, asset: Asset, number: int = 5) -> list[Blob]:
    """Candidates for the asset's current version, best first."""
    version = versions.get_current(session, asset)
    assert version is not None
    return record(session, version, number)


def record(session: Session, version: Version, number: int = 5) -> list[Blob]:
    made: list[tuple[Blob, dict[str, Any]]] = [
        (
            make_blob(session, version.workspace_id, mime="image/jpeg"),
            {"at_s": rank * 2.0, "reasons": ["sharp"]},
        )
        for rank in range(number)
    ]
    posters.record(session, version, made)
    return [blob for blob, _ in made]


def test_the_machines_favourite_is_shown(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner)
    blobs = propose(session, asset)
    assert asset.poster_blob_id == blobs[0].id
    assert posters.blob_of(session, asset) is blobs[0]
    found = posters.candidates(session, asset)
    assert [(each.rank, each.at_s, each.chosen) for each in found] == [
        (1, 0.0, True),
        (2, 2.0, False),
        (3, 4.0, False),
        (4, 6.0, False),
        (5, 8.0, False),
    ]
    assert found[0].reasons == ("sharp",)


def test_without_candidates_there_is_no_poster(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner)
    propose(session, asset, 0)
    assert posters.candidates(session, asset) == []
    for rank in (None, 1):
        with pytest.raises(NotFound):
            posters.blob_of(session, asset, rank)


def test_a_choice_is_shown_recorded_and_counted(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner)
    blobs, seen = propose(session, asset), asset.lock_version
    posters.choose(session, owner, asset, 3)
    assert (asset.poster_blob_id, asset.poster_chosen_by) == (blobs[2].id, owner.user_id)
    assert asset.lock_version > seen
    assert [each.rank for each in posters.candidates(session, asset) if each.chosen] == [3]
    (line,) = audit_reading.history(session, owner, asset.id)
    assert (line.action, line.details["rank"]) == ("asset.poster", 3)


@pytest.mark.parametrize("rank", [0, 6, -1, 1 << 70])
def test_only_what_is_proposed_can_be_chosen(session: Session, owner: Principal, rank: int) -> None:
    asset = make_asset(session, owner)
    blobs = propose(session, asset)
    with pytest.raises(Invalid):
        posters.choose(session, owner, asset, rank)
    assert asset.poster_blob_id == blobs[0].id


def test_a_choice_outlives_another_run_of_the_machine(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner)
    blobs = propose(session, asset)
    posters.choose(session, owner, asset, 3)
    propose(session, asset)
    assert asset.poster_blob_id == blobs[2].id


def test_a_choice_outlives_a_new_version(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner)
    blobs = propose(session, asset)
    posters.choose(session, owner, asset, 2)
    version = versions.add(
        session,
        asset,
        make_blob(session, owner.workspace_id),
        origin="replacement",
        original_name="new.mp4",
        facts={},
        created_by=None,
    )
    record(session, version)
    assets.settle(session, owner.workspace_id, asset.id)
    assert (asset.version_number, asset.poster_blob_id) == (2, blobs[1].id)
    assert posters.blob_of(session, asset) is blobs[1]
    assert [each.rank for each in posters.candidates(session, asset)] == [1, 2, 3, 4, 5]


def test_without_a_choice_the_new_version_brings_its_own_poster(
    session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner)
    former = propose(session, asset)
    version = versions.add(
        session,
        asset,
        make_blob(session, owner.workspace_id),
        origin="replacement",
        original_name="new.mp4",
        facts={},
        created_by=None,
    )
    newer = record(session, version)
    assert asset.poster_blob_id == former[0].id
    assets.settle(session, owner.workspace_id, asset.id)
    assert asset.poster_blob_id == newer[0].id


def test_equal_bytes_share_their_candidates(session: Session, owner: Principal) -> None:
    blob = make_blob(session, owner.workspace_id)
    first = make_asset(session, owner, blob=blob)
    blobs = propose(session, first)
    second = make_asset(session, owner, blob=blob)
    version = versions.get_current(session, second)
    assert version is not None
    posters.show_best(session, version)
    assert second.poster_blob_id == blobs[0].id


def test_recording_the_same_rendition_twice_keeps_the_first(
    session: Session, owner: Principal
) -> None:
    source, first, second = (make_blob(session, owner.workspace_id) for _ in range(3))
    made = renditions.record(session, owner.workspace_id, source.id, "playable", first, {"a": 1})
    again = renditions.record(session, owner.workspace_id, source.id, "playable", second, {"a": 2})
    assert again is made
    assert (made.blob_id, made.facts) == (first.id, {"a": 1})


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR])
def test_choosing_needs_the_right_to(session: Session, owner: Principal, role: Role) -> None:
    asset = make_asset(session, owner)
    propose(session, asset)
    with pytest.raises(Forbidden):
        posters.choose(session, make_colleague(session, owner, role), asset, 2)


def test_an_old_versions_candidates_do_not_change_the_current_poster(
    session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner)
    first = versions.get_current(session, asset)
    assert first is not None
    add_version(session, asset)
    newer = propose(session, asset)
    record(session, first)
    assert asset.poster_blob_id == newer[0].id
