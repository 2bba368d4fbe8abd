"""Changes to the tree of folders: make, rename, move, delete. No file is ever lost by one."""

import uuid
from dataclasses import dataclass

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lectern.errors import Conflict, Invalid, Message, NotFound, Stale
from lectern.models import Asset, Folder
from lectern.people import audit
from lectern.people.audit import Fact
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.taxonomy import folders
from lectern.taxonomy.folders import Node, every, tree

MISSING = Message("Folder not found in this library.")
# With more files than this, one fact has their number: a chain of a hundred thousand entries made
# while everybody waits for the audit lock would help nobody.
MOST_FACTS = 1000
_QUIET = {"synchronize_session": False}


@dataclass(frozen=True)
class Removal:
    """What deleting a folder moves to where: into `parent`, or out of all folders."""

    folder: Node
    files: int
    trashed: int
    asset_ids: tuple[uuid.UUID, ...] = ()

    @property
    def parent(self) -> Node | None:
        return self.folder.parent


def node(session: Session, principal: Principal, folder_id: uuid.UUID) -> Node:
    """The folder in its tree.

    Raises:
        NotFound: there is no such folder in this workspace.
    """
    return _in(tree(session, principal), folder_id)


def create(
    session: Session, principal: Principal, parent_id: uuid.UUID | None, name: str
) -> Folder:
    """A new folder in `parent_id`, or at the top.

    Raises:
        Invalid: the name cannot be one or is taken there, or the folder would lie too deep.
    """
    require(principal, Action.MANAGE_TAGS)
    clean = folders.clean_name(name)
    nodes = _held(session, principal)
    parent = _in(nodes, parent_id) if parent_id else None
    if parent and parent.depth >= folders.DEEPEST:
        raise _wrong(
            "name",
            Message("Folders go %(deepest)s levels deep, and no deeper.", deepest=folders.DEEPEST),
        )
    _refuse_taken("name", clean, parent, nodes)
    folder = Folder(workspace_id=principal.workspace_id, parent_id=parent_id, name=clean)
    session.add(folder)
    session.flush()
    path = f"{parent.path}/{clean}" if parent else clean
    audit.record(session, principal, "folder.create", "folder", folder.id, {"path": path})
    return folder


def rename(
    session: Session,
    principal: Principal,
    folder_id: uuid.UUID,
    name: str,
    *,
    seen: str | None = None,
) -> Folder:
    """Give the folder another name; files and folders in it stay. `seen` is `Node.seen`.

    Raises:
        Stale: somebody renamed or moved it since.
        Invalid: the name cannot be one, or is taken there.
    """
    require(principal, Action.MANAGE_TAGS)
    clean = folders.clean_name(name)
    nodes = _held(session, principal)
    here = _unchanged(_in(nodes, folder_id), seen)
    folder = _row(session, principal, folder_id)
    if clean == folder.name:
        return folder
    _refuse_taken("name", clean, here.parent, nodes)
    folder.name = clean
    after = f"{here.parent.path}/{clean}" if here.parent else clean
    details = {"before": here.path, "after": after}
    audit.record(session, principal, "folder.rename", "folder", folder_id, details)
    return folder


def move(
    session: Session,
    principal: Principal,
    folder_id: uuid.UUID,
    parent_id: uuid.UUID | None,
    *,
    seen: str | None = None,
) -> Folder:
    """Put the folder with all that is in it into another one, or to the top.

    Raises:
        Stale: somebody renamed or moved it since.
        Invalid: into itself, too deep, or beside one of its name.
    """
    require(principal, Action.MANAGE_TAGS)
    nodes = _held(session, principal)
    here = _unchanged(_in(nodes, folder_id), seen)
    target = _in(nodes, parent_id) if parent_id else None
    folder = _row(session, principal, folder_id)
    if folder.parent_id == parent_id:
        return folder
    if target and any(each.id == target.id for each in here.below()):
        raise _wrong("parent", Message("“%(name)s” cannot be moved into itself.", name=here.name))
    if (target.depth if target else 0) + here.height > folders.DEEPEST:
        raise _wrong(
            "parent",
            Message("Folders go %(deepest)s levels deep, and no deeper.", deepest=folders.DEEPEST),
        )
    _refuse_taken("parent", here.name, target, nodes)
    folder.parent_id = parent_id
    after = f"{target.path}/{here.name}" if target else here.name
    details = {"before": here.path, "after": after}
    audit.record(session, principal, "folder.move", "folder", folder_id, details)
    return folder


def removal(session: Session, principal: Principal, folder_id: uuid.UUID) -> Removal:
    """What `delete` would move."""
    require(principal, Action.MANAGE_TAGS)
    here = node(session, principal, folder_id)
    lying = session.scalar(
        select(func.count()).where(
            Asset.workspace_id == principal.workspace_id,
            Asset.folder_id == folder_id,
            Asset.trashed_at.is_not(None),
        )
    )
    return Removal(here, here.count, lying or 0)


