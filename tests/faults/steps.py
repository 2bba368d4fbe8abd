"""The steps of the fault matrix: how each is prepared, done, and what must hold afterwards.

`act` runs in a child that may die at any place in it. What it acknowledges is what a person or a
program was told; `holds` is asked after the recovery, with all that was acknowledged.
"""

import io
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text, update

import core_ext
from jobs import garbage, sweep
from lectern import bulk
from lectern.backup import backup, restore
from lectern.bulk import Targets
from lectern.database.sessions import unit_of_work
from lectern.exchange import export
from lectern.exchange.archive import Archive
from lectern.ingest import uploads
from lectern.ingest.receiving import Receiver
from lectern.ingest.uploads import NewUpload
from lectern.integrity import fsck, purging
from lectern.library import rollback, trash, versions
from lectern.models import (
    Asset,
    AssetState,
    AssetTag,
    AuditEntry,
    Blob,
    Rendition,
    Task,
    TaskState,
    Tombstone,
    Upload,
    UploadState,
    Version,
)
from lectern.pipeline.registry import Step
from lectern.renditions import posters, renditions
from lectern.storage import blobs
from tests.factories import add_version, make_asset
from tests.faults.world import World
from tests.jobs.conftest import upload_as

Thing = Any
Acknowledge = Callable[[Any], None]


@dataclass(frozen=True)
class Case:
    """One row of the matrix. `slow` steps open media in the sandbox."""

    prepare: Callable[[World], Thing]
    act: Callable[[World, Thing, Acknowledge], None]
    holds: Callable[[World, Thing, list[Any]], None]
    slow: bool = False


def fresh(world: World, model: type[Any], thing_id: uuid.UUID) -> Any:
    """The row as it is now, or nothing."""
    with unit_of_work() as session:
        return session.get(model, (world.owner.workspace_id, thing_id))


def count(world: World, model: type[Any], *where: Any) -> int:
    with unit_of_work() as session:
        query = select(func.count()).select_from(model)
        mine = model.workspace_id == world.owner.workspace_id
        return session.scalar(query.where(mine, *where)) or 0


def stored(world: World, content: str) -> uuid.UUID:
    """A blob of the workspace with these bytes."""
    source = world.folder / uuid.uuid4().hex
    source.write_text(f"{content} {world.owner.workspace_id}")
    with unit_of_work() as session:
        put = blobs.store(world.house.this.storage, world.owner.workspace_id, source)
        return blobs.add(session, world.owner.workspace_id, put, "video/mp4")[0].id


def asset_with(world: World, *contents: str) -> uuid.UUID:
    """A ready asset with a version for each content, the last one current."""
    kept = [stored(world, content) for content in contents]
    with unit_of_work() as session:
        first, *later = (session.get_one(Blob, (world.owner.workspace_id, one)) for one in kept)
        asset = make_asset(session, world.owner, blob=first)
        for blob in later:
            add_version(session, asset, blob)
        return asset.id


# ---- an upload on its way in ----


def announce(world: World) -> uuid.UUID:
    with unit_of_work() as session:
        new = NewUpload("lecture.mp4", 3 * len(PIECE))
        made = uploads.create(session, world.owner, new, settings=world.house.settings)
        return made.id


PIECE = bytes(range(256)) * 256


def send(world: World, upload_id: uuid.UUID, acknowledge: Acknowledge) -> None:
    offset = fresh(world, Upload, upload_id).received
    while offset < 3 * len(PIECE):
        receiver = Receiver.begin(
            unit_of_work,
            world.house.settings,
            world.owner,
            upload_id,
            offset=offset,
            length=len(PIECE),
        )
        receiver.write(PIECE)
        offset = receiver.finish()
        acknowledge(offset)


def has_all_that_was_acknowledged(world: World, upload_id: uuid.UUID, told: list[Any]) -> None:
    row = fresh(world, Upload, upload_id)
    if row.state == UploadState.FAILED:
        # Only a disk that fails may lose bytes, and then it says so.
        assert "disk failed" in row.reason
        return
    assert row.received >= max(told, default=0)
    if row.state == UploadState.RECEIVING:
        send(world, upload_id, told.append)
    row = fresh(world, Upload, upload_id)
    assert (row.state, row.received) == (UploadState.CHECKING, 3 * len(PIECE))
    assert uploads.spool_path(world.house.settings, row).read_bytes() == 3 * PIECE


