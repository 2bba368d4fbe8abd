"""Storage in a private bucket of Backblaze B2, or of a service that speaks its API."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from b2sdk.v3.exception import B2Error, FileNotPresent, NonExistentBucket
from requests import RequestException

import core_ext
from lectern.errors import Message, StorageAway, StorageDamaged
from lectern.storage.b2_errors import AWAY, NOT_PRIVATE, in_words, passes
from lectern.storage.b2_place import Place
from lectern.storage.b2_urls import SignedUrls
from lectern.storage.b2sdk_session import Api
from lectern.storage.copies import Copies
from lectern.storage.keys import Item, checked, digest_of

# Small enough for many at once, large enough for few switches between threads.
PIECE = 256 << 10
# How often a broken transfer is taken up again, and the pause before the second try in seconds.
TRIES = 4
PAUSE_S = 1.0
# docs/reliability.md#storage: so much is read back, anywhere in the file.
READ_BACK_BYTES = 64 << 10
LISTED_AT_ONCE = 1000
# Asks the service for the bytes from the first to the last of two positions.
Ask = Callable[[tuple[int, int]], Any]
DAMAGED = Message(
    "The storage service did not store the file correctly. Try again. If it happens "
    "again, contact the storage provider."
)


class B2Storage:
    """Blobs as files of one bucket, each with one version; nothing is ever hidden.

    The account is authorized at the first call, so making one opens no connection.
    """

    def __init__(self, place: Place, copies: Copies, api: Any = None) -> None:
        self.place = place
        self.origin = place.origin
        self._copies = copies
        self._api = api or Api()
        self._lock = threading.Lock()
        self._known: Any = None
        self._urls = SignedUrls()

    def put(self, source: Path, key: str, digest: str | None = None) -> None:
        """See `Storage.put`. Parts that an interrupted put of this key left are not sent again.

        B2 refuses what does not fit the SHA-1 sent with it; then the size and a random part are
        read back, and the source is read once more for its digest.
        """
        checked(key)
        size = source.stat().st_size
        digest = digest or core_ext.digest_file(source)
        with in_words(key):
            bucket = self._bucket()
            if self._versions(bucket, key):
                raise FileExistsError(key)
            mine = self._upload(bucket, source, key, digest)
            mine = self._claim(bucket, key, mine)
            kept = self._api.get_file_info(mine.id_).size == size
        if not kept or not self._same(source, key, mine.id_, size, digest):
            with in_words(key):
                self._api.delete_file_version(mine.id_, key)
            raise StorageDamaged(DAMAGED)

    def path(self, key: str) -> None:
        """Nothing: the bytes are not on this machine."""
        checked(key)

    def local_copy(self, key: str) -> AbstractContextManager[Path]:
        """See `Storage.local_copy`; fetched, compared with its digest, and kept for the next."""
        return self._copies.of(checked(key), lambda path: self._fetch(key, path))

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """See `Storage.read`; a broken transfer goes on where it broke."""
        size = self.size(key)
        end = size if length is None else min(size, start + length)

        def ask(asked: tuple[int, int]) -> Any:
            return self._bucket().download_file_by_name(key, range_=asked)

        return self._stream(key, ask, start, end)

    def size(self, key: str) -> int:
        """See `Storage.size`."""
        checked(key)
        with in_words(key):
            return int(self._bucket().get_file_info_by_name(key).size)

    def exists(self, key: str) -> bool:
        """See `Storage.exists`."""
        try:
            self.size(key)
        except FileNotFoundError:
            return False
        return True

    def delete(self, key: str) -> None:
        """See `Storage.delete`: every version by its id, and what an unfinished put left."""
        checked(key)
        with in_words(key):
            for version in list(self._bucket().list_file_versions(key)):
                try:
                    if version.action == "start":
                        self._api.cancel_large_file(version.id_)
                    else:
                        self._api.delete_file_version(version.id_, key)
                except FileNotPresent:
                    # Somebody else deleted it first.
                    continue
        self._copies.forget(key)
        self._urls.forget(key)

    def items(self, prefix: str = "") -> Iterator[Item]:
        """See `Storage.items`."""
        start: str | None = None
        while True:
            with in_words():
                page = self._api.session.list_file_names(
                    self._bucket().id_, start, LISTED_AT_ONCE, prefix
                )
            for each in page["files"]:
                yield Item(each["fileName"], int(each["contentLength"]))
            start = page["nextFileName"]
            if start is None:
                return

    def clear_unfinished(self, older_s: float) -> int:
        """See `Storage.clear_unfinished`."""
        cleared, before_ms = 0, (time.time() - older_s) * 1000
        with in_words():
            bucket = self._bucket()
            names = {each.file_name for each in bucket.list_unfinished_large_files()}
            for name in names:
                for version in list(bucket.list_file_versions(name)):
                    if version.action == "start" and version.upload_timestamp < before_ms:
                        self._api.cancel_large_file(version.id_)
                        cleared += 1
        return cleared

    def url(self, key: str, seconds: int, *, mime: str, disposition: str) -> str:
        """See `Storage.url`: good for this one key, since no key is a prefix of another."""
        checked(key)
        with in_words(key):
            return self._urls.of(self._api, self._bucket(), key, seconds, mime, disposition)

    def _bucket(self) -> Any:
        with self._lock:
            if self._known is None:
                place = self.place
                self._api.authorize_account(place.key_id, place.key, realm=place.realm)
                # By its own question: what the SDK remembers of a bucket has no type.
                bucket = next(iter(self._api.list_buckets(bucket_name=place.bucket)), None)
                if bucket is None:
                    raise NonExistentBucket(place.bucket)
                if bucket.type_ != "allPrivate":
                    raise StorageAway(NOT_PRIVATE)
                self._known = bucket
            return self._known

    def _versions(self, bucket: Any, key: str) -> list[Any]:
        return [each for each in bucket.list_file_versions(key) if each.action == "upload"]

    def _upload(self, bucket: Any, source: Path, key: str, digest: str) -> Any:
        for attempt in range(TRIES):
            try:
                return bucket.upload_local_file(
                    source,
                    key,
                    content_type="application/octet-stream",
                    # Says of an unfinished large file which bytes it was for.
                    file_info={"blake3": digest},
                )
            except B2Error as error:
                if attempt + 1 == TRIES or not passes(error):
                    raise
                time.sleep(PAUSE_S * 2**attempt)
            except AssertionError as error:
                # The SDK's word for an answer with another SHA-1 than it sent.
                self._drop_only_version(bucket, key)
                raise StorageDamaged(DAMAGED) from error
        raise AssertionError("the last try returns or raises")

    def _drop_only_version(self, bucket: Any, key: str) -> None:
        # There was none before; of two, one is another writer's.
        versions = self._versions(bucket, key)
        if len(versions) == 1:
            self._api.delete_file_version(versions[0].id_, key)

    def _claim(self, bucket: Any, key: str, mine: Any) -> Any:
        """B2 lets two writers store one name; the first of them has it, the other withdraws.

        Equal bytes are ours: sent before, by a request whose answer was lost.
        """
        versions = self._versions(bucket, key)
        first = min(versions, key=lambda each: (each.upload_timestamp, each.id_), default=mine)
        for each in versions:
            if each.id_ != first.id_ and each.file_info.get("blake3") == mine.file_info["blake3"]:
                self._api.delete_file_version(each.id_, key)
        if first.file_info.get("blake3") != mine.file_info["blake3"]:
            raise FileExistsError(key)
        return first

    def _same(self, source: Path, key: str, file_id: str, size: int, digest: str) -> bool:
        if core_ext.digest_file(source) != digest:
            return False

        # By its id: under the name there might be another writer's version for a moment.
        def ask(asked: tuple[int, int]) -> Any:
            return self._api.download_file_by_id(file_id, range_=asked)

        start = secrets.randbelow(max(1, size - READ_BACK_BYTES + 1))
        with source.open("rb") as file:
            file.seek(start)
            ours = file.read(READ_BACK_BYTES)
        return b"".join(self._stream(key, ask, start, start + len(ours))) == ours

    def _stream(self, key: str, ask: Ask, start: int, end: int) -> Iterator[bytes]:
        for attempt in range(TRIES):
            try:
                for piece in _pieces(ask, start, end):
                    start += len(piece)
                    yield piece
            except (B2Error, RequestException) as error:
                if attempt + 1 == TRIES or not passes(error):
                    with in_words(key):
                        raise
            if start >= end:
                return
            time.sleep(PAUSE_S * 2**attempt)
        raise StorageAway(AWAY)

    def _fetch(self, key: str, path: Path) -> None:
        # Damage on the way is over at the second try; damage in the bucket is not.
        for _ in range(2):
            with path.open("wb") as file:
                for piece in self.read(key):
                    file.write(piece)
            if core_ext.digest_file(path) == (digest_of(key) or core_ext.digest_file(path)):
                return
        raise StorageDamaged(
            "The stored file %(key)s is damaged: its content has another digest.", key=key
        )


def _pieces(ask: Ask, start: int, end: int) -> Iterator[bytes]:
    if start < end:
        with ask((start, end - 1)).response as response:
            yield from response.iter_content(PIECE)
