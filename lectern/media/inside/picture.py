"""Task `picture`: the facts of an image, its pixels counted before any is decoded."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pillow_heif
from PIL import ExifTags, Image, UnidentifiedImageError

from lectern.media.facts import Facts
from lectern.media.sandbox.limits import (
    MAX_ANIMATION_PIXELS,
    MAX_IMAGE_FRAMES,
    MAX_IMAGE_PIXELS,
    MAX_IMAGE_SIDE,
)
from lectern.media.sandbox.refusal import Refused

pillow_heif.register_heif_opener(thumbnails=False)
# Our own limit comes first and refuses in words; Pillow's would only warn up to twice its value.
Image.MAX_IMAGE_PIXELS = MAX_IMAGE_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)

# EXIF orientation to degrees clockwise; the mirrored ones turn alike (EXIF 2.32 §4.6.4).
_ROTATIONS = {3: 180, 4: 180, 5: 90, 6: 90, 7: 270, 8: 270}
_ANIMATED = frozenset({"GIF", "WEBP", "PNG", "AVIF", "HEIF"})


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: source, demuxer (Pillow's format), mime. Returns `Facts` as JSON.

    Raises:
        Refused: too many pixels or frames, or the first picture cannot be decoded.
    """
    format_ = str(arguments["demuxer"])
    with open_image(Path(arguments["source"]), format_) as image:
        width, height = image.size
        rotation = turned(image)
        frames = count_frames(image, format_)
        image.seek(0)
        decode(image)
    if rotation in {90, 270}:
        width, height = height, width
    paged = frames > 1 and format_ == "TIFF"
    return Facts(
        kind="image",
        mime=str(arguments["mime"]),
        container=format_,
        width=width,
        height=height,
        stored_width=image.width,
        stored_height=image.height,
        rotation=rotation,
        animated=frames > 1 and format_ in _ANIMATED,
        pages=frames,
        warnings=(f"The image has {frames} pages; the first is shown.",) if paged else (),
    ).to_json()


def open_image(source: Path | BinaryIO, *formats: str) -> Image.Image:
    """The image, only its header read, by the reader that was sniffed or one of a few.

    Raises:
        Refused: the header makes no sense, or promises more pixels than are accepted.
    """
    try:
        # Pillow knows a JPEG that holds several pictures as MPO.
        image = Image.open(source, formats=[*formats, *(["MPO"] if "JPEG" in formats else [])])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused(_TOO_MANY) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, KeyError) as error:
        raise Refused("The image is damaged: its header cannot be read.") from error
    if image.width * image.height > MAX_IMAGE_PIXELS or max(image.size) > MAX_IMAGE_SIDE:
        raise Refused(
            "The image is %(width)s × %(height)s pixels; at most %(value)s "
            "megapixels and %(max_image_side)s pixels a side are accepted.",
            width=f"{image.width:,}",
            height=f"{image.height:,}",
            value=MAX_IMAGE_PIXELS // 1000000,
            max_image_side=f"{MAX_IMAGE_SIDE:,}",
        )
    return image


_TOO_MANY = f"The image has more than {MAX_IMAGE_PIXELS // 1_000_000} megapixels: make it smaller."


def decode(image: Image.Image) -> None:
    """Decode the current frame.

    Raises:
        Refused: it is damaged, or turns out larger than its header said.
    """
    try:
        image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused(_TOO_MANY) from error
    except MemoryError:
        raise
    except Exception as error:
        # Format plugins raise whatever their format made them trip over.
        raise Refused("The image is damaged: its picture cannot be decoded.") from error


def count_frames(image: Image.Image, format_: str) -> int:
    """How many frames or pages there are, looking at no more than are accepted.

    Raises:
        Refused: there are more, or together they have too many pixels.
    """
    each = image.width * image.height
    frames = 1
    while frames <= MAX_IMAGE_FRAMES and frames * each <= MAX_ANIMATION_PIXELS:
        try:
            image.seek(frames)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 the end, or a damaged frame, in the words of each format
            return frames
        frames += 1
    if format_ == "TIFF":
        return frames
    raise Refused(
        "The animation is too long: at most %(max_image_frames)s frames and "
        "%(value)s megapixels together are accepted. Upload it as a video.",
        max_image_frames=f"{MAX_IMAGE_FRAMES:,}",
        value=MAX_ANIMATION_PIXELS // 1000000,
    )


def turned(image: Image.Image) -> int:
    """Degrees clockwise to turn the stored picture for display; broken EXIF counts as none."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # noqa: BLE001 EXIF is free-form, and its reader trips in many ways
        return 0
    return _ROTATIONS.get(orientation, 0) if isinstance(orientation, int) else 0
