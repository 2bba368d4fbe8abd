"""A file in the trash on its page: who, when, why, until when; and deleting it for good."""

import pytest
from sqlalchemy.orm import Session

from lectern.library import trash
from lectern.models import Asset, Role, User
from lectern.people import passwords
from lectern.people.principal import Principal
from tests.factories import make_asset, make_colleague
from tests.web.conftest import SignIn

FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}
PASSWORD = "correct horse battery staple"


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    editor = make_colleague(session, owner, Role.EDITOR)
    made = make_asset(session, owner, name="Old take")
    trash.trash(session, editor, made, days=30, reason="blurred")
    session.get_one(User, owner.user_id).password_hash = passwords.hashed(PASSWORD)
    session.commit()
    return made


def test_the_page_says_who_when_why_and_until_when(
    session: Session, owner: Principal, asset: Asset, sign_in: SignIn
) -> None:
    assert asset.trashed_by is not None
    page = sign_in(owner).get(f"/assets/{asset.id}").get_data(as_text=True)
    notice = page.partition("asset__notice")[2].partition("</section>")[0]
    assert session.get_one(User, asset.trashed_by).name in notice
    assert "blurred" in notice
    for moment in (asset.trashed_at, asset.purge_after):
        assert moment is not None
        assert moment.strftime("%Y-%m-%d %H:%M") in notice


def test_it_goes_for_good_with_the_right_password_only(
    session: Session, owner: Principal, asset: Asset, sign_in: SignIn
) -> None:
    browser, path, asset_id = sign_in(owner), f"/trash/{asset.id}/purge", asset.id
    asked = browser.get(path, headers=FRAGMENT).get_data(as_text=True)
    assert "Old take" in asked
    assert 'type="password"' in asked
    for wrong in ("", "something else"):
        reply = browser.post(path, data={"password": wrong}, headers=FRAGMENT)
        assert reply.status_code == 422
        assert "Incorrect password." in reply.get_data(as_text=True)
    assert session.get(Asset, (owner.workspace_id, asset_id)) is not None
    reply = browser.post(path, data={"password": PASSWORD}, headers=FRAGMENT)
    assert reply.headers["HX-Redirect"] == "/library?trashed=1"
    session.expire_all()
    assert session.get(Asset, (owner.workspace_id, asset_id)) is None
    assert browser.get(f"/assets/{asset_id}").status_code == 404


def test_wrong_passwords_are_counted(owner: Principal, asset: Asset, sign_in: SignIn) -> None:
    browser, path = sign_in(owner), f"/trash/{asset.id}/purge"
    replies = [browser.post(path, data={"password": "x"}).status_code for _ in range(8)]
    assert replies[0] == 422
    assert replies[-1] == 429
    assert browser.post(path, data={"password": PASSWORD}).status_code == 429


def test_only_what_is_in_the_trash_and_only_by_an_owner(
    session: Session, owner: Principal, asset: Asset, sign_in: SignIn
) -> None:
    kept = make_asset(session, owner)
    session.commit()
    assert sign_in(owner).get(f"/trash/{kept.id}/purge").status_code == 404
    editor = sign_in(make_colleague(session, owner, Role.EDITOR))
    assert editor.get(f"/trash/{asset.id}/purge").status_code == 403
    assert "Delete permanently" not in editor.get(f"/assets/{asset.id}").get_data(as_text=True)
