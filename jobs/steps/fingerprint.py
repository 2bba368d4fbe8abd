"""Looking at a version and listening to it, to find what is nearly the same."""

import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from jobs import live
from jobs.steps.derivation import Derivation
from jobs.work import Work
from lectern.duplicates import near_index
from lectern.media import fingerprint
from lectern.models import Blob


def run(work: Work) -> None:
    """Take the fingerprint and find what is near, unless it is there for equal bytes."""
    this = Derivation(work)
    if work.read(lambda session: near_index.has(session, *this.source)):
        this.done()
        return
    looks, facts = this.make_of_played(fingerprint.take)
    duration_s = facts.duration_s or 0.0

    def record(session: Session, _: Sequence[Blob]) -> list[uuid.UUID]:
        pairs = near_index.record(
            session, *this.source, facts.kind, duration_s, looks.frames, looks.sound
        )
        return near_index.shown_by(session, work.claim.workspace_id, pairs)

    # Their pages show the newcomer without being loaded again.
    for asset_id in this.finish(record):
        live.publish(work.claim.workspace_id, live.CHANGED, asset_id)
