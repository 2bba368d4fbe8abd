"""Fills a database with one large workspace, by COPY and always the same: see `Size`.

Names come from a made-up vocabulary with a Zipf-like spread, like tags, owners, folders and
courses: some filters find a third of everything, most find a handful.
"""

import hashlib
import random
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
DAYS = 2300
KINDS = ("video", "audio", "image", "document")
WEIGHTS = (60, 20, 12, 8)
MIMES = {
    "video": ("video/mp4", "mp4"),
    "audio": ("audio/mpeg", "mp3"),
    "image": ("image/png", "png"),
    "document": ("application/pdf", "pdf"),
}
INDEXES = """
SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename IN
    ('listing', 'code_listing', 'asset_text', 'asset', 'asset_tag', 'usage', 'version', 'blob',
        'code_delta')
    AND indexname NOT LIKE '%pkey'
    AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""
# Tables that are derived from the others.
KEPT = ("listing", "code_listing", "asset_text", "code_delta")
DERIVED = (
    "INSERT INTO digest_count SELECT workspace_id, digest, count(*) FROM asset"
    " WHERE live AND digest IS NOT NULL GROUP BY 1, 2",
    "INSERT INTO listing (workspace_id, asset_id, live, created_at, name_key, byte_size,"
    " duration_s, usage_count, last_used_at, codes) SELECT * FROM listing_truth",
    "INSERT INTO code_listing SELECT * FROM listing",
    "INSERT INTO asset_text (workspace_id, asset_id, names, description, grams)"
    " SELECT *, grams(names || E'\\n' || description) FROM asset_text_truth",
    "INSERT INTO code_delta (workspace_id, code, assets) SELECT workspace_id, code, count(*)"
    " FROM listing, counted_codes(workspace_id, live, codes) AS code GROUP BY 1, 2",
)


@dataclass(frozen=True)
class Size:
    """How large the workspace is."""

    assets: int = 1_000_000
    usages: int = 3_000_000
    courses: int = 2_000
    tags: int = 2_000
    folders: int = 500
    owners: int = 50


class Seed:
    """Draws the rows; two of equal size and seed draw the same."""

    def __init__(self, workspace_id: uuid.UUID, owner_id: uuid.UUID, size: Size, seed: int) -> None:
        self.workspace = workspace_id.hex
        self.size = size
        self._random = random.Random(seed)  # noqa: S311 - it must be repeatable
        self.owners = [owner_id.hex, *(self._id() for _ in range(size.owners - 1))]
        self.words = [self._word() for _ in range(6_000)]
        self.tags = [
            (self._id(), f"{self.words[i]} {i}" if i > 40 else self.words[i])
            for i in range(size.tags)
        ]
        self.folders = [(self._id(), i) for i in range(size.folders)]
        self.courses = [self._id() for _ in range(size.courses)]
        self.assets: list[list[object]] = []
        for number in range(size.assets):
            self.assets.append(self._asset(number))
        self._use()

    def _id(self, at: datetime | None = None) -> str:
        ms = int((at or BEGINNING).timestamp() * 1000)
        low = 7 << 76 | self._random.getrandbits(12) << 64 | 2 << 62 | self._random.getrandbits(62)
        return f"{ms << 80 | low:032x}"

    def _word(self) -> str:
        return "".join(
            self._random.choice("bcdfglmnprstv") + self._random.choice(("a", "e", "i", "o", "u"))
            for _ in range(self._random.randint(2, 4))
        )

    def _zipf(self, count: int) -> int:
        """Small numbers often, large ones seldom."""
        return int(count * self._random.random() ** 4)

    def _asset(self, number: int) -> list[object]:
        """id, version, blob, name, original, kind, state, created, owner, folder, digest, size,
        seconds, live, description, uses, last used."""
        draw = self._random
        at = BEGINNING + timedelta(days=DAYS * number / self.size.assets, seconds=draw.random())
        (kind,) = draw.choices(KINDS, WEIGHTS)
        said = [self.words[self._zipf(len(self.words))] for _ in range(draw.randint(2, 4))]
        name = f"{said[0].title()} {draw.randint(1, 30)} - {' '.join(said[1:])}"
        original = f"{''.join(word.title() for word in said)}-final_v{number % 9}"
        # Every thirtieth file is the same as one of its neighbours.
        twin = self.assets[-1] if number % 30 == 1 else None
        digest = hashlib.blake2b(str(number).encode(), digest_size=32).hexdigest()
        (state,) = draw.choices(("ready", "processing", "failed"), (97, 2, 1))
        folder = self.folders[self._zipf(self.size.folders)][0] if draw.random() < 0.6 else None
        return [
            self._id(at), self._id(at), twin[2] if twin else self._id(at),
            name, f"{original}.{MIMES[kind][1]}",
            kind, state, at.isoformat(), self.owners[self._zipf(len(self.owners))], folder,
            twin[10] if twin else digest,
            twin[11] if twin else int(draw.lognormvariate(17, 1.5)),
            round(draw.lognormvariate(6, 1), 2) if kind in ("video", "audio") else None,
            draw.random() > 0.01, f"About {' and '.join(said)}." if number % 4 == 0 else "",
            0, None,
        ]  # fmt: skip

    def _use(self) -> None:
        """Draw the usages: some files in many places, a third in none."""
        self.usages: list[tuple[str, str, str]] = []
        live = [asset for asset in self.assets if asset[13]]
        for number in range(self.size.usages):
            # In the order they were made, so that a course's files are spread over the years.
            asset = live[self._zipf(len(live)) * 7919 % len(live)]
            course = self.courses[number % self.size.courses]
            asset[15] = int(str(asset[15])) + 1
            asset[16] = BEGINNING + timedelta(days=DAYS, seconds=number)
            self.usages.append((self._id(), str(asset[0]), course))
        for asset in self._random.sample(live, len(live) // 10):
            asset[16] = asset[16] or BEGINNING

    def tagged(self) -> Iterator[tuple[object, ...]]:
        """Up to six different tags for each asset."""
        for asset in self.assets:
            chosen = {self._zipf(self.size.tags) for _ in range(self._random.randint(0, 6))}
            for number in chosen:
                yield self.workspace, asset[0], self.tags[number][0], asset[7]


def fill(url: str, workspace_id: uuid.UUID, owner_id: uuid.UUID, size: Size, seed: int = 7) -> Seed:
    """Fill the workspace as a superuser: rules and triggers rest, and all is derived at the end."""
    rows = Seed(workspace_id, owner_id, size, seed)
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '512MB'")
        indexes = connection.execute(INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        _copy_all(connection, rows)
        _create(connection, [line for name, line in indexes if not name.startswith(KEPT)])
        connection.execute("ANALYZE")
        for statement in DERIVED:
            connection.execute(statement)
        connection.execute("SELECT learn(%s, %s)", (workspace_id, " ".join(rows.words)))
        _create(connection, [line for name, line in indexes if name.startswith(KEPT)])
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
    return rows


def _create(connection: psycopg.Connection, definitions: list[str]) -> None:
    for definition in definitions:
        connection.execute(definition)


def _copy_all(connection: psycopg.Connection, rows: Seed) -> None:
    for table, lines in (*_places(rows), *_files(rows)):
        _copy(connection, table, lines)


Lines = Iterable[tuple[object, ...]]


def _places(rows: Seed) -> Iterator[tuple[str, Lines]]:
    """People, tags, folders and courses: eight folders are at the top, eight in each."""
    here = rows.workspace
    people = ((one, f"{one}@example.org", f"Person {i}") for i, one in enumerate(rows.owners) if i)
    yield "user_account (id, email, name)", people
    tags = ((here, key, name, name.casefold()) for key, name in rows.tags)
    yield "tag (workspace_id, id, name, key)", tags
    folders = (
        (here, key, rows.folders[i // 8][0] if i > 7 else None, f"{rows.words[i]} {i}")
        for key, i in rows.folders
    )
    yield "folder (workspace_id, id, parent_id, name)", folders
    courses = (
        (here, key, f"course-{i}", f"{rows.words[i % 999].title()} {i}")
        for i, key in enumerate(rows.courses)
    )
    yield "course (workspace_id, id, ref, title)", courses


def _files(rows: Seed) -> Iterator[tuple[str, Lines]]:
    """Assets of one version each, with their bytes, tags and usages."""
    here = rows.workspace
    now = (1, 1, 1280, 720)
    assets = (
        (here, *a[:2], *a[3:17], MIMES[str(a[5])][0], *now, None if a[13] else a[7])
        for a in rows.assets
    )
    yield (
        (
            "asset (workspace_id, id, current_version_id, name, original_name, kind, state,"
            " created_at, created_by, folder_id, digest, byte_size, duration_s, live, description,"
            " usage_count, last_used_at, mime, version_number, version_count, width, height,"
            " trashed_at)"
        ),
        assets,
    )
    blobs = (
        (here, a[2], a[10], a[11], MIMES[str(a[5])][0], a[2])
        for i, a in enumerate(rows.assets)
        if i % 30 != 1
    )
    yield "blob (workspace_id, id, digest, byte_size, mime, key)", blobs
    versions = ((here, a[1], a[0], 1, a[2], "upload", a[4], a[8]) for a in rows.assets)
    yield (
        (
            "version (workspace_id, id, asset_id, number, blob_id, origin,"
            " original_name, created_by)"
        ),
        versions,
    )
    yield "asset_tag (workspace_id, asset_id, tag_id, asset_created_at)", rows.tagged()
    usages = ((here, *usage) for usage in rows.usages)
    yield "usage (workspace_id, id, asset_id, course_id)", usages


def _copy(connection: psycopg.Connection, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
        lines: list[str] = []
        for row in rows:
            lines.append("\t".join("\\N" if value is None else str(value) for value in row))
            if len(lines) == 5_000:
                copy.write("\n".join(lines) + "\n")
                lines.clear()
        copy.write("".join(line + "\n" for line in lines))
