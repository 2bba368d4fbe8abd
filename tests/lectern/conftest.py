"""What every test of the domain needs besides a database."""

import pytest

from lectern.people import audit


@pytest.fixture(scope="session", autouse=True)
def _audit_key() -> None:
    """The process start that tests lack."""
    audit.configure("a secret key for tests, thirty-two characters or more")
