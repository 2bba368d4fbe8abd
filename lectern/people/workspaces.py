"""Workspaces: the tenants."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern import text
from lectern.errors import Conflict
from lectern.models import Workspace


def add(session: Session, name: str, slug: str | None = None) -> Workspace:
    """A new workspace; without a slug it gets one from its name.

    Raises:
        Conflict: the slug is taken.
    """
    shown = text.line(name, "workspace_name", longest=80)
    short = text.slug(slug or shown, "library")
    if find(session, short) is not None:
        raise Conflict(
            "A workspace named “%(short)s” already exists. Choose another name.", short=short
        )
    workspace = Workspace(slug=short, name=shown)
    session.add(workspace)
    session.flush()
    return workspace


def find(session: Session, slug: str) -> Workspace | None:
    """The workspace of that slug."""
    return session.scalars(select(Workspace).where(Workspace.slug == slug)).one_or_none()


def first(session: Session) -> Workspace | None:
    """The oldest workspace, where things go that name none."""
    query = select(Workspace).order_by(Workspace.created_at, Workspace.id).limit(1)
    return session.scalars(query).one_or_none()
