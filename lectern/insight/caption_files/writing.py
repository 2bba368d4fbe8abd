"""Cues as WebVTT and SubRip; what somebody wrote never becomes markup; pure."""

from collections.abc import Callable, Sequence

from lectern.insight.caption_files import markup
from lectern.insight.caption_files.clock import clock
from lectern.insight.cues import Cue, spoken_by


def vtt(cues: Sequence[Cue]) -> str:
    """A whole WebVTT file, as the player reads it: speakers as voices, places as settings.

    Source: W3C WebVTT, https://www.w3.org/TR/webvtt1/.
    """
    return f"WEBVTT\n\n{_blocks(cues, '.', _vtt_text, numbered=False)}"


def srt(cues: Sequence[Cue]) -> str:
    """A whole SubRip file, with the line ends that programs for Windows expect.

    It has no voices, so a speaker's name stands before the text.
    """
    return _blocks(cues, ",", _srt_text, numbered=True).replace("\n", "\r\n")


def _blocks(
    cues: Sequence[Cue], point: str, text_of: Callable[[Cue], str], *, numbered: bool
) -> str:
    """The cues as both formats write them: number, times, text, an empty line."""
    written = []
    for number, cue in enumerate(cues, start=1):
        head = f"{number}\n" if numbered else ""
        settings = f" {cue.settings}" if cue.settings and not numbered else ""
        times = f"{clock(cue.start_s, point)} --> {clock(cue.end_s, point)}{settings}"
        written.append(f"{head}{times}\n{text_of(cue)}\n")
    return "\n".join(written)


def _vtt_text(cue: Cue) -> str:
    voice = f"<v {_escaped(cue.speaker)}>" if cue.speaker else ""
    return f"{voice}{_escaped(cue.text)}"


def _srt_text(cue: Cue) -> str:
    place = markup.PLACES.get(cue.settings)
    text = markup.safe(spoken_by(cue.speaker, cue.text))
    return f"{{\\an{place}}}{text}" if place else text


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
