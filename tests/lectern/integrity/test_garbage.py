"""Collection: what is named stays, what nobody names goes after its grace, no race loses bytes."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from lectern.ingest.receiving import Work
from lectern.integrity import garbage, purging
from lectern.library import trash, versions
from lectern.models import Asset, Blob, Collection, Rendition
from lectern.people.principal import Principal
from lectern.renditions import renditions
from lectern.storage import blobs
from tests.factories import add_version, make_asset, make_blob, make_principal

DAY = timedelta(days=1)


def aged(session: Session, blob: Blob, days: float) -> Blob:
    """The blob as if all that happened to it had happened so many days earlier."""
    back = timedelta(days=days)
    session.refresh(blob)
    blob.claimed_at -= back
    if blob.condemned_at is not None:
        blob.condemned_at -= back
    session.flush()
    return blob


def state(session: Session, blob: Blob) -> str | None:
    return session.scalar(
        select(Blob.state).where(Blob.workspace_id == blob.workspace_id, Blob.id == blob.id)
    )


def collected(session: Session, owner: Principal) -> list[Any]:
    garbage.mark_for_deletion(session, owner.workspace_id)
    return [each.id for each in garbage.begin_deletion(session, owner.workspace_id)]


def test_a_blob_nobody_names_is_condemned_after_a_day_and_given_up_after_its_grace(
    session: Session, owner: Principal
) -> None:
    blob = make_blob(session, owner.workspace_id)
    assert collected(session, owner) == []
    assert state(session, blob) == "live"
    aged(session, blob, 1.1)
    assert collected(session, owner) == []
    assert state(session, blob) == "condemned"
    aged(session, blob, 14.9)
    assert collected(session, owner) == []
    aged(session, blob, 0.2)
    assert collected(session, owner) == [blob.id]
    assert state(session, blob) == "deleting"
    assert [each.key for each in garbage.unfinished(session, owner.workspace_id)] == [blob.key]
    garbage.forget(session, owner.workspace_id, blob.id)
    assert state(session, blob) is None


def test_whatever_is_named_stays_however_old(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner)
    old = asset.current_version_id
    add_version(session, asset)
    assert old is not None
    (second, first) = versions.list_of(session, asset)
    play, still = (make_blob(session, owner.workspace_id) for _ in range(2))
    for spec, made in ((renditions.PLAYABLE, play), ("poster.1", still)):
        renditions.record(session, owner.workspace_id, first.blob_id, spec, made, {})
    chosen = make_blob(session, owner.workspace_id)
    asset.poster_blob_id = chosen.id
    session.flush()
    kept = [first.blob, second.blob, play, still, chosen]
    for blob in kept:
        aged(session, blob, 400)
    assert garbage.mark_for_deletion(session, owner.workspace_id) == 0
    trash.trash(session, owner, asset, days=30)
    assert garbage.mark_for_deletion(session, owner.workspace_id) == 0, "the trash keeps everything"


def test_a_purged_files_bytes_go_with_all_that_was_made_of_them(
    session: Session, owner: Principal
) -> None:
    shared = make_blob(session, owner.workspace_id)
    asset, other = (make_asset(session, owner, blob=shared) for _ in range(2))
    add_version(session, asset)
    (second, first) = versions.list_of(session, asset)
    made = {each.id: make_blob(session, owner.workspace_id) for each in (first, second)}
    for version in (first, second):
        source = (owner.workspace_id, version.blob_id, renditions.PLAYABLE)
        renditions.record(session, *source, made[version.id], {})
    own, own_made, shared_made = second.blob, made[second.id], made[first.id]
    for blob in (shared, own, own_made, shared_made):
        aged(session, blob, 2)
    trash.trash(session, owner, asset, days=30)
    purging.purge(session, owner, asset.id)
    assert garbage.mark_for_deletion(session, owner.workspace_id) == 2
    states = [state(session, blob) for blob in (own, own_made, shared, shared_made)]
    assert states == ["condemned", "condemned", "live", "live"]
    assert session.scalar(select(func.count()).select_from(Rendition)) == 1
    assert other.digest == shared.digest


def test_a_condemned_blob_that_is_claimed_lives_on(session: Session, owner: Principal) -> None:
    blob = aged(session, make_blob(session, owner.workspace_id), 2)
    garbage.mark_for_deletion(session, owner.workspace_id)
    aged(session, blob, 20)
    found = blobs.claim(session, owner.workspace_id, blob.digest)
    assert found is not None
    assert found.id == blob.id
    assert collected(session, owner) == []
    assert state(session, blob) == "live"


def test_a_blob_that_is_given_up_is_not_found_any_more_and_its_key_not_used_again(
    session: Session, owner: Principal
) -> None:
    blob = aged(session, make_blob(session, owner.workspace_id), 2)
    garbage.mark_for_deletion(session, owner.workspace_id)
    aged(session, blob, 20)
    assert len(garbage.begin_deletion(session, owner.workspace_id)) == 1
    assert blobs.claim(session, owner.workspace_id, blob.digest) is None
    again = make_blob(session, owner.workspace_id, digest=blob.digest, key=f"{blob.key}-2")
    assert (state(session, again), state(session, blob)) == ("live", "deleting")


def test_other_workspaces_are_left_alone(
    session: Session, owner: Principal, stranger: Principal
) -> None:
    theirs = aged(session, make_blob(session, stranger.workspace_id), 40)
    garbage.mark_for_deletion(session, owner.workspace_id)
    assert state(session, theirs) == "live"


def test_every_reference_to_a_blob_is_seen(session: Session) -> None:
    """A table that names blobs, and that the collection knows nothing of, would lose its bytes."""
    found = session.execute(
        text(
            "SELECT c.conrelid::regclass::text || '.' || a.attname FROM pg_constraint c"
            " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[2]"
            " WHERE c.contype = 'f' AND c.confrelid = 'blob'::regclass"
            # What is known of a blob goes with it, and keeps nothing.
            " AND c.confdeltype <> 'c'"
        )
    ).scalars()
    # So does what is made of one, by the collection's own hand.
    assert set(found) - {"rendition.source_blob_id"} == {"version.blob_id", "rendition.blob_id"}


def test_a_round_waits_while_something_is_wrong(session: Session, owner: Principal) -> None:
    assert garbage.refusal(session, owner.workspace_id) is None
    session.add(Collection(workspace_id=owner.workspace_id))
    session.flush()
    assert owner.workspace_id not in garbage.due(session)
    session.execute(text("UPDATE collection SET created_at = now() + interval '1 hour'"))
    assert owner.workspace_id in garbage.due(session)
    assert "clock" in (garbage.refusal(session, owner.workspace_id) or "")
    session.execute(text("UPDATE collection SET created_at = now() - interval '25 hours'"))
    assert owner.workspace_id in garbage.due(session)
    asset = make_asset(session, owner)
    asset.byte_size = 7
    session.flush()
    assert "fsck" in (garbage.refusal(session, owner.workspace_id) or "")


def test_a_round_that_is_too_large_waits_for_a_yes(
    session: Session, owner: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = [aged(session, make_blob(session, owner.workspace_id), 2) for _ in range(3)]
    for _ in range(7):
        make_asset(session, owner)
    garbage.mark_for_deletion(session, owner.workspace_id)
    for blob in gone:
        aged(session, blob, 20)
    assert garbage.excess(session, owner.workspace_id) is None
    monkeypatch.setattr(garbage, "ALWAYS_BYTES", 2000)
    assert "30%" in (garbage.excess(session, owner.workspace_id) or "")
    monkeypatch.setattr(garbage, "MOST_BLOBS", 2)
    assert "3 blobs" in (garbage.excess(session, owner.workspace_id) or "")


@pytest.fixture
def unnamed(work: Work) -> tuple[Principal, Blob]:
    """A blob that nobody names and that is ripe for either phase."""
    with work() as session:
        owner = make_principal(session)
        blob = aged(session, make_blob(session, owner.workspace_id), 40)
    return owner, blob


@pytest.mark.parametrize("phase", ["mark_for_deletion", "begin_deletion"])
@pytest.mark.parametrize("round_", range(3))
def test_of_claim_and_collection_at_once_no_named_blob_is_lost(
    work: Work, unnamed: tuple[Principal, Blob], phase: str, round_: int
) -> None:
    owner, blob = unnamed
    if phase == "begin_deletion":
        with work() as session:
            garbage.mark_for_deletion(session, owner.workspace_id)
            aged(session, session.get_one(Blob, (owner.workspace_id, blob.id)), 40)
    barrier = threading.Barrier(2)
    claimed: list[bool] = []

    def claim() -> None:
        with work() as session:
            barrier.wait()
            found = blobs.claim(session, owner.workspace_id, blob.digest)
            claimed.append(found is not None)
            if found is not None:
                make_asset(session, owner, blob=found)

    def collect() -> None:
        with work() as session:
            barrier.wait()
            getattr(garbage, phase)(session, owner.workspace_id)

    threads = [threading.Thread(target=claim), threading.Thread(target=collect)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with work() as session:
        now = state(session, blob)
        if claimed == [True]:
            assert now == "live"
            assert session.scalar(select(func.count()).select_from(Asset)) == 1
        else:
            assert (phase, now) == ("begin_deletion", "deleting")


def test_a_collector_that_waited_for_a_claim_looks_again(
    work: Work, unnamed: tuple[Principal, Blob]
) -> None:
    """The order in which one statement alone would lose the bytes."""
    owner, blob = unnamed
    with work() as claiming:
        found = blobs.claim(claiming, owner.workspace_id, blob.digest)
        assert found is not None
        make_asset(claiming, owner, blob=found)
        with work() as session:
            assert garbage.mark_for_deletion(session, owner.workspace_id) == 0, (
                "held by somebody else"
            )
    with work() as session:
        session.execute(text("UPDATE blob SET claimed_at = now() - interval '40 days'"))
        assert garbage.mark_for_deletion(session, owner.workspace_id) == 0, "named by now"
