"""What the things are called that a query names by ref, path or id."""

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.models import Course, Member, User
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.search import Query
from lectern.taxonomy import folders


class Titles(NamedTuple):
    """The course's title, the folder's path and the owner's name; empty where none is asked for.

    What is not there is called what the query calls it.
    """

    course: str = ""
    folder: str = ""
    owner: str = ""


def of(session: Session, principal: Principal, query: Query) -> Titles:
    """At most one question each, and none for a query that names nothing."""
    require(principal, Action.SEE)
    return Titles(
        _course(session, principal, query),
        _folder(session, principal, query),
        _owner(session, principal, query),
    )


def _course(session: Session, principal: Principal, query: Query) -> str:
    if not query.course:
        return ""
    title = session.scalar(
        select(Course.title).where(
            Course.workspace_id == principal.workspace_id, Course.ref == query.course
        )
    )
    return title or query.course


def _folder(session: Session, principal: Principal, query: Query) -> str:
    if not query.folder:
        return ""
    folder = folders.find(session, principal, query.folder)
    if folder is None:
        return query.folder
    return folders.path_of(session, principal.workspace_id, folder.id)


def _owner(session: Session, principal: Principal, query: Query) -> str:
    if query.owner is None:
        return ""
    found = session.execute(
        select(User.name, User.email)
        .join(Member, Member.user_id == User.id)
        .where(Member.workspace_id == principal.workspace_id, User.id == query.owner)
    ).one_or_none()
    return (found.name or found.email) if found else str(query.owner)
