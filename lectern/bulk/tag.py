"""Tags for many assets at once, and their removal."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
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


class _Change(NamedTuple):
    """A row, the names of its tags by key as they are and as they are to be, what differs."""

    row: Row
    now: Mapping[str, str]
    after: Mapping[str, str]
    added: list[str]
    removed: list[str]

    def done(self, spelled: Mapping[str, str]) -> Done:
        """For undo and history; a tag that is new here is spelled as others spelled it first."""
        before = list(self.now.values())
        after = [self.now.get(key) or spelled[key] for key in sorted(self.after)]
        details = {"before": before, "after": after}
        return Done(self.row, {"tags": before}, "asset.tags", details)


class Tagging(BulkAction):
    """What adding and removing tags have in common. Names are compared by their keys."""

    right = undo_right = Action.EDIT
    # Tags are only made by the first chunk, or where somebody removes one meanwhile.
    ahead = True

    def __init__(self, session: Session, principal: Principal, args: Mapping[str, Any]) -> None:
        super().__init__(session, principal, args)
        self.wanted = {tag_key(name): name for name in args["tags"]}
        # By position: the names of its tags by key, in the order in which they are shown.
        self._now: dict[int, dict[str, str]] = {}

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
        named = self.session.execute(_NOW, values).all()
        self._now = {
            row.position: _by_key(names or ()) for row, (names,) in zip(rows, named, strict=True)
        }

    def now(self, row: Row) -> dict[str, str]:
        """The names of its tags by key."""
        return self._now[row.position]

    def after(self, now: Mapping[str, str]) -> dict[str, str]:
        """What these tags become."""
        raise NotImplementedError

    def changes(self, row: Row) -> bool:
        """See `BulkAction.changes`."""
        return self.after(self.now(row)).keys() != self.now(row).keys()

    def apply(self, rows: Sequence[Row]) -> list[Done]:
        """See `BulkAction.apply`."""
        return self._put([(row, self.after(self._now[row.position])) for row in rows])

    def check_undo(self, row: Row) -> str | None:
        """See `BulkAction.check_undo`: one tag more or less since, and all stay."""
        expected = self.after(_by_key(row.before["tags"]))
        return CHANGED if expected.keys() != self.now(row).keys() else None

    def undo(self, rows: Sequence[Row]) -> list[Done]:
        """See `BulkAction.undo`."""
        return self._put([(row, _by_key(row.before["tags"])) for row in rows])

    def _put(self, wanted: Sequence[tuple[Row, Mapping[str, str]]]) -> list[Done]:
        """Give each row exactly these tags."""
        changes = [_change(row, self._now[row.position], after) for row, after in wanted]
        fresh, stale = dict[str, str](), set[str]()
        for _, _, after, added, removed in changes:
            for key in added:
                fresh[key] = after[key]
            stale.update(removed)
        ids, spelled = self._tags(fresh, stale)
        if fresh:
            pairs = [(change.row.id, ids[key]) for change in changes for key in change.added]
            assets, of_tags = map(chunk.array_of, zip(*pairs, strict=True))
            values = {"assets": assets, "tags": of_tags}
            self.session.execute(_ADD, {"workspace_id": self.workspace_id, **values})
        if stale:
            self._drop(changes, {key: ids[key] for key in stale})
        chunk.touch(self.session, [row for row, _ in wanted])
        return [change.done(spelled) for change in changes]

    def _drop(self, changes: Sequence[_Change], stale: Mapping[str, uuid.UUID]) -> None:
        """Take off what each row has of the stale tags, but for what it is to have afterwards."""
        values: dict[str, Any] = {
            "workspace_id": self.workspace_id,
            "assets": chunk.array_of(each.row.id for each in changes if each.removed),
            "tags": chunk.array_of(stale.values()),
        }
        if all(stale.keys().isdisjoint(each.after) for each in changes):
            self.session.execute(_DROP_ALL, values)
            return
        pairs = [f"{each.row.id} {stale[key]}" for each in changes for key in each.removed]
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


def _by_key(names: Iterable[str]) -> dict[str, str]:
    return {tag_key(name): name for name in names}


def _change(row: Row, now: Mapping[str, str], after: Mapping[str, str]) -> _Change:
    added = [key for key in after if key not in now]
    return _Change(row, now, after, added, [key for key in now if key not in after])
