"""What to ask a filled library for: by name, at random, and in plain SQL to compare with."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bench.library_seed import BEGINNING, DAYS
from lectern.models import Course, Folder, Tag, User
from lectern.search import Query, codes
from lectern.search.filter_kinds import Choice
from lectern.search.filters import BEST, FILTERS, SORTS


@dataclass(frozen=True)
class Things:
    """Names of what there is, from the most to the least frequent."""

    every_tag: tuple[str, ...]
    courses: tuple[str, ...]
    folders: tuple[str, ...]
    owners: tuple[uuid.UUID, ...]
    words: tuple[str, ...]

    @classmethod
    def of(cls, session: Session, workspace_id: uuid.UUID) -> "Things":
        """Read them, ranked by the kept counts."""
        known = codes.counts(session, workspace_id)

        def ranked(field: int, rows: Any) -> tuple[Any, ...]:
            found = sorted((-known.get(codes.of(field, key), 0), str(v), v) for key, v in rows)
            return tuple(value for n, _, value in found if n)

        def named(table: Any, column: Any) -> Any:
            query = select(table.id, column).where(table.workspace_id == workspace_id)
            return session.execute(query).all()

        people = [(key, key) for key in session.scalars(select(User.id))]
        words = session.scalars(text("SELECT split_part(names, ' ', 1) FROM asset_text LIMIT 500"))
        return cls(
            ranked(codes.TAG, named(Tag, Tag.name)),
            ranked(codes.COURSE, named(Course, Course.ref)),
            tuple(str(key) for key in ranked(codes.FOLDER, named(Folder, Folder.id))),
            ranked(codes.OWNER, people),
            tuple(word for word in words if len(word) > 5),
        )

    @property
    def tags(self) -> tuple[str, str, str]:
        """Two common ones, and a rare one."""
        return self.every_tag[0], self.every_tag[1], self.every_tag[-50]

    @property
    def course(self) -> str:
        """One of middling size."""
        return self.courses[len(self.courses) // 2]

    @property
    def word(self) -> str:
        """One that some names begin with."""
        return self.words[0]


def combinations(things: Things, count: int, draw: random.Random) -> Iterator[Query]:
    """Queries of one to four filters and any sort: each filter as often common as rare."""
    for _ in range(count):
        query = Query(sort=draw.choice(["", *(f"{sign}{sort}" for sort in SORTS if sort != BEST
                                              for sign in ("", "-"))]))  # fmt: skip
        for name in draw.sample(sorted(_DRAWN), draw.randint(1, 4)):
            query = replace(query, **_DRAWN[name](things, draw))
        yield query


def _some(values: tuple[Any, ...], draw: random.Random) -> Any:
    return values[int(len(values) * draw.random() ** 3)]


def _dates(_: Things, draw: random.Random) -> dict[str, Any]:
    start = BEGINNING + timedelta(days=draw.randrange(DAYS))
    return {"created_after": start, "created_before": start + timedelta(days=draw.choice((1, 400)))}


def _choices(name: str) -> list[str]:
    chosen = FILTERS[name]
    assert isinstance(chosen, Choice)
    return list(chosen.choices)


_DRAWN: dict[str, Any] = {
    "kind": lambda _, draw: {"kind": draw.choice(_choices("kind"))},
    "state": lambda _, draw: {"state": draw.choice(_choices("state"))},
    "usage": lambda _, draw: {"usage": draw.choice(_choices("usage"))},
    "tag": lambda things, draw: {"tag": (_some(things.every_tag, draw),)},
    "tags": lambda things, draw: {"tag": tuple(_some(things.every_tag, draw) for _ in range(2))},
    "any_tag": lambda things, draw: {
        "any_tag": tuple(_some(things.every_tag, draw) for _ in range(3))
    },
    "course": lambda things, draw: {"course": _some(things.courses, draw)},
    "folder": lambda things, draw: {"folder": _some(things.folders, draw)},
    "owner": lambda things, draw: {"owner": _some(things.owners, draw)},
    "duplicates": lambda _things, _draw: {"duplicates": True},
    "size": lambda _, draw: {"min_size": draw.choice((10**6, 10**9)), "max_size": 2 * 10**9},
    "duration": lambda _, draw: {"min_duration": draw.choice((60.0, 3600.0))},
    "dates": _dates,
    "word": lambda things, draw: {"q": draw.choice(things.words)},
    "part": lambda things, draw: {"q": draw.choice(things.words)[1:5]},
}


def naive(workspace_id: uuid.UUID, part: str, offset: int) -> dict[str, str]:
    """How one would ask without any of it."""
    here = f"a.workspace_id = '{workspace_id}' AND a.live"
    newest = "ORDER BY created_at DESC, id DESC LIMIT 60"
    return {
        "offset": f"SELECT id FROM asset a WHERE {here} {newest} OFFSET {offset}",  # noqa: S608
        "ilike": f"SELECT id FROM asset a WHERE {here} AND (name ILIKE '%{part}%' OR original_name"  # noqa: S608
        f" ILIKE '%{part}%' OR description ILIKE '%{part}%') {newest}",
        "count": f"SELECT count(*) FROM asset a WHERE {here}",  # noqa: S608
        "orphans": f"SELECT count(*) FROM asset a WHERE {here} AND NOT EXISTS (SELECT FROM usage u"  # noqa: S608
        " WHERE u.workspace_id = a.workspace_id AND u.asset_id = a.id) AND NOT EXISTS (SELECT FROM"
        " usage_history h WHERE h.workspace_id = a.workspace_id AND h.asset_id = a.id)",
    }
