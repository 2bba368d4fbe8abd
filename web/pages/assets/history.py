"""One page of a file's history, the filters it is read through, and both as a download."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from flask import request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from lectern import csv_files
from lectern.errors import Invalid
from lectern.models import Asset, CustomField
from lectern.people import audit_actions, audit_reading
from lectern.people.audit import Line
from lectern.people.audit_reading import Only
from lectern.people.principal import Principal
from web import forms
from web.api.representations import entry_json
from web.pages.assets import events
from web.pages.assets.events import Event

SHOWN = 20
COLUMNS = ("number", "time", "by", "action", "what", "before", "after")


class HistoryPage:
    """The newest events that the address asks for; each part is read when it is first asked for.

    `custom` are the workspace's fields, whose labels events name.
    """

    def __init__(
        self,
        session: Session,
        principal: Principal,
        asset: Asset,
        custom: Sequence[CustomField],
    ) -> None:
        self._session = session
        self._custom = custom
        self._principal = principal
        self._asset = asset
        self.kind = request.args.get("kind", "")
        self.actor = request.args.get("actor", "")
        self.since = request.args.get("since", "")

    @property
    def only(self) -> Only:
        """The lines that are wanted. Raises Invalid for what no filter understands."""
        args = MultiDict(request.args)
        if self.kind:
            if self.kind not in self.kinds:
                raise Invalid("Unknown event type.", {"kind": "Choose one shown."})
            args.setlist("action", list(audit_actions.in_group(self.kind)))
        return forms.read(args)

    @property
    def filters(self) -> dict[str, str]:
        """What of the address says which lines are wanted."""
        named = {"kind": self.kind, "actor": self.actor, "since": self.since}
        return {name: text for name, text in named.items() if text}

    @property
    def kinds(self) -> dict[str, str]:
        """The kinds to choose from."""
        return events.kinds()

    @cached_property
    def people(self) -> list[tuple[Any, str]]:
        """Who to choose from."""
        return audit_reading.actors(self._session, self._principal, self._asset.id)

    @cached_property
    def _found(self) -> list[Line]:
        before = request.args.get("before", type=int)
        if before is not None and not 0 <= before < 1 << 63:
            raise Invalid("This link to an earlier page of the history is not valid.")
        return audit_reading.history(
            self._session,
            self._principal,
            self._asset.id,
            self.only,
            before=before,
            limit=SHOWN + 1,
        )

    @cached_property
    def _labels(self) -> dict[str, str]:
        return {each.key: each.label for each in self._custom}

    @property
    def events(self) -> list[Event]:
        """The page's events, newest first."""
        return events.events(self._found[:SHOWN], self._labels)

    @property
    def earlier(self) -> int | None:
        """Where the page before this one goes on, if there is one."""
        return self._found[SHOWN - 1].seq if len(self._found) > SHOWN else None

    def exported(self, form: str) -> Iterator[str]:
        """All lines that are wanted, as `csv` or `json`, piece by piece."""
        lines = audit_reading.whole(self._session, self._principal, self._asset.id, self.only)
        return _as_csv(lines, self._labels) if form == "csv" else _as_json(lines)


def _as_json(lines: Iterator[Line]) -> Iterator[str]:
    yield '{"items": ['
    for number, line in enumerate(lines):
        yield ("," if number else "") + "\n" + json.dumps(entry_json(line), ensure_ascii=False)
    yield "\n]}\n"


def _as_csv(lines: Iterator[Line], labels: Mapping[str, str]) -> Iterator[str]:
    return csv_files.lines(COLUMNS, (_cells(line, labels) for line in lines))


def _cells(line: Line, labels: Mapping[str, str]) -> tuple[Any, ...]:
    (event,) = events.events([line], labels)
    values = [_text(line.details.get(when)) for when in ("before", "after")]
    return (line.seq, line.at, event.by, line.action, event.text, *values)


def _text(value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if value is None or (isinstance(value, str | int | float) and not isinstance(value, bool)):
        return value
    return json.dumps(value, ensure_ascii=False)
