"""What stands for a file without a picture: waves for sound, a sheet for a document.

Drawn from the id, so that each file keeps its own; it says nothing of what is in the file.
"""

import uuid

from markupsafe import Markup, escape

# How far each of the eleven points of a wave may swing: it begins and ends in silence.
_ENVELOPE = (0, 0.3, -0.65, 0.9, -1, 1, -1, 0.9, -0.65, 0.3, 0)
_SCALES = (1, -0.6, 0.28)


def motif(kind: str, asset_id: uuid.UUID, name: str = "") -> Markup:
    """The drawing, as SVG. `name` tells a document's type by its ending."""
    digits = [int(digit, 16) for digit in asset_id.hex[-11:]]
    body = _waves(digits) if kind == "audio" else _sheet(digits[-5:], name)
    fit = "none" if kind == "audio" else "xMidYMid slice"
    return Markup(  # noqa: S704 - numbers, and an ending escaped by _sheet
        f'<svg class="motif motif--{kind}" data-tint="{digits[-1] % 4}" viewBox="0 0 320 180"'
        f' preserveAspectRatio="{fit}" aria-hidden="true" focusable="false">{body}</svg>'
    )


def _waves(digits: list[int]) -> str:
    swings = [(12 + digit * 2.8) * most for digit, most in zip(digits, _ENVELOPE, strict=True)]
    paths = []
    for scale in _SCALES:
        points = "".join(
            f"S{at * 32 - 16} {(y := round(90 + swing * scale))} {at * 32} {y}"
            for at, swing in enumerate(swings)
        )
        paths.append(f'<path d="M-16 90 {points}"/>')
    return "".join(paths)


def _sheet(digits: list[int], name: str) -> str:
    lines = "".join(
        f'<path class="motif__line" d="M128 {104 + at * 16}h{30 + digit * 2}"/>'
        for at, digit in enumerate(digits)
    )
    ending = name.rsplit(".", 1)[1][:4].upper() if "." in name else ""
    label = f'<text x="128" y="84">{escape(ending)}</text>' if ending else ""
    return (
        '<path class="motif__sheet" d="M112 200V44a8 8 0 0 1 8-8h58l30 30v134z"/>'
        f'<path class="motif__fold" d="M178 36v22a8 8 0 0 0 8 8h22z"/>{lines}{label}'
    )
