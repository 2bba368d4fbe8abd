"""Task `sizes`: an image in the widths that screens ask for, as AVIF and WebP."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from lectern.media.inside.picture import decode, open_image
from lectern.media.inside.shared.shaping import upright

WIDTHS = (480, 960, 1920)
_DRAWN = frozenset({"PNG", "GIF", "BMP", "ICO"})
_WEBP_QUALITY = 80
_AVIF_QUALITY = 62
# 0 is slowest; drawings keep their edges only with full colour resolution.
_AVIF_SPEED = 7


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: source, demuxer, scratch.

    Writes two files for each width below the image's own, `out.0` and on, narrow ones first,
    with pixels and nothing else; returns `{"sizes": [{"width", "height", "format"}, …]}`.

    Raises:
        Refused: it cannot be decoded.
    """
    scratch = Path(arguments["scratch"])
    with open_image(Path(arguments["source"]), str(arguments["demuxer"])) as image:
        drawn = image.format in _DRAWN
        # A JPEG decodes at a half, a quarter or an eighth for a fraction of the cost.
        image.draft(None, (2 * WIDTHS[-1], 2 * WIDTHS[-1]))
        image.seek(0)
        decode(image)
        whole = upright(image)
    wanted = [width for width in WIDTHS if width < whole.width]
    made: list[dict[str, Any]] = []
    for number, width in enumerate(wanted):
        size = (width, max(1, round(whole.height * width / whole.width)))
        small = whole.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        bare = Image.frombytes(small.mode, small.size, small.tobytes())
        for format_ in ("avif", "webp"):
            _save(bare, scratch / f"out.{len(made)}", format_, drawn=drawn)
            made.append({"width": size[0], "height": size[1], "format": format_})
        tell((number + 1) / len(wanted))
    return {"sizes": made}


def _save(image: Image.Image, target: Path, format_: str, *, drawn: bool) -> None:
    if format_ == "avif":
        chroma = "4:4:4" if drawn else "4:2:0"
        image.save(
            target,
            "AVIF",
            quality=_AVIF_QUALITY,
            speed=_AVIF_SPEED,
            subsampling=chroma,
            max_threads=1,
        )
    else:
        image.save(target, "WEBP", quality=_WEBP_QUALITY, method=4)
