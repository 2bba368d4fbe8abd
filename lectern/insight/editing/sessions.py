"""Captions while people work on them: changes applied to what is there now, and ways back."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from lectern.database.locks import lock
from lectern.database.scope import scoped
from lectern.errors import Conflict, NotFound
from lectern.insight import captions, subtitles
from lectern.insight.captions import Captions
from lectern.insight.cues import Cue
from lectern.insight.editing import operations, tracks
from lectern.insight.editing.operations import Change, Shift
from lectern.models import Asset, CaptionEdit, CaptionTrack, Version
from lectern.people.principal import Principal
from lectern.people.rights import Action, require


@dataclass(frozen=True)
class Changed:
    """Captions as they were before a change, by whomever, and as they are after it."""

    before: Captions
    after: Captions


def change(
    session: Session,
    principal: Principal,
    asset: Asset,
    version: Version,
    language: str,
    changes: Sequence[Change],
    *,
    autosave: bool = True,
) -> Changed:
    """Make changes to the captions as they are now, whoever changed them last.

    Raises:
        NotFound: there are no captions in this language.
        Stale: somebody changed what one of the changes is about; nothing was changed.
        Invalid: the cues could not be kept so; nothing was changed.
    """
    require(principal, Action.EDIT, asset)
    lock(session, asset)
    before = _current(session, version, language)
    cues = operations.apply(before.cues, changes)
    if cues == list(before.cues):
        return Changed(before, before)
    args = (principal, asset, version, language, cues)
    tracks.save(session, *args, seen=before.tag, autosave=autosave)
    return Changed(before, _current(session, version, language))


def shift(
    session: Session,
    principal: Principal,
    asset: Asset,
    version: Version,
    language: str,
    by_s: float | None = None,
) -> Changed:
    """Move all cues by some seconds, as a step of its own; without a number, by `hours_before`.

    Raises:
        NotFound: there are no captions in this language.
        Invalid: the first one would begin before zero.
        Conflict: the times have no hours before them.
    """
    require(principal, Action.EDIT, asset)
    lock(session, asset)
    cues = _current(session, version, language).cues
    if by_s is None:
        by_s = -subtitles.hours_before(cues, asset.duration_s)
        if not by_s:
            raise Conflict("The times of these captions already fit the recording.")
    moved = Shift(cues[0], by_s, following=True)
    given = (session, principal, asset, version, language, [moved])
    return change(*given, autosave=False)


def go_back(
    session: Session,
    principal: Principal,
    asset: Asset,
    version: Version,
    language: str,
    number: int,
) -> Changed:
    """Bring back the cues as they were at a number of the history, as a new step.

    Raises:
        NotFound: the history does not reach back so far.
    """
    require(principal, Action.EDIT, asset)
    lock(session, asset)
    before = _current(session, version, language)
    step = _step(session, before.track, number)
    cues = [Cue.from_json(each) for each in step.cues]
    tracks.save(session, principal, asset, version, language, cues, seen=before.tag)
    return Changed(before, _current(session, version, language))


def _current(session: Session, version: Version, language: str) -> Captions:
    current = captions.find(session, version, language)
    if current is None:
        raise NotFound(captions.NONE)
    return current


def _step(session: Session, track: CaptionTrack | None, number: int) -> CaptionEdit:
    step = track and session.scalar(
        scoped(CaptionEdit, track)
        .where(CaptionEdit.track_id == track.id, CaptionEdit.number <= number)
        .order_by(CaptionEdit.number.desc())
        .limit(1)
    )
    if not step:
        raise NotFound("Step not found in the history of these captions.")
    return step
