"""What the two pages that people open most ask of the database, for a file that has everything."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.duplicates import near_index
from lectern.insight import glossary, slides, transcripts
from lectern.insight.cues import Cue
from lectern.insight.editing import tracks
from lectern.insight.slides import Line, Shown
from lectern.insight.transcripts import Heard, Segment
from lectern.library import assets
from lectern.models import Asset, CustomField, Lesson, Task, Version
from lectern.people.principal import Principal
from lectern.pipeline.registry import Step
from lectern.renditions import posters, renditions, storyboards, streams
from tests.factories import add_version, make_asset, make_blob, make_colleague, make_course
from tests.web.conftest import current_version

# Bounds to lower, not to raise: whatever a part needs belongs into a statement that is there.
FILE, LIBRARY = 29, 5


@contextmanager
def statements(connection: Connection) -> Iterator[list[str]]:
    """What is sent meanwhile, without the savepoints that stand for a test's transactions."""
    sent: list[str] = []

    def note(*arguments: object) -> None:
        if "SAVEPOINT" not in (text := str(arguments[2])):
            sent.append(text)

    event.listen(connection, "before_cursor_execute", note)
    yield sent
    event.remove(connection, "before_cursor_execute", note)


@pytest.fixture
def lecture(session: Session, owner: Principal) -> Asset:
    """A video of three versions with all that is ever derived, and two files near it."""
    asset = make_asset(session, owner, name="Mitosis", language="en")
    add_version(session, asset)
    add_version(session, asset)
    version = current_version(session, asset)
    edit(session, owner, asset)
    use(session, owner, asset)
    derive(session, version)
    caption(session, owner, asset, version)
    for step in (Step.PLAYABLE, Step.POSTER, Step.HLS):
        session.add(
            Task(
                workspace_id=asset.workspace_id,
                version_id=version.id,
                asset_id=asset.id,
                step=step,
                queue="media",
                state="done",
            )
        )
    take_fingerprint(session, version)
    for name in ("Mitosis, cut", "Mitosis, quiet"):
        take_fingerprint(session, current_version(session, make_asset(session, owner, name=name)))
    session.commit()
    session.expunge_all()
    return asset


def take_fingerprint(session: Session, version: Version) -> None:
    """The same sound and pictures for every version."""
    noise = random.Random(4)  # noqa: S311 a pattern, no secret
    sound, pictures = noise.randbytes(4 * 900), [noise.randbytes(64) for _ in range(6)]
    near_index.record(
        session,
        version.workspace_id,
        version.blob_id,
        kind="video",
        duration_s=120.0,
        frames=[(2.0 * n, pictures[n // 10]) for n in range(60)],
        sound=sound,
    )


def edit(session: Session, owner: Principal, asset: Asset) -> None:
    """Words in all fields, by two people."""
    field = {"key": "semester", "label": "Semester", "type": "text", "position": 0}
    session.add(CustomField(workspace_id=asset.workspace_id, **field))
    given = {"tags": ["cells", "biology"], "folder": "Biology/Cells", "licence": "CC BY 4.0"}
    assets.edit(session, owner, asset, given)
    anna = make_colleague(session, owner)
    assets.edit(
        session, anna, asset, {"description": "How cells divide.", "custom": {"semester": "1"}}
    )


def use(session: Session, owner: Principal, asset: Asset) -> None:
    """Used in three lessons, and once used in another."""
    course = make_course(session, owner, title="Biology", chapters=2, lessons=2)
    lessons = session.query(Lesson).filter_by(course_id=course.id).all()
    placed = [usages.add(session, owner, lesson.id, [asset.id])[0] for lesson in lessons]
    usages.end(session, owner, placed[0].id)
    glossary.add(session, owner, course, "Mitosis", "my toes is")


def derive(session: Session, version: Version) -> None:
    """Streams, a plain MP4, storyboard, waveform, posters and slides."""
    key = (version.workspace_id, version.blob_id)
    tiles = {"width": 160, "height": 90, "columns": 5, "rows": 5, "times": [0.0, 30.0]}
    facts = {
        renditions.PLAYABLE: {},
        renditions.WAVEFORM: {"lufs": -30.0, "true_peak_db": -3.0, "range_lu": 4.0},
        streams.FOLDER + streams.MASTER: {},
        streams.PROGRESSIVE: {},
        storyboards.spec(0): tiles,
    }
    for spec, each in facts.items():
        renditions.record(session, *key, spec, make_blob(session, version.workspace_id), each)
    stills = [
        (make_blob(session, version.workspace_id), {"at_s": n * 10, "reasons": ["Sharp"]})
        for n in range(1, 5)
    ]
    posters.record(session, version, stills)
    thumbs = [make_blob(session, version.workspace_id, mime="image/webp") for _ in range(2)]
    shown = [Shown(0.0, 20.0, 0), Shown(20.0, 60.0, 1)]
    lines = [[Line(f"Phase {n}", 0.9, (0, 0, 1, 1))] for n in (1, 2)]
    slides.record(session, version, "reader", shown, lines, thumbs)


def caption(session: Session, owner: Principal, asset: Asset, version: Version) -> None:
    """What a machine heard, and two translations, each with a correction to make."""
    said = "Here my toes is begins."
    heard = Heard("en", [Segment(0.0, 4.0, said)])
    transcripts.record(
        session, version.workspace_id, version.blob_id, "nano", "settings", heard=heard
    )
    for language in ("de", "fr"):
        tracks.save(session, owner, asset, version, language, [Cue(0.0, 4.0, said)])


def test_a_files_page_is_read_in_few_statements(
    client: FlaskClient, lecture: Asset, connection: Connection
) -> None:
    address = f"/assets/{lecture.id}"
    client.get(address)
    with statements(connection) as sent:
        html = client.get(address).text
    for part in ("Biology/Cells", "How cells divide.", "MP4 720p", "hls/master.m3u8", "Phase 1"):
        assert part in html
    for part in ("3 places", "Previously in 1 place", "Semester", "Mitosis, quiet", "my toes is"):
        assert part in html
    assert len(sent) <= FILE, "\n\n".join(sent)


def test_the_library_is_read_in_few_statements(
    client: FlaskClient, lecture: Asset, connection: Connection
) -> None:
    client.get("/library")
    with statements(connection) as sent:
        assert lecture.name in client.get("/library").text
    assert len(sent) <= LIBRARY, "\n\n".join(sent)
