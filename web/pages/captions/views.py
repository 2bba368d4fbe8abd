"""The captions of one file: listed, uploaded, checked, deleted, made again, put right."""

import uuid
from functools import partial

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lectern.errors import Invalid, NotFound
from lectern.insight import captions, languages, subtitles, transcription
from lectern.insight.caption_files.reading import Reading
from lectern.insight.editing import decisions, sessions, tracks
from lectern.library import assets
from lectern.models import Version
from lectern.people.rights import Action, require
from web import changes, dialogs
from web.auth import allow
from web.extensions import db
from web.forms import Form
from web.pages.assets.page import AssetPage
from web.pages.captions.panel import CaptionPanel, Row, language_name
from web.pages.versions.diffs import diff

bp = Blueprint("captions", __name__, url_prefix="/assets/<uuid:asset_id>/captions")
EVENT = "asset-changed"


@bp.get("/new")
@allow(Action.EDIT)
def ask_upload(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Which file, in which language."""
    panel = _panel(asset_id, Action.EDIT)
    return dialogs.ask("captions/_upload.html", form=Form(), panel=panel)


@bp.post("")
@allow(Action.EDIT)
def upload(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Keep a caption file, mended where it is broken; refused by its line where that fails."""
    session, panel, form = db.session(), _panel(asset_id, Action.EDIT), Form(request.form)
    sent = request.files.get("file")

    def keep() -> Reading:
        if sent is None or not sent.filename:
            raise Invalid("Choose a file.", {"file": gettext("Choose a file.")})
        reading, version = subtitles.read(sent.read()), _version(panel)
        named = form["lang"] or languages.UNKNOWN
        given = (g.principal, panel.asset, version, named, reading.cues)
        tracks.save(session, *given, origin="upload")
        return reading

    reading = form.attempt(keep)
    if reading is None:
        panel = _panel(asset_id)
        return dialogs.go_on("captions/_upload.html", status=422, form=form, panel=panel)
    return _done(panel, _summary(reading, form["lang"]))


@bp.post("/<string:lang>/review")
@allow(Action.EDIT)
def review(asset_id: uuid.UUID, lang: str) -> ResponseReturnValue:
    """Say that they are checked, or that they need another look."""
    session, panel = db.session(), _panel(asset_id, Action.EDIT)
    reviewed = request.form.get("state", "reviewed") == "reviewed"
    given = (g.principal, panel.asset, _version(panel), _row(panel, lang).captions.language)
    tracks.review(session, *given, reviewed=reviewed)
    toast = gettext("Marked as reviewed.") if reviewed else gettext("Marked for review.")
    return _changed(panel, toast)


@bp.post("/<string:lang>/deletion")
@allow(Action.EDIT)
def delete(asset_id: uuid.UUID, lang: str) -> ResponseReturnValue:
    """Take captions away, with a way back."""
    panel = _panel(asset_id, Action.EDIT)
    row = _row(panel, lang)
    tracks.delete(db.session(), g.principal, panel.asset, _version(panel), lang)
    undo = url_for(".restore", asset_id=asset_id, lang=row.captions.language)
    return _changed(panel, gettext("%(name)s captions deleted.", name=row.name), undo=undo)


@bp.post("/<string:lang>/restoration")
@allow(Action.EDIT)
def restore(asset_id: uuid.UUID, lang: str) -> ResponseReturnValue:
    """Bring deleted captions back."""
    panel = _panel(asset_id, Action.EDIT)
    if _row_or_none(panel, lang) is None:
        tracks.restore(db.session(), g.principal, panel.asset, _version(panel), _tag(lang))
    changes.commit(asset_id)
    toast = gettext("Undone.")
    return changes.reply(_place(asset_id), toast=toast, event=f"asset-{asset_id}")


@bp.post("/<string:lang>/shift")
@allow(Action.EDIT)
def shift(asset_id: uuid.UUID, lang: str) -> ResponseReturnValue:
    """Take the hours of an editing timeline from the times, with a way back."""
    panel = _panel(asset_id, Action.EDIT)
    language = _row(panel, lang).captions.language
    given = (g.principal, panel.asset, _version(panel), language)
    before = sessions.shift(db.session(), *given).before
    undo = url_for(".unshift", asset_id=asset_id, lang=language, number=before.number)
    return _changed(panel, gettext("Shifted to the beginning of the recording."), undo=undo)


@bp.post("/<string:lang>/shift/<int:number>")
@allow(Action.EDIT)
def unshift(asset_id: uuid.UUID, lang: str, number: int) -> ResponseReturnValue:
    """Bring back the times as they were at a step of the history."""
    panel = _panel(asset_id, Action.EDIT)
    given = (g.principal, panel.asset, _version(panel), _row(panel, lang).captions.language)
    sessions.go_back(db.session(), *given, number)
    changes.commit(asset_id)
    event = f"asset-{asset_id}"
    return changes.reply(_place(asset_id), toast=gettext("Undone."), event=event)


@bp.get("/again")
@allow(Action.EDIT)
def ask_again(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Which language to listen for."""
    panel = _panel(asset_id, Action.EDIT)
    return dialogs.ask("captions/_again.html", form=Form(), panel=panel)


@bp.post("/again")
@allow(Action.EDIT)
def again(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Have the machine listen once more."""
    session, panel, form = db.session(), _panel(asset_id, Action.EDIT), Form(request.form)
    # A button that only tries again changes no language.
    named = form["lang"] if "lang" in request.form else panel.asset.language
    work = transcription.again
    if form.attempt(lambda: work(session, g.principal, panel.asset, named)) is None:
        panel = _panel(asset_id)
        return dialogs.go_on("captions/_again.html", status=409, form=form, panel=panel)
    return _done(panel, gettext("Captions are being generated."))


@bp.get("/<string:lang>/glossary")
@allow(Action.EDIT)
def ask_glossary(asset_id: uuid.UUID, lang: str) -> ResponseReturnValue:
    """What the glossary would change, word by word."""
    panel = _panel(asset_id, Action.EDIT)
    row = _row(panel, lang)
    return dialogs.ask("captions/_glossary.html", form=Form(), panel=panel, row=row, diff=diff)


@bp.post("/<string:lang>/glossary")
@allow(Action.EDIT)
def apply_glossary(asset_id: uuid.UUID, lang: str) -> ResponseReturnValue:
    """Make the corrections that were chosen, unless the captions have changed since."""
    session, panel, form = db.session(), _panel(asset_id, Action.EDIT), Form(request.form)
    row = _row(panel, lang)
    chosen = set(request.form.getlist("cue"))
    wanted = [each for each in row.corrections if str(each.index) in chosen]
    given = (g.principal, panel.asset, _version(panel), row.captions.language, wanted)
    apply = partial(decisions.apply, session, *given, seen=form["seen"])
    if form.attempt(apply) is None:
        panel = _panel(asset_id)
        now = {"panel": panel, "row": _row(panel, lang), "diff": diff}
        return dialogs.go_on("captions/_glossary.html", status=409, form=form, **now)
    return _done(panel, gettext("Corrected. Please review the captions."))


def _panel(asset_id: uuid.UUID, action: Action = Action.SEE) -> CaptionPanel:
    asset = assets.get(db.session(), g.principal, asset_id)
    require(g.principal, action, asset)
    return AssetPage(db.session(), g.principal, asset).captions


def _version(panel: CaptionPanel) -> Version:
    if panel.version is None:
        raise NotFound(captions.NONE)
    return panel.version


def _row(panel: CaptionPanel, lang: str) -> Row:
    found = _row_or_none(panel, lang)
    if found is None:
        raise NotFound(captions.NONE)
    return found


def _row_or_none(panel: CaptionPanel, lang: str) -> Row | None:
    return panel.row(_tag(lang))


def _tag(lang: str) -> str:
    try:
        return languages.tag(lang)
    except Invalid as error:
        raise NotFound(captions.NONE) from error


def _summary(reading: Reading, lang: str) -> str:
    name = language_name(languages.tag_or_unknown(lang))
    saved = gettext("%(name)s captions saved: %(n)s cues.", name=name, n=len(reading.cues))
    return " ".join([saved, *reading.remarks[:3]])


def _done(panel: CaptionPanel, toast: str) -> ResponseReturnValue:
    """After a dialog."""
    changes.commit(panel.asset.id, wake=True)
    return dialogs.done(_place(panel.asset.id), event=EVENT, toast=toast)


def _changed(panel: CaptionPanel, toast: str, undo: str | None = None) -> ResponseReturnValue:
    """After a button of the panel, which is shown as it is now."""
    changes.commit(panel.asset.id)
    page = AssetPage(db.session(), g.principal, panel.asset)
    return changes.reply(
        _place(panel.asset.id),
        lambda: render_template("captions/_panel.html", page=page),
        toast=toast,
        undo=undo,
    )


def _place(asset_id: uuid.UUID) -> str:
    return url_for("assets.show", asset_id=asset_id, _anchor="captions")
