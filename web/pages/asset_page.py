"""What an asset's page shows; each part is read when a template first asks for it."""

from functools import cached_property
from typing import NamedTuple

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.library import cards, folders, posters, versions
from lectern.library.cards import Card
from lectern.library.posters import PosterCandidate
from lectern.models import Asset, Usage, UsageHistory, User, Version
from lectern.people import audit
from lectern.people.principal import Principal
from web.pages import facts, history

HISTORY = 30


class Player(NamedTuple):
    """What `shared/_player.html` plays; `poster` may be empty."""

    url: str
    poster: str
    kind: str
    name: str


class AssetPage:
    """One asset for one reader. `asset` has been loaded through the principal."""

    def __init__(self, session: Session, principal: Principal, asset: Asset) -> None:
        self._session = session
        self._principal = principal
        self.asset = asset

    @cached_property
    def card(self) -> Card:
        """The asset as its card, with the tasks on their way."""
        found = cards.one(self._session, self._principal, self.asset.id)
        assert found is not None, "the asset was loaded in this transaction"  # noqa: S101
        return found

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

    @property
    def player(self) -> Player:
        """For video and audio."""
        return Player(self.play_url, self.poster_url, self.asset.kind, self.asset.name)

    @property
    def facts(self) -> list[facts.Fact]:
        """The table of facts."""
        return facts.lines(self.asset, self.version)

    @property
    def warnings(self) -> list[str]:
        """What is odd about the file."""
        return facts.warnings(self.version)

    @property
    def folder_path(self) -> str:
        """The asset's folder from the top, empty for none."""
        if self.asset.folder_id is None:
            return ""
        return folders.path_of(self._session, self.asset.workspace_id, self.asset.folder_id)

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
        return history.place(usage.place)

    @cached_property
    def events(self) -> list[history.Event]:
        """The newest of what was done with it."""
        lines = audit.history(self._session, self._principal, self.asset.id, limit=HISTORY)
        return history.events(lines)

    @cached_property
    def candidates(self) -> list[PosterCandidate]:
        """The stills to choose from."""
        return posters.candidates(self._session, self.asset)

    @property
    def chooser(self) -> str:
        """Who chose the poster, in words; empty when the machine did."""
        if self.asset.poster_chosen_by is None:
            return ""
        user = self._session.get_one(User, self.asset.poster_chosen_by)
        return gettext("you") if user.id == self._principal.user_id else user.name
