"""Signed addresses of one file each, given out again while they last."""

import threading
import time
from collections import OrderedDict
from typing import Any
from urllib.parse import urlencode

# Each costs a call to B2; pages ask for the same few again and again.
KEPT = 4096
# What B2 grants at most: a week.
LONGEST_S = 7 * 24 * 3600


class SignedUrls:
    """Remembers addresses until half of their time is over, so each that is given lasts as long."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[str, ...], tuple[float, str]] = OrderedDict()

    def of(self, api: Any, bucket: Any, key: str, seconds: int, mime: str, disposition: str) -> str:
        """An address that answers GET, with Range, for at least half of `seconds`."""
        wanted = (key, str(seconds), mime, disposition)
        with self._lock:
            until, url = self._made.get(wanted, (0.0, ""))
        if time.monotonic() < until:
            return url
        asked = time.monotonic()
        url = _sign(api, bucket, key, min(seconds, LONGEST_S), mime, disposition)
        with self._lock:
            self._made[wanted] = (asked + seconds / 2, url)
            self._made.move_to_end(wanted)
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
        return url

    def forget(self, key: str) -> None:
        """Give out no more addresses of a deleted file."""
        with self._lock:
            for wanted in [each for each in self._made if each[0] == key]:
                del self._made[wanted]


def _sign(api: Any, bucket: Any, key: str, seconds: int, mime: str, disposition: str) -> str:
    # The grant names these too, so whoever has the address cannot choose others.
    shown = {"b2ContentDisposition": disposition, "b2ContentType": mime}
    granted = api.session.get_download_authorization(bucket.id_, key, seconds, **shown)
    query = urlencode({"Authorization": granted["authorizationToken"], **shown})
    return f"{bucket.get_download_url(key)}?{query}"
