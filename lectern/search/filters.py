"""Every filter and every sort of the library, each declared once.

A field of `Query` is a filter. From its declaration follow how its value is read and stored, its
operators in the search box, what it asks of the listing, its facet, its menu and chip, and its
parameter of the API. From a sort follow the order, its cursors, its words and its place in the API.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lectern import values
from lectern.search import codes, references
from lectern.search.filter_kinds import (
    MOST_VALUES,
    TEXT,
    Choice,
    Filter,
    Flag,
    Limit,
    Named,
    Range,
    Sort,
    Words,
    declared,
)
from lectern.search.syntax import measures
from lectern.text import N_

LONGEST_QUERY = 500
MOST_WORDS = 50


def _texts(value: Any) -> tuple[str, ...]:
    """Several texts, each once; an address gives one as a text, JSON as a list."""
    sent = [value] if isinstance(value, str) else value
    if not isinstance(sent, list | tuple):
        raise values.Unfit("a list of strings")
    if len(sent) > MOST_VALUES:
        raise values.Unfit("fewer values", f"may be given {MOST_VALUES} times")
    return tuple(dict.fromkeys(text for text in map(TEXT, sent) if text))


_TEXTS: Mapping[str, Any] = {
    "default": (),
    "reader": _texts,
    "schema": {"type": "array", "items": {"type": "string"}},
}


def _dates() -> Mapping[str, str]:
    today = datetime.now(UTC).date()
    year = today.year
    return {
        f"{today}..": N_("Today"),
        f"{today - timedelta(days=6)}..": N_("Last 7 days"),
        f"{today - timedelta(days=29)}..": N_("Last 30 days"),
        f"{year}-01-01..": N_("This year"),
        f"{year - 1}-01-01..{year}-01-01": N_("Last year"),
        f"..{year - 1}-01-01": N_("Earlier"),
    }


_CREATED = Range(
    name="created",
    form="date",
    column="created_at",
    measure=measures.DAYS,
    label=N_("Added"),
    menu=5,
    unit="",
    presets=_dates,
    hint=N_("Write a year, month or day like 2026, 2026-01 or 2026-01-31."),
    least=("after",),
    most=("before",),
    both=("date",),
    examples=("after:2026-01-31", "before:2026-02", "date:2026"),
    tip=N_("added on or after this date"),
)
_SIZE = Range(
    name="size",
    form="size",
    column="byte_size",
    measure=measures.BYTES,
    label=N_("Size"),
    menu=7,
    unit=N_("MB"),
    presets=lambda: {
        "..10000000": N_("Under 10 MB"),
        "10000000..100000000": N_("10 to 100 MB"),
        "100000000..1000000000": N_("100 MB to 1 GB"),
        "1000000000..": N_("Over 1 GB"),
    },
    hint=N_("Write sizes like >100mb, <=2gb or size:10mb..1gb."),
    both=("size",),
    examples=(">100mb", "size:10mb..1gb"),
    tip=N_("larger than this"),
)
_DURATION = Range(
    name="duration",
    form="length",
    column="duration_s",
    measure=measures.SECONDS,
    label=N_("Length"),
    menu=6,
    unit=N_("min"),
    presets=lambda: {
        "..300": N_("Under 5 minutes"),
        "300..1200": N_("5 to 20 minutes"),
        "1200..3600": N_("20 to 60 minutes"),
        "3600..": N_("Over an hour"),
    },
    hint=N_("Write durations like duration:>90s, length:5m..20m or longer:1h30m."),
    least=("longer",),
    most=("shorter",),
    both=("length", "duration"),
    floor=0.0,
    examples=("longer:10m", "shorter:1h30m", "length:5m..20m"),
    tip=N_("longer than ten minutes"),
)
_NEVER, _EVER = datetime.fromtimestamp(0, UTC), datetime.fromtimestamp(1, UTC)

_SORTS = (
    Sort("created", "created_at", N_("Oldest first"), N_("Newest first")),
    Sort("name", "name_key", N_("Name, A to Z"), N_("Name, Z to A"), descending_first=False),
    Sort("size", "byte_size", N_("Smallest first"), N_("Largest first")),
    Sort("duration", "duration_s", N_("Shortest first"), N_("Longest first")),
    Sort("usage", "usage_count", N_("Least used first"), N_("Most used first")),
    Sort("last_used", "last_used_at", N_("Longest unused first"), N_("Most recently used first")),
    Sort("relevance", "", N_("Best match first"), ""),
)
SORTS: Mapping[str, Sort] = {sort.name: sort for sort in _SORTS}
# Never `-relevance`: the best comes first either way.
NEWEST, BEST = "-created", "relevance"
ORDERS = (*SORTS, *(f"-{name}" for name in SORTS))


@dataclass(frozen=True)
class Query:
    """What the library page and `GET /assets` filter by; empty means everything outside the trash.

    `q` may hold operators beside words (`lectern.search.syntax.operators`). Sizes are bytes,
    durations seconds; `tag` must all hold, `any_tag` at least one; a folder includes those in it.
    Every word of `said` is spoken, every one of `shown` on a slide or page.
    """

    q: str = declared(
        Filter(
            description="",
            operators=(),
            label=None,
            menu=None,
            reader=values.printable(LONGEST_QUERY),
            schema={"type": "string", "maxLength": LONGEST_QUERY},
        )
    )
    kind: str = declared(
        Choice(
            choices={
                "video": N_("Video"),
                "audio": N_("Audio"),
                "image": N_("Images"),
                "document": N_("Documents"),
            },
            description="",
            operators=("kind",),
            label=N_("Type"),
            menu=1,
            examples=("kind:video",),
            tip=N_("video, audio, image or document"),
        )
    )
    tag: tuple[str, ...] = declared(
        Named(
            reference=references.TAG,
            description="All of these tags.",
            operators=("tag",),
            label=N_("Tag"),
            plural=N_("Tags"),
            menu=2,
            examples=("tag:react", 'tag:"two words"'),
            tip=N_("with this tag"),
            **_TEXTS,
        )
    )
    any_tag: tuple[str, ...] = declared(
        Named(
            reference=references.TAG,
            any_of=True,
            facet=False,
            description="At least one of these tags.",
            # Operators for tags add up to all of them; the menu of `tag` chooses between the two.
            operators=(),
            label=N_("Tag"),
            plural=N_("Any of these tags"),
            menu=None,
            **_TEXTS,
        )
    )
    folder: str = declared(
        Named(
            reference=references.FOLDER,
            description="A folder by its path, such as `Biology/Week 1`, or its id; with the "
            "folders in it.",
            operators=("folder",),
            label=N_("Folder"),
            # Folders are chosen in the tree beside the files.
            menu=None,
            examples=("folder:Biology", 'folder:"Biology/Week 1"'),
            tip=N_("in this folder and its subfolders"),
        )
    )
    course: str = declared(
        Named(
            reference=references.COURSE,
            description="The reference of a course that uses it.",
            operators=("course",),
            label=N_("Course"),
            menu=3,
            examples=("course:bio-101",),
        )
    )
    usage: str = declared(
        Choice(
            choices={
                "used": N_("Used in lessons"),
                "unused": N_("Not currently used"),
                "formerly": N_("No longer used"),
                "never": N_("Never used"),
            },
            either={"unused": ("formerly", "never")},
            aliases={"yes": "used", "no": "unused"},
            is_words=("used", "unused"),
            ends={
                "used": (("usage_count", True, 1), ("last_used_at", True, _EVER)),
                "unused": (("usage_count", False, 0),),
                "formerly": (("usage_count", False, 0), ("last_used_at", True, _EVER)),
                "never": (("usage_count", False, 0), ("last_used_at", False, _NEVER)),
            },
            description="",
            operators=("used", "usage"),
            label=N_("Usage"),
            menu=4,
            examples=("used:never",),
            tip=N_("never, yes, no or formerly"),
        )
    )
    state: str = declared(
        Choice(
            choices={
                "ready": N_("Ready"),
                "processing": N_("Being processed"),
                "failed": N_("Failed"),
            },
            is_words=("ready", "processing", "failed"),
            description="",
            operators=("state",),
            label=N_("Status"),
            menu=8,
            examples=("state:failed",),
        )
    )
    owner: uuid.UUID | None = declared(
        Named(
            reference=references.OWNER,
            unresolved="owner_name",
            description="Who uploaded it.",
            operators=("owner",),
            label=N_("Owner"),
            menu=9,
            examples=("owner:me",),
            hint=N_("Write owner:me, a person's name or an email address."),
            tip=N_("added by you"),
            default=None,
            reader=values.identifier,
            schema={"type": "string", "format": "uuid"},
        )
    )
    duplicates: bool = declared(
        Flag(
            code=codes.TWIN,
            is_words=("duplicate",),
            description="Only files whose bytes occur twice.",
            operators=(),
            label=N_("Duplicates"),
            menu=10,
            examples=("is:duplicate",),
            tip=N_("duplicates; also failed, ready"),
        )
    )
    created_after: datetime | None = declared(_CREATED.low())
    created_before: datetime | None = declared(_CREATED.high())
    min_size: int | None = declared(_SIZE.low())
    max_size: int | None = declared(_SIZE.high())
    min_duration: float | None = declared(_DURATION.low())
    max_duration: float | None = declared(_DURATION.high())
    trashed: bool = declared(
        Flag(
            code="",
            is_words=("trashed",),
            description="Only the trash; without it the trash is hidden.",
            operators=(),
            # A place of its own beside the files, not a filter among the others.
            label=None,
            menu=None,
            examples=("is:trashed",),
        )
    )
    said: tuple[str, ...] = declared(
        Words(
            within="said",
            placeholder=N_("Spoken in the recording"),
            description="Words that are said in it; all of them.",
            operators=("said",),
            label=N_("Spoken"),
            plural=N_("Spoken words"),
            menu=11,
            examples=("said:mitosis", 'said:"cell wall"'),
            tip=N_("spoken in the recording"),
            **_TEXTS,
        )
    )
    shown: tuple[str, ...] = declared(
        Words(
            within="shown",
            placeholder=N_("On a slide or page"),
            description="Words on its slides or pages; all of them.",
            operators=("shown",),
            label=N_("On screen"),
            plural=N_("On-screen words"),
            menu=11,
            examples=("shown:mitosis", 'shown:"cell wall"'),
            tip=N_("on a slide or page"),
            **_TEXTS,
        )
    )
    # Empty: the best match first when there are words, else the newest.
    sort: str = declared(
        Filter(
            description="",
            operators=("sort",),
            label=None,
            menu=None,
            examples=("sort:-size",),
            reader=values.choice(ORDERS),
        )
    )

    @property
    def order(self) -> str:
        """The sort that holds, never empty."""
        return self.sort or (BEST if self.q else NEWEST)


FILTERS: Mapping[str, Filter] = {
    each.name: replace(each.metadata["filter"], name=each.name) for each in fields(Query)
}
RANGES: Mapping[str, Range] = {
    limit.range.name: limit.range for limit in FILTERS.values() if isinstance(limit, Limit)
}
# Of these several hold together.
ADDING = tuple(name for name, one in FILTERS.items() if one.several and one.operators)
SEVERAL = tuple(name for name, one in FILTERS.items() if one.several)


def fields_of(name: str) -> tuple[str, ...]:
    """The fields of `Query` that a filter or range sets: of a range its two limits."""
    if name not in RANGES:
        return (name,)
    limits = (one for one in FILTERS.values() if isinstance(one, Limit))
    return tuple(one.name for one in limits if one.range.name == name)
