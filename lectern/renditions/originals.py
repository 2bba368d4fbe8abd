"""Whether a browser could play a file as it is, before anything has been made of it.

A type with its `codecs` parameter, by what the probe has found; the browser decides. Sources: RFC
6381 for the parameter; the AV1, VP9 and H.264 names and their levels by the codecs' own
registrations (AV1 codec ISO media file format binding, VP codec ISO media file format binding,
ITU-T H.264 table A-1, H.265 table A.8).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

# As browsers call containers; a QuickTime film is close enough to MP4 that they try.
_CONTAINERS = {
    "video/quicktime": "video/mp4",
    "audio/x-m4a": "audio/mp4",
}
_AUDIO = {
    **{"aac": "mp4a.40.2", "opus": "opus", "vorbis": "vorbis", "flac": "flac", "mp3": "mp3"},
    **{"ac3": "ac-3", "eac3": "ec-3"},
}
# These containers hold one codec, and name none.
_BARE = {"audio/mpeg": {"mp3"}, "audio/flac": {"flac"}, "audio/aac": {"aac"}}
_PCM = {"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_f32le"}
# Level, most pixels of a picture, most pixels a second.
_AV1 = (
    *((0, 147_456, 4_423_680), (1, 278_784, 8_363_520), (4, 665_856, 19_975_680)),
    *((5, 1_065_024, 31_950_720), (8, 2_359_296, 70_778_880), (9, 2_359_296, 141_557_760)),
    *((12, 8_912_896, 267_386_880), (13, 8_912_896, 534_773_760)),
    *((14, 8_912_896, 1_069_547_520), (17, 35_651_584, 2_139_095_040)),
    *((18, 35_651_584, 4_278_190_080),),
)
_VP9 = (
    *((10, 36_864, 829_440), (20, 122_880, 4_608_000), (21, 245_760, 9_216_000)),
    *((30, 552_960, 20_736_000), (31, 983_040, 36_864_000), (40, 2_228_224, 83_558_400)),
    *((41, 2_228_224, 160_432_128), (50, 8_912_896, 311_951_360), (51, 8_912_896, 588_251_136)),
    *((52, 8_912_896, 1_176_502_272), (61, 35_651_584, 2_353_004_544)),
    *((62, 35_651_584, 4_706_009_088),),
)
_H264 = (
    *((30, 414_720, 10_368_000), (31, 921_600, 27_648_000), (32, 1_310_720, 55_296_000)),
    *((40, 2_097_152, 62_914_560), (42, 2_228_224, 133_693_440), (50, 5_652_480, 150_994_944)),
    *((51, 9_437_184, 251_658_240), (52, 9_437_184, 530_841_600)),
    *((61, 35_651_584, 2_139_095_040),),
)
_HEVC = (
    *((90, 552_960, 16_588_800), (93, 983_040, 33_177_600), (120, 2_228_224, 66_846_720)),
    *((123, 2_228_224, 133_693_440), (150, 8_912_896, 267_386_880)),
    *((153, 8_912_896, 534_773_760), (156, 8_912_896, 1_069_547_520)),
    *((183, 35_651_584, 2_139_095_040),),
)
# Where the probe could not tell how fast the pictures come.
_USUAL_FPS = 60.0


class Needs(NamedTuple):
    """What a browser has to play. `video` and `audio` are types of one codec each, or empty."""

    type: str
    video: str
    audio: str
    width: int
    height: int
    fps: float
    bits_a_second: int


def needs(facts: Mapping[str, Any], byte_size: int) -> Needs | None:
    """What it takes to play the file itself; None where the original is not to be offered.

    `facts` are those of a version (`lectern.media.facts.Facts` as JSON). Not offered are files
    whose coded data hold more than players show, since what was cut out may be private; those of
    releases that did not look for that; damaged ones, and those whose main track a browser would
    not choose.
    """
    container = _CONTAINERS.get(str(facts.get("mime")), str(facts.get("mime")))
    regular = "irregular" in facts and not facts["irregular"] and not facts.get("damaged")
    if not regular or facts.get("kind") not in {"video", "audio"} or not _chosen(facts):
        return None
    video, audio = _video(facts), _audio(facts, container)
    if video is None or audio is None:
        return None
    codecs = ", ".join(filter(None, (video, audio)))
    seconds = facts.get("duration_s") or 0
    return Needs(
        type=_typed(container, codecs),
        video=_typed(container, video) if video else "",
        audio=_typed(container.replace("video/", "audio/"), audio) if _sounds(facts) else "",
        width=facts.get("width") or 0,
        height=facts.get("height") or 0,
        fps=facts.get("fps") or _USUAL_FPS,
        bits_a_second=round(8 * byte_size / seconds) if seconds else 0,
    )


def _typed(container: str, codecs: str) -> str:
    return f'{container}; codecs="{codecs}"' if codecs else container


def _sounds(facts: Mapping[str, Any]) -> bool:
    return facts.get("audio_stream") is not None


def _chosen(facts: Mapping[str, Any]) -> bool:
    """Whether the main tracks are the first of their kind, as browsers choose them."""
    for kind in ("video", "audio"):
        tracks = [
            each["index"]
            for each in facts.get("streams", ())
            if each["kind"] == kind and not each.get("cover")
        ]
        main = facts.get(f"{kind}_stream")
        if tracks and main is not None and main != tracks[0]:
            return False
    return True


def _audio(facts: Mapping[str, Any], container: str) -> str | None:
    """The name of the sound's codec; empty where the container says it all, None for none."""
    if not _sounds(facts):
        # What cannot be decoded here is not known to be heard there.
        silent = not any(each["kind"] == "audio" for each in facts.get("streams", ()))
        return "" if silent and facts["kind"] == "video" else None
    codec = str(facts.get("audio_codec"))
    if container in _BARE:
        return "" if codec in _BARE[container] else None
    if container == "audio/wav":
        return "1" if codec in _PCM else None
    return _AUDIO.get(codec)


