"""Which bucket, at which service, opened by which key."""

from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from lectern.errors import LecternError, Message

# Downloads come from numbered hosts, known only after authorization.
B2_HOSTS = "https://*.backblazeb2.com"
NO_KEY = Message("LECTERN_STORAGE_URL: b2:// needs LECTERN_B2_KEY_ID and LECTERN_B2_KEY as well.")
NO_BUCKET = Message("LECTERN_STORAGE_URL: {url!r} names no bucket; write b2://bucket.")


@dataclass(frozen=True)
class Place:
    """A bucket and its key. `realm` is the service: `production`, or where its API answers."""

    bucket: str
    key_id: str
    key: str = field(repr=False)
    realm: str = "production"

    @property
    def origin(self) -> str:
        """Where signed addresses lead, as a source of a content security policy."""
        return B2_HOSTS if self.realm == "production" else self.realm


def parse(url: str, key_id: str, key: str) -> Place:
    """`b2://bucket`, or `b2+https://host:port/bucket` for another service with that API.

    Raises:
        LecternError: no bucket, or no key.
    """
    parts = urlsplit(url)
    bucket = parts.netloc if parts.scheme == "b2" else parts.path.strip("/")
    if not bucket or "/" in bucket or (parts.scheme == "b2" and parts.path.strip("/")):
        raise LecternError(NO_BUCKET.format(url=url))
    if not key_id or not key:
        raise LecternError(NO_KEY)
    return Place(bucket, key_id, key, _realm(parts))


def _realm(parts: SplitResult) -> str:
    _, _, scheme = parts.scheme.partition("+")
    return f"{scheme}://{parts.netloc}" if scheme else "production"
