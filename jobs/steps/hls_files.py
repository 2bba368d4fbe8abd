"""Files of a stream on their way from the scratch folder into storage and rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from jobs.results import Results
from jobs.subject import Subject
from jobs.work import Work
from lectern.renditions import renditions, streams

PLAYLIST = "application/vnd.apple.mpegurl"


class Files:
    """Stored as they are added; `record` names them, in the transaction that ends the work."""

    def __init__(self, work: Work) -> None:
        self._scratch = work.scratch
        self._results = Results(work)
        self._specs: list[tuple[str, Mapping[str, Any]]] = []

    def add(self, spec: str, path: Path, mime: str, facts: Mapping[str, Any] | None = None) -> None:
        """Put one finished file into storage; nobody may write to it any more."""
        self._results.store(path, mime)
        self._specs.append((spec, {"mime": mime, **(facts or {})}))

    def playlist(self, name: str, text: str) -> None:
        """Put a playlist into storage."""
        path = self._scratch / name
        path.write_text(text, encoding="ascii", errors="replace")
        self.add(streams.FOLDER + name, path, PLAYLIST)

    def record(self, session: Session, this: Subject) -> None:
        """Name all of them as renditions of the original; the same again changes nothing."""
        for (spec, facts), blob in zip(self._specs, self._results.add(session), strict=True):
            renditions.record(session, this.workspace_id, this.blob_id, spec, blob, dict(facts))

    def tidy(self) -> None:
        """Drop copies that turned out redundant; call it after the commit only."""
        self._results.tidy()
