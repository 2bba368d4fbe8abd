"""New rows of an import, many in a statement, and what the database's triggers cannot know."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Uuid, bindparam, insert, text
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.orm import Session

from lectern.exchange import attached
from lectern.exchange.imports import contents
from lectern.exchange.imports.whole import Whole
from lectern.exchange.schema import Record
from lectern.models import Asset, AssetState, AssetTag, Chapter, Course, Kind, Lesson, Version
from lectern.people.audit import Fact
from lectern.pipeline import tasks
from lectern.search.syntax.folding import fold
from lectern.storage.blobs import Stored
from lectern.text import tag_key

_REMEMBER = text("""
    UPDATE asset a SET last_used_at = t.at FROM unnest(:ids, :times) AS t (id, at)
    WHERE a.workspace_id = :home AND a.id = t.id
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)), bindparam("times", type_=ARRAY(TIMESTAMP(timezone=True)))
)


class Adding:
    """Adds rows of one import. `without_bytes` counts assets whose file is not here."""

    def __init__(
        self,
        session: Session,
        workspace_id: uuid.UUID,
        whole: Whole,
        stored: Mapping[str, Stored],
    ) -> None:
        self.without_bytes = 0
        self._session = session
        self._home = workspace_id
        self._whole = whole
        self._stored = stored
        self._new: dict[uuid.UUID, tuple[str, uuid.UUID]] = {}
        self._last_used: dict[uuid.UUID, datetime | None] = {}
        self._titles: dict[uuid.UUID, str] = {}
        self._awaiting: set[uuid.UUID] = set()
        # Versions, and captions.
        self._made: set[uuid.UUID] = set()

    def is_new(self, asset_id: uuid.UUID) -> bool:
        """Whether this import made the asset."""
        return asset_id in self._new

    def has_made(self, row: Mapping[str, Any]) -> bool:
        """Whether this import made the version or the captions to which the line belongs."""
        return row.get("version_id", row.get("track_id")) in self._made

    def add(self, record: Record, rows: Sequence[dict[str, Any]]) -> None:
        """Insert the rows."""
        if record.file == "assets":
            # Its version follows.
            self._session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        own = set(record.columns)
        made = [
            {
                "workspace_id": self._home,
                **{name: value for name, value in row.items() if name in own},
                **self._more(record.file, row),
            }
            for row in rows
        ]
        self._session.flush()
        self._session.execute(insert(record.model), made)
        if record.file == "assets":
            for row in rows:
                self.tag(row["id"], row["created_at"], row["tags"])
        if record.file in {"versions", "caption_tracks"}:
            self._made.update(row["id"] for row in rows)
        if record.file == "versions":
            if self._whole.version == 1:
                current = self._whole.current
                later = [row for row in rows if row["number"] > current[row["asset_id"]].number]
                attached.call_off(self._session, self._home, later, attached.UNTOLD)
            for row in rows:
                self._settle_version(row)

    def tag(self, asset_id: uuid.UUID, created_at: datetime, tag_ids: Iterable[uuid.UUID]) -> None:
        """Put tags on an asset."""
        beside = {
            "workspace_id": self._home,
            "asset_id": asset_id,
            "asset_created_at": created_at,
        }
        rows = [{**beside, "tag_id": tag_id} for tag_id in tag_ids]
        if rows:
            self._session.execute(insert(AssetTag), rows)

    def process(self, version_id: uuid.UUID, asset_id: uuid.UUID) -> None:
        """Have the version made ready, as after an upload."""
        tasks.begin(self._session, self._session.get_one(Version, (self._home, version_id)))

    def settle(self) -> None:
        """Give assets the time of their last use back, which adding uses has made now."""
        known = {
            asset_id: at
            for asset_id, at in self._last_used.items()
            if asset_id in self._whole.used and at is not None
        }
        if known:
            self._session.execute(
                _REMEMBER,
                {"home": self._home, "ids": list(known), "times": list(known.values())},
            )
        self._session.expire_all()

    def facts(self, record: Record, rows: Sequence[dict[str, Any]]) -> list[Fact]:
        """What the audit log says of new rows."""
        if record.file == "assets":
            return [
                Fact(
                    "asset.import",
                    "asset",
                    row["id"],
                    {"digest": self._whole.current[row["id"]].digest},
                )
                for row in rows
            ]
        if record.file == "usages":
            return [
                Fact(
                    "usage.add",
                    "asset",
                    row["asset_id"],
                    {"usage": row["id"], "place": self._place(row)},
                )
                for row in rows
            ]
        if record.file in {"scheduled_switches", "caption_tracks"}:
            known = [row for row in rows if not self.has_made(row)]
            return [attached.added(self._session, self._home, record, row) for row in known]
        return []

    def _more(self, file: str, row: Mapping[str, Any]) -> dict[str, Any]:
        if file == "tags":
            return {"key": tag_key(row["name"])}
        if file == "glossary_terms":
            return {"key": fold(row["term"])}
        if file == "versions":
            blob = contents.blob_of(
                self._session,
                self._home,
                row["digest"],
                row["byte_size"],
                row["blob_mime"],
                self._stored,
            )
            if blob.state == contents.AWAITED:
                self._awaiting.add(row["id"])
            return {"blob_id": blob.id}
        if file != "assets":
            return {}
        current = self._whole.current[row["id"]]
        self._new[row["id"]] = (row["kind"], row["current_version_id"])
        self._last_used[row["id"]] = row["last_used_at"]
        return {
            "version_number": current.number,
            "version_count": current.versions,
            "digest": current.digest,
            "byte_size": current.byte_size,
            "live": row["trashed_at"] is None,
            # Until its bytes are known to be here.
            "state": AssetState.FAILED,
        }

    def _settle_version(self, row: Mapping[str, Any]) -> None:
        kind, current_id = self._new[row["asset_id"]]
        here = row["id"] not in self._awaiting
        if row["id"] == current_id and not here:
            self.without_bytes += 1
        if not here:
            return
        self.process(row["id"], row["asset_id"])
        if row["id"] == current_id:
            asset = self._session.get_one(Asset, (self._home, row["asset_id"]))
            document = kind == Kind.DOCUMENT
            asset.state = AssetState.READY if document else AssetState.PROCESSING

    def _place(self, row: Mapping[str, Any]) -> dict[str, str]:
        """The titles of a use's place as they are here."""
        titles: dict[str, str] = {}
        models: dict[str, Any] = {"course": Course, "chapter": Chapter, "lesson": Lesson}
        for word, model in models.items():
            place_id = row[f"{word}_id"]
            if place_id is not None:
                if place_id not in self._titles:
                    found = self._session.get_one(model, (self._home, place_id))
                    self._titles[place_id] = found.title
                titles[word] = self._titles[place_id]
        return titles
