"""The people who sign in."""

import uuid
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern import text
from lectern.errors import Conflict, Invalid, NotFound
from lectern.models import Role, User, Workspace
from lectern.people import audit, members, passwords, rate_limits, workspaces
from lectern.people.principal import Principal


def find(session: Session, email: str) -> User | None:
    """The user with that address, however it is capitalised."""
    try:
        address = text.email(email)
    except Invalid:
        return None
    query = select(User).where(User.email == address)
    return session.scalars(query).one_or_none()


def add(
    session: Session,
    *,
    email: str,
    role: Role | str,
    workspace_slug: str | None = None,
    password: str | None = None,
    name: str | None = None,
    by: Principal | None = None,
) -> User:
    """Make an account a member of a workspace; `by` is None for the command line.

    Without a slug the oldest workspace is meant, and the first is made if there is none. An owner
    on the command line makes a further one by naming a slug that nobody has. An address that has
    an account already keeps its name and password.

    Raises:
        NotFound: there are workspaces, but none of that slug, and this is no owner to make it.
        Conflict: already a member; or a password was given for an existing account.
        Invalid: `email`, `name`, `password` or `role` is unusable.
    """
    address = text.email(email)
    given = _role(role)
    may_make = by is None and given == Role.OWNER
    workspace = _workspace(session, workspace_slug, may_make=may_make)
    user = find(session, address)
    if user is not None and password is not None:
        raise Conflict(
            "%(address)s already has an account. Omit the password to add it to this workspace.",
            address=address,
        )
    if user is None:
        user = create(session, address, name, password)
    members.add(session, by or Principal.system(workspace.id), user, given)
    return user


def create(session: Session, email: str, name: str | None, password: str | None) -> User:
    """An account without any membership; without a password nobody can sign in to it."""
    address = text.email(email)
    user = User(
        email=address,
        name=text.line(name or address.partition("@")[0], "name", longest=80),
        password_hash=passwords.hashed(password) if password is not None else None,
    )
    session.add(user)
    session.flush()
    return user


def rename(session: Session, principal: Principal, name: str) -> User:
    """Change one's own name."""
    user = _self(session, principal)
    user.name = text.line(name, "name", longest=80)
    session.flush()
    return user


def choose_language(
    session: Session, principal: Principal, language: str, known: Collection[str]
) -> User:
    """Read pages in that language from now on, or in the browser's if it is empty.

    Raises:
        Invalid: it is none of `known`.
    """
    if language and language not in known:
        raise Invalid.of("language", "Choose one of the languages in the list.")
    user = _self(session, principal)
    user.language = language
    session.flush()
    return user


def change_password(
    session: Session, principal: Principal, current: str, new: str, *, keep: bytes | None = None
) -> None:
    """Change one's own password and end every browser session but the one with digest `keep`.

    A wrong current password is counted as at a sign-in, so the caller commits in that case too.

    Raises:
        Invalid: the current password is wrong, or the new one unusable.
        RateLimited: too many wrong ones; or the process is busy hashing.
    """
    user = _self(session, principal)
    account = rate_limits.account_key(user.email)
    rate_limits.check(session, account, *rate_limits.PER_ACCOUNT)
    if not passwords.verify(user.password_hash, current):
        rate_limits.count(session, account)
        raise Invalid.of("current", "This is not your current password.")
    user.password_hash = passwords.hashed(new, "new")
    members.end_sessions(session, user.id, but=keep)
    audit.record(session, principal, "password.change", "user", user.id)


def _self(session: Session, principal: Principal) -> User:
    user = _by_id(session, principal.user_id) if principal.scopes is None else None
    if user is None:
        raise NotFound("You need to be signed in as a person to change an account.")
    return user


def _by_id(session: Session, user_id: uuid.UUID | None) -> User | None:
    return session.get(User, user_id) if user_id is not None else None


def _role(role: Role | str) -> Role:
    try:
        return Role(role)
    except ValueError:
        raise Invalid.of("role", "Choose one of %(list)s.", list=", ".join(Role)) from None


def _workspace(session: Session, slug: str | None, *, may_make: bool) -> Workspace:
    first = workspaces.first(session)
    if first is None:
        return workspaces.add(session, slug or "Library", slug)
    if slug is None:
        return first
    found = workspaces.find(session, slug)
    if found is None and not may_make:
        raise NotFound(
            "Workspace “%(slug)s” not found. Add an owner as its first member to create it.",
            slug=slug,
        )
    return found or workspaces.add(session, slug, slug)
