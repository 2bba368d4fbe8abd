"""Making an image in the widths that screens ask for."""

from jobs.steps.derivation import Derivation
from jobs.work import Work
from lectern.errors import Message
from lectern.media.pictures import sizes
from lectern.renditions import image_sizes

SMALL = Message("The image is small enough to be shown as it is.")


def run(work: Work) -> None:
    """Make the sizes, unless equal bytes of this workspace have them already."""
    this = Derivation(work)
    if work.read(lambda session: image_sizes.of_version(session, this.version)):
        this.done()
        return
    made = this.make(sizes.make)
    if not made:
        this.skip(SMALL)
        return
    for size in made:
        this.store(size.path, f"image/{size.format}")
    described = [(size.width, size.height, size.format) for size in made]
    this.finish(
        lambda session, blobs: image_sizes.record(
            session, this.version, list(zip(described, blobs, strict=True))
        )
    )
