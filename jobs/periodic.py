"""Replacements whose time has come, and storage counts whose time is over."""

import logging
import uuid
from functools import partial

from jobs import broker
from lectern.database import retry
from lectern.database.sessions import unit_of_work
from lectern.integrity import storage_totals
from lectern.library import schedules

log = logging.getLogger(__name__)


def switch_due() -> None:
    """Make current what is due and ready, each file in a transaction of its own."""
    with unit_of_work() as session:
        due = schedules.due(session)
    for workspace_id, asset_id in due:
        if retry.insist(partial(_switch, workspace_id, asset_id)):
            broker.publish(workspace_id, asset_id=asset_id)


def count_storage() -> None:
    """Count again what is too old, each workspace in a transaction of its own."""
    with unit_of_work() as session:
        due = storage_totals.due(session)
    for workspace_id in due:
        with unit_of_work() as session:
            kept = storage_totals.recount(session, workspace_id)
            log.info("storage of workspace %s counted in %d ms", workspace_id, kept.took_ms)


def _switch(workspace_id: uuid.UUID, asset_id: uuid.UUID) -> bool:
    with unit_of_work() as session:
        return schedules.switch_due(session, workspace_id, asset_id)
