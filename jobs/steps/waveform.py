"""Drawing the sound of a version, and measuring how loud it is."""

from jobs.steps.derivation import Derivation
from jobs.work import Work
from lectern.media import waveform
from lectern.renditions import renditions


def run(work: Work) -> None:
    """Make the waveform, unless equal bytes of this workspace have one already."""
    this = Derivation(work)
    if this.has(renditions.WAVEFORM):
        this.done()
        return
    made = this.make(waveform.make)
    this.store(made.path, waveform.MIME)
    this.finish(
        lambda session, blobs: this.record(session, renditions.WAVEFORM, blobs[0], made.facts)
    )
