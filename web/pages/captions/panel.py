"""The captions of a file as its page shows them."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from babel import Locale
from flask import current_app, url_for
from flask_babel import get_locale, gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from lectern.insight import captions, corrections, glossary, languages, subtitles, transcription
from lectern.insight.captions import Captions
from lectern.insight.corrections import Correction
from lectern.models import Asset, GlossaryTerm, Task, Version
from lectern.text import duration_text
from web.pages.captions.downloads import FORMS

# Below this confidence a word is worth a look.
UNSURE = 0.5
# What most people need first, by the order of speakers among teachers' platforms.
OFTEN = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "tr", "uk", "ru", "ar", "zh", "ja")


class Track(NamedTuple):
    """What a player needs of captions: the address, the language, and what to call it."""

    url: str
    language: str
    name: str
    default: bool


class Row(NamedTuple):
    """Captions in one language. `unsure` counts words, `corrections` what the glossary proposes.

    `begins` is when the first cue is shown, where hours stand before it that the recording has not.
    """

    captions: Captions
    name: str
    state: str
    origin: str
    excerpt: str
    unsure: int
    corrections: Sequence[Correction]
    downloads: Sequence[tuple[str, str]]
    edit_url: str
    begins: str


class CaptionPanel:
    """The captions of the current version, each part read when a template first asks for it."""

    def __init__(self, session: Session, asset: Asset, version: Version | None) -> None:
        self._session = session
        self.asset = asset
        self.version = version

    @property
    def shown(self) -> bool:
        """Whether such a file can have captions at all."""
        return self.asset.kind in {"video", "audio"} and self.version is not None

    @cached_property
    def rows(self) -> list[Row]:
        """One for each language, the most trusted first."""
        undecided = corrections.undecided_in(self._session, self.asset, self.items, self.terms)
        return [self._row(item, undecided[item.language]) for item in self.items]

    @cached_property
    def items(self) -> list[Captions]:
        """The captions themselves, in the same order."""
        return captions.list_of(self._session, self.version) if self.version else []

    @cached_property
    def task(self) -> Task | None:
        """The step that makes captions."""
        return transcription.task_of(self._session, self.version) if self.version else None

    @cached_property
    def terms(self) -> list[GlossaryTerm]:
        """The glossaries of the courses that use the file."""
        return glossary.terms_for(self._session, self.asset)

    @property
    def tracks(self) -> list[Track]:
        """For the player; the first one is shown by default where somebody checked it."""
        return [
            Track(
                url_for(
                    "caption_files.track",
                    asset_id=self.asset.id,
                    number=self.asset.version_number,
                    lang=row.captions.language,
                    d=row.captions.tag,
                ),
                row.captions.language.partition("-x-")[0],
                row.name,
                number == 0,
            )
            for number, row in enumerate(self.rows)
        ]

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Languages to choose from: common ones first, then all by name."""
        names = dict(_locale().languages.items())
        rest = sorted((name, code) for code, name in names.items() if len(code) <= 3)
        often = [(code, names[code]) for code in OFTEN if code in names]
        return often + [(code, name) for name, code in rest if code not in OFTEN]

    @property
    def spoken(self) -> str:
        """The file's own language as a choice, empty for unknown."""
        tag = languages.tag_or_unknown(self.asset.language)
        return "" if tag == languages.UNKNOWN else languages.primary(tag)

    def row(self, language: str) -> Row | None:
        """The captions in exactly this language."""
        return next((row for row in self.rows if row.captions.language == language), None)

    def _row(self, item: Captions, undecided: Sequence[Correction]) -> Row:
        heard = item.segments if item.track is None else []
        confidences = [word.confidence for segment in heard for word in segment.words]
        return Row(
            item,
            language_name(item.language, item.label),
            _state(item),
            _origin(item),
            " ".join(" ".join(cue.text.split()) for cue in item.cues[:4]),
            sum(confidence is not None and confidence < UNSURE for confidence in confidences),
            undecided,
            [(form.upper(), self._download(item, form)) for form in FORMS],
            self._edit_url(item.language),
            self._begins(item),
        )

    def _begins(self, item: Captions) -> str:
        offered = subtitles.hours_before(item.cues, self.asset.duration_s)
        return duration_text(item.cues[0].start_s) if offered else ""

    def _download(self, item: Captions, form: str) -> str:
        name = "show" if form in {"vtt", "srt"} else "show_transcript"
        return url_for(
            f"api.captions.{name}",
            asset_id=self.asset.id,
            part=form,
            lang=item.language,
            download=1,
        )

    def _edit_url(self, language: str) -> str:
        """Where captions are edited, empty where this installation has no editor."""
        path = f"{url_for('assets.show', asset_id=self.asset.id)}/captions/{language}/edit"
        try:
            current_app.url_map.bind("localhost").match(path, method="GET")
        except RequestRedirect:
            return path
        except HTTPException:
            return ""
        return path


def language_name(tag: str, label: str = "") -> str:
    """A language as readers of the page call it, with the track's own name where it has one."""
    code, _, private = tag.partition("-x-")
    first, _, rest = code.partition("-")
    known = _locale()
    name = str(known.languages.get(first) or "")
    name = name[:1].upper() + name[1:] if name else gettext("Unknown language")
    place = known.territories.get(rest) or known.scripts.get(rest) or rest
    details = [detail for detail in (place, label or private) if detail]
    return f"{name} ({', '.join(details)})" if details else str(name)


def _locale() -> Locale:
    return get_locale() or Locale("en")


def _state(item: Captions) -> str:
    if item.state == "reviewed":
        if item.reviewer is None:
            return str(gettext("Reviewed"))
        return str(gettext("Reviewed by %(name)s", name=item.reviewer.name))
    return str(gettext("In review") if item.state == "in_review" else gettext("Auto-generated"))


def _origin(item: Captions) -> str:
    words = {
        "machine": gettext("generated automatically"),
        "upload": gettext("uploaded"),
        "embedded": gettext("came with the file"),
        "person": gettext("edited by a person"),
    }
    count = len(item.cues)
    return f"{ngettext('%(num)d cue', '%(num)d cues', count)}, {words[item.origin]}"
