"""Assets, versions, trash and collection as a model: any order, any crash, every invariant.

A crash is a transaction that is never committed, after the bytes were stored: just what a
`kill -9` leaves of it. Deleting is cut into its four steps, so anything may come in between.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from lectern import integrity
from lectern.courses import usages
from lectern.database.sessions import unit_of_work
from lectern.errors import InUse
from lectern.integrity import Here, garbage, purging
from lectern.library import assets, rollback, trash, versions
from lectern.models import Asset, Blob, Lesson, Version
from lectern.storage import blobs
from tests.factories import make_asset, make_course, make_principal
from tests.jobs.conftest import House

CONTENTS = st.sampled_from(["green", "blue", "red"])
CRASH = st.sampled_from([False, False, False, True])
PICK = st.integers(0, 1000)


class Crash(Exception):
    """The process is gone, and with it the transaction."""


class Library(RuleBasedStateMachine):
    """`model` is what people have been told: each asset's contents by version, and its place."""

    def __init__(self, house: House, folder: Path) -> None:
        super().__init__()
        self.house, self.folder = house, folder
        self.model: dict[uuid.UUID, list[str]] = {}
        self.trashed: set[uuid.UUID] = set()
        self.used: dict[uuid.UUID, uuid.UUID] = {}
        with unit_of_work() as session:
            self.owner = make_principal(session)
            self.home = self.owner.workspace_id
            course = make_course(session, self.owner)
            self.lesson = session.scalars(
                select(Lesson.id).where(Lesson.course_id == course.id)
            ).one()

    def act(self, crash: bool, change: Callable[[Session], object]) -> bool:
        """Do it, or all of it but the commit; True when it counts."""
        with suppress(Crash), unit_of_work() as session:
            change(session)
            if crash:
                raise Crash
            return True
        return False

    def bytes_of(self, session: Session, content: str) -> Blob:
        source = self.folder / uuid.uuid4().hex
        source.write_text(content)
        stored = blobs.store(self.house.this.storage, self.home, source)
        blob, redundant = blobs.add(session, self.home, stored, "video/mp4")
        if redundant:
            self.house.this.storage.delete(stored.key)
        return blob

    def some(self, pick: int, trashed: bool | None = False) -> uuid.UUID:
        known = [one for one in self.model if trashed is None or (one in self.trashed) == trashed]
        return known[pick % len(known)]

    def row(self, session: Session, asset_id: uuid.UUID) -> Asset:
        return session.get_one(Asset, (self.home, asset_id))

    def any_live(self) -> bool:
        return len(self.model) > len(self.trashed)

    @rule(content=CONTENTS, crash=CRASH)
    def upload(self, content: str, crash: bool) -> None:
        made: list[uuid.UUID] = []

        def change(session: Session) -> None:
            made.append(make_asset(session, self.owner, blob=self.bytes_of(session, content)).id)

        if self.act(crash, change):
            self.model[made[0]] = [content]

    @precondition(any_live)
    @rule(pick=PICK, content=CONTENTS, crash=CRASH)
    def replace(self, pick: int, content: str, crash: bool) -> None:
        asset_id = self.some(pick)

        def change(session: Session) -> None:
            asset = self.row(session, asset_id)
            versions.add(
                session,
                asset,
                self.bytes_of(session, content),
                origin="replacement",
                original_name="clip.mp4",
                facts={"duration_s": 60.0},
                created_by=self.owner.user_id,
            )
            assets.settle(session, self.home, asset_id)

        if self.act(crash, change):
            self.model[asset_id].append(content)

    @precondition(any_live)
    @rule(pick=PICK, number=PICK, crash=CRASH)
    def roll_back(self, pick: int, number: int, crash: bool) -> None:
        asset_id = self.some(pick)
        contents = self.model[asset_id]
        wanted = number % len(contents)

        def change(session: Session) -> None:
            asset, storage = self.row(session, asset_id), self.house.this.storage
            rollback.roll_back(session, self.owner, asset, wanted + 1, storage=storage)

        if self.act(crash, change):
            contents.append(contents[wanted])

    @precondition(any_live)
    @rule(pick=PICK, crash=CRASH)
    def use(self, pick: int, crash: bool) -> None:
        asset_id = self.some(pick)
        made: list[uuid.UUID] = []

        def change(session: Session) -> None:
            made.append(usages.add(session, self.owner, self.lesson, [asset_id])[0].id)

        if self.act(crash, change):
            self.used[asset_id] = made[0]

    @precondition(lambda self: bool(self.used))
    @rule(pick=PICK, crash=CRASH)
    def end_use(self, pick: int, crash: bool) -> None:
        asset_id = sorted(self.used)[pick % len(self.used)]
        if self.act(crash, lambda s: usages.end(s, self.owner, self.used[asset_id])):
            del self.used[asset_id]

    @precondition(any_live)
    @rule(pick=PICK, crash=CRASH)
    def throw_away(self, pick: int, crash: bool) -> None:
        asset_id = self.some(pick)

        def change(session: Session) -> None:
            trash.trash(session, self.owner, self.row(session, asset_id), days=30)

        if asset_id in self.used:
            with pytest.raises(InUse):
                self.act(crash, change)
        elif self.act(crash, change):
            self.trashed.add(asset_id)

    @precondition(lambda self: bool(self.trashed))
    @rule(pick=PICK, crash=CRASH)
    def take_back(self, pick: int, crash: bool) -> None:
        asset_id = self.some(pick, trashed=True)
        if self.act(crash, lambda s: trash.restore(s, self.owner, self.row(s, asset_id))):
            self.trashed.remove(asset_id)

    @precondition(lambda self: bool(self.trashed))
    @rule(pick=PICK, crash=CRASH)
    def purge(self, pick: int, crash: bool) -> None:
        asset_id = self.some(pick, trashed=True)
        if self.act(crash, lambda s: purging.purge(s, self.owner, asset_id)):
            self.trashed.remove(asset_id)
            del self.model[asset_id]

    def older(self, days: int) -> None:
        """All that happened to bytes happened so many days earlier."""
        with unit_of_work() as session:
            for column in ("claimed_at", "condemned_at"):
                session.execute(
                    text(
                        f"UPDATE blob SET {column} = {column} - make_interval(days => :days)"  # noqa: S608
                        " WHERE workspace_id = :home"
                    ),
                    {"days": days, "home": self.home},
                )

    @rule(days=st.sampled_from([1, 16]), crash=CRASH)
    def mark_for_deletion(self, days: int, crash: bool) -> None:
        self.older(days)
        self.act(crash, lambda session: garbage.mark_for_deletion(session, self.home))

    @rule(days=st.sampled_from([1, 16]), crash=CRASH)
    def begin_deletion(self, days: int, crash: bool) -> None:
        self.older(days)
        self.act(crash, lambda session: garbage.begin_deletion(session, self.home))

    @rule()
    def delete_bytes(self) -> None:
        with unit_of_work() as session:
            blobs = garbage.unfinished(session, self.home)
        for each in blobs:
            self.house.this.storage.delete(each.key)

    @rule(crash=CRASH)
    def forget(self, crash: bool) -> None:
        def change(session: Session) -> None:
            for each in garbage.unfinished(session, self.home):
                if not self.house.this.storage.exists(each.key):
                    garbage.forget(session, self.home, each.id)

        self.act(crash, change)

    @invariant()
    def everything_that_was_told_is_there(self) -> None:
        storage = self.house.this.storage
        with unit_of_work() as session:
            rows = session.scalars(select(Asset).where(Asset.workspace_id == self.home))
            found = {asset.id: asset for asset in rows}
            assert found.keys() == self.model.keys()
            for asset_id, contents in self.model.items():
                asset = found[asset_id]
                assert asset.live == (asset_id not in self.trashed)
                assert asset.usage_count == (asset_id in self.used)
                query = select(Blob.key).join(
                    Version,
                    (Version.workspace_id == Blob.workspace_id) & (Version.blob_id == Blob.id),
                )
                mine = (Version.workspace_id == self.home, Version.asset_id == asset_id)
                keys = session.scalars(query.where(*mine).order_by(Version.number)).all()
                assert [b"".join(storage.read(key)).decode() for key in keys] == contents
                assert asset.version_number == len(contents)

    @invariant()
    def no_promise_is_broken(self) -> None:
        with unit_of_work() as session:
            here = Here(session, self.house.settings, self.house.this.storage)
            assert [finding.sentence for finding in integrity.all_findings(here)] == []


