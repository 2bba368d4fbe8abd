"""Lists of a million files against the plain way: OFFSET, ILIKE, counting, one by one.

`python -m bench.library` fills a workspace of 1,000,000 assets, 3,000,000 usages and 2,000 courses
(ten minutes), then measures what requests do. `--assets N` makes a smaller one; its bars mean less.
`--draws N` draws the combinations of filters so many times, each time others; 5:41 is the 42nd of
draw 5. The bars are wall time. CPU time beside it, the least of five runs, says whether a bar was
missed for the work or for a busy machine.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from http.client import HTTPConnection
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

import psutil
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import library_seed, sites
from bench._measure import Round, cpu_of, hold, interleave, measure, show, speed_ratio
from bench.library_queries import Things, combinations, naive
from bench.sites import Site
from lectern import search
from lectern.database.sessions import SessionLocal
from lectern.search import Query, cursors, facets

ROUNDS = 15
PAGE = 60
COMBINATIONS = 150
# The first draw; the next ones follow it.
DRAW, DRAWS = 5, 3
# Milliseconds that instructors do not notice, and that they hardly do.
WORST_LIST, WORST_FACETS, WORST_PAGE = 60.0, 150.0, 100.0


def main() -> int:
    """Run the bench; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="bench.library", description=__doc__)
    parser.add_argument("--assets", type=int, default=library_seed.Size.assets)
    parser.add_argument("--draws", type=int, default=DRAWS)
    args = parser.parse_args()
    assets, draws = args.assets, range(DRAW, DRAW + args.draws)
    with sites.running() as site:
        size = library_seed.Size(assets=assets, usages=3 * assets)
        started = time.perf_counter()
        owner = site.owner
        assert owner.user_id is not None
        library_seed.fill(site.superuser_url, owner.workspace_id, owner.user_id, size)
        print(f"  filled with {assets:,} assets in {time.perf_counter() - started:.0f} s")
        with SessionLocal() as session:
            bench = Bench(session, site, Things.of(session, owner.workspace_id))
            worst = [each for draw in draws for each in bench.worst(draw)]
            held = [*bench.lists(), *worst, *bench.counts(), bench.pages()]
        print(f"  memory of the web process {_mib(site.process):.0f} MiB,", end=" ")
        print(f"of this one {_mib(psutil.Process()):.0f} MiB")
        return 0 if all(held) else 1


@dataclass(frozen=True)
class Timed:
    """Milliseconds of a query: `wall` is the p95; of CPU the run that needed the least."""

    name: str
    query: Query
    wall: float
    database: float
    python: float

    @property
    def cpu(self) -> float:
        """Of both processes."""
        return self.database + self.python

    def __str__(self) -> str:
        cpu = f"CPU {self.database:5.1f} database, {self.python:5.1f} Python"
        return f"{self.wall:6.1f} ms ({cpu}) {self.name}: {_said(self.query)}"


