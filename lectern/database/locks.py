"""Holding an asset's row for a change, as it is now."""

from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session

from lectern.errors import NotFound
from lectern.models import Asset


def lock(session: Session, asset: Asset) -> None:
    """Read the asset again and hold it until the commit.

    Raises:
        NotFound: it was purged since it was read.
    """
    try:
        session.refresh(asset, with_for_update=True)
    except InvalidRequestError as error:
        raise NotFound("File not found in this library.") from error
