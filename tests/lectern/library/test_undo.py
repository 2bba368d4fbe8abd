"""One change taken back, as a change of its own."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from lectern.errors import Forbidden, Invalid, NotFound, Stale
from lectern.library import assets, fields, trash, undo
from lectern.models import Asset, Role
from lectern.people import audit, audit_reading
from lectern.people.audit import Line
from lectern.people.principal import Principal
from tests.factories import make_asset, make_colleague


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    return make_asset(session, owner, name="Clip", custom={"kept": 1})


def newest(session: Session, owner: Principal, asset: Asset) -> Line:
    return audit_reading.history(session, owner, asset.id, limit=1)[0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Mitosis"),
        ("tags", ["Cells", "exam"]),
        ("description", "How cells divide."),
        ("folder", "Biology/Week 1"),
        ("language", "en"),
        ("licence", "CC0"),
        ("access", "public"),
        ("custom", {"kept": 2, "new": True}),
    ],
)
def test_a_change_is_taken_back_and_its_undoing_as_well(
    session: Session, owner: Principal, asset: Asset, field: str, value: Any
) -> None:
    before = fields.read(session, asset, field)
    assets.edit(session, owner, asset, {field: value})
    after = fields.read(session, asset, field)
    changed = newest(session, owner, asset)
    assert undo.possible(changed)
    undo.undo(session, owner, asset, changed.seq)
    assert fields.read(session, asset, field) == before
    undone = newest(session, owner, asset)
    assert (undone.action, undone.details["undoes"]) == (f"asset.{field}", changed.seq)
    undo.undo(session, owner, asset, changed.seq)
    assert newest(session, owner, asset).seq == undone.seq
    undo.undo(session, owner, asset, undone.seq)
    assert fields.read(session, asset, field) == after


def test_what_has_been_changed_again_stays(
    session: Session, owner: Principal, asset: Asset
) -> None:
    assets.edit(session, owner, asset, {"name": "First"})
    seq = newest(session, owner, asset).seq
    assets.edit(session, owner, asset, {"name": "Second"})
    with pytest.raises(Stale):
        undo.undo(session, owner, asset, seq)
    assert asset.name == "Second"


def test_a_custom_value_changed_again_stays_and_others_are_no_hindrance(
    session: Session, owner: Principal, asset: Asset
) -> None:
    assets.edit(session, owner, asset, {"custom": {"kept": 1, "term": "spring"}})
    seq = newest(session, owner, asset).seq
    assets.edit(session, owner, asset, {"custom": {"kept": 5, "term": "spring"}})
    undo.undo(session, owner, asset, seq)
    assert asset.custom == {"kept": 5}
    assets.edit(session, owner, asset, {"custom": {"kept": 5, "term": "summer"}})
    with pytest.raises(Stale):
        undo.undo(session, owner, asset, seq)


def test_a_move_to_the_trash_is_taken_back(
    session: Session, owner: Principal, asset: Asset
) -> None:
    trash.trash(session, owner, asset, days=30)
    undo.undo(session, owner, asset, newest(session, owner, asset).seq)
    assert asset.live
    restored = newest(session, owner, asset)
    assert restored.action == "asset.restore"
    assert not undo.possible(restored)


def test_what_is_no_change_cannot_be_undone(
    session: Session, owner: Principal, asset: Asset
) -> None:
    for action in ("asset.download", "asset.upload", "usage.add", "asset.name"):
        audit.record(session, owner, action, "asset", asset.id)
        with pytest.raises(Invalid):
            undo.undo(session, owner, asset, newest(session, owner, asset).seq)


def test_a_line_of_another_asset_or_workspace_is_none_of_this_one(
    session: Session, owner: Principal, stranger: Principal, asset: Asset
) -> None:
    other = make_asset(session, owner)
    assets.edit(session, owner, other, {"name": "Other"})
    foreign = make_asset(session, stranger)
    assets.edit(session, stranger, foreign, {"name": "Foreign"})
    for seq in (newest(session, owner, other).seq, 10**15):
        with pytest.raises(NotFound):
            undo.undo(session, owner, asset, seq)
    assert (other.name, foreign.name) == ("Other", "Foreign")


def test_undoing_needs_the_right_to_edit(session: Session, owner: Principal, asset: Asset) -> None:
    assets.edit(session, owner, asset, {"name": "Mitosis"})
    seq = newest(session, owner, asset).seq
    with pytest.raises(Forbidden):
        undo.undo(session, make_colleague(session, owner, Role.CONTRIBUTOR), asset, seq)
    assert asset.name == "Mitosis"
