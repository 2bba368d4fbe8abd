"""Changing captions: what a person does to them, kept with its history, never a machine's doing."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from lectern.database.locks import lock
from lectern.errors import Invalid, Message, NotFound, Stale
from lectern.insight import captions, carry_over, corrections, languages
from lectern.insight.caption_files.markup import settings_of, speaker_name, tidy
from lectern.insight.captions import Captions
from lectern.insight.cues import Cue
from lectern.insight.subtitles import MAX_CUES
from lectern.models import Asset, CaptionEdit, CaptionTrack, Version
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

CHANGED = Message(
    "Someone changed these captions after you opened them. Reload to see the changes."
)
LONGEST_CUE = 2_000
# Saves of one person within this time are one step of the history, when nobody asked for them.
ONE_SITTING = timedelta(minutes=5)


def save(
    session: Session,
    principal: Principal,
    asset: Asset,
    version: Version,
    language: str,
    cues: Sequence[Cue],
    *,
    origin: str = "person",
    seen: str | None = None,
    autosave: bool = False,
) -> CaptionTrack:
    """Keep these cues as the captions in a language; what they replace stays in the history.

    `seen` is the `Captions.tag` that the person saw, empty for none; None skips the comparison.
    An `autosave` soon after another of the same person is no step of its own.

    Raises:
        Invalid: a cue that cannot be kept, by its number; nothing was changed.
        Stale: somebody changed them since.
    """
    language, rows = languages.tag(language), [cue.to_json() for cue in checked(cues)]
    before, track = _begin(session, principal, asset, version, language, seen)
    if before is not None and [cue.to_json() for cue in before.cues] == rows:
        return track
    track.cues, track.origin = rows, origin if before is None else _origin(track, origin)
    track.state, track.reviewed_by, track.reviewed_at = "in_review", None, None
    if _step(session, principal, track, autosave=autosave):
        details = {"language": language, "version": version.number, "cues": len(rows)}
        audit.record(session, principal, "captions.save", "asset", asset.id, details)
        corrections.refresh(session, asset)
    return track


def review(
    session: Session,
    principal: Principal,
    asset: Asset,
    version: Version,
    language: str,
    *,
    reviewed: bool,
    seen: str | None = None,
) -> CaptionTrack:
    """Say that a person has checked them, or that they need another look.

    Raises:
        NotFound: there are no captions in this language.
        Stale: somebody changed them since.
    """
    before, track = _begin(session, principal, asset, version, languages.tag(language), seen)
    if before is None:
        raise NotFound(captions.NONE)
    track.state = "reviewed" if reviewed else "in_review"
    track.reviewed_by = principal.user_id if reviewed else None
    track.reviewed_at = func.clock_timestamp() if reviewed else None
    _touch(session, principal, track)
    details = {"language": language, "version": version.number, "state": track.state}
    audit.record(session, principal, "captions.review", "asset", asset.id, details)
    return track


def delete(
    session: Session, principal: Principal, asset: Asset, version: Version, language: str
) -> None:
    """Take them away; `restore` brings them back.

    Raises:
        NotFound: there are no captions in this language.
    """
    before, track = _begin(session, principal, asset, version, languages.tag(language), None)
    if before is None:
        raise NotFound(captions.NONE)
    track.deleted_at = func.clock_timestamp()
    _touch(session, principal, track)
    details = {"language": language, "version": version.number, "cues": len(before.cues)}
    audit.record(session, principal, "captions.delete", "asset", asset.id, details)


def restore(
    session: Session, principal: Principal, asset: Asset, version: Version, language: str
) -> None:
    """Bring deleted captions back as they were.

    Raises:
        NotFound: none were deleted in this language.
    """
    require(principal, Action.EDIT, asset)
    lock(session, asset)
    row = _row(session, version, languages.tag(language))
    if row is None or row.deleted_at is None:
        raise NotFound("There are no deleted captions in this language.")
    track = carry_over.own(session, version, row)
    track.deleted_at = None
    _touch(session, principal, track)
    details = {"language": language, "version": version.number, "cues": len(track.cues)}
    audit.record(session, principal, "captions.restore", "asset", asset.id, details)


def history(session: Session, track: CaptionTrack, most: int | None = None) -> list[CaptionEdit]:
    """The steps of the track with who made each, newest first: all, or the `most` last ones."""
    return list(
        session.scalars(
            select(CaptionEdit)
            .where(CaptionEdit.workspace_id == track.workspace_id, CaptionEdit.track_id == track.id)
            .options(joinedload(CaptionEdit.editor))
            .order_by(CaptionEdit.number.desc())
            .limit(most)
        )
    )


def checked(cues: Sequence[Cue]) -> list[Cue]:
    """The cues as they are kept: tidy text, milliseconds.

    Raises:
        Invalid: one is empty, too long, ends before it begins, or overlaps the next.
    """
    if not 0 < len(cues) <= MAX_CUES:
        raise Invalid(
            "Captions have from 1 to %(max_cues)s cues; these have %(count)s.",
            max_cues=f"{MAX_CUES:,}",
            count=f"{len(cues):,}",
        )
    normalized = [_normalized(cue) for cue in cues]
    for number, cue in enumerate(normalized, start=1):
        if not 0 <= cue.start_s < cue.end_s:
            raise _wrong(number, "it has to end after it begins.")
        if not cue.text:
            raise _wrong(number, "it has no text.")
        if len(cue.text) > LONGEST_CUE:
            raise _wrong(number, f"a cue may have at most {LONGEST_CUE:,} characters.")
    for number, (one, other) in enumerate(pairwise(normalized), start=1):
        if one.end_s > other.start_s:
            raise _wrong(number, "it ends after the next one begins.")
    return normalized


def _normalized(cue: Cue) -> Cue:
    start_s, end_s = round(cue.start_s, 3), round(cue.end_s, 3)
    speaker, settings = speaker_name(cue.speaker), settings_of(cue.settings.split())
    return Cue(start_s, end_s, tidy(cue.text), speaker, settings)


def _wrong(number: int, problem: str) -> Invalid:
    return Invalid(
        "Cue %(number)s: %(problem)s",
        {f"cues.{number - 1}": problem},
        number=number,
        problem=problem,
    )


def _begin(
    session: Session,
    principal: Principal,
    asset: Asset,
    version: Version,
    language: str,
    seen: str | None,
) -> tuple[Captions | None, CaptionTrack]:
    """Hold the asset; what is shown in this language now, and the version's own row for it."""
    require(principal, Action.EDIT, asset)
    lock(session, asset)
    before = captions.find(session, version, language)
    if seen is not None and seen != (before.tag if before else ""):
        raise Stale(CHANGED)
    row = _row(session, version, language)
    if row is not None and (before is None or before.track is not None):
        track = carry_over.own(session, version, row)
        track.deleted_at = None
        return before, track
    if row is not None and row.version_id == version.id:
        # Deleted, and the machine has listened again since: what it heard is what is changed.
        track = row
        track.deleted_at = None
    else:
        track = CaptionTrack(
            workspace_id=version.workspace_id, version_id=version.id, language=language, cues=[]
        )
        track.lock_version = 0
        session.add(track)
    track.origin, track.state = ("machine", "machine") if before else ("person", "in_review")
    track.reviewed_at = track.reviewed_by = None
    track.cues = [cue.to_json() for cue in before.cues] if before else []
    if before is not None:
        track.lock_version += 1
        session.flush()
        carry_over.keep(session, track, None)
    return before, track


