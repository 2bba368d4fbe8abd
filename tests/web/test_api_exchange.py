"""Exports and imports over HTTP: what they would change first, then done, then undone."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lectern.exchange import runs
from lectern.exchange.archive import Archive
from lectern.exchange.imports import importer, recording
from lectern.exchange.imports.recording import Key
from lectern.models import Asset, Batch, BatchState, Task
from lectern.people.principal import Principal
from lectern.settings import Settings
from lectern.storage import LocalStorage
from tests.factories import make_principal
from tests.lectern.exchange.library import exported, fill
from tests.web.answers import assert_problem
from tests.web.conftest import Caller

ZIP = {"content_type": "application/zip"}


@pytest.fixture
def archive(session: Session, tmp_path: Path) -> bytes:
    """An export of another library."""
    other = make_principal(session)
    storage = LocalStorage(tmp_path / "other")
    fill(session, other, storage, tmp_path)
    return exported(session, other, storage)


def said(reply: TestResponse) -> Any:
    """The answer's JSON."""
    return reply.json


def count(session: Session, who: Principal) -> int:
    mine = select(func.count()).select_from(Asset).where(Asset.workspace_id == who.workspace_id)
    return session.scalar(mine) or 0


def kept_files(settings: Settings) -> list[Path]:
    return sorted((settings.data / "exchange").glob("*"))


def test_a_dry_run_says_what_would_come_and_changes_nothing(
    session: Session, api: Caller, archive: bytes, settings: Settings
) -> None:
    before = kept_files(settings)
    reply = api.post("/api/v1/imports?dry_run=1", data=archive, **ZIP)
    assert reply.status_code == 200
    assert said(reply)["would"]["added"]["assets"] == 2
    assert said(reply)["would"]["changes"] == []
    assert (count(session, api.who), kept_files(settings)) == (0, before)
    assert session.scalars(select(Batch.id).where(Batch.action == "import")).all() == []


def test_a_dry_run_tells_each_field_that_differs(
    session: Session, api: Caller, tmp_path: Path
) -> None:
    used = fill(session, api.who, LocalStorage(tmp_path / "own"), tmp_path)
    content = exported(session, api.who)
    used.name = "Another name"
    session.commit()
    would = said(api.post("/api/v1/imports?dry_run=1", data=content, **ZIP))["would"]
    assert would["changed"] == {"assets": 1}
    (change,) = would["changes"]
    assert change["id"] == str(used.id)
    assert change["fields"] == {"name": {"before": "Another name", "after": "Why leaves are green"}}
    session.refresh(used)
    assert used.name == "Another name"


def test_an_import_is_a_workers_and_can_be_asked_for(
    session: Session, api: Caller, archive: bytes, settings: Settings
) -> None:
    reply = api.post("/api/v1/imports?name=Old%20library.zip", data=archive, **ZIP)
    assert reply.status_code == 202
    assert said(reply)["state"] == "queued"
    batch_id = said(reply)["id"]
    batch = session.scalars(select(Batch).where(Batch.action == "import")).one()
    assert str(batch.id) == batch_id
    assert batch.args == {"file": "Old library.zip"}
    assert session.scalars(select(Task.queue).where(Task.batch_id == batch.id)).all() == ["small"]
    assert runs.path_of(settings, batch.id).read_bytes() == archive
    assert api.get(f"/api/v1/imports/{batch_id}").json == said(reply)
    assert_problem(api.post(f"/api/v1/imports/{batch_id}/undo"), 409)
    assert_problem(api.get(f"/api/v1/bulk/{batch_id}"), 404)
    runs.path_of(settings, batch.id).unlink()


def test_what_is_no_export_is_refused_and_not_kept(api: Caller, settings: Settings) -> None:
    before = kept_files(settings)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("manifest.json", b" " * (50 << 20))
    outside = io.BytesIO()
    with zipfile.ZipFile(outside, "w") as made:
        made.writestr("../../etc/passwd", b"root")
    for content in (b"", b"no zip", bomb.getvalue(), outside.getvalue()):
        for query in ("", "?dry_run=1"):
            assert_problem(api.post(f"/api/v1/imports{query}", data=content, **ZIP), 422)
    assert_problem(api.post("/api/v1/imports", json={"a": 1}), 422)
    assert_problem(api.post("/api/v1/imports?dry_run=maybe", data=b"", **ZIP), 422)
    assert kept_files(settings) == before


def test_the_line_that_is_wrong_is_named(api: Caller, archive: bytes) -> None:
    broken = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            raw = old.read(name)
            new.writestr(name, raw + b"[]\n" if name == "courses.jsonl" else raw)
    reply = api.post("/api/v1/imports", data=broken.getvalue(), **ZIP)
    assert_problem(reply, 422)
    assert said(reply)["detail"].startswith("courses.jsonl, line 2")


