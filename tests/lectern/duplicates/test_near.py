"""Near duplicates as rows: who is found, what is said, for whom, and at what cost."""

import json
import random
import struct
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from lectern.duplicates import differences, near, near_index
from lectern.duplicates.differences import Side
from lectern.errors import NotFound
from lectern.library import assets, trash
from lectern.models import Asset, Blob, Fingerprint, FingerprintBand, NearPair
from lectern.people.principal import Principal
from tests.factories import add_version, make_asset, make_blob

LASTS_S = 120.0
FACTS = {
    "kind": "video",
    "container": "mov",
    "mime": "video/mp4",
    "duration_s": LASTS_S,
    "width": 1280,
    "height": 720,
    "video_codec": "h264",
    "audio_codec": "aac",
}


def sound(seed: int, seconds: float = LASTS_S, skip_s: float = 0.0) -> bytes:
    """A fingerprint of sound that changes all the time."""
    items = random.Random(seed).randbytes(4 * 4000)  # noqa: S311 a pattern, no secret
    start = round(skip_s / 0.1238) * 4
    return items[start : start + round(seconds / 0.1238) * 4]


def frames(seed: int) -> list[tuple[float, bytes]]:
    """Pictures of six scenes, one each two seconds."""
    source = random.Random(1000 + seed)  # noqa: S311 a pattern, no secret
    scenes = [source.randbytes(64) for _ in range(6)]
    return [(2.0 * n, scenes[n // 10]) for n in range(60)]


def take(session: Session, asset: Asset, seed: int, **overrides: Any) -> list[NearPair]:
    """Record a fingerprint of the asset's current version."""
    version = assets.versions.get_current(session, asset)
    assert version is not None
    version.facts = {**FACTS, **overrides.pop("facts", {})}
    values = {"kind": "video", "duration_s": LASTS_S, "frames": frames(seed), "sound": sound(seed)}
    values |= overrides
    return near_index.record(session, asset.workspace_id, version.blob_id, **values)


@pytest.fixture
def lecture(session: Session, owner: Principal) -> Asset:
    asset = make_asset(session, owner, name="Lecture 4")
    take(session, asset, 1)
    return asset


def test_a_copy_is_found_from_both_sides(
    session: Session, owner: Principal, lecture: Asset
) -> None:
    smaller = make_blob(session, owner.workspace_id, byte_size=400)
    copy = make_asset(session, owner, name="Lecture 4 (final)", blob=smaller)
    take(session, copy, 1, facts={"width": 640, "height": 360})
    (there,) = near.near(session, owner, lecture)
    assert (there.asset.id, there.share) == (copy.id, 1.0)
    assert there.differences == [
        "smaller picture 640×360 instead of 1280×720",
        "re-encoded",
        "another name",
    ]
    (back,) = near.near(session, owner, copy)
    assert back.asset.id == lecture.id
    assert back.differences[0] == "larger picture 1280×720 instead of 640×360"


def test_what_was_cut_off_is_said_from_either_side(
    session: Session, owner: Principal, lecture: Asset
) -> None:
    shorter = make_blob(session, owner.workspace_id, byte_size=917)
    cut = make_asset(session, owner, name="Lecture 4", blob=shorter)
    cut_facts = {"duration_s": 110.0}
    heard = sound(1, 110.0, skip_s=8.0)
    take(session, cut, 1, facts=cut_facts, duration_s=110.0, frames=[], sound=heard)
    (there,) = near.near(session, owner, lecture)
    assert there.differences == ["trimmed at the start by 8 s", "trimmed at the end by 2 s"]
    (back,) = near.near(session, owner, cut)
    assert back.differences == ["8 s longer at the start", "2 s longer at the end"]
    assert 0.85 < there.share == back.share < 1


def test_another_lecture_is_not_near(session: Session, owner: Principal, lecture: Asset) -> None:
    assert take(session, make_asset(session, owner), 2) == []
    assert near.near(session, owner, lecture) == []


def test_equal_bytes_are_no_near_duplicates(
    session: Session, owner: Principal, lecture: Asset
) -> None:
    version = assets.versions.get_current(session, lecture)
    assert version is not None
    make_asset(session, owner, blob=session.get_one(Blob, (owner.workspace_id, version.blob_id)))
    assert near.near(session, owner, lecture) == []
    assert near.pairs(session, owner, 10) == []


def test_the_trash_and_earlier_versions_are_left_out(
    session: Session, owner: Principal, lecture: Asset
) -> None:
    gone, replaced = (make_asset(session, owner) for _ in range(2))
    for each in (gone, replaced):
        assert take(session, each, 1)
    trash.trash(session, owner, gone, days=30)
    add_version(session, replaced)
    assert near.near(session, owner, lecture) == []
    assert near.pairs(session, owner, 10) == []
    trash.restore(session, owner, gone)
    assert [each.asset.id for each in near.near(session, owner, lecture)] == [gone.id]


def test_pairs_are_listed_once_the_nearest_first(
    session: Session, owner: Principal, lecture: Asset
) -> None:
    same, cut = (make_asset(session, owner) for _ in range(2))
    take(session, same, 1)
    take(session, cut, 1, sound=sound(1, 90.0), duration_s=90.0, facts={"duration_s": 90.0})
    found = near.pairs(session, owner, 10)
    assert [{each.a_id, each.b_id} for each in found] == [
        {lecture.id, same.id},
        *[{each.a_id, each.b_id} for each in found[1:]],
    ]
    assert [each.share for each in found] == sorted((e.share for e in found), reverse=True)
    assert len(found) == 3
    assert len(near.pairs(session, owner, 1)) == 1
    assert all(each.differences for each in found)


def test_nothing_crosses_the_workspace(
    session: Session, owner: Principal, stranger: Principal, lecture: Asset
) -> None:
    theirs = make_asset(session, stranger)
    assert take(session, theirs, 1) == []
    assert near.near(session, stranger, theirs) == []
    assert near.pairs(session, stranger, 10) == []
    with pytest.raises(NotFound):
        assets.get(session, stranger, lecture.id)


def test_a_fingerprint_is_taken_once_and_goes_with_its_blob(
    session: Session, owner: Principal, lecture: Asset
) -> None:
    blob = make_blob(session, owner.workspace_id)
    mine = (owner.workspace_id, blob.id)
    assert not near_index.has(session, *mine)
    looks = ("video", LASTS_S, frames(1), sound(1))
    for _ in range(2):
        assert len(near_index.record(session, *mine, *looks)) == 1
    assert near_index.has(session, *mine)
    session.delete(blob)
    session.flush()
    session.expire_all()
    for table in (Fingerprint, FingerprintBand):
        assert session.scalar(select(table).filter_by(blob_id=blob.id).limit(1)) is None
    assert session.scalar(select(NearPair).limit(1)) is None


def test_a_fingerprint_of_another_recipe_is_taken_anew(
    session: Session, owner: Principal, lecture: Asset
) -> None:
    row = session.scalars(select(Fingerprint)).one()
    row.recipe -= 1
    session.flush()
    assert not near_index.has(session, owner.workspace_id, row.blob_id)
    assert take(session, make_asset(session, owner), 1) == []


def test_a_piece_that_a_whole_series_has_leads_nowhere(session: Session, owner: Principal) -> None:
    intro = sound(99, 20.0)
    most = near_index.MOST_SHARING
    for number in range(most + 2):
        lecture = make_asset(session, owner)
        assert take(session, lecture, number, sound=intro + sound(number + 500, 60.0)) == []
    codes = [(1 << 56) | item for (item,) in struct.iter_unpack("<I", intro)]
    held = select(FingerprintBand.code).group_by(FingerprintBand.code).having(func.count() > most)
    common = set(session.scalars(held))
    assert common & set(codes)
    other = make_blob(session, owner.workspace_id)
    query = near_index.sharing(owner.workspace_id, other.id, codes)
    assert common.isdisjoint(code for code, _ in session.execute(query))


def test_candidates_are_found_by_an_index(session: Session, owner: Principal) -> None:
    blob_ids = [make_blob(session, owner.workspace_id).id for _ in range(40)]
    for number, blob_id in enumerate(blob_ids):
        looks = ("video", LASTS_S, frames(number), sound(number))
        near_index.record(session, owner.workspace_id, blob_id, *looks)
    session.execute(text("ANALYZE fingerprint_band"))
    query = near_index.sharing(owner.workspace_id, blob_ids[0], range(1 << 56, (1 << 56) + 128))
    compiled = query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    (plan,) = session.scalars(text(f"EXPLAIN (FORMAT JSON) {compiled}")).one()
    told = json.dumps(plan)
    assert "fingerprint_band_pkey" in told
    assert "Seq Scan" not in told


@pytest.mark.parametrize(
    ("changes", "offset_s", "said"),
    [
        ({"kind": "audio", "video_codec": None, "width": None}, 0.0, ["sound only"]),
        ({"audio_codec": None}, 0.0, ["no sound"]),
        ({"container": "matroska", "mime": "video/webm"}, 0.0, ["WebM instead of MP4"]),
        ({"video_codec": "vp9"}, 0.0, ["re-encoded as VP9 instead of H.264"]),
        ({"duration_s": 300.0}, 0.0, ["3:00 min longer at the end"]),
        ({"duration_s": 120.4}, -0.2, ["other bytes, the same content"]),
        ({"width": 720, "height": 1280}, 0.0, ["turned picture 720×1280 instead of 1280×720"]),
    ],
)
def test_differences_in_words(changes: dict[str, Any], offset_s: float, said: list[str]) -> None:
    theirs = {**FACTS, **changes}
    rate = 1000 * theirs["duration_s"] / LASTS_S
    words = differences.differences(
        Side("One", 1000, FACTS), Side("one", int(rate), theirs), offset_s
    )
    assert words == said
