"""Groups of files with equal bytes."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from lectern.duplicates import exact
from lectern.errors import Invalid, NotFound
from lectern.integrity import fsck
from lectern.library import trash
from lectern.models import Asset, Blob, DigestCount
from lectern.people.principal import Principal
from tests.factories import add_version, make_asset, make_blob


def twins(session: Session, who: Principal, number: int, size: int = 1000) -> list[Asset]:
    """So many files of the same bytes."""
    blob = make_blob(session, who.workspace_id, byte_size=size)
    return [make_asset(session, who, blob=blob) for _ in range(number)]


def found(session: Session, who: Principal, limit: int = 50) -> list[tuple[int, int]]:
    items = exact.groups(session, who, None, limit).items
    return [(group.files, group.byte_size) for group in items]


def test_the_copies_that_would_weigh_most_come_first(
    session: Session, owner: Principal, stranger: Principal
) -> None:
    twins(session, owner, 3, 100)
    twins(session, owner, 2, 500)
    twins(session, owner, 2, 10)
    twins(session, stranger, 5, 900)
    make_asset(session, owner)
    assert found(session, owner) == [(2, 500), (3, 100), (2, 10)]
    assert exact.total(session, owner) == 3
    assert exact.total(session, stranger) == 1


def test_pages_continue_each_other(session: Session, owner: Principal) -> None:
    sizes = [300, 300, 300, 200, 100]
    for size in sizes:
        twins(session, owner, 2, size)
    seen: list[exact.Group] = []
    cursor: str | None = None
    for _ in range(3):
        page = exact.groups(session, owner, cursor, 2)
        seen += page.items
        cursor = page.next
    assert cursor is None
    assert [group.byte_size for group in seen] == sizes
    assert all(one.digest != other.digest for one, other in pairwise(seen))


@pytest.mark.parametrize(
    "cursor", ["x", "1", "1.", ".a", "-1.a", "1.a'b", "9" * 19 + ".a", "1." + "a" * 65, "²2.a"]
)
def test_a_cursor_of_elsewhere_is_refused(session: Session, owner: Principal, cursor: str) -> None:
    with pytest.raises(Invalid):
        exact.groups(session, owner, cursor, 10)


def test_groups_follow_what_becomes_of_their_files(session: Session, owner: Principal) -> None:
    first, second, third = twins(session, owner, 3)
    trash.trash(session, owner, first, days=30)
    assert found(session, owner) == [(2, 1000)]
    add_version(session, second)
    assert found(session, owner) == []
    trash.restore(session, owner, first)
    assert found(session, owner) == [(2, 1000)]
    add_version(session, third, session.get_one(Blob, _blob(session, second)))
    session.expire_all()
    assert found(session, owner) == [(2, 1000)]
    assert list(fsck.rows(session)) == []


def _blob(session: Session, asset: Asset) -> tuple[object, object]:
    row = session.scalars(select(Blob).where(Blob.digest == asset.digest)).one()
    return row.workspace_id, row.id


def test_who_is_used_most_then_longest_there_is_proposed(
    session: Session, owner: Principal
) -> None:
    old, young = twins(session, owner, 2)
    (group,) = exact.groups(session, owner, None, 10).items
    assert [copy.asset.id for copy in group.copies] == [old.id, young.id]
    session.execute(text("UPDATE asset SET usage_count = 2 WHERE id = :id"), {"id": young.id})
    session.expire_all()
    (group,) = exact.groups(session, owner, None, 10).items
    assert [copy.asset.id for copy in group.copies] == [young.id, old.id]


def test_of_a_large_group_some_are_shown(session: Session, owner: Principal) -> None:
    many = twins(session, owner, exact.SHOWN + 3)
    (group,) = exact.groups(session, owner, None, 10).items
    assert (len(group.copies), group.more) == (exact.SHOWN, 3)
    whole = exact.group_of(session, owner, many[-1].id)
    assert (len(whole.copies), whole.more) == (len(many), 0)


def test_the_group_of_one_file(session: Session, owner: Principal, stranger: Principal) -> None:
    alone = make_asset(session, owner)
    assert [copy.asset.id for copy in exact.group_of(session, owner, alone.id).copies] == [alone.id]
    trash.trash(session, owner, alone, days=30)
    assert exact.group_of(session, owner, alone.id).copies == ()
    with pytest.raises(NotFound):
        exact.group_of(session, stranger, alone.id)


def test_no_page_reads_a_whole_table(session: Session, owner: Principal) -> None:
    rows = [
        {"w": owner.workspace_id, "d": f"{number:064x}", "n": 1 + number % 2, "b": number}
        for number in range(400)
    ]
    session.execute(
        text(
            "INSERT INTO digest_count (workspace_id, digest, assets, byte_size)"
            " VALUES (:w, :d, :n, :b)"
        ),
        rows,
    )
    # For the few rows of a test a sort would be right; one that stays has no index to replace it.
    for kind in ("seqscan", "sort", "bitmapscan"):
        session.execute(text(f"SET LOCAL enable_{kind} = off"))
    assert plan(session, owner, None) == ["digest_count_waste_idx"]
    assert plan(session, owner, "99." + "f" * 64) == ["digest_count_waste_idx"]
    page = exact.groups(session, owner, "99." + "f" * 64, 3)
    assert [group.byte_size for group in page.items] == [99, 97, 95]


def plan(session: Session, who: Principal, cursor: str | None) -> Sequence[str]:
    """The indexes that a page of groups is read by; fails where a table is scanned."""
    query = exact._page(who, cursor).limit(20)
    told = query.compile(session.connection(), compile_kwargs={"literal_binds": True})
    answer = session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {told}").scalar_one()
    nodes = [answer[0]["Plan"]]
    indexes = []
    for node in nodes:
        nodes += node.get("Plans", [])
        assert node["Node Type"] not in {"Seq Scan", "Sort"}, answer
        if "Index Name" in node:
            indexes.append(node["Index Name"])
    return indexes


def test_sizes_are_known_of_twins_only(session: Session, owner: Principal) -> None:
    alone = make_asset(session, owner)
    pair = twins(session, owner, 2, 77)
    sizes = dict(
        session.execute(
            select(DigestCount.digest, DigestCount.byte_size).where(
                DigestCount.workspace_id == owner.workspace_id
            )
        ).all()
    )
    assert (sizes[alone.digest or ""], sizes[pair[0].digest or ""]) == (None, 77)
