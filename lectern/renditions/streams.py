"""Streams of a version: what is made, and the plan and the pieces that it is made by."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.models import Blob, Rendition, StreamPlan, Version, new_id
from lectern.pipeline import tasks
from lectern.pipeline.tasks import Claim
from lectern.renditions import renditions

FOLDER = "hls/"
MASTER = "master.m3u8"
# The coded data of the source alone: to be played until all rungs are there.
FIRST = "first.m3u8"
PROGRESSIVE = "mp4"
# The shorter side, in pixels, that a plain MP4 has at most.
PLAIN_SIDE = 720
PARTS = renditions.PIECES


def find(
    session: Session, workspace_id: uuid.UUID, source_blob_id: uuid.UUID, name: str
) -> Rendition | None:
    """The file of that name among the blob's streams; for the master playlist the best there is."""
    found = renditions.find(session, workspace_id, source_blob_id, FOLDER + name)
    if found is None and name == MASTER:
        return renditions.find(session, workspace_id, source_blob_id, FOLDER + FIRST)
    return found


def plain(session: Session, workspace_id: uuid.UUID, source_blob_id: uuid.UUID) -> Blob | None:
    """A plain MP4 of at most 720p: one of its own, or what is played where that is one."""
    return plain_among(renditions.of_blob(session, workspace_id, source_blob_id))


def plain_among(made: Mapping[str, Rendition]) -> Blob | None:
    """The same, of a blob's renditions by spec."""
    if own := made.get(PROGRESSIVE):
        return own.blob
    played = made.get(renditions.PLAYABLE)
    return played.blob if played and is_plain(played.blob.mime, played.facts) else None


def playable_among(made: Mapping[str, Rendition]) -> bool:
    """Whether a blob's renditions by spec have a master playlist, or the one before it."""
    return FOLDER + MASTER in made or FOLDER + FIRST in made


def is_plain(mime: str, facts: Mapping[str, Any]) -> bool:
    """True for a file that plays everywhere, by its facts; see `lectern.media.facts`."""
    side = min(facts.get("width") or 0, facts.get("height") or 0)
    plays = mime == "video/mp4" and facts.get("video_codec") == "h264"
    return plays and 0 < side <= PLAIN_SIDE


def rebased(master: str, folder: str) -> str:
    """The same master playlist for another address: its names are in `folder`."""
    lines = (
        line if line.startswith("#") or not line else f"{folder}{line}"
        for line in master.split("\n")
    )
    return "\n".join(lines).replace(',URI="', f',URI="{folder}')


def part_spec(number: int, name: str) -> str:
    """The rendition's spec for segment `number` (from 0) of a rung."""
    return f"{PARTS}{number}/{name}"


def find_plan(
    session: Session, workspace_id: uuid.UUID, version_id: uuid.UUID
) -> StreamPlan | None:
    """What was agreed on for the version, while its streams are being made."""
    query = select(StreamPlan).filter_by(workspace_id=workspace_id, version_id=version_id)
    return session.scalar(query)


def keep_plan(
    session: Session, claim: Claim, plan: Mapping[str, Any], made: Mapping[str, Any]
) -> None:
    """Write down what all workers of the claimed version are to go by.

    Raises:
        LostLease: another worker has the task; the caller's transaction must roll back.
    """
    tasks.record_progress(session, claim, 0.0)
    values = {"plan": dict(plan), "made": dict(made)}
    session.execute(
        insert(StreamPlan)
        .values(id=new_id(), workspace_id=claim.workspace_id, version_id=claim.version_id, **values)
        .on_conflict_do_update(index_elements=["workspace_id", "version_id"], set_=values)
    )


def start_over(session: Session, claim: Claim, version: Version) -> None:
    """Forget what was agreed on and what was made by it, short of a finished whole.

    Another version of the same bytes that is at it keeps what both have made.

    Raises:
        LostLease: another worker has the task.
    """
    tasks.record_progress(session, claim, 0.0)
    session.execute(_plan_of(version))
    others = (
        select(StreamPlan.id)
        .join(Version, _PLANNED)
        .where(Version.workspace_id == version.workspace_id, Version.blob_id == version.blob_id)
    )
    key = (version.workspace_id, version.blob_id)
    if session.scalar(select(others.exists())):
        return
    # In this order: who finishes drops the plan and records the whole in one transaction.
    if renditions.find(session, *key, FOLDER + MASTER) is None:
        session.execute(_made_of(version, FOLDER))
    session.execute(_made_of(version, PARTS))


def missing(
    session: Session, version: Version, number: int, names: Sequence[str]
) -> Collection[int]:
    """The segments, counted from 0, that are not there in every rung of these names."""
    there = set(
        session.scalars(
            scoped(Rendition, version, Rendition.spec).where(
                Rendition.source_blob_id == version.blob_id,
                Rendition.spec.startswith(PARTS, autoescape=True),
            )
        )
    )
    every = range(number)
    return {n for n in every if any(part_spec(n, name) not in there for name in names)}


def tidy(session: Session, version: Version) -> None:
    """Forget the plan and the segments, now that the whole is made of them."""
    session.execute(_plan_of(version))
    session.execute(_made_of(version, PARTS))


_PLANNED = (StreamPlan.workspace_id == Version.workspace_id) & (StreamPlan.version_id == Version.id)


def _plan_of(version: Version) -> Any:
    query = delete(StreamPlan).filter_by(workspace_id=version.workspace_id, version_id=version.id)
    return query.execution_options(synchronize_session=False)


def _made_of(version: Version, prefix: str) -> Any:
    query = delete(Rendition).where(
        Rendition.workspace_id == version.workspace_id,
        Rendition.source_blob_id == version.blob_id,
        Rendition.spec.startswith(prefix, autoescape=True),
    )
    return query.execution_options(synchronize_session=False)
