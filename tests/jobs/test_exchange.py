"""Exports, imports and their undo as a worker does them, and archives whose time is over."""

import io
import json
import os
import shutil
import time
import uuid
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from jobs import periodic, run
from lectern import bulk
from lectern.database.sessions import unit_of_work
from lectern.errors import Conflict, Gone, NotFound
from lectern.exchange import runs, undo
from lectern.exchange.imports import recording
from lectern.integrity import fsck
from lectern.library import assets, versions
from lectern.models import (
    Asset,
    Batch,
    BatchState,
    Blob,
    ExchangeFile,
    Folder,
    ImportItem,
    Tag,
    Task,
    Usage,
    new_id,
)
from lectern.people.principal import Principal
from lectern.taxonomy import tags
from tests.factories import make_colleague, make_principal
from tests.jobs.conftest import CHECKOUT, House, task_of, upload_as
from tests.jobs.conftest import again as uploaded
from tests.lectern.exchange.library import exported, fill, read


@pytest.fixture(autouse=True)
def _prepared(house: House) -> None:
    run.prepare(house.settings)


@pytest.fixture
def owner(house: House, tmp_path: Path) -> Principal:
    """The owner of a library with one of everything."""
    with unit_of_work() as session:
        who = make_principal(session)
        fill(session, who, house.this.storage, tmp_path)
        return who


@pytest.fixture
def empty(house: House) -> Principal:
    """The owner of an empty library."""
    with unit_of_work() as session:
        return make_principal(session)


def do(task: Task) -> None:
    """What a worker does when it is rung."""
    run.run(str(task.workspace_id), str(task.id))


def again(who: Principal, batch: Batch) -> Batch:
    with unit_of_work() as session:
        return recording.get(session, who, batch.id)


def make_export(house: House, who: Principal, *, with_files: bool) -> tuple[Batch, Path]:
    with unit_of_work() as session:
        batch, task = runs.start_export(session, who, with_files=with_files)
    do(task)
    return again(who, batch), runs.path_of(house.settings, batch.id)


def bring(house: House, who: Principal, content: bytes) -> Batch:
    """An import that was looked at and begun, done."""
    batch_id = new_id()
    path = runs.path_of(house.settings, batch_id)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    with unit_of_work() as session:
        runs.keep_import(session, who, batch_id, "export.zip", len(content), {})
        batch, task = runs.start_import(session, who, batch_id)
    do(task)
    return again(who, batch)


def state(session: Session, who: Principal) -> dict[str, int]:
    models = (Asset, Tag, Folder, Usage, Blob)
    mine = {
        model.__tablename__: select(func.count()).where(model.workspace_id == who.workspace_id)
        for model in models
    }
    return {name: session.scalar(query) or 0 for name, query in mine.items()}


def test_an_export_is_made_fetched_by_its_maker_and_collected(
    house: House, owner: Principal
) -> None:
    batch, path = make_export(house, owner, with_files=True)
    assert batch.state == BatchState.DONE
    files = [name for name in read(path.read_bytes()) if name.startswith("files/")]
    assert len(files) == 2
    with unit_of_work() as session:
        assert runs.fetch(session, owner, batch.id).byte_size == path.stat().st_size
        assert runs.share_of(session, batch) == 1.0
        other = make_colleague(session, owner, owner.role)
        with pytest.raises(NotFound):
            runs.fetch(session, other, batch.id)
        assert list(fsck.chains(session)) == []
        # It is no bulk change of files.
        assert bulk.recent(session, owner) == []
        with pytest.raises(NotFound):
            bulk.get(session, owner, batch.id)
        session.execute(update(ExchangeFile).values(expires_at="2020-01-01"))
    periodic.clear(house.this)
    assert not path.exists()
    with unit_of_work() as session, pytest.raises(Gone):
        runs.fetch(session, owner, batch.id)


def test_an_export_done_twice_is_one(house: House, owner: Principal) -> None:
    with unit_of_work() as session:
        batch, task = runs.start_export(session, owner)
        with pytest.raises(Conflict):
            runs.fetch(session, owner, batch.id)
    do(task)
    first = runs.path_of(house.settings, batch.id).stat()
    with unit_of_work() as session:
        session.execute(update(Task).values(state="queued", run_at="2020-01-01"))
    do(task)
    assert runs.path_of(house.settings, batch.id).stat().st_mtime_ns == first.st_mtime_ns


def test_an_import_is_done_and_undone(house: House, owner: Principal, empty: Principal) -> None:
    _, path = make_export(house, owner, with_files=True)
    batch = bring(house, empty, path.read_bytes())
    assert (batch.state, batch.reason) == (BatchState.DONE, None)
    assert not runs.path_of(house.settings, batch.id).exists()
    with unit_of_work() as session:
        assert state(session, empty) == state(session, owner)
        assert undo.possible(batch)
        batch, task = runs.start_undo(session, empty, batch.id)
    do(task)
    batch = again(empty, batch)
    assert batch.state == BatchState.UNDONE
    with unit_of_work() as session:
        mine = Asset.workspace_id == empty.workspace_id
        assert session.scalars(select(Asset.id).where(mine, Asset.live)).all() == []
        assert state(session, empty)["usage"] == 0
        # Files in the trash keep what they had.
        reasons = {(each.file, each.reason) for each in undo.kept(session, batch)}
        assert {file for file, _ in reasons} == {"tags", "folders", "custom_fields"}
        assert [finding.sentence for finding in fsck.rows(session)] == []
        assert list(fsck.chains(session)) == []
        with pytest.raises(Conflict):
            runs.start_undo(session, empty, batch.id)


