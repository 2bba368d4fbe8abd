"""What a merge would do, worked out of rows that nobody changes meanwhile."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from lectern.courses import usages
from lectern.errors import Conflict, Message
from lectern.insight import carry_over
from lectern.library import versions
from lectern.models import Asset, AssetTag, Blob, CaptionTrack, Tag, Usage, Version
from lectern.taxonomy import tags
from lectern.text import N_, tag_key

# Texts that the kept file takes over where it has none.
FIELDS = ("description", "language", "licence")
_DIFFERENT = {
    "description": Message("Its description differs and stays with it in the trash."),
    "language": Message("Its language differs and stays with it in the trash."),
    "licence": Message("Its licence differs and stays with it in the trash."),
}


class Leftover(NamedTuple):
    """Something and a sentence about it: what is left behind, and why."""

    what: str
    reason: str


class Filled(NamedTuple):
    """A value that the kept file takes over, and from which file."""

    value: Any
    origin: uuid.UUID


class Move(NamedTuple):
    """A usage that will name the kept file, and the version of it to pin, if it pins one."""

    usage: Usage
    version_id: uuid.UUID | None


@dataclass(frozen=True)
class Plan:
    """What merging `merged` into `target` does.

    `moves` are usages that the kept file gets; `ends` those whose place has it already in the
    same slot. `captions` are tracks in languages that the kept file has none in. `tags` are
    names of tags, `fields` and `custom` values, and `notes` notes of versions (by id), that it
    lacks. `left` stays with the merged files in the trash.
    """

    target: Asset
    merged: tuple[Asset, ...]
    moves: tuple[Move, ...]
    ends: tuple[Usage, ...]
    tags: tuple[str, ...]
    fields: Mapping[str, Filled]
    custom: Mapping[str, Filled]
    notes: Mapping[uuid.UUID, str]
    captions: tuple[CaptionTrack, ...]
    left: tuple[Leftover, ...]

    @property
    def versions(self) -> int:
        """How many older versions lie in the trash with the merged files."""
        return sum(asset.version_count - 1 for asset in self.merged)


def make(
    session: Session, target: Asset, merged: Sequence[Asset], used: Mapping[uuid.UUID, list[Usage]]
) -> Plan:
    """The plan; `used` are the usages of each asset.

    Raises:
        Conflict: a place pins bytes that the kept file never had, or there are too many tags.
    """
    versions_by_asset = _versions(session, [target, *merged])
    moves, ends = _places(target, merged, used, versions_by_asset)
    texts, left = _texts(merged, target)
    custom = _custom(target, merged)
    new = _tags(session, target, merged)
    notes = _notes(target, merged, versions_by_asset)
    tracks, unread = _captions(target, merged, session)
    others = [Leftover(asset.name, _ACCESS) for asset in merged if asset.access != target.access]
    rest = (*left, *unread, *others)
    return Plan(target, tuple(merged), moves, ends, new, texts, custom, notes, tracks, rest)


_ACCESS = Message("Its access settings are not merged: the file you keep retains its own access.")

_CAPTIONED = N_(
    "Its captions in “%(language)s” are not merged: the file you keep already has "
    "captions in this language."
)


class _Bytes(NamedTuple):
    """A version with the digest of its bytes."""

    version: Version
    digest: str


def _versions(session: Session, assets: Iterable[Asset]) -> dict[uuid.UUID, list[_Bytes]]:
    """Those of each asset, newest first."""
    rows = list(assets)
    query = (
        select(Version, Blob.digest)
        .join(Blob, (Blob.workspace_id == Version.workspace_id) & (Blob.id == Version.blob_id))
        .where(
            Version.workspace_id == rows[0].workspace_id,
            Version.asset_id.in_([asset.id for asset in rows]),
        )
        .order_by(Version.number.desc())
    )
    versions_by_asset: dict[uuid.UUID, list[_Bytes]] = {asset.id: [] for asset in rows}
    for version, digest in session.execute(query):
        versions_by_asset[version.asset_id].append(_Bytes(version, digest))
    return versions_by_asset


def _places(
    target: Asset,
    merged: Sequence[Asset],
    used: Mapping[uuid.UUID, list[Usage]],
    versions: Mapping[uuid.UUID, list[_Bytes]],
) -> tuple[tuple[Move, ...], tuple[Usage, ...]]:
    taken = {_slot(usage) for usage in used.get(target.id, ())}
    moves, ends = [], []
    # Newest first, so that of equal bytes the oldest version is found last, and stays.
    own = {row.digest: row.version.id for row in versions[target.id]}
    for asset in merged:
        digests = {row.version.id: row.digest for row in versions[asset.id]}
        for usage in used.get(asset.id, ()):
            if _slot(usage) in taken:
                ends.append(usage)
                continue
            taken.add(_slot(usage))
            pinned = own.get(digests[usage.version_id]) if usage.version_id else None
            if usage.version_id and pinned is None:
                raise Conflict(_pinned(target, asset, usage))
            moves.append(Move(usage, pinned))
    return tuple(moves), tuple(ends)


def _slot(usage: Usage) -> tuple[object, ...]:
    return usage.course_id, usage.chapter_id, usage.lesson_id, usage.slot


def _pinned(target: Asset, asset: Asset, usage: Usage) -> str:
    return Message(
        "%(place_of)s keeps version %(version_number)s of “%(name)s”, and "
        "“%(name_2)s” never had that content. Let “%(name)s” stay instead, or"
        " let that place follow the newest version.",
        place_of=usages.place_of(usage),
        version_number=usage.version_number,
        name=asset.name,
        name_2=target.name,
    )


def _texts(merged: Sequence[Asset], target: Asset) -> tuple[dict[str, Filled], list[Leftover]]:
    filled: dict[str, Filled] = {}
    left: list[Leftover] = []
    for field in FIELDS:
        now = getattr(target, field)
        for asset in merged:
            value = getattr(asset, field)
            if value and not now:
                filled[field], now = Filled(value, asset.id), value
            elif value and value != now:
                left.append(Leftover(asset.name, _DIFFERENT[field]))
    return filled, left


def _custom(target: Asset, merged: Sequence[Asset]) -> dict[str, Filled]:
    filled: dict[str, Filled] = {}
    for asset in merged:
        for key, value in asset.custom.items():
            if key not in target.custom:
                filled.setdefault(key, Filled(value, asset.id))
    return filled


def _tags(session: Session, target: Asset, merged: Sequence[Asset]) -> tuple[str, ...]:
    rows = session.execute(
        select(AssetTag.asset_id, Tag.name)
        .join(Tag, (Tag.workspace_id == AssetTag.workspace_id) & (Tag.id == AssetTag.tag_id))
        .where(
            AssetTag.workspace_id == target.workspace_id,
            AssetTag.asset_id.in_([target.id, *(asset.id for asset in merged)]),
        )
        .order_by(Tag.key)
    ).all()
    own = {tag_key(name) for asset_id, name in rows if asset_id == target.id}
    new = dict.fromkeys(name for _, name in rows if tag_key(name) not in own)
    if new and len(own) + len(new) > tags.MOST:
        raise Conflict(
            "Together these files have more than %(most)s tags. Take some off first.",
            most=tags.MOST,
        )
    return tuple(new)


def _captions(
    target: Asset, merged: Sequence[Asset], session: Session
) -> tuple[tuple[CaptionTrack, ...], list[Leftover]]:
    """What people made of the words: as the bytes are equal, its times fit the kept file too."""
    own = versions.get_current(session, target)
    current = [versions.get_current(session, asset) for asset in merged]
    if own is None:
        return (), []
    new, rest = carry_over.lacking(
        session, own, [version for version in current if version is not None]
    )
    names = {asset.id: asset.name for asset in merged}
    left = []
    for track in rest:
        version = session.get_one(Version, (track.workspace_id, track.version_id))
        left.append(Leftover(names[version.asset_id], Message(_CAPTIONED, language=track.language)))
    return tuple(new), left


def _notes(
    target: Asset, merged: Sequence[Asset], versions: Mapping[uuid.UUID, list[_Bytes]]
) -> dict[uuid.UUID, str]:
    """What is to be known about bytes is known of them in the kept file too."""
    note_by_digest: dict[str, str] = {}
    for asset in merged:
        for row in versions[asset.id]:
            if row.version.note:
                note_by_digest.setdefault(row.digest, row.version.note)
    return {
        row.version.id: note_by_digest[row.digest]
        for row in versions[target.id]
        if not row.version.note and row.digest in note_by_digest
    }
