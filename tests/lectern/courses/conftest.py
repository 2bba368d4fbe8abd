"""What the tests about courses share: a course of two chapters with two lessons each."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.courses.usages import Place
from lectern.models import Course, Lesson
from lectern.people.principal import Principal
from tests.factories import make_course, make_principal


@pytest.fixture
def owner(session: Session) -> Principal:
    return make_principal(session)


@pytest.fixture
def course(session: Session, owner: Principal) -> Course:
    return make_course(session, owner, chapters=2, lessons=2)


@pytest.fixture
def place(course: Course) -> Place:
    return Place(course.ref, None, "l0")


@pytest.fixture
def lesson(session: Session, course: Course) -> Lesson:
    return session.scalars(
        select(Lesson).where(Lesson.course_id == course.id, Lesson.ref == "l0")
    ).one()
