"""SubRip, which editing programs exchange; it has no standard and no way to escape."""

import html
import re
from collections.abc import Sequence

from lectern.insight.cues import Cue
from lectern.insight.subtitles import blocks

MIME = "application/x-subrip"
# What players would take for markup; an ordinary "<" or "&" is left as people wrote it.
_MARKUP = re.compile(r"<(?=[/A-Za-z0-9])")


def write(cues: Sequence[Cue]) -> str:
    """The whole file, with the line ends that programs for Windows expect."""
    return blocks(cues, ",", _harmless, numbered=True).replace("\n", "\r\n")


def _harmless(text: str) -> str:
    # An "&" is escaped only where it would be read as an entity.
    whole = text if html.unescape(text) == text else text.replace("&", "&amp;")
    whole = _MARKUP.sub("&lt;", whole)
    return whole.replace("{\\", "{ \\").replace("-->", "→")
