"""One file's uses changed everywhere at once."""

import pytest
from sqlalchemy.orm import Session

from lectern.courses import swapping, usages
from lectern.courses.usages import Place, UsageSpec
from lectern.errors import Forbidden, Invalid, NotFound
from lectern.integrity import fsck
from lectern.library import trash
from lectern.models import Asset, Course, Role
from lectern.people import audit, audit_reading
from lectern.people.principal import Principal
from tests.factories import add_version, make_asset, make_colleague, make_course, make_principal


@pytest.fixture
def asset(session: Session, owner: Principal) -> Asset:
    return make_asset(session, owner, name="Old")


@pytest.fixture
def course(session: Session, owner: Principal, asset: Asset) -> Course:
    """Three lessons that use the asset, the last one pinned."""
    made = make_course(session, owner, lessons=3)
    for number in range(3):
        policy = "pin" if number == 2 else "follow"
        spec = UsageSpec(asset.id, policy=policy, title=f"Title {number}", start_s=5.0, end_s=50.0)
        usages.put(session, owner, Place(made.ref, None, f"l{number}"), [spec])
    return made


def shown(session: Session, owner: Principal, asset: Asset) -> list[tuple[str, int]]:
    session.expire_all()
    return [(u.policy, u.version_number) for u in usages.of_asset(session, owner, asset.id)]


def test_places_that_are_held_keep_what_they_show(
    session: Session, owner: Principal, asset: Asset, course: Course
) -> None:
    first = usages.of_asset(session, owner, asset.id)[0]
    assert swapping.hold(session, owner, asset, but=[first.id]) == 1
    add_version(session, asset)
    assert shown(session, owner, asset) == [("follow", 2), ("pin", 1), ("pin", 1)]
    line = audit_reading.history(session, owner, asset.id)[0]
    assert (line.action, line.details["place"]["lesson"]) == ("usage.change", "Lesson 1")
    assert swapping.hold(session, owner, asset) == 1
    assert swapping.hold(session, owner, asset) == 0


def test_another_file_takes_every_place_with_its_title_and_history(
    session: Session, owner: Principal, asset: Asset, course: Course
) -> None:
    other = make_asset(session, owner, name="New", duration_s=40.0)
    beside = make_asset(session, owner)
    place = Place(course.ref, None, "l1")
    both = [UsageSpec(beside.id, policy="pin"), UsageSpec(asset.id, title="Title 1")]
    usages.put(session, owner, place, both)
    assert swapping.exchange(session, owner, asset.id, other.id) == 3
    session.expire_all()
    assert usages.of_asset(session, owner, asset.id) == []
    assert len(usages.past_of_asset(session, owner, asset.id)) == 3
    now = usages.of_asset(session, owner, other.id)
    assert [(u.title, u.policy, u.end_s) for u in now] == [
        ("Title 0", "follow", None),
        ("Title 1", "follow", None),
        ("Title 2", "follow", None),
    ]
    at = usages.at(session, owner, place)
    assert [(u.asset_id, u.policy) for u in at] == [(beside.id, "pin"), (other.id, "follow")]
    assert (asset.usage_count, other.usage_count) == (0, 3)
    trash.trash(session, owner, asset, days=30)
    assert list(fsck.rows(session)) == []
    assert audit.verify(session, owner.workspace_id).ok


def test_a_place_that_has_the_other_file_already_gets_it_no_second_time(
    session: Session, owner: Principal, asset: Asset, course: Course
) -> None:
    other = make_asset(session, owner)
    usages.put(session, owner, Place(course.ref), [UsageSpec(other.id), UsageSpec(asset.id)])
    swapping.exchange(session, owner, asset.id, other.id)
    assert [u.asset_id for u in usages.at(session, owner, Place(course.ref))] == [other.id]


def test_only_for_another_living_file_of_the_workspace(
    session: Session, owner: Principal, asset: Asset, course: Course
) -> None:
    gone, foreign = make_asset(session, owner), make_asset(session, make_principal(session))
    trash.trash(session, owner, gone, days=30)
    for wanted, refusal in ((asset.id, Invalid), (gone.id, Invalid), (foreign.id, NotFound)):
        with pytest.raises(refusal):
            swapping.exchange(session, owner, asset.id, wanted)
    viewer = make_colleague(session, owner, Role.VIEWER)
    with pytest.raises(Forbidden):
        swapping.exchange(session, viewer, asset.id, make_asset(session, owner).id)
    with pytest.raises(Forbidden):
        swapping.hold(session, viewer, asset)
    assert len(usages.of_asset(session, owner, asset.id)) == 3
