"""What machines heard in a blob, and what is said in a version as the best of its captions know."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lectern.database.scope import scoped
from lectern.insight import cues
from lectern.insight.cues import Cue, Word
from lectern.models import Transcript


@dataclass(frozen=True)
class Segment:
    """A stretch of speech; `words` are empty where a person wrote it.

    `speaker` is empty where nobody is named.
    """

    start_s: float
    end_s: float
    text: str
    words: tuple[Word, ...] = ()
    speaker: str = ""

    def to_json(self) -> dict[str, Any]:
        """As `transcript.segments` keeps it."""
        words = [[word.start_s, word.end_s, word.text, word.confidence] for word in self.words]
        return {"start": self.start_s, "end": self.end_s, "text": self.text, "words": words}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Segment":
        """The inverse of `to_json`."""
        words = tuple(Word(*each) for each in values.get("words", ()))
        return cls(float(values["start"]), float(values["end"]), str(values["text"]), words)


@dataclass(frozen=True)
class Heard:
    """What a recogniser heard; `language` is `und` when nobody speaks. `facts` tell of the run."""

    language: str
    segments: Sequence[Segment]
    facts: dict[str, Any] = field(default_factory=dict)


def record(
    session: Session, workspace_id: uuid.UUID, blob_id: uuid.UUID, model: str, settings: str, *,
    heard: Heard,
) -> None:  # fmt: skip
    """Write down what was heard, in place of what the same model heard so before."""
    values = {
        "language": heard.language,
        "segments": [segment.to_json() for segment in heard.segments],
        "facts": heard.facts,
        "heard_at": func.clock_timestamp(),
    }
    key = {"workspace_id": workspace_id, "blob_id": blob_id, "model": model, "settings": settings}
    session.execute(
        insert(Transcript)
        .values(**key, **values)
        .on_conflict_do_update(index_elements=list(key), set_=values)
    )


def find(
    session: Session, workspace_id: uuid.UUID, blob_id: uuid.UUID, model: str, settings: str
) -> Transcript | None:
    """What this model heard in the blob with these settings."""
    key = {"workspace_id": workspace_id, "blob_id": blob_id, "model": model, "settings": settings}
    return session.scalar(select(Transcript).filter_by(**key))


def newest(session: Session, workspace_id: uuid.UUID, blob_id: uuid.UUID) -> Transcript | None:
    """What was heard in the blob the last time somebody listened; None before, and of silence."""
    found = session.scalar(
        scoped(Transcript, workspace_id)
        .where(Transcript.blob_id == blob_id)
        .order_by(Transcript.heard_at.desc(), Transcript.id.desc())
        .limit(1)
    )
    return found if found is not None and found.segments else None


def segments_of(transcript: Transcript) -> list[Segment]:
    """The segments with their words."""
    return [Segment.from_json(each) for each in transcript.segments]


def cues_of(transcript: Transcript) -> list[Cue]:
    """The machine's captions."""
    words = [word for segment in segments_of(transcript) for word in segment.words]
    return cues.from_words(words)
