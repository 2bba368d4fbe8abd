"""Corrections by a glossary that a person accepts, edits or undoes: `proposals.kinds.Handler`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from lectern.changes import ledger
from lectern.changes.ledger import Change
from lectern.errors import Conflict, Invalid, Message, NotFound
from lectern.insight import captions, corrections
from lectern.insight.corrections import Correction
from lectern.insight.cues import Cue
from lectern.insight.editing import tracks
from lectern.models import Asset, CaptionTrack, Proposal, Version
from lectern.people.principal import Principal
from lectern.proposals import accepting, proposals
from lectern.proposals.proposals import Filter
from lectern.text import clean_text

CHANGED = Message("Somebody changed this cue since, so the correction no longer fits it.")


def check(proposal: Proposal, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The proposal's payload with another text `after`.

    Raises:
        Invalid: there is no such text, or another member is not as it was proposed.
    """
    for name, value in payload.items():
        if name != "after" and value != proposal.payload.get(name):
            raise Invalid.of(f"payload.{name}", "Only “after” can be edited.")
    text = payload.get("after")
    after = clean_text(text) if isinstance(text, str) else ""
    if not 0 < len(after) <= tracks.LONGEST_CUE:
        wanted = Message("Send a text of 1 to %(most)d characters.")
        raise Invalid.of("payload.after", wanted, most=tracks.LONGEST_CUE)
    return {**proposal.payload, "after": after}


def accept(
    session: Session, principal: Principal, proposal: Proposal, payload: Mapping[str, Any]
) -> Sequence[Change]:
    """Save the captions with the correction.

    Raises:
        Conflict: the cue is not there any more as it was.
    """
    asset, version, cues = _now(session, proposal)
    index = _index(cues, payload["start"])
    if index is None or corrections.text_of(cues[index]) != payload["before"]:
        raise Conflict(CHANGED)
    before = cues[index].text
    cues[index] = corrections.with_text(cues[index], payload["after"])
    tracks.save(session, principal, asset, version, payload["language"], cues)
    return [_change(payload["language"], asset, cues[index], before)]


def undo(
    session: Session, principal: Principal, proposal: Proposal, changes: Sequence[Change]
) -> Sequence[ledger.Conflict]:
    """Give the cue the text that it had."""
    asset, version, cues = _now(session, proposal)
    start_s = float(proposal.payload["start"])

    def current(change: Change) -> str | None:
        index = _index(cues, start_s)
        return None if index is None else cues[index].text

    def restore(change: Change) -> None:
        index = _index(cues, start_s)
        assert index is not None, "it has a text"  # noqa: S101
        cues[index] = replace(cues[index], text=change.before)
        tracks.save(session, principal, asset, version, proposal.payload["language"], cues)

    return ledger.undo(changes, current, restore, overtaken=CHANGED)


def apply(
    session: Session,
    principal: Principal,
    asset: Asset,
    version: Version,
    language: str,
    wanted: Sequence[Correction],
    *,
    seen: str | None = None,
) -> CaptionTrack:
    """Make several corrections of the shown captions in one step, each as an accepted proposal.

    Raises:
        NotFound: there are no captions in this language.
        Stale: somebody changed them since they were `seen`.
    """
    shown = captions.find(session, version, language)
    if shown is None:
        raise NotFound(captions.NONE)
    cues = corrections.corrected(shown.cues, wanted)
    corrections.refresh(session, asset)
    rows = {
        (row.payload["language"], row.payload["start"]): row
        for row in proposals.list_all(
            session, principal, Filter(corrections.KIND, proposals.OPEN, asset.id)
        )
    }
    for each in wanted:
        row = rows.get((language, each.start_s))
        if row is not None:
            cue, before = cues[each.index], shown.cues[each.index].text
            change = _change(language, asset, cue, before)
            accepting.decide(session, principal, row, proposals.ACCEPTED, changes=[change])
    return tracks.save(session, principal, asset, version, language, cues, seen=seen)


def _now(session: Session, proposal: Proposal) -> tuple[Asset, Version, list[Cue]]:
    """The file as it is shown now, and its cues in the proposal's language."""
    asset = session.get_one(Asset, (proposal.workspace_id, proposal.asset_id))
    version = session.get(Version, (asset.workspace_id, asset.current_version_id))
    if version is None:
        raise Conflict(CHANGED)
    shown = captions.find(session, version, proposal.payload["language"])
    if shown is None:
        raise Conflict(CHANGED)
    return asset, version, list(shown.cues)


def _index(cues: Sequence[Cue], start_s: float) -> int | None:
    return next((at for at, cue in enumerate(cues) if abs(cue.start_s - start_s) < 0.0005), None)


def _change(language: str, asset: Asset, cue: Cue, before: str) -> Change:
    return Change("asset", asset.id, f"captions.{language}@{cue.start_s:.3f}", before, cue.text)
