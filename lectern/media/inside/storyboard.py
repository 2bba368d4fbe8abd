"""Task `storyboard`: small pictures of a video's key frames, many on a sheet."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from lectern.media.inside import frames
from lectern.media.inside.container import open_container
from lectern.media.inside.shared.shaping import FrameShaper
from lectern.media.sandbox.refusal import Refused

TILE_WIDTH = 240
_TILE_HEIGHT = 240
COLUMNS = ROWS = 6
MOST_TILES = 300
_LEAST_STEP_S = 2.0
# Fewer key frames than this show nothing of a video; then frames between them are decoded.
_FEW = 6
_QUALITY = 70


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: source, demuxer, stream, duration_s, shown, rotation, hdr, scratch.

    Writes the sheets `out.0` and on; returns the tiles' size and the second of each, in order.

    Raises:
        Refused: not one frame can be decoded.
    """
    duration_s = float(arguments["duration_s"] or 0)
    size = tile_size(*arguments["shown"])
    with open_container(Path(arguments["source"]), str(arguments["demuxer"])) as container:
        stream = frames.select(container, int(arguments["stream"]))
        shaper = FrameShaper(
            stream, arguments["shown"], arguments["rotation"], arguments["hdr"], size
        )
        start_s = container.start_time / 1e6 if container.start_time else 0.0
        found = {}
        for at_s, frame in _frames(container, stream, start_s, duration_s):
            shown_s = round(max(0.0, at_s - start_s), 3)
            found[shown_s] = shaper.picture(frame)
            tell(min(1.0, shown_s / duration_s) if duration_s else 0.0)
    if not found:
        raise Refused("The file is damaged: no frame can be decoded.")
    times = sorted(found)
    sheets = _write([found[at_s] for at_s in times], size, Path(arguments["scratch"]))
    return {
        "width": size[0],
        "height": size[1],
        "columns": COLUMNS,
        "rows": ROWS,
        "sheets": sheets,
        "times": times,
    }


def tile_size(width: int, height: int) -> tuple[int, int]:
    """The size of a tile for a video shown at this size: within a square, never enlarged."""
    share = min(1.0, TILE_WIDTH / width, _TILE_HEIGHT / height)
    return max(2, round(width * share)), max(2, round(height * share))


def _frames(
    container: InputContainer, stream: VideoStream, start_s: float, duration_s: float
) -> Iterator[tuple[float, VideoFrame]]:
    count = int(min(MOST_TILES, max(1.0, duration_s / _LEAST_STEP_S)))
    times = [start_s + duration_s * (i + 0.5) / count for i in range(count)]
    found = 0
    for pair in frames.key_frames(container, stream, times):
        found += 1
        yield pair
    if found < min(_FEW, count):
        yield from frames.between(container, stream, times)


def _write(tiles: list[Image.Image], size: tuple[int, int], scratch: Path) -> int:
    width, height = size
    each = COLUMNS * ROWS
    number = 0
    for number, first in enumerate(range(0, len(tiles), each)):
        some = tiles[first : first + each]
        rows = -(-len(some) // COLUMNS)
        sheet = Image.new("RGB", (COLUMNS * width, rows * height))
        for place, picture in enumerate(some):
            sheet.paste(picture, (place % COLUMNS * width, place // COLUMNS * height))
        sheet.save(scratch / f"out.{number}", "JPEG", quality=_QUALITY, optimize=True)
    return number + 1
