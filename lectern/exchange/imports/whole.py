"""An export as a whole: whether its lines fit together, and what is needed to write them."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from lectern.errors import Invalid
from lectern.exchange.archive import Archive
from lectern.exchange.imports import checks
from lectern.exchange.imports.checks import Refused
from lectern.exchange.schema import RECORDS, Record
from lectern.insight import languages
from lectern.library import schedules
from lectern.library.schedules import Moment
from lectern.models import SwitchState
from lectern.taxonomy.folders import DEEPEST


class Current(NamedTuple):
    """An asset's current version, and how many it has."""

    number: int
    versions: int
    digest: str
    byte_size: int


@dataclass
class Whole:
    """What all lines together say. `sizes` are of contents by digest, `folders` in their order.

    `version` is that of the format.
    """

    version: int
    ids: dict[str, set[uuid.UUID]] = field(default_factory=dict)
    current: dict[uuid.UUID, Current] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    folders: list[dict[str, Any]] = field(default_factory=list)
    people: list[dict[str, Any]] = field(default_factory=list)
    used: set[uuid.UUID] = field(default_factory=set)


def read(archive: Archive) -> Whole:
    """Read every line once; nothing is written before all of them were found good.

    Raises:
        Refused: with the line that is wrong, or names what is not there.
    """
    reader = _Reader(archive.version)
    for record in RECORDS:
        reader.begin(record)
        for place, values in archive.lines(record):
            reader.take(place, record, values)
        reader.end(record)
    return reader.whole


