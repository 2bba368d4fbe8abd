"""From a lecture to the second in it: upload, wait, search what is said or shown, play there."""

import json
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.flows.api import Api
from tests.flows.conftest import OWNER, PASSWORD, Served, sign_in, watch

NEAR_S = 2.0
PATIENCE_S = 300


@pytest.fixture
def truth(whole_lecture: Path) -> dict[str, Any]:
    """What is said and shown when."""
    model = whole_lecture.parents[1] / "models" / "whisper-nano-en"
    if not whole_lecture.with_suffix(".json").is_file() or not model.is_dir():
        pytest.skip("The lectures and the small model of the test assets are not here.")
    known: dict[str, Any] = json.loads(whole_lecture.with_suffix(".json").read_text())
    return {**known, "model": model}


@pytest.fixture
def hearing(new_served: Served, truth: dict[str, Any]) -> Api:
    """A Lectern with a model of its own, which the other journeys do without."""
    models = new_served.data / "models"
    models.mkdir(exist_ok=True)
    (models / "small").symlink_to(truth["model"])
    as_owner = ("user", "add", OWNER, "--role", "owner", "--password-stdin")
    new_served.command(*as_owner, stdin=PASSWORD)
    scopes = ("--scope", "read", "--scope", "write")
    said = new_served.command("token", "create", "--user", OWNER, *scopes)
    return Api(new_served.base, said.split()[-1])


def place(page: Page, beyond: float) -> float:
    """The second at which the player is, once that is beyond where it was."""
    at = "document.querySelector('lectern-player video')?.currentTime"
    page.wait_for_function(f"() => {at} > {beyond}")
    return float(page.evaluate(at))


def once_said(truth: dict[str, Any]) -> list[tuple[str, float]]:
    """The longer words that one sentence alone has, and when it begins."""
    told = [(re.findall("[a-z]{7,}", s["text"].lower()), s["start"]) for s in truth["sentences"]]
    counts = Counter(word for words, _ in told for word in set(words))
    return [(word, start) for words, start in told for word in words if counts[word] == 1]


def test_a_search_leads_to_the_second(
    browser: Browser, new_served: Served, hearing: Api, truth: dict[str, Any], whole_lecture: Path
) -> None:
    base = new_served.base
    asset = hearing.add(whole_lecture)

    def places(words: str) -> int:
        reply = hearing.call("GET", f"/assets/{asset['id']}/matches?q={words}")
        return int(reply.json["total"])

    deadline = time.monotonic() + PATIENCE_S
    while not (places("shown:useState") and places("said:hook")):
        assert time.monotonic() < deadline
        time.sleep(1)
    heard = (each for each in once_said(truth) if places(each[0]) == 1)
    word, said_s = next(each for each in heard if each[1] > 10)
    topic = truth["topics"][2]

    page = browser.new_context().new_page()
    wrong = watch(page, base)
    sign_in(page, base)
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("searchbox", name="Search the library").fill(word)
    matches = page.get_by_role("region", name=re.compile("Spoken and on-screen text"))
    found = matches.get_by_role("link", name=re.compile("Play from"))
    expect(found).to_have_count(1)
    expect(matches.locator("mark").first).to_have_text(re.compile(word, re.IGNORECASE))
    assert Axe().run(page).violations_count == 0
    found.click()
    page.wait_for_url(re.compile(r"/watch/.*\?t=\d+"))
    assert place(page, 1) == pytest.approx(said_s, abs=NEAR_S)

    page.goto(f"{base}/library?shown=useEffect")
    slide = matches.get_by_role("link", name=re.compile("On a slide"))
    expect(slide).to_have_count(1)
    assert slide.locator("img").evaluate("i => i.decode().then(() => i.naturalWidth)") > 100
    slide.click()
    assert place(page, 1) == pytest.approx(topic["start"], abs=NEAR_S)

    page.goto(f"{base}/assets/{asset['id']}")
    inside = page.get_by_role("region", name="Spoken and on-screen text")
    inside.get_by_role("searchbox").fill(word)
    inside.get_by_role("link", name=re.compile("Spoken")).click()
    assert place(page, 1) == pytest.approx(said_s, abs=NEAR_S)
    strip = inside.get_by_role("list", name=re.compile("slides")).get_by_role("link")
    expect(strip).to_have_count(len(truth["topics"]))
    strip.nth(4).press("Enter")
    assert place(page, 100) == pytest.approx(truth["topics"][4]["start"], abs=NEAR_S)
    assert Axe().run(page).violations_count == 0
    assert wrong == []
