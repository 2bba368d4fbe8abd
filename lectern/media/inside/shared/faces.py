"""Which frames show a face with open eyes; OpenCV's own cascades, on small grey pictures."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from av.video.frame import VideoFrame

from lectern.media.pictures import ranking
from lectern.media.pictures.ranking import Sample

Grey = np.ndarray[Any, Any]
Box = tuple[int, int, int, int]

# A face smaller than an eighth of this width would not be seen on a card.
_LOOKED_AT = 384
_LEAST_FACE = 44
# Eyes are looked for in the picture as large as this, and in a face made this large.
_CLOSELY = 960
_FACE_WIDTH = 200
_NEIGHBOURS = 6
_EYE_NEIGHBOURS = 4


def noticed(
    found: list[tuple[Sample, VideoFrame]], rotation: int
) -> list[tuple[Sample, VideoFrame]]:
    """The same samples, each told whether it shows a face with its eyes open.

    `rotation` is how many degrees clockwise the frames are turned for display.
    """
    cv2.setNumThreads(1)
    usable = ranking.usable([sample for sample, _ in found])
    return [
        (replace(sample, face=good and shows_face(frame, rotation)), frame)
        for (sample, frame), good in zip(found, usable, strict=True)
    ]


def shows_face(frame: VideoFrame, rotation: int) -> bool:
    """True when a face is in the frame, upright, with two open eyes."""
    small = _grey(frame, _LOOKED_AT, rotation)
    faces = _cascade("haarcascade_frontalface_default.xml").detectMultiScale(
        cv2.equalizeHist(small), 1.15, _NEIGHBOURS, minSize=(_LEAST_FACE, _LEAST_FACE)
    )
    if not len(faces):
        return False
    large = _grey(frame, _CLOSELY, rotation)
    share = large.shape[1] / small.shape[1]
    return any(_eyes_open(large, tuple(int(side * share) for side in face)) for face in faces)


def _eyes_open(picture: Grey, face: tuple[int, ...]) -> bool:
    left, top, width, height = face
    # Eyes are in the upper part of a face; nostrils and mouths are not eyes.
    upper = picture[top : top + int(height * 0.6), left : left + width]
    if not upper.size:
        return False
    share = _FACE_WIDTH / width
    upper = cv2.resize(upper, (_FACE_WIDTH, max(1, round(upper.shape[0] * share))))
    eyes = _cascade("haarcascade_eye_tree_eyeglasses.xml").detectMultiScale(
        upper, 1.1, _EYE_NEIGHBOURS, minSize=(24, 24), maxSize=(90, 90)
    )
    centres = sorted((x + w / 2, y + h / 2) for x, y, w, h in eyes)
    return any(
        right_x - left_x > 0.25 * _FACE_WIDTH and abs(right_y - left_y) < 0.18 * _FACE_WIDTH
        for i, (left_x, left_y) in enumerate(centres)
        for right_x, right_y in centres[i + 1 :]
    )


def _grey(frame: VideoFrame, width: int, rotation: int) -> Grey:
    width = min(width, frame.width)
    height = max(2, round(frame.height * width / frame.width))
    grey = frame.reformat(width=width, height=height, format="gray", threads=1).to_ndarray()
    return np.ascontiguousarray(np.rot90(grey, -rotation // 90))


@cache
def _cascade(name: str) -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(str(Path(cv2.__path__[0]) / "data" / name))
