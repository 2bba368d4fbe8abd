"""What the storage holds equals what walking over all rows in plain Python finds."""

import random
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.errors import LecternError
from lectern.integrity import purging, storage_totals
from lectern.integrity.storage_totals import Course, Totals
from lectern.library import schedule_edits, trash, versions
from lectern.models import (
    Asset,
    Blob,
    Kind,
    Rendition,
    Role,
    ScheduledSwitch,
    StorageCount,
    Usage,
    Version,
)
from lectern.people.principal import Principal
from lectern.renditions import renditions
from tests.factories import (
    add_version,
    make_asset,
    make_blob,
    make_colleague,
    make_course,
    make_principal,
)

SPECS = ("playable", "poster", "poster.1", "poster.2", "hls/master.m3u8", "storyboard.jpg")
WORDS = {spec: spec.split("/")[0].split(".")[0] for spec in SPECS}


def random_library(session: Session, owner: Principal, draw: random.Random) -> None:
    """Assets that share blobs with each other and with renditions, some in the trash, some used."""
    here = owner.workspace_id
    courses = [make_course(session, owner) for _ in range(3)]
    pool = [make_blob(session, here, byte_size=draw.randint(1, 10**6)) for _ in range(30)]
    for blob in pool:
        blob.created_at = datetime(2026, draw.randint(1, 12), draw.randint(1, 28), tzinfo=UTC)
        blob.state = draw.choices(["live", "condemned", "deleting", "awaited"], [9, 1, 1, 1])[0]
    found: list[Asset] = []
    for _ in range(draw.randint(1, 12)):
        asset = make_asset(session, owner, blob=draw.choice(pool), kind=draw.choice(list(Kind)))
        for _ in range(draw.randint(0, 3)):
            add_version(session, asset, draw.choice(pool))
        asset.poster_blob_id = draw.choice([None, None, draw.choice(pool).id])
        found.append(asset)
    for source in draw.sample(pool, 20):
        for spec in draw.sample(SPECS, 2):
            renditions.record(session, here, source.id, spec, draw.choice(pool), {})
    for course in courses:
        place = Place(course.ref, "c0", "l0")
        chosen = draw.sample(found, min(len(found), draw.randint(0, 3)))
        specs = [UsageSpec(asset_id=each.id, policy=draw.choice(["follow", "pin"]))
                 for each in chosen]  # fmt: skip
        usages.put(session, owner, place, specs)
    # Move pointers on, so that pinned versions are earlier ones.
    for asset in found:
        session.refresh(asset)
        if draw.random() < 0.5:
            add_version(session, asset, draw.choice(pool))
        if not asset.usage_count and draw.random() < 0.5:
            trash.trash(session, owner, asset, days=30)
    session.flush()
    session.expire_all()


def walked(session: Session, owner: Principal) -> dict[str, object]:
    """The same by walking."""
    mine = {"workspace_id": owner.workspace_id}
    blobs = {b.id: b for b in session.scalars(select(Blob).filter_by(**mine))
             if b.state != "awaited"}  # fmt: skip
    assets = {a.id: a for a in session.scalars(select(Asset).filter_by(**mine))}
    every = session.scalars(select(Version).filter_by(**mine)).all()
    made = session.scalars(select(Rendition).filter_by(**mine)).all()
    used = session.scalars(select(Usage).filter_by(**mine)).all()
    pins = {usage.version_id for usage in used}

    def size(ids: object) -> int:
        return sum(blobs[each].byte_size for each in ids if each in blobs)  # type: ignore[attr-defined]

    def reach(start: set[object]) -> set[object]:
        while True:
            more = {r.blob_id for r in made if r.source_blob_id in start} | start
            if more == start:
                return start
            start = more

    posters = {a.poster_blob_id for a in assets.values() if a.live and a.poster_blob_id}
    kept = reach({v.blob_id for v in every if assets[v.asset_id].live} | posters)
    needed = reach(
        {v.blob_id for v in every if assets[v.asset_id].live
         and (v.number >= assets[v.asset_id].version_number or v.id in pins)} | posters
    )  # fmt: skip
    originals = {v.blob_id for v in every}
    nouns = defaultdict(set)
    for r in made:
        nouns[r.blob_id].add(WORDS[r.spec])
    for a in assets.values():
        if a.poster_blob_id:
            nouns[a.poster_blob_id].add("poster")
    by_rendition: dict[str, int] = defaultdict(int)
    for each, words in nouns.items():
        if each not in originals and each in blobs:
            by_rendition[min(words)] += blobs[each].byte_size
    kinds = {kind.value: 0 for kind in Kind}
    for v in every:
        kinds[assets[v.asset_id].kind] += size([v.blob_id])
    months: dict[str, int] = defaultdict(int)
    for b in blobs.values():
        months[f"{b.created_at.astimezone(UTC):%Y-%m}"] += b.byte_size
    places = {(u.course_id, u.asset_id) for u in used}
    courses = {}
    for course, _ in places:
        files = {a for c, a in places if c == course}
        shared = {a for a in files if sum(asset == a for _, asset in places) > 1}
        whole = {a: sum(size([v.blob_id]) for v in every if v.asset_id == a) for a in files}
        courses[str(course)] = (len(files), sum(whole.values()), sum(whole[a] for a in shared))
    return {
        "logical": sum(kinds.values()),
        "physical": size(blobs),
        "originals": size(originals),
        "unreferenced": size(set(blobs) - originals - set(nouns)),
        "reclaimable": size(set(blobs) - kept),
        "old_versions": size(kept - needed),
        "trash": sum(size([v.blob_id]) for v in every if not assets[v.asset_id].live),
        "by_kind": kinds,
        "by_rendition": dict(by_rendition),
        "courses": courses,
        "growth": dict(months),
    }


