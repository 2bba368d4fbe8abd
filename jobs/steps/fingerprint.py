"""Looking at a version and listening to it, to find what is nearly the same."""

import uuid

from sqlalchemy.orm import Session

from jobs import live, subject
from jobs.work import Work
from lectern.duplicates import near_index
from lectern.media import fingerprint


def run(work: Work) -> None:
    """Take the fingerprint and find what is near, unless it is there for equal bytes."""
    this = subject.load(work)
    source = (this.workspace_id, this.blob_id)
    if work.read(lambda session: near_index.has(session, *source)):
        work.finish(lambda session: None)
        return
    with subject.played(work, this) as (file, facts):
        looks = fingerprint.take(
            file, facts, work.scratch, on_progress=work.progress, cancelled=work.cancelled
        )
    lasts_s = facts.duration_s or 0.0

    def record(session: Session) -> list[uuid.UUID]:
        pairs = near_index.record(session, *source, facts.kind, lasts_s, looks.frames, looks.sound)
        return near_index.shown_by(session, this.workspace_id, pairs)

    # Their pages show the newcomer without being loaded again.
    for asset_id in work.finish(record):
        live.publish(this.workspace_id, live.CHANGED, asset_id)
