"""A workspace of its own for each run of a step, the child that does it, and the recovery."""

import json
import os
import time
import traceback
import uuid
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from jobs import process, run, sweep
from lectern import integrity
from lectern.database.sessions import SessionLocal, unit_of_work
from lectern.models import Collection, Task, TaskState
from lectern.people.principal import Principal
from lectern.pipeline.registry import Step
from lectern.storage import LocalStorage
from tests.factories import make_principal
from tests.faults.points import Points, Watched
from tests.jobs.conftest import House

if TYPE_CHECKING:
    from tests.faults.steps import Case

PATIENCE_S = 180.0


@dataclass
class World:
    """What a step's functions get."""

    house: House
    owner: Principal
    folder: Path
    clip: Path
    owner_url: str

    @property
    def target(self) -> Path:
        """Where this workspace's backup goes."""
        return self.folder / "backup"

    def elsewhere(self) -> LocalStorage:
        """An empty storage."""
        return LocalStorage(self.folder / uuid.uuid4().hex)

    def work(self, *steps: Step, patient: bool = True) -> None:
        """Do the open tasks of these steps here, one after the other, as a worker would.

        A `patient` one goes on until none is left; else each is done once.
        """
        done: set[uuid.UUID] = set()
        end = time.monotonic() + PATIENCE_S
        while task := self._next(steps, () if patient else done):
            done.add(task.id)
            run.run(str(task.workspace_id), str(task.id))
            assert time.monotonic() < end, f"{task.step} does not end: {task.reason}"

    def _next(self, steps: tuple[Step, ...], without: Any) -> Task | None:
        with unit_of_work() as session:
            mine = (Task.workspace_id == self.owner.workspace_id, Task.step.in_(steps))
            query = select(Task).where(*mine, Task.state == TaskState.QUEUED)
            task = session.scalar(query.where(Task.id.not_in(without)).order_by(Task.id).limit(1))
            if task is not None:
                # Nobody waits for the pause before the next attempt.
                task.run_at = func.clock_timestamp()
            return task

    def wrong(self) -> list[str]:
        """What contradicts an invariant, in the whole database."""
        with unit_of_work() as session:
            here = integrity.Here(session, self.house.settings, self.house.this.storage)
            return [finding.sentence for finding in integrity.all_findings(here)]


@dataclass
class Ended:
    """How a run ended. `got_through`: the place of the fault was never reached."""

    status: int
    got_through: bool
    told: list[Any]
    words: str


def begin(house: House, folder: Path, clip: Path, owner_url: str) -> World:
    """A new workspace with an owner."""
    with unit_of_work() as session:
        owner = make_principal(session)
        # It was collected today: a sweep has nothing to do for what former runs left.
        session.add(Collection(workspace_id=owner.workspace_id))
    place = folder / uuid.uuid4().hex
    place.mkdir()
    return World(house, owner, place, clip, owner_url)


def run_with(world: World, case: "Case", thing: Any, points: Points) -> Ended:
    """Do the step in a child in which the fault happens, and let the house tend its servers."""
    note = world.folder / "told"
    note.touch()
    # A child must not speak on its parent's connections, not even to end them.
    SessionLocal.kw["bind"].dispose()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        _child(world, case, thing, points, note)
    end = time.monotonic() + PATIENCE_S
    while not (found := os.waitpid(pid, os.WNOHANG))[0]:
        world.house.tend()
        time.sleep(0.005)
        if time.monotonic() > end:
            os.kill(pid, 9)
    answering(world)
    lines = note.read_text().splitlines()
    told = [json.loads(line) for line in lines if not line.startswith("#")]
    return Ended(found[1], "#through" in lines, told, "\n".join(lines))


def answering(world: World) -> None:
    """Return when the database answers again, after what the fault may have done to it."""
    end = time.monotonic() + PATIENCE_S
    while True:
        world.house.tend()
        try:
            with unit_of_work() as session:
                session.execute(select(1))
        except OperationalError:
            assert time.monotonic() < end, "the database does not come back"
            time.sleep(0.1)
        else:
            return


def _child(world: World, case: "Case", thing: Any, points: Points, note: Path) -> None:
    status = 1
    file = note.open("a", buffering=1)
    try:
        settings = world.house.settings
        before = process.current()
        this = process.start(settings)
        watched = replace(this, storage=Watched(before.storage, points))
        process._current = world.house.this = watched
        points.install()
        case.act(world, thing, lambda told: print(json.dumps(told), file=file))
        status = 0
    finally:
        if status:
            for line in traceback.format_exc().splitlines():
                file.write(f"# {line}\n")
        if points.reached < points.at:
            file.write("#through\n")
        os._exit(status)


def recover(world: World) -> None:
    """What the periodic process does by itself, once the lost worker is seen to be gone."""
    sweep.once(world.house.this)


def every_place(
    make: Callable[[], World], case: "Case", points: Callable[[int], Points], numbers: Any
) -> int:
    """Have the fault at each of these places in a run of its own; returns how many there were."""
    tried = 0
    for number in numbers:
        world = make()
        thing = case.prepare(world)
        ended = run_with(world, case, thing, points(number))
        where = f"place {number}: {ended.words}"
        assert world.wrong() == [], where
        recover(world)
        case.holds(world, thing, list(ended.told))
        assert world.wrong() == [], where
        if ended.got_through:
            assert ended.status == 0, where
            break
        tried += 1
    return tried
