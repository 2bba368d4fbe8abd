"""Admission: a checked upload becomes one asset, one version, or nothing new, exactly once."""

import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern.ingest import admission, uploads
from lectern.ingest.admission import Admitted
from lectern.ingest.receiving import Work
from lectern.ingest.uploads import NewUpload
from lectern.library import trash
from lectern.models import Asset, AuditEntry, Blob, Upload, UploadState, Version
from lectern.people import audit, audit_reading
from lectern.people.principal import Principal
from lectern.pipeline import registry, tasks
from lectern.settings import Settings
from lectern.storage import LocalStorage, blobs
from lectern.taxonomy import folders
from tests.factories import add_version, make_asset, make_blob, make_principal

VIDEO: dict[str, Any] = {
    "kind": "video",
    "container": "mov",
    "mime": "video/mp4",
    "duration_s": 12.5,
    "width": 1280,
    "height": 720,
}


@pytest.fixture
def checked(session: Session, owner: Principal, settings: Settings) -> Any:
    """Makes uploads whose bytes have all arrived."""

    def make(who: Principal = owner, **more: Any) -> Upload:
        new = NewUpload(**{"filename": "Lecture 1.mp4", "size": 1000, **more})
        upload = uploads.create(session, who, new, settings=settings)
        uploads.complete(session, upload, None)
        return upload

    return make


def test_new_bytes_become_an_asset_with_its_first_version(
    session: Session, owner: Principal, checked: Any
) -> None:
    upload = checked(folder="Biology/Week 1", tags=["cell"])
    blob = make_blob(session, owner.workspace_id)
    admitted = admission.admit(session, upload, VIDEO, blob)
    asset = session.get_one(Asset, (owner.workspace_id, admitted.asset_id))
    assert (asset.name, asset.kind, asset.state) == ("Lecture 1.mp4", "video", "processing")
    assert (asset.version_number, asset.version_count) == (1, 1)
    assert (asset.digest, asset.byte_size, asset.mime) == (blob.digest, 1000, "video/mp4")
    assert (asset.duration_s, asset.width, asset.height) == (12.5, 1280, 720)
    assert [tag.name for tag in asset.tags] == ["cell"]
    assert folders.path_of(session, asset.workspace_id, asset.folder_id) == "Biology/Week 1"
    steps = [task.step for task in tasks.of_asset(session, asset.workspace_id, asset.id)]
    assert steps == registry.steps_for(VIDEO)
    assert {"poster", "playable", "hls", "captions"} <= set(steps)
    (line,) = audit_reading.history(session, owner, asset.id)
    assert (line.action, line.actor_id) == ("asset.upload", owner.user_id)
    assert (upload.state, upload.asset_id, upload.duplicate_of) == ("done", asset.id, None)
    assert upload.digest == blob.digest


def test_a_document_is_ready_at_once(session: Session, owner: Principal, checked: Any) -> None:
    facts = {"kind": "document", "mime": "application/msword", "container": "doc"}
    blob = make_blob(session, owner.workspace_id, mime="application/msword")
    admitted = admission.admit(session, checked(), facts, blob)
    asset = session.get_one(Asset, (owner.workspace_id, admitted.asset_id))
    assert asset.state == "ready"
    assert tasks.of_asset(session, asset.workspace_id, asset.id) == []


def test_a_second_delivery_changes_nothing(
    session: Session, owner: Principal, checked: Any
) -> None:
    upload, blob = checked(), make_blob(session, owner.workspace_id)
    first = admission.admit(session, upload, VIDEO, blob)
    before = count(session, Asset), count(session, Version), count(session, AuditEntry)
    assert admission.admit(session, upload, VIDEO, blob) == Admitted(first.asset_id, None)
    assert before == (count(session, Asset), count(session, Version), count(session, AuditEntry))


@pytest.mark.parametrize("end", [uploads.refuse, uploads.fail])
def test_an_upload_that_has_ended_is_not_admitted(
    session: Session, owner: Principal, checked: Any, end: Any
) -> None:
    upload = checked()
    end(session, upload, "Ended meanwhile.")
    blob = make_blob(session, owner.workspace_id)
    assert admission.admit(session, upload, VIDEO, blob) == Admitted(None, None)
    assert count(session, Asset) == 0


def test_known_bytes_lead_to_the_asset_that_has_them(
    session: Session, owner: Principal, checked: Any
) -> None:
    asset = make_asset(session, owner)
    blob = blob_of(session, asset)
    upload = checked(on_duplicate="reuse")
    assert admission.admit(session, upload, VIDEO, blob) == Admitted(asset.id, None)
    assert (upload.state, upload.asset_id) == ("done", asset.id)
    assert upload.duplicate_of == asset.id
    assert (count(session, Asset), count(session, Version)) == (1, 1)


def test_keep_makes_a_second_asset_of_the_same_bytes(
    session: Session, owner: Principal, checked: Any
) -> None:
    asset = make_asset(session, owner)
    upload = checked(on_duplicate="keep")
    admitted = admission.admit(session, upload, VIDEO, blob_of(session, asset))
    assert admitted.asset_id not in {None, asset.id}
    assert upload.duplicate_of == asset.id
    assert (count(session, Asset), count(session, Blob)) == (2, 1)


