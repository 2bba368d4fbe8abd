"""Captions, glossaries and switches in exports: brought in, compared, told, and taken back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lectern.exchange import attached
from lectern.exchange import undo as import_undo
from lectern.exchange.imports import recording
from lectern.exchange.imports.recording import IMPORT, Key
from lectern.insight.editing import tracks
from lectern.integrity import fsck
from lectern.library import assets, schedule_edits, schedules, versions
from lectern.models import (
    Asset,
    Batch,
    CaptionEdit,
    CaptionTrack,
    Course,
    GlossaryTerm,
    ScheduledSwitch,
    Task,
    Version,
)
from lectern.people.principal import Principal
from lectern.storage import LocalStorage
from tests.factories import add_version, make_asset, make_course
from tests.lectern.exchange.library import caption, exported, fill, in_first_format, switch
from tests.lectern.exchange.test_import import bring, kept, make_colleague_of_nobody

CUES = [
    {"start": 0.0, "end": 1.5, "text": "One"},
    {"start": 2.0, "end": 3.0, "text": "Two\nlines"},
]


def import_as(session: Session, who: Principal, content: bytes) -> tuple[Any, Key]:
    """An import that can be undone; its report and its batch."""
    batch = recording.begin(session, who, IMPORT, {"file": "export.zip"})
    key = Key(who.workspace_id, batch.id)
    report = bring(session, who, content, batch=key)
    recording.end(session, key)
    return report, key


def undo(session: Session, who: Principal, key: Key, storage: LocalStorage) -> list[str]:
    """Take it back; returns why things stayed."""
    import_undo.begin(session, who, key.batch_id)
    while not import_undo.advance(session, who, key, storage=storage, days=30):
        pass
    import_undo.finish(session, key)
    assert [finding.sentence for finding in fsck.rows(session)] == []
    assert list(fsck.chains(session)) == []
    session.expire_all()
    return [
        each.reason for each in import_undo.kept(session, session.get_one(Batch, tuple_of(key)))
    ]


def tuple_of(key: Key) -> tuple[Any, Any]:
    return (key.workspace_id, key.batch_id)


def waiting(session: Session, owner: Principal) -> tuple[Asset, Version, ScheduledSwitch]:
    """A file whose second version waits for its time."""
    asset = make_asset(session, owner, name="Photosynthesis")
    first = versions.get_current(session, asset)
    second = add_version(session, asset)
    assert first is not None
    versions.make_current(session, asset, first, first.blob)
    return asset, second, switch(session, second, created_by=owner.user_id)


def all_ready(session: Session, who: Principal) -> None:
    """As if all workers had done their work, for bytes that came."""
    mine = Task.workspace_id == who.workspace_id
    session.execute(update(Task).where(mine).values(state="done", awaits=None))


def there(session: Session, who: Principal, model: Any) -> list[Any]:
    session.expire_all()
    return list(session.scalars(select(model).where(model.workspace_id == who.workspace_id)))


def test_a_version_that_waits_goes_on_waiting_after_an_import(
    session: Session, owner: Principal, storage: LocalStorage, tmp_path: Path
) -> None:
    asset = fill(session, owner, storage, tmp_path)
    later = session.get_one(Version, (owner.workspace_id, asset.current_version_id))
    session.execute(update(ScheduledSwitch).values(state="waiting", ended_at=None, reason=None))
    first = session.scalars(
        select(Version).where(Version.asset_id == asset.id, Version.number == 1)
    ).one()
    versions.make_current(session, asset, first, first.blob)
    content = exported(session, owner, storage)
    for say in (bytes, in_first_format):
        other = make_colleague_of_nobody(session, owner)
        bring(session, other, say(content), storage, tmp_path)
        all_ready(session, other)
        settled = assets.settle(session, other.workspace_id, asset.id)
        assert (settled.version_number, settled.state, settled.version_count) == (1, "ready", 2)
        version = session.get_one(Version, (other.workspace_id, later.id))
        came = schedules.of_version(session, version)
        assert came is not None
        if say is bytes:
            assert (came.state, came.local, came.zone) == (
                "waiting",
                "2099-03-02T08:00",
                "Europe/Berlin",
            )
            schedule_edits.now(session, other, settled, 2)
            assert settled.version_number == 2
        else:
            assert (came.state, came.reason) == ("cancelled", attached.UNTOLD)
            assert not bring(session, other, say(content)).writes


def test_an_export_of_an_earlier_release_comes_in_as_before(
    session: Session, owner: Principal, storage: LocalStorage, tmp_path: Path
) -> None:
    fill(session, owner, storage, tmp_path)
    content = exported(session, owner, storage)
    other = make_colleague_of_nobody(session, owner)
    report = bring(session, other, in_first_format(content), storage, tmp_path)
    assert report.left_out == []
    assert (report.added["versions"], report.added["caption_tracks"]) == (3, 0)
    assert [finding.sentence for finding in fsck.rows(session)] == []
    # What it lacks comes with a newer export of the same library.
    again = bring(session, other, content)
    # It does not know when the version that is shown was meant for; that stays so.
    assert [each.reason for each in again.left_out] == [attached.SHOWN]
    assert (again.added["caption_tracks"], again.added["caption_edits"]) == (2, 2)
    assert again.added["glossary_terms"] == 2
    assert kept(exported(session, other))["caption_tracks"] == kept(content)["caption_tracks"]
    assert not bring(session, other, content).writes


def test_captions_that_differ_are_told_by_their_cues_and_set_back_and_undone(
    session: Session, owner: Principal, storage: LocalStorage
) -> None:
    asset = make_asset(session, owner, name="Photosynthesis")
    version = session.get_one(Version, (owner.workspace_id, asset.current_version_id))
    when = datetime(2026, 9, 1, tzinfo=UTC)
    done = {"state": "reviewed", "reviewed_by": owner.user_id, "reviewed_at": when}
    track = caption(session, version, CUES, **done, edited_by=owner.user_id)
    content = exported(session, owner)
    mine = [{**CUES[0], "text": "Won"}, CUES[1]]
    track.cues, track.state, track.lock_version = mine, "in_review", 5
    track.reviewed_by = track.reviewed_at = None
    session.flush()

    report, key = import_as(session, owner, content)
    (change,) = report.changes
    assert (change.file, change.name) == ("caption_tracks", "Photosynthesis · en")
    assert change.fields["cues"] == {"before": "0:00:00 Won", "after": "0:00:00 One"}
    assert change.fields["state"] == {"before": "in_review", "after": "reviewed"}
    assert change.fields["reviewed_by"] == {"before": None, "after": owner.name}
    session.expire_all()
    assert (track.cues, track.state, track.reviewed_at) == (CUES, "reviewed", when)
    assert track.lock_version == 6
    assert [(edit.number, edit.cues) for edit in tracks.history(session, track)] == [(6, CUES)]
    assert not bring(session, owner, content).writes

    assert undo(session, owner, key, storage) == []
    assert (track.cues, track.state, track.reviewed_by) == (mine, "in_review", None)
    assert [edit.number for edit in tracks.history(session, track)] == [7, 6]


def test_captions_that_somebody_changed_since_stay_as_a_whole(
    session: Session, owner: Principal, storage: LocalStorage
) -> None:
    asset = make_asset(session, owner)
    version = session.get_one(Version, (owner.workspace_id, asset.current_version_id))
    when = datetime(2026, 9, 1, tzinfo=UTC)
    done = {"state": "reviewed", "reviewed_by": owner.user_id, "reviewed_at": when}
    track = caption(session, version, CUES, **done)
    content = exported(session, owner)
    track.state, track.reviewed_by, track.reviewed_at = "in_review", None, None
    session.flush()
    _, key = import_as(session, owner, content)
    tracks.review(session, owner, asset, version, "en", reviewed=True)
    (reason,) = undo(session, owner, key, storage)
    assert reason == "Someone has changed this since then: reviewed_at."
    assert track.state == "reviewed"


def test_captions_words_and_times_that_came_to_a_file_here_go_again(
    session: Session, owner: Principal, storage: LocalStorage
) -> None:
    asset, second, planned = waiting(session, owner)
    first = session.get_one(Version, (owner.workspace_id, asset.current_version_id))
    caption(session, first, CUES, edited_by=owner.user_id)
    caption(session, first, CUES, language="de")
    course = make_course(session, owner)
    home = {"workspace_id": owner.workspace_id, "created_by": owner.user_id}
    session.add(GlossaryTerm(**home, course_id=course.id, term="Xylem", key="xylem"))
    session.flush()
    content = exported(session, owner)
    for each in (*there(session, owner, CaptionTrack), *there(session, owner, GlossaryTerm)):
        session.delete(each)
    session.delete(planned)
    session.flush()

    report, key = import_as(session, owner, content)
    assert report.left_out == []
    assert dict(report.added) == {
        "scheduled_switches": 1,
        "caption_tracks": 2,
        "glossary_terms": 1,
    }
    assert {each.language for each in there(session, owner, CaptionTrack)} == {"en", "de"}
    assert not bring(session, owner, content).writes
    # Somebody corrects one of them before the import is undone.
    german = next(t for t in there(session, owner, CaptionTrack) if t.language == "de")
    german.lock_version += 1
    session.flush()
    assert undo(session, owner, key, storage) == ["Someone has changed these captions since then."]
    assert [each.language for each in there(session, owner, CaptionTrack)] == ["de"]
    assert there(session, owner, GlossaryTerm) == []
    (switched,) = there(session, owner, ScheduledSwitch)
    assert (switched.version_id, switched.state) == (second.id, "cancelled")
    assert assets.settle(session, owner.workspace_id, asset.id).version_number == 1


def test_another_time_comes_in_and_goes_back_but_an_ended_one_stays(
    session: Session, owner: Principal, storage: LocalStorage
) -> None:
    asset, _, planned = waiting(session, owner)
    content = exported(session, owner)
    schedule_edits.schedule(session, owner, asset, 2, "2027-05-01T09:00", "Europe/Paris")
    report, key = import_as(session, owner, content)
    (change,) = report.changes
    assert change.name == "Photosynthesis · 2099-03-02T08:00"
    assert change.fields["zone"] == {"before": "Europe/Paris", "after": "Europe/Berlin"}
    session.expire_all()
    assert planned.local == "2099-03-02T08:00"
    assert undo(session, owner, key, storage) == []
    assert (planned.local, planned.zone) == ("2027-05-01T09:00", "Europe/Paris")
    assert planned.at == datetime(2027, 5, 1, 7, tzinfo=UTC)

    schedule_edits.cancel(session, owner, asset, 2)
    session.flush()
    again = bring(session, owner, content)
    assert [each.reason for each in again.left_out] == [attached.ENDED]
    assert not again.writes


def test_a_version_that_was_shown_here_gets_no_time(session: Session, owner: Principal) -> None:
    asset, second, planned = waiting(session, owner)
    content = exported(session, owner)
    session.delete(planned)
    asset.current_version_id, asset.version_number = second.id, 2
    session.flush()
    report = bring(session, owner, content)
    assert [each.reason for each in report.left_out] == [attached.SHOWN]
    assert not report.writes


def test_the_history_of_captions_is_not_mixed(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner)
    version = session.get_one(Version, (owner.workspace_id, asset.current_version_id))
    track = caption(session, version, CUES)
    home = {"workspace_id": owner.workspace_id, "track_id": track.id}
    step = CaptionEdit(**home, number=1, cues=CUES)
    session.add(step)
    session.flush()
    content = exported(session, owner)
    session.delete(step)
    session.flush()
    session.add(CaptionEdit(**home, number=1, cues=[]))
    session.flush()
    report = bring(session, owner, content)
    assert [each.reason for each in report.left_out] == [attached.OTHER_HISTORY]
    assert [each.cues for each in there(session, owner, CaptionEdit)] == [[]]


def test_a_course_whose_glossary_people_used_stays_when_its_import_is_undone(
    session: Session, owner: Principal, storage: LocalStorage, tmp_path: Path
) -> None:
    fill(session, owner, storage, tmp_path)
    other = make_colleague_of_nobody(session, owner)
    _, key = import_as(session, other, exported(session, owner))
    (course,) = there(session, other, Course)
    home = {"workspace_id": other.workspace_id, "course_id": course.id}
    session.add(GlossaryTerm(**home, term="Ours", key="ours"))
    session.flush()
    assert "Its glossary has terms." in undo(session, other, key, storage)
    assert [term.term for term in there(session, other, GlossaryTerm)] == ["Ours"]


@pytest.mark.parametrize("size", [1, 7])
def test_of_many_cues_the_first_are_told(size: int) -> None:
    cues = [{"start": at * 3600.0, "end": at * 3600.0 + 1, "text": f"{at}"} for at in range(size)]
    words = attached.told(cues, [])
    assert words == (
        "0:00:00 0"
        if size == 1
        else "0:00:00 0 / 1:00:00 1 / 2:00:00 2 / 3:00:00 3 / 4:00:00 4 / + 2"
    )
    assert attached.told(cues, cues) == ""
