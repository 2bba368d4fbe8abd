"""Lectern's compiled core: digests of files, scores of frames, confinement of a child process."""

from core_ext._core import (
    FrameScores,
    Hasher,
    digest_file,
    digest_files,
    score_frame,
)

__all__ = [
    "FrameScores",
    "Hasher",
    "digest_file",
    "digest_files",
    "score_frame",
]
