"""An import adds what is missing, changes what differs, and a second time does nothing."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from lectern import text as names
from lectern.errors import Forbidden
from lectern.exchange.archive import Archive
from lectern.exchange.imports import importer, rows
from lectern.exchange.imports.report import Report
from lectern.integrity import fsck
from lectern.library import versions
from lectern.models import (
    Asset,
    Blob,
    CaptionEdit,
    GlossaryTerm,
    Role,
    Task,
    Tombstone,
    Usage,
    UsageHistory,
)
from lectern.people import audit, audit_reading
from lectern.people.principal import Principal
from lectern.search.syntax.folding import fold
from lectern.storage import LocalStorage
from lectern.taxonomy import tags
from tests.factories import add_version, make_asset, make_colleague, make_principal
from tests.lectern.exchange.library import caption, exported, fill, read, switch


def bring(
    session: Session,
    principal: Principal,
    content: bytes,
    storage: LocalStorage | None = None,
    scratch: Path | None = None,
    **how: Any,
) -> Report:
    with Archive(io.BytesIO(content)) as archive:
        stored = None
        if storage is not None and scratch is not None:
            lacking = importer.missing(session, principal, archive)
            stored = importer.store(archive, lacking, storage, principal.workspace_id, scratch)
        return importer.apply(session, principal, archive, stored, **{"everybody": True, **how})


def kept(content: bytes) -> dict[str, Any]:
    """What an import promises to keep: all but the audit log, and when and where it was made."""
    found = read(content)
    for name in ("audit", "manifest.json"):
        del found[name]
    return found


def test_export_after_import_into_an_empty_library_is_the_same(
    session: Session, owner: Principal, storage: LocalStorage, tmp_path: Path
) -> None:
    fill(session, owner, storage, tmp_path)
    before = exported(session, owner, storage)
    other = make_colleague_of_nobody(session, owner)
    report = bring(session, other, before, storage, tmp_path)
    assert report.left_out == []
    assert report.added.total() == sum(
        len(v) for k, v in kept(before).items() if "." not in k and "/" not in k and k != "people"
    )
    assert kept(exported(session, other, storage)) == kept(before)
    assert [finding.sentence for finding in fsck.rows(session)] == []
    assert list(fsck.chains(session)) == []
    assert list(fsck.stored(session, storage)) == []


def make_colleague_of_nobody(session: Session, of: Principal) -> Principal:
    """The same person in an empty workspace."""
    empty = make_principal(session)
    session.execute(
        text("UPDATE member SET user_id = :user WHERE workspace_id = :home"),
        {"user": of.user_id, "home": empty.workspace_id},
    )
    return Principal(empty.workspace_id, of.user_id, Role.OWNER, of.name, of.email)


def add_more(
    session: Session, asset: Asset, spoken: list[dict[str, Any]], planned: datetime | None
) -> None:
    """Captions, with one change of them, and a second version that waits for its time."""
    first = versions.get_current(session, asset)
    assert first is not None
    track = caption(session, first, spoken, label="".join(each["text"] for each in spoken))
    edit = CaptionEdit(workspace_id=asset.workspace_id, track_id=track.id, number=1, cues=spoken)
    session.add(edit)
    if planned is not None:
        second = add_version(session, asset)
        versions.make_current(session, asset, first, first.blob)
        at, local = planned.replace(tzinfo=UTC), planned.isoformat(timespec="minutes")
        switch(session, second, at=at, local=local, zone="UTC")


letters = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
cue = st.fixed_dictionaries(
    {
        "start": st.floats(0, 10) | st.integers(0, 10),
        "end": st.floats(10, 1e6) | st.integers(10, 10**6),
        "text": letters,
    }
)
word = letters.map(names.clean_text).filter(lambda name: bool(name.strip(" .")))


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    files=st.lists(
        st.fixed_dictionaries(
            {
                "name": word,
                "description": letters,
                "kind": st.sampled_from(["video", "audio", "image", "document"]),
                "language": st.none() | st.sampled_from(["en", "de"]),
                "custom": st.dictionaries(
                    st.from_regex(r"[a-z]{1,5}", fullmatch=True),
                    st.none() | st.booleans() | st.integers(-9, 9) | letters,
                    max_size=3,
                ),
                "access": st.sampled_from(["course", "unlisted", "public"]),
                "duration_s": st.none() | st.floats(0, 1e6),
                "width": st.none() | st.integers(1, 8000),
            }
        ),
        max_size=5,
    ),
    tagged=st.lists(word.filter(lambda name: "," not in name), max_size=4),
    spoken=st.lists(cue, max_size=4),
    terms=st.lists(word, max_size=3, unique_by=fold),
    planned=st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)),
)
def test_whatever_is_in_it_export_and_import_are_inverse(
    session: Session,
    files: list[dict[str, Any]],
    tagged: list[str],
    spoken: list[dict[str, Any]],
    terms: list[str],
    planned: datetime | None,
) -> None:
    with session.begin_nested() as attempt:
        owner = make_principal(session)
        for values in files:
            asset = make_asset(session, owner, **values)
            tags.put(session, asset, tagged)
            add_more(session, asset, spoken, planned)
        for term in terms:
            row = GlossaryTerm(workspace_id=owner.workspace_id, term=term, key=fold(term))
            row.sounds_like = [each for each in terms if each]
            session.add(row)
        session.flush()
        before = exported(session, owner)
        other = make_colleague_of_nobody(session, owner)
        report = bring(session, other, before)
        assert report.without_bytes == len(files)
        after = exported(session, other)
        assert kept(after) == kept(before)
        again = bring(session, other, before)
        assert not again.writes
        assert exported(session, other)[:0] == b""
        assert kept(exported(session, other)) == kept(before)
        attempt.rollback()


def test_a_second_import_writes_nothing_not_even_into_the_audit_log(
    session: Session, owner: Principal, storage: LocalStorage, tmp_path: Path
) -> None:
    fill(session, owner, storage, tmp_path)
    content = exported(session, owner, storage)
    other = make_colleague_of_nobody(session, owner)
    bring(session, other, content, storage, tmp_path)
    head = audit.head(session, other.workspace_id)
    again = bring(session, other, content, storage, tmp_path)
    assert not again.writes
    assert audit.head(session, other.workspace_id) == head
    mine = bring(session, owner, content, storage, tmp_path)
    assert not mine.writes


def test_what_differs_is_told_field_by_field_and_set_back(
    session: Session, owner: Principal, storage: LocalStorage, tmp_path: Path
) -> None:
    used = fill(session, owner, storage, tmp_path)
    content = exported(session, owner)
    used.name, used.folder_id = "Changed since", None
    tags.put(session, used, ["Botany", "new"])
    session.flush()
    report = bring(session, owner, content)
    (change,) = report.changes
    assert (change.file, change.id) == ("assets", used.id)
    assert change.fields == {
        "name": {"before": "Changed since", "after": "Why leaves are green"},
        "folder_id": {"before": "", "after": "Biology/Week 1"},
        "tags": {"before": ["Botany", "new"], "after": ["=cmd|' /C calc'!A0", "Botany"]},
    }
    assert used.name == "Why leaves are green"
    lines = {line.action: line for line in audit_reading.history(session, owner, used.id)}
    assert lines["asset.name"].details == change.fields["name"]
    assert lines["asset.folder"].details["after"] == "Biology/Week 1"
    assert [finding.sentence for finding in fsck.rows(session)] == []


def test_a_rehearsal_tells_the_same_and_is_rolled_back(
    session: Session, owner: Principal, storage: LocalStorage, tmp_path: Path
) -> None:
    fill(session, owner, storage, tmp_path)
    content = exported(session, owner)
    other = make_colleague_of_nobody(session, owner)
    session.commit()
    told = bring(session, other, content, rehearsal=True)
    session.rollback()
    count = select(func.count()).where(Asset.workspace_id == other.workspace_id)
    assert session.scalar(count) == 0
    done = bring(session, other, content)
    assert (told.added, told.changed, told.left) == (done.added, done.changed, done.left)


def test_files_without_bytes_are_listed_as_failed_until_the_bytes_come(
    session: Session, owner: Principal, storage: LocalStorage, tmp_path: Path
) -> None:
    fill(session, owner, storage, tmp_path)
    other = make_colleague_of_nobody(session, owner)
    report = bring(session, other, exported(session, owner))
    assert report.without_bytes == 2
    mine = select(Asset).where(Asset.workspace_id == other.workspace_id)
    assert {asset.state for asset in session.scalars(mine)} == {"failed"}
    states = select(Blob.state).where(Blob.workspace_id == other.workspace_id)
    assert set(session.scalars(states)) == {"awaited"}
    assert list(fsck.stored(session, storage)) == []
    bring(session, other, exported(session, owner, storage), storage, tmp_path)
    session.expire_all()
    assert {asset.state for asset in session.scalars(mine)} == {"processing"}
    assert set(session.scalars(states)) == {"live"}
    versions = select(func.count(Task.version_id.distinct())).where(
        Task.workspace_id == other.workspace_id
    )
    assert session.scalar(versions) == 3
    assert [finding.sentence for finding in fsck.rows(session)] == []


def test_a_use_that_ended_here_does_not_come_back(
    session: Session, owner: Principal, storage: LocalStorage, tmp_path: Path
) -> None:
    fill(session, owner, storage, tmp_path)
    content = exported(session, owner)
    usage = session.scalars(select(Usage)).first()
    assert usage is not None
    values = {
        name: getattr(usage, name) for name in ("workspace_id", "id", "asset_id", "course_id")
    }
    session.delete(usage)
    session.add(UsageHistory(**values, slot="", position=0, policy="follow"))
    session.flush()
    report = bring(session, owner, content)
    assert [each.reason for each in report.left_out] == [rows.ENDED]


def test_what_was_deleted_for_good_stays_so(
    session: Session, owner: Principal, storage: LocalStorage, tmp_path: Path
) -> None:
    used = fill(session, owner, storage, tmp_path)
    content = exported(session, owner)
    other = make_colleague_of_nobody(session, owner)
    stone = Tombstone(workspace_id=other.workspace_id, id=used.id, kind="video", name_digest="x")
    session.add(stone)
    session.flush()
    report = bring(session, other, content)
    assert session.get(Asset, (other.workspace_id, used.id)) is None
    assert {each.reason for each in report.left_out} == {rows.PURGED}
    assert report.left == {"assets": 1, "usages": 2}
    assert [finding.sentence for finding in fsck.rows(session)] == []


def test_an_import_makes_no_member_and_finds_only_members_for_an_owner(
    session: Session, owner: Principal, storage: LocalStorage, tmp_path: Path
) -> None:
    fill(session, owner, storage, tmp_path)
    content = exported(session, owner)
    stranger = make_principal(session)
    report = bring(session, stranger, content, everybody=False)
    mine = select(Asset.created_by).where(Asset.workspace_id == stranger.workspace_id)
    assert set(session.scalars(mine)) == {None}
    assert report.left == {"saved_searches": 1}
    members = text("SELECT count(*) FROM member WHERE workspace_id = :home")
    assert session.scalar(members, {"home": stranger.workspace_id}) == 1


def test_only_an_owner_brings_in(session: Session, owner: Principal) -> None:
    content = exported(session, owner)
    for role in (Role.EDITOR, Role.CONTRIBUTOR, Role.VIEWER):
        with pytest.raises(Forbidden):
            bring(session, make_colleague(session, owner, role), content)
