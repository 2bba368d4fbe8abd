"""The kinds of filters, and a sort: what a declaration in `lectern.search.filters` says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lectern import values
from lectern.search.references import Reference
from lectern.search.syntax.measures import Measure
from lectern.values import Reader

LONGEST_VALUE = 2_000
MOST_VALUES = 50
TEXT: Reader[str] = values.printable(LONGEST_VALUE)
TEXT_SCHEMA: Mapping[str, Any] = {"type": "string"}


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One filter. What has no default has to be said, if only that there is none.

    `operators` are names in the search box, `examples` what may be typed there; `tip` says in the
    search's help what the first of them finds, `hint` what to write instead of what is not
    understood. `label` names it on its menu and chip, None where neither shows it. `menu` is its
    place among the menus, `plural` what several values are called. `name` is the field of
    `Query`, which sets it.
    """

    description: str
    operators: tuple[str, ...]
    label: str | None
    menu: int | None
    examples: tuple[str, ...] = ()
    tip: str = ""
    hint: str = ""
    plural: str = ""
    name: str = ""
    default: Any = ""
    reader: Reader[Any] = TEXT
    schema: Mapping[str, Any] = field(default_factory=lambda: TEXT_SCHEMA)

    @property
    def several(self) -> bool:
        """Whether it takes several values at once."""
        return isinstance(self.default, tuple)


@dataclass(frozen=True, kw_only=True)
class Choice(Filter):
    """One of some words, with their labels. Each is a fixed code of the listing.

    `either` are words that stand for several codes, `aliases` words of the search box alone. `ends`
    is where in a sort's column a word's files lie: `(column, at least, value)`.
    """

    choices: Mapping[str, str]
    either: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    is_words: tuple[str, ...] = ()
    ends: Mapping[str, tuple[tuple[str, bool, Any], ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reader", values.choice(self.choices))
        object.__setattr__(self, "schema", {"type": "string", "enum": [*self.choices]})


@dataclass(frozen=True, kw_only=True)
class Flag(Filter):
    """Set or not. `code` is the listing's, empty for the trash, which is no part of the library."""

    code: str
    is_words: tuple[str, ...] = ()
    default: Any = False
    reader: Reader[Any] = values.flag
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "integer", "enum": [0, 1]})


@dataclass(frozen=True, kw_only=True)
class Named(Filter):
    """Something that files have, by name, path or id; of several all, or `any_of` them.

    `unresolved`: a value of the search box that is not `reader`'s is looked up under this name.
    """

    reference: Reference
    any_of: bool = False
    facet: bool = True
    unresolved: str = ""


@dataclass(frozen=True, kw_only=True)
class Words(Filter):
    """Words to find in a part of what is said and shown."""

    within: str
    placeholder: str


@dataclass(frozen=True, kw_only=True)
class Range:
    """Two limits of one column. `least`, `most` and `both` are operators for one limit, or a range.

    `form` is its name in the form. `unit` stands beside the form's two fields. `presets` are ranges
    to choose from, with their labels. Files without a value have one below `floor`.
    """

    name: str
    form: str
    column: str
    measure: Measure
    label: str
    menu: int
    unit: str
    presets: Callable[[], Mapping[str, str]]
    hint: str
    least: tuple[str, ...] = ()
    most: tuple[str, ...] = ()
    both: tuple[str, ...] = ()
    floor: Any = None
    tip: str = ""
    examples: tuple[str, ...] = ()

    def low(self) -> "Limit":
        """The filter that is the lower limit."""
        return self._limit(at_least=True)

    def high(self) -> "Limit":
        """The filter that is the upper limit."""
        return self._limit(at_least=False)

    def _limit(self, *, at_least: bool) -> "Limit":
        return Limit(
            range=self,
            at_least=at_least,
            description=self.measure.description,
            operators=(*(self.least if at_least else self.most), *self.both),
            label=self.label,
            menu=self.menu,
            examples=self.examples,
            tip=self.tip,
            default=None,
            reader=self.measure.reader,
            schema=self.measure.schema,
        )


@dataclass(frozen=True, kw_only=True)
class Limit(Filter):
    """One end of a range."""

    range: Range
    at_least: bool


@dataclass(frozen=True)
class Sort:
    """An order by a `column` of the listing; the best match has none, and no other direction.

    Both labels name the order; `descending_first` says which of them a column's head begins with.
    """

    name: str
    column: str
    ascending: str
    descending: str
    descending_first: bool = True


def declared(one: Filter) -> Any:
    """The field of `Query` that is this filter."""
    return field(default=one.default, metadata={"filter": one})
