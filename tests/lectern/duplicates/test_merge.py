"""Duplicates merged into one, and taken apart again."""

import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern import duplicates
from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.errors import Conflict, Forbidden, Gone, Invalid, NotFound
from lectern.insight import captions
from lectern.integrity import fsck, purging
from lectern.library import assets, trash, versions
from lectern.models import (
    Asset,
    AssetTag,
    Blob,
    CaptionTrack,
    Course,
    Merge,
    Role,
    Task,
    Usage,
    UsageHistory,
    Version,
)
from lectern.people import audit, audit_reading
from lectern.people.principal import Principal
from lectern.pipeline.registry import Step
from lectern.taxonomy import tags
from tests.factories import add_version, make_asset, make_blob, make_colleague, make_course

# What counts changes; everything else must be as it was.
COUNTED = {"lock_version", "updated_at"}


@pytest.fixture
def blob(session: Session, owner: Principal) -> Blob:
    return make_blob(session, owner.workspace_id)


@pytest.fixture
def kept(session: Session, owner: Principal, blob: Blob) -> Asset:
    return make_asset(session, owner, blob=blob, name="Kept")


@pytest.fixture
def other(session: Session, owner: Principal, blob: Blob) -> Asset:
    return make_asset(session, owner, blob=blob, name="Other")


@pytest.fixture
def course(session: Session, owner: Principal) -> Course:
    return make_course(session, owner, lessons=3)


def use(session: Session, who: Principal, course: Course, lesson: int, *specs: UsageSpec) -> None:
    usages.put(session, who, Place(course.ref, None, f"l{lesson}"), list(specs))


def merge(session: Session, who: Principal, keep: Asset, *others: Asset) -> Merge:
    return duplicates.merge(session, who, keep.id, [each.id for each in others], days=30)


def everything(session: Session, who: Principal) -> dict[str, Any]:
    """All rows that a merge may touch."""
    session.expire_all()
    tables = (Asset, Usage, UsageHistory, AssetTag, Version)
    return {
        model.__tablename__: sorted(
            repr({key: row[key] for key in row if key not in COUNTED})
            for row in session.execute(
                select(model.__table__).where(model.__table__.c.workspace_id == who.workspace_id)
            ).mappings()
        )
        for model in tables
    }


def whole(session: Session, who: Principal) -> bool:
    session.expire_all()
    return list(fsck.rows(session)) == [] and audit.verify(session, who.workspace_id).ok


def test_every_use_names_the_file_that_stays_and_says_what_it_said(
    session: Session, owner: Principal, kept: Asset, other: Asset, course: Course
) -> None:
    said = UsageSpec(other.id, "slot", "pin", None, "Title", "Text", 3.0, 50.0)
    use(session, owner, course, 0, said)
    use(session, owner, course, 1, UsageSpec(other.id))
    before = {each.id: each for each in usages.of_asset(session, owner, other.id)}
    since = {key: (each.created_at, each.created_by) for key, each in before.items()}
    row = merge(session, owner, kept, other)
    now = {each.id: each for each in usages.of_asset(session, owner, kept.id)}
    assert {key: (each.created_at, each.created_by) for key, each in now.items()} == since
    first = next(each for each in now.values() if each.slot)
    assert (first.policy, first.version_id) == ("pin", kept.current_version_id)
    assert (first.title, first.alt, first.start_s, first.end_s) == ("Title", "Text", 3.0, 50.0)
    assert usages.of_asset(session, owner, other.id) == []
    assert (kept.usage_count, other.usage_count, other.usage) == (2, 0, "formerly")
    assert (other.live, other.trash_reason) == (False, "Merged into “Kept”")
    found = duplicates.into(session, owner, other.id)
    assert found is not None
    assert (found.id, found.kept_id) == (row.id, kept.id)
    assert duplicates.kept_of(session, owner.workspace_id, [other.id]) == {other.id: kept.id}
    assert whole(session, owner)


def test_it_has_then_what_any_of_them_had(
    session: Session, owner: Principal, kept: Asset, other: Asset
) -> None:
    tags.put(session, kept, ["exam"])
    tags.put(session, other, ["Exam", "week 2"])
    changes = {"description": "Cells", "licence": "CC BY", "custom": {"term": 1, "room": "B"}}
    assets.edit(session, owner, other, changes)
    assets.edit(session, owner, kept, {"licence": "none", "custom": {"term": 2}})
    versions.note(session, owner, other, 1, "as filmed")
    plan = duplicates.preview(session, owner, kept.id, [other.id])
    assert plan.tags == ("week 2",)
    assert {key: each.value for key, each in plan.fields.items()} == {"description": "Cells"}
    assert [told.reason for told in plan.left] == [
        "Its licence differs and stays with it in the trash."
    ]
    merge(session, owner, kept, other)
    session.expire_all()
    assert [tag.name for tag in kept.tags] == ["exam", "week 2"]
    assert (kept.description, kept.licence) == ("Cells", "none")
    assert kept.custom == {"term": 2, "room": "B"}
    assert versions.list_of(session, kept)[0].note == "as filmed"


