"""A file's facts in words, ready to print."""

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from flask_babel import format_decimal, gettext

from lectern.errors import Message
from lectern.ingest.awaited import AWAITED
from lectern.models import Asset, Version
from lectern.text import N_, duration_text, size_text
from web.i18n import translated
from web.pages.assets.pictures import Pictures


class Fact(NamedTuple):
    """One line of the table; `copy` is the whole value where only its beginning is shown.

    `what` names that value for who copies it.
    """

    label: str
    value: str
    copy: str = ""
    what: str = ""


def lines(
    asset: Asset, version: Version | None, storage_url: str, pictures: Pictures | None = None
) -> list[Fact]:
    """What the probe found out and where the bytes are, without lines that have nothing to say."""
    facts: dict[str, Any] = version.facts if version else {}
    awaited = version is not None and version.blob.state == AWAITED
    digest, key = asset.digest or "", version.blob.key if version and not awaited else ""
    found = [
        Fact(gettext("Length"), duration_text(asset.duration_s)),
        Fact(gettext("Dimensions"), _picture(asset, facts)),
        Fact(gettext("Video"), _name(facts.get("video_codec"))),
        Fact(gettext("Audio"), _sound(facts)),
        Fact(gettext("Loudness"), pictures.loudness if pictures else ""),
        Fact(gettext("Pages"), _pages(asset, facts, pictures)),
        Fact(gettext("Size"), _size(asset)),
        Fact(gettext("Format"), _format(asset, facts)),
        Fact(gettext("MIME type"), asset.mime or ""),
        Fact(gettext("Original name"), asset.original_name),
        Fact(gettext("Version"), _version(asset)),
        Fact(gettext("Stored"), _place(storage_url) if key else ""),
        Fact(gettext("Storage key"), key[:14], key, gettext("Copy storage key")),
        Fact(gettext("Checksum"), digest[:14], digest, gettext("Copy checksum")),
    ]
    return [fact for fact in found if fact.value]


def warnings(version: Version | None) -> list[str]:
    """What is odd about the file; what the probe says with values in it stays English."""
    return (
        [translated(Message(str(text))) for text in version.facts.get("warnings", ())]
        if version
        else []
    )


def _picture(asset: Asset, facts: dict[str, Any]) -> str:
    if not asset.width or not asset.height:
        return ""
    parts = [f"{asset.width} × {asset.height}"]
    if facts.get("fps"):
        parts.append(gettext("%(fps)s fps", fps=format_decimal(_frames(facts["fps"]))))
    if facts.get("hdr"):
        parts.append("HDR")
    return ", ".join(parts)


def _size(asset: Asset) -> str:
    if asset.byte_size is None:
        return ""
    exact = gettext("%(count)s bytes", count=format_decimal(asset.byte_size))
    return f"{size_text(asset.byte_size)} ({exact})"


def _format(asset: Asset, facts: dict[str, Any]) -> str:
    mime = asset.mime or ""
    if mime in _SPECIAL_FORMATS:
        return str(gettext(_SPECIAL_FORMATS[mime]))
    return _FORMATS.get(mime) or str(facts.get("container") or mime.partition("/")[2]).upper()


def _place(storage_url: str) -> str:
    """Where the back end keeps its bytes; the folder itself is the operator's business."""
    parts = urlsplit(storage_url)
    if parts.scheme == "b2":
        return str(gettext("Backblaze B2, bucket %(name)s", name=parts.netloc))
    return str(gettext("Local disk of this server"))


def _pages(asset: Asset, facts: dict[str, Any], pictures: Pictures | None) -> str:
    if asset.kind != "document":
        return ""
    counted = pictures.pages if pictures else 0
    pages = counted or facts.get("pages") or 0
    return str(pages) if counted or pages > 1 else ""


def _sound(facts: dict[str, Any]) -> str:
    codec, channels, rate = (facts.get(key) for key in ("audio_codec", "channels", "sample_rate"))
    if not codec:
        return ""
    words = {1: gettext("mono"), 2: gettext("stereo")}
    parts = [_name(codec)]
    if channels:
        parts.append(words.get(channels) or gettext("%(n)s channels", n=channels))
    if rate:
        parts.append(f"{format_decimal(rate / 1000)} kHz")
    return " · ".join(parts)


def _version(asset: Asset) -> str:
    if asset.version_count < 2:
        return ""
    return str(gettext("%(n)s of %(count)s", n=asset.version_number, count=asset.version_count))


# Decoders by the names people know; others are shown in capitals.
_NAMES = {
    "h264": "H.264",
    "hevc": "H.265",
    "av1": "AV1",
    "vp8": "VP8",
    "vp9": "VP9",
    "aac": "AAC",
    "mp3": "MP3",
    "opus": "Opus",
    "vorbis": "Vorbis",
    "flac": "FLAC",
    "mpeg2video": "MPEG-2",
    "mpeg4": "MPEG-4",
    "prores": "ProRes",
    "mjpeg": "Motion JPEG",
    "pcm_s16le": "PCM",
}


_OFFICE = "application/vnd.openxmlformats-officedocument."
_MACROS = "application/vnd.ms-"
_OPEN = "application/vnd.oasis.opendocument."
# Containers by the names people know.
_FORMATS = {
    "video/mp4": "MP4",
    "video/quicktime": "QuickTime",
    "video/webm": "WebM",
    "video/x-matroska": "Matroska",
    "video/x-msvideo": "AVI",
    "video/mpeg": "MPEG",
    "audio/mpeg": "MP3",
    "audio/mp4": "MPEG-4 audio",
    "audio/x-m4a": "MPEG-4 audio",
    "audio/x-wav": "WAV",
    "audio/wav": "WAV",
    "image/jpeg": "JPEG",
    "image/svg+xml": "SVG",
    "application/pdf": "PDF",
    _OFFICE + "presentationml.presentation": "PowerPoint",
    _OFFICE + "wordprocessingml.document": "Word",
    _OFFICE + "spreadsheetml.sheet": "Excel",
    _OPEN + "presentation": "ODP",
    _OPEN + "text": "ODT",
    _OPEN + "spreadsheet": "ODS",
    "application/epub+zip": "EPUB",
    "text/plain": "Text",
}


# Documents that are something else than their program's usual ones.
_SPECIAL_FORMATS = {
    _OFFICE + "presentationml.slideshow": N_("PowerPoint slide show"),
    _OFFICE + "presentationml.template": N_("PowerPoint template"),
    _OFFICE + "wordprocessingml.template": N_("Word template"),
    _OPEN + "presentation-template": N_("ODP template"),
    _OPEN + "text-template": N_("ODT template"),
    _MACROS + "powerpoint.presentation.macroEnabled.12": N_("PowerPoint with macros"),
    _MACROS + "powerpoint.slideshow.macroEnabled.12": N_("PowerPoint slide show with macros"),
    _MACROS + "powerpoint.template.macroEnabled.12": N_("PowerPoint template with macros"),
    _MACROS + "word.document.macroEnabled.12": N_("Word with macros"),
    _MACROS + "word.template.macroEnabled.12": N_("Word template with macros"),
    _MACROS + "excel.sheet.macroEnabled.12": N_("Excel with macros"),
}


def _name(code: str | None) -> str:
    if not code:
        return ""
    return _NAMES.get(code) or code.upper()


def _frames(rate: float) -> float:
    """29.97 stays what it is; a rate measured a hair beside a whole number is that number."""
    return round(rate) if abs(rate - round(rate)) < 0.012 else round(rate, 2)
