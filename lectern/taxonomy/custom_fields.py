"""Custom fields: what a workspace writes down about its files, defined by its owner, by type.

Values are JSON in `Asset.custom`: a text; a number; a date as `YYYY-MM-DD`; true or false; one of
the options; an http or https address. A key without a definition may hold anything.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern import values
from lectern.database.scope import scoped
from lectern.errors import Conflict, Invalid, Message, NotFound
from lectern.models import CustomField, FieldType
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.text import clean_text

MOST_FIELDS = 50
MOST_OPTIONS = 200
LONGEST_LABEL = 80
LONGEST_VALUE = 2_000
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ASKS = {
    FieldType.TEXT: Message(
        "Send a text of at most %(longest_value)s characters.", longest_value=LONGEST_VALUE
    ),
    FieldType.NUMBER: Message("Send a number."),
    FieldType.DATE: Message("Send a date such as 2026-09-01."),
    FieldType.YES_NO: Message("Send yes or no: true or false."),
    FieldType.CHOICE: Message("Choose one of the options."),
    FieldType.LINK: Message("Send an address that begins with http:// or https://."),
}


def list_of(session: Session, principal: Principal) -> list[CustomField]:
    """The workspace's fields in the order they are shown."""
    require(principal, Action.SEE)
    return _all(session, principal.workspace_id)


def get(session: Session, principal: Principal, field_id: uuid.UUID) -> CustomField:
    """One field, for a change.

    Raises:
        NotFound: no such field in this workspace.
    """
    require(principal, Action.MANAGE_FIELDS)
    field = session.get(CustomField, (principal.workspace_id, field_id), with_for_update=True)
    if field is None:
        raise NotFound("Field not found.")
    return field


def create(session: Session, principal: Principal, sent: Mapping[str, Any]) -> CustomField:
    """A new field, last in the order, of `label`, `type`, `options`, `help` and perhaps `key`.

    Without a key it is made from the label; it never changes, because values are kept under it.

    Raises:
        Invalid: something given is unusable, or there are too many fields.
        Conflict: the key is taken.
    """
    require(principal, Action.MANAGE_FIELDS)
    # Serialised, so that two new fields get two keys and two positions.
    lock = func.hashtextextended(f"fields:{principal.workspace_id}", 0)
    session.execute(select(func.pg_advisory_xact_lock(lock)))
    known = _all(session, principal.workspace_id)
    if len(known) >= MOST_FIELDS:
        raise Invalid(
            "A library has at most %(most_fields)s fields of its own.", most_fields=MOST_FIELDS
        )
    texts = _texts(sent)
    key = _key(str(sent.get("key") or "") or _key_from(texts["label"]))
    if any(field.key == key for field in known):
        raise Conflict("There is a field with the key “%(key)s” already.", key=key)
    position = 1 + max((field.position for field in known), default=-1)
    kind = _type(sent.get("type"))
    field = CustomField(
        workspace_id=principal.workspace_id,
        key=key,
        type=kind,
        options=_options(kind, sent.get("options") or ()),
        position=position,
        **texts,
    )
    session.add(field)
    session.flush()
    details = {"key": key, "label": field.label, "type": field.type}
    audit.record(session, principal, "field.create", "field", field.id, details)
    return field


def change(
    session: Session, principal: Principal, field: CustomField, sent: Mapping[str, Any]
) -> CustomField:
    """Give a field another `label`, `help` or `options`; values that no longer fit stay.

    Raises:
        Invalid: something given is unusable.
    """
    require(principal, Action.MANAGE_FIELDS)
    wanted = {
        **_texts(sent),
        "options": _options(field.type, sent.get("options") or ()),
    }
    before = {name: getattr(field, name) for name in wanted}
    if before == wanted:
        return field
    for name, value in wanted.items():
        setattr(field, name, value)
    session.flush()
    details = {"key": field.key, "before": before, "after": wanted}
    audit.record(session, principal, "field.change", "field", field.id, details)
    return field


def move(session: Session, principal: Principal, field: CustomField, by: int) -> None:
    """Shift a field in the order; beyond an end nothing happens."""
    require(principal, Action.MANAGE_FIELDS)
    order = _all(session, principal.workspace_id)
    at = order.index(field)
    to = at + by
    if not 0 <= to < len(order):
        return
    order.insert(to, order.pop(at))
    for position, each in enumerate(order):
        each.position = position
    session.flush()
    details = {"key": field.key, "position": to}
    audit.record(session, principal, "field.move", "field", field.id, details)