def test_an_export_is_begun_and_asked_for(session: Session, api: Caller) -> None:
    reply = api.post("/api/v1/exports", json={"with_files": True})
    assert reply.status_code == 202
    assert (said(reply)["state"], said(reply)["url"], said(reply)["with_files"]) == (
        *("queued", None),
        True,
    )
    address = f"/api/v1/exports/{said(reply)['id']}"
    assert api.get(address).json == said(reply)
    assert_problem(api.get(f"{address}/file"), 409)
    assert_problem(api.post("/api/v1/exports", json={"with_files": "yes"}), 422)


def test_the_page_shows_the_diff_and_only_then_brings_it_in(
    session: Session, client: FlaskClient, owner: Principal, tmp_path: Path, settings: Settings
) -> None:
    used = fill(session, owner, LocalStorage(tmp_path / "own"), tmp_path)
    content = exported(session, owner)
    used.name = "<b>Another</b>"
    session.commit()
    reply = client.post("/exchange/imports?name=mine.zip", data=content, **ZIP)
    assert reply.status_code == 201
    address = said(reply)["address"]
    page = " ".join(client.get(address).text.split())
    assert "Nothing has been changed yet." in page
    assert "<del>&lt;b&gt;Another&lt;/b&gt;</del> → <ins>Why leaves are green</ins>" in page
    assert session.scalars(select(Task.id).where(Task.step == "batch")).all() == []
    assert client.get("/exchange").text.count("Import of mine.zip") == 1
    assert client.post(f"{address}/apply").status_code == 303
    assert "Importing…" in client.get(address).text
    assert client.post(f"{address}/apply").status_code == 409
    assert client.post(f"{address}/discard").status_code == 409


def test_an_archive_that_was_looked_at_can_be_discarded(
    session: Session, client: FlaskClient, archive: bytes, settings: Settings
) -> None:
    before = kept_files(settings)
    address = said(client.post("/exchange/imports", data=archive, **ZIP))["address"]
    assert len(kept_files(settings)) == len(before) + 1
    assert client.post(f"{address}/discard").status_code == 303
    assert kept_files(settings) == before
    assert client.get(address).status_code == 404


def test_a_refusal_reaches_the_page_in_words(client: FlaskClient) -> None:
    htmx = {"HX-Request": "true", "HX-Request-Type": "partial"}
    reply = client.post("/exchange/imports", data=b"x", headers=htmx, **ZIP)
    assert reply.status_code == 422
    assert "This is not a ZIP archive, or it is damaged." in reply.text
    assert 'id="problem"' in reply.text


def test_the_page_tells_how_an_import_ended_and_what_an_undo_kept(
    session: Session, client: FlaskClient, owner: Principal, archive: bytes
) -> None:
    batch = recording.begin(session, owner, recording.IMPORT, {"file": "old.zip"})
    with Archive(io.BytesIO(archive)) as opened:
        key = Key(owner.workspace_id, batch.id)
        importer.apply(session, owner, opened, batch=key)
    recording.end(session, key)
    session.commit()
    page = client.get(f"/exchange/imports/{batch.id}").text
    assert "items were added or changed." in page
    assert "Undo the import" in page
    assert client.post(f"/exchange/imports/{batch.id}/undo").status_code == 303
    assert "Undoing the import…" in client.get(f"/exchange/imports/{batch.id}").text
    state, who = session.execute(
        select(Batch.state, Batch.undone_by).where(Batch.id == batch.id)
    ).one()
    assert (state, who) == (BatchState.UNDOING, owner.user_id)


def test_a_file_from_an_import_says_so_in_its_history(
    session: Session, client: FlaskClient, owner: Principal, archive: bytes
) -> None:
    with Archive(io.BytesIO(archive)) as opened:
        importer.apply(session, owner, opened)
    session.commit()
    asset = session.scalars(
        select(Asset).where(Asset.workspace_id == owner.workspace_id, Asset.live)
    ).one()
    assert "Imported" in client.get(f"/assets/{asset.id}").text
    assert "Imported into the library" in client.get("/audit").text


def test_bytes_that_never_came_are_told_honestly(
    session: Session, api: Caller, client: FlaskClient, owner: Principal, archive: bytes
) -> None:
    without = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(without, "w") as new:
        for name in old.namelist():
            if not name.startswith("files/"):
                raw = old.read(name)
                if name == "manifest.json":
                    manifest = json.loads(raw)
                    manifest["counts"].pop("files", None)
                    raw = json.dumps(manifest).encode()
                new.writestr(name, raw)
    with Archive(without) as opened:
        assert importer.apply(session, owner, opened).without_bytes == 2
    session.commit()
    asset = session.scalars(
        select(Asset).where(Asset.workspace_id == owner.workspace_id, Asset.live)
    ).one()
    page = client.get(f"/assets/{asset.id}").text
    assert "The content of this file has not been uploaded yet" in page
    assert f'/assets/{asset.id}/retry"' not in page
    assert "Its content has not been uploaded yet." in client.get("/library").text
    reply = api.get(f"/m/{asset.id}")
    assert_problem(reply, 404)
    assert "has not been uploaded yet" in said(reply)["detail"]