def told(totals: Totals) -> dict[str, object]:
    names = ("logical", "physical", "originals", "unreferenced", "reclaimable", "old_versions")
    return {
        **{name: getattr(totals, name) for name in (*names, "trash", "by_kind", "by_rendition")},
        "courses": {each.id: each[3:] for each in totals.by_course},
        "growth": {each.month: each.bytes for each in totals.growth if each.bytes},
    }


@pytest.mark.parametrize("seed", range(8))
def test_totals_equal_a_walk_over_all_rows(session: Session, owner: Principal, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - it must be repeatable
    random_library(session, owner, draw)
    # Somebody else's library counts for nothing.
    random_library(session, make_principal(session), draw)
    totals = storage_totals.get(session, owner)
    assert told(totals) == walked(session, owner)
    made = sum(totals.by_rendition.values())
    assert totals.physical == totals.originals + made + totals.unreferenced
    for before, after in pairwise(totals.growth):
        assert after.total == before.total + after.bytes
    assert totals.growth[-1].total == totals.physical


def test_an_empty_library_holds_nothing(session: Session, owner: Principal) -> None:
    totals = storage_totals.get(session, owner)
    assert (totals.logical, totals.physical, totals.growth, totals.by_course) == (0, 0, [], [])
    assert totals.by_kind == {"video": 0, "audio": 0, "image": 0, "document": 0}


def test_shared_bytes_are_paid_once_and_the_trash_frees_what_nobody_else_needs(
    session: Session, owner: Principal
) -> None:
    shared, own = (make_blob(session, owner.workspace_id, byte_size=n) for n in (1000, 70))
    kept, gone = (make_asset(session, owner, blob=shared) for _ in range(2))
    add_version(session, gone, own)
    trash.trash(session, owner, gone, days=30)
    totals = storage_totals.get(session, owner)
    assert (totals.logical, totals.physical, totals.trash) == (2070, 1070, 1070)
    assert totals.reclaimable == 70
    purging.purge(session, owner, gone.id)
    after = storage_totals.get(session, owner)
    assert (after.logical, after.physical, after.trash) == (1000, 1070, 0)
    assert (after.reclaimable, after.unreferenced) == (70, 70)
    assert kept.live


def test_earlier_versions_are_told_apart_unless_a_lesson_or_a_time_keeps_them(
    session: Session, owner: Principal
) -> None:
    asset = make_asset(session, owner)
    add_version(session, asset)
    assert storage_totals.get(session, owner).old_versions == 1000
    course = make_course(session, owner)
    first = versions.find(session, asset, 1)
    assert first is not None
    usages.put(session, owner, Place(course.ref, "c0", "l0"), [UsageSpec(asset.id, policy="pin")])
    session.execute(update(Usage).values(version_id=first.id))
    assert storage_totals.get(session, owner).old_versions == 0
    session.execute(update(Usage).values(policy="follow", version_id=None))
    session.add(
        ScheduledSwitch(
            workspace_id=asset.workspace_id, asset_id=asset.id, version_id=first.id,
            at=datetime.now(UTC), local="2026-12-01T08:00", zone="UTC",
        )
    )  # fmt: skip
    session.flush()
    assert storage_totals.get(session, owner).old_versions == 0
    schedule_edits.cancel(session, owner, asset, 1)
    assert storage_totals.get(session, owner).old_versions == 1000


def test_what_nobody_uses_is_counted_by_how_long(session: Session, owner: Principal) -> None:
    now = datetime.now(UTC)
    for days, used in ((10, None), (200, None), (800, 100), (800, None)):
        last = now - timedelta(days=used) if used else None
        make_asset(session, owner, created_at=now - timedelta(days=days), last_used_at=last)
    found = {each.months: (each.files, each.bytes) for each in
             storage_totals.get(session, owner).unused}  # fmt: skip
    assert found == {3: (3, 3000), 6: (2, 2000), 12: (1, 1000), 24: (1, 1000)}


def test_where_counting_is_slow_the_last_count_answers_and_says_when(
    session: Session, owner: Principal
) -> None:
    course = make_course(session, owner)
    asset = make_asset(session, owner)
    usages.put(session, owner, Place(course.ref, "c0", "l0"), [UsageSpec(asset.id)])
    assert owner.workspace_id in storage_totals.due(session)
    kept = storage_totals.recount(session, owner.workspace_id)
    assert owner.workspace_id not in storage_totals.due(session)
    make_asset(session, owner)
    assert storage_totals.get(session, owner).logical == 2000
    slow = session.get_one(StorageCount, owner.workspace_id, populate_existing=True)
    slow.took_ms = 60_000
    session.flush()
    old = storage_totals.get(session, owner)
    assert replace(old, took_ms=0) == replace(kept, took_ms=0)
    assert old.by_course == [Course(course.ref, course.title, str(course.id), 1, 1000, 0)]
    # A minute's work is done once in fifty minutes.
    for minutes, due in ((40, False), (60, True)):
        slow.counted_at = datetime.now(UTC) - timedelta(minutes=minutes)
        session.flush()
        assert (owner.workspace_id in storage_totals.due(session)) is due


@pytest.mark.parametrize("role", [Role.EDITOR, Role.CONTRIBUTOR, Role.VIEWER])
def test_only_owners_see_it(session: Session, owner: Principal, role: Role) -> None:
    with pytest.raises(LecternError):
        storage_totals.get(session, make_colleague(session, owner, role))
