"""WebVTT, as the player reads it. Source: W3C WebVTT, https://www.w3.org/TR/webvtt1/."""

from collections.abc import Sequence

from lectern.insight.cues import Cue
from lectern.insight.subtitles import blocks

MIME = "text/vtt"


def write(cues: Sequence[Cue]) -> str:
    """The whole file. Text is escaped, so nothing that somebody wrote becomes markup."""
    return f"WEBVTT\n\n{blocks(cues, '.', _escaped, numbered=False)}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
