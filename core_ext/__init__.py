"""Lectern's compiled core: digests, scores of frames, fingerprints, confinement of a child."""

from core_ext._core import (
    Confinement,
    FrameScores,
    Hasher,
    SoundAlignment,
    SoundPrinter,
    align_sounds,
    confine,
    die_with_parent,
    digest_and_crc,
    digest_file,
    digest_files,
    picture_hash,
    score_frame,
)

__all__ = [
    "Confinement",
    "FrameScores",
    "Hasher",
    "SoundAlignment",
    "SoundPrinter",
    "align_sounds",
    "confine",
    "die_with_parent",
    "digest_and_crc",
    "digest_file",
    "digest_files",
    "picture_hash",
    "score_frame",
]
