"""Files of another system in a bucket of Backblaze B2: listed by name, fetched by id, only read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from b2sdk.v3.exception import NonExistentBucket

from lectern.errors import LecternError, Message
from lectern.exchange.importers import reading
from lectern.exchange.importers.origins import Look
from lectern.exchange.importers.walking import (
    HIDDEN,
    LONGEST_PATH,
    TOO_LONG,
    Skipped,
    SourceFile,
    hidden,
)
from lectern.storage.b2_errors import in_words
from lectern.storage.b2_place import Place, parse
from lectern.storage.b2sdk_session import Api
from lectern.storage.keys import digest_of

LISTED_AT_ONCE = 1000
NO_PATH = Message(
    "Its name is not a valid path: it has empty parts or parts that point outside the folder."
)
OURS = Message("This file belongs to Lectern itself.")
# As other programs write down when the file was changed where it came from.
_MODIFIED = "src_last_modified_millis"


def is_address(text: str) -> bool:
    """True for what names a bucket and not a folder."""
    return urlsplit(text).scheme.split("+")[0] == "b2"


class Bucket:
    """All files below a prefix of one bucket; the newest version of each.

    The account is authorized at the first call.
    """

    def __init__(self, place: Place, prefix: str = "", api: Any = None) -> None:
        self.place = place
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._api = api or Api()
        self._known: Any = None

    @property
    def name(self) -> str:
        """See `Origin.name`."""
        return f"b2://{self.place.bucket}/{self.prefix}"

    def walk(self) -> Iterator[SourceFile | Skipped]:
        """See `Origin.walk`. Folders, which have no bytes, are nothing at all here."""
        start: str | None = None
        while True:
            with in_words():
                page = self._api.session.list_file_names(
                    self._bucket().id_, start, LISTED_AT_ONCE, self.prefix
                )
            for entry in page["files"]:
                if not entry["fileName"].endswith("/"):
                    yield self._file(entry)
            start = page["nextFileName"]
            if start is None:
                return

    @contextmanager
    def fetched(self, file: SourceFile, copy: Path, look: Look, *, keep: bool) -> Iterator[Path]:
        """See `Origin.fetched`. By its id: a version never changes, and its SHA-1 is compared."""
        try:
            with in_words(file.path):
                last = min(look.head_bytes, file.byte_size) - 1
                head = self._api.download_file_by_id(file.ref, range_=(0, last))
                look.at(b"".join(head.response.iter_content()))
                self._api.download_file_by_id(file.ref).save_to(copy)
        except FileNotFoundError as error:
            raise reading.Changed from error
        if copy.stat().st_size != file.byte_size:
            raise reading.Changed
        yield copy

    def _file(self, entry: dict[str, Any]) -> SourceFile | Skipped:
        path = entry["fileName"].removeprefix(self.prefix)
        parts = path.split("/")
        if any(part in {"", ".", ".."} for part in parts) or "\\" in path:
            return Skipped(path, NO_PATH)
        if digest_of(entry["fileName"]) is not None:
            return Skipped(path, OURS)
        if any(hidden(part) for part in parts):
            return Skipped(path, HIDDEN)
        if len(path.encode()) > LONGEST_PATH:
            return Skipped(path, TOO_LONG)
        modified = (entry.get("fileInfo") or {}).get(_MODIFIED, "")
        changed_ms = int(modified) if modified.isdecimal() else int(entry["uploadTimestamp"])
        return SourceFile(
            path, int(entry["contentLength"]), changed_ms * 1_000_000, entry["fileId"]
        )

    def _bucket(self) -> Any:
        if self._known is None:
            place = self.place
            self._api.authorize_account(place.key_id, place.key, realm=place.realm)
            self._known = next(iter(self._api.list_buckets(bucket_name=place.bucket)), None)
            if self._known is None:
                raise NonExistentBucket(place.bucket)
        return self._known


def at(url: str, key_id: str, key: str) -> Bucket:
    """The bucket at `b2://BUCKET/PREFIX`, or `b2+https://HOST/BUCKET/PREFIX`.

    Raises:
        LecternError: the address names no bucket, or there is no key.
    """
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        raise LecternError("Enter the bucket as b2://BUCKET or b2://BUCKET/FOLDER.")
    path = unquote(parts.path).strip("/")
    if parts.scheme == "b2":
        return Bucket(parse(f"b2://{parts.netloc}", key_id, key), path)
    bucket, _, prefix = path.partition("/")
    return Bucket(parse(f"{parts.scheme}://{parts.netloc}/{bucket}", key_id, key), prefix)
