"""The library: the grid of cards, as a page, as fragments, and as what is pushed to open pages."""

import uuid
from functools import lru_cache
from typing import Any

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from lectern.library import cards, search
from lectern.library.cards import Card, Page
from lectern.library.search import Query
from lectern.people.principal import Principal
from lectern.people.rights import Action
from web import htmx
from web.api import parsing
from web.auth import allow
from web.extensions import db

bp = Blueprint("library", __name__)
# A multiple of all numbers of columns, so that each page's list ends with a full row.
PAGE = 60
MOST_REFRESHED = 200


@bp.get("/")
@allow(Action.SEE)
def home() -> ResponseReturnValue:
    """The front door."""
    return redirect(url_for(".index"))


@bp.get("/library")
@allow(Action.SEE)
def index() -> ResponseReturnValue:
    """The whole page, for any filter and from any cursor on."""
    return render_template("library/index.html", **_listing())


@bp.get("/library/cards")
@allow(Action.SEE)
def show_cards() -> ResponseReturnValue:
    """The results for a filter; with `cursor`, only the cards that follow."""
    listing = _listing()
    if listing["cursor"]:
        return htmx.fragment(render_template("library/_cards.html", **listing))
    html = render_template("library/_results.hx.html", **listing)
    return htmx.fragment(html, address=url_for(".index", **listing["address"]))


@bp.get("/library/total")
@allow(Action.SEE)
def show_total() -> ResponseReturnValue:
    """How many files the filter finds."""
    query = _read_query(request.args)
    total = search.total(db.session(), g.principal, query)
    html = render_template("library/_total.html", total=total, address=_address(query))
    return htmx.fragment(html)


@bp.get("/library/refresh")
@allow(Action.SEE)
def refresh() -> ResponseReturnValue:
    """The present state of the cards named by `id`, and the cards newer than `top`."""
    session = db.session()
    ids = [_read_id(text) for text in request.args.getlist("id")[:MOST_REFRESHED]]
    wanted = [each for each in ids if each]
    found = {card.id: card for card in cards.several(session, g.principal, wanted)}
    newer: list[Card] = []
    top = _read_id(request.args.get("top", ""))
    if top:
        newest = cards.page(session, g.principal, Query(), None, PAGE).items
        newer = [card for card in newest if card.id > top]
    html = "".join(_present(each, found.get(each)) for each in wanted)
    html += render_template("library/_newer.html", cards=newer)
    return htmx.fragment(html, event="library-total" if newer else None)


def render_card(workspace_id: uuid.UUID, asset_id: uuid.UUID) -> str:
    """The card as open pages take it from the socket: it replaces itself wherever it is shown."""
    with current_app.test_request_context():
        card = cards.one(db.session(), Principal.system(workspace_id), asset_id)
        return _present(asset_id, card)


def gone(asset_id: uuid.UUID) -> str:
    """What takes a card off every grid that shows it."""
    return f'<li id="asset-{asset_id}" hx-swap-oob="delete"></li>'


def _present(asset_id: uuid.UUID, card: Card | None) -> str:
    return gone(asset_id) if card is None or card.trashed else card_html(card, oob=True)


def card_html(card: Card, oob: bool = False) -> Markup:
    """The rendered card. A card is a plain tuple, so equal cards are rendered once a process."""
    return _rendered(card, oob, str(get_locale()))


@lru_cache(maxsize=4096)
def _rendered(card: Card, oob: bool, locale: str) -> Markup:
    template = current_app.jinja_env.get_template("library/_card.html")
    return Markup(template.render(card=card, oob=oob))  # noqa: S704 - Jinja has escaped it


@bp.app_context_processor
def _globals() -> dict[str, Any]:
    return {"card_html": card_html}


def _listing() -> dict[str, Any]:
    session, query, cursor = db.session(), _read_query(request.args), request.args.get("cursor")
    page = cards.page(session, g.principal, query, cursor, PAGE)
    return {
        "page": page,
        "query": query,
        "cursor": cursor,
        "address": _address(query),
        "total": _total(query, page, cursor),
    }


def _total(query: Query, page: Page, cursor: str | None) -> int:
    """The number of matches; what fits on the first page need not be counted by the database."""
    if page.next is None and not cursor:
        return len(page.items)
    return search.total(db.session(), g.principal, query)


def _read_query(args: MultiDict[str, str]) -> Query:
    return parsing.asset_query(args)


def _address(query: Query) -> dict[str, Any]:
    """The query as address parameters, without what is default."""
    return search.write(query)


def _read_id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
