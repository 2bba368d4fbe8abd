"""Rate limits held in PostgreSQL, by its clock: they outlive Redis and any one process."""

import hashlib
import ipaddress
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, literal, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lectern.errors import RateLimited, plural_message
from lectern.models import Attempt

# Attempts are kept in windows this short; a limit sums the windows of its last seconds.
_GRAIN = timedelta(seconds=5)
_KEPT = timedelta(hours=2)


class Limit(NamedTuple):
    """At most `most` attempts in any `per_s` seconds."""

    most: int
    per_s: int


# Wrong passwords: docs/reliability.md#limits.
PER_ACCOUNT = (Limit(5, 60), Limit(30, 3600))
PER_ADDRESS = (Limit(20, 60),)


def check(session: Session, key: str, *limits: Limit) -> None:
    """Refuse when a limit is reached; else hold the key until the transaction ends.

    Holding it makes check, attempt and `count` one step: a thousand at once are no loophole.

    Raises:
        RateLimited: with the seconds until the oldest counted attempt no longer matters.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    now = func.clock_timestamp()
    for limit in limits:
        window = timedelta(seconds=limit.per_s) + _GRAIN
        used, wait = session.execute(
            select(
                func.coalesce(func.sum(Attempt.count), 0),
                func.extract("epoch", func.min(Attempt.window_start) + window - now),
            ).where(Attempt.key == key, Attempt.window_start > now - window)
        ).one()
        if used >= limit.most:
            seconds = max(1, int(wait) + 1)
            raise RateLimited(
                "Too many attempts. Try again in %(in_words)s.", seconds, in_words=in_words(seconds)
            )


def count(session: Session, *keys: str) -> None:
    """Count one attempt for each key."""
    window = func.date_bin(literal(_GRAIN), func.clock_timestamp(), text("timestamptz 'epoch'"))
    for key in keys:
        statement = insert(Attempt).values(key=key, window_start=window, count=1)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["key", "window_start"], set_={"count": Attempt.count + 1}
            )
        )


def clear_old(session: Session) -> None:
    """Forget attempts that no limit looks at any more; periodic work."""
    session.execute(delete(Attempt).where(Attempt.window_start < func.clock_timestamp() - _KEPT))


def account_key(email: str) -> str:
    """The key of wrong passwords for one account, whether it exists or not."""
    return key_of("password account", email.strip().lower())


def address_key(address: str) -> str:
    """The key of wrong passwords from one visitor."""
    return key_of("password address", network(address))


def key_of(kind: str, value: str) -> str:
    """A key that does not show whom it counts."""
    return f"{kind}:{hashlib.sha256(value.encode('utf-8', 'replace')).hexdigest()[:32]}"


def network(address: str) -> str:
    """What counts as one visitor: an IPv4 address, or the /64 that an IPv6 host chooses from."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def in_words(seconds: int) -> str:
    """A wait as a person says it."""
    if seconds < 90:
        return plural_message("%(n)s second", "%(n)s seconds", seconds)
    return plural_message("%(n)s minute", "%(n)s minutes", -(-seconds // 60))
