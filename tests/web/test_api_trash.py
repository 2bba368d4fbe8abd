"""Deleting for good by the API."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.models import Role
from tests.factories import make_asset, make_colleague, make_course, make_principal
from tests.web.conftest import Caller
from tests.web.test_api_docs import check

TRASH, ASSETS = "/api/v1/trash", "/api/v1/assets"


def test_what_is_purged_is_gone_from_everywhere(session: Session, api: Caller) -> None:
    asset = make_asset(session, api.who)
    session.commit()
    assert api.delete(f"{ASSETS}/{asset.id}").status_code == 204
    reply = api.delete(f"{TRASH}/{asset.id}")
    assert reply.status_code == 204
    check(reply, "DELETE", "/trash/{id}")
    for path in ("", "/versions", "/history", "/usages", "/renditions"):
        assert api.get(f"{ASSETS}/{asset.id}{path}").status_code == 404
    assert api.get(f"/m/{asset.id}").status_code == 404
    assert api.post(f"{ASSETS}/{asset.id}/restore").status_code == 404
    listed = api.get(f"{ASSETS}?trashed=1").json
    assert listed is not None
    assert listed["items"] == []
    again = api.delete(f"{TRASH}/{asset.id}")
    assert again.status_code == 404
    check(again, "DELETE", "/trash/{id}")


def test_only_what_lies_in_the_trash(session: Session, api: Caller) -> None:
    asset, course = make_asset(session, api.who), make_course(session, api.who)
    usages.put(session, api.who, Place(course.ref), [UsageSpec(asset.id)])
    session.commit()
    assert api.delete(f"{TRASH}/{asset.id}").status_code == 404
    assert api.delete(f"{TRASH}/{uuid.uuid4()}").status_code == 404
    assert api.get(f"{ASSETS}/{asset.id}").status_code == 200


@pytest.mark.parametrize(
    ("role", "scope", "status"),
    [
        (Role.OWNER, "read", 403),
        (Role.OWNER, "trash", 403),
        (Role.EDITOR, "write", 403),
        (Role.VIEWER, "write", 403),
        (Role.OWNER, "write", 204),
    ],
)
def test_only_an_owner_with_the_whole_scope(
    session: Session,
    api: Caller,
    with_token: Callable[..., Caller],
    role: Role,
    scope: str,
    status: int,
) -> None:
    asset = make_asset(session, api.who)
    session.commit()
    api.delete(f"{ASSETS}/{asset.id}")
    caller = with_token(make_colleague(session, api.who, role), scope)
    assert caller.delete(f"{TRASH}/{asset.id}").status_code == status
    stranger = with_token(make_principal(session))
    assert stranger.delete(f"{TRASH}/{asset.id}").status_code == 404
