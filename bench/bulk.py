"""Tagging 100,000 assets as one batch, against the loop that edits them one by one.

`python -m bench.bulk` fills a workspace, has a worker's task tag all of it and undo it, and
meanwhile edits random assets of the same workspace from another process: how long that waits is
how much a batch is in others' way. The loop is measured on 500 assets and multiplied.
With the path of another checkout in LECTERN_BENCH_REFERENCE, that one is measured first.
"""

import multiprocessing
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median

from sqlalchemy import func, select

from bench._measure import hold
from bench.library_seed import Size, fill
from jobs import process, run
from lectern import bulk, host
from lectern.bulk import Started, Targets
from lectern.database.sessions import SessionLocal, unit_of_work
from lectern.host import schema
from lectern.host.postgres import SUPERUSER
from lectern.library import assets
from lectern.models import Asset, AssetTag, Batch, Member, Role, Tag, User, Workspace
from lectern.people.principal import Principal
from lectern.search import Query
from lectern.settings import Settings, read

ASSETS = int(os.environ.get("LECTERN_BENCH_ASSETS", "100000"))
ONE_BY_ONE = 500
BAR_S = 5.0
# Nobody who edits a file meanwhile waits longer.
WAIT_S = 0.25
# Another checkout to compare with in the same run; at least so many times as fast.
REFERENCE = os.environ.get("LECTERN_BENCH_REFERENCE", "")
FASTER = 5.0
_SECONDS = re.compile(r"(tagged|undone) by a worker[^:]*: ([0-9.]+) s")
# A colleague's edit, now and then.
PAUSE_S = 0.02


def main() -> int:
    """Run the bench; 1 when a bar is missed."""
    reference = _reference(Path(REFERENCE)) if REFERENCE else {}
    with _filled() as (settings, owner):
        one = _one_by_one(owner)
        naive = one * ASSETS
        print(f"  one by one: {one * 1e3:.1f} ms each; {naive:.0f} s for {ASSETS:,} (extrapolated)")
        alone = _waits(settings, owner, lambda: time.sleep(3))
        _show("another's edit, no batch running", alone)
        began = time.perf_counter()
        begun = _begin(settings, owner)
        print(f"  begun, what matches written down: {time.perf_counter() - began:6.2f} s")
        seconds = _timed(begun)
        live = _live(owner)
        _check(owner, live)
        print(f"  tagged by a worker: {seconds:.2f} s, {live / seconds:,.0f} assets a second")
        took = [0.0]
        undoing = _undo(owner, begun)
        crowd = _waits(settings, owner, lambda: took.append(_timed(undoing)))
        print(f"  undone by a worker, beside another's edits: {took[-1]:.2f} s")
        _show("another's edit meanwhile", crowd)
        print(f"  {naive / seconds:.0f} × as fast as one by one")
        speed = BAR_S / seconds * live / 100_000
        held = [
            hold(f"speed against 100,000 assets in {BAR_S:g} s", speed, 1.0),
            hold(f"{WAIT_S:g} s against another's longest wait", WAIT_S / max(crowd), 1.0),
        ]
        if reference:
            held.append(
                hold("tagging against the reference", reference["tagged"] / seconds, FASTER)
            )
            held.append(hold("undo against the reference", reference["undone"] / took[-1], FASTER))
        return 0 if all(held) else 1


def _reference(checkout: Path) -> dict[str, float]:
    """Seconds of the same bench in another checkout, with that checkout's own packages."""
    python = checkout / ".venv" / "bin" / "python"
    ours = ("LECTERN_BENCH_REFERENCE", "PYTHONPATH")
    environment = {key: value for key, value in os.environ.items() if key not in ours}
    environment["PYTHONPATH"] = str(checkout)
    print(f"  the reference, {checkout}:", flush=True)
    answer = subprocess.run(
        [python, "-m", "bench.bulk"],
        cwd=checkout,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,  # its bars are its own
    )
    print(answer.stdout)
    return {name: float(seconds) for name, seconds in _SECONDS.findall(answer.stdout)}


