"""One line of the table: its cells as typed values, and whether it fits the lines before it."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lectern import text, values
from lectern.errors import Invalid
from lectern.library import fields

COLUMNS = frozenset(
    {
        *("path", "course", "course_title", "chapter", "chapter_title", "lesson", "lesson_title"),
        *("slot", "title", "tags", "description", "language", "licence", "owner", "created_at"),
        *("old_id", "start", "end"),
    }
)
ALIASES = {"owner_email": "owner", "email": "owner", "license": "licence"}
# What belongs to the file, so that two lines about it must agree.
_OF_FILE = ("title", "tags", "description", "language", "licence", "owner", "created_at", "old_id")


@dataclass(frozen=True)
class Use:
    """A place that uses the file, and how; without a lesson it is the chapter or course itself."""

    course: str
    course_title: str
    chapter: str | None
    chapter_title: str
    lesson: str | None
    lesson_title: str
    slot: str
    start_s: float | None
    end_s: float | None

    @property
    def key(self) -> tuple[str | None, ...]:
        """What a file may have once."""
        return (self.course, self.chapter, self.lesson, self.slot)


@dataclass(frozen=True)
class Line:
    """A checked line; `facts` are what it says of the file itself, by column."""

    number: int
    facts: Mapping[str, Any]
    use: Use | None

    @property
    def meaning(self) -> tuple[Any, ...]:
        """All but its place in the table."""
        return (sorted(self.facts.items()), self.use)


@dataclass
class EarlierLines:
    """What earlier lines said about courses, so that a later one cannot contradict it."""

    _titles: dict[tuple[str, ...], tuple[str, int]] = field(default_factory=dict)
    _chapters: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)

    def check(self, path: str, line: Line, before: Sequence[Line]) -> None:
        """Raises Invalid when the line repeats or contradicts an earlier one."""
        for other in before:
            if (line.use.key if line.use else None) == (other.use.key if other.use else None):
                raise Invalid(
                    "it says again what line %(number)s says of this file.",
                    number=f"{other.number:,}",
                )
            for name, value in line.facts.items():
                if other.facts.get(name, value) != value:
                    raise Invalid(
                        "its “%(name)s” differs from that in line %(number)s.",
                        name=name,
                        number=f"{other.number:,}",
                    )
        if line.use is not None:
            self._check_course(line.number, line.use)

    def _check_course(self, number: int, use: Use) -> None:
        titled: list[tuple[tuple[str, ...], str]] = [(("course", use.course), use.course_title)]
        if use.chapter is not None:
            titled.append((("chapter", use.course, use.chapter), use.chapter_title))
        if use.lesson is not None and use.chapter is not None:
            titled.append((("lesson", use.course, use.lesson), use.lesson_title))
            chapter, first = self._chapters.setdefault(
                (use.course, use.lesson), (use.chapter, number)
            )
            if chapter != use.chapter:
                problem = f"line {first:,} has the lesson “{use.lesson}” in another chapter."
                raise Invalid(problem)
        for key, title in titled:
            known, first = self._titles.get(key, (title, number))
            if title and known and known != title:
                raise Invalid(
                    "line %(first)s has another title for “%(key)s”.",
                    first=f"{first:,}",
                    key=key[-1],
                )
            if title:
                self._titles[key] = (known, first)


def path(cell: str) -> str:
    """The way to a file, with slashes. Raises Invalid when it leads out of the folder."""
    if not cell:
        raise Invalid("it has no file in “path”.")
    parts = [part for part in cell.replace("\\", "/").split("/") if part != "."]
    if "\0" in cell or ".." in parts or not parts[0] or parts[0].endswith(":"):
        raise Invalid("its “path” is outside the folder.")
    return "/".join(part for part in parts if part)


def line(number: int, cells: Mapping[str, str]) -> Line:
    """The line's meaning. Raises Invalid for a cell that cannot be understood."""
    values_by_column = {name: cell for name, cell in cells.items() if cell and name in COLUMNS}
    if any("\0" in cell for cell in values_by_column.values()):
        raise Invalid("it holds a NUL character.")
    facts: dict[str, Any] = {}
    for name in _OF_FILE:
        if name in values_by_column:
            try:
                facts[name] = _fact(name, values_by_column[name])
            except Invalid as problem:
                raise Invalid("“%(name)s”: %(told)s", name=name, told=_told(problem)) from problem
    return Line(number, facts, _use(values_by_column))


def _use(values_by_column: Mapping[str, str]) -> Use | None:
    def ref(name: str) -> str | None:
        try:
            return text.reference(values_by_column[name]) if name in values_by_column else None
        except Invalid as problem:
            raise Invalid("“%(name)s”: %(told)s", name=name, told=_told(problem)) from problem

    def title(name: str, longest: int = 200) -> str:
        try:
            return text.line(values_by_column.get(name, ""), name, longest=longest, empty=True)
        except Invalid as problem:
            raise Invalid("“%(name)s”: %(told)s", name=name, told=_told(problem)) from problem

    course, chapter, lesson = ref("course"), ref("chapter"), ref("lesson")
    if course is None:
        more = ("chapter", "lesson", "slot", "start", "end")
        stray = next((name for name in more if name in values_by_column), None)
        if stray is not None:
            raise Invalid("it has a “%(stray)s”, but names no course.", stray=stray)
        return None
    if lesson is not None and chapter is None:
        raise Invalid("it names the lesson “%(lesson)s”, but not its chapter.", lesson=lesson)
    start, end = _seconds("start", values_by_column), _seconds("end", values_by_column)
    if end is not None and end <= (start or 0):
        raise Invalid("its “end” is not after its “start”.")
    return Use(
        course=course,
        course_title=title("course_title"),
        chapter=chapter,
        chapter_title=title("chapter_title"),
        lesson=lesson,
        lesson_title=title("lesson_title"),
        slot=title("slot", 60),
        start_s=start,
        end_s=end,
    )


def _seconds(name: str, values_by_column: Mapping[str, str]) -> float | None:
    if name not in values_by_column:
        return None
    # Where the comma separates decimals, semicolons separate cells.
    seconds = values.readable(
        values_by_column[name], values.decimal(0, sys.float_info.max, comma=True)
    )
    if seconds is None:
        raise Invalid("“%(name)s” is not a number of seconds.", name=name)
    return seconds


def _fact(name: str, cell: str) -> Any:
    match name:
        case "title":
            return fields.checked({"name": cell})["name"]
        case "tags":
            return fields.checked({"tags": [tag for tag in cell.split(",") if tag.strip()]})["tags"]
        case "owner":
            return text.email(cell)
        case "created_at":
            return _moment(cell)
        case "old_id":
            return text.line(cell, "old_id")
    return fields.checked({name: cell})[name]


def _moment(cell: str) -> datetime:
    moment = values.readable(cell, values.moment("utc"))
    if moment is None:
        raise Invalid("Enter a time such as 2024-09-01 or 2024-09-01T12:00:00+02:00.")
    if not datetime(1970, 1, 1, tzinfo=UTC) <= moment <= datetime.now(UTC):
        raise Invalid("The date is before 1970 or in the future.")
    return moment


def _told(problem: Invalid) -> str:
    """What is wrong, without the field's name, which the caller adds."""
    return next(iter(problem.fields.values()), str(problem))
