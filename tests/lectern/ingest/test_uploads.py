"""Uploads: announced, listed, given up, expired."""

import uuid

import pytest
from sqlalchemy import func, text, update
from sqlalchemy.orm import Session

from lectern.errors import Forbidden, Invalid, NotFound, TooLarge
from lectern.ingest import checks, uploads
from lectern.ingest.receiving import Work
from lectern.ingest.uploads import NewUpload
from lectern.integrity import fsck
from lectern.library import trash
from lectern.models import Role, TaskState, Upload, UploadState
from lectern.people.principal import Principal
from lectern.pipeline import tasks
from lectern.pipeline.tasks import LostLease
from lectern.settings import Settings
from lectern.taxonomy import tags
from tests.factories import make_asset, make_colleague, make_principal


def create(session: Session, who: Principal, settings: Settings, **more: object) -> Upload:
    values = {"filename": "clip.mp4", "size": 1000, **more}
    return uploads.create(session, who, NewUpload(**values), settings=settings)  # type: ignore[arg-type]


def test_an_upload_begins_with_nothing(
    session: Session, owner: Principal, settings: Settings
) -> None:
    upload = create(session, owner, settings, folder=" A / B ", tags=["x", "X", "y"])
    assert (upload.state, upload.received, upload.created_by) == ("receiving", 0, owner.user_id)
    assert (upload.folder, upload.tags) == ("A/B", ["x", "y"])
    left = upload.expires_at - upload.created_at
    assert left.total_seconds() == pytest.approx(settings.upload_ttl_s, abs=5)


def test_an_empty_file_is_refused_at_once(
    session: Session, owner: Principal, settings: Settings
) -> None:
    upload = create(session, owner, settings, size=0)
    assert upload.state == UploadState.REFUSED
    assert upload.reason is not None
    assert "0 bytes" in upload.reason
    assert tasks.of_upload(session, upload.workspace_id, upload.id) == []


def test_the_limit_itself_is_accepted_and_one_more_is_not(
    session: Session, owner: Principal, settings: Settings
) -> None:
    most = settings.max_upload_bytes
    assert create(session, owner, settings, size=most).byte_size == most
    with pytest.raises(TooLarge, match="20 GiB"):
        create(session, owner, settings, size=most + 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("digest", "0" * 63),
        ("digest", "A" * 64),
        ("digest", "\ud800" * 64),
        ("on_duplicate", "ignore"),
        ("replaces", uuid.uuid4()),
        ("folder", "../up"),
        ("folder", "/".join("x" * 13)),
        ("tags", ["x" * 61]),
        ("tags", [f"tag {number}" for number in range(tags.MOST + 1)]),
    ],
)
def test_what_cannot_work_is_refused_before_a_byte_is_sent(
    session: Session, owner: Principal, settings: Settings, field: str, value: object
) -> None:
    with pytest.raises(Invalid) as refusal:
        create(session, owner, settings, **{field: value})
    assert refusal.value.fields.keys() == {field}


def test_only_a_living_asset_of_ones_own_workspace_can_be_replaced(
    session: Session, owner: Principal, stranger: Principal, settings: Settings
) -> None:
    mine, foreign = make_asset(session, owner), make_asset(session, stranger)
    assert create(session, owner, settings, replaces=mine.id).replaces == mine.id
    with pytest.raises(Invalid):
        create(session, owner, settings, replaces=foreign.id)
    trash.trash(session, owner, mine, days=30)
    with pytest.raises(Invalid, match="trash"):
        create(session, owner, settings, replaces=mine.id)


def test_a_contributor_replaces_only_what_is_theirs(
    session: Session, owner: Principal, settings: Settings
) -> None:
    contributor = make_colleague(session, owner, Role.CONTRIBUTOR)
    own, other = make_asset(session, contributor), make_asset(session, owner)
    create(session, contributor, settings, replaces=own.id)
    with pytest.raises(Forbidden):
        create(session, contributor, settings, replaces=other.id)


def test_a_viewer_uploads_nothing(session: Session, settings: Settings) -> None:
    with pytest.raises(Forbidden):
        create(session, make_principal(session, Role.VIEWER), settings)


def test_one_sees_ones_own_uploads_and_an_owner_sees_all(
    session: Session, owner: Principal, stranger: Principal, settings: Settings
) -> None:
    editor, other = make_colleague(session, owner), make_colleague(session, owner)
    upload = create(session, editor, settings)
    assert uploads.get(session, editor, upload.id) is upload
    assert uploads.get(session, owner, upload.id) is upload
    for nobody in (other, stranger):
        with pytest.raises(NotFound):
            uploads.get(session, nobody, upload.id)
    assert uploads.list_open(session, editor) == [upload]
    assert uploads.list_open(session, owner) == []


