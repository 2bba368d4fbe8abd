"""Making an image in the widths that screens ask for."""

from sqlalchemy.orm import Session

from jobs import subject
from jobs.steps.results import Results
from jobs.work import Work
from lectern.errors import Message
from lectern.media.pictures import sizes
from lectern.models import TaskState
from lectern.renditions import image_sizes

SMALL = Message("The image is small enough to be shown as it is.")


def run(work: Work) -> None:
    """Make the sizes, unless equal bytes of this workspace have them already."""
    this = subject.load(work)
    if work.read(lambda session: image_sizes.of_version(session, this.version)):
        work.finish(lambda session: None)
        return
    with subject.original(work, this) as source:
        made = sizes.make(
            source,
            this.facts,
            work.scratch,
            on_progress=work.progress,
            cancelled=work.cancelled,
        )
    if not made:
        work.finish(lambda session: None, TaskState.SKIPPED, SMALL)
        return
    results = Results(work)
    for each in made:
        results.store(each.path, f"image/{each.format}")
    described = [(each.width, each.height, each.format) for each in made]

    def record(session: Session) -> None:
        image_sizes.record(
            session, this.version, list(zip(described, results.add(session), strict=True))
        )

    work.finish(record)
    results.tidy()