# ---- the steps of the pipeline ----


def complete(world: World, **fields: Any) -> uuid.UUID:
    with unit_of_work() as session:
        owner = world.owner
        return upload_as(
            session, world.house, owner.workspace_id, owner.user_id, world.clip, **fields
        ).id


def probed(world: World) -> uuid.UUID:
    """An upload that has become an asset."""
    upload_id = complete(world)
    world.work(Step.PROBE)
    assert fresh(world, Upload, upload_id).state == UploadState.DONE
    return upload_id


def do(*steps: Step) -> Callable[[World, Thing, Acknowledge], None]:
    def act(world: World, thing: Thing, acknowledge: Acknowledge) -> None:
        world.work(*steps, patient=False)

    return act


def is_in_the_library_once(world: World, upload_id: uuid.UUID, told: list[Any]) -> None:
    world.work(Step.PROBE)
    row = fresh(world, Upload, upload_id)
    assert (row.state, row.reason) == (UploadState.DONE, None)
    asset = fresh(world, Asset, row.asset_id)
    assert asset.digest == core_ext.digest_file(world.clip)
    assert (count(world, Asset), count(world, Version)) == (1, 1)


def is_made_once(step: Step, spec: str) -> Callable[[World, Thing, list[Any]], None]:
    def holds(world: World, thing: Thing, told: list[Any]) -> None:
        world.work(step)
        assert count(world, Task, Task.step == step, Task.state == TaskState.DONE) == 1
        assert count(world, Rendition, Rendition.spec == spec) == 1

    return holds


def replacing(world: World) -> uuid.UUID:
    asset_id = asset_with(world, "the first version")
    complete(world, replaces=asset_id)
    return asset_id


def is_replaced_once(world: World, asset_id: uuid.UUID, told: list[Any]) -> None:
    world.work(Step.PROBE, Step.POSTER, Step.PLAYABLE)
    asset = fresh(world, Asset, asset_id)
    assert (asset.version_number, asset.state) == (2, AssetState.READY)
    assert asset.digest == core_ext.digest_file(world.clip)
    assert count(world, Version) == 2


# ---- what people do ----


def rolling_back(world: World) -> uuid.UUID:
    asset_id = asset_with(world, "one", "two")
    made = stored(world, "a poster")
    with unit_of_work() as session:
        asset = session.get_one(Asset, (world.owner.workspace_id, asset_id))
        first = versions.find(session, asset, 1)
        assert first is not None
        blob = session.get_one(Blob, (world.owner.workspace_id, made))
        posters.record(session, first, [(blob, {})])
    return asset_id


def roll_back(world: World, asset_id: uuid.UUID, acknowledge: Acknowledge) -> None:
    with unit_of_work() as session:
        asset = session.get_one(Asset, (world.owner.workspace_id, asset_id))
        rollback.roll_back(session, world.owner, asset, 1, storage=world.house.this.storage)
    acknowledge("rolled back")


def is_rolled_back_or_not(world: World, asset_id: uuid.UUID, told: list[Any]) -> None:
    asset = fresh(world, Asset, asset_id)
    assert asset.version_number == (3 if told else asset.version_number)
    assert asset.version_number in {2, 3}
    assert count(world, Version) == asset.version_count == asset.version_number
    done = count(world, AuditEntry, AuditEntry.action == "asset.rollback")
    assert done == asset.version_number - 2


def kept(world: World) -> uuid.UUID:
    return asset_with(world, "kept")


def in_the_trash(world: World) -> uuid.UUID:
    asset_id = asset_with(world, "thrown away")
    throw_away(world, asset_id, lambda done: None)
    return asset_id


def throw_away(world: World, asset_id: uuid.UUID, acknowledge: Acknowledge) -> None:
    with unit_of_work() as session:
        asset = session.get_one(Asset, (world.owner.workspace_id, asset_id))
        trash.trash(session, world.owner, asset, days=30)
    acknowledge("thrown away")


