"""Kept counts: true after every change, and after the sweep has folded them together."""

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from lectern.models import CodeDelta
from lectern.people.principal import Principal
from lectern.search import codes
from lectern.taxonomy import tags
from tests.factories import make_asset, make_course


def rows(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(CodeDelta)) or 0


def test_python_and_database_give_the_same_codes(session: Session, owner: Principal) -> None:
    course = make_course(session, owner)
    ask = text("SELECT facet_code(2, :course), fixed_code(:space, 23)")
    there = session.execute(ask, {"course": course.id, "space": owner.workspace_id}).one()
    assert tuple(there) == (
        codes.of(codes.COURSE, course.id),
        codes.fixed(owner.workspace_id, "never"),
    )
    assert codes.field_of(there[0]) == codes.COURSE


def test_folding_changes_no_count_and_leaves_one_row_a_code(
    session: Session, owner: Principal
) -> None:
    for number in range(5):
        asset = make_asset(session, owner, kind=("video", "audio")[number % 2])
        tags.put(session, asset, ["exam"])
    tags.put(session, asset, [])
    asset.kind = "image"
    session.flush()
    before = codes.counts(session, owner.workspace_id)
    assert before[codes.fixed(owner.workspace_id, "live")] == 5
    assert before[codes.fixed(owner.workspace_id, "video")] == 2
    assert before[codes.fixed(owner.workspace_id, "image")] == 1
    many = rows(session)
    codes.fold_deltas(session)
    assert codes.counts(session, owner.workspace_id) == before
    assert rows(session) == len(before) < many
    codes.fold_deltas(session)
    assert rows(session) == len(before)


def test_the_most_frequent_codes_of_each_field_come_with_their_counts(
    session: Session, owner: Principal
) -> None:
    here = owner.workspace_id
    for number in range(6):
        asset = make_asset(session, owner, kind="video" if number < 4 else "audio")
        tags.put(session, asset, ["exam", "week 1"][: 2 if number < 2 else 1])
    session.flush()
    counts = codes.counts(session, here)
    exam, week = (code for code in sorted(counts, key=lambda code: -counts[code])
                  if codes.field_of(code) == codes.TAG)  # fmt: skip
    assert (counts[exam], counts[week]) == (6, 2)
    assert codes.frequent(session, here, 100) == {c: n for c, n in counts.items() if n}
    assert codes.frequent(session, here, 1, codes.TAG) == {exam: 6}
    of_each = codes.frequent(session, here, 1)
    fields = [codes.field_of(code) for code in of_each]
    assert len(fields) == len(set(fields))
    assert of_each[exam] == 6
    assert week not in of_each
