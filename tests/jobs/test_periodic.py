"""What the sweep does by the clock: replacements whose time has come, and counts of the storage."""

import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from jobs import broker, sweep
from lectern.database.sessions import unit_of_work
from lectern.library import schedule_edits, versions
from lectern.models import Asset, Blob, ScheduledSwitch, StorageCount
from lectern.people.principal import Principal
from lectern.storage import blobs
from tests.factories import make_asset, make_blob, make_principal
from tests.jobs.conftest import House, wait_until


def planned() -> tuple[Principal, Asset]:
    """A file whose second version waits for tomorrow."""
    with unit_of_work() as session:
        owner = make_principal(session)
        asset = make_asset(session, owner)
        blob = make_blob(session, owner.workspace_id)
        versions.add(
            session,
            asset,
            blob,
            origin="replacement",
            original_name="new.mp4",
            facts={"kind": "video"},
            created_by=owner.user_id,
        )
        at = datetime.now(UTC) + timedelta(days=1)
        schedule_edits.schedule(session, owner, asset, 2, f"{at:%Y-%m-%dT%H:%M}", "UTC")
        return owner, asset


def shown(asset: Asset) -> int:
    with unit_of_work() as session:
        return session.get_one(Asset, (asset.workspace_id, asset.id)).version_number


def test_the_sweep_switches_when_the_time_has_come_and_tells_open_pages(house: House) -> None:
    owner, asset = planned()
    sweep.once(house.this)
    assert shown(asset) == 1
    with unit_of_work() as session:
        session.scalars(
            select(ScheduledSwitch).where(ScheduledSwitch.asset_id == asset.id)
        ).one().at = datetime.now(UTC)
    news = broker.connection().pubsub(ignore_subscribe_messages=True)
    news.subscribe(broker.channel(owner.workspace_id))
    sweep.once(house.this)
    assert shown(asset) == 2
    message = wait_until(lambda: news.get_message(timeout=0.2))
    assert str(asset.id) in str(message["data"])
    news.close()


def test_the_sweep_counts_the_storage_of_each_workspace(house: House) -> None:
    owner, _ = planned()
    sweep.once(house.this)
    with unit_of_work() as session:
        kept = session.get_one(StorageCount, owner.workspace_id)
    assert (kept.totals["logical"], kept.totals["versions"]) == (2000, 2)


def test_the_sweep_computes_the_crc_of_what_was_stored_without_one(
    house: House, tmp_path: Path
) -> None:
    storage = house.this.storage
    with unit_of_work() as session:
        owner = make_principal(session)
        contents = [b"first" * 9, b"second", b"damaged"]
        stored = []
        for number, content in enumerate(contents):
            source = tmp_path / str(number)
            source.write_bytes(content)
            stored.append(blobs.store(storage, owner.workspace_id, source))
            blobs.add(session, owner.workspace_id, stored[-1], "video/mp4")[0].crc32 = None
    damaged = storage.path(stored[-1].key)
    assert damaged is not None
    damaged.chmod(0o600)
    damaged.write_bytes(b"Damaged")
    sweep.once(house.this)
    with unit_of_work() as session:
        found = {
            each.id: each.crc32
            for each in session.scalars(select(Blob).where(Blob.workspace_id == owner.workspace_id))
        }
    assert [found[each.blob_id] for each in stored] == [
        *(zlib.crc32(content) for content in contents[:2]),
        None,
    ]
