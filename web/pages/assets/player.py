"""What a player plays of one version: the file, its streams, captions, chapters and pictures."""

import uuid
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from lectern.ingest import awaited
from lectern.insight import captions
from lectern.insight.captions import Captions
from lectern.insight.cues import Cue
from lectern.library import versions
from lectern.models import Asset, Rendition, Version
from lectern.people.principal import Principal
from lectern.people.rights import Action, can
from lectern.renditions import originals, renditions, storyboards, streams
from lectern.renditions.originals import Needs
from web.pages.captions.panel import language_name

P = TypeVar("P", bound="Player")


class Track(NamedTuple):
    """Captions in one language: the address, BCP 47 language, and what to call it."""

    url: str
    language: str
    name: str


class Player:
    """One version of a video or audio file, for `shared/_player.html`.

    `made` are the renditions of its blob by spec, `spoken` its captions.
    `poster` is the still's address or empty; `part` the stretch that is wanted, as a media fragment
    such as `#t=5,20`; `name` tells this player from others of a page.
    """

    def __init__(
        self,
        asset: Asset,
        version: Version,
        made: Mapping[str, Rendition],
        spoken: Sequence[Captions],
    ) -> None:
        self._asset = asset
        self._version = version
        self._made = made
        self._spoken = spoken
        self.kind = str(asset.kind)
        self.name = asset.name
        self.poster = self.part = ""

    @property
    def url(self) -> str:
        """The file that every browser plays."""
        return self._url("media.play") + self.part

    @property
    def place(self) -> str:
        """What the place where somebody stopped is remembered by."""
        return f"{self._asset.id}{self.part}"

    @property
    def watch_url(self) -> str:
        """The learner's page, with the host: it is copied and sent to others."""
        return url_for("watch.show", asset_id=self._asset.id, _external=True)

    @cached_property
    def hls(self) -> str:
        """The master playlist; empty while there are no streams."""
        streamed = streams.playable_among(self._made)
        return self._url("streams.file", name=streams.MASTER) if streamed else ""

    @cached_property
    def download(self) -> str:
        """A plain MP4 to take along; empty where there is none."""
        if self.kind != "video":
            return ""
        return self._url("streams.plain") if streams.plain_among(self._made) else ""

    @cached_property
    def storyboard(self) -> str:
        """Small pictures for the time range; empty while there are none."""
        return self._url("derived.storyboard") if storyboards.spec(0) in self._made else ""

    @cached_property
    def waveform(self) -> str:
        """The drawn sound of what has no picture; empty while there is none."""
        if self.kind != "audio":
            return ""
        return self._url("derived.waveform") if renditions.WAVEFORM in self._made else ""

    @property
    def seconds(self) -> int:
        """How long it is, 0 where nobody knows."""
        return round(self._version.facts.get("duration_s") or 0)

    @property
    def key(self) -> str:
        """What the element is called on its page."""
        return f"player-{self._asset.id}-{self._version.number}"

    @cached_property
    def tracks(self) -> Sequence[Track]:
        """Captions, the most trusted language first."""
        return [
            Track(
                self._url("caption_files.track", lang=each.language, d=each.tag),
                each.language.partition("-x-")[0],
                language_name(each.language, each.label),
            )
            for each in self._spoken
        ]

    @cached_property
    def chapters(self) -> Sequence[Cue]:
        """The chapters that came with the file, in order; a lone one divides nothing."""
        found = self._version.facts.get("chapters") or []
        cues = [
            Cue(each["start_s"], each["end_s"], _title(each.get("title"), number))
            for number, each in enumerate(found, start=1)
            if each["end_s"] > each["start_s"]
        ]
        return cues if len(cues) > 1 else []

    @property
    def chapters_url(self) -> str:
        """The same as WebVTT."""
        return self._url("watch.chapters")

    @property
    def words(self) -> dict[str, str]:
        """What the player's script says; braces are filled there."""
        return {
            "resume": gettext("Continue at {time}?"),
            "fallback": gettext("The stream was interrupted. Playing the MP4 file instead."),
            "copied": gettext("Link copied"),
            "automatic": gettext("Automatic ({size})"),
            "captions": gettext("Captions: {name}"),
            "captionsOff": gettext("Captions off"),
            "muted": gettext("Muted"),
            "unmuted": gettext("Unmuted"),
            "over": gettext("This clip ends here."),
        }

    def _url(self, endpoint: str, **more: Any) -> str:
        asset_id: uuid.UUID = self._asset.id
        return url_for(endpoint, asset_id=asset_id, number=self._version.number, **more)


class Original(Player):
    """The file itself, for browsers that can play it while nothing has been made of it yet."""

    needs: Needs

    @property
    def url(self) -> str:
        """The original, not as a download."""
        return self._url("media.original", inline=1) + self.part

    @property
    def question(self) -> dict[str, Any]:
        """What the browser is asked, by name."""
        return self.needs._asdict()


def original_of(
    session: Session, principal: Principal, asset: Asset, number: int | None = None, **given: str
) -> Original | None:
    """The player of the original, as `of`; None where it must not or cannot be offered.

    Only who may download it is offered the original: learners get nothing that holds metadata.
    """
    found = _version(session, asset, number)
    if found is None or not can(principal, Action.DOWNLOAD_ORIGINAL, asset):
        return None
    needs = originals.needs(found.facts, found.blob.byte_size)
    if needs is None or found.blob.state == awaited.AWAITED:
        return None
    player = Original(asset, found, {}, captions.list_of(session, found))
    player.needs = needs
    return _given(player, **given)


def of(session: Session, asset: Asset, number: int | None = None, **given: str) -> Player | None:
    """The player of the asset's version `number`, or of the current one; None where none is.

    `given` are `poster`, `part` and `name`, as a player has them.
    """
    found = _version(session, asset, number)
    if found is None:
        return None
    made = renditions.of_blob(session, found.workspace_id, found.blob_id)
    return _given(Player(asset, found, made, captions.list_of(session, found)), **given)


def _version(session: Session, asset: Asset, number: int | None) -> Version | None:
    if number is None:
        return versions.get_current(session, asset)
    return versions.find(session, asset, number)


def _given(player: P, *, poster: str = "", part: str = "", name: str = "") -> P:
    player.poster, player.part = poster, part
    player.name = name or player.name
    return player


def _title(title: str | None, number: int) -> str:
    return " ".join((title or "").split()) or gettext("Chapter %(number)s", number=number)
