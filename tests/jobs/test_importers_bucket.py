"""Files of another system in a bucket."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from jobs import importers
from jobs.importers import ImportRun
from lectern.database.sessions import unit_of_work
from lectern.errors import LecternError, StorageAway
from lectern.exchange.importers import bucket, table
from lectern.exchange.importers.bringing import Outcome
from lectern.models import Asset
from lectern.people.principal import Principal
from lectern.storage.b2sdk_session import Api
from lectern.taxonomy import folders
from tests.factories import make_principal
from tests.jobs.conftest import House
from tests.lectern.storage import b2_fake
from tests.lectern.storage.b2_fake import BUCKET, KEY, KEY_ID, Fake

JULY_2019_MS = 1_562_000_000_000


@pytest.fixture
def fake() -> Iterator[Fake]:
    with b2_fake.serving() as fake:
        yield fake


@pytest.fixture
def owner(house: House) -> Principal:
    with unit_of_work() as session:
        return make_principal(session)


def upload(fake: Fake, name: str, content: bytes, **info: str) -> None:
    api = Api()
    api.authorize_account(KEY_ID, KEY, realm=fake.url)
    (found,) = api.list_buckets(bucket_name=BUCKET)
    found.upload_bytes(content, name, file_info=info)


def go(house: House, owner: Principal, fake: Fake, *, rehearsal: bool = False) -> dict[str, Any]:
    origin = bucket.at(f"b2+{fake.url}/{BUCKET}/old", KEY_ID, KEY)
    job = ImportRun(house.settings, owner, origin, table.Table(), rehearsal)
    return {
        each.path: each.result if isinstance(each, Outcome) else "skipped"
        for each in importers.run(job)
    }


def every(session: Session, owner: Principal) -> list[Asset]:
    query = select(Asset).where(Asset.workspace_id == owner.workspace_id)
    return list(session.scalars(query))


def test_files_below_a_prefix_come_in_and_what_changed_comes_again(
    house: House, owner: Principal, fake: Fake, clip: Path
) -> None:
    film = clip.read_bytes()
    upload(fake, "old/Week 1/clip.mp4", film, src_last_modified_millis=str(JULY_2019_MS))
    upload(fake, "old/Week 1/again.mp4", film)
    upload(fake, "old/junk.bin", b"\0\1" * 500)
    upload(fake, "old/.bzEmpty", b"-")
    upload(fake, "old/a/../b.mp4", film)
    upload(fake, "older/clip.mp4", film)
    expected = {
        "Week 1/again.mp4": "added",
        "Week 1/clip.mp4": "known",
        "junk.bin": "refused",
        ".bzEmpty": "skipped",
        "a/../b.mp4": "skipped",
    }
    assert go(house, owner, fake, rehearsal=True) == expected
    assert go(house, owner, fake) == expected
    stored = fake.stored()
    came = go(house, owner, fake)
    assert came["Week 1/again.mp4"] == came["Week 1/clip.mp4"] == "same"
    assert fake.stored() == stored

    upload(fake, "old/Week 1/again.mp4", film + b"\0" * 64)
    assert go(house, owner, fake)["Week 1/again.mp4"] == "version"
    with unit_of_work() as session:
        (asset,) = every(session, owner)
        assert (asset.name, asset.version_count) == ("again.mp4", 2)
        assert folders.path_of(session, owner.workspace_id, asset.folder_id) == "Week 1"


def test_the_date_is_the_one_the_old_system_wrote_down(
    house: House, owner: Principal, fake: Fake, clip: Path
) -> None:
    upload(fake, "old/x.mp4", clip.read_bytes(), src_last_modified_millis=str(JULY_2019_MS))
    go(house, owner, fake)
    with unit_of_work() as session:
        (asset,) = every(session, owner)
        assert asset.created_at.timestamp() * 1000 == JULY_2019_MS


def test_a_bucket_that_is_not_there_and_an_address_without_one_are_said(
    house: House, owner: Principal, fake: Fake
) -> None:
    with pytest.raises(LecternError, match="names no bucket"):
        bucket.at("b2://", KEY_ID, KEY)
    with pytest.raises(LecternError, match="B2_KEY_ID"):
        bucket.at("b2://school", "", "")
    nowhere = bucket.at(f"b2+{fake.url}/nowhere", KEY_ID, KEY)
    with pytest.raises(StorageAway, match="Bucket not found"):
        list(importers.run(ImportRun(house.settings, owner, nowhere, table.Table())))
