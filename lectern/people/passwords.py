"""Passwords: argon2id with the library's defaults, which are RFC 9106's low-memory choice."""

import unicodedata
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from lectern.errors import Invalid, RateLimited
from lectern.models import User
from lectern.people import rate_limits
from lectern.people.principal import Principal

SHORTEST, LONGEST = 12, 128
# Each hash takes 64 MiB and all cores for a moment; more at once would be a way to stop us.
_AT_ONCE = BoundedSemaphore(4)
_PATIENCE_S = 10

_hasher = PasswordHasher()
# What an unknown account is verified against, so that it answers no sooner than a known one.
# A literal, because computing it would cost every process 64 MiB; a test holds it to the defaults.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$"
    "bm8gb25lJ3Mgc2FsdC4uLg$MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA"
)


def hashed(password: str, field: str = "password") -> str:
    """The hash to store.

    Raises:
        Invalid: the password is shorter than 12 or longer than 128 characters.
        RateLimited: the process is busy hashing.
    """
    text = _normal(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise Invalid.of(
            field,
            "A password must have %(shortest)s to %(longest)s characters.",
            shortest=SHORTEST,
            longest=LONGEST,
        )
    with _Turn():
        return _hasher.hash(text)


def verify(stored: str | None, password: str) -> bool:
    """Whether it is the right password; takes as long when there is no `stored` hash.

    Raises:
        RateLimited: the process is busy hashing.
    """
    text = _normal(password)
    if len(text) > LONGEST:
        return False
    with _Turn():
        try:
            return _hasher.verify(stored or _NOBODY, text) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def _normal(password: str) -> str:
    # The same keys give different code points on different systems (RFC 8265 §4.2.2 says NFC).
    return unicodedata.normalize("NFC", password).encode("utf-8", "replace").decode()


class _Turn:
    """A place among the few that may hash now."""

    def __enter__(self) -> None:
        if not _AT_ONCE.acquire(timeout=_PATIENCE_S):
            raise RateLimited("Too many people are signing in. Try again in a moment.", _PATIENCE_S)

    def __exit__(self, *_: object) -> None:
        _AT_ONCE.release()


def confirmed(session: Session, principal: Principal, password: str) -> bool:
    """Whether it is the password of the person who is signed in.

    A wrong one is counted as at a sign-in, so the caller commits in that case too.

    Raises:
        RateLimited: too many wrong ones; or the process is busy hashing.
    """
    user = session.get(User, principal.user_id) if principal.user_id else None
    if user is None:
        return False
    account = rate_limits.account_key(user.email)
    rate_limits.check(session, account, *rate_limits.PER_ACCOUNT)
    right = verify(user.password_hash, password)
    if not right:
        rate_limits.count(session, account)
    return right
