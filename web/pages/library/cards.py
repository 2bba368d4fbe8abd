"""Cards and rows as HTML, for pages, fragments and the live push alike.

Rendering a card's template costs more than everything else on the page. So a template is rendered
once per *shape*, with stand-ins for what differs between cards of that shape, and is then cut at
the stand-ins: a new card costs one join, and an equal one a look-up.

A macro with a cache by (id, lock_version, locale) was tried first. For 60 new cards it took 9.1 ms
of CPU, an include for each 16.1 and this 1.2, in one interleaved run; `bench.cards` allows 1.3.
"""

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from flask import current_app, g
from flask_babel import get_locale
from markupsafe import Markup, escape

from lectern.people.principal import Principal
from lectern.search import cards
from lectern.search.cards import Card
from web.extensions import db
from web.filters import iso
from web.pages.library.marks import Words, marked
from web.pages.library.motifs import motif

CARD, ROW = "library/_card.html", "library/_row.html"

# What stands for a card's values while its shape is rendered: private-use letters in texts, and
# numbers that no real card has where only a number will do.
_ID = uuid.UUID("00000000-0000-0000-0000-00000000ca4d")
_POSTER, _VERSION, _LOCK = "5eed5eed5eed", 90_000_001, 90_000_002
# Plural rules look at the last two digits, so these are kept.
_MANY = 90_000_100
_MOMENT = datetime(1111, 11, 11, 11, 11, 11, tzinfo=UTC)
_DAY = "%Y-%m-%d %H:%M"
_NAME, _MIME, _LENGTH, _SIZE, _SNIPPET = (chr(0xE000 + number) for number in range(5))
_TAGS = tuple(chr(0xE010 + number) for number in range(100))


class _Part(NamedTuple):
    """A piece of a shape: plain HTML, then a card's value, if any.

    `marks` is whether the value stands as text and may hold what was searched for.
    """

    html: str
    value: Callable[[Card], str] | None
    marks: bool


def render_card(workspace_id: uuid.UUID, asset_id: uuid.UUID) -> str:
    """The asset as open pages take it from the socket: it replaces itself wherever it is shown."""
    with current_app.test_request_context():
        card = cards.one(db.session(), Principal.system(workspace_id), asset_id)
        return present(asset_id, card)


def present(asset_id: uuid.UUID, card: Card | None, words: Words = ()) -> str:
    """What makes an open page show the asset as it is now, in the grid and in the list."""
    if card is None or card.trashed:
        return gone(asset_id, purged=card is None)
    return card_html(card, oob=True, words=words) + row_html(card, oob=True, words=words)


def gone(asset_id: uuid.UUID, *, purged: bool = False) -> str:
    """What takes an asset off every page that lists it; of a purged one no page asks again."""
    mark = " data-purged" if purged else ""
    return "".join(
        f'<div id="{place}-{asset_id}" hx-swap-oob="delete"{mark}></div>' for place in PLACES
    )


# An asset's element has the id asset-ID in the grid and row-ID in the list.
PLACES = ("asset", "row")


def card_html(card: Card, oob: bool = False, words: Words = ()) -> Markup:
    """The card in the grid, with `words` marked in what it shows."""
    return _rendered(CARD, card, oob, words, _locale())


def row_html(card: Card, oob: bool = False, words: Words = ()) -> Markup:
    """The card as a row of the list."""
    return _rendered(ROW, card, oob, words, _locale())


def _locale() -> str:
    # Asking Babel for each card would cost as much as the cards.
    if "locale_name" not in g:
        g.locale_name = str(get_locale())
    return str(g.locale_name)


@lru_cache(maxsize=8192)
def _rendered(template: str, card: Card, oob: bool, words: Words, locale: str) -> Markup:
    # Steps under way differ from card to card, and there are few of them.
    if card.tasks or len(card.tags) > len(_TAGS):
        return Markup(_render(template, card, oob))  # noqa: S704 - Jinja has escaped it
    html: list[str] = []
    for part in _shape(template, _stand_in(card), oob, locale):
        html.append(part.html)
        if part.value is not None:
            text = part.value(card)
            html.append(marked(text, words) if part.marks else text)
    return Markup("".join(html))  # noqa: S704 - a template's output and escaped values


def _stand_in(card: Card) -> Card:
    """The card with everything replaced that does not change what its template does."""
    count = card.usage_count
    return card._replace(
        id=_ID,
        name=_NAME,
        mime=_MIME,
        poster=card.poster and _POSTER,
        duration=card.duration and _LENGTH,
        size=card.size and _SIZE,
        snippet=card.snippet and _SNIPPET,
        tags=_TAGS[: len(card.tags)],
        usage_count=count if count < 100 else _MANY + count % 100,
        version=_VERSION,
        lock_version=_LOCK,
        width=None,
        height=None,
        created_at=_MOMENT,
    )


@lru_cache(maxsize=2048)
def _shape(template: str, card: Card, oob: bool, locale: str) -> tuple[_Part, ...]:
    """The template's output for a stand-in, cut wherever a card's own value goes."""
    html = _render(template, card, oob)
    parts, at = [], 0
    for found in _CUTS.finditer(html):
        before = html[at : found.start()]
        # Behind the last tag that began, an attribute; behind the last that ended, text.
        is_text = html.rfind(">", 0, found.start()) > html.rfind("<", 0, found.start())
        parts.append(_Part(before, *_value_at(found[0], is_text)))
        at = found.end()
    return (*parts, _Part(html[at:], None, marks=False))


def _value_at(cut: str, is_text: bool) -> tuple[Callable[[Card], str], bool]:
    if cut in _PLAIN:
        return _PLAIN[cut], False
    if cut.startswith("<svg"):
        return lambda card: motif(card.kind, card.id, card.name), False
    if cut.startswith(str(_MANY)[:-2]):
        return lambda card: str(card.usage_count), False
    value = _TEXTS[cut] if cut in _TEXTS else _tag(_TAGS.index(cut))
    if is_text and cut != _MIME:
        return value, True
    return lambda card: escape(value(card)), False


def _tag(number: int) -> Callable[[Card], str]:
    return lambda card: card.tags[number]


_PLAIN: Mapping[str, Callable[[Card], str]] = {
    str(_ID): lambda card: str(card.id),
    _POSTER: lambda card: card.poster or "",
    str(_VERSION): lambda card: str(card.version),
    str(_LOCK): lambda card: str(card.lock_version),
    iso(_MOMENT): lambda card: iso(card.created_at),
    _MOMENT.strftime(_DAY): lambda card: card.created_at.strftime(_DAY),
    _LENGTH: lambda card: card.duration,
    _SIZE: lambda card: card.size,
}
_TEXTS: Mapping[str, Callable[[Card], str]] = {
    _NAME: lambda card: card.name,
    _MIME: lambda card: card.mime,
    _SNIPPET: lambda card: card.snippet,
}
_CUTS = re.compile(
    "|".join(
        [
            r'<svg class="motif\b.*?</svg>',
            str(_MANY)[:-2] + r"\d\d",
            *map(re.escape, [*_PLAIN, *_TEXTS]),
            f"[{_TAGS[0]}-{_TAGS[-1]}]",
        ]
    ),
    re.DOTALL,
)


def _render(template: str, card: Card, oob: bool) -> str:
    return current_app.jinja_env.get_template(template).render(card=card, oob=oob)
