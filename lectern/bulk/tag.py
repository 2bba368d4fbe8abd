"""Tags for many assets at once, and their removal."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import any_, func, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from lectern.bulk import rows as chunk
from lectern.bulk.action import BulkAction
from lectern.bulk.rows import Done, Row
from lectern.errors import Invalid, Message
from lectern.models import AssetTag, Tag
from lectern.people.principal import Principal
from lectern.people.rights import Action
from lectern.settings import Settings
from lectern.taxonomy import tags
from lectern.text import tag_key

FULL = f"It would have more than {tags.MOST} tags."
CHANGED = Message("Its tags were changed since.")
_ADD = text("""
    INSERT INTO asset_tag (workspace_id, asset_id, tag_id, asset_created_at)
    SELECT a.workspace_id, a.id, pair.tag_id, a.created_at
    FROM unnest(CAST(:assets AS uuid[]), CAST(:tags AS uuid[])) AS pair (asset_id, tag_id)
    JOIN asset a ON a.workspace_id = :workspace_id AND a.id = pair.asset_id
    -- Said once more, so that the index is walked and never the whole table.
    WHERE a.id = ANY (CAST(:assets AS uuid[]))
    ON CONFLICT DO NOTHING""")
_DROP = text("""
    DELETE FROM asset_tag t
    USING unnest(CAST(:assets AS uuid[]), CAST(:tags AS uuid[])) AS pair (asset_id, tag_id)
    WHERE t.workspace_id = :workspace_id AND t.asset_id = ANY (CAST(:assets AS uuid[]))
        AND t.asset_id = pair.asset_id AND t.tag_id = pair.tag_id""")


class Tagging(BulkAction):
    """What adding and removing tags have in common. Names are compared by their keys."""

    right = undo_right = Action.EDIT

    def __init__(self, session: Session, principal: Principal, args: Mapping[str, Any]) -> None:
        super().__init__(session, principal, args)
        self.wanted = {tag_key(name): name for name in args["tags"]}
        # By asset: the names of its tags by key, in the order in which they are shown.
        self._now: dict[uuid.UUID, dict[str, str]] = {}
        self._keys: dict[str, str] = {}

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
            message = "Send tags: a list of at least one text."
            raise Invalid(message, {"args.tags": message})
        return {"tags": tags.clean(names)}

    def look(self, rows: Sequence[Row]) -> None:
        """The tags that the assets have."""
        self._now = {row.id: {} for row in rows}
        found = self.session.execute(
            # One row an asset: a row a tag would be most of the work.
            select(AssetTag.asset_id, func.array_agg(aggregate_order_by(Tag.name, Tag.key)))
            .join(Tag, (Tag.workspace_id == AssetTag.workspace_id) & (Tag.id == AssetTag.tag_id))
            .where(
                AssetTag.workspace_id == self.workspace_id,
                AssetTag.asset_id == any_(chunk.ids(self._now)),
            )
            .group_by(AssetTag.asset_id)
        )
        for asset_id, names in found:
            self._now[asset_id] = {self._key(name): name for name in names}

    def _key(self, name: str) -> str:
        """The tag's key; a chunk has few different tags."""
        key = self._keys.get(name)
        if key is None:
            key = self._keys[name] = tag_key(name)
        return key

    def now(self, row: Row) -> dict[str, str]:
        """The names of its tags by key."""
        return self._now[row.id]

    def after(self, now: Mapping[str, str]) -> dict[str, str]:
        """What these tags become."""
        raise NotImplementedError

    def changes(self, row: Row) -> bool:
        """See `BulkAction.changes`."""
        return self.after(self.now(row)).keys() != self.now(row).keys()

    def apply(self, rows: Sequence[Row]) -> list[Done]:
        """See `BulkAction.apply`."""
        return self._put([(row, self.after(self.now(row))) for row in rows])

    def check_undo(self, row: Row) -> str | None:
        """See `BulkAction.check_undo`: one tag more or less since, and all stay."""
        expected = self.after(_by_key(row.before["tags"]))
        return CHANGED if expected.keys() != self.now(row).keys() else None

    def undo(self, rows: Sequence[Row]) -> list[Done]:
        """See `BulkAction.undo`."""
        return self._put([(row, _by_key(row.before["tags"])) for row in rows])

    def _put(self, wanted: Sequence[tuple[Row, Mapping[str, str]]]) -> list[Done]:
        """Give each row exactly these tags."""
        fresh, stale = dict[str, str](), set[str]()
        for row, after in wanted:
            now = self.now(row)
            fresh |= {key: after[key] for key in after.keys() - now.keys()}
            stale |= now.keys() - after.keys()
        ids, spelled = self._tags(fresh, stale)
        done, added, dropped = [], [], []
        for row, after in wanted:
            now = self.now(row)
            added += [(row.id, ids[key]) for key in after.keys() - now.keys()]
            dropped += [(row.id, ids[key]) for key in now.keys() - after.keys()]
            before = list(now.values())
            names = [now.get(key) or spelled[key] for key in sorted(after)]
            done.append(
                Done(row, {"tags": before}, "asset.tags", {"before": before, "after": names})
            )
        for statement, pairs in ((_ADD, added), (_DROP, dropped)):
            if pairs:
                assets, of_tags = map(chunk.array_of, zip(*pairs, strict=True))
                values = {"assets": assets, "tags": of_tags}
                self.session.execute(statement, {"workspace_id": self.workspace_id, **values})
        chunk.touch(self.session, [row for row, _ in wanted])
        return done

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
        return FULL if len(self.now(row).keys() | self.wanted.keys()) > tags.MOST else None

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
