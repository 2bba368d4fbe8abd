"""The menus of filters: what each offers, what is chosen, and how many files a choice has."""

from collections.abc import Mapping
from typing import NamedTuple

from flask_babel import format_decimal, gettext

from lectern.search.facets import Facets
from lectern.search.filter_kinds import Choice, Flag, Limit, Named, Words
from lectern.search.filters import FILTERS
from web.pages.library.labels import label
from web.pages.library.query import Asked
from web.pages.library.ranges import OWN, RANGE_CONTROLS, RangeControl


class MenuChoice(NamedTuple):
    """One line of a menu. `files` is their number, ready to print, empty until it is known."""

    value: str
    label: str
    chosen: bool
    files: str = ""
    # Nothing would be found: shown, but quiet.
    empty: bool = False


class Menu(NamedTuple):
    """One filter: its fields' `name`, what it is called, and what it is set to in words.

    `several` may be chosen at once. `range` is there for limits with fields of their own.
    """

    name: str
    title: str
    shown: str
    choices: list[MenuChoice]
    several: bool = False
    range: RangeControl | None = None


class Toggle(NamedTuple):
    """A filter that is set or not."""

    name: str
    title: str
    is_set: bool


class WordField(NamedTuple):
    """A field for words that must be said, or shown."""

    name: str
    title: str
    placeholder: str
    value: str


def number(count: int, at_least: bool) -> str:
    """`9,000+` where counting stopped."""
    text: str = format_decimal(count)
    return str(gettext("%(number)s+", number=text)) if at_least else text


def of(asked: Asked, titles: Mapping[str, str], counted: Facets | None = None) -> list[Menu]:
    """All menus, in order; with `counted` their choices have numbers of files.

    Tags, courses and owners are known only then: before, a menu offers what is chosen.
    """
    menus = {}
    for one in FILTERS.values():
        if one.menu is None:
            continue
        if isinstance(one, Choice):
            menus[one.menu] = _of_words(one, asked, counted)
        elif isinstance(one, Named):
            menus[one.menu] = _of_named(one, asked, titles, counted)
    menus |= {control.range.menu: _of_range(control, asked) for control in RANGE_CONTROLS}
    return [menus[place] for place in sorted(menus)]


def toggles(asked: Asked) -> list[Toggle]:
    """The filters that are set or not."""
    return [
        Toggle(one.name, label(one.label), getattr(asked.query, one.name))
        for one in FILTERS.values()
        if isinstance(one, Flag) and one.menu is not None
    ]


def word_fields(asked: Asked) -> list[WordField]:
    """The filters by words that are said or shown, each with the first word."""
    return [
        WordField(
            one.name,
            label(one.label),
            label(one.placeholder),
            next(iter(getattr(asked.query, one.name)), ""),
        )
        for one in FILTERS.values()
        if isinstance(one, Words)
    ]


def search_tips() -> list[tuple[str, str]]:
    """What may be typed into the search box, and what it finds."""
    filters = (one for one in FILTERS.values() if not isinstance(one, Limit))
    tips = [(one.examples, one.tip) for one in filters]
    tips += [(control.range.examples, control.range.tip) for control in RANGE_CONTROLS]
    return [(examples[0], label(tip)) for examples, tip in tips if tip]


def _of_words(one: Choice, asked: Asked, counted: Facets | None) -> Menu:
    chosen = getattr(asked.query, one.name)
    counts = {choice.value: choice for choice in counted.choices[one.name]} if counted else {}
    choices = []
    for value, text in one.choices.items():
        count = counts.get(value)
        files = number(count.count, count.at_least) if count else ""
        empty = count is not None and not count.count
        choices.append(MenuChoice(value, label(text), value == chosen, files, empty))
    return Menu(one.name, label(one.label), label(one.choices.get(chosen)), choices)


def _of_named(one: Named, asked: Asked, titles: Mapping[str, str], counted: Facets | None) -> Menu:
    """What was counted; what is chosen stays, even if it is not among that."""
    if one.several:
        tags = asked.query.tag or asked.query.any_tag
        chosen, shown = {tag: tag for tag in tags}, _joined(tags)
    else:
        value, shown = getattr(asked.query, one.name), titles.get(one.name, "")
        chosen = {str(value): shown} if value else {}
    found = counted.choices[one.name] if counted else ()
    choices = [
        MenuChoice(
            choice.value,
            choice.label,
            choice.value in chosen,
            number(choice.count, choice.at_least),
        )
        for choice in found
    ]
    known = {choice.value for choice in found}
    missing = [value for value in chosen if value not in known]
    zero = number(0, False) if counted else ""
    choices = [MenuChoice(value, chosen[value], True, zero) for value in missing] + choices
    return Menu(one.name, label(one.plural or one.label), shown, choices, one.several)


def _joined(values: tuple[str, ...]) -> str:
    return ", ".join(values) if len(values) < 3 else str(gettext("%(n)s selected", n=len(values)))


def _of_range(control: RangeControl, asked: Asked) -> Menu:
    chosen = control.chosen(asked.query)
    presets = control.presets()
    choices = [MenuChoice(value, text, value == chosen) for value, text in presets.items()]
    choices.append(MenuChoice(OWN, gettext("Custom range"), chosen == OWN))
    shown = control.words(asked.query) if chosen else ""
    return Menu(control.name, control.title, shown, choices, range=control)
