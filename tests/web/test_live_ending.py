"""A process that ends tells every open page to look for the next one."""

import asyncio
import uuid
from typing import Any

from web.live import GOING_AWAY, Hub


class AdmittingAll:
    """Lets every page in."""

    def ours(self, scope: dict[str, Any]) -> bool:
        return True

    def admit(self, scope: dict[str, Any]) -> tuple[uuid.UUID, str, str]:
        return uuid.uuid4(), "secret", "en"

    def still(self, workspace_id: uuid.UUID, secret: str) -> bool:
        return True

    def card(self, workspace_id: uuid.UUID, asset_id: uuid.UUID, language: str) -> str:
        return ""


class Page:
    """A page that takes many turns of the loop to be sent anything."""

    def __init__(self) -> None:
        self.accepted = asyncio.Event()
        self.code: int | None = None
        self._asked = False

    async def receive(self) -> dict[str, Any]:
        if self._asked:
            await asyncio.Event().wait()
        self._asked = True
        return {"type": "websocket.connect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.accept":
            self.accepted.set()
        for _ in range(50):
            await asyncio.sleep(0)
        if message["type"] == "websocket.close":
            self.code = message["code"]


def test_stopping_waits_until_every_page_was_told() -> None:
    assert asyncio.run(codes_of(3)) == [GOING_AWAY] * 3


async def codes_of(count: int) -> list[int | None]:
    hub = Hub("redis://127.0.0.1:1", AdmittingAll())
    pages = [Page() for _ in range(count)]
    serving = [asyncio.ensure_future(hub({}, page.receive, page.send)) for page in pages]
    for page in pages:
        # Accepted, but not yet among the hub's sockets: the acceptance is still being sent.
        await page.accepted.wait()
    await hub.stop()
    codes = [page.code for page in pages]
    for connection in serving:
        connection.cancel()
    await asyncio.gather(*serving, return_exceptions=True)
    return codes
