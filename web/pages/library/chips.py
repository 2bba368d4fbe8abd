"""The filters that hold, each as a chip that takes it away."""

from typing import Any, NamedTuple

from flask_babel import gettext, ngettext

from lectern.search.titles import Titles
from web.pages.library.labels import KINDS, STATES, USAGES
from web.pages.library.query import Asked
from web.pages.library.ranges import RANGES


class Chip(NamedTuple):
    """One filter in words, and the address without it; `typed` is an operator of the box."""

    title: str
    value: str
    address: dict[str, Any]
    typed: bool = False


def of(asked: Asked, titles: Titles) -> list[Chip]:
    """In the order of the controls; the operators in the box come last."""
    return [*_choices(asked, titles), *_tags(asked), *_ranges(asked), *_typed(asked)]


def _choices(asked: Asked, titles: Titles) -> list[Chip]:
    query = asked.query
    words = {
        "kind": (gettext("Kind"), KINDS.get(query.kind)),
        "folder": (gettext("Folder"), titles.folder),
        "course": (gettext("Course"), titles.course),
        "usage": (gettext("Use"), USAGES.get(query.usage)),
        "state": (gettext("State"), STATES.get(query.state)),
        "owner": (gettext("Owner"), titles.owner),
    }
    chips = [
        Chip(title, str(value), asked.without(**{name: None if name == "owner" else ""}))
        for name, (title, value) in words.items()
        if value
    ]
    if query.duplicates:
        chips.append(Chip("", gettext("Duplicates"), asked.without(duplicates=False)))
    return chips


def _tags(asked: Asked) -> list[Chip]:
    query = asked.query
    chips = []
    for tag in query.tag:
        rest = tuple(each for each in query.tag if each != tag)
        chips.append(Chip(gettext("Tag"), tag, asked.without(tag=rest)))
    for tag in query.any_tag:
        rest = tuple(each for each in query.any_tag if each != tag)
        title = ngettext("Tag", "Any tag of", len(query.any_tag))
        chips.append(Chip(title, tag, asked.without(any_tag=rest)))
    for name, title in (("said", gettext("Said")), ("shown", gettext("Shown"))):
        for word in getattr(query, name):
            rest = tuple(each for each in getattr(query, name) if each != word)
            chips.append(Chip(title, word, asked.without(**{name: rest})))
    return chips


def _ranges(asked: Asked) -> list[Chip]:
    return [
        Chip(
            str(each.title),
            each.words(asked.query),
            asked.without(**{each.low: None, each.high: None}),
        )
        for each in RANGES
        if each.chosen(asked.query)
    ]


def _typed(asked: Asked) -> list[Chip]:
    parts = dict.fromkeys(asked.parsed.parts)
    return [Chip("", part.text, asked.without_part(part), typed=True) for part in parts]
