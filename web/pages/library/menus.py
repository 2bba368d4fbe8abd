"""The menus of filters: what each offers, what is chosen, and how many files a choice has."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from flask_babel import format_decimal, gettext

from lectern.search import facets
from lectern.search.facets import Facets
from lectern.search.titles import Titles
from web.pages.library.labels import KINDS, STATES, USAGES
from web.pages.library.query import Asked
from web.pages.library.ranges import OWN, RANGES, Range


class Choice(NamedTuple):
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
    choices: list[Choice]
    several: bool = False
    range: Range | None = None


def number(count: int, at_least: bool) -> str:
    """`9,000+` where counting stopped."""
    text: str = format_decimal(count)
    return str(gettext("%(number)s+", number=text)) if at_least else text


def of(asked: Asked, titles: Titles, found: Facets | None = None) -> list[Menu]:
    """All menus, in order; with `found` their choices have counts.

    Tags, courses and owners are known only then: before, a menu offers what is chosen.
    """
    query = asked.query
    tags = query.tag or query.any_tag
    fixed = [
        _fixed("kind", gettext("Kind"), KINDS, query.kind, found and found.kind),
        _fixed("usage", gettext("Use"), USAGES, query.usage, found and found.usage),
        _fixed("state", gettext("State"), STATES, query.state, found and found.state),
    ]
    kind, usage, state = fixed
    chosen = {tag: tag for tag in tags}
    tagged = Menu("tag", gettext("Tags"), _several(tags), _found("tag", chosen, found), True)
    courses = {query.course: titles.course} if query.course else {}
    course = Menu("course", gettext("Course"), titles.course, _found("course", courses, found))
    owners = {str(query.owner): titles.owner} if query.owner else {}
    owner = Menu("owner", gettext("Owner"), titles.owner, _found("owner", owners, found))
    date, size, length = (_range(each, asked) for each in RANGES)
    return [kind, tagged, course, usage, date, length, size, state, owner]


def _fixed(
    name: str, title: str, words: Any, chosen: str, counted: Iterable[facets.Choice] | None
) -> Menu:
    counts = {each.value: each for each in counted or ()}
    choices = []
    for value, word in words.items():
        found = counts.get(value)
        files = number(found.count, found.at_least) if found else ""
        empty = found is not None and not found.count
        choices.append(Choice(value, str(word), value == chosen, files, empty))
    return Menu(name, title, str(words.get(chosen, "")), choices)


_FACETS = {"tag": "tags", "course": "courses", "owner": "owners"}


def _found(name: str, chosen: dict[str, str], found: Facets | None) -> list[Choice]:
    """What was counted; what is chosen stays, even if it is not among that."""
    counted: tuple[facets.Choice, ...] = getattr(found, _FACETS[name]) if found else ()
    choices = [
        Choice(each.value, each.label, each.value in chosen, number(each.count, each.at_least))
        for each in counted
    ]
    known = {each.value for each in counted}
    missing = [value for value in chosen if value not in known]
    zero = number(0, False) if found else ""
    return [Choice(value, chosen[value], True, zero) for value in missing] + choices


def _several(values: tuple[str, ...]) -> str:
    return ", ".join(values) if len(values) < 3 else str(gettext("%(n)s chosen", n=len(values)))


def _range(each: Range, asked: Asked) -> Menu:
    chosen = each.chosen(asked.query)
    choices = [Choice(value, word, value == chosen) for value, word in each.presets().items()]
    choices.append(Choice(OWN, gettext("From … to …"), chosen == OWN))
    return Menu(
        each.name, str(each.title), each.words(asked.query) if chosen else "", choices, range=each
    )
