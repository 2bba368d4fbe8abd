"""The first owner: made once, by whoever has the one-time link from the server's own terminal."""

import secrets
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from lectern.errors import Conflict, Gone, NotFound
from lectern.models import Member, Role, SetupLink, Workspace
from lectern.people import members, sign_ins, users, workspaces
from lectern.people.principal import Principal
from lectern.people.sign_ins import SignedIn, digest

_LASTS = timedelta(days=1)


def first_owner_link(session: Session) -> str | None:
    """A new secret for the link, ending the ones before; None when there is an owner."""
    if _has_owner(session):
        return None
    session.execute(delete(SetupLink))
    secret = secrets.token_urlsafe(32)
    expires_at = func.clock_timestamp() + _LASTS
    session.add(SetupLink(digest=digest(secret), expires_at=expires_at))
    session.flush()
    return secret


def check(session: Session, secret: str) -> None:
    """Pass when the link would work now.

    Raises:
        NotFound: no such link was made.
        Gone: it was used, is over a day old, or there is an owner by now.
    """
    link = session.get(SetupLink, digest(secret), populate_existing=True)
    if link is None:
        raise NotFound("This link is not valid. Restart Lectern to get a new one.")
    now = session.execute(select(func.clock_timestamp())).scalar_one()
    if link.used_at is not None or _has_owner(session):
        raise Gone("This link has been used. Sign in instead.")
    if link.expires_at <= now:
        raise Gone("This link has expired. Restart Lectern to get a new one.")


def use(
    session: Session,
    secret: str,
    *,
    email: str,
    name: str,
    password: str,
    workspace_name: str,
) -> SignedIn:
    """Make the first owner and workspace, and sign in; of two at once one succeeds.

    A workspace that the command line made before, without an owner, is the one that is taken over.

    Raises:
        NotFound, Gone: as `check`.
        Invalid: a field is unusable; the link still works.
    """
    check(session, secret)
    taken = session.execute(
        update(SetupLink)
        .where(SetupLink.digest == digest(secret), SetupLink.used_at.is_(None))
        .values(used_at=func.clock_timestamp())
        .returning(SetupLink.digest)
    ).one_or_none()
    if taken is None:
        raise Gone("This link has been used. Sign in instead.")
    if users.find(session, email) is not None:
        raise Conflict("%(email)s already has an account. Use another email address.", email=email)
    user = users.create(session, email, name, password)
    workspace: Workspace = workspaces.first(session) or workspaces.add(session, workspace_name)
    members.add(session, Principal.system(workspace.id), user, Role.OWNER)
    return sign_ins.open_for(session, members.principal_of(session, user.id, workspace.id))


def _has_owner(session: Session) -> bool:
    query = select(select(Member).where(Member.role == Role.OWNER).exists())
    return bool(session.scalar(query))
