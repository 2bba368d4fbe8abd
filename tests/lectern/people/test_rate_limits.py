from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session

from lectern.database.sessions import driver_url
from lectern.errors import RateLimited
from lectern.models import Attempt
from lectern.people import rate_limits
from lectern.people.rate_limits import Limit, check, count, network


def age(session: Session, seconds: int) -> None:
    """Let time pass, for the attempts."""
    session.execute(
        text("UPDATE attempt SET window_start = window_start - make_interval(secs => :s)"),
        {"s": seconds},
    )


def test_the_limit_is_reached_by_counted_attempts_of_that_key_only(session: Session) -> None:
    for _ in range(3):
        check(session, "a", Limit(3, 60))
        count(session, "a")
    with pytest.raises(RateLimited) as refusal:
        check(session, "a", Limit(3, 60))
    assert 50 <= refusal.value.retry_after_s <= 66
    assert "seconds" in str(refusal.value)
    check(session, "b", Limit(3, 60))


def test_asking_costs_nothing(session: Session) -> None:
    for _ in range(5):
        check(session, "a", Limit(1, 60))


def test_it_works_again_when_the_time_named_is_over(session: Session) -> None:
    count(session, "a")
    with pytest.raises(RateLimited) as refusal:
        check(session, "a", Limit(1, 60))
    age(session, refusal.value.retry_after_s)
    check(session, "a", Limit(1, 60))


def test_no_minute_has_more_than_the_limit_wherever_it_begins(session: Session) -> None:
    count(session, "a")
    age(session, 55)
    with pytest.raises(RateLimited):
        check(session, "a", Limit(1, 60))


def test_the_longer_limit_holds_when_the_shorter_one_has_passed(session: Session) -> None:
    for _ in range(3):
        for _ in range(2):
            count(session, "a")
        age(session, 70)
    check(session, "a", Limit(3, 60))
    with pytest.raises(RateLimited, match="minutes") as refusal:
        check(session, "a", Limit(3, 60), Limit(6, 3600))
    assert 3300 < refusal.value.retry_after_s < 3600


def test_old_attempts_are_forgotten(session: Session) -> None:
    count(session, "a")
    age(session, 2 * 86400)
    count(session, "b")
    rate_limits.clear_old(session)
    assert session.scalars(select(Attempt.key)).all() == ["b"]


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("unix:", "unix:"),
    ],
)
def test_one_visitor_is_an_address_or_a_network_of_them(address: str, counted_as: str) -> None:
    assert network(address) == counted_as


def test_a_key_does_not_show_whom_it_counts() -> None:
    key = rate_limits.key_of("sign-in account", "ada@example.org")
    assert "ada" not in key
    assert key != rate_limits.key_of("sign-in account", "bob@example.org")


def test_many_at_once_get_no_more_than_the_limit(own_database_url: str) -> None:
    engine = create_engine(driver_url(own_database_url), pool_size=12)
    barrier = Barrier(12)

    def attempt(_: int) -> bool:
        barrier.wait()
        with Session(engine) as session:
            try:
                check(session, "a", Limit(5, 60))
            except RateLimited:
                return False
            count(session, "a")
            session.commit()
            return True

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(attempt, range(12))) == 5
    with Session(engine) as session:
        assert session.scalar(select(func.sum(Attempt.count))) == 5
    engine.dispose()
