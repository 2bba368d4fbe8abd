"""What the B2 service says, in words that a person can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

from b2sdk.v3.exception import (
    AccessDenied,
    AlreadyFailed,
    B2Error,
    CapExceeded,
    ClockSkew,
    FileNotPresent,
    InvalidAuthToken,
    MaxRetriesExceeded,
    NonExistentBucket,
    NotAllowedByAppKeyError,
    RestrictedBucket,
    Unauthorized,
)
from requests import RequestException

from lectern.errors import LecternError, Message, StorageAway, StorageFull

AWAY = Message("The storage is not responding. Nothing was lost. Try again in a moment.")
FULL = Message("The account at Backblaze B2 has reached its cap. Raise the cap, then try again.")
REFUSED = Message(
    "Backblaze B2 rejected the application key. Check LECTERN_B2_KEY_ID and "
    "LECTERN_B2_KEY, and make sure the key can list the bucket and read, write, list and "
    "delete its files."
)
NO_BUCKET = Message("Bucket not found at Backblaze B2. Check LECTERN_STORAGE_URL.")
CLOCK = Message(
    "The clock of this server is wrong, so Backblaze B2 rejects its requests. Set the correct time."
)
NOT_PRIVATE = Message("The bucket is public. Lectern stores files in a private bucket only.")
_REFUSED = (Unauthorized, InvalidAuthToken, AccessDenied, NotAllowedByAppKeyError, RestrictedBucket)


@contextmanager
def in_words(key: str = "") -> Iterator[None]:
    """Turns the SDK's errors into the domain's; `key` is what a missing file was asked by.

    Raises:
        FileNotFoundError: nothing is stored there. StorageFull, StorageAway: as they say.
    """
    try:
        yield
    except NonExistentBucket as error:
        raise StorageAway(NO_BUCKET) from error
    except FileNotPresent as error:
        raise FileNotFoundError(key) from error
    except (B2Error, RequestException) as error:
        raise _word(error) from error


def passes(error: Exception) -> bool:
    """True for what may be over in a moment."""
    if isinstance(error, MaxRetriesExceeded | AlreadyFailed | RequestException):
        return True
    return isinstance(error, B2Error) and bool(error.should_retry_http())


def _word(error: Exception) -> LecternError:
    if isinstance(error, CapExceeded):
        return StorageFull(FULL)
    if isinstance(error, ClockSkew):
        return StorageAway(CLOCK)
    if isinstance(error, _REFUSED):
        return StorageAway(REFUSED)
    return StorageAway(AWAY)
