"""Folders by path, `Biology/Week 1`, or by the id that the API names them with."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.errors import Invalid, Message
from lectern.models import Folder
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.taxonomy.counts import files
from lectern.text import clean_text

DEEPEST = 12
LONGEST = 100


def split(path: str) -> list[str]:
    """The names along a path; a leading or doubled slash means nothing.

    Raises:
        Invalid: too deep, or a name that is too long or only dots.
    """
    names = [name for name in (clean_text(part) for part in path.split("/")) if name]
    if len(names) > DEEPEST or any(len(n) > LONGEST or not n.strip(".") for n in names):
        message = Message(
            "A folder path has at most %(deepest)s names of at most "
            "%(longest)s characters, none of them only dots.",
            deepest=DEEPEST,
            longest=LONGEST,
        )
        raise Invalid(message, {"folder": message})
    return names


def clean_name(raw: str) -> str:
    """One folder's name.

    Raises:
        Invalid: empty, too long, only dots, or with a slash, which separates folders.
    """
    name = clean_text(raw)
    if not name.strip(".") or len(name) > LONGEST or "/" in name:
        message = Message(
            "A folder's name has 1 to %(longest)s characters, no slash, and not only dots.",
            longest=LONGEST,
        )
        raise Invalid(message, {"name": message})
    return name


def ensure(session: Session, principal: Principal, path: str) -> Folder | None:
    """The folder at `path`, made with its parents where missing; None for the empty path.

    The id of a folder that is there stands for it.
    """
    names = split(path)
    if not names:
        return None
    known = _with_id(session, principal, names, kept=True)
    if known is not None:
        return known
    # Two uploads of one folder arrive together; serialised, they make it once.
    hold(session, principal.workspace_id)
    folder: Folder | None = None
    for name in names:
        parent_id = folder.id if folder else None
        found = session.scalar(
            scoped(Folder, principal).where(
                Folder.parent_id.is_not_distinct_from(parent_id), Folder.name == name
            )
        )
        folder = found or Folder(
            workspace_id=principal.workspace_id, parent_id=parent_id, name=name
        )
        session.add(folder)
        session.flush()
    return folder


def hold(session: Session, workspace_id: uuid.UUID) -> None:
    """Wait until nobody else changes the tree of folders, and keep it so until the commit.

    Whoever locks files as well locks them first.
    """
    lock = func.hashtextextended(f"folder:{workspace_id}", 0)
    session.execute(select(func.pg_advisory_xact_lock(lock)))


def find(session: Session, principal: Principal, path: str) -> Folder | None:
    """The folder at `path`, or with that id, if it exists."""
    names = split(path)
    known = _with_id(session, principal, names)
    if known is not None:
        return known
    folder: Folder | None = None
    for name in names:
        folder = session.scalar(
            scoped(Folder, principal).where(
                Folder.parent_id.is_not_distinct_from(folder.id if folder else None),
                Folder.name == name,
            )
        )
        if folder is None:
            return None
    return folder


def _with_id(
    session: Session, principal: Principal, names: list[str], *, kept: bool = False
) -> Folder | None:
    """The folder that the only name is the id of; `kept`: it stays until the commit."""
    try:
        (name,) = names
        folder_id = uuid.UUID(name)
    except ValueError:
        return None
    key = (principal.workspace_id, folder_id)
    if not kept:
        return session.get(Folder, key)
    locks = {"read": True, "key_share": True}
    return session.get(Folder, key, with_for_update=locks, populate_existing=True)


def path_of(session: Session, workspace_id: uuid.UUID, folder_id: uuid.UUID | None) -> str:
    """The folder's path from the top, names joined by slashes; empty for no folder."""
    return paths_of(session, workspace_id, [folder_id] if folder_id else []).get(folder_id, "")


def paths_of(
    session: Session, workspace_id: uuid.UUID, folder_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID | None, str]:
    """The paths of several folders, in one query."""
    if not folder_ids:
        return {}
    start = (
        scoped(
            Folder,
            workspace_id,
            Folder.id.label("asked"),
            Folder.parent_id,
            Folder.name.label("path"),
        )
        .where(Folder.id.in_(folder_ids))
        .cte("upwards", recursive=True)
    )
    above = select(start.c.asked, Folder.parent_id, Folder.name + "/" + start.c.path).join(
        Folder, (Folder.workspace_id == workspace_id) & (Folder.id == start.c.parent_id)
    )
    upwards = start.union_all(above)
    rows = session.execute(
        select(upwards.c.asked, upwards.c.path).where(upwards.c.parent_id.is_(None))
    )
    return {asked: path for asked, path in rows}


def subtree(session: Session, workspace_id: uuid.UUID, folder_id: uuid.UUID) -> list[uuid.UUID]:
    """The ids of the folder and of all below it, in one query; nothing if there is no such one."""
    start = (
        scoped(Folder, workspace_id, Folder.id)
        .where(Folder.id == folder_id)
        .cte("below", recursive=True)
    )
    inside = scoped(Folder, workspace_id, Folder.id).where(Folder.parent_id == start.c.id)
    return list(session.scalars(select(start.union_all(inside).c.id)))


@dataclass(frozen=True)
class Node:
    """A folder with those in it.

    `count` is the live files directly in it, `total` those below as well; `depth` is 1 at the top.
    `seen` is what a form brings back, to tell whether somebody moved or renamed it meanwhile.
    """

    id: uuid.UUID
    name: str
    path: str
    depth: int
    count: int
    seen: str
    parent: "Node | None" = field(repr=False, compare=False)
    children: "list[Node]" = field(default_factory=list, compare=False)

    @property
    def total(self) -> int:
        return self.count + sum(child.total for child in self.children)

    @property
    def height(self) -> int:
        """How many levels it takes, itself included."""
        return 1 + max((child.height for child in self.children), default=0)

    @property
    def way(self) -> "list[Node]":
        """The folders from the top down to this one, itself included."""
        return [*(self.parent.way if self.parent else []), self]

    def below(self) -> "Iterator[Node]":
        """This folder and all in it, in the order of the tree."""
        yield self
        for child in self.children:
            yield from child.below()


def tree(session: Session, principal: Principal) -> list[Node]:
    """The top folders with all that is in them, by name: week 2 before week 10. One query."""
    require(principal, Action.SEE)
    workspace_id = principal.workspace_id
    # Columns, not folders: what this session has read before may be out of date.
    rows = session.execute(
        scoped(
            Folder,
            workspace_id,
            Folder.id,
            Folder.parent_id,
            Folder.name,
            files(workspace_id, Folder.code),
        ).order_by(func.natural_key(Folder.name), Folder.name)
    ).all()
    inside: dict[uuid.UUID | None, list[tuple[uuid.UUID, str, int]]] = defaultdict(list)
    for folder_id, parent_id, name, count in rows:
        inside[parent_id].append((folder_id, name, count))

    def grown(parent: Node | None) -> list[Node]:
        nodes = []
        for folder_id, name, count in inside[parent.id if parent else None]:
            path = f"{parent.path}/{name}" if parent else name
            depth = parent.depth + 1 if parent else 1
            seen = f"{parent.id if parent else ''}/{name}"
            node = Node(folder_id, name, path, depth, count, seen, parent)
            node.children.extend(grown(node))
            nodes.append(node)
        return nodes

    return grown(None)


def every(nodes: list[Node]) -> Iterator[Node]:
    """All folders of a tree, each before those in it."""
    for node in nodes:
        yield from node.below()
