"""The versions of one file as its page shows them, and two of them side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import zip_longest
from typing import NamedTuple

from flask import url_for
from flask_babel import format_datetime, gettext
from sqlalchemy.orm import Session

from lectern.errors import NotFound
from lectern.library import schedules, versions
from lectern.library.schedules import Moment
from lectern.models import Asset, AssetState, ScheduledSwitch, SwitchState, Usage, Version
from lectern.people.principal import Principal
from lectern.renditions import renditions
from lectern.text import duration_text, size_text
from web.extensions import settings
from web.pages.assets import facts


@dataclass(frozen=True)
class Row:
    """One version. `poster` is the first digits of its still's digest, empty for none.

    `pinned` says how many places keep this very version; `switch` is its own time, if it has one.
    """

    version: Version
    current: bool
    state: AssetState
    poster: str
    pinned: int
    switch: ScheduledSwitch | None
    # Whether it came after the one that is shown.
    newer: bool

    @property
    def number(self) -> int:
        """Its number in the file, from 1."""
        return self.version.number

    @property
    def origin(self) -> str:
        """Where it came from, in a word or two."""
        words = {
            "upload": gettext("Uploaded"),
            "replacement": gettext("Replacement"),
            "rollback": gettext("Restored"),
            "import": gettext("Imported"),
            "batch": gettext("Created by a bulk change"),
            "remix": gettext("Remixed"),
            "live": gettext("Recorded live"),
        }
        return str(words[self.version.origin])

    @property
    def by(self) -> str:
        """Who made it."""
        creator = self.version.creator
        return creator.name if creator else str(gettext("Lectern"))

    @property
    def measures(self) -> Sequence[str]:
        """Length, pixels and size, as far as it has them."""
        found, blob = self.version.facts, self.version.blob
        width, height = found.get("width"), found.get("height")
        pixels = f"{width} × {height}" if width and height else ""
        all_of_them = (duration_text(found.get("duration_s")), pixels, size_text(blob.byte_size))
        return [each for each in all_of_them if each]

    @property
    def restorable(self) -> bool:
        """Whether it can be brought back."""
        return not self.current and not self.waiting and self.state == AssetState.READY

    @property
    def waiting(self) -> bool:
        """Whether it becomes current at a time of its own."""
        return self.switch is not None and self.switch.state == SwitchState.WAITING

    @property
    def late(self) -> bool:
        """Whether its time is over, and it was not ready then."""
        return self.waiting and self.switch is not None and self.switch.reason is not None

    @property
    def schedulable(self) -> bool:
        """Whether it can be given a time, or another one."""
        if self.current:
            return False
        return self.newer if self.switch is None else self.switch.state != SwitchState.DONE

    @property
    def due(self) -> str:
        """Its time on the clocks of its zone, empty without one."""
        if self.switch is None:
            return ""
        moment = Moment(self.switch.at, self.switch.local, self.switch.zone)
        shown = format_datetime(datetime.fromisoformat(moment.local), rebase=False)
        return f"{shown} ({moment.zone}, {schedules.offset(moment)})"

    @property
    def poster_url(self) -> str:
        """The still's address, empty for none."""
        if not self.poster:
            return ""
        return url_for(
            "media.poster", asset_id=self.version.asset_id, number=self.number, d=self.poster
        )


class Pair(NamedTuple):
    """One fact of two versions; `differs` when they are not the same in it."""

    label: str
    left: str
    right: str
    differs: bool


class VersionRows:
    """All versions of an asset, newest first; `asset` has been loaded through the principal."""

    def __init__(
        self, session: Session, principal: Principal, asset: Asset, usages: Sequence[Usage]
    ) -> None:
        self._session = session
        self._principal = principal
        self.asset = asset
        self.usages = usages

    @cached_property
    def all(self) -> list[Row]:
        """The rows."""
        states = versions.states_of(self._session, self.asset)
        stills = versions.stills(self._session, self.asset)
        times = schedules.of_asset(self._session, self.asset)
        return [
            Row(
                version=each,
                current=each.id == self.asset.current_version_id,
                state=states.get(each.id, AssetState.READY),
                poster=stills.get(each.blob_id, ""),
                pinned=sum(usage.version_id == each.id for usage in self.usages),
                switch=times.get(each.id),
                newer=each.number > self.asset.version_number,
            )
            for each in versions.list_of(self._session, self.asset)
        ]

    @property
    def current(self) -> Row | None:
        """The one that is shown now."""
        return next((row for row in self.all if row.current), None)

    @property
    def following(self) -> int:
        """How many places show whatever is current."""
        return sum(usage.policy == "follow" for usage in self.usages)

    @cached_property
    def overtaken(self) -> tuple[Row, Row] | None:
        """The reader's version that never was shown, and the one that came first."""
        found = versions.overtaken(self._session, self._principal, self.asset)
        return (self.row(found[0].number), self.row(found[1].number)) if found else None

    def row(self, number: int) -> Row:
        """One of them, by its number.

        Raises:
            NotFound: there is no such version.
        """
        for row in self.all:
            if row.number == number:
                return row
        raise NotFound(gettext("This file has no version %(number)s.", number=number))

    def playable(self, row: Row) -> str:
        """The address of what a browser plays or shows of it, empty while there is nothing."""
        version = row.version
        spec = (version.workspace_id, version.blob_id, renditions.PLAYABLE)
        if renditions.find(self._session, *spec) is None:
            return ""
        return url_for("media.play", asset_id=self.asset.id, number=row.number)

    def facts(self, row: Row) -> list[facts.Fact]:
        """The table of facts of one version."""
        found, version = row.version.facts, row.version
        # Never added to a session: the asset as it is, or would be, with this version.
        stand_in = Asset(
            kind=self.asset.kind,
            original_name=version.original_name,
            digest=version.blob.digest,
            byte_size=version.blob.byte_size,
            mime=found.get("mime") or version.blob.mime,
            duration_s=found.get("duration_s"),
            width=found.get("width"),
            height=found.get("height"),
            version_number=row.number,
            version_count=0,
        )
        return facts.lines(stand_in, version, settings().storage_url)

    def compared(self, left: Row, right: Row) -> list[Pair]:
        """What can be said of both, in the order of the table of facts."""
        one, other = ({fact.label: fact for fact in self.facts(row)} for row in (left, right))
        labels = dict.fromkeys(
            label for pair in zip_longest(one, other) for label in pair if label is not None
        )
        pairs = []
        for label in labels:
            sides = [side.get(label, facts.Fact(label, "")) for side in (one, other)]
            differs = (sides[0].value, sides[0].copy) != (sides[1].value, sides[1].copy)
            pairs.append(Pair(label, sides[0].value, sides[1].value, differs))
        return pairs