class _Reader:
    def __init__(self, version: int) -> None:
        self.whole = Whole(version)
        self._keys: set[tuple[Any, ...]] = set()
        self._pointers: dict[uuid.UUID, tuple[str, uuid.UUID | None]] = {}
        self._trashed: set[uuid.UUID] = set()
        self._shown: dict[uuid.UUID, uuid.UUID] = {}
        self._counts: dict[uuid.UUID, list[int]] = {}
        self._homes: dict[uuid.UUID, uuid.UUID] = {}

    def begin(self, record: Record) -> None:
        self._keys = set()
        self.whole.ids[record.file] = set()

    def take(self, place: str, record: Record, values: dict[str, Any]) -> None:
        seen = self.whole.ids[record.file]
        key = values.get("id") or uuid.UUID(int=values["seq"])
        if key in seen:
            raise Refused("%(place)s: this id is in the file twice.", place=place)
        seen.add(key)
        natural = checks.natural_key(record.file, values)
        if natural is not None and natural in self._keys:
            raise Refused("%(place)s: an earlier line has the same name.", place=place)
        self._keys.add(natural or ())
        # A folder's parent may come later.
        for one in (each for each in record.fields if each.refers not in {None, record.file}):
            for target in _named(values[one.name]):
                if target not in self.whole.ids[str(one.refers)]:
                    raise Refused(
                        "%(place)s: “%(name)s” names what is not in %(refers)s.jsonl.",
                        place=place,
                        name=one.name,
                        refers=one.refers,
                    )
        check = getattr(self, f"_{record.file}", None)
        if check is not None:
            check(place, values)

    def end(self, record: Record) -> None:
        if record.file == "folders":
            self.whole.folders = _in_order(self.whole.folders)
        if record.file == "versions":
            self._end_versions()

    def _people(self, place: str, values: dict[str, Any]) -> None:
        self.whole.people.append(values)

    def _folders(self, place: str, values: dict[str, Any]) -> None:
        self.whole.folders.append({**values, "place": place})

    def _assets(self, place: str, values: dict[str, Any]) -> None:
        self._pointers[values["id"]] = (place, values["current_version_id"])
        if values["trashed_at"] is not None:
            self._trashed.add(values["id"])

    def _versions(self, place: str, values: dict[str, Any]) -> None:
        asset_id, digest, size = values["asset_id"], values["digest"], values["byte_size"]
        if self.whole.sizes.setdefault(digest, size) != size or size < 0:
            raise Refused(
                "%(place)s: another version says that this content has another size.", place=place
            )
        self._counts.setdefault(asset_id, []).append(values["number"])
        self._homes[values["id"]] = asset_id
        if self._pointers[asset_id][1] == values["id"]:
            self.whole.current[asset_id] = Current(values["number"], 0, digest, size)
            self._shown[asset_id] = values["id"]

    def _end_versions(self) -> None:
        for asset_id, (place, _) in self._pointers.items():
            numbers = sorted(self._counts.get(asset_id, []))
            if asset_id not in self.whole.current:
                raise Refused(
                    "%(place)s: the current version is not one of this file's versions.",
                    place=place,
                )
            if numbers != list(range(1, len(numbers) + 1)):
                raise Refused(
                    "%(place)s: its versions are not numbered from 1 without gaps.", place=place
                )
            self.whole.current[asset_id] = self.whole.current[asset_id]._replace(
                versions=len(numbers)
            )
        self._pointers.clear()
        self._counts.clear()

    def _scheduled_switches(self, place: str, values: dict[str, Any]) -> None:
        if values["version_id"] is None:
            raise Refused("%(place)s: a switch names its version.", place=place)
        self._same(place, values["version_id"], values["asset_id"], "version", "file")
        waits = values["state"] == SwitchState.WAITING
        if waits and values["asset_id"] in self._trashed:
            raise Refused("%(place)s: a file in the trash waits for no switch.", place=place)
        if waits and self._shown.get(values["asset_id"]) == values["version_id"]:
            raise Refused("%(place)s: the version that is shown waits for no switch.", place=place)
        if waits != (values["ended_at"] is None):
            raise Refused("%(place)s: a switch has either ended or waits.", place=place)
        try:
            datetime.fromisoformat(values["local"])
            schedules.offset(Moment(values["at"], values["local"], values["zone"]))
        except (Invalid, ValueError, OverflowError) as problem:
            raise Refused(
                "%(place)s: this is no time on the clocks of a zone.", place=place
            ) from problem

    def _caption_tracks(self, place: str, values: dict[str, Any]) -> None:
        if (values["state"] == "reviewed") != (values["reviewed_at"] is not None):
            raise Refused(
                "%(place)s: captions say when they were reviewed if they were.", place=place
            )
        try:
            languages.tag(values["language"])
        except Invalid as problem:
            raise Refused("%(place)s: “language” is no language tag.", place=place) from problem

    def _chapters(self, place: str, values: dict[str, Any]) -> None:
        self._homes[values["id"]] = values["course_id"]

    def _lessons(self, place: str, values: dict[str, Any]) -> None:
        self._same(place, values["chapter_id"], values["course_id"], "chapter", "course")
        self._homes[values["id"]] = values["chapter_id"]

    def _usages(self, place: str, values: dict[str, Any]) -> None:
        asset_id = values["asset_id"]
        if asset_id in self._trashed:
            raise Refused("%(place)s: a file in the trash cannot be used.", place=place)
        if (values["policy"] == "pin") != (values["version_id"] is not None):
            raise Refused(
                "%(place)s: a pinned use names a version, and only a pinned one does.", place=place
            )
        if values["lesson_id"] is not None and values["chapter_id"] is None:
            raise Refused("%(place)s: a use in a lesson names its chapter too.", place=place)
        self._same(place, values["chapter_id"], values["course_id"], "chapter", "course")
        self._same(place, values["lesson_id"], values["chapter_id"], "lesson", "chapter")
        self._same(place, values["version_id"], asset_id, "version", "file")
        self.whole.used.add(asset_id)

    def _saved_searches(self, place: str, values: dict[str, Any]) -> None:
        if values["created_by"] is None:
            raise Refused("%(place)s: a saved search names who made it.", place=place)

    def _same(
        self, place: str, inner: uuid.UUID | None, outer: uuid.UUID | None, *words: str
    ) -> None:
        if inner is not None and self._homes[inner] != outer:
            raise Refused(
                "%(place)s: this %(words)s belongs to another %(words_2)s.",
                place=place,
                words=words[0],
                words_2=words[1],
            )


def _named(value: Any) -> Iterable[uuid.UUID]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _in_order(folders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Parents before their children."""
    below: dict[uuid.UUID | None, list[dict[str, Any]]] = {}
    ids = {values["id"] for values in folders}
    for values in folders:
        if values["parent_id"] is not None and values["parent_id"] not in ids:
            raise Refused(
                "%(values)s: “parent_id” names what is not in folders.jsonl.",
                values=values["place"],
            )
        below.setdefault(values["parent_id"], []).append(values)
    ordered: list[dict[str, Any]] = []
    level = below.get(None, [])
    for _ in range(DEEPEST):
        ordered += level
        level = [child for parent in level for child in below.get(parent["id"], [])]
    if len(ordered) < len(folders):
        left = _first_left(folders, {values["id"] for values in ordered})
        raise Refused(
            "%(left)s: this folder lies in itself, or deeper than %(deepest)s folders.",
            left=left["place"],
            deepest=DEEPEST,
        )
    return ordered


def _first_left(folders: list[dict[str, Any]], known: set[uuid.UUID]) -> Mapping[str, Any]:
    return next(values for values in folders if values["id"] not in known)
