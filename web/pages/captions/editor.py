"""The caption editor: captions in one language, changed cue by cue beside what is heard."""

import uuid

from flask import Blueprint, Response, g, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from lectern.errors import Invalid, Stale
from lectern.insight.editing import operations, sessions, tracks
from lectern.insight.editing.operations import Replace, Shift
from lectern.insight.editing.sessions import Changed
from lectern.library import assets
from lectern.people.rights import Action, require
from web import changes, dialogs, htmx
from web.api.requests import parsing
from web.auth import allow
from web.extensions import db
from web.forms import Form
from web.pages.captions import editor_page
from web.pages.captions.editor_page import EditorPage

bp = Blueprint(
    "caption_editor", __name__, url_prefix="/assets/<uuid:asset_id>/captions/<string:lang>/edit"
)
EVENT = "captions-changed"
# So many places a search shows; the others are counted.
MOST_SHOWN = 8


@bp.get("")
@allow(Action.EDIT)
def show(asset_id: uuid.UUID, lang: str) -> ResponseReturnValue:
    """The editor."""
    return render_template("captions/edit/show.html", page=_page(asset_id, lang))


@bp.get("/cues")
@allow(Action.EDIT)
def cues(asset_id: uuid.UUID, lang: str) -> ResponseReturnValue:
    """All rows as they are now, unless `?seen=` names just these."""
    page = _page(asset_id, lang)
    if request.args.get("seen") == page.captions.tag:
        return Response(status=204)
    return jsonify(_whole(page))


@bp.get("/words")
@allow(Action.EDIT)
def words(asset_id: uuid.UUID, lang: str) -> ResponseReturnValue:
    """When each word was heard, and how surely."""
    page = _page(asset_id, lang)
    return jsonify({"words": page.words})


@bp.patch("")
@allow(Action.EDIT)
def change(asset_id: uuid.UUID, lang: str) -> ResponseReturnValue:
    """Make changes; the answer has what differs from what the editor knew before them."""
    session, page = db.session(), _page(asset_id, lang)
    args = (g.principal, page.asset, page.version, page.captions.language)
    try:
        sent = editor_page.changes(parsing.json_object())
        changed = sessions.change(session, *args, sent)
    except Stale as error:
        session.rollback()
        return {**_whole(_page(asset_id, lang)), "problem": str(error)}, 412
    except Invalid as error:
        session.rollback()
        return {"problem": str(error), "errors": error.fields}, 422
    changes.commit(page.asset.id)
    if request.headers.get("If-Match", "").strip('"') != changed.before.tag:
        return jsonify(_whole(_page(asset_id, lang)))
    return jsonify(_part(page, changed))


@bp.get("/state")
@allow(Action.EDIT)
def state(asset_id: uuid.UUID, lang: str) -> ResponseReturnValue:
    """Who has checked them, and the button to say so."""
    return htmx.fragment(render_template("captions/edit/_state.html", page=_page(asset_id, lang)))


@bp.post("/state")
@allow(Action.EDIT)
def review(asset_id: uuid.UUID, lang: str) -> ResponseReturnValue:
    """Say that they are checked as they were seen, or that they need another look."""
    page, form = _page(asset_id, lang), Form(request.form)
    args = (g.principal, page.asset, page.version, page.captions.language)
    reviewed, seen = form["state"] == "reviewed", form["seen"] or None
    work = tracks.review
    done = form.attempt(lambda: work(db.session(), *args, reviewed=reviewed, seen=seen))
    if done is not None:
        changes.commit(page.asset.id)
    html = render_template("captions/edit/_state.html", page=_page(asset_id, lang))
    toast = gettext("Someone else changed these captions. Check them again.") if form.errors else ""
    return htmx.fragment(html, status=409 if form.errors else 200, toast=toast)


@bp.get("/find")
@allow(Action.EDIT)
def ask_find(asset_id: uuid.UUID, lang: str) -> ResponseReturnValue:
    """What to search for, and what it would find."""
    return _find(_page(asset_id, lang), Form(request.args))


@bp.post("/find")
@allow(Action.EDIT)
def find(asset_id: uuid.UUID, lang: str) -> ResponseReturnValue:
    """Replace everywhere."""
    page, form = _page(asset_id, lang), Form(request.form)
    wanted = _replace(form)
    counts = form.attempt(lambda: wanted.matches(page.captions.cues))
    done = counts and form.attempt(lambda: _changed(page, wanted))
    if not done:
        return _find(_page(asset_id, lang), form, status=422)
    count = sum(count for _, count in counts or [])
    toast = ngettext("%(num)d match replaced.", "%(num)d matches replaced.", count)
    return _done(page, toast, done)


