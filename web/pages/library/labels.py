"""What filters and sorts are called, as `lectern.search.filters` declares, in any language."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from lectern.search.filter_kinds import Choice, Filter
from lectern.search.filters import BEST, SORTS


def label(text: str | None) -> str:
    """A declared text."""
    return str(gettext(text)) if text else ""


def value_label(one: Filter, value: Any, titles: Mapping[str, str]) -> str:
    """What a filter is set to: a word's label, or the title of what it names."""
    if isinstance(one, Choice):
        return label(one.choices.get(value))
    return titles.get(one.name) or str(value)


def sort_labels() -> dict[str, str]:
    """The orders to choose from, each in both directions, the more usual one first."""
    labels: dict[str, str] = {}
    for name, sort in SORTS.items():
        both = {name: label(sort.ascending)}
        if name != BEST:
            descending = {f"-{name}": label(sort.descending)}
            both = descending | both if sort.descending_first else both | descending
        labels |= both
    return labels
