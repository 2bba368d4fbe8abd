"""Pairs that look alike, and what people say of them."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.duplicates import dismissed, near
from lectern.errors import Forbidden, Invalid, NotFound
from lectern.models import Asset, Difference, Role
from lectern.people import audit_reading
from lectern.people.principal import Principal
from tests.factories import make_asset, make_colleague


@pytest.fixture
def three(
    session: Session, owner: Principal, monkeypatch: pytest.MonkeyPatch
) -> tuple[Asset, Asset, Asset]:
    """Three files, each near each; how that is found has its own tests."""
    a, b, c = (make_asset(session, owner) for _ in range(3))
    known = [
        near.Pair(one.id, other.id, share, ["another name"])
        for one, other, share in ((b, a, 0.9), (a, c, 0.8), (b, c, 0.7))
    ]
    monkeypatch.setattr(near, "pairs", lambda _session, _who, limit: known[:limit])
    return a, b, c


def shares(session: Session, who: Principal, limit: int = 10) -> list[float]:
    return [pair.share for pair in dismissed.undecided(session, who, limit)]


def test_what_was_called_different_is_shown_no_more(
    session: Session, owner: Principal, three: tuple[Asset, Asset, Asset]
) -> None:
    a, b, _ = three
    assert shares(session, owner, 1) == [0.9]
    for pair in ((a, b), (b, a)):
        dismissed.call_different(session, owner, pair[0].id, pair[1].id)
    assert shares(session, owner, 1) == [0.8]
    assert shares(session, owner) == [0.8, 0.7]
    assert len(session.scalars(select(Difference)).all()) == 1
    dismissed.take_back(session, owner, a.id, b.id)
    dismissed.take_back(session, owner, a.id, b.id)
    assert shares(session, owner) == [0.9, 0.8, 0.7]
    told = [line.action for line in audit_reading.history(session, owner, b.id)]
    assert told == ["asset.alike", "asset.different"]


def test_only_of_two_files_that_one_may_edit(
    session: Session, owner: Principal, stranger: Principal, three: tuple[Asset, Asset, Asset]
) -> None:
    a, b, _ = three
    with pytest.raises(Invalid):
        dismissed.call_different(session, owner, a.id, a.id)
    with pytest.raises(NotFound):
        dismissed.call_different(session, stranger, a.id, b.id)
    with pytest.raises(Forbidden):
        dismissed.call_different(session, make_colleague(session, owner, Role.VIEWER), a.id, b.id)