@pytest.mark.parametrize(
    ("examples", "steps"),
    [(4, 12), pytest.param(150, 50, marks=pytest.mark.full)],
)
def test_no_order_of_changes_and_crashes_breaks_a_promise(
    house: House, tmp_path: Path, examples: int, steps: int
) -> None:
    run_state_machine_as_test(
        lambda: Library(house, tmp_path),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_one_life_from_the_upload_to_the_last_byte(house: House, tmp_path: Path) -> None:
    """A walk through the model that is always made: each change is first lost in a crash."""
    library = Library(house, tmp_path)

    def twice(change: Callable[..., None], **values: object) -> None:
        for crash in (True, False):
            change(**values, crash=crash)
            library.everything_that_was_told_is_there()
            library.no_promise_is_broken()

    twice(library.upload, content="green")
    twice(library.replace, pick=0, content="blue")
    twice(library.mark_for_deletion, days=16)
    twice(library.use, pick=0)
    twice(library.throw_away, pick=0)
    twice(library.end_use, pick=0)
    twice(library.throw_away, pick=0)
    twice(library.mark_for_deletion, days=16)
    twice(library.take_back, pick=0)
    twice(library.roll_back, pick=0, number=0)
    twice(library.throw_away, pick=0)
    twice(library.purge, pick=0)
    twice(library.mark_for_deletion, days=1)
    twice(library.begin_deletion, days=16)
    twice(library.upload, content="green")
    library.delete_bytes()
    twice(library.forget)
    twice(library.upload, content="blue")
    assert sorted(library.model.values()) == [["blue"], ["green"]]