def test_the_list_has_what_is_not_over_newest_first(
    session: Session, owner: Principal, settings: Settings
) -> None:
    first, checking, refused, last = (create(session, owner, settings) for _ in range(4))
    uploads.complete(session, checking, None)
    uploads.refuse(session, refused, "No.")
    assert uploads.list_open(session, owner) == [last, checking, first]


def test_giving_up_ends_what_is_being_received_and_nothing_else(
    session: Session, owner: Principal, settings: Settings
) -> None:
    upload, checking = create(session, owner, settings), create(session, owner, settings)
    uploads.complete(session, checking, None)
    for each in (upload, checking, upload):
        uploads.cancel(session, each)
    assert upload.state == UploadState.EXPIRED
    assert upload.reason == "The upload was cancelled."
    assert checking.state == UploadState.CHECKING


def test_giving_up_too_late_does_not_undo_what_was_completed_meanwhile(
    work: Work, settings: Settings
) -> None:
    with work() as session:
        owner = make_principal(session)
        created = create(session, owner, settings)
    with work() as session:
        mine = uploads.get(session, owner, created.id)
        with work() as elsewhere:
            uploads.complete(elsewhere, uploads.get(elsewhere, owner, created.id), None)
        uploads.cancel(session, mine)
        assert mine.state == UploadState.CHECKING


def test_uploads_past_their_time_end_and_give_their_bytes_back(
    session: Session, owner: Principal, settings: Settings
) -> None:
    late, young, checking = (create(session, owner, settings) for _ in range(3))
    uploads.complete(session, checking, None)
    past = func.clock_timestamp() - text("interval '1 second'")
    late_or_done = Upload.id.in_([late.id, checking.id])
    session.execute(update(Upload).where(late_or_done).values(expires_at=past))
    assert uploads.expire_due(session, settings) == [uploads.spool_path(settings, late)]
    assert uploads.expire_due(session, settings) == []
    session.refresh(late)
    assert (late.state, young.state, checking.state) == ("expired", "receiving", "checking")
    assert late.reason is not None
    assert uploads.broken_off(late)
    assert not uploads.broken_off(young)


def test_a_check_is_stopped_begun_again_and_keeps_its_bytes_meanwhile(
    session: Session, owner: Principal, settings: Settings
) -> None:
    upload = create(session, owner, settings)
    uploads.complete(session, upload, None)
    (task,) = tasks.of_upload(session, upload.workspace_id, upload.id)
    held = tasks.claim(session, upload.workspace_id, task.id, "a", 90)
    assert held is not None
    assert checks.stop(session, upload)
    with pytest.raises(LostLease):
        tasks.finish(session, held, TaskState.DONE)
    assert not checks.stop(session, upload)
    assert checks.stopped_among(session, owner.workspace_id, [upload]) == {upload.id}
    assert not [each for each in fsck.rows(session, "I7") if upload.filename in each.sentence]
    assert uploads.list_open(session, owner) == [upload]
    assert uploads.expire_due(session, settings) == []
    assert checks.start_again(session, upload)
    assert not checks.start_again(session, upload)
    assert tasks.claim(session, upload.workspace_id, task.id, "b", 90) is not None
    assert checks.stopped_among(session, owner.workspace_id, [upload]) == set()


def test_what_was_stopped_is_given_up_by_a_person_or_by_time(
    session: Session, owner: Principal, settings: Settings
) -> None:
    discarded, forgotten = (create(session, owner, settings) for _ in range(2))
    for each in (discarded, forgotten):
        uploads.complete(session, each, None)
        assert checks.stop(session, each)
    uploads.cancel(session, discarded)
    assert discarded.state == UploadState.EXPIRED
    past = func.clock_timestamp() - text("interval '1 second'")
    session.execute(update(Upload).where(Upload.id == forgotten.id).values(expires_at=past))
    assert uploads.expire_due(session, settings) == [uploads.spool_path(settings, forgotten)]


def test_the_spool_file_is_named_by_us(
    session: Session, owner: Principal, settings: Settings
) -> None:
    upload = create(session, owner, settings, filename="../../../etc/passwd")
    path = uploads.spool_path(settings, upload)
    assert path.parent.parent == settings.spool
    assert path.name == upload.id.hex
    assert upload.filename == "passwd"
