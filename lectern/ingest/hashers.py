"""Running digests of uploads that this process receives, kept between their requests."""

import threading
import uuid
from collections import OrderedDict

import core_ext

# An upload that is not among them is hashed from its file when it is complete.
REMEMBERED = 256

_lock = threading.Lock()
_kept: OrderedDict[uuid.UUID, tuple[int, core_ext.Hasher]] = OrderedDict()


def take(upload_id: uuid.UUID, offset: int) -> core_ext.Hasher | None:
    """The digest of the upload's first `offset` bytes; None when this process did not see them."""
    with _lock:
        reached, hasher = _kept.pop(upload_id, (-1, None))
    if offset == 0:
        return core_ext.Hasher()
    return hasher if reached == offset else None


def keep(upload_id: uuid.UUID, offset: int, hasher: core_ext.Hasher) -> None:
    """Remember the digest for the request that goes on at `offset`."""
    with _lock:
        _kept[upload_id] = (offset, hasher)
        while len(_kept) > REMEMBERED:
            _kept.popitem(last=False)
