"""Tags for many assets at once, and their removal."""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from lectern.bulk import rows as chunk
from lectern.bulk.action import BulkAction
from lectern.bulk.rows import Done, Row
from lectern.errors import Invalid, Message
from lectern.models import Tag
from lectern.people.principal import Principal
from lectern.people.rights import Action
from lectern.settings import Settings
from lectern.taxonomy import tags
from lectern.text import tag_key

FULL = Message("It would have more than %(most)s tags.", most=tags.MOST)
CHANGED = Message("Its tags have been changed since then.")
_ADD = text("""
    INSERT INTO asset_tag (workspace_id, asset_id, tag_id, asset_created_at)
    SELECT a.workspace_id, a.id, pair.tag_id, a.created_at
    FROM unnest(CAST(:assets AS uuid[]), CAST(:tags AS uuid[])) AS pair (asset_id, tag_id)
    JOIN asset a ON a.workspace_id = :workspace_id AND a.id = pair.asset_id
    -- Said once more, so that the index is walked and never the whole table.
    WHERE a.id = ANY (CAST(:assets AS uuid[]))
    ON CONFLICT DO NOTHING""")
_DROP = """
    DELETE FROM asset_tag t
    WHERE t.workspace_id = :workspace_id AND t.asset_id = ANY (CAST(:assets AS uuid[]))
        AND t.tag_id = ANY (CAST(:tags AS uuid[]))"""
_DROP_ALL = text(_DROP)
# Where one asset keeps a tag that another loses.
_DROP_PAIRS = text(f"{_DROP} AND t.asset_id || ' ' || t.tag_id = ANY (CAST(:pairs AS text[]))")
# In the order of the assets, so that none has to be looked up; one without tags has NULL.
_NOW = text("""
    SELECT named.names FROM unnest(CAST(:assets AS uuid[])) WITH ORDINALITY AS a (id, place)
    LEFT JOIN (
        SELECT t.asset_id, array_agg(g.name ORDER BY g.key) AS names FROM asset_tag t
        JOIN tag g ON g.workspace_id = t.workspace_id AND g.id = t.tag_id
        WHERE t.workspace_id = :workspace_id AND t.asset_id = ANY (CAST(:assets AS uuid[]))
        GROUP BY t.asset_id
    ) AS named ON named.asset_id = a.id ORDER BY a.place""")


class _Keys(dict[str, str]):
    """The key of each name; a chunk has few different tags."""

    def __missing__(self, name: str) -> str:
        key = self[name] = tag_key(name)
        return key


# The names of an asset's tags in the order in which they are shown.
Names = tuple[str, ...]


class _Edit(NamedTuple):
    """From which tags to which, by key, and the keys that differ; many assets share one."""

    now: Mapping[str, str]
    after: Mapping[str, str]
    added: list[str]
    removed: list[str]

    def details(self, spelled: Mapping[str, str]) -> dict[str, list[str]]:
        """For the history; a tag that is new here is spelled as others spelled it first."""
        after = [self.now.get(key) or spelled[key] for key in sorted(self.after)]
        return {"before": list(self.now.values()), "after": after}