@contextmanager
def _filled() -> Iterator[tuple[Settings, Principal]]:
    disk = os.environ.get("LECTERN_BENCH_DIR", "/var/tmp")
    with (
        tempfile.TemporaryDirectory(prefix="lectern-bench-", dir=disk) as folder,
        host.servers(read({}, data=Path(folder) / "data")) as hosted,
    ):
        schema.upgrade(hosted.migrate_url)
        process.start(hosted.settings)
        run.prepare(hosted.settings)
        process.settle()
        owner = _owner()
        assert hosted.postgres is not None
        assert owner.user_id is not None
        size = Size(assets=ASSETS, usages=3 * ASSETS, courses=max(1, ASSETS // 500))
        fill(hosted.postgres.url(SUPERUSER), owner.workspace_id, owner.user_id, size)
        try:
            yield hosted.settings, owner
        finally:
            SessionLocal.kw["bind"].dispose()


def _owner() -> Principal:
    with unit_of_work() as session:
        workspace = Workspace(slug="bench", name="Bench")
        user = User(email="owner@example.org", name="Owner")
        session.add_all([workspace, user])
        session.flush()
        session.add(Member(workspace_id=workspace.id, user_id=user.id, role=Role.OWNER))
    return Principal(workspace.id, user.id, Role.OWNER, user.name, user.email)


def _one_by_one(owner: Principal) -> float:
    """Seconds for one asset: load, edit, commit, as a request for each would."""
    here = (Asset.workspace_id == owner.workspace_id, Asset.live)
    with unit_of_work() as session:
        ids = session.scalars(select(Asset.id).where(*here).limit(ONE_BY_ONE)).all()
    times = []
    for asset_id in ids:
        began = time.perf_counter()
        with unit_of_work() as session:
            asset = assets.get(session, owner, asset_id)
            wanted = [*(tag.name for tag in asset.tags), "one by one"]
            assets.edit(session, owner, asset, {"tags": wanted})
        times.append(time.perf_counter() - began)
    return sum(times) / len(times)


def _begin(settings: Settings, owner: Principal) -> Started:
    everything = Targets(query=Query())
    args = {"tags": ["of the batch"]}
    with unit_of_work() as session:
        return bulk.start(session, owner, "tag", args, everything, settings=settings)


def _undo(owner: Principal, begun: Started) -> Started:
    with unit_of_work() as session:
        return bulk.undo(session, owner, begun.batch.id)


def _timed(begun: Started) -> float:
    """Seconds of the worker's task."""
    assert begun.task is not None
    began = time.perf_counter()
    run.run(str(begun.task.workspace_id), str(begun.task.id))
    seconds = time.perf_counter() - began
    with unit_of_work() as session:
        batch = session.get_one(Batch, (begun.batch.workspace_id, begun.batch.id))
        assert batch.state in {"done", "undone"}, batch.reason
    return seconds


def _live(owner: Principal) -> int:
    with unit_of_work() as session:
        query = select(func.count()).where(Asset.workspace_id == owner.workspace_id, Asset.live)
        return session.scalar(query) or 0


def _check(owner: Principal, live: int) -> None:
    """Every live asset has the tag; a fast batch that does nothing would be no batch."""
    with unit_of_work() as session:
        query = select(func.count()).join(Tag, (Tag.id == AssetTag.tag_id)).select_from(AssetTag)
        of_batch = (Tag.workspace_id == owner.workspace_id, Tag.key == "of the batch")
        assert session.scalar(query.where(*of_batch)) == live


def _waits(settings: Settings, owner: Principal, meanwhile: Callable[[], object]) -> list[float]:
    """Seconds of each edit by another process while `meanwhile` runs."""
    context = multiprocessing.get_context("spawn")
    ready, stop, answers = context.Event(), context.Event(), context.Queue()
    other = context.Process(target=_edit, args=(settings, owner, ready, stop, answers))
    other.start()
    ready.wait(60)
    try:
        meanwhile()
    finally:
        stop.set()
        times: list[float] = answers.get(timeout=60)
        other.join()
    return times


def _edit(
    settings: Settings, owner: Principal, ready: Event, stop: Event, answers: "Queue[list[float]]"
) -> None:
    """A colleague who describes one random file after the other."""
    process.start(settings)
    with unit_of_work() as session:
        here = (Asset.workspace_id == owner.workspace_id, Asset.live)
        ids: list[uuid.UUID] = list(session.scalars(select(Asset.id).where(*here)))
    times: list[float] = []
    chance = random.Random(7)  # noqa: S311 - the same files every time
    ready.set()
    while not stop.is_set():
        began = time.perf_counter()
        with unit_of_work() as session:
            asset = assets.get(session, owner, chance.choice(ids))
            assets.edit(session, owner, asset, {"licence": f"CC {len(times)}"})
        times.append(time.perf_counter() - began)
        time.sleep(PAUSE_S)
    answers.put(times)


def _show(name: str, times: list[float]) -> None:
    print(
        f"  {name:<34} median {median(times) * 1e3:6.1f} ms   longest {max(times) * 1e3:7.1f} ms"
        f"   ({len(times)} edits)"
    )


if __name__ == "__main__":
    sys.exit(main())
