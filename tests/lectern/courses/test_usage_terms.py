import math
import uuid
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.errors import Invalid
from lectern.models import Asset, Lesson
from lectern.people.principal import Principal
from tests.factories import add_version, make_asset, make_principal


def in_the_trash(session: Session, asset: Asset) -> Asset:
    asset.live, asset.trashed_at = False, session.scalar(select(func.now()))
    session.flush()
    return asset


def test_one_slot_has_an_asset_once_and_two_slots_have_it_twice(
    session: Session, owner: Principal, place: Place
) -> None:
    asset = make_asset(session, owner)
    twice = [UsageSpec(asset.id, slot="intro"), UsageSpec(asset.id, slot=" intro ")]
    with pytest.raises(Invalid) as refusal:
        usages.put(session, owner, place, twice)
    assert set(refusal.value.fields) == {"assets.1.id"}
    put = usages.put(
        session, owner, place, [UsageSpec(asset.id), UsageSpec(asset.id, slot="intro")]
    )
    assert [usage.slot for usage in put] == ["", "intro"]


def test_pin_takes_the_current_version_and_stays_there(
    session: Session, owner: Principal, place: Place
) -> None:
    asset = make_asset(session, owner)
    both = [UsageSpec(asset.id), UsageSpec(asset.id, slot="old", policy="pin")]
    usages.put(session, owner, place, both)
    add_version(session, asset)
    follows, pinned = usages.put(session, owner, place, both)
    assert (follows.version_number, pinned.version_number) == (2, 1)


def test_a_pin_may_name_its_version_and_come_off_again(
    session: Session, owner: Principal, place: Place
) -> None:
    asset = make_asset(session, owner)
    add_version(session, asset)
    for version in (1, 2):
        (usage,) = usages.put(session, owner, place, [UsageSpec(asset.id, "", "pin", version)])
        assert usage.version_number == version
    identity = usage.id
    (usage,) = usages.put(session, owner, place, [UsageSpec(asset.id)])
    assert (usage.id, usage.version_id) == (identity, None)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"policy": "newest"}, "policy"),
        ({"policy": "pin", "version": 2}, "version"),
        ({"policy": "pin", "version": 0}, "version"),
        ({"version": 1}, "version"),
        ({"slot": "x" * 61}, "slot"),
        ({"title": "x" * 201}, "title"),
        ({"alt": "x" * 1001}, "alt"),
        ({"start_s": -1}, "start"),
        ({"start_s": 60.1}, "start"),
        ({"start_s": math.nan}, "start"),
        ({"end_s": math.inf}, "end"),
        ({"end_s": 61}, "end"),
        ({"end_s": 0}, "end"),
        ({"start_s": 30, "end_s": 30}, "end"),
    ],
)
def test_wrong_terms_are_refused_by_item_and_field_and_change_nothing(
    session: Session, owner: Principal, place: Place, terms: dict[str, Any], field: str
) -> None:
    a, b = make_asset(session, owner), make_asset(session, owner)
    usages.put(session, owner, place, [UsageSpec(a.id)])
    with pytest.raises(Invalid, match=r"Item 1:|assets\.1\.") as refusal:
        usages.put(session, owner, place, [UsageSpec(b.id), UsageSpec(a.id, **terms)])
    assert set(refusal.value.fields) == {f"assets.1.{field}"}
    assert [usage.asset_id for usage in usages.at(session, owner, place)] == [a.id]


def test_a_picture_has_no_seconds(session: Session, owner: Principal, place: Place) -> None:
    picture = make_asset(session, owner, kind="image", duration_s=None)
    with pytest.raises(Invalid, match="no duration"):
        usages.put(session, owner, place, [UsageSpec(picture.id, start_s=1)])


def test_a_shorter_replacement_does_not_keep_the_place_from_being_edited(
    session: Session, owner: Principal, place: Place
) -> None:
    asset = make_asset(session, owner)
    usages.put(session, owner, place, [UsageSpec(asset.id, start_s=50)])
    asset.duration_s = 40.0
    session.flush()
    (usage,) = usages.put(session, owner, place, [UsageSpec(asset.id, start_s=50, title="End")])
    assert usage.title == "End"
    with pytest.raises(Invalid):
        usages.put(session, owner, place, [UsageSpec(asset.id, start_s=51)])


def test_an_asset_elsewhere_unknown_or_in_the_trash_is_refused_by_its_index(
    session: Session, owner: Principal, place: Place, lesson: Lesson
) -> None:
    good = make_asset(session, owner)
    foreign = make_asset(session, make_principal(session))
    trashed = in_the_trash(session, make_asset(session, owner))
    messages = set()
    for bad in (foreign.id, uuid.uuid4(), trashed.id):
        with pytest.raises(Invalid) as refusal:
            usages.put(session, owner, place, [UsageSpec(good.id), UsageSpec(bad)])
        assert set(refusal.value.fields) == {"assets.1.id"}
        with pytest.raises(Invalid):
            usages.add(session, owner, lesson.id, [good.id, bad])
        messages.add(str(refusal.value))
    assert len(messages) == 2  # a foreign id reads like an unknown one
    assert good.usage_count == 0


def test_a_place_holds_at_most_five_hundred(
    session: Session, owner: Principal, place: Place
) -> None:
    with pytest.raises(Invalid, match="at most 500"):
        usages.put(session, owner, place, [UsageSpec(uuid.uuid4())] * 501)
