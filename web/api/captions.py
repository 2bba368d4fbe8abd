"""Captions and transcripts, read and written."""

import uuid

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from lectern.errors import Invalid, NotFound, Stale
from lectern.insight import captions, languages, subtitles
from lectern.insight.captions import Captions
from lectern.insight.cues import Cue, wrap
from lectern.insight.editing import sessions, tracks
from lectern.library import assets, versions
from lectern.models import Asset, Version
from lectern.people.rights import Action, require
from web import changes
from web.api.representations import moment
from web.api.requests import paging, parsing
from web.api.requests.fields import Fields
from web.auth import allow
from web.extensions import db
from web.pages.captions.downloads import reply

bp = Blueprint("captions", __name__, url_prefix="/api/v1/assets/<uuid:asset_id>")


@bp.get("/captions")
@allow(Action.SEE)
def index(asset_id: uuid.UUID) -> ResponseReturnValue:
    """The languages that there are captions in."""
    asset, version = _current(asset_id)
    found = captions.list_of(db.session(), version)
    return jsonify(paging.whole(found, lambda each: _line(each, asset)))


@bp.get("/captions.<any(vtt, srt):part>")
@allow(Action.SEE)
def show(asset_id: uuid.UUID, part: str) -> ResponseReturnValue:
    """The captions in `?lang=`, or in the language that suits the file best."""
    return _answer(asset_id, part)


@bp.get("/transcript.<any(json, txt, html):part>")
@allow(Action.SEE)
def show_transcript(asset_id: uuid.UUID, part: str) -> ResponseReturnValue:
    """What is said, in the same language as the captions."""
    return _answer(asset_id, part)


@bp.put("/captions.<any(vtt, srt):part>")
@allow(Action.EDIT)
def put(asset_id: uuid.UUID, part: str) -> ResponseReturnValue:
    """Keep the captions that were sent, as a person's; what is mended is told."""
    asset, version = _current(asset_id)
    require(g.principal, Action.EDIT, asset)
    reading = subtitles.read(request.get_data())
    return _keep(asset, version, reading.cues, part, reading.remarks)


@bp.post("/captions/shift")
@allow(Action.EDIT)
def shift(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Move all cues by `by` seconds; without it, by the hours that stand before the first one."""
    asset, version = _current(asset_id)
    require(g.principal, Action.EDIT, asset)
    by_s = Fields(parsing.json_object()).number_or_none("by")
    given = (g.principal, asset, version, _language(asset, version))
    changed = sessions.shift(db.session(), *given, by_s)
    changes.commit(asset.id)
    return jsonify(_line(changed.after, asset))


@bp.put("/transcript.json")
@allow(Action.EDIT)
def put_transcript(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Keep what is said, segment by segment, as a person's."""
    asset, version = _current(asset_id)
    require(g.principal, Action.EDIT, asset)
    body = parsing.json_object()
    if "segments" not in body:
        raise Invalid("Send segments: a list.", {"segments": "Send a list."})
    cues = [_cue(each) for each in Fields(body).objects("segments")]
    return _keep(asset, version, cues, "json", [])


def _current(asset_id: uuid.UUID) -> tuple[Asset, Version]:
    session = db.session()
    asset = assets.get(session, g.principal, asset_id)
    version = versions.get_current(session, asset)
    if version is None:
        raise NotFound(captions.NONE)
    return asset, version


def _answer(asset_id: uuid.UUID, form: str) -> Response:
    asset, version = _current(asset_id)
    found = captions.get(db.session(), asset, version, request.args.get("lang"))
    return reply(asset, found, form)


def _keep(
    asset: Asset, version: Version, cues: list[Cue], form: str, remarks: list[str]
) -> Response:
    session = db.session()
    language = _language(asset, version)
    before = captions.find(session, version, language)
    tag = before.tag if before else ""
    if request.if_match and not request.if_match.contains(f"{tag}-{form}"):
        raise Stale("Someone changed these captions after you read them. Read them again.")
    seen = tag if request.if_match and not request.if_match.star_tag else None
    tracks.save(session, g.principal, asset, version, language, cues, seen=seen)
    changes.commit(asset.id)
    now = captions.find(session, version, language)
    assert now is not None, "they were saved in this request"  # noqa: S101
    answer = jsonify(_line(now, asset) | {"remarks": remarks})
    answer.status_code = 200 if before else 201
    answer.set_etag(f"{now.tag}-{form}")
    return answer


def _language(asset: Asset, version: Version) -> str:
    """`?lang=`; without one, the language of the captions that are shown, or of the file."""
    named = request.args.get("lang")
    if named:
        return languages.tag(named)
    try:
        return captions.get(db.session(), asset, version, None).language
    except NotFound:
        return languages.tag_or_unknown(asset.language)


def _cue(segment: Fields) -> Cue:
    start, end = (segment.number_or_none(name) for name in ("start", "end"))
    text = " ".join(segment.text("text").split())
    return Cue(start or 0.0, end or 0.0, wrap(text) or text)


def _line(found: Captions, asset: Asset) -> dict[str, object]:
    return {
        "language": found.language,
        "label": found.label,
        "state": found.state,
        "origin": found.origin,
        "cues": len(found.cues),
        "offset": subtitles.hours_before(found.cues, asset.duration_s),
        "changed_at": moment(found.changed_at),
        "reviewed_at": moment(found.reviewed_at),
    }