def take_back(world: World, asset_id: uuid.UUID, acknowledge: Acknowledge) -> None:
    with unit_of_work() as session:
        asset = session.get_one(Asset, (world.owner.workspace_id, asset_id))
        trash.restore(session, world.owner, asset)
    acknowledge("taken back")


def is_as_told(action: str, live: bool) -> Callable[[World, Thing, list[Any]], None]:
    def holds(world: World, asset_id: uuid.UUID, told: list[Any]) -> None:
        asset = fresh(world, Asset, asset_id)
        done = count(world, AuditEntry, AuditEntry.action == action)
        assert done == (asset.live == live)
        assert done == 1 or not told

    return holds


def purge(world: World, asset_id: uuid.UUID, acknowledge: Acknowledge) -> None:
    with unit_of_work() as session:
        purging.purge(session, world.owner, asset_id)
    acknowledge("purged")


def is_purged_or_whole(world: World, asset_id: uuid.UUID, told: list[Any]) -> None:
    gone = fresh(world, Asset, asset_id) is None
    assert gone == (fresh(world, Tombstone, asset_id) is not None)
    assert gone or not told
    with unit_of_work() as session:
        (key,) = session.scalars(
            select(Blob.key).where(Blob.workspace_id == world.owner.workspace_id)
        )
    assert world.house.this.storage.exists(key), "backups may name it still"


# ---- what nobody does by hand ----


def to_collect(world: World) -> dict[str, uuid.UUID]:
    """A blob whose grace is over with one made of it, one to condemn, one that is used."""
    made = {name: stored(world, name) for name in ("ripe", "derived", "unnamed")}
    with unit_of_work() as session:
        workspace_id = world.owner.workspace_id
        blob = session.get_one(Blob, (workspace_id, made["derived"]))
        renditions.record(session, workspace_id, made["unnamed"], "playable", blob, {})
        session.execute(
            text(
                "UPDATE blob SET claimed_at = now() - interval '40 days' WHERE workspace_id = :home"
            ),
            {"home": workspace_id},
        )
        ripe = session.get_one(Blob, (workspace_id, made["ripe"]), populate_existing=True)
        ripe.state, ripe.condemned_at = "condemned", ripe.claimed_at
    return {**made, "kept": kept(world)}


def collect_once(world: World, thing: Thing, acknowledge: Acknowledge) -> None:
    garbage.round_of(world.house.this, world.owner.workspace_id)


def is_collected(world: World, made: dict[str, uuid.UUID], told: list[Any]) -> None:
    garbage.round_of(world.house.this, world.owner.workspace_id)
    assert fresh(world, Blob, made["ripe"]) is None
    for name in ("derived", "unnamed"):
        assert fresh(world, Blob, made[name]).state == "condemned"
    assert fresh(world, Asset, made["kept"]).live
    keys = {item.key.rpartition("-")[2] for item in world.house.this.storage.items()}
    assert made["ripe"].hex not in keys
    assert {made[name].hex for name in ("derived", "unnamed")} <= keys


def overdue(world: World) -> tuple[uuid.UUID, uuid.UUID]:
    """An upload that nobody goes on with, and a file whose time in the trash is over."""
    upload_id, asset_id = announce(world), in_the_trash(world)
    spooled = uploads.spool_path(world.house.settings, fresh(world, Upload, upload_id))
    spooled.parent.mkdir(parents=True, exist_ok=True)
    spooled.write_bytes(b"")
    with unit_of_work() as session:
        home, yesterday = world.owner.workspace_id, text("now() - interval '1 day'")
        session.execute(update(Upload).filter_by(workspace_id=home).values(expires_at=yesterday))
        session.execute(update(Asset).filter_by(workspace_id=home).values(purge_after=yesterday))
    return upload_id, asset_id


def sweep_once(world: World, thing: Thing, acknowledge: Acknowledge) -> None:
    sweep.once(world.house.this)


def is_swept(world: World, thing: tuple[uuid.UUID, uuid.UUID], told: list[Any]) -> None:
    sweep.once(world.house.this)
    upload_id, asset_id = thing
    assert fresh(world, Upload, upload_id).state == UploadState.EXPIRED
    assert fresh(world, Asset, asset_id) is None
    assert count(world, Tombstone) == 1


