"""What an export knows about versions besides their bytes: captions, and times to switch to them.

With a new file they come as they are. Where the file is here, what happened here comes first.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from lectern.errors import Message
from lectern.exchange.schema import Record
from lectern.insight import carry_over
from lectern.insight.cues import OPTIONAL, Cue
from lectern.models import Asset, CaptionTrack, ScheduledSwitch, SwitchState, Version, new_id
from lectern.people.audit import Fact

IN_TRASH = Message("The file is in the trash in this library.")
NO_VERSION = Message("The version it belongs to is not in this library.")
SHOWN = Message("This version is or was already shown in this library.")
OWN_TIME = Message(
    "This version is not scheduled in this library, and its original schedule has ended."
)
ENDED = Message("This scheduled change has already ended in this library.")
WAITS = Message("This scheduled change is still pending in this library.")
OTHER_HISTORY = Message(
    "The captions in this library have their own history, which stays as it is."
)
# Why a version of an export of an earlier release is not shown by itself.
UNTOLD = Message(
    "It comes from an older export that does not record when it was scheduled to be shown."
)
# How many cues that differ are told one by one.
MOST_CUES = 5


def why_not(session: Session, home: uuid.UUID, record: Record, row: Mapping[str, Any]) -> str:
    """Why this line about a version of a file that is here is not added; empty when it is.

    The file is locked from then on.
    """
    if record.file == "caption_edits":
        return OTHER_HISTORY
    version = session.get(Version, (home, row["version_id"]))
    if version is None:
        return NO_VERSION
    asset = session.get_one(Asset, (home, version.asset_id), with_for_update=True)
    if not asset.live:
        return IN_TRASH
    if record.file == "caption_tracks":
        return ""
    if version.asset_id != row["asset_id"]:
        return NO_VERSION
    if version.number <= asset.version_number:
        return SHOWN
    return "" if row["state"] == SwitchState.WAITING else OWN_TIME


def differ(here: ScheduledSwitch, row: Mapping[str, Any]) -> str:
    """Why a switch stays as it is here: it waits at one place and has ended at the other."""
    if (here.state == SwitchState.WAITING) == (row["state"] == SwitchState.WAITING):
        return ""
    return WAITS if here.state == SwitchState.WAITING else ENDED


def changed(
    session: Session, here: Any, row: Mapping[str, Any], fields: Mapping[str, Mapping[str, Any]]
) -> list[Fact]:
    """What belongs to a change of captions or of a switch, and what the audit log says of it."""
    if isinstance(here, CaptionTrack):
        here.edited_by, here.edited_at = row["edited_by"], row["edited_at"]
        session.flush()
        if "cues" in fields:
            carry_over.keep(session, here, here.edited_by)
    return facts(session, here)


def facts(session: Session, here: CaptionTrack | ScheduledSwitch) -> list[Fact]:
    """What the audit log says of captions or a switch that were changed to what they are now."""
    version = session.get_one(Version, (here.workspace_id, here.version_id))
    if isinstance(here, CaptionTrack):
        details = {"language": here.language, "version": version.number, "cues": len(here.cues)}
        return [Fact("captions.save", "asset", version.asset_id, details)]
    session.get_one(Asset, (here.workspace_id, here.asset_id)).lock_version += 1
    session.flush()
    return [_schedule(version, here.local, here.zone)]


def added(session: Session, home: uuid.UUID, record: Record, row: Mapping[str, Any]) -> Fact:
    """What the audit log says of captions or a switch that come to a version that is here."""
    version = session.get_one(Version, (home, row["version_id"]))
    if record.file == "scheduled_switches":
        session.get_one(Asset, (home, version.asset_id)).lock_version += 1
        return _schedule(version, row["local"], row["zone"])
    details = {"language": row["language"], "version": version.number, "cues": len(row["cues"])}
    return Fact("captions.save", "asset", version.asset_id, details)


def call_off(
    session: Session, home: uuid.UUID, rows: Sequence[Mapping[str, Any]], why: str
) -> None:
    """Let none of these versions become current by being the newest; each can be brought back."""
    made = [
        {
            **{"workspace_id": home, "id": new_id(), "asset_id": row["asset_id"]},
            **{"version_id": row["id"], "at": row["created_at"], "zone": "UTC"},
            "local": row["created_at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M"),
            **{"state": SwitchState.CANCELLED, "reason": why, "ended_at": datetime.now(UTC)},
        }
        for row in rows
    ]
    if made:
        session.execute(insert(ScheduledSwitch), made)


def asset_of(session: Session, home: uuid.UUID, row: Mapping[str, Any]) -> Asset | None:
    """The file to whose version or captions the line belongs, where that is here."""
    version_id = row.get("version_id")
    if "track_id" in row:
        track = session.get(CaptionTrack, (home, row["track_id"]))
        version_id = track.version_id if track else None
    version = session.get(Version, (home, version_id)) if version_id else None
    return session.get(Asset, (home, version.asset_id)) if version else None


def assets_of(
    session: Session, home: uuid.UUID, model: Any, ids: Sequence[uuid.UUID]
) -> Sequence[uuid.UUID]:
    """The ids of the assets to which these captions or switches belong."""
    same = (model.workspace_id == Version.workspace_id) & (model.version_id == Version.id)
    query = select(Version.asset_id).join(model, same)
    return session.scalars(query.where(model.workspace_id == home, model.id.in_(ids))).all()


def told(cues: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]) -> str:
    """The cues that the others do not have, in words; of many, the first and how many more."""
    known = {_key(each) for each in others}
    own = [Cue.from_json(dict(each)) for each in cues if _key(each) not in known]
    lines = [f"{_clock(each.start_s)} {' '.join(each.text.split())}" for each in own[:MOST_CUES]]
    return " / ".join([*lines, f"+ {len(own) - MOST_CUES:,}"] if len(own) > MOST_CUES else lines)


def _schedule(version: Version, local: str, zone: str) -> Fact:
    details = {"version": version.number, "at": local, "zone": zone}
    return Fact("asset.schedule", "asset", version.asset_id, details)


def _key(cue: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(cue.get(name) for name in ("start", "end", "text", *OPTIONAL))


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
