"""Searching over the API: operators among the words, and what is wrong with a query, by field."""

import pytest
from sqlalchemy.orm import Session

from lectern.models import Asset
from lectern.taxonomy import folders, tags
from tests.factories import make_asset, make_blob, make_colleague
from tests.web.answers import assert_problem, items
from tests.web.conftest import Caller

ASSETS = "/api/v1/assets"
GB = 10**9


@pytest.fixture
def shelf(session: Session, api: Caller) -> dict[str, Asset]:
    """Four files that each operator tells apart."""
    colleague = make_colleague(session, api.who)
    long = make_blob(session, api.who.workspace_id, byte_size=2 * GB)
    shelf = {
        "lecture": make_asset(
            session, api.who, blob=long, name="Cell division: lecture", duration_s=5400.0
        ),
        "drawing": make_asset(session, api.who, name="Cell drawing", kind="image", usage_count=3),
        "sound": make_asset(session, colleague, name="Cell song", kind="audio", duration_s=90.0),
        "other": make_asset(session, api.who, name="kind:video explained", state="failed"),
    }
    tags.put(session, shelf["lecture"], ["exam prep", "biology"])
    tags.put(session, shelf["sound"], ["biology"])
    folder = folders.ensure(session, api.who, "Biology/Week 1")
    assert folder is not None
    shelf["drawing"].folder_id = folder.id
    session.commit()
    return shelf


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("kind:video", "lecture other"),
        ("cell kind:video", "lecture"),
        ('"kind:video"', "other"),
        ('"cell div"', "lecture"),
        ('tag:"exam prep"', "lecture"),
        ("tag:biology >1gb", "lecture"),
        ("<=2 GB >=2gb", "lecture"),
        ("used:yes", "drawing"),
        ("is:failed", "other"),
        ('folder:"Biology/Week 1"', "drawing"),
        ("folder:Biology", "drawing"),
        ("longer:1h", "lecture"),
        ("duration:90s..1:31", "sound"),
        ("owner:me cell", "lecture drawing"),
        ("date:1999", ""),
        ("after:1999 sort:name cell", "lecture drawing sound"),
        ("cell kind:", "lecture drawing sound"),
    ],
)
def test_operators_filter_beside_words(
    api: Caller, shelf: dict[str, Asset], q: str, found: str
) -> None:
    listed = items(api.get(ASSETS, query_string={"q": q}))
    assert {each["id"] for each in listed} == {str(shelf[name].id) for name in found.split()}


def test_what_is_typed_wins_over_its_parameter_and_tags_add_up(
    api: Caller, shelf: dict[str, Asset]
) -> None:
    wanted = [str(shelf["lecture"].id)]
    asked = {"q": "kind:video", "kind": "audio", "tag": "biology"}
    assert [each["id"] for each in items(api.get(ASSETS, query_string=asked))] == wanted
    asked = {"q": 'tag:"exam prep"', "tag": "biology", "total": "1"}
    reply = api.get(ASSETS, query_string=asked)
    assert [each["id"] for each in items(reply)] == wanted
    assert reply.json is not None
    assert reply.json["total"] == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("q", "colour:red"),
        ("q", "kind:film"),
        ("q", ">10x"),
        ("q", "date:2026-13"),
        ("q", "owner:nobody-of-that-name"),
        ("q", "x" * 501),
        ("q", " ".join(map(str, range(51)))),
        ("q", "a\x00b"),
        ("sort", "colour"),
        ("kind", "film"),
        ("owner", "me"),
        ("min_size", "9" * 1000),
        ("max_duration", "inf"),
        ("created_after", "yesterday"),
    ],
)
def test_what_no_search_understands_is_a_422_of_its_field(
    api: Caller, field: str, value: str
) -> None:
    reply = api.get(ASSETS, query_string={field: value})
    assert_problem(reply, 422)
    assert reply.json is not None
    assert reply.json["errors"].keys() == {field}


def test_10000_characters_get_an_answer(api: Caller) -> None:
    reply = api.get(ASSETS, query_string={"q": "x" * 10_000})
    assert reply.status_code in {414, 422}
    assert_problem(reply, reply.status_code)
