"""Which assets' usages a transaction has changed, for whoever tells the open pages.

After its commit a caller takes the ids and publishes each; a caller that nobody listens to need
not ask.
"""

import uuid
from collections.abc import Iterable

from sqlalchemy.orm import Session

_KEY = "lectern.courses.changed"


def note(session: Session, asset_ids: Iterable[uuid.UUID]) -> None:
    """Remember the assets until `take`."""
    session.info.setdefault(_KEY, set()).update(asset_ids)


def take(session: Session) -> frozenset[uuid.UUID]:
    """The assets since the last call, which forgets them."""
    return frozenset(session.info.pop(_KEY, ()))