def delete(session: Session, principal: Principal, field: CustomField) -> None:
    """Forget the definition. Files keep what they hold under its key, now untyped."""
    require(principal, Action.MANAGE_FIELDS)
    details = {"key": field.key, "label": field.label, "type": field.type}
    session.delete(field)
    session.flush()
    audit.record(session, principal, "field.delete", "field", field.id, details)


def fit(
    session: Session, workspace_id: uuid.UUID, before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    """`after` with the values of defined keys as they are kept; null and empty texts leave.

    A value that was there `before` stays, whatever has become of its definition.

    Raises:
        Invalid: a defined key holds what does not fit; `fields` names it `custom.KEY`.
    """
    types = {field.key: field for field in _all(session, workspace_id)}
    fitting: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for key, value in after.items():
        if key not in types or (key in before and _same(before[key], value)):
            fitting[key] = value
        elif value not in (None, ""):
            try:
                fitting[key] = value_of(types[key], value)
            except values.Unfit:
                wrong[f"custom.{key}"] = _ASKS[FieldType(types[key].type)]
    if wrong:
        labels = ", ".join(types[name.partition(".")[2]].label for name in wrong)
        raise Invalid(
            "Please look at %(labels)s: %(next)s",
            wrong,
            labels=labels,
            next=next(iter(wrong.values())),
        )
    return fitting


def value_of(field: CustomField, value: Any) -> Any:
    """A value as this field keeps it. Raises `values.Unfit` when it does not fit."""
    match field.type:
        case FieldType.NUMBER:
            return values.number()(value)
        case FieldType.YES_NO:
            return values.boolean(value)
    text = clean_text(values.text(LONGEST_VALUE)(value))
    match field.type:
        case FieldType.DATE:
            return values.day(text).isoformat()
        case FieldType.CHOICE:
            return values.choice(field.options)(text)
        case FieldType.LINK:
            return values.link(text)
    return text


def typed(field: CustomField, text: str) -> Any:
    """What somebody typed, as JSON has it; what does not fit stays text, for `fit` to refuse."""
    plain = text.strip()
    if field.type == FieldType.YES_NO:
        return {"yes": True, "no": False}.get(plain, plain or None)
    if field.type == FieldType.NUMBER and plain:
        return _number(plain)
    return plain or None


def _number(text: str) -> Any:
    number = values.readable(text, values.decimal(comma=True))
    if number is None:
        return text
    return int(number) if number.is_integer() else number


def _same(one: Any, other: Any) -> bool:
    # True is 1 in Python, and not in JSON.
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _all(session: Session, workspace_id: uuid.UUID) -> list[CustomField]:
    return list(
        session.scalars(
            scoped(CustomField, workspace_id).order_by(CustomField.position, CustomField.id)
        )
    )


def _texts(sent: Mapping[str, Any]) -> dict[str, str]:
    label = clean_text(str(sent.get("label") or ""))
    if not label or len(label) > LONGEST_LABEL:
        message = Message(
            "A field needs a name of 1 to %(longest_label)s characters.",
            longest_label=LONGEST_LABEL,
        )
        raise Invalid(message, {"label": message})
    return {"label": label, "help": clean_text(str(sent.get("help") or ""))[:LONGEST_VALUE]}


def _key(text: str) -> str:
    if not _KEY.fullmatch(text):
        message = Message("A key begins with a letter and has up to 40 of a–z, 0–9 and _.")
        raise Invalid(message, {"key": message})
    return text


def _key_from(label: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_")
    return plain[:40].strip("_") if plain[:1].isalpha() else f"field_{plain}"[:40].strip("_")


def _type(value: Any) -> FieldType:
    try:
        return FieldType(values.choice(FieldType)(value))
    except values.Unfit as error:
        message = Message("A field is %(wanted)s.", wanted=error.wanted)
        raise Invalid(message, {"type": message}) from error


def _options(kind: str, sent: Sequence[Any]) -> list[str]:
    if kind != FieldType.CHOICE:
        return []
    options = list(dict.fromkeys(text for text in (clean_text(str(each)) for each in sent) if text))
    if not 1 <= len(options) <= MOST_OPTIONS or any(len(text) > LONGEST_LABEL for text in options):
        message = Message(
            "A choice needs 1 to %(most_options)s options of at most %(longest_label)s characters.",
            most_options=MOST_OPTIONS,
            longest_label=LONGEST_LABEL,
        )
        raise Invalid(message, {"options": message})
    return options