def _video(facts: Mapping[str, Any]) -> str | None:
    """The name of the picture's codec with profile and level; empty for sound, None for none."""
    if facts["kind"] == "audio":
        return ""
    layout = _layout(str(facts.get("pixel_format")))
    if layout is None:
        return None
    depth, chroma = layout
    size = (facts.get("stored_width") or 0) * (facts.get("stored_height") or 0)
    rate = size * (facts.get("fps") or _USUAL_FPS)
    match facts.get("video_codec"):
        case "av1":
            profile = {"420": 0, "444": 1}.get(chroma, 2) if depth < 12 else 2
            return f"av01.{profile}.{_level(_AV1, size, rate):02}M.{depth:02}"
        case "vp9":
            profile = (0 if chroma == "420" else 1) + (2 if depth > 8 else 0)
            return f"vp09.{profile:02}.{_level(_VP9, size, rate)}.{depth:02}"
        case "vp8":
            return "vp8"
        case "h264":
            profile = {"420": 100 if depth == 8 else 110, "422": 122}.get(chroma, 244)
            return f"avc1.{profile:02X}00{_level(_H264, size, rate):02X}"
        case "hevc" if chroma == "420" and depth <= 10:
            profile, compatible = (1, 6) if depth == 8 else (2, 4)
            return f"hvc1.{profile}.{compatible}.L{_level(_HEVC, size, rate)}.B0"
    return None


def _layout(pixels: str) -> tuple[int, str] | None:
    """Bits and chroma of a planar pixel format such as `yuv420p10le`."""
    name = pixels.removeprefix("yuvj").removeprefix("yuv")
    chroma, _, rest = name.partition("p")
    depth = rest.removesuffix("le") or "8"
    known = chroma in {"420", "422", "444"} and depth in {"8", "10", "12"}
    return (int(depth), chroma) if known else None


def _level(levels: tuple[tuple[int, int, int], ...], size: int, rate: float) -> int:
    """The first level that holds it, or the highest."""
    fitting = (level for level, pixels, speed in levels if size <= pixels and rate <= speed)
    return next(fitting, levels[-1][0])
