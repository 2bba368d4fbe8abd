"""Each bulk change is declared once, and everything that must know of it does."""

from lectern.bulk import KINDS
from lectern.people.audit_actions import ACTIONS as AUDITED
from web.api.docs import description
from web.pages.bulk.actions import ACTIONS

# What only programs start: pages have the same for one file.
NO_BUTTON = {"process"}


def test_the_api_enumerates_every_change_and_no_other() -> None:
    schema = description()["components"]["schemas"]["BulkRequest"]
    assert schema["properties"]["action"]["enum"] == list(KINDS)


def test_pages_offer_every_change_that_has_a_button() -> None:
    assert ACTIONS.keys() == KINDS.keys() - NO_BUTTON
    assert all(entry.action == name for name, entry in ACTIONS.items())


def test_the_audit_log_has_a_sentence_for_the_end_of_each() -> None:
    assert {f"batch.{name}" for name in KINDS} <= AUDITED.keys()
