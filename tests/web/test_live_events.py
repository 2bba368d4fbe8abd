"""Live events: declared once, published somewhere, understood by the page, and listened to."""

import re
import uuid
from pathlib import Path

import pytest
import redis as redis_client
from flask import Flask

from jobs import broker, live
from jobs.live import EVENTS, Event

CHECKOUT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((CHECKOUT / "templates").rglob("*.html"))
SCRIPTS = sorted((CHECKOUT / "web/static/js").rglob("*.js"))
# A name that ends with an id: ${…} in a script, {{ … }} in a template, {…} in Python.
ID = re.compile(r"\$\{[^}]*\}|\{\{[^}]*\}\}|\{[^}]*\}")
ALL = list(EVENTS.values())


def texts(paths: list[Path]) -> str:
    return "\n".join(path.read_text("utf-8") for path in paths)


def names(pattern: str, text: str) -> set[str]:
    """The names of events that a pattern finds; any id in them reads `ID`."""
    return {ID.sub("ID", name) for name in re.findall(pattern, text)}


def dispatched() -> set[str]:
    """What scripts dispatch on the body, and what answers of the server trigger."""
    scripts = names(r'(?:\btell|new CustomEvent)\(["`]([\w\-${}.]+)["`]', texts(SCRIPTS))
    python = texts(sorted((CHECKOUT / "web").rglob("*.py")))
    return scripts | names(r'(?:event=|EVENT = |return )f?"([a-z\-{}_]+)"', python)


def listened() -> set[str]:
    """What fragments wait for, by `from:body`, and what scripts add listeners for."""
    fragments = set()
    for trigger in re.findall(r'hx-trigger="((?:\{\{.*?\}\}|[^"])*)"', texts(TEMPLATES)):
        fragments |= names(r"((?:\{\{.*?\}\}|[\w-])+) from:body", trigger)
    return fragments


def test_every_event_is_known_by_its_name() -> None:
    declared = [each for each in vars(live).values() if isinstance(each, Event)]
    assert sorted(declared) == sorted(ALL)
    messages = [event.message for event in ALL if event.message]
    assert len(set(messages)) == len(messages)


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.name)
def test_what_is_published_is_what_is_read(
    app: Flask, redis: redis_client.Redis, event: Event
) -> None:
    workspace_id = uuid.uuid4()
    subject_id = uuid.uuid4() if event.subject else None
    with redis.pubsub(ignore_subscribe_messages=True) as pubsub:
        pubsub.subscribe(broker.channel(workspace_id))
        pubsub.get_message(timeout=5)
        live.publish(workspace_id, event, subject_id)
        news = None
        while news is None:
            news = pubsub.get_message(timeout=5)
    assert live.read(news["data"]) == (event, subject_id)


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.name)
def test_an_event_needs_its_subject_and_takes_no_other(event: Event) -> None:
    with pytest.raises(ValueError, match=event.name):
        live.publish(uuid.uuid4(), event, None if event.subject else uuid.uuid4())


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"event": "changed"}', b'{"event": []}'])
def test_anything_else_is_no_event(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        live.read(data)


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.name)
def test_every_event_is_published_by_something(event: Event) -> None:
    name = next(name for name, value in vars(live).items() if value is event)
    sources = [path for folder in ("jobs", "web") for path in (CHECKOUT / folder).rglob("*.py")]
    publishing = rf"(?:publish\w*|tell|commit)\([^)]*\b{name}\b|live\.{name}\b"
    assert [path for path in sources if re.search(publishing, path.read_text("utf-8"))]


def test_the_page_understands_every_message_and_knows_no_other() -> None:
    script = (CHECKOUT / "web/static/js/live-updates.js").read_text("utf-8")
    compared = set(re.findall(r'event === "([\w-]+)"', script))
    by_subject = {name for name in ("upload", "batch") if f"if ({name}) tell" in script}
    assert compared | by_subject == {event.message for event in ALL if event.message}


def test_the_page_dispatches_every_trigger_and_no_other() -> None:
    scripts = [CHECKOUT / f"web/static/js/{name}.js" for name in ("live-updates", "refresh")]
    found = names(r'\btell\(["`]([\w\-${}.]+)["`]', texts(scripts))
    assert found == {trigger for event in ALL for trigger in event.triggers}


@pytest.mark.parametrize(
    "trigger", sorted({trigger for event in ALL for trigger in event.triggers})
)
def test_something_listens_to_every_trigger(trigger: str) -> None:
    assert trigger in listened()


def test_no_fragment_listens_to_what_nothing_dispatches() -> None:
    assert listened() - dispatched() == set()
