"""A document on its page: one of its pages at a time, and the places to jump to."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from flask import request, url_for
from sqlalchemy.orm import Session

from lectern.errors import Message, StorageAway
from lectern.insight import slides
from lectern.models import Asset, Rendition, Version
from lectern.renditions import documents, page_texts, places
from lectern.renditions.places import Places
from web.extensions import storage
from web.i18n import translated

LONGEST_NUMBER = 6


class DocumentView:
    """The pages of one version. `made` are the renditions of its blob by spec."""

    def __init__(
        self, session: Session, asset: Asset, version: Version, made: Mapping[str, Rendition]
    ) -> None:
        self._session = session
        self._asset = asset
        self._version = version
        self._made = made

    @cached_property
    def _facts(self) -> dict[str, Any]:
        found = self._made.get(page_texts.SPEC)
        return found.facts if found else {}

    @cached_property
    def drawn(self) -> int:
        """How many pages there are pictures of."""
        return documents.drawn(self._made)

    @cached_property
    def count(self) -> int:
        """How many pages it has; those of a text without pages are the parts it is searched in."""
        known = int(self._facts.get("pages") or 0)
        return known or slides.last_page(self._session, self._version)

    @cached_property
    def number(self) -> int:
        """The page that is asked for, or the nearest there is."""
        asked = request.args.get("page", "")[:LONGEST_NUMBER]
        return min(max(1, int(asked) if asked.isdecimal() else 1), max(1, self.count))

    @property
    def picture_url(self) -> str:
        """The picture of that page; empty where there is none."""
        if self.number > self.drawn:
            return ""
        return url_for(
            "derived.page",
            asset_id=self._asset.id,
            number=self._version.number,
            page=self.number,
        )

    @cached_property
    def text(self) -> str:
        """What that page says; empty for a scan."""
        return slides.page_text(self._session, self._version, self.number)

    @property
    def notes(self) -> list[str]:
        """What could not be shown, and why."""
        return [translated(Message.from_json(note)) for note in self._facts.get("notes") or ()]

    @cached_property
    def places(self) -> Places:
        """Bookmarks and links; none while the storage cannot be read."""
        if places.SPEC not in self._made:
            return Places()
        try:
            return places.of_version(self._session, storage(), self._version)
        except (FileNotFoundError, StorageAway):
            return Places()

    @staticmethod
    def host(url: str) -> str:
        """Where an address leads, in short: the server, or who gets the mail."""
        parts = urlsplit(url)
        return parts.hostname or parts.path

    def url(self, page: int) -> str:
        """The file's page at that page of it."""
        return url_for("assets.show", asset_id=self._asset.id, page=page, _anchor="stage")

    def fragment_url(self, page: int) -> str:
        """The stage alone, at that page."""
        return url_for("assets.show_panel", asset_id=self._asset.id, part="stage", page=page)
