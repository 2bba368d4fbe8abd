"""The live hub in the real web process: who hears what, how often, and when it ends."""

import asyncio
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from jobs import broker, live
from lectern.people import sign_ins
from tests.web.site import Site, living
from tests.web.sockets import Refused, WebSocket
from web.live import BUDGET, MOST_WAITING, Socket


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with living(tmp_path_factory.mktemp("site") / "data") as site:
        yield site


def test_a_change_reaches_every_page_of_the_workspace_and_no_other(site: Site) -> None:
    owner, secret = site.person()
    _, stranger = site.person()
    asset = site.asset(owner)
    with site.open(secret) as one, site.open(secret) as two, site.open(stranger) as foreign:
        live.publish(owner.workspace_id, live.CHANGED, asset.id)
        for each in (one, two):
            html = str(each.receive())
            assert f'id="asset-{asset.id}"' in html
            assert "hx-swap-oob" in html
        assert foreign.silent_for(0.5)


def test_news_of_a_foreign_asset_shows_nothing_of_it(site: Site) -> None:
    owner, _ = site.person()
    stranger, secret = site.person()
    asset = site.asset(owner)
    with site.open(secret) as foreign:
        live.publish(stranger.workspace_id, live.CHANGED, asset.id)
        assert asset.name not in str(foreign.receive())


def test_many_changes_are_told_at_most_four_times_a_second(site: Site) -> None:
    owner, secret = site.person()
    asset = site.asset(owner)
    with site.open(secret) as page:
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            live.publish(owner.workspace_id, live.CHANGED, asset.id)
            time.sleep(0.005)
        told = 0
        while not page.silent_for(0.6):
            told += 1
        assert 2 <= told <= 7


def test_each_page_gets_the_card_in_its_own_language(site: Site) -> None:
    owner, secret = site.person()
    asset = site.asset(owner)
    cookie, origin = f"lectern={secret}", f"http://127.0.0.1:{site.port}"
    headers = {"Cookie": cookie, "Origin": origin}
    with (
        WebSocket(site.port, **headers, **{"Accept-Language": "de"}) as german,
        WebSocket(site.port, **headers, **{"Accept-Language": "en"}) as english,
    ):
        for page in (german, english):
            page.receive_json()
        live.publish(owner.workspace_id, live.CHANGED, asset.id)
        cards = [str(page.receive()) for page in (german, english)]
    assert "Not used yet" in cards[1]
    assert "Not used yet" not in cards[0]


def test_the_last_of_many_changes_is_shown(site: Site) -> None:
    owner, secret = site.person()
    asset = site.asset(owner)
    with site.open(secret) as page:
        for number in range(10):
            asset.name, asset.lock_version = f"Take {number}", asset.lock_version + 1
            site.session.commit()
            live.publish(owner.workspace_id, live.CHANGED, asset.id)
        html = ""
        while "Take 9" not in html:
            html = str(page.receive())


def test_a_new_asset_and_an_upload_are_announced_by_id(site: Site) -> None:
    owner, secret = site.person()
    asset_id, upload_id = uuid.uuid4(), uuid.uuid4()
    with site.open(secret) as page:
        live.publish(owner.workspace_id, live.ADDED, asset_id)
        assert page.receive_json() == {"event": "asset-added", "asset": str(asset_id)}
        live.publish(owner.workspace_id, live.UPLOAD, upload_id)
        assert page.receive_json() == {"event": "upload", "upload": str(upload_id)}


def test_a_step_that_came_further_is_told_without_a_card(site: Site) -> None:
    owner, secret = site.person()
    asset = site.asset(owner)
    with site.open(secret) as page:
        live.publish(owner.workspace_id, live.PROGRESS, asset.id)
        assert page.receive_json() == {"event": "progress", "asset": str(asset.id)}
        assert page.silent_for(0.5)


def test_without_a_session_the_page_is_told_so(site: Site) -> None:
    origin = f"http://127.0.0.1:{site.port}"
    for cookie in ("lectern=wrong", "another=1"):
        with WebSocket(site.port, Cookie=cookie, Origin=origin) as page:
            assert page.receive() == 4401


def test_another_site_cannot_open_a_socket(site: Site) -> None:
    _, secret = site.person()
    for headers in ({"Origin": "https://evil.example"}, {}):
        with pytest.raises(Refused, match="403"):
            WebSocket(site.port, Cookie=f"lectern={secret}", **headers)
    with pytest.raises(Refused):
        WebSocket(site.port, path="/elsewhere", Origin=f"http://127.0.0.1:{site.port}")


def test_signing_out_ends_the_sockets_of_that_session(site: Site) -> None:
    owner, secret = site.person()
    other = sign_ins.open_for(site.session, owner).secret
    site.session.commit()
    with site.open(secret) as leaving, site.open(other) as staying:
        sign_ins.end(site.session, secret)
        site.session.commit()
        live.publish(owner.workspace_id, live.SIGNED_OUT)
        assert leaving.receive() == 4401
        assert staying.silent_for(0.5)


def test_while_redis_is_away_pages_are_told_to_look_and_then_hear_news_again(site: Site) -> None:
    owner, secret = site.person()
    asset = site.asset(owner)
    with site.open(secret) as page:
        assert site.hosted.redis is not None
        assert site.hosted.redis.process is not None
        site.hosted.redis.process.kill()
        site.hosted.redis.process.wait(10)
        live.publish(owner.workspace_id, live.CHANGED, asset.id)
        assert page.receive_json() == {"event": "refresh"}
        while not site.hosted.tend():
            time.sleep(0.05)
        text: str | int = ""
        while f'id="asset-{asset.id}"' not in str(text):
            live.publish(owner.workspace_id, live.CHANGED, asset.id)
            text = page.receive()


def test_broken_news_is_ignored(site: Site) -> None:
    owner, secret = site.person()
    asset = site.asset(owner)
    with site.open(secret) as page:
        for text in ("", "[]", "{", '{"asset": "1"}', '{"asset": 7}'):
            broker.connection().publish(broker.channel(owner.workspace_id), text)
        live.publish(owner.workspace_id, live.CHANGED, asset.id)
        assert str(asset.id) in str(page.receive())


def test_a_page_that_shows_no_life_is_not_sent_more_than_the_budget() -> None:
    sent: list[str] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["text"])

    async def play() -> None:
        socket = Socket(uuid.uuid4(), "secret", "en")
        running = asyncio.ensure_future(socket.run(send))
        for number in range(50):
            socket.offer(str(number % 90), "x" * 10_000)
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        assert sum(map(len, sent)) <= BUDGET + 10_000
        socket.heard()
        await asyncio.sleep(0.5)
        assert sum(map(len, sent)) > 400_000
        socket.end(1001)
        assert await running == 1001

    asyncio.run(play())


def test_more_waiting_cards_than_fit_become_one_refresh() -> None:
    sent: list[str] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["text"])

    async def play() -> None:
        socket = Socket(uuid.uuid4(), "secret", "en")
        for number in range(MOST_WAITING):
            socket.offer(str(number), "card")
        running = asyncio.ensure_future(socket.run(send))
        await asyncio.sleep(0.05)
        socket.end(1001)
        await running

    asyncio.run(play())
    assert json.loads(sent[0]) == {"event": "refresh"}
    assert len(sent) < 5
