"""The parameters of `GET /assets` as OpenAPI has them, from the declared filters and sorts."""

from typing import Any

from lectern.search.filters import BEST, FILTERS, SORTS
from lectern.search.syntax.operator_table import OPERATORS

_WORDS = (
    "Words, each of which must be found as a part of the name, original name, description, folder "
    "or a tag; accents and case are ignored, and typos forgiven when nothing matches as typed. "
    '`"in quotes"` is one word with spaces. Operators may stand among the words and win over the '
    "parameters they stand for, except that tags and words that are said or shown add up: "
    "{examples}. Known are {names}. An unknown operator or value is a 422 for `q`; one without a "
    "whole value at the end, as while typing, filters nothing. At most 50 words."
)
_SORT = (
    "One of {names}; a leading `-` turns it around, but {best} always has the best match first. "
    "Without it the best match is first when `q` has words, else the newest."
)


def filter_parameters() -> list[dict[str, Any]]:
    """Each filter's parameter, in the order of a query's fields."""
    descriptions = {name: one.description for name, one in FILTERS.items()}
    descriptions["q"] = _words_description()
    *first, last = SORTS
    names = f"{', '.join(first)} and {last}"
    descriptions["sort"] = _SORT.format(names=names, best=BEST)
    return [_parameter(name, descriptions[name]) for name in FILTERS]


def _parameter(name: str, description: str) -> dict[str, Any]:
    parameter: dict[str, Any] = {"name": name, "in": "query"}
    if description:
        parameter["description"] = description
    return parameter | {"schema": dict(FILTERS[name].schema)}


def _words_description() -> str:
    # The two limits of a range have the same examples.
    examples = dict.fromkeys(example for one in FILTERS.values() for example in one.examples)
    return _WORDS.format(
        examples=", ".join(f"`{example}`" for example in examples),
        names=", ".join(f"`{name}:`" for name in OPERATORS),
    )
