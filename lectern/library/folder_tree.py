"""The folders of a workspace as a tree, with how many files are in them."""

import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern.models import Folder
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.taxonomy.counts import files


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
        select(Folder.id, Folder.parent_id, Folder.name, files(workspace_id, Folder.code))
        .where(Folder.workspace_id == workspace_id)
        .order_by(func.natural_key(Folder.name), Folder.name)
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