class Tagging(BulkAction):
    """What adding and removing tags have in common. Names are compared by their keys."""

    right = undo_right = Action.EDIT
    # Tags are only made by the first chunk, or where somebody removes one meanwhile.
    ahead = True

    def __init__(self, session: Session, principal: Principal, args: Mapping[str, Any]) -> None:
        super().__init__(session, principal, args)
        self.wanted = {tag_key(name): name for name in args["tags"]}
        # By position.
        self._now: dict[int, Names] = {}
        self._keys = _Keys()
        # Assets with the same tags are alike: what follows from them is worked out once.
        self._by_key: Callable[[Names], Mapping[str, str]] = cache(self._keyed)
        self._afterwards: Callable[[Names], Names] = cache(self._changed)

    @classmethod
    def read(
        cls,
        session: Session,
        principal: Principal,
        args: Mapping[str, Any],
        settings: Settings,
        *,
        dry: bool,
    ) -> dict[str, Any]:
        """See `BulkAction.read`: `tags`, a list of at least one."""
        names = args.get("tags")
        if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
            message = Message("Send tags: a list of at least one text.")
            raise Invalid(message, {"args.tags": message})
        return {"tags": tags.clean(names)}

    def look(self, rows: Sequence[Row]) -> None:
        """The tags that the assets have."""
        values = {"workspace_id": self.workspace_id, "assets": chunk.array_of(r.id for r in rows)}
        names = self.session.scalars(_NOW, values)
        self._now = {row.position: tuple(each or ()) for row, each in zip(rows, names, strict=True)}

    def now(self, row: Row) -> Mapping[str, str]:
        """The names of its tags by key."""
        return self._by_key(self._now[row.position])

    def after(self, now: Mapping[str, str]) -> dict[str, str]:
        """What these tags become."""
        raise NotImplementedError

    def changes(self, row: Row) -> bool:
        """See `BulkAction.changes`."""
        return self.after(self.now(row)).keys() != self.now(row).keys()

    def apply(self, rows: Sequence[Row]) -> list[Done]:
        """See `BulkAction.apply`."""
        return self._put([(row, self._afterwards(self._now[row.position])) for row in rows])

    def check_undo(self, row: Row) -> str | None:
        """See `BulkAction.check_undo`: one tag more or less since, and all stay."""
        expected = self._by_key(self._afterwards(tuple(row.before["tags"])))
        return CHANGED if expected.keys() != self.now(row).keys() else None

    def undo(self, rows: Sequence[Row]) -> list[Done]:
        """See `BulkAction.undo`."""
        return self._put([(row, tuple(row.before["tags"])) for row in rows])

    def _keyed(self, names: Names) -> Mapping[str, str]:
        return {self._keys[name]: name for name in names}

    def _changed(self, names: Names) -> Names:
        return tuple(self.after(self._by_key(names)).values())

    def _edit(self, before: Names, names: Names) -> _Edit:
        now, after = self._by_key(before), self._by_key(names)
        return _Edit(now, after, [*(after.keys() - now.keys())], [*(now.keys() - after.keys())])

    def _put(self, wanted: Sequence[tuple[Row, Names]]) -> list[Done]:
        """Give each row exactly these tags."""
        pairs = [(row, (self._now[row.position], names)) for row, names in wanted]
        edits = {pair: self._edit(*pair) for pair in {pair for _, pair in pairs}}
        fresh, stale = dict[str, str](), set[str]()
        for edit in edits.values():
            fresh |= {key: edit.after[key] for key in edit.added}
            stale.update(edit.removed)
        ids, spelled = self._tags(fresh, stale)
        changes = [(row, edits[pair]) for row, pair in pairs]
        added = [(row.id, ids[key]) for row, edit in changes for key in edit.added]
        if added:
            assets, of_tags = map(chunk.array_of, zip(*added, strict=True))
            values = {"assets": assets, "tags": of_tags}
            self.session.execute(_ADD, {"workspace_id": self.workspace_id, **values})
        if stale:
            self._drop(changes, {key: ids[key] for key in stale})
        chunk.touch(self.session, [row for row, _ in wanted])
        said = {pair: edit.details(spelled) for pair, edit in edits.items()}
        return [
            Done(row, {"tags": said[pair]["before"]}, "asset.tags", said[pair])
            for row, pair in pairs
        ]

    def _drop(self, changes: Sequence[tuple[Row, _Edit]], stale: Mapping[str, uuid.UUID]) -> None:
        """Take off what each row has of the stale tags, but for what it is to have afterwards."""
        values: dict[str, Any] = {
            "workspace_id": self.workspace_id,
            "assets": chunk.array_of(row.id for row, edit in changes if edit.removed),
            "tags": chunk.array_of(stale.values()),
        }
        if all(stale.keys().isdisjoint(edit.after) for _, edit in changes):
            self.session.execute(_DROP_ALL, values)
            return
        pairs = [f"{row.id} {stale[key]}" for row, edit in changes for key in edit.removed]
        self.session.execute(_DROP_PAIRS, {**values, "pairs": pairs})

    def _tags(
        self, fresh: Mapping[str, str], stale: Collection[str]
    ) -> tuple[dict[str, uuid.UUID], dict[str, str]]:
        """Ids and spelling of these tags by key; fresh ones are made where missing."""
        tags.ensure(self.session, self.workspace_id, fresh.values())
        found = self.session.execute(
            select(Tag.key, Tag.id, Tag.name).where(
                Tag.workspace_id == self.workspace_id, Tag.key.in_([*fresh, *stale])
            )
        ).all()
        return {key: each for key, each, _ in found}, {key: name for key, _, name in found}


class AddTags(Tagging):
    """Adds tags; those that an asset has already stay as they are."""

    def after(self, now: Mapping[str, str]) -> dict[str, str]:
        """All of them."""
        return {**self.wanted, **now}

    def check(self, row: Row) -> str | None:
        """See `BulkAction.check`."""
        now = self.now(row)
        if len(now) + len(self.wanted) <= tags.MOST:
            return None
        return FULL if len(now.keys() | self.wanted.keys()) > tags.MOST else None

    def changes(self, row: Row) -> bool:
        """See `BulkAction.changes`."""
        return not self.wanted.keys() <= self.now(row).keys()


class RemoveTags(Tagging):
    """Removes tags; an asset that has none of them is left alone."""

    def after(self, now: Mapping[str, str]) -> dict[str, str]:
        """The others."""
        return {key: name for key, name in now.items() if key not in self.wanted}
