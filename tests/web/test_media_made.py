"""What was made of a file, under /m/: renditions, posters, candidates."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from lectern.models import Asset, Role
from lectern.people.principal import Principal
from lectern.renditions import posters, renditions
from lectern.storage import Storage
from tests.factories import add_version, make_colleague
from tests.web.answers import assert_problem
from tests.web.conftest import Caller, current_version, stored_blob

CONTENT = bytes(range(256)) * 40
WithBytes = Callable[..., Asset]


@pytest.fixture
def video(with_bytes: WithBytes, owner: Principal) -> Asset:
    return with_bytes(owner, CONTENT, name="Übung 1", original_name="raw.MP4")


@pytest.fixture
def shown(
    session: Session, storage: Storage, owner: Principal, video: Asset, tmp_path: Path
) -> Asset:
    """The video with what was made of it: a rendition and two poster candidates."""
    version = current_version(session, video)
    playable = stored_blob(session, storage, owner, b"playable", tmp_path)
    facts = {"mime": "video/webm"}
    renditions.record(
        session, owner.workspace_id, version.blob_id, renditions.PLAYABLE, playable, facts
    )
    stills = [
        stored_blob(session, storage, owner, f"still {rank}".encode(), tmp_path) for rank in (1, 2)
    ]
    for still in stills:
        still.mime = "image/jpeg"
    posters.record(session, version, [(still, {}) for still in stills])
    session.commit()
    return video


def test_what_plays_is_the_rendition_kept_for_a_year(api: Caller, shown: Asset) -> None:
    reply = api.get(f"/m/{shown.id}/v/1/play")
    assert (reply.status_code, reply.data, reply.mimetype) == (200, b"playable", "video/webm")
    assert reply.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    part = api.get(f"/m/{shown.id}/v/1/play", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, b"play")


def test_a_viewer_plays_what_only_others_may_download(
    session: Session, owner: Principal, shown: Asset, with_token: Callable[..., Caller]
) -> None:
    viewer = with_token(make_colleague(session, owner, Role.VIEWER))
    assert viewer.get(f"/m/{shown.id}/v/1/play").status_code == 200
    assert viewer.get(f"/m/{shown.id}/poster.jpg").status_code == 200


def test_the_poster_is_kept_when_its_address_names_it(
    session: Session, api: Caller, owner: Principal, shown: Asset
) -> None:
    digest = posters.blob_of(session, shown).digest
    kept, fresh = "private, max-age=31536000, immutable", "private, no-cache"
    for query, cache in (
        (f"?d={digest[:12]}", kept),
        (f"?d={digest}", kept),
        ("", fresh),
        ("?d=", fresh),
        (f"?d={digest[:4]}", fresh),
        ("?d=" + "f" * 12, fresh),
    ):
        for path in (f"/m/{shown.id}/poster.jpg", f"/m/{shown.id}/v/1/poster.jpg"):
            reply = api.get(path + query)
            assert (reply.data, reply.mimetype) == (b"still 1", "image/jpeg")
            assert reply.headers["Cache-Control"] == cache, path + query


def test_candidates_come_by_their_rank(api: Caller, shown: Asset) -> None:
    assert api.get(f"/m/{shown.id}/v/1/poster/2.jpg").data == b"still 2"
    assert_problem(api.get(f"/m/{shown.id}/v/1/poster/3.jpg"), 404)


@pytest.mark.parametrize(
    "path", ["/v/2/play", "/v/0/play", "/v/2/poster.jpg", "/v/99999999999999999999/play"]
)
def test_a_version_that_is_not_there_is_missing(api: Caller, shown: Asset, path: str) -> None:
    assert_problem(api.get(f"/m/{shown.id}{path}"), 404)


def test_a_new_version_is_the_original_and_the_old_one_still_plays(
    session: Session,
    api: Caller,
    storage: Storage,
    owner: Principal,
    shown: Asset,
    tmp_path: Path,
) -> None:
    add_version(session, shown, stored_blob(session, storage, owner, b"newer", tmp_path))
    session.commit()
    assert api.get(f"/m/{shown.id}").data == b"newer"
    assert api.get(f"/m/{shown.id}/v/1/play").data == b"playable"
    assert_problem(api.get(f"/m/{shown.id}/v/2/play"), 404)
