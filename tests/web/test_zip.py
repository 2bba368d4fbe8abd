"""Selections as one archive: every byte, safe names, a manifest, and no memory."""

import csv
import io
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.library import assets
from lectern.models import Asset, Role
from lectern.people import audit_reading
from lectern.people.principal import Principal
from lectern.search import selections
from lectern.storage import LocalStorage
from tests.factories import make_asset, make_colleague
from tests.web.conftest import SignIn
from web.serving.zips import StoredFile, ZipReply


def chosen(session: Session, who: Principal, *files: Asset) -> str:
    selection = selections.begin(session, who, "library")
    selections.clear(session, who, selection)
    selections.add(session, who, selection, [file.id for file in files])
    session.commit()
    return f"/downloads/selection/{selection.id}.zip"


def opened(reply: Any) -> tuple[zipfile.ZipFile, list[dict[str, str]]]:
    assert reply.status_code == 200, reply.data
    assert int(reply.headers["Content-Length"]) == len(reply.data)
    archive = zipfile.ZipFile(io.BytesIO(reply.data))
    assert archive.testzip() is None
    text = archive.read("manifest.csv").decode("utf-8-sig")
    return archive, list(csv.DictReader(io.StringIO(text)))


def test_every_original_is_in_it_under_its_folder_and_name(
    session: Session, client: FlaskClient, owner: Principal, with_bytes: Callable[..., Asset]
) -> None:
    first = with_bytes(owner, b"one" * 1000, name="Cells", original_name="a.mp4")
    second = with_bytes(owner, b"two", name="Zürich.MP4", original_name="b.mp4")
    assets.edit(session, owner, first, {"folder": "Biology/Week 1"})
    reply = client.get(chosen(session, owner, second, first))
    archive, lines = opened(reply)
    assert archive.read("Biology/Week 1/Cells.mp4") == b"one" * 1000
    assert archive.read("Zürich.MP4") == b"two"
    assert {each.compress_type for each in archive.infolist()} == {zipfile.ZIP_STORED}
    assert lines == [
        {
            "id": str(asset.id),
            "name": asset.name,
            "path": path,
            "bytes": size,
            "blake3": asset.digest,
            "not included because": "",
        }
        for asset, path, size in (
            (second, "Zürich.MP4", "3"),
            (first, "Biology/Week 1/Cells.mp4", "3000"),
        )
    ]
    assert reply.headers["Cache-Control"] == "private, no-store"
    assert reply.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''Lectern")
    line = audit_reading.history(session, owner, first.id)[0]
    assert (line.action, line.details) == ("asset.download", {"version": 1, "as": "zip"})


def test_names_are_safe_and_different_on_any_computer(
    session: Session, client: FlaskClient, owner: Principal, with_bytes: Callable[..., Asset]
) -> None:
    names = {
        "same": "same.mp4",
        "SAME": "SAME (2).mp4",
        "../../etc/passwd": "_.._etc_passwd.mp4",
        "CON": "_CON.mp4",
        "what? a <b>|*": "what_ a _b___.mp4",
        ".hidden": "hidden.mp4",
        "manifest.csv": "manifest.csv.mp4",
        "x" * 190: "x" * 116 + ".mp4",
        "=cmd()": "=cmd().mp4",
    }
    made = [with_bytes(owner, name.encode(), name=name, original_name="a.mp4") for name in names]
    archive, lines = opened(client.get(chosen(session, owner, *made)))
    assert sorted(archive.namelist()) == sorted(["manifest.csv", *names.values()])
    for name, path in names.items():
        assert archive.read(path) == name.encode()
    assert lines[-1]["name"] == "'=cmd()"


def test_what_may_not_or_cannot_be_downloaded_is_said_in_the_manifest(
    session: Session, owner: Principal, sign_in: SignIn, with_bytes: Callable[..., Asset]
) -> None:
    contributor = make_colleague(session, owner, Role.CONTRIBUTOR)
    foreign, own = with_bytes(owner, b"no"), with_bytes(contributor, b"yes", name="own.mp4")
    lost = make_asset(session, contributor)
    archive, lines = opened(
        sign_in(contributor).get(chosen(session, contributor, foreign, own, lost))
    )
    assert sorted(archive.namelist()) == ["manifest.csv", "own.mp4"]
    reasons = {line["id"]: line["not included because"] for line in lines}
    assert "permission to download" in reasons[str(foreign.id)]
    assert "missing" in reasons[str(lost.id)]
    assert audit_reading.history(session, owner, foreign.id) == []
    viewer = make_colleague(session, owner, Role.VIEWER)
    assert sign_in(viewer).get(chosen(session, viewer, foreign)).status_code == 403


def test_an_empty_or_foreign_selection_is_no_archive(
    session: Session, client: FlaskClient, owner: Principal, sign_in: SignIn
) -> None:
    path = chosen(session, owner)
    assert client.get(path).status_code == 422
    colleague = make_colleague(session, owner)
    assert sign_in(colleague).get(path).status_code == 404


def test_asking_for_the_head_records_no_download(
    session: Session, client: FlaskClient, owner: Principal, with_bytes: Callable[..., Asset]
) -> None:
    asset = with_bytes(owner, b"one")
    reply = client.head(chosen(session, owner, asset))
    assert (reply.status_code, reply.data) == (200, b"")
    assert int(reply.headers["Content-Length"]) > 3
    assert audit_reading.history(session, owner, asset.id) == []


def test_a_file_that_became_shorter_breaks_the_transfer(tmp_path: Path) -> None:
    file = tmp_path / "short"
    file.write_bytes(b"12345")
    storage = LocalStorage(tmp_path)
    reply = ZipReply([StoredFile("a", partial(storage.read, "short", 0, 6), 6)], [])
    with pytest.raises(EOFError):
        b"".join(reply.response)  # type: ignore[arg-type]


def test_gigabytes_pass_piece_by_piece(tmp_path: Path) -> None:
    file = tmp_path / "large"
    with file.open("wb") as stream:
        stream.truncate(5 << 30)
    storage = LocalStorage(tmp_path)
    files = [
        StoredFile(name, partial(storage.read, "large", 0, size), size)
        for name, size in (("a.mp4", 5 << 30), ("b", 10))
    ]
    reply = ZipReply(files, [])
    sizes = []
    for piece in reply.response:
        sizes.append(len(piece))
        if len(sizes) > 100:
            break
    assert max(sizes) <= 256 << 10
    # Both names, their sizes in 64 bits, and the table at the end.
    assert (5 << 30) + 10 < (reply.content_length or 0) < (5 << 30) + 1000