def _row(session: Session, version: Version, language: str) -> CaptionTrack | None:
    rows = captions.rows(session, version)
    return next((track for track in rows if track.language == language), None)


def _origin(track: CaptionTrack, origin: str) -> str:
    # Corrected captions are a person's, wherever they came from.
    return origin if origin != "person" or track.origin == "machine" else track.origin


def _touch(session: Session, principal: Principal, track: CaptionTrack) -> None:
    track.lock_version += 1
    track.edited_by, track.edited_at = principal.user_id, func.clock_timestamp()
    session.flush()


def _step(session: Session, principal: Principal, track: CaptionTrack, *, autosave: bool) -> bool:
    """Write down the change; True when it is a step of its own in the history."""
    track.lock_version = track.lock_version or 0
    _touch(session, principal, track)
    # The first step is what somebody began with: it stays as it was.
    steps = history(session, track, most=2) if autosave else []
    if len(steps) == 2 and _same_sitting(session, principal, steps[0]):
        steps[0].cues, steps[0].number = track.cues, track.lock_version
        session.flush()
        return False
    carry_over.keep(session, track, principal.user_id)
    return True


def _same_sitting(session: Session, principal: Principal, step: CaptionEdit) -> bool:
    if step.edited_by != principal.user_id:
        return False
    return bool(session.scalar(select(step.created_at > func.clock_timestamp() - ONE_SITTING)))
