"""The one function RQ calls: claim the row, do its step, end it well or badly, exactly once."""

import importlib
import logging
import traceback
import uuid

from jobs import enqueue, live, process
from jobs.work import Work
from lectern.database.sessions import unit_of_work
from lectern.errors import LecternError, Message
from lectern.media import office
from lectern.media.sandbox import sandbox
from lectern.media.sandbox.refusal import Refused, SandboxCrashed, Stopped
from lectern.pipeline import due, notices, registry, tasks
from lectern.pipeline.leases import CRASHES, DEATHS
from lectern.pipeline.registry import Step
from lectern.pipeline.tasks import LostLease
from lectern.settings import Settings

log = logging.getLogger(__name__)

UNEXPECTED = Message(
    "Something went wrong while the server processed this file. Try again later, or ask "
    "your server administrator to check the log."
)
RUNNERS = {step: importlib.import_module(step.runner) for step in Step}


def prepare(settings: Settings) -> None:
    """Get ready in a worker process, before the first task."""
    sandbox.configure(settings)
    office.configure(settings)


def run(workspace_id: str, task_id: str) -> None:
    """Do the task if it is due. Doubled, late and lost entries are all harmless."""
    this = process.current()
    with unit_of_work() as session:
        claim = tasks.claim(
            session,
            uuid.UUID(workspace_id),
            uuid.UUID(task_id),
            this.name,
            this.settings.lease_s,
        )
    if claim is None:
        return
    with Work(this, claim) as work:
        try:
            _attempt(work)
        except LostLease:
            log.warning("%s of task %s went to another worker", claim.step, task_id)
            return
    with unit_of_work() as session:
        waited = due.after(session, claim)
        told = not waited and notices.tell_done(session, claim)
    # A file that is nearly ready does not line up behind what others can do without.
    essential = [each for each in waited if each.step in registry.ESSENTIAL]
    enqueue.notify([each for each in waited if each not in essential])
    enqueue.notify(essential, at_front=True)
    if told:
        live.publish(claim.workspace_id, live.NOTICE)


def _told(error: BaseException) -> str:
    """What an error says, with what was noted on its way up."""
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


def _attempt(work: Work) -> None:
    try:
        RUNNERS[work.claim.step].run(work)
    except LostLease:
        raise
    except Stopped:
        work.give_back()
    except Refused as refusal:
        work.note(_told(refusal))
        work.refuse(str(refusal))
    except SandboxCrashed as crash:
        log.warning("task %s: %s", work.claim.task_id, crash)
        work.note(_told(crash))
        if work.claim.attempts + 1 >= DEATHS:
            work.refuse(CRASHES)
        else:
            work.retry(str(crash))
    except LecternError as error:
        log.warning("task %s: %s", work.claim.task_id, error)
        work.note(_told(error))
        work.retry(str(error))
    except Exception:
        log.exception("task %s failed", work.claim.task_id)
        work.note(traceback.format_exc())
        work.retry(UNEXPECTED)
