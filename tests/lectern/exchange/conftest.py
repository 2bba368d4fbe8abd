"""Fixtures of the tests about exports, imports and backups."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from lectern.people.principal import Principal
from lectern.storage import LocalStorage
from tests.factories import make_principal


@pytest.fixture
def owner(session: Session) -> Principal:
    return make_principal(session)


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "storage")
