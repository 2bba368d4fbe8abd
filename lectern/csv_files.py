"""Every CSV file that Lectern writes: UTF-8, and nothing in it is taken for a formula.

Source: OWASP, "CSV Injection", https://owasp.org/www-community/attacks/CSV_Injection.
"""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

# With its mark at the beginning Excel reads it as UTF-8.
_MARK = "\ufeff"
# The minus sign is what an input method writes for a hyphen; Excel calculates with it.
_OPERATORS = frozenset("=+-@\u2212")


def lines(heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The whole file, line by line."""
    yield _MARK + row(heads)
    yield from map(row, rows)


def row(cells: Iterable[Any]) -> str:
    """One line; numbers stay numbers, and a text that begins like a formula gets an apostrophe."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow([_cell(cell) for cell in cells])
    return text.getvalue()


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may take the text for a formula.

    Spreadsheets drop spaces, line breaks and invisible characters at the beginning, and read wide
    and small forms of a character as the character itself.
    """
    for character in text:
        category = unicodedata.category(character)
        if category == "Cc":
            return True
        if category[0] != "Z" and category != "Cf":
            return not _OPERATORS.isdisjoint(unicodedata.normalize("NFKC", character)[:1])
    return False


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    text = str(value)
    return f"'{text}" if is_formula(text) else text
