"""Two people editing one asset: nothing is overwritten that somebody has not seen."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from lectern.errors import Stale
from lectern.library import assets, concurrent_edits, fields
from lectern.library.concurrent_edits import Overtaken
from lectern.models import Asset
from lectern.people.principal import Principal
from tests.factories import make_asset, make_colleague


@pytest.mark.parametrize(
    ("field", "seen", "theirs", "mine"),
    [
        ("name", "Clip", "Mitosis", "Cells"),
        ("description", "", "One\nTwo", "Three"),
        ("tags", [], ["cells"], ["plants"]),
        ("folder", "", "Biology", "Chemistry"),
        ("language", None, "en", "de"),
        ("licence", None, "CC0", "CC BY 4.0"),
        ("access", "course", "public", "unlisted"),
    ],
)
def test_of_two_changes_of_one_field_the_second_is_told_what_it_is_now_and_by_whom(
    session: Session, owner: Principal, field: str, seen: Any, theirs: Any, mine: Any
) -> None:
    asset, colleague = make_asset(session, owner, name="Clip"), make_colleague(session, owner)
    assets.edit(session, colleague, asset, {field: theirs}, seen={field: seen})
    with pytest.raises(Overtaken) as told:
        assets.edit(session, owner, asset, {field: mine}, seen={field: seen})
    (clash,) = told.value.clashes
    assert (clash.field, clash.now, clash.by) == (field, theirs, colleague.name)
    assert clash.at is not None
    assert colleague.name in str(told.value)
    assert isinstance(told.value, Stale)
    assert fields.read(session, asset, field) == theirs
    assets.edit(session, owner, asset, {field: mine}, seen={field: theirs})
    assert fields.read(session, asset, field) == mine


def test_changes_of_different_fields_are_both_kept(session: Session, owner: Principal) -> None:
    asset, colleague = make_asset(session, owner, name="Clip"), make_colleague(session, owner)
    assets.edit(session, colleague, asset, {"tags": ["cells"]}, seen={"tags": []})
    both = {"name": "Mitosis", "tags": []}
    assets.edit(session, owner, asset, both, seen={"name": "Clip", "tags": []})
    assert asset.name == "Mitosis"
    assert [tag.name for tag in asset.tags] == ["cells"]


def test_a_folder_renamed_meanwhile_is_the_folder_it_was(
    session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner)
    assets.edit(session, owner, asset, {"folder": "Biology"})
    assert asset.folder is not None
    asset.folder.name = "Life"
    session.flush()
    seen = {"folder": {"id": str(asset.folder_id), "path": "Biology"}}
    assets.edit(session, owner, asset, {"folder": "Chemistry"}, seen=seen)
    assert fields.read(session, asset, "folder") == "Chemistry"


def test_custom_values_meet_key_by_key(session: Session, owner: Principal) -> None:
    asset, colleague = make_asset(session, owner), make_colleague(session, owner)
    assets.edit(session, colleague, asset, {"custom": {"term": "spring"}}, seen={"custom": {}})
    assets.edit(session, owner, asset, {"custom": {"year": 9}}, seen={"custom": {}})
    assert asset.custom == {"term": "spring", "year": 9}
    with pytest.raises(Overtaken) as told:
        assets.edit(session, owner, asset, {"custom": {"term": "autumn"}}, seen={"custom": {}})
    (clash,) = told.value.clashes
    assert (clash.field, clash.now, clash.by) == ("custom.term", "spring", colleague.name)
    seen = {"custom": {"term": "spring"}}
    assets.edit(session, owner, asset, {"custom": {"term": None}}, seen=seen)
    assert asset.custom == {"year": 9}


VALUES = st.sampled_from([None, 1, True, "a", "b", ["a"]])
OBJECTS = st.dictionaries(st.sampled_from("xyz"), VALUES.filter(lambda value: value is not None))


@given(seen=OBJECTS, theirs=OBJECTS, mine=OBJECTS)
def test_laying_a_change_over_another_loses_neither(
    seen: dict[str, Any], theirs: dict[str, Any], mine: dict[str, Any]
) -> None:
    clashes: list[str] = []
    laid = concurrent_edits._custom(theirs, mine, seen, clashes)
    for key in "xyz":
        was, became, wanted = seen.get(key), theirs.get(key), mine.get(key)
        changed = [not fields.same("", was, value) for value in (became, wanted)]
        clash = all(changed) and not fields.same("", became, wanted)
        assert (f"custom.{key}" in clashes) == clash
        if not clash:
            expected = wanted if changed[1] else became
            assert fields.same("", laid.get(key), expected)


def test_what_both_want_is_no_clash(session: Session, owner: Principal) -> None:
    asset, colleague = make_asset(session, owner), make_colleague(session, owner)
    for who in (colleague, owner):
        assets.edit(session, who, asset, {"language": "en"}, seen={"language": None})
    assert asset.language == "en"


def test_line_ends_of_a_browser_are_no_change(session: Session, owner: Principal) -> None:
    asset: Asset = make_asset(session, owner, description="One\nTwo")
    seen = {"description": "One\r\nTwo"}
    assets.edit(session, owner, asset, {"description": "Three"}, seen=seen)
    assert asset.description == "Three"
