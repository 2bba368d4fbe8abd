"""Pictures made fit to show: upright, of modest size, in plain sRGB, with no metadata left."""

import io
import itertools
from pathlib import Path
from typing import Any

from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation
from av.video.stream import VideoStream
from PIL import Image, ImageCms, ImageOps

POSTER_WIDTH = 1280
# A portrait poster may be tall, yet not a ribbon.
_POSTER_HEIGHT = 2560
_QUALITY = 82
# AVCOL_SPC_UNSPECIFIED; then HD is BT.709 and SD is BT.601, as players assume.
_UNSPECIFIED = 2


def poster_size(width: int, height: int) -> tuple[int, int]:
    """The size of a poster for a picture shown at this size; never larger than the source."""
    share = min(1.0, POSTER_WIDTH / width, max(_POSTER_HEIGHT / height, min(1.0, 640 / width)))
    return max(1, round(width * share)), max(1, round(height * share))


class FrameShaper:
    """Turns the frames of one video into upright pictures; its HDR table is made only once."""

    def __init__(
        self,
        stream: VideoStream,
        shown: tuple[int, int],
        rotation: int,
        hdr: bool,
        size: tuple[int, int] | None = None,
    ) -> None:
        self.size = size or poster_size(*shown)
        self._turn = -rotation
        self._upright_size = self.size[::-1] if rotation in {90, 270} else self.size
        self._graph = self._tone_mapping(stream) if hdr else None

    def picture(self, frame: VideoFrame) -> Image.Image:
        """The frame as it is meant to be seen; PQ and HLG are mapped to a normal screen."""
        shaped = self._mapped(self._graph, frame) if self._graph else self._scaled(frame)
        image: Image.Image = shaped.to_image()  # type: ignore[no-untyped-call]
        return image.rotate(self._turn, expand=True) if self._turn else image

    def _scaled(self, frame: VideoFrame) -> VideoFrame:
        source = None
        if frame.colorspace == _UNSPECIFIED:
            source = Colorspace.ITU709 if frame.height >= 720 else Colorspace.ITU601
        width, height = self._upright_size
        return frame.reformat(
            width=width,
            height=height,
            format="rgb24",
            src_colorspace=source,
            interpolation=Interpolation.AREA | Interpolation.ACCURATE_RND,
            threads=1,
        )

    def _tone_mapping(self, stream: VideoStream) -> Graph:
        width, height = self._upright_size
        graph = Graph()
        steps = (
            graph.add_buffer(template=stream),
            graph.add(
                "scale",
                f"w={width}:h={height}:flags=area+accurate_rnd"
                ":out_transfer=bt709:out_primaries=bt709:out_range=pc",
            ),
            graph.add("format", "pix_fmts=rgb24"),
            graph.add("buffersink"),
        )
        for one, following in itertools.pairwise(steps):
            one.link_to(following)
        graph.configure()
        return graph

    def _mapped(self, graph: Graph, frame: VideoFrame) -> VideoFrame:
        graph.push(frame)
        mapped = graph.pull()
        if not isinstance(mapped, VideoFrame):
            raise TypeError("A video graph gave no picture.")
        return mapped


def upright(image: Image.Image) -> Image.Image:
    """A decoded image turned as its EXIF says, in 8-bit sRGB with or without alpha."""
    try:
        image = ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 a broken EXIF block must not cost the picture
        image = image.copy()
    profile = image.info.get("icc_profile")
    alpha = image.has_transparency_data
    if image.mode in {"I", "I;16", "I;16B", "I;16L"}:
        # Pillow would clip sixteen bits to eight instead of scaling them.
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    if profile and image.mode in {"RGB", "RGBA", "CMYK", "L"}:
        converted = _to_srgb(image, profile)
        if converted:
            return converted
    return image.convert("RGBA" if alpha else "RGB")


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image | None:
    try:
        return ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGBA" if image.mode == "RGBA" else "RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def save(image: Image.Image, path: Path, *, lossless: bool = False) -> dict[str, Any]:
    """Write a WebP with pixels and nothing else; returns its size for the answer."""
    bare = Image.frombytes(image.mode, image.size, image.tobytes())
    bare.save(path, "WEBP", quality=_QUALITY, method=4, lossless=lossless)
    return {"width": bare.width, "height": bare.height, "mime": "image/webp"}
