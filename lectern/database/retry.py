"""Doing a transaction again when PostgreSQL ended it for another's sake."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from psycopg.errors import DeadlockDetected, ForeignKeyViolation, SerializationFailure
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")

ATTEMPTS = 5
# What another's commit in the same moment can cause, and a second look puts right: a cycle of
# locks; or a row that was there when it was looked for and gone when it was named.
PASSING = (DeadlockDetected, SerializationFailure, ForeignKeyViolation)


def retry_on_conflict(
    transaction: Callable[[], T], roll_back: Callable[[], object] = lambda: None
) -> T:
    """What `transaction` answers, tried a few times; it must begin anew each time.

    `roll_back` ends what a failed attempt has left open.
    """
    for attempt in range(ATTEMPTS - 1):
        try:
            return transaction()
        except DBAPIError as error:
            if not isinstance(error.orig, PASSING):
                raise
            roll_back()
            time.sleep(random.uniform(0.01, 0.05) * (attempt + 1))  # noqa: S311 - not a secret
    return transaction()
