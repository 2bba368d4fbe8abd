"""Browser sessions: a secret in a cookie, its SHA-256 in a row, nothing else on the client."""

import hashlib
import secrets
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from lectern.models import Member, Role, SignIn, User
from lectern.people import audit, members, passwords, rate_limits, users
from lectern.people.principal import Principal

# docs/reliability.md#requests
IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
_SEEN_EVERY = timedelta(minutes=1)


class SignedIn(NamedTuple):
    """A new session; `secret` goes into the cookie and is kept nowhere."""

    secret: str
    csrf: str
    principal: Principal


class Found(NamedTuple):
    """A living session and who it is."""

    principal: Principal
    csrf: str


def start(session: Session, email: str, password: str, address: str) -> SignedIn | None:
    """Sign in with a password; None when it is wrong or there is no such account.

    Both take the same time and read the same. A failed attempt is counted in this transaction, so
    the caller commits whatever comes back. Always makes a new session: the caller ends the one
    that the browser may have had.

    Raises:
        RateLimited: too many failed attempts for the account or from `address`.
    """
    account, visitor = rate_limits.account_key(email), rate_limits.address_key(address)
    rate_limits.check(session, account, *rate_limits.PER_ACCOUNT)
    rate_limits.check(session, visitor, *rate_limits.PER_ADDRESS)
    user = users.find(session, email)
    right = passwords.verify(user.password_hash if user else None, password)
    workspace_id = members.first_workspace(session, user.id) if user else None
    if user is None or workspace_id is None or not right:
        rate_limits.count(session, account, visitor)
        if user is not None and workspace_id is not None:
            system = Principal.system(workspace_id)
            audit.record(session, system, "session.refuse", "user", user.id)
        return None
    if user.password_hash is not None and passwords.outdated(user.password_hash):
        user.password_hash = passwords.hashed(password)
    return open_for(session, members.principal_of(session, user.id, workspace_id))


def open_for(session: Session, principal: Principal) -> SignedIn:
    """A session for somebody whose identity is already proved."""
    if principal.user_id is None:
        raise ValueError("Lectern itself has no browser to sign in with.")
    secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    row = SignIn(
        digest=digest(secret),
        user_id=principal.user_id,
        workspace_id=principal.workspace_id,
        csrf=csrf,
        expires_at=func.clock_timestamp() + ABSOLUTE,
    )
    session.add(row)
    audit.record(session, principal, "session.start", "user", principal.user_id)
    return SignedIn(secret, csrf, principal)


def find(session: Session, secret: str) -> Found | None:
    """Whose living session this is; the role is the member's of this moment.

    Notes at most once a minute that it is alive, so the caller commits.
    """
    key = digest(secret)
    row = session.execute(
        select(SignIn, Member.role, User.name, User.email, User.language, _stale())
        .join(User, User.id == SignIn.user_id)
        .join(
            Member,
            (Member.user_id == SignIn.user_id) & (Member.workspace_id == SignIn.workspace_id),
        )
        .where(
            SignIn.digest == key,
            SignIn.expires_at > func.clock_timestamp(),
            SignIn.seen_at > func.clock_timestamp() - IDLE,
        )
    ).one_or_none()
    if row is None:
        return None
    found, role, name, email, language, stale = row
    if stale:
        session.execute(
            update(SignIn)
            .where(SignIn.digest == key, _stale())
            .values(seen_at=func.clock_timestamp())
            .execution_options(synchronize_session=False)
        )
    who = (found.workspace_id, found.user_id, Role(role), name, email)
    principal = Principal(*who, language=language)
    return Found(principal, found.csrf)


def end(session: Session, secret: str) -> None:
    """Sign out; nothing happens when the session has ended already."""
    row = session.get(SignIn, digest(secret))
    if row is None:
        return
    principal = members.principal_of(session, row.user_id, row.workspace_id)
    session.delete(row)
    audit.record(session, principal, "session.end", "user", row.user_id)


def clear_ended(session: Session) -> None:
    """Delete sessions past their time; periodic work."""
    now = func.clock_timestamp()
    session.execute(delete(SignIn).where(or_(SignIn.expires_at < now, SignIn.seen_at < now - IDLE)))


def digest(secret: str) -> bytes:
    """What is stored of a secret: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def _stale() -> ColumnElement[bool]:
    return SignIn.seen_at < func.clock_timestamp() - _SEEN_EVERY
