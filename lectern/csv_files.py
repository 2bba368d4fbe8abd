"""CSV that a spreadsheet shows as text: nothing in it is taken for a formula (OWASP)."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

# What a spreadsheet would take for a formula; the last are the wide forms of the first four.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# With its mark at the beginning Excel reads it as UTF-8.
MARK = "\ufeff"


def row(cells: Iterable[Any]) -> str:
    """One line; numbers stay numbers, and a text that begins like a formula gets an apostrophe."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow([_cell(cell) for cell in cells])
    return text.getvalue()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) or text[:1] in _FORMULA else text
