"""Custom fields: defined by type, kept to by every change, outlived by their values."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from lectern.errors import Conflict, Forbidden, Invalid, NotFound
from lectern.library import assets
from lectern.models import CustomField, Role
from lectern.people import audit_reading
from lectern.people.principal import Principal
from lectern.taxonomy import custom_fields
from tests.factories import make_asset, make_colleague

GIVEN = {"label": "School term", "type": "text"}


def make(session: Session, owner: Principal, kind: str, *options: str, **more: Any) -> CustomField:
    given = {"label": kind.title(), "type": kind, "options": options, **more}
    return custom_fields.create(session, owner, given)


def test_a_field_has_a_key_from_its_label_and_comes_last(
    session: Session, owner: Principal
) -> None:
    first = custom_fields.create(session, owner, GIVEN)
    second = make(session, owner, "choice", "A", " A ", "B", key="grade", help="Which one?")
    assert (first.key, second.key) == ("school_term", "grade")
    assert second.options == ["A", "B"]
    assert custom_fields.list_of(session, owner) == [first, second]
    (line,) = audit_reading.history(session, owner, second.id)
    assert line.action == "field.create"


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({**GIVEN, "label": " "}, "label"),
        ({**GIVEN, "label": "x" * 81}, "label"),
        ({**GIVEN, "key": "School Term"}, "key"),
        ({**GIVEN, "key": "1st"}, "key"),
        ({**GIVEN, "type": "colour"}, "type"),
        ({"label": "No type"}, "type"),
        ({**GIVEN, "type": "choice"}, "options"),
        ({**GIVEN, "type": "choice", "options": ["x" * 81]}, "options"),
    ],
)
def test_what_is_no_field_is_refused_with_what_is_wrong(
    session: Session, owner: Principal, given: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        custom_fields.create(session, owner, given)
    assert refusal.value.fields.keys() == {wrong}
    assert custom_fields.list_of(session, owner) == []


def test_a_key_is_used_once_in_a_workspace_and_again_in_another(
    session: Session, owner: Principal, stranger: Principal
) -> None:
    field = custom_fields.create(session, owner, GIVEN)
    with pytest.raises(Conflict):
        custom_fields.create(session, owner, {**GIVEN, "type": "number"})
    custom_fields.create(session, stranger, GIVEN)
    with pytest.raises(NotFound):
        custom_fields.get(session, stranger, field.id)


@pytest.mark.parametrize("role", [Role.EDITOR, Role.CONTRIBUTOR, Role.VIEWER])
def test_only_an_owner_defines_fields_and_everyone_sees_them(
    session: Session, owner: Principal, role: Role
) -> None:
    field = custom_fields.create(session, owner, GIVEN)
    colleague = make_colleague(session, owner, role)
    assert custom_fields.list_of(session, colleague) == [field]
    with pytest.raises(Forbidden):
        custom_fields.create(session, colleague, {**GIVEN, "key": "other"})
    with pytest.raises(Forbidden):
        custom_fields.get(session, colleague, field.id)


@pytest.mark.parametrize(
    ("kind", "sent", "kept"),
    [
        ("text", "  Two\twords ", "Two words"),
        ("number", 3, 3),
        ("number", 2.5, 2.5),
        ("date", "2026-09-01", "2026-09-01"),
        ("yes-no", False, False),
        ("choice", "B", "B"),
        ("link", "https://example.org/a?b=c", "https://example.org/a?b=c"),
    ],
)
def test_a_value_that_fits_is_kept(
    session: Session, owner: Principal, kind: str, sent: Any, kept: Any
) -> None:
    field = make(session, owner, kind, "A", "B")
    asset = make_asset(session, owner)
    assets.edit(session, owner, asset, {"custom": {field.key: sent, "free": [1, {"x": None}]}})
    assert asset.custom == {field.key: kept, "free": [1, {"x": None}]}
    assets.edit(session, owner, asset, {"custom": {field.key: None}})
    assert asset.custom == {}


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("text", 5),
        ("text", "x" * 2_001),
        ("text", ["x"]),
        ("number", "5"),
        ("number", True),
        ("number", 1e16),
        ("date", "1 September"),
        ("date", "2026-02-30"),
        ("date", 20260901),
        ("yes-no", "yes"),
        ("yes-no", 1),
        ("choice", "C"),
        ("link", "javascript:alert(1)"),
        ("link", "https://"),
        ("link", "https://[x"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_key(
    session: Session, owner: Principal, kind: str, sent: Any
) -> None:
    field = make(session, owner, kind, "A", "B")
    asset = make_asset(session, owner, custom={"free": 1})
    with pytest.raises(Invalid) as refusal:
        assets.edit(session, owner, asset, {"custom": {"free": 2, field.key: sent}})
    assert refusal.value.fields.keys() == {f"custom.{field.key}"}
    assert asset.custom == {"free": 1}


def test_what_a_file_held_before_the_definition_bars_no_other_change(
    session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner, custom={"number": "many"})
    make(session, owner, "number")
    assets.edit(session, owner, asset, {"custom": {"number": "many", "term": "spring"}})
    assert asset.custom == {"number": "many", "term": "spring"}
    with pytest.raises(Invalid):
        assets.edit(session, owner, asset, {"custom": {"number": "few"}})


def test_values_outlive_their_definition_and_its_options(
    session: Session, owner: Principal
) -> None:
    field = make(session, owner, "choice", "A", "B")
    asset = make_asset(session, owner)
    assets.edit(session, owner, asset, {"custom": {"choice": "A"}})
    custom_fields.change(session, owner, field, {"label": "Grade", "options": ["B", "C"]})
    assert (field.key, field.label, field.options) == ("choice", "Grade", ["B", "C"])
    custom_fields.delete(session, owner, field)
    assert custom_fields.list_of(session, owner) == []
    assert asset.custom == {"choice": "A"}
    assets.edit(session, owner, asset, {"custom": {"choice": 7}})
    assert asset.custom == {"choice": 7}


def test_fields_change_their_order(session: Session, owner: Principal) -> None:
    made = [make(session, owner, "text", key=key) for key in ("a", "b", "c")]
    custom_fields.move(session, owner, made[2], -1)
    custom_fields.move(session, owner, made[0], -1)
    assert [field.key for field in custom_fields.list_of(session, owner)] == ["a", "c", "b"]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", " x ", "x"),
        ("text", "  ", None),
        ("number", "12", 12),
        ("number", "2,5", 2.5),
        ("number", "twelve", "twelve"),
        ("number", "nan", "nan"),
        ("number", "1e999", "1e999"),
        ("yes-no", "yes", True),
        ("yes-no", "no", False),
        ("yes-no", "", None),
        ("date", "2026-09-01", "2026-09-01"),
    ],
)
def test_what_is_typed_becomes_json(
    session: Session, owner: Principal, kind: str, text: str, value: Any
) -> None:
    assert custom_fields.typed(make(session, owner, kind, "A"), text) == value
