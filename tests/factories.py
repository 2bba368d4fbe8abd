"""Rows for tests, made plainly: each function flushes one thing and what it cannot be without."""

import hashlib
import itertools
import uuid
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from lectern.models import (
    Asset,
    Blob,
    Chapter,
    Course,
    Lesson,
    Member,
    Role,
    User,
    Version,
    Workspace,
)
from lectern.people import passwords
from lectern.people.principal import Principal

Row = TypeVar("Row")
_numbers = itertools.count(1)


def _unique(word: str) -> str:
    return f"{word}-{next(_numbers)}-{uuid.uuid4().hex[:6]}"


def make_workspace(session: Session, **overrides: Any) -> Workspace:
    slug = _unique("space")
    return _added(session, Workspace(**{"slug": slug, "name": slug.title(), **overrides}))


def make_user(
    session: Session,
    workspace: Workspace | None = None,
    role: Role = Role.OWNER,
    *,
    password: str | None = None,
    **overrides: Any,
) -> User:
    """A user; a member with `role` when a workspace is given."""
    name = _unique("person")
    stored = passwords.hashed(password) if password is not None else None
    values = {"email": f"{name}@example.org", "name": name, "password_hash": stored, **overrides}
    user = _added(session, User(**values))
    if workspace is not None:
        _added(session, Member(workspace_id=workspace.id, user_id=user.id, role=role))
    return user


def make_principal(
    session: Session,
    role: Role = Role.OWNER,
    workspace: Workspace | None = None,
    scopes: frozenset[str] | None = None,
) -> Principal:
    """A new member, of a new workspace when none is given."""
    workspace = workspace or make_workspace(session)
    user = make_user(session, workspace, role)
    return Principal(workspace.id, user.id, role, user.name, user.email, scopes)


def make_colleague(session: Session, of: Principal, role: Role = Role.EDITOR) -> Principal:
    """Another member of the same workspace."""
    workspace = session.get_one(Workspace, of.workspace_id)
    return make_principal(session, role, workspace)


def make_blob(session: Session, workspace_id: uuid.UUID, **overrides: Any) -> Blob:
    digest = hashlib.sha256(_unique("blob").encode()).hexdigest()
    values = {"digest": digest, "byte_size": 1000, "mime": "video/mp4", "key": f"b1/{digest}"}
    return _added(session, Blob(workspace_id=workspace_id, **{**values, **overrides}))


def make_asset(
    session: Session, owner: Principal, *, blob: Blob | None = None, **overrides: Any
) -> Asset:
    """A ready video of one version and 60 seconds, unless overridden."""
    blob = blob or make_blob(session, owner.workspace_id)
    name = _unique("clip")
    values: dict[str, Any] = {
        "name": name,
        "original_name": f"{name}.mp4",
        "kind": "video",
        "state": "ready",
        "duration_s": 60.0,
        "width": 1280,
        "height": 720,
        "created_by": owner.user_id,
    }
    asset = _added(session, Asset(workspace_id=owner.workspace_id, **{**values, **overrides}))
    add_version(session, asset, blob)
    return asset


def add_version(session: Session, asset: Asset, blob: Blob | None = None) -> Version:
    """The asset's next version, made its current one."""
    blob = blob or make_blob(session, asset.workspace_id)
    number = asset.version_count + 1 if asset.version_count else 1
    version = _added(
        session,
        Version(
            workspace_id=asset.workspace_id,
            asset_id=asset.id,
            number=number,
            blob_id=blob.id,
            origin="upload" if number == 1 else "replacement",
            original_name=asset.original_name,
            facts={"duration_s": asset.duration_s},
            created_by=asset.created_by,
        ),
    )
    asset.current_version_id = version.id
    asset.version_number = asset.version_count = number
    asset.digest, asset.byte_size, asset.mime = blob.digest, blob.byte_size, blob.mime
    session.flush()
    return version


def make_course(
    session: Session, owner: Principal, *, chapters: int = 1, lessons: int = 1, **overrides: Any
) -> Course:
    """A course of so many chapters with so many lessons each; refs are `c0`, `c1` … and `l0` …."""
    ref = _unique("course")
    values = {"ref": ref, "title": ref.title(), **overrides}
    course = _added(session, Course(workspace_id=owner.workspace_id, **values))
    for position in range(chapters):
        chapter = _added(
            session,
            Chapter(
                workspace_id=owner.workspace_id,
                course_id=course.id,
                ref=f"c{position}",
                title=f"Chapter {position}",
                position=position,
            ),
        )
        for place in range(lessons):
            number = position * lessons + place
            session.add(
                Lesson(
                    workspace_id=owner.workspace_id,
                    course_id=course.id,
                    chapter_id=chapter.id,
                    ref=f"l{number}",
                    title=f"Lesson {number}",
                    position=place,
                )
            )
    session.flush()
    return course


def _added(session: Session, row: Row) -> Row:
    session.add(row)
    session.flush()
    return row
