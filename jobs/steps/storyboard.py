"""Making the small pictures that a video is scrubbed and previewed by."""

from jobs.steps.derivation import Derivation
from jobs.work import Work
from lectern.media.pictures import storyboard
from lectern.renditions import storyboards


def run(work: Work) -> None:
    """Make the storyboard, unless equal bytes of this workspace have one already."""
    this = Derivation(work)
    if this.has(storyboards.spec(0)):
        this.done()
        return
    made = this.make(storyboard.make, seeking=True)
    for sheet in made.sheets:
        this.store(sheet, storyboard.MIME)
    this.finish(lambda session, blobs: storyboards.record(session, this.version, blobs, made.facts))