def test_what_an_import_changed_goes_back_unless_somebody_changed_it_since(
    house: House, owner: Principal
) -> None:
    with unit_of_work() as session:
        content = exported(session, owner)
        asset = session.scalars(select(Asset).where(Asset.live)).one()
        asset.name, asset.description = "Before", "Before"
        tags.put(session, asset, ["Before"])
    batch = bring(house, owner, content)
    assert batch.state == BatchState.DONE
    with unit_of_work() as session:
        asset = session.get_one(Asset, (owner.workspace_id, asset.id))
        assert asset.name == "Why leaves are green"
        asset.description = "Ours"
        batch, task = runs.start_undo(session, owner, batch.id)
    do(task)
    with unit_of_work() as session:
        asset = session.get_one(Asset, (owner.workspace_id, asset.id))
        assert (asset.name, asset.description) == ("Before", "Ours")
        assert [tag.name for tag in asset.tags] == ["Before"]
        (kept,) = undo.kept(session, batch)
        assert "description" in kept.reason
        assert "name" not in kept.reason
        assert [finding.sentence for finding in fsck.rows(session)] == []


def test_an_archive_that_went_bad_fails_with_the_line_and_changes_nothing(
    house: House, owner: Principal, empty: Principal
) -> None:
    with unit_of_work() as session:
        content = exported(session, owner)
    broken = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            raw = old.read(name)
            if name == "tags.jsonl":
                first = json.loads(raw.splitlines()[0])
                raw += json.dumps({**first, "id": str(uuid.uuid4())}).encode() + b"\n"
            new.writestr(name, raw)
    batch = bring(house, empty, broken.getvalue())
    assert batch.state == BatchState.FAILED
    assert (batch.reason or "").startswith("tags.jsonl, line 3")
    with unit_of_work() as session:
        assert set(state(session, empty).values()) == {0}
        assert session.scalar(select(func.count()).select_from(ImportItem)) == 0
        assert not undo.possible(batch)


def test_an_import_that_nobody_begins_is_forgotten(house: House, owner: Principal) -> None:
    batch_id = new_id()
    path = runs.path_of(house.settings, batch_id)
    path.parent.mkdir()
    path.write_bytes(b"zip")
    with unit_of_work() as session:
        runs.keep_import(session, owner, batch_id, "../../export.zip", 3, {})
        batch = recording.get(session, owner, batch_id)
        assert batch.args == {"file": "export.zip"}
        assert runs.waits(session, batch)
        session.execute(update(ExchangeFile).values(expires_at="2020-01-01"))
    with unit_of_work() as session, pytest.raises(Gone):
        runs.start_import(session, owner, batch_id)
    periodic.clear(house.this)
    assert not path.exists()
    with unit_of_work() as session, pytest.raises(NotFound):
        recording.get(session, owner, batch_id)


def test_archives_that_a_crash_left_are_deleted_when_they_are_old(house: House) -> None:
    folder = house.settings.data / "exchange"
    folder.mkdir(parents=True)
    old, young = folder / f"{uuid.uuid4().hex}.zip", folder / f"{uuid.uuid4().hex}.zip"
    for file in (old, young):
        file.write_bytes(b"zip")
    os.utime(old, (time.time() - 100_000, time.time() - 100_000))
    periodic.clear(house.this)
    assert [file for file in folder.iterdir()] == [young]
    shutil.rmtree(folder)
    periodic.clear(house.this)


def test_bytes_that_were_awaited_come_with_an_upload(
    house: House, empty: Principal, tmp_path: Path
) -> None:
    file = CHECKOUT / "web/cli/sample/files/leaf-cross-section.png"
    with unit_of_work() as session:
        there = make_principal(session)
        first = upload_as(session, house, there.workspace_id, there.user_id, file)
    do(task_of(first))
    with unit_of_work() as session:
        content = exported(session, there)
    bring(house, empty, content)
    mine = select(Asset).where(Asset.workspace_id == empty.workspace_id)
    with unit_of_work() as session:
        imported = session.scalars(mine).one()
        assert imported.state == "failed"
        assert versions.states_of(session, imported) == {imported.current_version_id: "failed"}
        assert assets.settle(session, empty.workspace_id, imported.id).state == "failed"
        second = upload_as(session, house, empty.workspace_id, empty.user_id, file)
    do(task_of(second))
    assert uploaded(second).asset_id == imported.id
    with unit_of_work() as session:
        asset = session.scalars(mine).one()
        assert (asset.id, asset.state, asset.version_count) == (imported.id, "processing", 1)
        blob = session.scalars(select(Blob).where(Blob.workspace_id == empty.workspace_id)).one()
        assert (blob.state, house.this.storage.exists(blob.key)) == ("live", True)
        assert [finding.sentence for finding in fsck.rows(session)] == []
