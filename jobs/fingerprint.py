"""Looking at a version and listening to it, to find what is nearly the same."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.orm import Session

from jobs import broker, subject
from jobs.subject import Subject
from jobs.work import Work
from lectern.library import renditions, similar_finding
from lectern.media import fingerprint
from lectern.media.facts import Facts


def run(work: Work) -> None:
    """Take the fingerprint and find what is near, unless it is there for equal bytes."""
    this = subject.load(work)
    source = (this.workspace_id, this.blob_id)
    if work.read(lambda session: similar_finding.has(session, *source)):
        work.finish(lambda session: None)
        return
    with _played(work, this) as (file, facts):
        looks = fingerprint.take(
            file, facts, work.scratch, on_progress=work.progress, cancelled=work.cancelled
        )
    lasts_s = facts.duration_s or 0.0

    def record(session: Session) -> list[uuid.UUID]:
        pairs = similar_finding.record(
            session, *source, facts.kind, lasts_s, looks.frames, looks.sound
        )
        return similar_finding.shown_by(session, this.workspace_id, pairs)

    # Their pages show the newcomer without being loaded again.
    for asset_id in work.finish(record):
        broker.publish(this.workspace_id, asset_id=asset_id)


@contextmanager
def _played(work: Work, this: Subject) -> Iterator[tuple[Path, Facts]]:
    """What a browser plays of it: small, upright, and of the box's own making."""
    wanted = (this.workspace_id, this.blob_id, renditions.PLAYABLE)
    made = work.read(lambda session: renditions.find(session, *wanted))
    if made is None:
        with subject.original(work, this) as original:
            yield original, this.facts
    else:
        with work.process.storage.local_copy(made.blob.key) as copy:
            yield copy, Facts.from_json(made.facts)
