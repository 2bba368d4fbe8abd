"""What is said and shown: the matches of a search, search within a file, and its slides."""

import uuid

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lectern.errors import Invalid
from lectern.insight import slides
from lectern.library import assets, versions
from lectern.models import Asset, Slide
from lectern.people.rights import Action
from lectern.search import Query, matches
from lectern.search.filters import LONGEST_QUERY
from lectern.text import duration_text
from web import htmx
from web.auth import allow
from web.bytes.media import A_YEAR, file_reply, version_of
from web.extensions import db
from web.pages.library.page import LibraryPage, Look

bp = Blueprint("said", __name__)


@bp.get("/library/said")
@allow(Action.SEE)
def index() -> ResponseReturnValue:
    """The matches in the files that a page of the library lists; empty where there are none."""
    session = db.session()
    page = LibraryPage(session, g.principal, request.args, Look()).load()
    plain = not page.problem
    wanted = matches.wanted(page.query, page.page.spelling) if plain else matches.Wanted()
    ids = [card.id for card in page.page.items]
    found = matches.of_assets(session, g.principal, ids, wanted)
    listed = [(card, found[card.id]) for card in page.page.items if card.id in found]
    # In the picker a lesson is being written: what is opened stands beside it.
    aside = request.args.get("aside") == "1"
    html = render_template("said/_results.html", listed=listed, wanted=wanted, aside=aside)
    return htmx.fragment(html)


@bp.get("/assets/<uuid:asset_id>/said/matches")
@allow(Action.SEE)
def within(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Where the words of `find` are said or shown in one file."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    typed = request.args.get("find", "").strip()[:LONGEST_QUERY]
    wanted, found, problem = matches.Wanted(), None, ""
    try:
        wanted = matches.wanted(Query(q=typed))
        found = matches.of_asset(session, g.principal, asset, wanted)
    except Invalid as refused:
        problem = str(refused)
    html = render_template(
        "said/_within.html", asset=asset, found=found, wanted=wanted, problem=problem
    )
    return htmx.fragment(html)


@bp.get("/m/<uuid:asset_id>/v/<int:number>/slides/<int:slide>.webp")
@allow(Action.PLAY)
def picture(asset_id: uuid.UUID, number: int, slide: int) -> ResponseReturnValue:
    """The small picture of a slide, counted from 0."""
    version = version_of(assets.get(db.session(), g.principal, asset_id), number)
    return file_reply(slides.picture(db.session(), version, slide), "image/webp", cache=A_YEAR)


@bp.app_template_global()
def place_url(asset_id: uuid.UUID, start_s: float | None, page: int | None = None) -> str:
    """Where a file is played from that second, or shown at that page; else its own page."""
    if page is not None:
        return url_for("assets.show", asset_id=asset_id, page=page, _anchor="stage")
    if start_s is None:
        return url_for("assets.show", asset_id=asset_id)
    return url_for("watch.show", asset_id=asset_id, t=int(start_s))


@bp.app_template_global()
def clock_text(seconds: float | None) -> str:
    """`12:03`: a place in a file, which is 0:00 at its beginning."""
    return duration_text(int(seconds or 0)) or "0:00"


@bp.app_template_global()
def slides_of(asset: Asset) -> list[Slide]:
    """The slides of the file's current version."""
    version = versions.get_current(db.session(), asset)
    return slides.of_version(db.session(), version) if version else []


@bp.app_template_global()
def speaks(asset: Asset) -> bool:
    """Whether there is anything said or shown to search in."""
    return matches.has_any(db.session(), g.principal, asset)
