"""Any sequence of bulk changes, undone in reverse, leaves everything as it was."""

import random
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from lectern import bulk
from lectern import settings as settings_module
from lectern.bulk import Targets
from lectern.courses import usages
from lectern.courses.usages import Place, UsageSpec
from lectern.library import assets, trash
from lectern.models import Asset
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.search import Query
from lectern.settings import Settings
from tests.factories import make_asset, make_course

COUNT = 7
TAGS = ["exam", "Exam", "week 1", "Übung", "a b"]
tag_lists = st.lists(st.sampled_from(TAGS), min_size=1, max_size=3)
changes = st.one_of(
    st.tuples(st.sampled_from(["tag", "untag"]), st.builds(lambda tags: {"tags": tags}, tag_lists)),
    st.tuples(
        st.just("move"),
        st.sampled_from([{"folder": path} for path in (None, "A", "A/B", "C")]),
    ),
    st.tuples(
        st.just("rename"),
        st.sampled_from(
            [
                {"pattern": "{n:02} {name}.{ext}"},
                {"pattern": "{original}"},
                {"pattern": "same"},
                {"find": "clip", "replace": ""},
                {"find": "1", "replace": "one"},
            ]
        ),
    ),
    st.tuples(st.sampled_from(["trash", "restore", "process"]), st.just({})),
)
which = st.one_of(
    st.lists(st.integers(0, COUNT), min_size=1, max_size=COUNT, unique=True),
    st.builds(
        Query,
        tag=st.sampled_from([(), ("exam",)]),
        trashed=st.booleans(),
        sort=st.sampled_from(["name", "-created"]),
    ),
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_module.read({}, data=tmp_path)


@hypothesis_settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(steps=st.lists(st.tuples(changes, which), min_size=1, max_size=7))
def test_undone_in_reverse_everything_is_as_it_was(
    session: Session, owner: Principal, settings: Settings, steps: list[Any]
) -> None:
    with session.begin_nested() as attempt:
        shelf = stocked(session, owner)
        before = state(session, shelf)
        begun = []
        for (action, args), choice in steps:
            chosen = named(choice, shelf)
            would = bulk.dry_run(session, owner, action, args, chosen, settings=settings)
            one = bulk.start(session, owner, action, args, chosen, settings=settings)
            batch = one.batch
            # What the dry run said is what happened.
            assert (would.total, would.change, would.same, would.refused) == (
                batch.total,
                batch.done,
                batch.same,
                batch.refused,
            )
            assert would.refuse == bulk.told(session, batch)
            if action != "process":
                begun.append(batch)
        for batch in reversed(begun):
            undone = bulk.undo(session, owner, batch.id).batch
            assert (undone.undone, undone.kept) == (undone.done, 0)
        assert state(session, shelf) == before
        assert audit.verify(session, owner.workspace_id).ok
        attempt.rollback()
    session.expire_all()


def stocked(session: Session, owner: Principal) -> list[Asset]:
    """Seven assets: one is used, one lies in the trash, some have tags and folders."""
    chance = random.Random(3)  # noqa: S311 - the same shelf every time
    shelf = [make_asset(session, owner, name=f"clip {n}") for n in range(COUNT)]
    for asset in shelf:
        wanted = {"tags": chance.sample(["exam", "week 1", "other"], chance.randint(0, 3))}
        folder = chance.choice(["", "A", "Z/Y"])
        assets.edit(session, owner, asset, {**wanted, "folder": folder})
    course = make_course(session, owner)
    usages.put(session, owner, Place(course.ref), [UsageSpec(shelf[0].id)])
    trash.trash(session, owner, shelf[1], days=30, reason="old")
    return shelf


def named(choice: Any, shelf: list[Asset]) -> Targets:
    if isinstance(choice, Query):
        return Targets(query=choice)
    ids = [*(asset.id for asset in shelf), uuid.UUID(int=9)]
    return Targets(ids=[ids[n] for n in choice])


def state(session: Session, shelf: list[Asset]) -> list[tuple[Any, ...]]:
    """All that bulk changes touch, except the counter of changes."""
    session.flush()
    session.expire_all()
    return [
        (
            asset.name,
            asset.folder_id,
            [tag.name for tag in asset.tags],
            asset.live,
            asset.trashed_at,
            asset.trashed_by,
            asset.trash_reason,
            asset.purge_after,
            asset.state,
        )
        for asset in shelf
    ]
