"""Posters that people pick themselves: a frame of the video, or an image they send."""

import math
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Uuid, delete, select
from sqlalchemy.orm import Session

from lectern.database.locks import lock
from lectern.errors import Invalid
from lectern.library import versions
from lectern.models import Asset, Blob, Kind, StillRequest, Task, TaskState, Version
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step
from lectern.pipeline.tasks import Claim
from lectern.renditions import posters

# A picture of a poster's size takes less; browsers make larger ones smaller before they send.
MOST_IMAGE_BYTES = 1 << 20
_MOST_AT_ONCE = 10
_UNDER_WAY = (TaskState.QUEUED, TaskState.RUNNING)
# The request that a task is for.
_REQUEST = Task.args["request"].as_string().cast(Uuid)


def ask_frame(session: Session, principal: Principal, asset: Asset, at_s: float | None) -> Task:
    """Have the frame that the video shows at that second made the poster.

    The caller enqueues the task after the commit.

    Raises:
        Invalid: it is no video, or there is no such second in it.
    """
    require(principal, Action.CHOOSE_POSTER, asset)
    if asset.kind != Kind.VIDEO:
        raise Invalid("Only videos have frames to choose from.")
    if at_s is None or not math.isfinite(at_s) or not 0 <= at_s <= (asset.duration_s or 0) + 1:
        raise Invalid(
            "Specify the time in the video, in seconds.", {"at": "A time within the video."}
        )
    return _ask(session, principal, asset, at_s=at_s)


def ask_image(session: Session, principal: Principal, asset: Asset, data: bytes) -> Task:
    """Have an image that was sent made the poster, once the sandbox has opened it.

    The caller enqueues the task after the commit.

    Raises:
        Invalid: it is empty or too large.
    """
    require(principal, Action.CHOOSE_POSTER, asset)
    if not data:
        raise Invalid("Choose an image first.", {"image": "Choose a JPEG, PNG or WebP file."})
    if len(data) > MOST_IMAGE_BYTES:
        most = MOST_IMAGE_BYTES >> 20
        raise Invalid(
            "The image is larger than %(most)s MiB.",
            {"image": f"At most {most} MiB are accepted."},
            most=most,
        )
    return _ask(session, principal, asset, image=data)


def _ask(session: Session, principal: Principal, asset: Asset, **subject: Any) -> Task:
    lock(session, asset)
    version = versions.get_current(session, asset)
    if version is None or not asset.live:
        raise Invalid("This file has nothing to show yet.")
    open_tasks = under_way(session, asset)
    if len(open_tasks) >= _MOST_AT_ONCE:
        raise Invalid("Several posters are already being created. Wait until they are ready.")
    _forget_failures(session, version)
    request = StillRequest(
        workspace_id=asset.workspace_id,
        version_id=version.id,
        asked_by=principal.user_id,
        **subject,
    )
    session.add(request)
    session.flush()
    return tasks.add(
        session,
        asset.workspace_id,
        Step.STILL,
        version_id=version.id,
        asset_id=asset.id,
        args={"request": str(request.id)},
    )


def find(session: Session, claim: Claim) -> StillRequest | None:
    """What the claimed task has to make; None when nobody wants it any more."""
    return session.get(StillRequest, (claim.workspace_id, uuid.UUID(claim.args["request"])))


def finish(
    session: Session, claim: Claim, version: Version, blob: Blob, facts: dict[str, Any]
) -> bool:
    """Make it the poster in the name of who asked; False when nobody wants it any more."""
    request = find(session, claim)
    if request is None:
        return False
    actor = Principal.system(claim.workspace_id, request.asked_by)
    session.delete(request)
    session.flush()
    posters.put(session, actor, version, blob, facts)
    return True


def under_way(session: Session, asset: Asset) -> Sequence[Task]:
    """The pictures of the current version that are being made, the first asked for first."""
    return _tasks(session, asset, _UNDER_WAY)


def shown(session: Session, asset: Asset) -> Sequence[Task]:
    """Those, and those that could not be made, with the reason, until another one is asked for."""
    return _tasks(session, asset, (*_UNDER_WAY, TaskState.FAILED))


def _tasks(session: Session, asset: Asset, states: Sequence[TaskState]) -> Sequence[Task]:
    return session.scalars(
        select(Task)
        .join(
            StillRequest,
            (StillRequest.workspace_id == Task.workspace_id) & (StillRequest.id == _REQUEST),
        )
        .where(
            Task.workspace_id == asset.workspace_id,
            Task.version_id == asset.current_version_id,
            Task.step == Step.STILL,
            Task.state.in_(states),
        )
        .order_by(Task.created_at, Task.id)
    ).all()


def _forget_failures(session: Session, version: Version) -> None:
    failed = select(_REQUEST).where(
        Task.workspace_id == version.workspace_id,
        Task.version_id == version.id,
        Task.step == Step.STILL,
        Task.state == TaskState.FAILED,
    )
    session.execute(
        delete(StillRequest).where(
            StillRequest.workspace_id == version.workspace_id,
            StillRequest.version_id == version.id,
            StillRequest.id.in_(failed),
        )
    )