def test_a_place_that_has_both_keeps_one(
    session: Session, owner: Principal, kept: Asset, other: Asset, course: Course
) -> None:
    third = make_asset(session, owner, blob=_blob(session, kept))
    use(session, owner, course, 0, UsageSpec(kept.id), UsageSpec(other.id, title="Again"))
    use(session, owner, course, 1, UsageSpec(other.id), UsageSpec(third.id))
    before = everything(session, owner)
    plan = duplicates.preview(session, owner, kept.id, [other.id, third.id])
    assert (len(plan.moves), len(plan.ends)) == (1, 2)
    row = merge(session, owner, kept, other, third)
    for number in (0, 1):
        at = usages.at(session, owner, Place(course.ref, None, f"l{number}"))
        assert [each.asset_id for each in at] == [kept.id]
    assert len(usages.past_of_asset(session, owner, other.id)) == 1
    assert whole(session, owner)
    duplicates.undo(session, owner, row.id)
    assert everything(session, owner) == before
    assert whole(session, owner)


def test_no_place_ever_shows_other_bytes(
    session: Session, owner: Principal, kept: Asset, other: Asset, course: Course, blob: Blob
) -> None:
    use(session, owner, course, 0, UsageSpec(other.id, policy="pin"))
    old = make_blob(session, owner.workspace_id)
    for asset in (kept, other):
        session.get_one(Version, (asset.workspace_id, asset.current_version_id)).blob_id = old.id
    session.flush()
    add_version(session, kept, blob)
    add_version(session, other, blob)
    merge(session, owner, kept, other)
    (usage,) = usages.of_asset(session, owner, kept.id)
    assert usage.version is not None
    assert (usage.version_number, usage.version.blob_id) == (1, old.id)


def test_bytes_that_the_kept_file_never_had_bar_the_merge(
    session: Session, owner: Principal, kept: Asset, other: Asset, course: Course, blob: Blob
) -> None:
    session.get_one(Version, (other.workspace_id, other.current_version_id)).blob_id = make_blob(
        session, owner.workspace_id
    ).id
    use(session, owner, course, 0, UsageSpec(other.id, policy="pin"))
    add_version(session, other, blob)
    before = everything(session, owner)
    with pytest.raises(Conflict, match="keeps version 1 of “Other”"):
        merge(session, owner, kept, other)
    assert everything(session, owner) == before
    merge(session, owner, other, kept)


def test_an_undo_leaves_what_was_changed_since(
    session: Session, owner: Principal, kept: Asset, other: Asset, course: Course
) -> None:
    for number in range(3):
        use(session, owner, course, number, UsageSpec(other.id))
    tags.put(session, other, ["exam"])
    assets.edit(session, owner, other, {"description": "Cells", "language": "de"})
    row = merge(session, owner, kept, other)
    use(session, owner, course, 0, UsageSpec(kept.id, title="Renamed"))
    use(session, owner, course, 1)
    assets.edit(session, owner, kept, {"description": "Cells, again"})
    duplicates.undo(session, owner, row.id)
    session.expire_all()
    assert [
        each.lesson.title for each in usages.of_asset(session, owner, other.id) if each.lesson
    ] == ["Lesson 2"]
    assert [each.title for each in usages.of_asset(session, owner, kept.id)] == ["Renamed"]
    assert (kept.description, kept.language, kept.tags) == ("Cells, again", None, [])
    assert sorted(each["what"].rpartition(" › ")[2] for each in row.stayed) == [
        *("Lesson 0", "Lesson 1", "description"),
    ]
    assert whole(session, owner)


def test_undone_twice_is_undone_once(
    session: Session, owner: Principal, kept: Asset, other: Asset, course: Course
) -> None:
    use(session, owner, course, 0, UsageSpec(other.id))
    before = everything(session, owner)
    row = merge(session, owner, kept, other)
    assert duplicates.can_undo(session, owner, duplicates.get(session, owner, row.id))
    duplicates.undo(session, owner, row.id)
    lines = len(audit_reading.history(session, owner, kept.id))
    assert not duplicates.can_undo(session, owner, duplicates.get(session, owner, row.id))
    duplicates.undo(session, owner, row.id)
    assert everything(session, owner) == before
    assert len(audit_reading.history(session, owner, kept.id)) == lines
    assert duplicates.into(session, owner, other.id) is None


