"""Task `rendition`: an image, or the cover inside a sound file, as a browser may show it."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
from PIL import Image

from lectern.media.inside.container import open_container
from lectern.media.inside.picture import decode, open_image
from lectern.media.inside.shared.shaping import POSTER_WIDTH, poster_size, save, upright
from lectern.media.sandbox.refusal import Refused

# Beyond any screen a lesson is shown on.
_DISPLAY_SIDE = 3_840
_COVER_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
# Drawings suffer from lossy coding, photographs from large files.
_DRAWN = frozenset({"PNG", "GIF", "BMP", "ICO"})
_MOST_LOSSLESS_PIXELS = 8_000_000
_LEAST_FRAME_MS = 20


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: source, demuxer, scratch, purpose (`poster`, `display`, `animation`), cover.

    Writes `out.0` and returns its size and mime. `cover` is the stream of an attached picture.

    Raises:
        Refused: there is no picture in it that can be decoded.
    """
    source, demuxer = Path(arguments["source"]), str(arguments["demuxer"])
    target = Path(arguments["scratch"]) / "out.0"
    if arguments.get("cover") is not None:
        source_picture = _cover(source, demuxer, int(arguments["cover"]))
        return _still(source_picture, target, poster=True)
    with open_image(source, demuxer) as image:
        if arguments["purpose"] == "animation":
            return _animation(image, target, tell)
        poster = arguments["purpose"] == "poster"
        if poster:
            # A JPEG decodes at a half, a quarter or an eighth for a fraction of the cost.
            image.draft(None, (2 * POSTER_WIDTH, 2 * POSTER_WIDTH))
        return _still(image, target, poster=poster)


def _still(image: Image.Image, target: Path, *, poster: bool) -> dict[str, Any]:
    drawn = image.format in _DRAWN
    image.seek(0)
    decode(image)
    shown = upright(image)
    size = poster_size(*shown.size) if poster else _display_size(*shown.size)
    if size != shown.size:
        shown = shown.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    lossless = drawn and not poster and shown.width * shown.height <= _MOST_LOSSLESS_PIXELS
    return save(shown, target, lossless=lossless)


def _display_size(width: int, height: int) -> tuple[int, int]:
    share = min(1.0, _DISPLAY_SIDE / max(width, height))
    return max(1, round(width * share)), max(1, round(height * share))


def _animation(image: Image.Image, target: Path, tell: Callable[[float], None]) -> dict[str, Any]:
    frames, durations = [], []
    count = getattr(image, "n_frames", 1)
    for number in range(count):
        image.seek(number)
        decode(image)
        frames.append(image.convert("RGBA" if image.has_transparency_data else "RGB"))
        durations.append(max(_LEAST_FRAME_MS, int(image.info.get("duration") or 100)))
        tell(0.5 * (number + 1) / count)
    frames[0].info.clear()
    frames[0].save(
        target,
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=int(image.info.get("loop") or 0),
        quality=75,
        method=0,
    )
    return {"width": image.width, "height": image.height, "mime": "image/webp"}


def _cover(source: Path, demuxer: str, index: int) -> Image.Image:
    with open_container(source, demuxer) as container:
        stream = container.streams[index]
        try:
            packet = next(each for each in container.demux(stream) if each.size)
        except (StopIteration, av.FFmpegError) as error:
            raise Refused("The cover picture cannot be read.") from error
        return open_image(io.BytesIO(bytes(packet)), *_COVER_FORMATS)