def test_refuse_says_where_the_bytes_are(session: Session, owner: Principal, checked: Any) -> None:
    asset = make_asset(session, owner, name="Cells")
    upload = checked(on_duplicate="refuse")
    admitted = admission.admit(session, upload, VIDEO, blob_of(session, asset))
    assert admitted == Admitted(None, None)
    assert (upload.state, upload.duplicate_of, upload.asset_id) == ("refused", asset.id, None)
    assert upload.reason is not None
    assert "“Cells”" in upload.reason


def test_bytes_in_the_trash_are_no_duplicate(
    session: Session, owner: Principal, checked: Any
) -> None:
    asset = make_asset(session, owner)
    blob = blob_of(session, asset)
    trash.trash(session, owner, asset, days=30)
    admitted = admission.admit(session, checked(), VIDEO, blob)
    assert admitted.asset_id not in {None, asset.id}


def test_an_asset_that_shows_the_bytes_now_goes_before_one_that_used_to(
    session: Session, owner: Principal, checked: Any
) -> None:
    former = make_asset(session, owner)
    blob = blob_of(session, former)
    add_version(session, former)
    current = make_asset(session, owner, blob=blob)
    assert admission.admit(session, checked(), VIDEO, blob).asset_id == current.id


def test_equal_bytes_of_another_workspace_stay_unknown(
    session: Session, owner: Principal, stranger: Principal, checked: Any
) -> None:
    foreign = make_asset(session, stranger)
    blob = make_blob(session, owner.workspace_id, digest=foreign.digest, key="b1/other")
    upload = checked(on_duplicate="refuse")
    assert admission.admit(session, upload, VIDEO, blob).asset_id not in {None, foreign.id}
    assert upload.duplicate_of is None


def test_a_replacement_becomes_current_only_when_it_is_ready(
    session: Session, owner: Principal, checked: Any
) -> None:
    asset = make_asset(session, owner)
    former = asset.digest
    blob = make_blob(session, owner.workspace_id)
    upload = checked(replaces=asset.id)
    admitted = admission.admit(session, upload, VIDEO, blob)
    session.refresh(asset)
    assert admitted.asset_id == asset.id
    assert (asset.version_number, asset.version_count, asset.digest) == (1, 2, former)
    assert (asset.state, upload.state, upload.asset_id) == ("ready", "done", asset.id)
    assert audit_reading.history(session, owner, asset.id)[0].action == "asset.replace"


def test_a_replacement_of_another_kind_is_refused_in_words(
    session: Session, owner: Principal, checked: Any
) -> None:
    asset = make_asset(session, owner, name="Cells")
    upload = checked(replaces=asset.id)
    facts = {"kind": "audio", "mime": "audio/mpeg", "container": "mp3"}
    admission.admit(session, upload, facts, make_blob(session, owner.workspace_id))
    assert upload.state == UploadState.REFUSED
    assert upload.reason is not None
    assert "“Cells” is a video; an audio file cannot replace it." in upload.reason


def test_a_replacement_for_what_was_trashed_meanwhile_is_refused(
    session: Session, owner: Principal, checked: Any
) -> None:
    asset = make_asset(session, owner)
    upload = checked(replaces=asset.id)
    trash.trash(session, owner, asset, days=30)
    admission.admit(session, upload, VIDEO, make_blob(session, owner.workspace_id))
    assert upload.state == UploadState.REFUSED
    assert upload.reason is not None
    assert "trash" in upload.reason


@pytest.mark.parametrize(("on_duplicate", "assets"), [("reuse", 1), ("keep", 2), ("refuse", 1)])
def test_two_equal_files_at_once_give_one_blob(
    work: Work,
    settings: Settings,
    storage: LocalStorage,
    tmp_path: Path,
    on_duplicate: str,
    assets: int,
) -> None:
    with work() as session:
        owner = make_principal(session)
    barrier = threading.Barrier(2)
    ended: list[Upload] = []
    redundant: list[bool] = []

    def admit(number: int) -> None:
        source = tmp_path / f"upload-{number}"
        source.write_bytes(b"the same bytes")
        with work() as session:
            new = NewUpload("clip.mp4", 14, on_duplicate=on_duplicate)
            upload = uploads.create(session, owner, new, settings=settings)
            uploads.complete(session, upload, None)
        stored = blobs.store(storage, owner.workspace_id, source)
        barrier.wait()
        with work() as session:
            blob, spare = blobs.add(session, owner.workspace_id, stored, "video/mp4")
            upload = session.get_one(Upload, (owner.workspace_id, upload.id))
            admission.admit(session, upload, VIDEO, blob)
        if spare:
            storage.delete(stored.key)
        redundant.append(spare)
        ended.append(upload)

    threads = [threading.Thread(target=admit, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with work() as session:
        (blob,) = session.scalars(select(Blob)).all()
        assert count(session, Asset) == assets
        verdict = audit.verify(session, owner.workspace_id)
    assert storage.path(blob.key).read_bytes() == b"the same bytes"
    assert sorted(redundant) == [False, True]
    assert len([path for path in storage.root.rglob("*") if path.is_file()]) == 1
    assert verdict.ok
    states = sorted(upload.state for upload in ended)
    assert states == (["done", "refused"] if on_duplicate == "refuse" else ["done", "done"])
    assert sum(upload.duplicate_of is not None for upload in ended) == 1


def count(session: Session, table: Any) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def blob_of(session: Session, asset: Asset) -> Blob:
    assert asset.current_version_id is not None
    return session.get_one(Version, (asset.workspace_id, asset.current_version_id)).blob