def test_a_line_on_each_says_so(
    session: Session, owner: Principal, kept: Asset, other: Asset
) -> None:
    row = merge(session, owner, kept, other)
    duplicates.undo(session, owner, row.id)
    told = {
        asset.name: [line.action for line in audit_reading.history(session, owner, asset.id)]
        for asset in (kept, other)
    }
    assert told == {
        "Kept": ["asset.unmerge", "asset.merge"],
        "Other": ["asset.unmerge", "asset.merged"],
    }


def test_a_file_taken_back_by_hand_gets_its_places_by_an_undo(
    session: Session, owner: Principal, kept: Asset, other: Asset, course: Course
) -> None:
    use(session, owner, course, 0, UsageSpec(other.id))
    row = merge(session, owner, kept, other)
    trash.restore(session, owner, other)
    duplicates.undo(session, owner, row.id)
    assert len(usages.of_asset(session, owner, other.id)) == 1
    assert row.stayed == []


def test_what_was_trashed_anew_or_purged_stays_away(
    session: Session, owner: Principal, kept: Asset, other: Asset, course: Course
) -> None:
    third = make_asset(session, owner, blob=_blob(session, kept), name="Third")
    use(session, owner, course, 0, UsageSpec(other.id))
    use(session, owner, course, 1, UsageSpec(third.id))
    row = merge(session, owner, kept, other, third)
    trash.restore(session, owner, other)
    trash.trash(session, owner, other, days=30)
    purging.purge(session, owner, third.id)
    with pytest.raises(NotFound):
        duplicates.preview(session, owner, kept.id, [third.id])
    duplicates.undo(session, owner, row.id)
    assert sorted((each["what"], each["reason"][:20]) for each in row.stayed) == [
        ("Other", "It was restored in t"),
        ("Third", "It has been permanen"),
    ]
    assert len(usages.of_asset(session, owner, kept.id)) == 2
    again = merge(session, owner, kept, make_asset(session, owner, blob=_blob(session, kept)))
    gone = duplicates.get(session, owner, again.id).merged[0].asset_id
    purging.purge(session, owner, gone)
    with pytest.raises(Gone):
        duplicates.undo(session, owner, again.id)


def test_merges_of_merges_are_undone_in_turn(
    session: Session, owner: Principal, kept: Asset, other: Asset, course: Course
) -> None:
    third = make_asset(session, owner, blob=_blob(session, kept))
    use(session, owner, course, 0, UsageSpec(other.id))
    before = everything(session, owner)
    first = merge(session, owner, kept, other)
    second = merge(session, owner, third, kept)
    with pytest.raises(Conflict, match="Undo that first"):
        duplicates.undo(session, owner, first.id)
    duplicates.undo(session, owner, second.id)
    duplicates.undo(session, owner, first.id)
    assert everything(session, owner) == before


def test_only_equal_bytes_that_are_there_and_settled(
    session: Session, owner: Principal, stranger: Principal, kept: Asset, other: Asset, blob: Blob
) -> None:
    different = make_asset(session, owner, name="Different")
    with pytest.raises(Invalid, match="another content"):
        merge(session, owner, kept, different)
    for nothing in ([], [kept]):
        with pytest.raises(Invalid, match="Choose 1 to"):
            merge(session, owner, kept, *nothing)
    with pytest.raises(NotFound):
        merge(session, stranger, kept, other)
    with pytest.raises(NotFound):
        duplicates.merge(session, owner, kept.id, [uuid.uuid4()], days=30)
    trash.trash(session, owner, other, days=30)
    for one, two in ((kept, other), (other, kept)):
        with pytest.raises(Conflict, match="in the trash"):
            merge(session, owner, one, two)
    trash.restore(session, owner, other)
    coming = Version(
        workspace_id=owner.workspace_id,
        asset_id=other.id,
        number=2,
        blob_id=blob.id,
        origin="replacement",
        original_name="x",
    )
    session.add(coming)
    other.version_count = 2
    session.flush()
    session.add(
        Task(
            workspace_id=owner.workspace_id,
            asset_id=other.id,
            version_id=coming.id,
            step=Step.POSTER,
            state="queued",
            queue="media",
        )
    )
    session.flush()
    with pytest.raises(Conflict, match="is being prepared"):
        merge(session, owner, kept, other)


