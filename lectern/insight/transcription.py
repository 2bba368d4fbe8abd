"""The captions step of a version: what to hear and what to take out of the file, and once more."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, update
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.errors import Conflict
from lectern.insight import captions, glossary, languages
from lectern.insight.cues import Cue
from lectern.insight.editing import tracks
from lectern.library import assets
from lectern.models import Asset, CaptionTrack, Task, TaskState, Transcript, Version
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require
from lectern.pipeline import tasks
from lectern.pipeline.registry import Step

# What a task waits for while its model is not here.
MODEL = "model"


@dataclass(frozen=True)
class Wanted:
    """What decides how a version is heard: `language` None is to be found out."""

    language: str | None
    hotwords: str


@dataclass(frozen=True)
class Inside:
    """A text subtitle track of the file, by its stream's index, and what it becomes."""

    stream: int
    language: str
    label: str


def wanted(session: Session, version: Version) -> Wanted:
    """The language somebody named, and the words of the courses that use the file."""
    asset = session.get_one(Asset, (version.workspace_id, version.asset_id))
    language = languages.tag_or_unknown(asset.language)
    known = None if language == languages.UNKNOWN else language
    return Wanted(known, glossary.hotwords(session, asset))


def inside(session: Session, version: Version) -> list[Inside]:
    """The subtitle tracks of the file that are not among the captions yet."""
    asset = session.get_one(Asset, (version.workspace_id, version.asset_id))
    streams = version.facts.get("streams") or ()
    texts = [each for each in streams if each["kind"] == "subtitle" and each["form"] == "text"]
    known = {track.language for track in captions.rows(session, version)}
    named = _named(texts, languages.tag_or_unknown(asset.language))
    return [each for each in named if each.language not in known]


def take_in(session: Session, version: Version, found: Inside, cues: Sequence[Cue]) -> bool:
    """Keep a track of the file as captions; False where somebody has some in this language."""
    known = {track.language for track in captions.rows(session, version)}
    if found.language in known or not cues:
        return False
    session.add(
        CaptionTrack(
            workspace_id=version.workspace_id,
            version_id=version.id,
            language=found.language,
            label=found.label,
            cues=[each.to_json() for each in tracks.checked(cues)],
            state="in_review",
            origin="embedded",
        )
    )
    session.flush()
    details = {"language": found.language, "version": version.number, "cues": len(cues)}
    principal = Principal.system(version.workspace_id)
    audit.record(session, principal, "captions.import", "asset", version.asset_id, details)
    return True


def heard_again(session: Session, transcript: Transcript) -> None:
    """Nothing would be heard otherwise: the transcript counts as the newest."""
    row = session.get_one(Transcript, (transcript.workspace_id, transcript.id))
    row.heard_at = func.clock_timestamp()
    session.flush()


def again(session: Session, principal: Principal, asset: Asset, language: str | None) -> Task:
    """Have a machine listen once more, for this language (None: it finds out which).

    What people wrote stays as it is. The caller enqueues the task after the commit.

    Raises:
        Conflict: it is listening now, or the asset has nothing to listen to.
    """
    require(principal, Action.EDIT, asset)
    if asset.kind not in {"video", "audio"} or asset.current_version_id is None:
        raise Conflict("Captions can only be generated for video and audio files.")
    task = _task(session, asset.workspace_id, asset.current_version_id, asset.id)
    if task.state == TaskState.RUNNING:
        raise Conflict(
            "Captions for this file are already being generated. Wait until "
            "they are ready, then try again."
        )
    tag = languages.tag(language) if language else None
    if tag != (asset.language or None):
        assets.edit(session, principal, asset, {"language": tag})
    tasks.begin_again(session, task)
    details = {"language": tag, "version": asset.version_number}
    audit.record(session, principal, "captions.again", "asset", asset.id, details)
    return task


def model_came(session: Session) -> int:
    """Queue every step, of all workspaces, that waited for the model; returns how many."""
    woken = session.scalars(
        update(Task)
        .where(Task.state == TaskState.WAITING, Task.awaits == MODEL)
        .values(state=TaskState.QUEUED, awaits=None, reason=None, run_at=func.clock_timestamp())
        .returning(Task.id)
        .execution_options(synchronize_session=False)
    )
    return len(woken.all())


def task_of(session: Session, version: Version) -> Task | None:
    """The captions step of the version, None for versions older than it."""
    return session.scalar(_step_of(version.workspace_id, version.id))


def _task(
    session: Session, workspace_id: uuid.UUID, version_id: uuid.UUID, asset_id: uuid.UUID
) -> Task:
    # Before the asset: a worker that ends a task locks in this order.
    found = session.scalar(_step_of(workspace_id, version_id).with_for_update())
    return found or tasks.add(
        session, workspace_id, Step.CAPTIONS, version_id=version_id, asset_id=asset_id
    )


def _step_of(workspace_id: uuid.UUID, version_id: uuid.UUID) -> Select[Task]:
    return scoped(Task, workspace_id).where(
        Task.version_id == version_id, Task.step == Step.CAPTIONS
    )


def _named(streams: Sequence[Mapping[str, Any]], spoken: str) -> list[Inside]:
    """A language for each track; a second one of a language says how it differs from the first."""
    found: dict[str, Inside] = {}
    for stream in sorted(streams, key=lambda each: (not each["default"], each["index"])):
        title = str(stream["title"] or "")
        language = languages.tag_or_unknown(stream["language"])
        language = spoken if language == languages.UNKNOWN else language
        if "forced" in title.casefold():
            language += "-x-forced"
        number, unique = 1, language
        while unique in found:
            number += 1
            joint = "" if "-x-" in language else "-x"
            unique = f"{language}{joint}-{number}"
        found[unique] = Inside(int(stream["index"]), unique, title[:80])
    return list(found.values())
