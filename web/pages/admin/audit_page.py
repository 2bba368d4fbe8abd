"""One page of the audit log, the filters it is read through, and both as a download."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from lectern import csv_files, values
from lectern.errors import Invalid
from lectern.people import audit_pages
from lectern.people.audit import Line
from lectern.people.audit_pages import Only
from lectern.people.principal import Principal
from lectern.taxonomy import custom_fields
from web.api.representations import entry_json
from web.pages.admin import audit_labels

SHOWN = 50
LECTERN = "lectern"
NAMES = ("kind", "actor", "object", "since", "until")
COLUMNS = ("number", "time", "by", "action", "type", "id", "details", "previous hash", "hash")


class AuditPage:
    """The newest lines that the address asks for; each part is read when it is first asked for."""

    def __init__(self, session: Session, principal: Principal) -> None:
        self._session = session
        self._principal = principal
        self.filters = {name: text for name in NAMES if (text := request.args.get(name, ""))}

    @property
    def kinds(self) -> dict[str, str]:
        """The kinds to choose from."""
        return audit_labels.kinds()

    @cached_property
    def people(self) -> list[tuple[str, str]]:
        """Who to choose from."""
        found = audit_pages.actors(self._session, self._principal)
        return [(str(user_id), name) for user_id, name in found]

    @cached_property
    def only(self) -> Only:
        """The lines that are wanted. Raises Invalid for what no filter understands."""
        kind, actor = self.filters.get("kind", ""), self.filters.get("actor", "")
        if kind and kind not in self.kinds:
            raise Invalid.of("kind", "Choose one of the listed options.")
        until = _day("until", self.filters.get("until", ""))
        return Only(
            kinds=audit_labels.WIDER.get(kind, (kind,)) if kind else (),
            actor=None if actor == LECTERN else _id("actor", actor),
            by_lectern=actor == LECTERN,
            object_id=_id("object", self.filters.get("object", "")),
            since=_day("since", self.filters.get("since", "")),
            # The day itself is wanted too.
            until=until + timedelta(days=1) if until else None,
        )

    @cached_property
    def _found(self) -> list[Line]:
        text = request.args.get("before", "")
        if text and not (text.isascii() and text.isdigit() and int(text) < 1 << 63):
            raise Invalid.of("before", "This link to an earlier page is not valid.")
        before = int(text) if text else None
        return audit_pages.page(
            self._session, self._principal, self.only, before=before, limit=SHOWN + 1
        )

    @cached_property
    def lines(self) -> list[audit_labels.Entry]:
        """The page's lines, newest first."""
        shown = self._found[:SHOWN]
        names = audit_pages.names_of(self._session, self._principal, shown)
        fields = custom_fields.list_of(self._session, self._principal)
        return audit_labels.entries(shown, names, {each.key: each.label for each in fields})

    @property
    def earlier(self) -> int | None:
        """Where the page before this one goes on, if there is one."""
        return self._found[SHOWN - 1].seq if len(self._found) > SHOWN else None

    def exported(self, form: str) -> Iterator[str]:
        """All lines that are wanted, as `csv` or `json`, piece by piece."""
        lines = audit_pages.whole(self._session, self._principal, self.only)
        return _as_csv(lines) if form == "csv" else _as_json(lines)


def _as_json(lines: Iterator[Line]) -> Iterator[str]:
    yield '{"items": ['
    for number, line in enumerate(lines):
        yield ("," if number else "") + "\n" + json.dumps(entry_json(line), ensure_ascii=False)
    yield "\n]}\n"


def _as_csv(lines: Iterator[Line]) -> Iterator[str]:
    return csv_files.lines(COLUMNS, map(_cells, lines))


def _cells(line: Line) -> tuple[Any, ...]:
    details = json.dumps(line.details, ensure_ascii=False, sort_keys=True)
    return (
        *(line.seq, line.at, line.actor, line.action, line.object_type, line.object_id),
        *(details, line.previous_hash, line.hash),
    )


def _id(field: str, text: str) -> uuid.UUID | None:
    return values.field(field, text, values.identifier) if text else None


def _day(field: str, text: str) -> datetime | None:
    if not text:
        return None
    day = values.readable(text, values.day)
    if day is None or not 1900 <= day.year <= 9000:
        raise Invalid.of(field, "Send a date such as 2026-09-01.")
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