def test_who_may_edit_and_trash_all_of_them_may_merge(
    session: Session, owner: Principal, kept: Asset, other: Asset, blob: Blob
) -> None:
    for role in (Role.VIEWER, Role.CONTRIBUTOR):
        with pytest.raises(Forbidden):
            merge(session, make_colleague(session, owner, role), kept, other)
    contributor = make_colleague(session, owner, Role.CONTRIBUTOR)
    mine = [make_asset(session, contributor, blob=blob) for _ in range(2)]
    with pytest.raises(Forbidden):
        merge(session, contributor, kept, mine[0])
    row = merge(session, contributor, *mine)
    with pytest.raises(Forbidden):
        duplicates.undo(session, make_colleague(session, owner, Role.CONTRIBUTOR), row.id)
    duplicates.undo(session, make_colleague(session, owner, Role.EDITOR), row.id)


TEXTS = st.sampled_from(["", "Cells", "Plants"])
FILES = st.fixed_dictionaries(
    {
        "tags": st.lists(st.sampled_from(["a", "B", "b", "c"]), max_size=3),
        "description": TEXTS,
        "licence": TEXTS,
        "custom": st.dictionaries(st.sampled_from("xyz"), st.integers(0, 2), max_size=3),
        "note": TEXTS,
        "uses": st.lists(
            st.tuples(
                st.integers(0, 2), st.sampled_from(["", "side"]), st.sampled_from(["follow", "pin"])
            ),
            max_size=4,
            unique_by=lambda use: use[:2],
        ),
    }
)


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(files=st.lists(FILES, min_size=2, max_size=4))
def test_a_merge_and_its_undo_change_nothing(
    session: Session, owner: Principal, files: list[dict[str, Any]]
) -> None:
    undone = session.begin_nested()
    blob = make_blob(session, owner.workspace_id)
    course = make_course(session, owner, lessons=3)
    places: dict[int, list[UsageSpec]] = {}
    made = []
    for said in files:
        asset = make_asset(session, owner, blob=blob)
        tags.put(session, asset, said["tags"])
        fields = {key: said[key] for key in ("description", "licence", "custom")}
        assets.edit(session, owner, asset, fields)
        versions.note(session, owner, asset, 1, said["note"])
        for lesson, slot, policy in said["uses"]:
            places.setdefault(lesson, []).append(UsageSpec(asset.id, slot, policy))
        made.append(asset)
    for lesson, specs in places.items():
        use(session, owner, course, lesson, *specs)
    before = everything(session, owner)
    used = {(spec.slot, lesson) for lesson, specs in places.items() for spec in specs}
    row = merge(session, owner, *made)
    assert whole(session, owner)
    session.refresh(made[0])
    assert made[0].usage_count == len(used)
    duplicates.undo(session, owner, row.id)
    assert everything(session, owner) == before
    assert duplicates.get(session, owner, row.id).stayed == []
    assert whole(session, owner)
    undone.rollback()


def _blob(session: Session, asset: Asset) -> Blob:
    return session.scalars(
        select(Blob).where(Blob.workspace_id == asset.workspace_id, Blob.digest == asset.digest)
    ).one()


def caption(session: Session, asset: Asset, language: str, text: str) -> CaptionTrack:
    track = CaptionTrack(
        workspace_id=asset.workspace_id,
        version_id=asset.current_version_id,
        language=language,
        cues=[{"start": 0.0, "end": 1.0, "text": text}],
        origin="person",
    )
    session.add(track)
    session.flush()
    return track


def said_in(session: Session, asset: Asset) -> dict[str, str]:
    version = session.get_one(Version, (asset.workspace_id, asset.current_version_id))
    rows = captions.rows(session, version)
    return {track.language: track.cues[0]["text"] for track in rows}


def test_captions_that_people_edited_go_with_the_merge_and_back(
    session: Session, owner: Principal, kept: Asset, other: Asset
) -> None:
    caption(session, kept, "en", "Ours")
    caption(session, other, "en", "Theirs")
    caption(session, other, "de", "Ihres")
    row = duplicates.merge(session, owner, kept.id, [other.id], days=30)
    assert said_in(session, kept) == {"en": "Ours", "de": "Ihres"}
    duplicates.undo(session, owner, row.id)
    assert said_in(session, kept) == {"en": "Ours"}
    assert said_in(session, other) == {"en": "Theirs", "de": "Ihres"}


def test_captions_that_somebody_went_on_with_stay(
    session: Session, owner: Principal, kept: Asset, other: Asset
) -> None:
    caption(session, other, "de", "Ihres")
    row = duplicates.merge(session, owner, kept.id, [other.id], days=30)
    version = session.get_one(Version, (kept.workspace_id, kept.current_version_id))
    (track,) = captions.rows(session, version)
    track.lock_version += 1
    undone = duplicates.undo(session, owner, row.id)
    assert said_in(session, kept) == {"de": "Ihres"}
    assert [told["what"] for told in undone.stayed] == ["captions (de)"]
