"""Making what a browser plays or shows of a version."""

from jobs.steps.derivation import Derivation
from jobs.work import Work
from lectern.media import playable
from lectern.media.playable import Skip
from lectern.renditions import renditions


def run(work: Work) -> None:
    """Make the playable rendition, unless equal bytes of this workspace have one already."""
    this = Derivation(work)
    if this.has(renditions.PLAYABLE):
        this.done()
        return
    made = this.make_of_original(playable.make)
    if isinstance(made, Skip):
        this.skip(made.reason)
        return
    this.store(made.path, made.mime)
    facts = made.facts
    this.finish(lambda session, blobs: this.record(session, renditions.PLAYABLE, blobs[0], facts))
