"""Words for what is stored."""

from datetime import date

from flask_babel import gettext


def rendition_words() -> dict[str, str]:
    """What kinds of renditions are called, by the first part of their spec."""
    return {
        "playable": gettext("Playable copies"),
        "poster": gettext("Posters"),
        "hls": gettext("Streams"),
        "mp4": gettext("Downloads for learners"),
        "storyboard": gettext("Storyboards"),
        "waveform": gettext("Waveforms"),
        "audio": gettext("Sound alone"),
        "image": gettext("Image sizes"),
        "captions": gettext("Captions"),
        "slides": gettext("Slides"),
    }


def month_of(name: str) -> date:
    """The first day of a month such as `2026-12`."""
    return date.fromisoformat(f"{name}-01")
