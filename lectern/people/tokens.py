"""API tokens: `lt_<id>_<secret>`, shown once; the secret's SHA-256 is kept."""

import hmac
import re
import secrets
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from lectern.errors import Invalid, NotFound
from lectern.models import Member, Role, Token, User
from lectern.people import audit, members
from lectern.people.principal import Principal
from lectern.people.rights import SCOPES, Action, can, require
from lectern.people.sign_ins import digest
from lectern.text import line

# docs/reliability.md#requests
LONGEST = timedelta(days=365)
_FORM = re.compile(r"lt_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")
_USED_EVERY = timedelta(minutes=1)


def create(
    session: Session,
    owner: Principal | User,
    workspace_id: uuid.UUID,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
) -> str:
    """A token that acts as `owner` in the workspace, within its scopes; the text is shown once.

    A `Principal` makes one for itself, a `User` has one made from the command line. Without
    `expires_at` it ends after a year, the longest that is possible.

    Raises:
        Invalid: no or unknown scopes, no name, or an expiry that is past or over a year away.
        NotFound: the user is no member of the workspace.
    """
    principal = _principal(session, owner, workspace_id)
    require(principal, Action.MANAGE_TOKENS)
    wanted = sorted(set(scopes))
    if not wanted or not SCOPES.keys() >= set(wanted):
        raise Invalid.of("scopes", "Choose among %(list)s.", list=", ".join(SCOPES))
    shown = line(name, "name", longest=80)
    now = datetime.now(UTC)
    if expires_at is not None and not now < expires_at <= now + LONGEST:
        raise Invalid.of("expires_at", "Choose an expiration date in the future, within one year.")
    secret = secrets.token_urlsafe(32)
    token = Token(
        workspace_id=workspace_id,
        user_id=principal.user_id,
        name=shown,
        digest=digest(secret),
        scopes=wanted,
        expires_at=expires_at or now + LONGEST,
    )
    session.add(token)
    session.flush()
    audit.record(session, principal, "token.create", "token", token.id, {"scopes": wanted})
    return f"lt_{token.id.hex}_{secret}"


def find(session: Session, text: str) -> Principal | None:
    """Who a token speaks for, with the role of this moment; None for any that is no good.

    Notes at most once a minute that it was used, so the caller commits.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    now = func.clock_timestamp()
    row = session.execute(
        select(Token, Member.role, User.name, User.email)
        .join(User, User.id == Token.user_id)
        .join(
            Member, (Member.user_id == Token.user_id) & (Member.workspace_id == Token.workspace_id)
        )
        .where(
            Token.id == uuid.UUID(form[1]),
            Token.revoked_at.is_(None),
            or_(Token.expires_at.is_(None), Token.expires_at > now),
        )
    ).one_or_none()
    if row is None or not hmac.compare_digest(row[0].digest, digest(form[2])):
        return None
    token, role, name, email = row
    _note_use(session, token)
    scopes = frozenset(token.scopes)
    return Principal(token.workspace_id, token.user_id, Role(role), name, email, scopes)


def list_tokens(session: Session, principal: Principal) -> list[Token]:
    """One's own tokens that still work, newest first."""
    require(principal, Action.MANAGE_TOKENS)
    query = (
        select(Token)
        .where(
            Token.workspace_id == principal.workspace_id,
            Token.user_id == principal.user_id,
            Token.revoked_at.is_(None),
            or_(Token.expires_at.is_(None), Token.expires_at > func.clock_timestamp()),
        )
        .order_by(Token.created_at.desc(), Token.id.desc())
    )
    return list(session.scalars(query))


def revoke(session: Session, principal: Principal, token_id: uuid.UUID) -> None:
    """End a token at once: one's own, or for an owner anybody's; twice is the same as once.

    Raises:
        NotFound: there is no such token, or it is not this principal's to end.
    """
    require(principal, Action.MANAGE_TOKENS)
    token = session.scalars(
        select(Token).where(Token.id == token_id, Token.workspace_id == principal.workspace_id)
    ).one_or_none()
    own = token is not None and token.user_id == principal.user_id
    if token is None or not (own or can(principal, Action.MANAGE_MEMBERS)):
        raise NotFound("Token not found.")
    if token.revoked_at is None:
        token.revoked_at = session.execute(select(func.clock_timestamp())).scalar_one()
        audit.record(session, principal, "token.revoke", "token", token.id)


def _principal(session: Session, owner: Principal | User, workspace_id: uuid.UUID) -> Principal:
    if isinstance(owner, User):
        return members.principal_of(session, owner.id, workspace_id)
    if owner.workspace_id != workspace_id or owner.user_id is None:
        raise NotFound("Member not found.")
    return owner


def _note_use(session: Session, token: Token) -> None:
    now = func.clock_timestamp()
    stale = or_(Token.used_at.is_(None), Token.used_at < now - _USED_EVERY)
    if token.used_at is None or token.used_at < datetime.now(UTC) - _USED_EVERY:
        session.execute(
            update(Token)
            .where(Token.id == token.id, stale)
            .values(used_at=now)
            .execution_options(synchronize_session=False)
        )
