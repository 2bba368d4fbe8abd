"""What a filter names (a tag, course, folder or owner): its codes in the listing, and its title."""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.models import Course, Folder, Member, Tag, User
from lectern.people.principal import Principal
from lectern.search import codes
from lectern.taxonomy import folders
from lectern.text import tag_key


class Reference(ABC):
    """One kind of thing that files have; `field` is the field of its codes."""

    field: ClassVar[int]

    @abstractmethod
    def codes(
        self, session: Session, principal: Principal, values: Sequence[Any]
    ) -> list[tuple[int, ...]]:
        """For each value of a filter the codes that stand for it; none where it is unknown."""

    def title(self, session: Session, principal: Principal, value: Any) -> str:
        """What the thing is called; one that is not there is called what the filter calls it."""
        return str(value)

    @abstractmethod
    def choices(
        self, session: Session, workspace_id: uuid.UUID, wanted: Sequence[int]
    ) -> Mapping[int, tuple[str, str]]:
        """The filter's value and the title of each thing with one of these codes."""


class TagReference(Reference):
    """Tags, by name."""

    field = codes.TAG

    def codes(
        self, session: Session, principal: Principal, values: Sequence[Any]
    ) -> list[tuple[int, ...]]:
        keys = [tag_key(name) for name in values]
        rows = session.execute(scoped(Tag, principal, Tag.key, Tag.id).where(Tag.key.in_(keys)))
        known = {key: (codes.of(codes.TAG, tag_id),) for key, tag_id in rows}
        return [known.get(key, ()) for key in keys]

    def choices(
        self, session: Session, workspace_id: uuid.UUID, wanted: Sequence[int]
    ) -> Mapping[int, tuple[str, str]]:
        found = scoped(Tag, workspace_id, Tag.code, Tag.name).where(Tag.code.in_(wanted))
        return {code: (name, name) for code, name in session.execute(found)}


class CourseReference(Reference):
    """Courses, by their reference."""

    field = codes.COURSE

    def codes(
        self, session: Session, principal: Principal, values: Sequence[Any]
    ) -> list[tuple[int, ...]]:
        rows = session.execute(
            scoped(Course, principal, Course.ref, Course.id).where(Course.ref.in_(values))
        )
        known = {ref: (codes.of(codes.COURSE, course_id),) for ref, course_id in rows}
        return [known.get(ref, ()) for ref in values]

    def title(self, session: Session, principal: Principal, value: Any) -> str:
        here = Course.workspace_id == principal.workspace_id
        return session.scalar(select(Course.title).where(here, Course.ref == value)) or str(value)

    def choices(
        self, session: Session, workspace_id: uuid.UUID, wanted: Sequence[int]
    ) -> Mapping[int, tuple[str, str]]:
        columns = (Course.code, Course.ref, Course.title)
        found = scoped(Course, workspace_id, *columns).where(Course.code.in_(wanted))
        return {code: (ref, title) for code, ref, title in session.execute(found)}


class FolderReference(Reference):
    """Folders, by path or id; what is in the folders in them counts as well."""

    field = codes.FOLDER

    def codes(
        self, session: Session, principal: Principal, values: Sequence[Any]
    ) -> list[tuple[int, ...]]:
        return [self._subtree(session, principal, path) for path in values]

    def _subtree(self, session: Session, principal: Principal, path: str) -> tuple[int, ...]:
        folder = folders.find(session, principal, path)
        if folder is None:
            return ()
        inside = folders.subtree(session, principal.workspace_id, folder.id)
        return tuple(codes.of(codes.FOLDER, folder_id) for folder_id in inside)

    def title(self, session: Session, principal: Principal, value: Any) -> str:
        folder = folders.find(session, principal, value)
        if folder is None:
            return str(value)
        return folders.path_of(session, principal.workspace_id, folder.id)

    def choices(
        self, session: Session, workspace_id: uuid.UUID, wanted: Sequence[int]
    ) -> Mapping[int, tuple[str, str]]:
        here = Folder.workspace_id == workspace_id
        ids = session.scalars(select(Folder.id).where(here, Folder.code.in_(wanted))).all()
        paths = folders.paths_of(session, workspace_id, ids)
        return {codes.of(codes.FOLDER, key): (str(key), path) for key, path in paths.items() if key}


class OwnerReference(Reference):
    """People, by id."""

    field = codes.OWNER

    def codes(
        self, session: Session, principal: Principal, values: Sequence[Any]
    ) -> list[tuple[int, ...]]:
        return [(codes.of(codes.OWNER, user_id),) for user_id in values]

    def title(self, session: Session, principal: Principal, value: Any) -> str:
        person = session.execute(
            select(User.name, User.email)
            .join(Member, Member.user_id == User.id)
            .where(Member.workspace_id == principal.workspace_id, User.id == value)
        ).one_or_none()
        return (person.name or person.email) if person else str(value)

    def choices(
        self, session: Session, workspace_id: uuid.UUID, wanted: Sequence[int]
    ) -> Mapping[int, tuple[str, str]]:
        code = func.facet_code(codes.OWNER, User.id)
        rows = session.execute(select(User.id, User.name).where(code.in_(wanted)))
        return {codes.of(codes.OWNER, key): (str(key), name) for key, name in rows}


TAG, COURSE, FOLDER, OWNER = TagReference(), CourseReference(), FolderReference(), OwnerReference()
