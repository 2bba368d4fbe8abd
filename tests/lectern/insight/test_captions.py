"""A person's captions before a machine's, seen by a version that was rolled back, never lost."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.errors import Forbidden, Invalid, NotFound, Stale
from lectern.insight import (
    captions,
    corrections,
    glossary,
    transcript_files,
    transcription,
    transcripts,
)
from lectern.insight.cues import Cue, Word
from lectern.insight.editing import tracks
from lectern.insight.transcripts import Heard, Segment
from lectern.integrity import purging
from lectern.library import rollback, trash, versions
from lectern.models import Asset, CaptionTrack, Role, TaskState, Version
from lectern.people import audit_reading
from lectern.people.principal import Principal
from lectern.storage import LocalStorage
from lectern.taxonomy import tags
from tests.factories import add_version, make_asset, make_colleague, make_course, make_principal

MINE = [Cue(0.0, 2.0, "Mine.")]
OTHER = [Cue(0.0, 2.0, "Somebody's.")]


@pytest.fixture
def owner(session: Session) -> Principal:
    return make_principal(session)


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    return make_asset(session, owner)


def current(session: Session, asset: Asset) -> Version:
    session.refresh(asset)
    version = versions.get_current(session, asset)
    assert version is not None
    return version


def hear(session: Session, version: Version, text: str = "Heard it.", language: str = "en") -> None:
    words = tuple(
        Word(n * 0.4, n * 0.4 + 0.4, f" {word}", 0.4) for n, word in enumerate(text.split())
    )
    heard = Heard(language, [Segment(0.0, words[-1].end_s, text, words)])
    key = (version.workspace_id, version.blob_id, "nano", text)
    transcripts.record(session, *key, heard=heard)


def shown(session: Session, version: Version) -> dict[str, tuple[str, str]]:
    return {
        each.language: (each.state, each.cues[0].text)
        for each in captions.list_of(session, version)
    }


def test_a_machine_is_shown_until_a_person_says_otherwise(
    session: Session, owner: Principal, asset: Asset
) -> None:
    version = current(session, asset)
    assert captions.list_of(session, version) == []
    with pytest.raises(NotFound):
        captions.get(session, asset, version, None)
    hear(session, version)
    assert shown(session, version) == {"en": ("machine", "Heard it.")}
    tracks.save(session, owner, asset, version, "en", MINE)
    hear(session, version, "Heard anew.")
    assert shown(session, version) == {"en": ("in_review", "Mine.")}
    tracks.review(session, owner, asset, version, "en", reviewed=True)
    (found,) = captions.list_of(session, version)
    assert (found.state, found.reviewer and found.reviewer.id) == ("reviewed", owner.user_id)
    tracks.save(session, owner, asset, version, "en", OTHER)
    assert shown(session, version) == {"en": ("in_review", "Somebody's.")}


def test_equal_bytes_share_what_was_heard_and_not_what_was_written(
    session: Session, owner: Principal, asset: Asset
) -> None:
    version = current(session, asset)
    twin = make_asset(session, owner, blob=version.blob)
    hear(session, version)
    tracks.save(session, owner, asset, version, "en", MINE)
    assert shown(session, current(session, twin)) == {"en": ("machine", "Heard it.")}


def test_a_rollback_brings_the_persons_captions_back(
    session: Session, owner: Principal, asset: Asset, tmp_path: Path
) -> None:
    first = current(session, asset)
    storage = LocalStorage(tmp_path / "storage")
    file = tmp_path / "bytes"
    file.write_bytes(b"bytes")
    storage.put(file, first.blob.key)
    tracks.save(session, owner, asset, first, "en", MINE)
    second = add_version(session, asset)
    assert shown(session, second) == {}
    third = rollback.roll_back(session, owner, asset, 1, storage=storage)
    assert shown(session, third) == {"en": ("in_review", "Mine.")}
    tracks.save(session, owner, asset, third, "en", OTHER)
    assert shown(session, first) == {"en": ("in_review", "Mine.")}
    (track,) = [each for each in captions.rows(session, third) if each.version_id == third.id]
    assert track.carried_from == first.id
    assert [edit.cues[0]["text"] for edit in tracks.history(session, track)] == [
        "Somebody's.",
        "Mine.",
    ]
    tracks.delete(session, owner, asset, third, "en")
    assert shown(session, third) == {}
    assert shown(session, first) == {"en": ("in_review", "Mine.")}


def test_deleted_captions_hide_the_machines_until_it_listens_again(
    session: Session, owner: Principal, asset: Asset
) -> None:
    version = current(session, asset)
    hear(session, version)
    tracks.delete(session, owner, asset, version, "en")
    assert shown(session, version) == {}
    tracks.restore(session, owner, asset, version, "en")
    assert shown(session, version) == {"en": ("machine", "Heard it.")}
    tracks.delete(session, owner, asset, version, "en")
    hear(session, version, "Heard anew.")
    assert shown(session, version) == {"en": ("machine", "Heard anew.")}
    tracks.save(session, owner, asset, version, "en", MINE)
    assert shown(session, version) == {"en": ("in_review", "Mine.")}
    with pytest.raises(NotFound):
        tracks.restore(session, owner, asset, version, "en")


def test_who_saw_something_else_is_told(session: Session, owner: Principal, asset: Asset) -> None:
    version = current(session, asset)
    hear(session, version)
    seen = captions.get(session, asset, version, "en").tag
    tracks.save(session, owner, asset, version, "en", MINE, seen=seen)
    with pytest.raises(Stale):
        tracks.save(session, owner, asset, version, "en", OTHER, seen=seen)
    with pytest.raises(Stale):
        tracks.save(session, owner, asset, version, "en", OTHER, seen="")
    assert shown(session, version) == {"en": ("in_review", "Mine.")}


def test_one_sitting_of_autosaves_is_one_step_and_one_line(
    session: Session, owner: Principal, asset: Asset
) -> None:
    version = current(session, asset)
    hear(session, version)
    track: CaptionTrack | None = None
    for number in range(4):
        cues = [Cue(0.0, 2.0, f"Draft {number}")]
        track = tracks.save(session, owner, asset, version, "en", cues, autosave=True)
    assert track is not None
    texts = [edit.cues[0]["text"] for edit in tracks.history(session, track)]
    assert texts == ["Draft 3", "Heard it."]
    other = make_colleague(session, owner)
    tracks.save(session, other, asset, version, "en", OTHER, autosave=True)
    assert len(tracks.history(session, track)) == 3
    actions = [line.action for line in audit_reading.history(session, owner, asset.id)]
    assert actions.count("captions.save") == 2


@pytest.mark.parametrize(
    ("cues", "why"),
    [
        ([], "from 1 to"),
        ([Cue(1.0, 1.0, "x")], "Cue 1: it has to end after it begins"),
        ([Cue(0.0, 1.0, " \x00 ")], "Cue 1: it has no text"),
        ([Cue(0.0, 2.0, "a"), Cue(1.0, 3.0, "b")], "Cue 1: it ends after the next one begins"),
        ([Cue(-1.0, 2.0, "a")], "Cue 1"),
    ],
)
def test_cues_that_cannot_be_shown_are_refused_by_number(
    session: Session, owner: Principal, asset: Asset, cues: list[Cue], why: str
) -> None:
    with pytest.raises(Invalid, match=why):
        tracks.save(session, owner, asset, current(session, asset), "en", cues)
    assert captions.list_of(session, current(session, asset)) == []


def test_only_who_may_edit_the_file_may_change_its_captions(
    session: Session, owner: Principal, asset: Asset
) -> None:
    viewer = make_colleague(session, owner, Role.VIEWER)
    version = current(session, asset)
    hear(session, version)
    with pytest.raises(Forbidden):
        tracks.save(session, viewer, asset, version, "en", MINE)
    with pytest.raises(Forbidden):
        tracks.delete(session, viewer, asset, version, "en")
    with pytest.raises(Forbidden):
        transcription.again(session, viewer, asset, None)


def test_another_workspace_is_neither_read_nor_shared(
    session: Session, owner: Principal, asset: Asset
) -> None:
    version = current(session, asset)
    tracks.save(session, owner, asset, version, "en", MINE)
    hear(session, version, language="fr")
    stranger = make_principal(session)
    with pytest.raises(NotFound):
        tracks.save(session, stranger, asset, version, "en", OTHER)
    theirs = make_asset(session, stranger)
    assert shown(session, current(session, theirs)) == {}


def test_the_language_that_suits_the_file_is_given_where_none_is_asked_for(
    session: Session, owner: Principal, asset: Asset
) -> None:
    version = current(session, asset)
    for language in ("de-CH", "fr", "de-x-forced"):
        tracks.save(session, owner, asset, version, language, MINE)
    tracks.review(session, owner, asset, version, "fr", reviewed=True)
    assert captions.get(session, asset, version, None).language == "fr"
    asset.language = "ger"
    assert captions.get(session, asset, version, None).language == "de-CH"
    assert captions.get(session, asset, version, "DE").language == "de-CH"
    with pytest.raises(NotFound):
        captions.get(session, asset, version, "es")
    with pytest.raises(Invalid):
        captions.get(session, asset, version, "not a language")


def test_making_them_again_queues_the_step_and_sets_the_language(
    session: Session, owner: Principal, asset: Asset
) -> None:
    task = transcription.again(session, owner, asset, "de")
    assert (task.state, task.queue, asset.language) == (TaskState.QUEUED, "ai", "de")
    assert transcription.again(session, owner, asset, None).id == task.id
    assert asset.language is None
    assert asset.state == "ready"


def test_segments_are_the_persons_first(session: Session, owner: Principal, asset: Asset) -> None:
    version = current(session, asset)
    assert captions.segments(session, version) == []
    hear(session, version)
    assert [each.text for each in captions.segments(session, version)] == ["Heard it."]
    tracks.save(session, owner, asset, version, "en", [Cue(0.0, 2.0, "Two\nlines.")])
    tracks.save(session, owner, asset, version, "fr", OTHER)
    assert [each.text for each in captions.segments(session, version)] == ["Two lines."]


def test_purging_takes_them_along(session: Session, owner: Principal, asset: Asset) -> None:
    version = current(session, asset)
    tracks.save(session, owner, asset, version, "en", MINE)
    trash.trash(session, owner, asset, days=30)
    purging.purge(session, owner, asset.id)
    assert session.query(CaptionTrack).filter_by(workspace_id=owner.workspace_id).count() == 0


def test_the_words_of_the_courses_are_expected_and_proposed(
    session: Session, owner: Principal, asset: Asset
) -> None:
    course, other = make_course(session, owner), make_course(session, owner)
    glossary.add(session, owner, course, "useState", "use state, you state")
    glossary.add(session, owner, other, "mitochondria")
    tags.put(session, asset, ["hooks"])
    assert glossary.hotwords(session, asset) == "hooks"
    use(session, owner, asset, course.ref)
    words = glossary.hotwords(session, asset).split(", ")
    assert words[:2] == ["useState", "hooks"]
    assert "Lesson 0" in words
    assert "mitochondria" not in words
    cues = [
        Cue(0, 1, "Now USE\nSTATE, please"),
        Cue(1, 2, "unused statement"),
        Cue(2, 3, "usestate"),
    ]
    found = corrections.find(cues, glossary.terms_for(session, asset))
    assert [(each.index, each.after) for each in found] == [
        (0, "Now useState, please"),
        (2, "useState"),
    ]
    assert [cue.text for cue in corrections.corrected(cues, found[1:])][2] == "useState"
    assert cues[0].text == "Now USE\nSTATE, please"


def use(session: Session, owner: Principal, asset: Asset, ref: str) -> None:
    usages.put(session, owner, Place(ref, None, "l0"), [UsageSpec(asset.id)])


def test_paragraphs_begin_after_pauses() -> None:
    said = [Segment(0, 2, "One."), Segment(2.1, 3, "Two."), Segment(6, 7, "Three.")]
    assert transcript_files.paragraphs(said) == [(0, "One. Two."), (6, "Three.")]
    assert transcript_files.text(said) == "One. Two.\n\nThree.\n"


STREAM = {"kind": "subtitle", "form": "text", "default": False, "title": None, "language": "eng"}


def test_tracks_of_the_file_get_languages_that_tell_them_apart(
    session: Session, asset: Asset
) -> None:
    version = current(session, asset)
    version.facts = {
        "streams": [
            STREAM | {"index": 2, "title": "Full"},
            STREAM | {"index": 3, "title": "Forced"},
            STREAM | {"index": 4, "default": True},
            STREAM | {"index": 5, "language": "ger"},
            STREAM | {"index": 6, "form": "bitmap"},
            STREAM | {"index": 7, "language": None},
        ]
    }
    asset.language = "sv"
    session.flush()
    found = [
        (each.stream, each.language, each.label) for each in transcription.inside(session, version)
    ]
    assert found == [
        (4, "en", ""),
        (2, "en-x-2", "Full"),
        (3, "en-x-forced", "Forced"),
        (5, "de", ""),
        (7, "sv", ""),
    ]
    first = transcription.inside(session, version)[0]
    assert transcription.take_in(session, version, first, MINE)
    assert not transcription.take_in(session, version, first, OTHER)
    assert "en" not in {each.language for each in transcription.inside(session, version)}
