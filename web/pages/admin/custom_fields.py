"""The workspace's own fields: what its files are described by, kept by an owner."""

import uuid
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lectern.models import CustomField, FieldType
from lectern.people.rights import Action
from lectern.taxonomy import custom_fields
from web.auth import allow
from web.extensions import db
from web.forms import Form

bp = Blueprint("custom_fields", __name__, url_prefix="/fields")


@bp.get("")
@allow(Action.MANAGE_FIELDS)
def index() -> ResponseReturnValue:
    """All fields, and the form of a new one."""
    return _index(Form())


@bp.post("")
@allow(Action.MANAGE_FIELDS)
def create() -> ResponseReturnValue:
    """Make a field, the last in the order."""
    form, session = Form(request.form), db.session()
    if form.attempt(lambda: custom_fields.create(session, g.principal, _given(form))) is None:
        return _index(form)
    session.commit()
    return redirect(url_for(".index"), code=303)


@bp.get("/<uuid:field_id>/edit")
@allow(Action.MANAGE_FIELDS)
def edit(field_id: uuid.UUID) -> ResponseReturnValue:
    """The form of one field."""
    return _edit(_field(field_id), Form())


@bp.post("/<uuid:field_id>")
@allow(Action.MANAGE_FIELDS)
def change(field_id: uuid.UUID) -> ResponseReturnValue:
    """Give a field another name, help or options."""
    form, session, field = Form(request.form), db.session(), _field(field_id)
    given = _given(form)
    if form.attempt(lambda: custom_fields.change(session, g.principal, field, given)) is None:
        return _edit(_field(field_id), form)
    session.commit()
    return redirect(url_for(".index"), code=303)


@bp.post("/<uuid:field_id>/moves")
@allow(Action.MANAGE_FIELDS)
def move(field_id: uuid.UUID) -> ResponseReturnValue:
    """Swap a field with the one before or after it."""
    session = db.session()
    by = -1 if request.form.get("way") == "up" else 1
    custom_fields.move(session, g.principal, _field(field_id), by)
    session.commit()
    return redirect(url_for(".index", _anchor=f"definition-{field_id}"), code=303)


@bp.post("/<uuid:field_id>/removal")
@allow(Action.MANAGE_FIELDS)
def delete(field_id: uuid.UUID) -> ResponseReturnValue:
    """Forget a field; files keep their values."""
    session = db.session()
    custom_fields.delete(session, g.principal, _field(field_id))
    session.commit()
    return redirect(url_for(".index"), code=303)


def _field(field_id: uuid.UUID) -> CustomField:
    return custom_fields.get(db.session(), g.principal, field_id)


def _given(form: Form) -> dict[str, Any]:
    options = form["options"].splitlines()
    named = {name: form[name] for name in ("label", "key", "type", "help")}
    return {**named, "options": options}


def _index(form: Form) -> ResponseReturnValue:
    found = custom_fields.list_of(db.session(), g.principal)
    page = render_template("fields/index.html", form=form, fields=found, types=_types())
    return page, 422 if form.errors else 200


def _edit(field: CustomField, form: Form) -> ResponseReturnValue:
    page = render_template("fields/edit.html", form=form, field=field, types=_types())
    return page, 422 if form.errors else 200


def _types() -> dict[str, str]:
    """The types in words."""
    return {
        FieldType.TEXT: gettext("Text"),
        FieldType.NUMBER: gettext("Number"),
        FieldType.DATE: gettext("Date"),
        FieldType.YES_NO: gettext("Yes or no"),
        FieldType.CHOICE: gettext("Choice"),
        FieldType.LINK: gettext("Link"),
    }
