"""Taking up a file's fingerprint: which others might be near it, and which of them are.

Every fingerprint is found again by some of its pieces, chosen by their own bits alone, so that
copies choose the same ones wherever they lie (bottom-k sketches: Broder 1997). A piece that many
files have, of an intro or a slide template, says nothing and leads nowhere.
"""

import struct
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import (
    BigInteger,
    Select,
    delete,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from lectern.duplicates import fingerprints
from lectern.duplicates.fingerprints import RECIPE, Match, Print
from lectern.models import Asset, Fingerprint, FingerprintBand, NearPair, Version

# Pieces kept of a file's sound, and as many of its pictures.
KEPT = 64
# More files than this with the same piece are a series.
MOST_SHARING = 64
# Chance shares one piece now and then.
FEWEST_SHARED = 2
MOST_CANDIDATES = 24
_PIECE_BITS = 32
_PIECES = 16
# A piece of fewer set bits is nearly flat, and found everywhere.
_FEWEST_BITS = 4
_SOUND, _PICTURE = 1, 2
_GOLDEN = 0x9E3779B97F4A7C15
_64_BITS = (1 << 64) - 1


def has(session: Session, workspace_id: uuid.UUID, blob_id: uuid.UUID) -> bool:
    """Whether the blob's fingerprint was taken in today's way."""
    row = session.get(Fingerprint, (workspace_id, blob_id))
    return row is not None and row.recipe == RECIPE


def record(
    session: Session,
    workspace_id: uuid.UUID,
    blob_id: uuid.UUID,
    kind: str,
    duration_s: float,
    frames: Sequence[tuple[float, bytes]],
    sound: bytes,
) -> list[NearPair]:
    """Keep the fingerprint of a blob, and the pairs that it makes with others.

    Two files that arrive at once see each other: one workspace takes up one after the other.
    """
    session.execute(select(func.pg_advisory_xact_lock(_lock_of(workspace_id))))
    # With it go its pieces and pairs: they may be of another recipe.
    session.execute(
        delete(Fingerprint)
        .where(Fingerprint.workspace_id == workspace_id, Fingerprint.blob_id == blob_id)
        .execution_options(synchronize_session=False)
    )
    row = Fingerprint(
        workspace_id=workspace_id,
        blob_id=blob_id,
        kind=kind,
        recipe=RECIPE,
        duration_s=duration_s,
        frames=fingerprints.pack(frames),
        sound=sound,
    )
    session.add(row)
    session.flush()
    mine = fingerprints.read(row)
    codes = sorted(pieces(mine))
    if codes:
        session.execute(
            insert(FingerprintBand),
            [{"workspace_id": workspace_id, "code": code, "blob_id": blob_id} for code in codes],
        )
    return _pair(session, row, mine, codes)


def shown_by(
    session: Session, workspace_id: uuid.UUID, pairs: Iterable[NearPair]
) -> list[uuid.UUID]:
    """The assets whose current version is one of these."""
    blob_ids = {each for pair in pairs for each in (pair.blob_id, pair.other_blob_id)}
    return list(
        session.scalars(
            select(Asset.id)
            .join(Version, Version.id == Asset.current_version_id)
            .where(
                Asset.workspace_id == workspace_id,
                Version.workspace_id == workspace_id,
                Version.blob_id.in_(blob_ids),
            )
        )
    )


def pieces(of: Print) -> set[int]:
    """The codes by which a fingerprint is found: the least in an order that mixes them well."""
    items = struct.iter_unpack("<I", of.sound)
    heard = {(_SOUND << 56) | item for (item,) in items}
    seen = {code for _, bits in of.film.frames for code in _of_picture(bits)}
    return {code for codes in (heard, seen) for code in sorted(codes, key=_shuffled)[:KEPT]}


def _of_picture(bits: int) -> Iterator[int]:
    for number in range(_PIECES):
        piece = bits >> (number * _PIECE_BITS) & ((1 << _PIECE_BITS) - 1)
        if piece.bit_count() >= _FEWEST_BITS:
            yield (_PICTURE << 56) | (number << 32) | piece


def _shuffled(code: int) -> int:
    """The code's place in that order: a multiplication spreads its bits, a shift mixes them."""
    spread = code * _GOLDEN & _64_BITS
    return (spread ^ spread >> 29) * _GOLDEN & _64_BITS


def sharing(
    workspace_id: uuid.UUID, blob_id: uuid.UUID, codes: Iterable[int]
) -> Select[int, list[uuid.UUID]]:
    """Each piece with the other blobs that have it, but for those that too many have."""
    listed = func.unnest(literal(list(codes), ARRAY(BigInteger)))
    wanted = listed.table_valued("code", name="wanted").render_derived()
    having = (
        select(FingerprintBand.blob_id)
        .where(
            FingerprintBand.workspace_id == workspace_id,
            FingerprintBand.code == wanted.c.code,
            FingerprintBand.blob_id != blob_id,
        )
        .limit(MOST_SHARING + 1)
        .lateral("having")
    )
    return (
        select(wanted.c.code, func.array_agg(having.c.blob_id))
        .select_from(wanted)
        .join(having, true())
        .group_by(wanted.c.code)
        .having(func.count() <= MOST_SHARING)
    )


def _pair(session: Session, row: Fingerprint, mine: Print, codes: Sequence[int]) -> list[NearPair]:
    shared: Counter[uuid.UUID] = Counter()
    for _, blob_ids in session.execute(sharing(row.workspace_id, row.blob_id, codes)):
        shared.update(blob_ids)
    likely = [each for each, n in shared.most_common(MOST_CANDIDATES) if n >= FEWEST_SHARED]
    found = []
    # One after the other: of a long lecture there are some hundred kilobytes.
    for other_id in sorted(likely):
        other = session.get_one(Fingerprint, (row.workspace_id, other_id))
        match = _compared(row, mine, other)
        session.expunge(other)
        if match:
            found.append(_near(row, other_id, match))
    session.add_all(found)
    session.flush()
    return found


def _compared(row: Fingerprint, mine: Print, other: Fingerprint) -> Match | None:
    if other.recipe != row.recipe:
        return None
    return fingerprints.compare(mine, fingerprints.read(other))


def _near(row: Fingerprint, other_id: uuid.UUID, match: Match) -> NearPair:
    first = row.blob_id < other_id
    return NearPair(
        workspace_id=row.workspace_id,
        blob_id=row.blob_id if first else other_id,
        other_blob_id=other_id if first else row.blob_id,
        share=min(1.0, match.share),
        offset_s=match.offset_s if first else -match.offset_s,
        by=match.by,
    )


def _lock_of(workspace_id: uuid.UUID) -> int:
    """The number of a workspace's lock: 63 of its bits, with a mark of what is locked."""
    return (workspace_id.int ^ 0x66696E6765727072) & ((1 << 63) - 1)
