"""Courses over the API, by their callers' own references."""

from typing import Any

import pytest

from tests.web.answers import assert_problem, items
from tests.web.biology import BIOLOGY, COURSES
from tests.web.conftest import Caller


@pytest.fixture
def course(api: Caller) -> str:
    """The address of a course."""
    assert api.put(f"{COURSES}/bio-1", json=BIOLOGY).status_code == 201
    return f"{COURSES}/bio-1"


def told(course: Any) -> Any:
    """What was declared, out of what was answered."""
    return {
        "title": course["title"],
        "chapters": [
            {
                "ref": chapter["ref"],
                "title": chapter["title"],
                "lessons": [
                    {"ref": lesson["ref"], "title": lesson["title"]}
                    for lesson in chapter["lessons"]
                ],
            }
            for chapter in course["chapters"]
        ],
    }


def test_a_course_is_made_then_changed_by_its_callers_reference(api: Caller) -> None:
    path = f"{COURSES}/bio-1"
    assert_problem(api.get(path), 404)
    made = api.put(path, json=BIOLOGY)
    assert made.status_code == 201
    assert made.json["ref"] == "bio-1"  # type: ignore[index]
    assert told(made.json) == BIOLOGY
    assert api.get(path).json == made.json
    again = api.put(path, json=BIOLOGY)
    assert (again.status_code, again.json) == (200, made.json)
    moved = {
        "title": "Biology I",
        "chapters": [{"ref": "c2", "title": "Plants", "lessons": [{"ref": "l1", "title": "W"}]}],
    }
    changed = api.put(path, json=moved)
    assert changed.status_code == 200
    assert told(changed.json) == moved
    ids = [lesson["id"] for chapter in made.json["chapters"] for lesson in chapter["lessons"]]  # type: ignore[index]
    assert changed.json["chapters"][0]["lessons"][0]["id"] == ids[0]  # type: ignore[index]
    assert changed.json["id"] == made.json["id"]  # type: ignore[index]


@pytest.mark.parametrize("ref", ["course-v1:edX+Demo+2026", "Übung 1", "100%25", "a.b", "x" * 200])
def test_any_reference_an_address_can_hold_is_kept(api: Caller, ref: str) -> None:
    reply = api.put(f"{COURSES}/{ref}", json={"title": "T"})
    assert reply.status_code == 201
    assert api.get(f"{COURSES}/{ref}").json == reply.json


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": None}, "title"),
        ({"title": ""}, "title"),
        ({"title": 5}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "T", "chapters": {}}, "chapters"),
        ({"title": "T", "chapters": ["c"]}, "chapters"),
        ({"title": "T", "chapters": [{"title": "C"}]}, "chapters.0.ref"),
        ({"title": "T", "chapters": [{"ref": "c"}]}, "chapters.0.title"),
        ({"title": "T", "chapters": [{"ref": "a/b", "title": "C"}]}, "chapters.0.ref"),
        (
            {"title": "T", "chapters": [{"ref": "c", "title": "C", "lessons": [{"ref": "l"}]}]},
            "chapters.0.lessons.0.title",
        ),
        (
            {
                "title": "T",
                "chapters": [
                    {"ref": "c", "title": "C", "lessons": [{"ref": "l", "title": "L"}]},
                    {"ref": "d", "title": "D", "lessons": [{"ref": "l", "title": "L"}]},
                ],
            },
            "chapters.1.lessons.0.ref",
        ),
    ],
)
def test_a_course_that_cannot_be_is_refused_where_it_is_wrong(
    api: Caller, course: str, body: Any, field: str
) -> None:
    reply = api.put(course, json=body)
    assert_problem(reply, 422)
    assert set(reply.json["errors"]) == {field}  # type: ignore[index]
    assert told(api.get(course).json) == BIOLOGY


def test_courses_are_listed_by_title(api: Caller, course: str) -> None:
    api.put(f"{COURSES}/art", json={"title": "art"})
    assert [each["ref"] for each in items(api.get(COURSES))] == ["art", "bio-1"]
    page = api.get(f"{COURSES}?limit=1&total=1").json
    assert page is not None
    assert (len(page["items"]), page["total"], page["next"]) == (1, 2, "1")
