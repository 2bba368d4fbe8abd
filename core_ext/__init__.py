"""Lectern's compiled core: digests, scores of frames, fingerprints, audit entries, confinement."""

from core_ext._core import (
    AuditEntries,
    Confinement,
    FrameScores,
    Hasher,
    SoundAlignment,
    SoundPrinter,
    align_sounds,
    canonical_json,
    confine,
    die_with_parent,
    digest_and_crc,
    digest_file,
    digest_files,
    picture_hash,
    score_frame,
)

__all__ = [
    "AuditEntries",
    "Confinement",
    "FrameScores",
    "Hasher",
    "SoundAlignment",
    "SoundPrinter",
    "align_sounds",
    "canonical_json",
    "confine",
    "die_with_parent",
    "digest_and_crc",
    "digest_file",
    "digest_files",
    "picture_hash",
    "score_frame",
]
