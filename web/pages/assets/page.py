"""What an asset's page shows; each part is read when a template first asks for it."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from flask import url_for
from flask_babel import gettext, pgettext
from sqlalchemy.orm import Session

from lectern import duplicates
from lectern.courses import usages
from lectern.duplicates import near as near_duplicates
from lectern.duplicates.near import Near
from lectern.library import progress, versions
from lectern.library.progress import StepLine
from lectern.models import (
    Asset,
    CustomField,
    Merge,
    Rendition,
    Usage,
    UsageHistory,
    User,
    Version,
)
from lectern.people import audit_reading
from lectern.people.principal import Principal
from lectern.people.rights import can
from lectern.renditions import posters, renditions
from lectern.renditions.posters import PosterCandidate
from lectern.search import cards
from lectern.search.cards import Card
from lectern.taxonomy import custom_fields, folders
from web.extensions import settings
from web.i18n import translated
from web.pages.assets import events, facts, fields
from web.pages.assets.document import DocumentView
from web.pages.assets.fields import Row
from web.pages.assets.history import HistoryPage
from web.pages.assets.panels import PANELS, Panel
from web.pages.assets.pictures import Pictures
from web.pages.assets.player import Player
from web.pages.captions.panel import CaptionPanel
from web.pages.versions.page import VersionRows


class AssetPage:
    """One asset for one reader. `asset` has been loaded through the principal."""

    def __init__(self, session: Session, principal: Principal, asset: Asset) -> None:
        self._session = session
        self._principal = principal
        self.asset = asset

    @property
    def panels(self) -> list[Panel]:
        """The panels this reader has a right to, in their order."""
        return [each for each in PANELS if can(self._principal, each.right, self.asset)]

    @cached_property
    def captions(self) -> CaptionPanel:
        """The captions of the version shown."""
        return CaptionPanel(self._session, self.asset, self.version)

    @cached_property
    def card(self) -> Card:
        """The asset as its card, with the tasks on their way."""
        found = cards.one(self._session, self._principal, self.asset.id)
        assert found is not None, "the asset was loaded in this transaction"  # noqa: S101
        return found

    @cached_property
    def unfinished(self) -> list[StepLine]:
        """All steps of the version on its way, empty when each of them has ended well."""
        lines = self._steps
        return [] if all(line.state in progress.ENDED_WELL for line in lines) else lines

    @cached_property
    def _steps(self) -> list[StepLine]:
        return progress.steps_of(self._session, self._principal, self.asset)

    @cached_property
    def version(self) -> Version | None:
        """The version shown."""
        return versions.get_current(self._session, self.asset)

    @property
    def poster_url(self) -> str:
        """The poster's address, empty while there is none."""
        card = self.card
        if card.poster is None:
            return ""
        return url_for("media.poster", asset_id=card.id, number=card.version, d=card.poster)

    @property
    def play_url(self) -> str:
        """The rendition a browser plays or shows."""
        return url_for("media.play", asset_id=self.asset.id, number=self.asset.version_number)

    @cached_property
    def made(self) -> Mapping[str, Rendition]:
        """The renditions of the version shown, by spec."""
        if self.version is None:
            return {}
        key = (self.version.workspace_id, self.version.blob_id)
        return renditions.of_blob(self._session, *key)

    @cached_property
    def player(self) -> Player | None:
        """For video and audio."""
        if self.version is None:
            return None
        player = Player(self.asset, self.version, self.made, self.captions.items)
        player.poster = self.poster_url
        return player

    @property
    def facts(self) -> list[facts.Fact]:
        """The table of facts."""
        where = settings().storage_url
        return facts.lines(self.asset, self.version, where, self.pictures)

    @property
    def facts_grow(self) -> bool:
        """Whether later steps will tell more: what the page shows is asked for again then."""
        unmeasured = self.asset.kind in {"audio", "video"}
        return self.asset.state != "ready" or (unmeasured and self.pictures.waveform is None)

    @property
    def warnings(self) -> list[str]:
        """What is odd about the file."""
        hint = self.pictures.loudness_hint
        return [*facts.warnings(self.version), *([hint] if hint else [])]

    @cached_property
    def folder_path(self) -> str:
        """The asset's folder from the top, empty for none."""
        if self.asset.folder_id is None:
            return ""
        return folders.path_of(self._session, self.asset.workspace_id, self.asset.folder_id)

    @cached_property
    def rows(self) -> list[Row]:
        """What a person can edit, besides the name."""
        return fields.rows(self.asset, self.folder_path, self.custom_fields)

    @cached_property
    def custom_fields(self) -> Sequence[CustomField]:
        """The fields that the workspace has given its files."""
        return custom_fields.list_of(self._session, self._principal)

    @property
    def others(self) -> list[tuple[str, str]]:
        """What programs keep about it: key and value."""
        return fields.others(self.asset, self.rows)

    def row(self, part: str, key: str) -> Row:
        """One of the fields, with what its form offers."""
        return fields.row(self._session, self._principal, self.asset, part, key)

    @cached_property
    def usages(self) -> list[Usage]:
        """Where it is used now."""
        return usages.of_asset(self._session, self._principal, self.asset.id)

    @cached_property
    def past(self) -> list[UsageHistory]:
        """Where it was used."""
        return usages.past_of_asset(self._session, self._principal, self.asset.id)

    def place(self, usage: UsageHistory) -> str:
        """Where a past usage was, in words."""
        return events.place(usage.place)

    @cached_property
    def actor_names(self) -> dict[Any, str]:
        """The names of those who began or ended a past usage, by id."""
        people = [each for past in self.past for each in (past.created_by, past.ended_by)]
        return audit_reading.names_of(self._session, self._principal, people)

    @cached_property
    def history(self) -> HistoryPage:
        """What was done with it, as the address asks for it."""
        return HistoryPage(self._session, self._principal, self.asset, self.custom_fields)

    @cached_property
    def versions(self) -> VersionRows:
        """Every version of it."""
        return VersionRows(self._session, self._principal, self.asset, self.usages)

    @cached_property
    def candidates(self) -> list[PosterCandidate]:
        """The stills to choose from."""
        return posters.candidates_among(self.asset, self.made.values())

    @cached_property
    def near(self) -> list[Near]:
        """The files that show or sound mostly the same."""
        return near_duplicates.near(self._session, self._principal, self.asset)

    @cached_property
    def pictures(self) -> Pictures:
        """What was derived of it for looking at it."""
        return Pictures(self._session, self.asset, self.version, self.made)

    @cached_property
    def document(self) -> DocumentView | None:
        """For documents."""
        if self.version is None or self.asset.kind != "document":
            return None
        return DocumentView(self._session, self.asset, self.version, self.made)

    @property
    def not_drawn(self) -> str:
        """Why there is nothing to see of a document; empty where nobody expected anything."""
        reasons = [line.reason for line in self._steps if line.step == "poster" and line.reason]
        return translated(reasons[0]) if reasons else ""

    @property
    def being_drawn(self) -> bool:
        """Whether pictures of the pages are on their way."""
        return any(line.step == "pages" and line.state in progress.OPEN for line in self.unfinished)

    @property
    def trasher(self) -> str:
        """Who moved it to the trash, in words."""
        if self.asset.trashed_by is None:
            return str(gettext("Lectern"))
        user = self._session.get_one(User, self.asset.trashed_by)
        return pgettext("done by", "you") if user.id == self._principal.user_id else user.name

    @cached_property
    def merge(self) -> Merge | None:
        """The merge by which it went into another file, if it did and that was not undone."""
        return duplicates.into(self._session, self._principal, self.asset.id)

    @property
    def merged_into(self) -> Asset | None:
        """The file that has its places now, unless that has been purged."""
        if self.merge is None:
            return None
        return self._session.get(Asset, (self.asset.workspace_id, self.merge.kept_id))

    @property
    def chooser(self) -> str:
        """Who chose the poster, in words; empty when the machine did."""
        if self.asset.poster_chosen_by is None:
            return ""
        user = self._session.get_one(User, self.asset.poster_chosen_by)
        return pgettext("done by", "you") if user.id == self._principal.user_id else user.name
