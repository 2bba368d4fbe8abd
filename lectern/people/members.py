"""Membership: who is in a workspace, with which role."""

import uuid

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, joinedload

from lectern.errors import Conflict, NotFound
from lectern.models import Member, Role, SignIn, Token, User, Workspace
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require


def principal_of(session: Session, user_id: uuid.UUID, workspace_id: uuid.UUID) -> Principal:
    """The member as who asks, with all that the role allows.

    Raises:
        NotFound: the user is no member of the workspace.
    """
    member = session.get(Member, (workspace_id, user_id), options=[joinedload(Member.user)])
    if member is None:
        raise NotFound("Member not found.")
    user = member.user
    who = (workspace_id, user.id, Role(member.role), user.name, user.email)
    return Principal(*who, language=user.language)


def first_workspace(session: Session, user_id: uuid.UUID) -> uuid.UUID | None:
    """Where the user has been a member for longest: there a sign-in leads."""
    query = (
        select(Member.workspace_id)
        .where(Member.user_id == user_id)
        .order_by(Member.created_at, Member.workspace_id)
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def list_members(session: Session, principal: Principal) -> list[Member]:
    """The workspace's members with their users, by name."""
    require(principal, Action.MANAGE_MEMBERS)
    query = (
        select(Member)
        .join(Member.user)
        .where(Member.workspace_id == principal.workspace_id)
        .options(joinedload(Member.user))
        .order_by(User.name, User.email)
    )
    return list(session.scalars(query))


def add(session: Session, principal: Principal, user: User, role: Role) -> Member:
    """Make the user a member.

    Raises:
        Conflict: already is.
    """
    require(principal, Action.MANAGE_MEMBERS)
    if session.get(Member, (principal.workspace_id, user.id)) is not None:
        raise Conflict(
            "%(email)s is already a member. Change their role instead.", email=user.email
        )
    member = Member(workspace_id=principal.workspace_id, user_id=user.id, role=role)
    session.add(member)
    audit.record(session, principal, "member.add", "user", user.id, {"role": role})
    return member


def change_role(session: Session, principal: Principal, user_id: uuid.UUID, role: Role) -> Member:
    """Give a member another role, and end all browser sessions that still have the old one.

    Raises:
        Conflict: the workspace would have no owner.
    """
    require(principal, Action.MANAGE_MEMBERS)
    member = _locked(session, principal.workspace_id, user_id)
    before = member.role
    if before == role:
        return member
    if before == Role.OWNER:
        _refuse_last_owner(session, principal.workspace_id)
    member.role = role
    end_sessions(session, user_id)
    details = {"role": {"before": before, "after": role}}
    audit.record(session, principal, "member.change", "user", user_id, details)
    return member


def remove(session: Session, principal: Principal, user_id: uuid.UUID) -> None:
    """End a membership with its browser sessions and tokens; what the member made stays.

    Raises:
        Conflict: the workspace would have no owner.
    """
    require(principal, Action.MANAGE_MEMBERS)
    member = _locked(session, principal.workspace_id, user_id)
    if member.role == Role.OWNER:
        _refuse_last_owner(session, principal.workspace_id)
    session.execute(
        update(Token)
        .where(
            Token.workspace_id == principal.workspace_id,
            Token.user_id == user_id,
            Token.revoked_at.is_(None),
        )
        .values(revoked_at=func.clock_timestamp())
    )
    end_sessions(session, user_id)
    session.delete(member)
    audit.record(session, principal, "member.remove", "user", user_id, {"role": member.role})


def end_sessions(session: Session, user_id: uuid.UUID, *, but: bytes | None = None) -> None:
    """Sign the user out everywhere, except of the session with the digest `but`."""
    statement = delete(SignIn).where(SignIn.user_id == user_id)
    if but is not None:
        statement = statement.where(SignIn.digest != but)
    session.execute(statement)


def _locked(session: Session, workspace_id: uuid.UUID, user_id: uuid.UUID) -> Member:
    # The workspace's row serialises changes of membership: two owners may not demote each other.
    session.execute(
        select(Workspace.id).where(Workspace.id == workspace_id).with_for_update(key_share=True)
    )
    member = session.get(Member, (workspace_id, user_id), populate_existing=True)
    if member is None:
        raise NotFound("Member not found.")
    return member


def _refuse_last_owner(session: Session, workspace_id: uuid.UUID) -> None:
    owners = session.scalar(
        select(func.count()).where(Member.workspace_id == workspace_id, Member.role == Role.OWNER)
    )
    if owners == 1:
        raise Conflict("This is the only owner. Make someone else an owner first.")
