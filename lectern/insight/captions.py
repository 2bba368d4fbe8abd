"""The captions of a version: a person's where there are some, else what a machine heard.

A version sees the captions of earlier versions of the same asset with the same bytes, so a
rollback brings back what people wrote. The first change copies them.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lectern.errors import Message, NotFound
from lectern.insight import languages, transcripts
from lectern.insight.cues import Cue
from lectern.insight.transcripts import Segment
from lectern.models import Asset, CaptionTrack, Transcript, User, Version

NONE = Message("This file has no captions yet.")
# How much people may rely on each state, best first.
STATES = ("reviewed", "in_review", "machine")


@dataclass(frozen=True)
class Captions:
    """Captions in one language. `number` counts their changes, 0 while they are a machine's alone.

    `track` is the row, of this version or of the one that it is seen from; `transcript` what the
    machine heard in this language, whether or not it is shown.
    """

    language: str
    cues: tuple[Cue, ...]
    state: str
    origin: str
    label: str = ""
    number: int = 0
    changed_at: datetime | None = None
    editor: User | None = None
    reviewer: User | None = None
    reviewed_at: datetime | None = None
    track: CaptionTrack | None = None
    transcript: Transcript | None = None

    @property
    def tag(self) -> str:
        """What changes with the captions: an ETag, and what an editor has seen."""
        rows = [self.language, self.number, [cue.to_json() for cue in self.cues]]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]

    @property
    def segments(self) -> list[Segment]:
        """What is said: with words and confidences where it is the machine's own."""
        if self.track is None and self.transcript is not None:
            return transcripts.segments_of(self.transcript)
        return [
            Segment(c.start_s, c.end_s, " ".join(c.text.split("\n")), speaker=c.speaker)
            for c in self.cues
        ]


def list_of(session: Session, version: Version) -> list[Captions]:
    """All captions, one a language, the most trusted first."""
    tracks = rows(session, version)
    choices = [_of_track(track) for track in tracks if track.deleted_at is None]
    heard = heard_in(session, version)
    known = {item.language for item in choices}
    if heard is not None and heard.language not in known and not _hidden(tracks, heard):
        choices.append(of_machine(heard))
    return sorted(choices, key=lambda item: (STATES.index(item.state), item.language))


def find(session: Session, version: Version, language: str) -> Captions | None:
    """The captions in exactly this language."""
    return next((item for item in list_of(session, version) if item.language == language), None)


def get(session: Session, asset: Asset, version: Version, language: str | None) -> Captions:
    """The captions in a language; without one, those that suit the file best.

    A language without region finds those with one, and the other way round.

    Raises:
        NotFound: there are none.
    """
    choices = list_of(session, version)
    wanted = languages.tag(language) if language else languages.tag_or_unknown(asset.language)
    exact = [item for item in choices if item.language == wanted]
    near = [
        item
        for item in choices
        if languages.primary(item.language) == languages.primary(wanted)
        and "-x-" not in item.language
    ]
    chosen = exact or near or ([] if language else choices)
    if not chosen:
        raise NotFound(NONE)
    return chosen[0]


def segments(session: Session, version: Version) -> list[Segment]:
    """What is said in the version, in order; empty while nobody knows. A person's words first."""
    choices = [item for item in list_of(session, version) if "-x-" not in item.language]
    heard = heard_in(session, version)
    spoken = [item for item in choices if heard is None or item.language == heard.language]
    return (spoken or choices)[0].segments if choices else []


def rows(session: Session, version: Version) -> Sequence[CaptionTrack]:
    """The rows that the version sees, deleted ones too, one a language."""
    tracks = session.scalars(
        select(CaptionTrack)
        .join(
            Version,
            (Version.workspace_id == CaptionTrack.workspace_id)
            & (Version.id == CaptionTrack.version_id),
        )
        .where(
            CaptionTrack.workspace_id == version.workspace_id,
            Version.asset_id == version.asset_id,
            Version.blob_id == version.blob_id,
            Version.number <= version.number,
        )
        .options(joinedload(CaptionTrack.editor), joinedload(CaptionTrack.reviewer))
        .order_by(Version.number.desc())
        .execution_options(populate_existing=True)
    )
    newest: dict[str, CaptionTrack] = {}
    for track in tracks:
        newest.setdefault(track.language, track)
    return list(newest.values())


def heard_in(session: Session, version: Version) -> Transcript | None:
    """What a machine heard in the version."""
    return transcripts.newest(session, version.workspace_id, version.blob_id)


def of_machine(heard: Transcript) -> Captions:
    """The machine's captions, as they are before anybody has touched them."""
    return Captions(
        language=heard.language,
        cues=tuple(transcripts.cues_of(heard)),
        state="machine",
        origin="machine",
        changed_at=heard.heard_at,
        transcript=heard,
    )


def _of_track(track: CaptionTrack) -> Captions:
    return Captions(
        language=track.language,
        cues=tuple(Cue.from_json(cue) for cue in track.cues),
        state=track.state,
        origin=track.origin,
        label=track.label,
        number=track.lock_version,
        changed_at=track.edited_at,
        editor=track.editor,
        reviewer=track.reviewer,
        reviewed_at=track.reviewed_at,
        track=track,
    )


def _hidden(tracks: Sequence[CaptionTrack], heard: Transcript) -> bool:
    """True when somebody deleted captions in this language since the machine made them."""
    return any(
        track.language == heard.language
        and track.deleted_at is not None
        and track.deleted_at >= heard.heard_at
        for track in tracks
    )
