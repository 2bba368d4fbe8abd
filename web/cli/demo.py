"""Fill an empty library with the sample: two courses and eight files, through the real pipeline."""

import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from jobs import broker, enqueue, live
from lectern import settings
from lectern.courses import courses, usages
from lectern.courses.courses import ChapterSpec, CourseSpec, LessonSpec
from lectern.courses.places import Place
from lectern.courses.terms import UsageSpec
from lectern.database import sessions
from lectern.ingest import uploads
from lectern.ingest.receiving import Receiver
from lectern.ingest.uploads import NewUpload
from lectern.models import Asset, Upload, UploadState
from lectern.people import audit, workspaces
from lectern.people.principal import Principal
from lectern.pipeline import tasks
from lectern.settings import Settings

FILES = Path(__file__).with_name("sample") / "files"
PIECE = 1 << 20
# The sample is checked in seconds; a machine that needs longer is told, not waited for.
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Sample:
    """A file of the sample, and the lesson (course, lesson) that uses it."""

    name: str
    folder: str
    tags: tuple[str, ...]
    used_in: tuple[tuple[str, str], ...] = ()


SAMPLES = (
    Sample(
        "dawn-chorus.mp3", "Field Biology", ("birds", "field recording"), (("biology", "leaves"),)
    ),
    Sample("syllabus.pdf", "React", ("handout",)),
    Sample(
        "leaf-cross-section.png", "Field Biology", ("botany", "diagram"), (("biology", "leaves"),)
    ),
    Sample("state-and-render.png", "React", ("react", "diagram"), (("react", "hooks"),)),
    Sample("welcome-to-the-course.m4a", "React", ("welcome",), (("react", "welcome"),)),
    Sample("culture-growing-overnight.mp4", "Field Biology", ("microscope", "time lapse")),
    Sample(
        "why-are-leaves-green.mp4", "Field Biology", ("botany", "lecture"), (("biology", "leaves"),)
    ),
    Sample(
        "react-hooks-in-one-minute.mp4",
        "React",
        ("react", "hooks", "lecture"),
        (("react", "hooks"), ("react", "recap")),
    ),
)
COURSES = {
    "react": CourseSpec(
        "React from scratch",
        (
            ChapterSpec("start", "Getting started", (LessonSpec("welcome", "Welcome"),)),
            ChapterSpec(
                "state",
                "State",
                (LessonSpec("hooks", "Hooks"), LessonSpec("recap", "What we know so far")),
            ),
        ),
    ),
    "biology": CourseSpec(
        "Field biology",
        (ChapterSpec("week-1", "Week 1", (LessonSpec("leaves", "Why are leaves green?"),)),),
    ),
}


def main() -> None:
    """Fill the library of this process's settings, unless something is in it."""
    configured = settings.read()
    sessions.connect(configured.database_url)
    audit.configure(configured.secret_key)
    broker.configure(configured.redis_url)
    with sessions.unit_of_work() as session:
        if session.scalar(select(Asset.id).limit(1)) is not None:
            print("The library is not empty, so the sample was not added.")
            return
        workspace = workspaces.first(session) or workspaces.add(session, "Sample Academy")
        principal = Principal.system(workspace.id)
    for sample in SAMPLES:
        send(configured, principal, sample)
    found = wait(principal)
    with sessions.unit_of_work() as session:
        teach(session, principal, found)
    for asset_id in found.values():
        live.publish(principal.workspace_id, live.CHANGED, asset_id)
    print(f"The sample is in the library: {len(found)} files in {len(COURSES)} courses.")


def send(configured: Settings, principal: Principal, sample: Sample) -> None:
    """Upload one file the way a browser does, from the announcement to the queue."""
    file = FILES / sample.name
    new = NewUpload(sample.name, file.stat().st_size, folder=sample.folder, tags=sample.tags)
    with sessions.unit_of_work() as session:
        upload = uploads.create(session, principal, new, settings=configured)
    receiver = Receiver.begin(
        sessions.unit_of_work, configured, principal, upload.id, offset=0, length=new.size
    )
    with file.open("rb") as source:
        while piece := source.read(PIECE):
            receiver.write(piece)
    receiver.finish()
    with sessions.unit_of_work() as session:
        enqueue.notify(tasks.of_upload(session, upload.workspace_id, upload.id))


def wait(principal: Principal) -> dict[str, uuid.UUID]:
    """The assets by file name, once every upload has been checked."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with sessions.unit_of_work() as session:
            rows = session.scalars(
                select(Upload).where(Upload.workspace_id == principal.workspace_id)
            ).all()
        if all(upload.state != UploadState.CHECKING for upload in rows):
            return {upload.filename: upload.asset_id for upload in rows if upload.asset_id}
        if time.monotonic() > deadline:
            sys.exit("The sample's files are still being checked; its courses were not made.")
        time.sleep(0.2)


def teach(session: Session, principal: Principal, found: dict[str, uuid.UUID]) -> None:
    """Make the courses and put the files into their lessons."""
    for ref, spec in COURSES.items():
        courses.put(session, principal, ref, spec)
        for chapter in spec.chapters:
            for lesson in chapter.lessons:
                items = _uses(ref, lesson.ref, found)
                usages.put(session, principal, Place(ref, None, lesson.ref), items)


def _uses(course: str, lesson: str, found: dict[str, uuid.UUID]) -> Sequence[UsageSpec]:
    return [
        UsageSpec(found[sample.name])
        for sample in reversed(SAMPLES)
        if (course, lesson) in sample.used_in and sample.name in found
    ]


if __name__ == "__main__":
    main()