@bp.get("/shift")
@allow(Action.EDIT)
def ask_shift(asset_id: uuid.UUID, lang: str) -> ResponseReturnValue:
    """From which cue on, and by how much."""
    form = Form(request.args)
    return dialogs.ask("captions/edit/_shift.html", form=form, page=_page(asset_id, lang))


@bp.post("/shift")
@allow(Action.EDIT)
def shift(asset_id: uuid.UUID, lang: str) -> ResponseReturnValue:
    """Move a cue, or it and all that follow."""
    page, form = _page(asset_id, lang), Form(request.form)
    done = form.attempt(lambda: _changed(page, _shift(page, form)))
    if done is None:
        now = _page(asset_id, lang)
        return dialogs.go_on("captions/edit/_shift.html", status=422, form=form, page=now)
    return _done(page, gettext("Shifted."), done)


@bp.get("/history")
@allow(Action.EDIT)
def history(asset_id: uuid.UUID, lang: str) -> ResponseReturnValue:
    """Every step with who made it, newest first."""
    page = _page(asset_id, lang)
    return dialogs.ask("captions/edit/_history.html", form=Form(), page=page)


@bp.post("/history/<int:number>")
@allow(Action.EDIT)
def go_back(asset_id: uuid.UUID, lang: str, number: int) -> ResponseReturnValue:
    """Bring back the cues of a step."""
    page = _page(asset_id, lang)
    args = (g.principal, page.asset, page.version, page.captions.language, number)
    done = sessions.go_back(db.session(), *args)
    return _done(page, gettext("Restored."), done)


def _page(asset_id: uuid.UUID, lang: str) -> EditorPage:
    asset = assets.get(db.session(), g.principal, asset_id)
    require(g.principal, Action.EDIT, asset)
    return EditorPage(db.session(), g.principal, asset, lang)


def _whole(page: EditorPage) -> dict[str, object]:
    """Everything, for an editor that does not know what it was before; `who` changed it last."""
    rows = render_template("captions/edit/_cues.html", lines=page.lines, spoken=page.spoken)
    editor = page.captions.editor
    who = editor.name if editor is not None and editor.id != g.principal.user_id else None
    return {"tag": page.captions.tag, "rows": rows, "who": who}


def _part(page: EditorPage, changed: Changed) -> dict[str, object]:
    """The one stretch that differs, with what it was: sent back, that undoes it."""
    before, after = changed.before.cues, changed.after.cues
    first, gone, come = operations.difference(before, after)
    new = after[first : first + come]
    lines = page.lines_of(new)
    return {
        "tag": changed.after.tag,
        "first": first,
        "gone": gone,
        "rows": render_template("captions/edit/_cues.html", lines=lines, spoken=page.spoken),
        "before": [cue.to_json() for cue in before[first : first + gone]],
        "after": [cue.to_json() for cue in new],
    }


def _find(page: EditorPage, form: Form, status: int = 200) -> ResponseReturnValue:
    wanted, matches = _replace(form), []
    if form["find"]:
        matches = form.attempt(lambda: wanted.matches(page.captions.cues)) or []
    shown = page.lines_of([page.captions.cues[index] for index, _ in matches[:MOST_SHOWN]])
    total = sum(count for _, count in matches)
    values = {"form": form, "page": page, "shown": shown, "total": total, "cues": len(matches)}
    if request.args.get("preview"):
        return htmx.fragment(render_template("captions/edit/_found.html", **values))
    way = dialogs.ask if request.method == "GET" else dialogs.go_on
    return way("captions/edit/_find.html", status=status, **values)


def _replace(form: Form) -> Replace:
    return Replace(form["find"], form["by"], bool(form["case"]), bool(form["words"]))


def _shift(page: EditorPage, form: Form) -> Shift:
    try:
        by_s, from_s = int(form["ms"]) / 1000, float(form["from"] or 0)
    except ValueError as error:
        problem = gettext("Enter a whole number of milliseconds, such as -250.")
        raise Invalid(problem, {"ms": problem}) from error
    cue = next((row for row in page.captions.cues if row.start_s >= from_s - 0.0005), None)
    if cue is None:
        problem = gettext("No cue begins at or after this time.")
        raise Invalid(problem, {"from": problem})
    return Shift(cue, by_s, following=form["which"] != "one")


def _changed(page: EditorPage, wanted: Replace | Shift) -> Changed:
    args = (g.principal, page.asset, page.version, page.captions.language, [wanted])
    return sessions.change(db.session(), *args, autosave=False)


def _done(page: EditorPage, toast: str, done: Changed) -> ResponseReturnValue:
    """After a dialog, with the way back."""
    changes.commit(page.asset.id)
    number, lang = done.before.number or 1, page.captions.language
    undo = url_for(".go_back", asset_id=page.asset.id, lang=lang, number=number)
    return changes.reply(page.address, event=EVENT, toast=toast, undo=undo)
