"""Selections as one archive: every byte, safe names, a manifest, and no memory."""

import csv
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.library import assets
from lectern.models import Asset, Blob, Role
from lectern.people import audit_reading
from lectern.people.principal import Principal
from lectern.search import selections
from lectern.storage import LocalStorage, Storage, blobs
from tests.factories import make_asset, make_colleague
from tests.web import zip_streams
from tests.web.conftest import SignIn
from web.serving.zips import BLOCK, MAX32, StoredFile, ZipReply

# Where the framing of an uncompressed block begins anew, and where a piece of storage does.
SIZES = (0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, (256 << 10) + 1, 700_001)


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
    streamed = {name: content for name, content, _ in zip_streams.entries(reply.data)}
    assert streamed == {name: archive.read(name) for name in archive.namelist()}
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


def test_a_crc_is_learned_by_the_first_download_and_stands_before_the_bytes_of_the_next(
    session: Session, client: FlaskClient, owner: Principal, storage: Storage, tmp_path: Path
) -> None:
    content = b"lecture" * 30_000
    source = tmp_path / "source"
    source.write_bytes(content)
    blob, _ = blobs.add(
        session, owner.workspace_id, blobs.store(storage, owner.workspace_id, source), "video/mp4"
    )
    assert blob.crc32 == zlib.crc32(content)
    blob.crc32 = None
    address = chosen(session, owner, make_asset(session, owner, blob=blob, name="a.mp4"))
    methods = []
    for _ in range(2):
        (name, streamed, method) = zip_streams.entries(client.get(address).data)[-1]
        assert (name, streamed) == ("a.mp4", content)
        methods.append(method)
        session.expire_all()
        assert blob.crc32 == zlib.crc32(content)
    assert methods == [zip_streams.DEFLATED, zip_streams.STORED]


def test_a_crc_is_not_learned_from_bytes_that_are_not_what_their_digest_says(
    session: Session, client: FlaskClient, owner: Principal, with_bytes: Callable[..., Asset]
) -> None:
    asset = with_bytes(owner, b"whatever")
    assert client.get(chosen(session, owner, asset)).status_code == 200
    session.expire_all()
    assert session.scalars(select(Blob.crc32).where(Blob.digest == asset.digest)).one() is None


def bytes_like_media(size: int) -> bytes:
    """Without a pattern, and the same in each run."""
    return random.Random(size).randbytes(size)  # noqa: S311


def archived(known: bool) -> tuple[ZipReply, bytes]:
    contents = {f"{size}.mp4": bytes_like_media(size) for size in SIZES}
    files = [
        StoredFile(
            name,
            partial(in_pieces, content),
            len(content),
            zlib.crc32(content) if known else None,
        )
        for name, content in contents.items()
    ]
    reply = ZipReply(files, [("manifest.csv", b"id")])
    return reply, b"".join(reply.response)  # type: ignore[arg-type]


def in_pieces(content: bytes) -> list[bytes]:
    return [content[start : start + 100_000] for start in range(0, len(content), 100_000)]


@pytest.mark.parametrize("known", [True, False])
def test_an_archive_is_read_from_its_beginning_and_from_its_end(known: bool) -> None:
    reply, data = archived(known)
    assert reply.content_length == len(data)
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    streamed = zip_streams.entries(data)
    assert [name for name, _, _ in streamed] == archive.namelist()
    assert [len(content) for _, content, _ in streamed] == [2, *SIZES]
    assert all(archive.read(name) == content for name, content, _ in streamed)


@pytest.mark.parametrize("known", [True, False])
def test_java_reads_an_archive_while_it_comes(known: bool, tmp_path: Path) -> None:
    _, data = archived(known)
    assert zip_streams.by_java(data, tmp_path) == [
        f"{name}\t{len(content)}\t{zlib.crc32(content)}"
        for name, content, _ in zip_streams.entries(data)
    ]


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


def test_a_file_that_was_damaged_breaks_the_transfer_off() -> None:
    reply = ZipReply([StoredFile("a", lambda: (b"damage",), 6, zlib.crc32(b"lesson"))], [])
    with pytest.raises(EOFError):
        b"".join(reply.response)  # type: ignore[arg-type]


@pytest.mark.parametrize("known", [True, pytest.param(False, marks=pytest.mark.full)])
def test_sizes_beyond_4_gib_are_told_in_64_bits(known: bool) -> None:
    size = MAX32 - (0 if known else BLOCK)
    piece = bytes(1 << 24)

    def read() -> Iterator[bytes]:
        yield from (piece for _ in range(size >> 24))
        yield piece[: size & 0xFF_FFFF]

    crc = 0
    if known:
        for data in read():
            crc = zlib.crc32(data, crc)
    reply = ZipReply(
        [StoredFile("large", read, size, crc if known else None), StoredFile("b", tuple, 0)], []
    )
    head, tail, length = b"", b"", 0
    for data in reply.response:
        assert isinstance(data, bytes)
        head, tail, length = (head + data)[:60], (tail + data)[-1000:], length + len(data)
    assert length == reply.content_length
    assert struct.unpack_from("<HHQQ", head, 35) == (1, 16, *((size, size) if known else (0, 0)))
    # The directory at the end is read by itself, at the place it says it has.
    archive = zipfile.ZipFile(io.BytesIO(tail))
    assert [(each.filename, each.file_size) for each in archive.infolist()] == [
        ("large", size),
        ("b", 0),
    ]
    place = archive.infolist()[1].header_offset
    assert tail[place : place + 4] == b"PK\x03\x04"


def test_gigabytes_pass_piece_by_piece(tmp_path: Path) -> None:
    file = tmp_path / "large"
    with file.open("wb") as stream:
        stream.truncate(5 << 30)
    storage = LocalStorage(tmp_path)
    files = [
        StoredFile(name, partial(storage.read, "large", 0, size), size, crc32=0)
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
