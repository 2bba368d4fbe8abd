"""Checking a complete upload: are these bytes media, and which; then into the library."""

from pathlib import Path

from sqlalchemy.orm import Session

from jobs import enqueue, live
from jobs.steps.derivation import Results
from jobs.work import Work
from lectern.errors import Message
from lectern.ingest import admission, uploads
from lectern.ingest.admission import Admitted
from lectern.media.facts import Facts
from lectern.media.probe import probe
from lectern.media.sandbox.refusal import Refused
from lectern.models import Upload, UploadState
from lectern.pipeline import due

DAMAGED = Message("The stored file does not match the upload. Upload the file again.")
GONE = Message("The server lost the content of this upload. Upload the file again.")
ANOTHER = Message("The uploaded file does not match its checksum. Upload it again.")


def run(work: Work) -> None:
    """Refuse the upload with a reason, or admit it; once, however often it is delivered."""
    upload = work.read(lambda session: _upload(session, work))
    if upload.state != UploadState.CHECKING:
        work.finish(lambda session: None)
        return
    source = uploads.spool_path(work.process.settings, upload)
    if not source.is_file():
        work.refuse(GONE)
        return
    try:
        facts = probe(source, upload.filename, work.scratch)
    except Refused as refusal:
        reason = str(refusal)
        work.finish(lambda session: uploads.refuse(session, _upload(session, work), reason))
    else:
        _store(work, upload, source, facts)
    source.unlink(missing_ok=True)


def _store(work: Work, upload: Upload, source: Path, facts: Facts) -> None:
    results = Results(work)
    stored = results.store(source, facts.mime)
    if upload.digest not in {None, stored.digest}:
        work.refuse(DAMAGED)
    elif upload.announced_digest not in {None, stored.digest}:
        work.finish(lambda session: uploads.refuse(session, _upload(session, work), ANOTHER))
    else:
        admitted = work.finish(lambda session: _admit(session, work, results, facts))
        _tell(work, admitted)
        results.tidy()
        return
    work.process.storage.delete(stored.key)


def _admit(session: Session, work: Work, results: Results, facts: Facts) -> Admitted:
    (blob,) = results.add(session)
    return admission.admit(session, _upload(session, work), facts.to_json(), blob)


def _tell(work: Work, admitted: Admitted) -> None:
    workspace_id, asset_id = work.claim.workspace_id, admitted.asset_id
    if asset_id is None:
        return
    enqueue.notify(work.read(lambda session: due.of_asset(session, workspace_id, asset_id)))
    event = live.ADDED if admitted.version_id else live.CHANGED
    live.publish(workspace_id, event, asset_id)


def _upload(session: Session, work: Work) -> Upload:
    return session.get_one(Upload, (work.claim.workspace_id, work.claim.upload_id))
