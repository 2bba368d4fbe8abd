"""RapidOCR: heavy, so it is imported by the workers that read slides alone.

Its models are in its wheel. It sees samples that the sandbox wrote, and no file of anybody's.
"""

import os
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from rapidocr import RapidOCR

from lectern.insight.slides import Line

# What it is less sure of is more often a pattern than a word.
_LEAST_CONFIDENCE = 0.6
_MOST_LINES = 200


@lru_cache(maxsize=1)
def load() -> "Rapid":
    """The reader, kept for the next call."""
    engine = RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.use_cls": False,
            "EngineConfig.onnxruntime.intra_op_num_threads": len(os.sched_getaffinity(0)),
        }
    )
    return Rapid(engine)


class Rapid:
    """A loaded RapidOCR, as a `Reader`."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.name = f"rapidocr-{version('rapidocr')}"

    def read(self, grey: Path, width: int, height: int) -> list[Line]:
        """The lines, from top to bottom."""
        samples = np.fromfile(grey, dtype=np.uint8).reshape(height, width)
        answer = self.engine(np.repeat(samples[:, :, None], 3, axis=2), use_cls=False)
        if answer.boxes is None or answer.txts is None:
            return []
        lines = [
            _line(corners, text, float(score), width, height)
            for corners, text, score in zip(answer.boxes, answer.txts, answer.scores, strict=True)
            if score >= _LEAST_CONFIDENCE and text.strip()
        ]
        return sorted(lines[:_MOST_LINES], key=lambda line: (round(line.box[1], 2), line.box[0]))


def _line(corners: Any, text: str, score: float, width: int, height: int) -> Line:
    xs, ys = corners[:, 0] / width, corners[:, 1] / height
    edges = (xs.min(), ys.min(), xs.max(), ys.max())
    left, top, right, bottom = (round(min(1.0, max(0.0, float(each))), 4) for each in edges)
    clean = " ".join("".join(c for c in text if c.isprintable()).split())
    return Line(clean, round(score, 3), (left, top, right, bottom))
