"""How a place uses an asset: what callers may ask for, checked against the assets themselves."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.errors import Invalid, Message
from lectern.models import Asset, Usage, Version
from lectern.text import line

MOST = 500
POLICIES = ("follow", "pin")
# Callers round durations.
_ROUNDING_S = 0.01


@dataclass(frozen=True)
class UsageSpec:
    """One use of an asset. `pin` without a `version` number takes the current one; times are
    seconds from the start of the file."""

    asset_id: uuid.UUID
    slot: str = ""
    policy: str = "follow"
    version: int | None = None
    title: str | None = None
    alt: str | None = None
    start_s: float | None = None
    end_s: float | None = None


class Terms(NamedTuple):
    """A checked use, as it is stored."""

    slot: str
    policy: str
    version_id: uuid.UUID | None
    title: str | None
    alt: str | None
    start_s: float | None
    end_s: float | None


def lock_assets(
    session: Session, workspace_id: uuid.UUID, asset_ids: Iterable[uuid.UUID]
) -> dict[uuid.UUID, Asset]:
    """Those of the assets that exist, by id, held against the trash until the commit."""
    # In id order: two transactions that share assets wait for each other, never in a ring.
    query = (
        select(Asset)
        .where(Asset.workspace_id == workspace_id, Asset.id.in_(sorted(set(asset_ids))))
        .order_by(Asset.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {asset.id: asset for asset in session.scalars(query)}


def forget_counts(session: Session, assets: Iterable[Asset]) -> None:
    """The database has counted usages: what was read of these rows before is old."""
    for asset in assets:
        session.expire(asset, ["usage_count", "last_used_at", "lock_version"])


def check_all(
    session: Session,
    specs: Sequence[UsageSpec],
    assets: Mapping[uuid.UUID, Asset],
    now: Mapping[tuple[uuid.UUID, str], Usage],
) -> list[Terms]:
    """The terms of each item, in order; `now` are the usages that the place has already.

    Raises:
        Invalid: the first item that is wrong, its fields named `assets.INDEX.FIELD`.
    """
    if len(specs) > MOST:
        raise Invalid.of(
            "assets",
            "%(count)s items; one place holds at most %(most)s.",
            count=len(specs),
            most=MOST,
        )
    numbers = _versions(session, specs, assets)
    seen: dict[tuple[uuid.UUID, str], int] = {}
    checked = []
    for index, spec in enumerate(specs):
        terms = _check(index, spec, assets.get(spec.asset_id), numbers, now)
        key = (spec.asset_id, terms.slot)
        if key in seen:
            raise _wrong(
                index,
                "id",
                Message("It is already item %(seen)s of this place and slot.", seen=seen[key]),
            )
        seen[key] = index
        checked.append(terms)
    return checked


def slot_of(spec: UsageSpec, index: int = 0) -> str:
    """The slot as it is stored."""
    return line(spec.slot, f"assets.{index}.slot", longest=60, empty=True)


def _check(
    index: int,
    spec: UsageSpec,
    asset: Asset | None,
    numbers: Mapping[tuple[uuid.UUID, int], Version],
    now: Mapping[tuple[uuid.UUID, str], Usage],
) -> Terms:
    if asset is None:
        raise _wrong(index, "id", Message("File not found in this library."))
    if not asset.live:
        raise _wrong(
            index, "id", Message("“%(name)s” is in the trash. Restore it first.", name=asset.name)
        )
    if spec.policy not in POLICIES:
        raise _wrong(index, "policy", Message("Choose follow or pin."))
    slot = slot_of(spec, index)
    here = now.get((asset.id, slot))
    version_id, duration = _version(index, spec, asset, numbers, here)
    # What was right once stays: a shorter replacement must not keep a place from being edited.
    if here is None or (here.start_s, here.end_s) != (spec.start_s, spec.end_s):
        _check_times(index, spec, duration)
    return Terms(
        slot,
        spec.policy,
        version_id,
        _optional(spec.title, f"assets.{index}.title", 200),
        _optional(spec.alt, f"assets.{index}.alt", 1000),
        spec.start_s,
        spec.end_s,
    )


def _version(
    index: int,
    spec: UsageSpec,
    asset: Asset,
    numbers: Mapping[tuple[uuid.UUID, int], Version],
    here: Usage | None,
) -> tuple[uuid.UUID | None, float | None]:
    """The version that is pinned, if one is, and the duration in seconds of what is shown."""
    if spec.policy != "pin":
        if spec.version is not None:
            raise _wrong(index, "version", Message("A version number needs the policy pin."))
        return None, asset.duration_s
    if spec.version is None:
        version_id = (here.version_id if here else None) or asset.current_version_id
        if version_id is None:
            message = Message("“%(name)s” has no version to pin yet.", name=asset.name)
            raise _wrong(index, "policy", message)
        return version_id, asset.duration_s
    version = numbers.get((asset.id, spec.version))
    if version is None:
        names = {"name": asset.name, "version": spec.version}
        raise _wrong(index, "version", Message("“%(name)s” has no version %(version)s.", **names))
    return version.id, version.facts.get("duration_s")


def _check_times(index: int, spec: UsageSpec, duration: float | None) -> None:
    for field, seconds in (("start", spec.start_s), ("end", spec.end_s)):
        if seconds is None:
            continue
        if duration is None:
            raise _wrong(
                index, field, Message("This file has no duration, so nothing can be cut from it.")
            )
        if not 0 <= seconds <= duration + _ROUNDING_S:  # false for NaN as well
            raise _wrong(
                index,
                field,
                Message("Choose seconds from 0 to %(duration)s.", duration=f"{duration:g}"),
            )
    if spec.end_s is not None and spec.end_s <= (spec.start_s or 0):
        raise _wrong(index, "end", Message("The end must be after the start."))


def _versions(
    session: Session, specs: Sequence[UsageSpec], assets: Mapping[uuid.UUID, Asset]
) -> dict[tuple[uuid.UUID, int], Version]:
    wanted = {spec.asset_id for spec in specs if spec.version is not None} & assets.keys()
    if not wanted:
        return {}
    workspace_id = assets[min(wanted)].workspace_id
    query = select(Version).where(
        Version.workspace_id == workspace_id, Version.asset_id.in_(sorted(wanted))
    )
    return {(version.asset_id, version.number): version for version in session.scalars(query)}


def _optional(text: str | None, field: str, longest: int) -> str | None:
    return line(text, field, longest=longest, empty=True) or None if text else None


def _wrong(index: int, field: str, problem: str) -> Invalid:
    return Invalid(
        "Item %(index)s: %(problem)s",
        {f"assets.{index}.{field}": problem},
        index=index,
        problem=problem,
    )