def _mib(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / (1 << 20)


@dataclass(frozen=True)
class Bench:
    """One filled library and what to ask it for."""

    session: Session
    site: Site
    things: Things

    def lists(self) -> Iterator[bool]:
        """The first page against every other kind of page, and those against the plain way."""
        common, second, rare = self.things.tags
        word, part = self.things.word, self.things.word[1:5]
        far = self._cursor(1000 * PAGE)
        plain = naive(self.site.owner.workspace_id, part, 1000 * PAGE)
        contenders: dict[str, Callable[[], object]] = {
            "first page": self._page(Query()),
            "page 1,000 by cursor": self._page(Query(), far),
            "page 1,000 by OFFSET": self._sql(plain["offset"]),
            "two common tags": self._page(Query(tag=(common, second))),
            "a common and a rare tag": self._page(Query(tag=(common, rare))),
            "a course": self._page(Query(course=self.things.course)),
            "a whole word": self._page(Query(q=word)),
            "part of a word": self._page(Query(q=part)),
            "part of a word by ILIKE": self._sql(plain["ilike"]),
        }
        timed = self._time(contenders)
        first, whole = timed["first page"], timed["a whole word"]
        for name, most in (
            ("page 1,000 by cursor", 2),
            ("two common tags", 6),
            ("a common and a rare tag", 6),
            ("a course", 10),
        ):
            yield hold(f"first page over {name}", _wall(first, timed[name]), 1 / most)
        yield hold("whole word over part", _wall(whole, timed["part of a word"]), 1 / 20)
        offset, ilike = timed["page 1,000 by OFFSET"], timed["part of a word by ILIKE"]
        yield hold("cursor against OFFSET", _wall(offset, timed["page 1,000 by cursor"]), 1)
        yield hold("index against ILIKE", _wall(ilike, timed["part of a word"]), 1)

    def counts(self) -> Iterator[bool]:
        """Kept numbers against counting."""
        plain = naive(self.site.owner.workspace_id, "", 0)
        never = Query(usage="never")
        timed = self._time(
            {
                "never used, kept": lambda: search.total(self.session, self.site.owner, never),
                "never used, counted live": self._sql(plain["orphans"]),
                "count(*)": self._sql(plain["count"]),
            },
            rounds=5,
        )
        kept = timed["never used, kept"]
        yield hold("count(*) over orphan count", _wall(timed["count(*)"], kept), 2)
        live = timed["never used, counted live"]
        yield hold("kept against live count", _wall(live, kept), 1)

    def worst(self, draw: int) -> Iterator[bool]:
        """The slowest of many combinations of filters and sorts, and of their facets."""
        print(f"  draw {draw}")
        drawn = list(combinations(self.things, COMBINATIONS, random.Random(draw)))  # noqa: S311
        for what, action, bar in (
            ("list", lambda query: self._page(query)(), WORST_LIST),
            ("facets", self._facets, WORST_FACETS),
        ):
            timed = [
                self._timed(f"{draw}:{number}", action, query) for number, query in enumerate(drawn)
            ]
            slow = sorted(timed, key=lambda each: -each.wall)
            for each in slow[:3]:
                print(f"  slowest {what} {each}")
            most = max(timed, key=lambda each: each.cpu)
            print(f"  most CPU: {most}")
            walls, cpus = ([each.wall for each in timed], [each.cpu for each in timed])
            medians = f"{median(walls):.1f} ms, CPU {median(cpus):.1f} ms"
            print(f"  median of {len(timed)} combinations' {what}: {medians}")
            worst = slow[0].wall
            yield hold(f"worst {what}: {bar:.0f} ms over {worst:.1f} ms", bar / worst, 1)

    def pages(self) -> bool:
        """Whole pages through the real server, near and far, filtered and not."""
        common = self.things.tags[0]
        far = self._cursor(1000 * PAGE)
        addresses = ["", urlencode({"cursor": far}), urlencode({"tag": common, "kind": "video"}),
                     urlencode({"q": self.things.word}), urlencode({"usage": "never"})]  # fmt: skip
        connection = HTTPConnection("127.0.0.1", self.site.port)
        times = []
        for number in range(30 * len(addresses)):
            started = time.perf_counter()
            path = f"/library?{addresses[number % len(addresses)]}"
            connection.request("GET", path, headers={"Cookie": f"lectern={self.site.cookie}"})
            answer = connection.getresponse()
            answer.read()
            times.append((time.perf_counter() - started) * 1e3)
            if answer.status != 200:
                raise RuntimeError(f"{path} was answered with {answer.status}")
        p95 = quantiles(times, n=20)[18]
        print(f"  whole pages: median {median(times):.1f} ms, p95 {p95:.1f} ms")
        return hold(f"whole page: {WORST_PAGE:.0f} ms over p95", WORST_PAGE / p95, 1)

    def _time(
        self, contenders: dict[str, Callable[[], object]], rounds: int = ROUNDS
    ) -> dict[str, list[Round]]:
        timed = interleave(contenders, rounds)
        for name, each in timed.items():
            show(name, each, lambda wall: f"{1 / wall:9.1f}/s")
        return timed

    def _page(self, query: Query, cursor: str | None = None) -> Callable[[], object]:
        def read() -> object:
            found = search.ids(self.session, self.site.owner, query, cursor=cursor, limit=PAGE)
            self.session.rollback()
            return found

        return read

    def _facets(self, query: Query) -> object:
        found = facets.of(self.session, self.site.owner, query)
        self.session.rollback()
        return found

    def _sql(self, statement: str) -> Callable[[], object]:
        return lambda: self.session.execute(text(statement)).all()

    def _cursor(self, offset: int) -> str:
        """The place that many assets down the list."""
        row = self.session.execute(
            text("SELECT created_at, asset_id FROM listing WHERE live AND workspace_id = :here"
                 " ORDER BY 1 DESC, 2 DESC OFFSET :there LIMIT 1"),
            {"here": self.site.owner.workspace_id, "there": offset},
        ).one()  # fmt: skip
        return cursors.write("-created", row.created_at, row.asset_id)

    def _timed(self, name: str, action: Callable[[Query], Any], query: Query) -> Timed:
        action(query)
        backend = self.session.scalar(text("SELECT pg_backend_pid()"))
        assert backend is not None
        walls, databases, pythons = [], [], []
        for _ in range(5):
            database = cpu_of(backend)
            run = measure(lambda: action(query))
            databases.append((cpu_of(backend) - database) * 1e3)
            walls.append(run.wall * 1e3)
            pythons.append(run.cpu * 1e3)
        p95 = quantiles(walls, n=20, method="inclusive")[18]
        return Timed(name, query, p95, min(databases), min(pythons))


def _wall(reference: list[Round], ours: list[Round]) -> float:
    return speed_ratio(reference, ours, by="wall")


def _said(query: Query) -> str:
    set_ = [field.name for field in fields(query) if getattr(query, field.name) != field.default]
    return ", ".join(f"{name}={getattr(query, name)}" for name in set_)


if __name__ == "__main__":
    sys.exit(main())
