"""What a bulk change means for others, told after its commit: open pages look, workers wake."""

from jobs import broker, enqueue
from lectern.bulk import News, Started

# Beyond this many cards, one refresh of each page is cheaper.
MOST_CARDS = 50


def started(begun: Started) -> None:
    """A batch was begun or undone in a request: ring for its task, or tell what it changed."""
    if begun.task is not None:
        enqueue.ring([begun.task])
    changed(begun.news)


def changed(news: News) -> None:
    """A batch has moved on, and assets with it."""
    enqueue.ring(news.due)
    broker.publish(news.workspace_id, batch_id=news.batch_id, event="batch")
    if len(news.assets) > MOST_CARDS:
        broker.publish(news.workspace_id, event="refresh")
    else:
        for asset_id in news.assets:
            broker.publish(news.workspace_id, asset_id=asset_id, event=news.event)
