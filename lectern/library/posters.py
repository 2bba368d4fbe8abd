"""Posters: the machine's candidates, and the person's choice that outranks them for ever."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern.errors import Invalid, NotFound
from lectern.library import renditions
from lectern.library.locking import lock
from lectern.models import Asset, Blob, Rendition, Version
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.people.rights import Action, require

_CANDIDATE = re.compile(r"poster\.([1-9])")


@dataclass(frozen=True)
class PosterCandidate:
    """One proposed still: `rank` 1 is the machine's favourite; `at_s` is its second, if any."""

    rank: int
    blob: Blob
    at_s: float | None
    reasons: tuple[str, ...]
    chosen: bool


def record(session: Session, version: Version, made: Sequence[tuple[Blob, dict[str, Any]]]) -> None:
    """Write down a version's candidates, best first, and show the first one where no person chose.

    `facts` hold `at_s`, `reasons`, `scores`, `width` and `height`.
    """
    for rank, (blob, facts) in enumerate(made, start=1):
        renditions.record(
            session, version.workspace_id, version.blob_id, f"poster.{rank}", blob, facts
        )
    show_best(session, version)


def show_best(session: Session, version: Version) -> None:
    """Make the machine's favourite the poster of the asset whose current version this is.

    Where a person chose, nothing changes.
    """
    best = renditions.find(session, version.workspace_id, version.blob_id, "poster.1")
    asset = session.get_one(
        Asset,
        (version.workspace_id, version.asset_id),
        with_for_update=True,
        populate_existing=True,
    )
    if asset.current_version_id == version.id and asset.poster_chosen_by is None:
        asset.poster_blob_id = best.blob_id if best else None
        asset.lock_version += 1
        session.flush()


def candidates(session: Session, asset: Asset) -> list[PosterCandidate]:
    """The current version's candidates, best first."""
    version = session.get(Version, (asset.workspace_id, asset.current_version_id))
    if version is None:
        return []
    found = []
    for rendition in renditions.list_of(session, asset.workspace_id, version.blob_id):
        match = _CANDIDATE.fullmatch(rendition.spec)
        if match:
            found.append(_candidate(rendition, int(match[1]), asset))
    return found


def _candidate(rendition: Rendition, rank: int, asset: Asset) -> PosterCandidate:
    return PosterCandidate(
        rank=rank,
        blob=rendition.blob,
        at_s=rendition.facts.get("at_s"),
        reasons=tuple(rendition.facts.get("reasons", ())),
        chosen=rendition.blob_id == asset.poster_blob_id,
    )


def choose(session: Session, principal: Principal, asset: Asset, rank: int) -> None:
    """A person picks candidate `rank`; no machine changes it, not for a new version either.

    Raises:
        Invalid: there is no such candidate.
    """
    require(principal, Action.CHOOSE_POSTER, asset)
    lock(session, asset)
    for candidate in candidates(session, asset):
        if candidate.rank == rank:
            before = str(asset.poster_blob_id) if asset.poster_blob_id else None
            asset.poster_blob_id = candidate.blob.id
            asset.poster_chosen_by = principal.user_id
            asset.lock_version += 1
            asset.updated_at = func.clock_timestamp()
            session.flush()
            details = {"before": before, "after": str(candidate.blob.id), "rank": rank}
            audit.record(session, principal, "asset.poster", "asset", asset.id, details)
            return
    raise Invalid(f"There is no poster candidate {rank}.", {"rank": "Choose one that is shown."})


def blob_of(session: Session, asset: Asset, rank: int | None = None) -> Blob:
    """The asset's poster, or its candidate `rank`.

    Raises:
        NotFound: there is none.
    """
    blob_id: uuid.UUID | None = asset.poster_blob_id
    if rank is not None:
        blob_id = next((c.blob.id for c in candidates(session, asset) if c.rank == rank), None)
    blob = blob_id and session.scalar(
        select(Blob).where(Blob.workspace_id == asset.workspace_id, Blob.id == blob_id)
    )
    if not blob:
        raise NotFound("There is no poster.")
    return blob


def best_of(session: Session, version: Version) -> Blob:
    """The machine's favourite among the stills of one version, current or not.

    Raises:
        NotFound: it has none.
    """
    best = renditions.find(session, version.workspace_id, version.blob_id, "poster.1")
    if best is None:
        raise NotFound("There is no poster.")
    return best.blob
