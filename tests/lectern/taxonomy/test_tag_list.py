"""Suggestions while one types a tag: what fits, and what comes first."""

import time
import uuid

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from lectern.library import trash
from lectern.models import Tag
from lectern.people.principal import Principal
from lectern.taxonomy import tags
from tests.factories import make_asset


def use(session: Session, who: Principal, name: str, files: int) -> None:
    for _ in range(files):
        tags.put(session, make_asset(session, who), [name])


def names(session: Session, who: Principal, text: str, **more: object) -> list[str]:
    return [each.name for each in tags.suggest(session, who, text, **more)]  # type: ignore[arg-type]


def test_beginnings_come_before_middles_and_much_used_before_little_used(
    session: Session, owner: Principal
) -> None:
    use(session, owner, "supercell", 4)
    use(session, owner, "Cell", 1)
    use(session, owner, "stem cells", 3)
    use(session, owner, "cellar", 2)
    assert names(session, owner, "cel") == ["stem cells", "cellar", "Cell", "supercell"]
    assert names(session, owner, "cel", limit=2) == ["stem cells", "cellar"]
    assert tags.suggest(session, owner, "stem")[0] == ("stem cells", 3)


def test_a_word_begins_after_any_sign(session: Session, owner: Principal) -> None:
    use(session, owner, "xweek", 2)
    use(session, owner, "bio/week-2", 1)
    assert names(session, owner, "week") == ["bio/week-2", "xweek"]
    assert names(session, owner, "week-2") == ["bio/week-2"]


def test_only_live_files_count(session: Session, owner: Principal) -> None:
    use(session, owner, "kept", 1)
    gone = [make_asset(session, owner) for _ in range(3)]
    for asset in gone:
        tags.put(session, asset, ["keeping"])
        trash.trash(session, owner, asset, days=30)
    assert tags.suggest(session, owner, "ke") == [("kept", 1), ("keeping", 0)]


@pytest.mark.parametrize("typed", ["ecologi", "Écologi", "ÉCOLOGI", "e\u0301cologi", "  ecologi "])
def test_accents_and_case_do_not_matter(session: Session, owner: Principal, typed: str) -> None:
    use(session, owner, "Écologie", 1)
    assert names(session, owner, typed) == ["Écologie"]


def test_nothing_typed_suggests_what_is_used_most(session: Session, owner: Principal) -> None:
    use(session, owner, "rare", 1)
    use(session, owner, "common", 2)
    assert names(session, owner, " ") == ["common", "rare"]


def test_signs_are_letters_not_patterns(session: Session, owner: Principal) -> None:
    use(session, owner, "100% (real) C++", 1)
    for typed in ("100%", "(re", "c++", "%"):
        assert names(session, owner, typed) == ["100% (real) C++"]
    assert names(session, owner, ".*") == []
    assert names(session, owner, "_") == []


def test_what_is_taken_and_strangers_tags_are_not_suggested(
    session: Session, owner: Principal, stranger: Principal
) -> None:
    use(session, owner, "Exam", 1)
    use(session, stranger, "exams elsewhere", 1)
    assert names(session, owner, "ex") == ["Exam"]
    assert names(session, owner, "ex", taken=["EXAM"]) == []


def test_ten_thousand_tags_are_suggested_from_while_one_types(
    session: Session, owner: Principal
) -> None:
    rows = [
        {
            "id": uuid.uuid4(),
            "workspace_id": owner.workspace_id,
            "name": f"tag {number}",
            "key": f"tag {number}",
        }
        for number in range(10_000)
    ]
    session.execute(insert(Tag), rows)
    before = time.process_time()
    started = time.monotonic()
    assert len(tags.suggest(session, owner, "tag 99")) == 8
    assert time.process_time() - before < 0.5
    # Generous: the machine may be busy. Without the narrowing it takes many times as long.
    assert time.monotonic() - started < 2.0
