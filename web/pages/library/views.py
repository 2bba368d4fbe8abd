"""The library: its grid or list of files as a page, as fragments, and what open pages ask again."""

import uuid
from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lectern import values
from lectern.people.rights import Action
from lectern.search import Query, cards
from lectern.search.cards import Card
from lectern.search.filters import LONGEST_QUERY, MOST_WORDS
from web import htmx
from web.auth import allow
from web.extensions import db, settings
from web.pages.library.cards import card_html, gone, present, render_card, row_html
from web.pages.library.marks import marked
from web.pages.library.menus import number
from web.pages.library.motifs import motif
from web.pages.library.page import LOOK_COOKIE, PAGE, LibraryPage, Look
from web.pages.library.sidebar import Places

__all__ = ["PAGE", "bp", "card_html", "gone", "render_card"]

bp = Blueprint("library", __name__)
bp.add_app_template_global(motif, "draw_motif")
bp.add_app_template_global(card_html, "card_html")
bp.add_app_template_global(row_html, "row_html")
bp.add_app_template_filter(marked, "marked")
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
    page = _library().load()
    places = Places(db.session(), g.principal, page.query)
    html = _render("library/index.html", page, places=places)
    return _remembering(page, make_response(html, page.status))


@bp.get("/library/cards")
@allow(Action.SEE)
def show_cards() -> ResponseReturnValue:
    """The results for a filter; with `cursor`, only the cards that follow."""
    page = _library().load()
    if page.cursor:
        return htmx.fragment(_render("library/_more.html", page), status=page.status)
    html = _render("library/_results.hx.html", page)
    address = url_for(".index", **page.address)
    # Letters replace one another in the browser's history, choices follow one another.
    history = {"address": address} if page.typing else {"pushed": address}
    return _remembering(page, htmx.fragment(html, status=page.status, **history))


@bp.get("/library/facets")
@allow(Action.SEE)
def show_facets() -> ResponseReturnValue:
    """How many files each choice of the filters has, and how many are found."""
    page = _library()
    found = page.count()
    menus = page.counted_menus(found)
    html = _render("library/_facets.html", page, menus=menus, found=found, number=number)
    return htmx.fragment(html)


@bp.get("/library/refresh")
@allow(Action.SEE)
def refresh() -> ResponseReturnValue:
    """The files named by `id` as they are now, each `mark` marked, and those newer than `top`."""
    session = db.session()
    wanted = values.identifiers(request.args.getlist("id")[:MOST_REFRESHED])
    found = {card.id: card for card in cards.several(session, g.principal, wanted)}
    newer: list[Card] = []
    top = values.readable(request.args.get("top"), values.identifier)
    if top:
        newest = cards.page(session, g.principal, Query(), None, PAGE).items
        newer = [card for card in newest if card.id > top]
    words = tuple(word[:LONGEST_QUERY] for word in request.args.getlist("mark")[:MOST_WORDS])
    html = "".join(present(each, found.get(each), words) for each in wanted)
    html += render_template("library/_newer.html", cards=newer)
    return htmx.fragment(html, event="library-total" if newer else None)


@bp.get("/library/rows/<uuid:asset_id>")
@allow(Action.SEE)
def show_row(asset_id: uuid.UUID) -> ResponseReturnValue:
    """One file as a row of the list."""
    card = cards.one(db.session(), g.principal, asset_id)
    return htmx.fragment(row_html(card) if card else "")


def _library() -> LibraryPage:
    look = Look.read(request.args, request.cookies.get(LOOK_COOKIE, ""))
    return LibraryPage(db.session(), g.principal, request.args, look)


def _render(template: str, page: LibraryPage, **more: Any) -> str:
    return render_template(
        template,
        library=page,
        page=page.page,
        query=page.query,
        address=page.address,
        cursor=page.cursor,
        **more,
    )


def _remembering(page: LibraryPage, response: Response) -> Response:
    if "view" in request.args or "density" in request.args:
        page.look.remember(response, settings().secure)
    return response
