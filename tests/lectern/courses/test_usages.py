import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from lectern.courses import courses, lessons, usages
from lectern.courses.usages import Place, UsageSpec
from lectern.errors import Forbidden, NotFound
from lectern.models import Asset, Course, Lesson, Role, Usage, UsageHistory
from lectern.people.principal import Principal
from tests.factories import make_asset, make_colleague, make_principal


def in_the_trash(session: Session, asset: Asset) -> Asset:
    asset.live, asset.trashed_at = False, session.scalar(select(func.now()))
    session.flush()
    return asset


def test_a_place_has_what_was_declared_last_in_that_order(
    session: Session, owner: Principal, place: Place
) -> None:
    a, b, c = (make_asset(session, owner).id for _ in range(3))
    put = usages.put(session, owner, place, [UsageSpec(a), UsageSpec(b)])
    assert [usage.asset_id for usage in put] == [a, b]
    put = usages.put(session, owner, place, [UsageSpec(c), UsageSpec(a)])
    assert [usage.asset_id for usage in put] == [c, a]
    assert [usage.asset_id for usage in usages.at(session, owner, place)] == [c, a]
    assert usages.put(session, owner, place, []) == []
    assert session.scalar(select(func.count()).select_from(UsageHistory)) == 3


def test_what_is_declared_again_stays_the_same_usage(
    session: Session, owner: Principal, place: Place
) -> None:
    a, b = make_asset(session, owner), make_asset(session, owner)
    (first, _) = usages.put(session, owner, place, [UsageSpec(a.id), UsageSpec(b.id)])
    was = (first.id, first.created_at, first.created_by)
    editor = make_colleague(session, owner)
    (now,) = usages.put(session, editor, place, [UsageSpec(a.id, title="Intro", alt="A lens")])
    assert (now.id, now.created_at, now.created_by) == was
    assert (now.title, now.alt) == ("Intro", "A lens")


def test_what_is_left_out_stays_as_history_with_the_titles_of_that_day(
    session: Session, owner: Principal, place: Place, lesson: Lesson
) -> None:
    asset = make_asset(session, owner)
    (usage,) = usages.put(session, owner, place, [UsageSpec(asset.id, slot="hero", start_s=5)])
    identity, since = usage.id, usage.created_at
    editor = make_colleague(session, owner)
    usages.put(session, editor, place, [])
    lessons.rename(session, owner, lesson.id, "Another title")
    (past,) = usages.past_of_asset(session, owner, asset.id)
    assert (past.id, past.created_at) == (identity, since)
    assert (past.created_by, past.ended_by) == (owner.user_id, editor.user_id)
    assert (past.slot, past.start_s, past.lesson_id) == ("hero", 5, lesson.id)
    assert past.place["lesson"] == "Lesson 0"
    assert usages.of_asset(session, owner, asset.id) == []
    assert (asset.usage_count, asset.usage) == (0, "formerly")


def test_course_chapter_and_lesson_are_places_of_their_own(
    session: Session, owner: Principal, course: Course
) -> None:
    asset = make_asset(session, owner)
    spots = [Place(course.ref), Place(course.ref, "c0"), Place(course.ref, None, "l0")]
    for spot in spots:
        usages.put(session, owner, spot, [UsageSpec(asset.id)])
    usages.put(session, owner, spots[1], [])
    assert [len(usages.at(session, owner, spot)) for spot in spots] == [1, 0, 1]
    words = [usages.place_of(usage) for usage in usages.of_asset(session, owner, asset.id)]
    assert words == [course.title, f"{course.title} › Chapter 0 › Lesson 0"]
    assert asset.usage_count == 2


def test_usages_know_their_place_and_who_made_them(
    session: Session, owner: Principal, place: Place, course: Course
) -> None:
    asset = make_asset(session, owner)
    usages.put(session, owner, place, [UsageSpec(asset.id)])
    session.expunge_all()
    (usage,) = usages.blockers(session, owner.workspace_id, asset.id)
    session.expunge_all()  # nothing is loaded after this: it was, or the next lines raise
    assert usage.course.id == course.id
    assert usage.chapter is not None
    assert usage.lesson is not None
    assert usage.creator is not None
    assert (usage.chapter.ref, usage.lesson.ref, usage.creator.name) == ("c0", "l0", owner.name)