MANY = 40


def batched(world: World) -> uuid.UUID:
    with unit_of_work() as session:
        ids = [make_asset(session, world.owner).id for _ in range(MANY)]
        # Nobody asks for their bytes.
        home = {"home": world.owner.workspace_id}
        session.execute(text("UPDATE blob SET state = 'awaited' WHERE workspace_id = :home"), home)
        started = bulk.start(
            session,
            world.owner,
            "tag",
            {"tags": ["exam"]},
            Targets(ids=ids),
            settings=world.house.settings,
        )
        return started.batch.id


def is_tagged_once(world: World, batch_id: uuid.UUID, told: list[Any]) -> None:
    world.work(Step.BATCH)
    assert count(world, AssetTag) == MANY
    assert count(world, AuditEntry, AuditEntry.action == "asset.tags") == MANY


def full(world: World) -> uuid.UUID:
    return asset_with(world, "one", "two")


def write_export(world: World, thing: Thing, acknowledge: Acknowledge) -> None:
    with unit_of_work() as session, (world.folder / "export.zip").open("wb") as target:
        export.steady(session)
        export.write(session, world.owner, target, world.house.this.storage)
    acknowledge("exported")


def is_exported(world: World, asset_id: uuid.UUID, told: list[Any]) -> None:
    if told:
        with Archive(world.folder / "export.zip") as archive:
            assert len(archive.digests) == 2
    again = io.BytesIO()
    with unit_of_work() as session:
        export.steady(session)
        export.write(session, world.owner, again, world.house.this.storage)
    with Archive(again) as archive:
        assert len(archive.digests) == 2


def backed_up(world: World) -> uuid.UUID:
    asset_with(world, "before")
    back_up(world, None, lambda done: None)
    return asset_with(world, "after")


def back_up(world: World, thing: Thing, acknowledge: Acknowledge) -> None:
    house = world.house
    backup.back_up(
        world.owner_url, house.settings, house.this.storage, world.target, with_secrets=False
    )
    acknowledge("backed up")


def is_backed_up(world: World, asset_id: uuid.UUID, told: list[Any]) -> None:
    """The one before or the new one, whole; and the next run brings everything."""
    everything = all_files()
    # The file that came since is in the new one only.
    assert restorable(world) in ({everything} if told else {everything - 1, everything})
    back_up(world, None, told.append)
    assert restorable(world) == everything


def all_files() -> int:
    """A backup is of all workspaces."""
    with unit_of_work() as session:
        return fsck.count_stored(session)[0]


def restorable(world: World) -> int:
    """How many files the backup has; each is compared with its digest."""
    manifest = restore.check(world.target, world.folder / "nowhere")
    elsewhere = world.elsewhere()
    assert restore.bring_files(world.target, manifest, elsewhere) == manifest.blobs
    return manifest.blobs


CASES: dict[str, Case] = {
    "upload": Case(announce, send, has_all_that_was_acknowledged),
    "probe": Case(complete, do(Step.PROBE), is_in_the_library_once, slow=True),
    "poster": Case(probed, do(Step.POSTER), is_made_once(Step.POSTER, "poster.1"), slow=True),
    "playable": Case(probed, do(Step.PLAYABLE), is_made_once(Step.PLAYABLE, "playable"), slow=True),
    "replace": Case(
        replacing, do(Step.PROBE, Step.POSTER, Step.PLAYABLE), is_replaced_once, slow=True
    ),
    "rollback": Case(rolling_back, roll_back, is_rolled_back_or_not),
    "trash": Case(
        lambda world: asset_with(world, "one"), throw_away, is_as_told("asset.trash", False)
    ),
    "restore": Case(in_the_trash, take_back, is_as_told("asset.restore", True)),
    "purge": Case(in_the_trash, purge, is_purged_or_whole),
    "collection": Case(to_collect, collect_once, is_collected),
    "sweep": Case(overdue, sweep_once, is_swept),
    "batch": Case(batched, do(Step.BATCH), is_tagged_once),
    "export": Case(full, write_export, is_exported),
    "backup": Case(backed_up, back_up, is_backed_up),
}
