"""How many requests a page takes, cold and with what a browser keeps from the last visit."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.flows.api import Api
from tests.flows.conftest import Served, _made, clear_selection, sign_in

COLD, WARM = 40, 5
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def pictures(api: Api, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Some files whose cards have pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(6):
        source = f"color=c=0x{number * 40:02x}8060:s=640x360"
        made = _made(folder, f"{number}.png", "-f", "lavfi", "-i", source, "-frames:v", "1")
        api.add(made, tags="counted")


@pytest.fixture(params=[WIDE, PHONE], ids=["wide", "phone"])
def fresh(
    request: pytest.FixtureRequest, browser: Browser, served: Served
) -> Iterator[BrowserContext]:
    """A browser that is signed in, has kept nothing of any page and has nothing selected."""
    signed_in = browser.new_context()
    page = signed_in.new_page()
    sign_in(page, served.base)
    page.goto(f"{served.base}/library")
    clear_selection(page)
    context = browser.new_context(viewport=request.param, storage_state=signed_in.storage_state())
    signed_in.close()
    yield context
    context.close()


def requests(context: BrowserContext, address: str) -> list[str]:
    """Addresses that the browser asked the server for, whether it answered with bytes or with 304.

    Chromium tells of the headers of an answer only where it came by the network.
    """
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    addresses: dict[str, str] = {}
    answered: list[str] = []
    devtools.on(
        "Network.requestWillBeSent",
        lambda event: addresses.update({event["requestId"]: event["request"]["url"]}),
    )
    devtools.on(
        "Network.responseReceivedExtraInfo", lambda event: answered.append(event["requestId"])
    )
    # The live channel begins with asking for the cards again, which is counted too.
    with page.expect_websocket():
        page.goto(address)
    page.wait_for_load_state("networkidle")
    page.close()
    return [addresses[each] for each in answered if each in addresses]


@pytest.mark.usefixtures("pictures")
def test_the_library_is_there_after_few_requests(fresh: BrowserContext, served: Served) -> None:
    # As many pictures whatever other journeys have added.
    address = f"{served.base}/library?tag=counted"
    cold = requests(fresh, address)
    assert any("poster.jpg" in each for each in cold)
    assert any("/groups/site.js" in each for each in cold)
    assert len(cold) <= COLD, cold
    warm = requests(fresh, address)
    assert warm.count(address) == 1
    assert not any("/static/" in each for each in warm), warm
    assert len(warm) <= WARM, warm