def test_another_workspaces_places_and_usages_are_missing_ones(
    session: Session, owner: Principal, place: Place, lesson: Lesson
) -> None:
    stranger = make_principal(session)
    asset = make_asset(session, owner)
    (usage,) = usages.put(session, owner, place, [UsageSpec(asset.id)])
    own = make_asset(session, stranger)
    with pytest.raises(NotFound):
        usages.put(session, stranger, place, [UsageSpec(own.id)])
    with pytest.raises(NotFound):
        usages.at(session, stranger, place)
    with pytest.raises(NotFound):
        usages.add(session, stranger, lesson.id, [own.id])
    with pytest.raises(NotFound):
        usages.end(session, stranger, usage.id)
    with pytest.raises(NotFound):
        usages.reorder(session, stranger, lesson.id, [usage.id])
    with pytest.raises(NotFound):
        usages.of_asset(session, stranger, asset.id)
    with pytest.raises(NotFound):
        usages.past_of_asset(session, stranger, asset.id)
    assert usages.of_lesson(session, stranger, lesson.id) == []
    assert usages.blockers(session, stranger.workspace_id, asset.id) == []


@pytest.mark.parametrize(
    "missing",
    [
        Place("nowhere"),
        Place("HERE", "c9"),
        Place("HERE", None, "l9"),
        Place("HERE", None, "\0"),
        Place("HERE", "\ud800"),
        Place("\0"),
    ],
)
def test_a_missing_place_is_not_found(
    session: Session, owner: Principal, course: Course, missing: Place
) -> None:
    ref = missing.course_ref.replace("HERE", course.ref)
    with pytest.raises(NotFound):
        usages.put(session, owner, Place(ref, missing.chapter_ref, missing.lesson_ref), [])


def test_viewers_see_usages_and_change_none(
    session: Session, owner: Principal, place: Place, lesson: Lesson
) -> None:
    asset = make_asset(session, owner)
    (usage,) = usages.put(session, owner, place, [UsageSpec(asset.id)])
    viewer = make_colleague(session, owner, Role.VIEWER)
    assert len(usages.of_lesson(session, viewer, lesson.id)) == 1
    with pytest.raises(Forbidden):
        usages.put(session, viewer, place, [])
    with pytest.raises(Forbidden):
        usages.add(session, viewer, lesson.id, [asset.id])
    with pytest.raises(Forbidden):
        usages.end(session, viewer, usage.id)
    with pytest.raises(Forbidden):
        usages.reorder(session, viewer, lesson.id, [usage.id])


def test_the_database_itself_refuses_to_trash_or_to_delete_or_to_swap_a_used_asset(
    session: Session, owner: Principal, place: Place
) -> None:
    asset, other = make_asset(session, owner), make_asset(session, owner)
    (usage,) = usages.put(session, owner, place, [UsageSpec(asset.id)])
    with pytest.raises(IntegrityError), session.begin_nested():
        in_the_trash(session, asset)
    session.refresh(asset)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(delete(Asset).where(Asset.id == asset.id))
    swap = update(Usage).where(Usage.id == usage.id).values(asset_id=other.id)
    with pytest.raises(DBAPIError, match="keeps its asset"), session.begin_nested():
        session.execute(swap)


def test_a_used_place_goes_only_by_ending_its_usages(
    session: Session, owner: Principal, place: Place, lesson: Lesson
) -> None:
    usages.put(session, owner, place, [UsageSpec(make_asset(session, owner).id)])
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(delete(Lesson).where(Lesson.id == lesson.id))
    lessons.remove(session, owner, lesson.id)
    assert session.scalar(select(func.count()).select_from(Usage)) == 0
    assert "l0" not in str(
        [row.ref for row in courses.get(session, owner, place.course_ref).chapters[0].lessons]
    )
