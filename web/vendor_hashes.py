"""The inline styles of vendored elements that the content security policy lets pass, by hash."""

import json
from functools import lru_cache
from pathlib import Path

HASHES = Path(__file__).with_name("vendor_hashes.json")


@lru_cache(maxsize=1)
def style_hashes() -> list[str]:
    """Sources for `style-src`: media-chrome's shadow styles, collected by running it.

    `tests/web/collect_style_hashes.py` writes the list; a test tells when a new version needs it.
    """
    found = json.loads(HASHES.read_text())
    return [f"'{each}'" for each in found["hashes"]]
