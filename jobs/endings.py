"""What the end of a task means for its subject, written in the task's own transaction."""

from sqlalchemy.orm import Session

from lectern import bulk
from lectern.ingest import uploads
from lectern.library import assets
from lectern.models import Task, Upload, UploadState
from lectern.pipeline import notices, segments
from lectern.pipeline.registry import Step
from lectern.pipeline.tasks import Claim


def close(session: Session, task: Claim | Task, reason: str) -> None:
    """The task has failed for good: an upload or batch fails with it, an asset's state follows."""
    if task.upload_id is not None:
        upload = session.get_one(
            Upload,
            (task.workspace_id, task.upload_id),
            with_for_update=True,
            populate_existing=True,
        )
        if upload.state == UploadState.CHECKING:
            uploads.fail(session, upload, reason)
    elif task.batch_id is not None:
        bulk.fail(session, task.workspace_id, task.batch_id, reason)
    elif task.asset_id is not None:
        if task.step == Step.HLS_PART:
            # Nobody knows of segments: it is the whole that has failed.
            whole = segments.fail(session, task, reason)
            notices.tell_failed(session, whole, reason)
            return
        assets.settle(session, task.workspace_id, task.asset_id)
        notices.tell_failed(session, task, reason)
