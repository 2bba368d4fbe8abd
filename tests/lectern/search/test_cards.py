"""Cards: what a grid shows, formatted once, in a fixed number of queries."""

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from lectern.library import trash, versions
from lectern.models import TaskState
from lectern.people.principal import Principal
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step
from lectern.renditions import posters
from lectern.search import cards
from lectern.search.cards import Query, TaskLine
from lectern.taxonomy import tags
from tests.factories import make_asset, make_blob
from tests.queries import max_queries


def test_a_card_is_ready_to_print(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner, name="Cells", duration_s=724.0)
    tags.put(session, asset, ["Zoo", "apple"])
    version = versions.get_current(session, asset)
    assert version is not None
    still = make_blob(session, owner.workspace_id)
    posters.record(session, version, [(still, {})])
    card = cards.one(session, owner, asset.id)
    assert card is not None
    assert (card.id, card.name, card.kind, card.state) == (asset.id, "Cells", "video", "ready")
    assert (card.duration, card.size, card.tags) == ("12:04", "1.0 KB", ("apple", "Zoo"))
    assert card.poster == still.digest[:12]
    assert (card.usage, card.usage_count, card.version) == ("never", 0, 1)
    assert card.tasks == ()
    assert not card.trashed
    hash(card)


def test_a_card_under_way_tells_its_steps(session: Session, owner: Principal) -> None:
    asset = make_asset(session, owner, state="processing")
    for step in (Step.POSTER, Step.PLAYABLE):
        tasks.add(
            session,
            owner.workspace_id,
            step,
            version_id=asset.current_version_id,
            asset_id=asset.id,
        )
    claimed = tasks.of_asset(session, owner.workspace_id, asset.id)[1]
    claim = tasks.claim(session, owner.workspace_id, claimed.id, "worker", 60)
    assert claim is not None
    tasks.record_progress(session, claim, 0.42)
    card = cards.one(session, owner, asset.id)
    assert card is not None
    assert card.tasks == (
        TaskLine("poster", "queued", 0, None),
        TaskLine("playable", "running", 42, None),
    )
    tasks.finish(session, claim, TaskState.FAILED, "It cannot be decoded.")
    card = cards.one(session, owner, asset.id)
    assert card is not None
    assert card.tasks[1] == TaskLine("playable", "failed", 42, "It cannot be decoded.")


def test_the_trash_is_told_and_a_foreign_card_is_not_there(
    session: Session, owner: Principal, stranger: Principal
) -> None:
    asset = make_asset(session, owner)
    trash.trash(session, owner, asset, days=30)
    card = cards.one(session, owner, asset.id)
    assert card is not None
    assert card.trashed
    assert cards.one(session, stranger, asset.id) is None
    assert cards.several(session, stranger, [asset.id]) == []


def test_a_page_costs_the_same_for_two_cards_and_for_twenty(
    session: Session, owner: Principal, connection: Connection
) -> None:
    for number in range(20):
        asset = make_asset(session, owner, state="processing")
        tags.put(session, asset, [f"tag {number}", "all"])
        tasks.add(
            session,
            owner.workspace_id,
            Step.POSTER,
            version_id=asset.current_version_id,
            asset_id=asset.id,
        )
    session.flush()
    session.expunge_all()
    for limit in (2, 20):
        with max_queries(connection, 4):
            page = cards.page(session, owner, Query(), None, limit)
        assert len(page.items) == limit
        assert all(len(card.tags) == 2 and len(card.tasks) == 1 for card in page.items)
