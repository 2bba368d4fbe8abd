"""What the storage holds, by the API, and who may ask."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.library import trash
from lectern.models import Role
from lectern.renditions import renditions
from tests.factories import add_version, make_asset, make_blob, make_colleague, make_course
from tests.web.answers import assert_problem
from tests.web.conftest import Caller
from tests.web.test_api_docs import check

STORAGE = "/api/v1/storage"


def test_the_answer_has_what_the_contract_says_and_the_sums_fit(
    session: Session, api: Caller
) -> None:
    who = api.who
    shared = make_blob(session, who.workspace_id, byte_size=5000)
    one, other = (make_asset(session, who, blob=shared) for _ in range(2))
    add_version(session, one)
    for spec, size in (("playable", 300), ("poster.1", 20), ("poster", 20)):
        made = make_blob(session, who.workspace_id, byte_size=size)
        renditions.record(session, who.workspace_id, shared.id, spec, made, {})
    gone = make_asset(session, who, kind="audio")
    trash.trash(session, who, gone, days=30)
    course = make_course(session, who)
    usages.put(session, who, Place(course.ref, "c0", "l0"), [UsageSpec(one.id)])
    session.commit()
    reply = api.get(STORAGE)
    check(reply, "GET", "/storage")
    body = reply.json
    assert body is not None
    assert (body["logical"], body["physical"]) == (12_000, 7340)
    assert body["by_kind"] == {"video": 11_000, "audio": 1000, "image": 0, "document": 0}
    assert body["by_rendition"] == {"playable": 300, "poster": 40}
    assert (body["reclaimable"], body["trash"], body["trashed_files"]) == (1000, 1000, 1)
    expected = {"course": course.ref, "title": course.title, "id": str(course.id)}
    assert body["by_course"] == [{**expected, "files": 1, "bytes": 6000, "shared": 0}]
    assert sum(each["bytes"] for each in body["growth"]) == body["physical"]
    assert other.live


def test_owners_ask_with_any_token_that_reads_and_nobody_else(
    session: Session, api: Caller, with_token: Callable[..., Caller]
) -> None:
    session.commit()
    assert api.get(STORAGE).status_code == 200
    for role in (Role.EDITOR, Role.CONTRIBUTOR, Role.VIEWER):
        member = with_token(make_colleague(session, api.who, role))
        assert_problem(member.get(STORAGE), 404)
