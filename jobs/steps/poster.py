"""Making the stills that stand for a version; see `first_page` for documents."""

import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from jobs import live
from jobs.steps.derivation import Derivation
from jobs.steps.documents import first_page
from jobs.work import Work
from lectern.errors import Message
from lectern.media.pictures import poster
from lectern.models import Blob
from lectern.renditions import posters, shared_frames

NONE = Message("This file has no image.")


def run(work: Work) -> None:
    """Propose posters, unless equal bytes of this workspace have some already."""
    this = Derivation(work)
    if first_page.is_document(this):
        first_page.run(this)
    elif this.has("poster.1"):
        this.finish(lambda session, _: posters.show_best(session, this.version))
    else:
        _propose(this)


def _propose(this: Derivation) -> None:
    with this.opened(seeking=True) as (source, facts):
        made = poster.candidates(source, facts, this.work.scratch)
    if not made:
        this.skip(NONE)
        return
    for candidate in made:
        this.store(candidate.path, candidate.mime)

    def record(session: Session, blobs: Sequence[Blob]) -> list[uuid.UUID]:
        proposed = [(blob, each.facts) for blob, each in zip(blobs, made, strict=True)]
        posters.record(session, this.version, proposed)
        return shared_frames.step_aside(session, this.version, proposed)

    for asset_id in this.finish(record):
        live.publish(this.subject.workspace_id, live.CHANGED, asset_id)
