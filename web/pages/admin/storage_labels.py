"""Words for what is stored."""

from datetime import date

from flask_babel import gettext

from lectern.pipeline.registry import rendition_labels


def rendition_words() -> dict[str, str]:
    """What kinds of renditions are called, by the first part of their spec."""
    return {word: gettext(label) for word, label in rendition_labels().items()}


def month_of(name: str) -> date:
    """The first day of a month such as `2026-12`."""
    return date.fromisoformat(f"{name}-01")
