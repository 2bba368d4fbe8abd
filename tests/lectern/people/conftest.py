"""Fixtures of the tests about people."""

import os
from collections.abc import Callable

import pytest

from tests.conftest import SUPERUSER_URL, in_database


@pytest.fixture
def superuser() -> Callable[[str], str]:
    """Addresses of databases as somebody who may do anything to them."""
    return lambda name: in_database(os.environ[SUPERUSER_URL], name)
