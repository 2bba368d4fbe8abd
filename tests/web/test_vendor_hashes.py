import json

from playwright.sync_api import sync_playwright

from tests.web import collect_style_hashes
from web.vendor_hashes import HASHES, style_hashes


def test_hashes_were_collected_from_the_vendored_version() -> None:
    assert json.loads(HASHES.read_text())["package"] == collect_style_hashes.package()


def test_policy_allows_exactly_the_styles_that_chromium_finds() -> None:
    with sync_playwright() as playwright:
        found = collect_style_hashes.collect(playwright)
    assert sorted(style_hashes()) == sorted(f"'{each}'" for each in found)
