"""The version a task works on, as plain values that outlive their transaction."""

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.orm import Session, joinedload

from jobs.work import Work
from lectern.media.facts import Facts
from lectern.models import Version
from lectern.renditions import renditions


@dataclass(frozen=True)
class Subject:
    """`key` is where the version's original bytes are stored; `original` brings them here."""

    workspace_id: uuid.UUID
    asset_id: uuid.UUID
    blob_id: uuid.UUID
    key: str
    facts: Facts
    version: Version


def load(work: Work) -> Subject:
    """What the claimed task is about."""

    def read(session: Session) -> Version:
        key = (work.claim.workspace_id, work.claim.version_id)
        return session.get_one(Version, key, options=[joinedload(Version.blob)])

    version = work.read(read)
    return Subject(
        workspace_id=version.workspace_id,
        asset_id=version.asset_id,
        blob_id=version.blob_id,
        key=version.blob.key,
        facts=Facts.from_json(version.facts),
        version=version,
    )


def original(work: Work, subject: Subject) -> AbstractContextManager[Path]:
    """A local file with the original bytes, to be read only, while the block lasts."""
    return work.process.storage.local_copy(subject.key)


@contextmanager
def opened(work: Work, subject: Subject, *, seeking: bool = False) -> Iterator[tuple[Path, Facts]]:
    """The file to make things of, to be read only, while the block lasts, with its facts.

    It is the original, unless a player shows something else than its coded data in their order,
    or pictures of it are looked up by time (`seeking`) and it has no index.
    """
    facts = subject.facts
    if facts.seekable if seeking else facts.direct:
        with original(work, subject) as file:
            yield file, facts
    else:
        with played(work, subject) as (file, made):
            yield file, _labelled(made, facts)


def _labelled(made: Facts, original: Facts) -> Facts:
    """The facts of a rendition, with what the original says of its main sound."""
    main = next((s for s in original.streams if s.index == original.audio_stream), None)
    streams = tuple(
        replace(each, language=main.language, title=main.title)
        if main and each.index == made.audio_stream
        else each
        for each in made.streams
    )
    return replace(made, streams=streams)


@contextmanager
def played(work: Work, subject: Subject) -> Iterator[tuple[Path, Facts]]:
    """What a browser plays of it, small, upright and made by the sandbox; else the original.

    To be read only, while the block lasts, with the facts of what it is.
    """
    wanted = (subject.workspace_id, subject.blob_id, renditions.PLAYABLE)
    made = work.read(lambda session: renditions.find(session, *wanted))
    if made is None:
        with original(work, subject) as file:
            yield file, subject.facts
    else:
        with work.process.storage.local_copy(made.blob.key) as copy:
            yield copy, Facts.from_json(made.facts)
