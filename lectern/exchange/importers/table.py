"""The table that says of each file what it is called and where it is used: hostile CSV.

What is wrong with the table itself refuses it; what is wrong with a line refuses the line's file.
"""

import csv
import hashlib
import io
import unicodedata
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lectern.errors import Invalid, Message
from lectern.exchange.importers import cells
from lectern.exchange.importers.cells import Line

MOST_BYTES = 64 << 20
MOST_LINES = 200_000
_DELIMITERS = ",;\t"


class BadTable(Invalid):
    """The table cannot be read as a whole; the message says where."""


@dataclass
class TableEntry:
    """The good lines about one file, or why one of them is not good."""

    lines: list[Line] = field(default_factory=list)
    problem: str | None = None

    @property
    def digest(self) -> str:
        """Changes when what the table says of the file does."""
        text = repr([line.meaning for line in self.lines])
        return hashlib.sha256(text.encode()).hexdigest() if self.lines else ""


@dataclass
class Table:
    """Lines by path. `unknown` are columns that mean nothing here."""

    files: dict[str, TableEntry] = field(default_factory=dict)
    unknown: Sequence[str] = ()
    # Lines that name no usable path: number and reason.
    homeless: list[tuple[int, str]] = field(default_factory=list)

    def of(self, path: str) -> TableEntry | None:
        """What is said of the file."""
        return self.files.get(key_of(path))


def key_of(path: str) -> str:
    """What makes two spellings one path: macOS writes accents apart, Excel writes them together."""
    return unicodedata.normalize("NFC", path)


def read(file: Path) -> Table:
    """The whole table.

    Raises:
        BadTable: it is too long, no UTF-8, no CSV, or has no column `path`.
    """
    text = _text(file)
    # Strict: a quote that is never closed would make one cell of all that follows.
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    table, earlier = Table(), cells.EarlierLines()
    names: Sequence[str] | None = None
    try:
        for row in rows:
            if rows.line_num > MOST_LINES + 1:
                raise BadTable(
                    "Line %(line_num)s: the table has over %(most_lines)s lines.",
                    line_num=f"{rows.line_num:,}",
                    most_lines=f"{MOST_LINES:,}",
                )
            if names is None:
                names = _header(row)
                table.unknown = [name for name in names if name not in cells.COLUMNS]
            elif any(cell.strip() for cell in row):
                _take(table, earlier, rows.line_num, names, row)
    except csv.Error as error:
        raise BadTable(
            "Line %(line_num)s: this is not CSV (%(error)s).",
            line_num=f"{rows.line_num:,}",
            error=error,
        ) from error
    if names is None:
        raise BadTable("The table is empty. The first line must contain the column names.")
    return table


def _take(
    table: Table, earlier: cells.EarlierLines, number: int, names: Sequence[str], row: Sequence[str]
) -> None:
    values = dict(zip(names, (cell.strip() for cell in row), strict=False))
    try:
        path = cells.path(values.get("path", ""))
    except Invalid as problem:
        table.homeless.append((number, str(problem)))
        return
    entry = table.files.setdefault(key_of(path), TableEntry())
    try:
        if len(row) > len(names):
            raise Invalid(
                "it has %(count)s cells for %(count_2)s columns.",
                count=len(row),
                count_2=len(names),
            )
        line = cells.line(number, values)
        earlier.check(key_of(path), line, entry.lines)
        entry.lines.append(line)
    except Invalid as problem:
        entry.problem = entry.problem or f"Line {number:,}: {problem}"


def _text(file: Path) -> str:
    with file.open("rb") as source:
        raw = source.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise BadTable("The table has more than %(value)s MiB.", value=MOST_BYTES >> 20)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadTable("The table is UTF-16. Save it as “CSV UTF-8”.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = raw.count(b"\n", 0, error.start) + 1
        raise BadTable(
            "Line %(number)s: this is not UTF-8. Save it as “CSV UTF-8”.", number=f"{number:,}"
        ) from error


def _delimiter(text: str) -> str:
    """What separates the cells: whatever there is most of in the first line."""
    first = text.partition("\n")[0]
    return max(_DELIMITERS, key=first.count)


def _header(row: Sequence[str]) -> Sequence[str]:
    names = ["_".join(cell.strip().lower().split()) for cell in row]
    names = [cells.ALIASES.get(name, name) for name in names]
    if "path" not in names:
        raise BadTable("The first line has no “path” column.")
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        raise BadTable("The first line names the column “%(twice)s” twice.", twice=twice[:80])
    return names


def unmatched(table: Table, matched: Container[str]) -> Iterator[str]:
    """Lines that came to nothing; `matched` are the keys of files that were found.

    Asked after the run: that there is no such file shows when the whole folder was seen.
    """
    for number, reason in table.homeless:
        yield f"Line {number:,}: {reason}"
    for path, entry in table.files.items():
        if path not in matched:
            number = entry.lines[0].number if entry.lines else 0
            yield entry.problem or Message(
                "Line %(number)s: there is no file %(path)s in the folder.",
                number=f"{number:,}",
                path=path,
            )
