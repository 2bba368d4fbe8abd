"""What players report, in JSON."""

import uuid
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from lectern import values
from lectern.errors import TooLarge
from lectern.learners import events
from lectern.learners.events import Event
from lectern.people.rights import Action
from web.api.requests import parsing
from web.auth import allow
from web.extensions import db

bp = Blueprint("playback", __name__, url_prefix="/api/v1/playback")
LONGEST = 64 << 10
MOST_EVENTS = 1_000
_TEXT = values.text(100)
_SECONDS = values.number(-1e9, 1e9)


@bp.post("")
@allow(Action.PLAY)
def record() -> ResponseReturnValue:
    """Store a batch of events of one play; those of members are staff's and never counted."""
    if (request.content_length or 0) > LONGEST or len(request.get_data()) > LONGEST:
        raise TooLarge("A batch of events has at most %(most)d bytes.", most=LONGEST)
    session, body = db.session(), parsing.json_object()
    play = parsing.id_of(body, "session")
    sent = values.field(
        "events", body.get("events"), values.items(values.mapping, "objects", MOST_EVENTS)
    )
    batch = [_event(f"events.{number}.", each) for number, each in enumerate(sent)]
    home = g.principal.workspace_id
    outcome = events.record(session, home, play, batch, learner_id=None)
    session.commit()
    ignored = [{"id": str(each.id), "reason": each.reason} for each in outcome.ignored]
    reply: Response = jsonify(accepted=outcome.accepted, ignored=ignored)
    reply.status_code = 202
    return reply


def _event(path: str, sent: dict[str, Any]) -> Event:
    def read(name: str, reader: values.Reader[Any]) -> Any:
        return values.field(path + name, sent.get(name), reader)

    def optional(name: str, reader: values.Reader[Any]) -> Any:
        return None if sent.get(name) is None else read(name, reader)

    kind = read("type", values.choice(events.KINDS))
    # A seek goes to a second, captions and quality to one of their names.
    to_s = optional("to", _SECONDS) if kind == "seek" else None
    value = None if kind == "seek" or sent.get("to") is None else str(sent["to"])
    asset_id: uuid.UUID = read("asset", values.identifier)
    return Event(
        id=read("id", values.identifier),
        kind=kind,
        asset_id=asset_id,
        version=read("version", values.whole(0, (1 << 31) - 1)),
        at=read("at", values.moment("never")),
        start_s=optional("start", _SECONDS),
        end_s=optional("end", _SECONDS),
        speed=optional("speed", _SECONDS),
        to_s=to_s,
        value=values.field(f"{path}to", value, _TEXT) if value is not None else None,
    )
