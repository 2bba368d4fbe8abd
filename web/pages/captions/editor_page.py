"""What the caption editor shows, and the changes that it sends as the domain knows them."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from flask import url_for
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from lectern.errors import Invalid, NotFound
from lectern.insight import captions, languages
from lectern.insight.caption_files.clock import clock
from lectern.insight.captions import Captions
from lectern.insight.cues import MOST_LINES, Cue, Limits, limits_of
from lectern.insight.editing import readability, tracks
from lectern.insight.editing.operations import Change, Join, Shift, Splice, Split
from lectern.insight.editing.readability import Problem, Trouble
from lectern.library import versions
from lectern.models import Asset, CaptionEdit, Version
from lectern.people.principal import Principal
from web.api.requests.fields import Fields
from web.pages.assets.page import AssetPage
from web.pages.captions.panel import CaptionPanel, Row

MOST_CHANGES = 500


class Line(NamedTuple):
    """A cue as a row of the editor. `at` is its time in words, `advice` what would read better."""

    cue: Cue
    at: str
    rate: int
    advice: Sequence[str]


class EditorPage:
    """The captions of an asset in one language, the rest read when a template asks for it.

    Raises:
        NotFound: there are none in this language.
    """

    def __init__(self, session: Session, principal: Principal, asset: Asset, language: str) -> None:
        self._session = session
        self.asset = asset
        self.version = _version(session, asset)
        self.panel = CaptionPanel(session, asset, self.version)
        self.asset_page = AssetPage(session, principal, asset)
        self.language = _tag(language)
        self.captions = _captions(session, self.version, self.language)

    @cached_property
    def row(self) -> Row:
        """The captions with their name, state and downloads, and what the glossary proposes."""
        row = self.panel.row(self.language)
        assert row is not None, "they were read in this transaction"  # noqa: S101
        return row

    @property
    def lines(self) -> list[Line]:
        """All cues."""
        return self.lines_of(self.captions.cues)

    def lines_of(self, cues: Sequence[Cue]) -> list[Line]:
        """Some of them."""
        limits = limits_of(self.language)
        return [_line(cue, limits) for cue in cues]

    @property
    def spoken(self) -> str:
        """The language for `lang`."""
        return self.language.partition("-x-")[0]

    @property
    def address(self) -> str:
        """Where this editor is."""
        return url_for("caption_editor.show", asset_id=self.asset.id, lang=self.language)

    @property
    def words(self) -> list[list[object]]:
        """What was heard in this language: time, word and confidence of each; empty for others."""
        heard = captions.heard_in(self._session, self.version)
        if heard is None or languages.primary(heard.language) != languages.primary(self.language):
            return []
        return [
            word[:1] + word[2:4] for segment in heard.segments for word in segment.get("words", ())
        ]

    @property
    def steps(self) -> list[CaptionEdit]:
        """The history, newest first."""
        track = self.captions.track
        return tracks.history(self._session, track) if track is not None else []


def _line(cue: Cue, limits: Limits) -> Line:
    """One cue as a row; of wide letters each counts once."""
    advice = [_advice(each, limits) for each in readability.problems(cue, limits)]
    rate = round(readability.rate(cue) / _columns(limits))
    return Line(cue, clock(cue.start_s).removeprefix("00:"), rate, advice)


def _columns(limits: Limits) -> int:
    return 2 if limits.wide else 1


def changes(body: Mapping[str, Any]) -> list[Change]:
    """What the editor sends: `{"changes": [{"kind": …, …}]}`.

    Raises:
        Invalid: it is not that.
    """
    objects = Fields(body).objects("changes")
    if not 0 < len(objects) <= MOST_CHANGES:
        raise Invalid("Send changes: a list of objects.", {"changes": "Send a list of objects."})
    return [_change(entry) for entry in objects]


def _change(sent: Fields) -> Change:
    kind = sent.text("kind")
    if kind == "splice":
        return Splice(_cues(sent, "before"), _cues(sent, "after"))
    before = _cues(sent, "before")
    if kind == "join" and len(before) == 2:
        return Join(*before)
    if kind == "split" and len(before) == 1:
        return Split(before[0], sent.whole("at"), sent.number_or_none("time"))
    if kind == "shift" and len(before) == 1:
        return Shift(before[0], sent.whole("ms", least=-(1 << 31), most=1 << 31) / 1000)
    raise Invalid("Unknown type of change.", {"kind": "Send splice, join, split or shift."})


def _cues(sent: Fields, name: str) -> tuple[Cue, ...]:
    return tuple(
        Cue(
            entry.number_or_none("start") or 0.0,
            entry.number_or_none("end") or 0.0,
            entry.text("text"),
            entry.text_or_none("speaker") or "",
            entry.text_or_none("settings") or "",
        )
        for entry in sent.objects(name)
    )


def _advice(problem: Problem, limits: Limits) -> str:
    """What is wrong and what to do about it, in one sentence."""
    columns = _columns(limits)
    number = problem.measured
    if problem.trouble in {Trouble.FAST, Trouble.LONG_LINE}:
        number /= columns
    rate = round(limits.per_s / columns)
    most = {"chars": limits.line // columns, "lines": MOST_LINES, "rate": rate}
    if problem.trouble is Trouble.FAST:
        text = gettext(
            "%(n)d characters per second; up to %(rate)d is readable.", n=round(number), **most
        )
        more = gettext("Shorten the text, or show the cue for %(s)s s.", s=problem.needed_s)
        return f"{text} {more}"
    if problem.trouble is Trouble.TOO_MUCH:
        return str(gettext("Too long for two lines of %(chars)d characters: split it.", **most))
    if problem.trouble is Trouble.LONG_LINE:
        text = gettext(
            "A line has %(n)d characters. The limit is %(chars)d: add a line break.",
            n=number,
            **most,
        )
        return str(text)
    if problem.trouble is Trouble.LINES:
        text = ngettext("%(num)d line", "%(num)d lines", round(number))
        more = gettext("at most %(lines)d: join lines, or split it.", **most)
        return f"{text}, {more}"
    if problem.trouble is Trouble.FLASH:
        return str(gettext("Too short to read: show it for %(s)s s.", s=problem.needed_s))
    return str(gettext("Stays for more than %(s)d s: split it.", s=problem.needed_s))


def _captions(session: Session, version: Version, language: str) -> Captions:
    item = captions.find(session, version, language)
    if item is None:
        raise NotFound(captions.NONE)
    return item


def _tag(language: str) -> str:
    try:
        return languages.tag(language)
    except Invalid as error:
        raise NotFound(captions.NONE) from error


def _version(session: Session, asset: Asset) -> Version:
    version = versions.get_current(session, asset)
    if version is None:
        raise NotFound(captions.NONE)
    return version
