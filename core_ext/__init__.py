"""Lectern's compiled core: digests of files, scores of frames, confinement of a child process."""

from core_ext._core import (
    Confinement,
    FrameScores,
    Hasher,
    confine,
    die_with_parent,
    digest_file,
    digest_files,
    score_frame,
)

__all__ = [
    "Confinement",
    "FrameScores",
    "Hasher",
    "confine",
    "die_with_parent",
    "digest_file",
    "digest_files",
    "score_frame",
]
