"""Captions that go on with other versions: a copy where they are edited, or where files merge."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from lectern.insight import captions
from lectern.models import CaptionEdit, CaptionTrack, Version


def own(session: Session, version: Version, track: CaptionTrack) -> CaptionTrack:
    """The version's own row: a copy, where it sees that of an earlier version."""
    if track.version_id == version.id:
        return track
    copy = CaptionTrack(
        workspace_id=version.workspace_id,
        version_id=version.id,
        language=track.language,
        label=track.label,
        cues=track.cues,
        state=track.state,
        origin=track.origin,
        lock_version=track.lock_version,
        edited_by=track.edited_by,
        edited_at=track.edited_at,
        reviewed_by=track.reviewed_by,
        reviewed_at=track.reviewed_at,
        carried_from=track.version_id,
        deleted_at=track.deleted_at,
    )
    session.add(copy)
    session.flush()
    keep(session, copy, track.edited_by)
    return copy


def lacking(
    session: Session, kept: Version, others: Sequence[Version]
) -> tuple[list[CaptionTrack], list[CaptionTrack]]:
    """Of the tracks of `others`, those in languages that `kept` has none in, and the other ones.

    All versions are of equal bytes. What somebody deleted of `kept` counts as there.
    """
    known = {track.language for track in captions.rows(session, kept)}
    new: list[CaptionTrack] = []
    rest: list[CaptionTrack] = []
    for version in others:
        for track in captions.rows(session, version):
            if track.deleted_at is None:
                (rest if track.language in known else new).append(track)
                known.add(track.language)
    return new, rest


def keep(session: Session, track: CaptionTrack, edited_by: object) -> None:
    """Write the cues down as a step of the track's history."""
    session.add(
        CaptionEdit(
            workspace_id=track.workspace_id,
            track_id=track.id,
            number=track.lock_version,
            cues=track.cues,
            edited_by=edited_by,
        )
    )
    session.flush()