def delete(
    session: Session, principal: Principal, folder_id: uuid.UUID, *, seen: str | None = None
) -> Removal:
    """Take the folder away; its files and the folders in it move to where it was.

    Raises:
        Stale: somebody renamed or moved it since.
        Invalid: a folder in it has the name of one beside it.
        Conflict: files arrived in it at the same moment.
    """
    require(principal, Action.MANAGE_TAGS)
    # Files before folders: who edits a file holds it already when he asks for its folder.
    inside = (Asset.workspace_id == principal.workspace_id) & (Asset.folder_id == folder_id)
    moving = session.execute(
        select(Asset.id, Asset.live).where(inside).order_by(Asset.id).with_for_update()
    ).all()
    nodes = _held(session, principal)
    here = _unchanged(_in(nodes, folder_id), seen)
    row = (Folder.workspace_id == principal.workspace_id) & (Folder.id == folder_id)
    # Waits for whoever is putting a file in; then that file is there to see.
    session.execute(select(Folder.id).where(row).with_for_update())
    if session.scalar(select(func.count()).where(inside)) != len(moving):
        raise Conflict("Files were just added to this folder. Try again.")
    _refuse_doubles(here, nodes)
    ids = tuple(asset_id for asset_id, _ in moving)
    _empty(session, principal, here)
    session.execute(delete_rows(Folder).where(row), execution_options=_QUIET)
    session.expire_all()
    _write_down(session, principal, here, ids)
    live = sum(live for _, live in moving)
    return Removal(here, live, len(moving) - live, ids)


def _empty(session: Session, principal: Principal, here: Node) -> None:
    """Move what is in the folder to where the folder is."""
    workspace_id, parent_id = principal.workspace_id, here.parent.id if here.parent else None
    session.execute(
        update(Asset)
        .where(Asset.workspace_id == workspace_id, Asset.folder_id == here.id)
        .values(
            folder_id=parent_id,
            lock_version=Asset.lock_version + 1,
            updated_at=func.clock_timestamp(),
        ),
        execution_options=_QUIET,
    )
    # A folder in it may have its very name: it makes room before that one moves up.
    session.execute(
        update(Folder)
        .where(Folder.workspace_id == workspace_id, Folder.id == here.id)
        .values(name=str(here.id)),
        execution_options=_QUIET,
    )
    session.execute(
        update(Folder)
        .where(Folder.workspace_id == workspace_id, Folder.parent_id == here.id)
        .values(parent_id=parent_id),
        execution_options=_QUIET,
    )


def _write_down(
    session: Session, principal: Principal, here: Node, ids: tuple[uuid.UUID, ...]
) -> None:
    after = here.parent.path if here.parent else ""
    details = {"path": here.path, "files": len(ids), "folders": len(here.children), "to": after}
    facts = [Fact("folder.delete", "folder", here.id, details)]
    if len(ids) <= MOST_FACTS:
        moved = {"before": here.path, "after": after}
        facts += [Fact("asset.folder", "asset", asset_id, moved) for asset_id in ids]
    audit.record_all(session, principal, facts)


def _held(session: Session, principal: Principal) -> list[Node]:
    """The tree as it is now and stays until the commit."""
    folders.hold(session, principal.workspace_id)
    return tree(session, principal)


def _in(nodes: list[Node], folder_id: uuid.UUID) -> Node:
    for each in every(nodes):
        if each.id == folder_id:
            return each
    raise NotFound(MISSING)


def _row(session: Session, principal: Principal, folder_id: uuid.UUID) -> Folder:
    return session.get_one(Folder, (principal.workspace_id, folder_id), populate_existing=True)


def _unchanged(here: Node, seen: str | None) -> Node:
    if seen is not None and seen != here.seen:
        raise Stale(
            "Someone renamed or moved this folder after you opened it. It is now “%(path)s”.",
            path=here.path,
        )
    return here


def _refuse_taken(field: str, name: str, parent: Node | None, nodes: list[Node]) -> None:
    beside = parent.children if parent else nodes
    if any(each.name == name for each in beside):
        raise _wrong(field, _taken(name, parent))


def _refuse_doubles(here: Node, nodes: list[Node]) -> None:
    beside = here.parent.children if here.parent else nodes
    taken = {each.name for each in beside if each.id != here.id}
    double = next((child.name for child in here.children if child.name in taken), None)
    if double is not None:
        raise _wrong("", _double(double, here.parent))


def _taken(name: str, parent: Node | None) -> Message:
    if parent is None:
        return Message(
            "There is a folder “%(name)s” at the top already. Choose another name.", name=name
        )
    return Message(
        "There is a folder “%(name)s” in “%(path)s” already. Choose another name.",
        name=name,
        path=parent.path,
    )


def _double(name: str, parent: Node | None) -> Message:
    if parent is None:
        return Message(
            "“%(name)s” cannot move to the top level, where one of that name is. Rename it first.",
            name=name,
        )
    return Message(
        "“%(name)s” cannot move to “%(path)s”, where one of that name is. Rename it first.",
        name=name,
        path=parent.path,
    )


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, {field: message})
