"""Where the words of a search are said or shown, in JSON."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, g, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from lectern import search
from lectern.library import assets
from lectern.models import Asset
from lectern.people.rights import Action
from lectern.search import Found, Query, matches
from lectern.search.matches import Match
from web.auth import allow
from web.extensions import db

bp = Blueprint("matches", __name__, url_prefix="/api/v1/assets/<uuid:asset_id>/matches")


@bp.get("")
@allow(Action.SEE)
def index(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Where in one file the words of `q` are, as they come in it."""
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    query = search.read({"q": request.args.get("q", "")})
    found = matches.of_asset(session, g.principal, asset, matches.wanted(query))
    items = [_match_json(asset, match) for match in found.items]
    return jsonify({"items": items, "next": None, "total": found.total})


def add(items: Sequence[dict[str, Any]], found: Found, query: Query) -> None:
    """Put the best matches of a search with each of the assets that it found."""
    wanted = matches.wanted(query, found.spelling)
    if not wanted.all:
        return
    ids = [asset.id for asset in found.assets]
    here = matches.of_assets(db.session(), g.principal, ids, wanted)
    for item, asset in zip(items, found.assets, strict=True):
        of_this = here.get(asset.id, matches.Matches())
        item["matches"] = [_match_json(asset, match) for match in of_this.items]
        item["matches_total"] = of_this.total


def _match_json(asset: Asset, match: Match) -> dict[str, Any]:
    return {
        "kind": match.kind,
        "start": match.start_s,
        "end": match.end_s,
        "page": match.number if match.kind == "page" else None,
        "text": match.text,
        "thumbnail_url": _thumbnail(asset, match),
    }


def _thumbnail(asset: Asset, match: Match) -> str | None:
    if match.slide is None:
        return None
    return url_for(
        "said.picture",
        asset_id=asset.id,
        number=asset.version_number,
        slide=match.slide,
    )
