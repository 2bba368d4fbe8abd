"""Storing a file durably and verified, against a plain copy with the same syncs.

`python -m bench.storage` stores from another file system into a folder (so that bytes move and are
read back), and over loopback into a service that speaks B2's API, in parts and read back, beside
one bare POST per part to the same service.
"""

import hashlib
import http.client
import os
import shutil
import sys
import tempfile
import uuid
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import core_ext
from bench._measure import Round, hold, interleave, show, speed_ratio
from lectern.durable import sync_folder
from lectern.storage import LocalStorage, Storage
from lectern.storage.b2 import B2Storage
from lectern.storage.b2_place import parse
from lectern.storage.copies import Copies
from tests.lectern.storage import b2_fake
from tests.lectern.storage.b2_fake import Fake

MIB = 1 << 20
FOLDER_BYTES = 512 * MIB
B2_BYTES = 128 * MIB
PART_BYTES = 16 * MIB
ROUNDS = 7
# The digest, read-back and all, may cost a tenth.
FOLDER_BAR = 0.9
B2_BAR = 0.5


def main() -> int:
    """Run the bench; 1 when a bar is missed."""
    disk = os.environ.get("LECTERN_BENCH_DIR", "/var/tmp")
    with (
        tempfile.TemporaryDirectory(prefix="lectern-bench-", dir=disk) as name,
        # Another file system, else the file would be linked and nothing be copied.
        tempfile.TemporaryDirectory(prefix="lectern-bench-", dir="/dev/shm") as away,
    ):
        holds = [_folder(Path(name), Path(away)), _bucket(Path(name), Path(away))]
    return 0 if all(holds) else 1


def _folder(folder: Path, away: Path) -> bool:
    source = _file(away / "source", FOLDER_BYTES)
    storage = LocalStorage(folder / "storage")
    timed = interleave(
        {
            "copy": partial(_plain_copy, source, folder / "plain"),
            "put": partial(_put, storage, source, core_ext.digest_file(source)),
        },
        ROUNDS,
    )
    source.unlink()
    _show("plain copy, file and folder synced", timed["copy"], FOLDER_BYTES)
    _show("put into a folder, digest read back", timed["put"], FOLDER_BYTES)
    ratio = speed_ratio(timed["copy"], timed["put"], by="wall")
    return hold("put over a plain copy", ratio, FOLDER_BAR)


def _bucket(folder: Path, away: Path) -> bool:
    source = _file(away / "source", B2_BYTES)
    with b2_fake.serving() as fake:
        fake.part_bytes = PART_BYTES
        place = parse(f"b2+{fake.url}/{b2_fake.BUCKET}", b2_fake.KEY_ID, b2_fake.KEY)
        storage = B2Storage(place, Copies(folder / "cache", 0))
        timed = interleave(
            {
                "copy": partial(_plain_copy, source, folder / "plain"),
                "post": partial(_bare_posts, fake, source),
                "put": partial(_put, storage, source, core_ext.digest_file(source)),
            },
            ROUNDS,
        )
    _show("plain copy, file and folder synced", timed["copy"], B2_BYTES)
    _show("bare POSTs with SHA-1, one by one", timed["post"], B2_BYTES)
    _show("put into the bucket, part read back", timed["put"], B2_BYTES)
    copied = speed_ratio(timed["copy"], timed["put"], by="wall")
    print(f"        put into the bucket over a plain copy: {copied:.2f} ×")
    ratio = speed_ratio(timed["post"], timed["put"], by="wall")
    return hold("put into the bucket over bare POSTs", ratio, B2_BAR)


def _file(path: Path, size: int) -> Path:
    piece = os.urandom(8 * MIB)
    with path.open("wb") as file:
        for number in range(size // len(piece)):
            file.write(number.to_bytes(8, "big") + piece[8:])
    return path


def _plain_copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    sync_folder(target.parent)
    target.unlink()


def _put(storage: Storage, source: Path, digest: str) -> None:
    key = f"b1/{digest[:2]}/{digest}/01234567-{uuid.uuid4().hex}"
    storage.put(source, key, digest)
    storage.delete(key)


def _bare_posts(fake: Fake, source: Path) -> None:
    connection = http.client.HTTPConnection(urlsplit(fake.url).netloc)
    with source.open("rb") as file:
        while piece := file.read(PART_BYTES):
            path = f"/upload/file/{uuid.uuid4().hex}"
            fake.upload_urls.add(path)
            headers = {
                "X-Bz-Content-Sha1": hashlib.sha1(piece).hexdigest(),  # noqa: S324
                "X-Bz-File-Name": "bare",
                "Content-Type": "application/octet-stream",
            }
            connection.request("POST", path, piece, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"a part was answered with {answer.status}")
    connection.close()
    fake.versions.clear()


def _show(name: str, rounds: list[Round], size: int) -> None:
    show(name, rounds, lambda seconds: f"{size / 1e6 / seconds:7.0f} MB/s")


if __name__ == "__main__":
    sys.exit(main())
