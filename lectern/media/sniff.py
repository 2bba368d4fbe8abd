"""What a file is, told from its first bytes by a table of our own; its name decides nothing."""

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO

from lectern.errors import Message
from lectern.media import plaintext
from lectern.media.sandbox.refusal import Refused
from lectern.text import N_

HEAD_BYTES = 64 << 10

# By what the name promises and what the content is; whole sentences, for other languages' sake.
_MISMATCHES = {
    ("video", "image"): N_(
        "The name promises a video, but the content is an image: the content counts."
    ),
    ("audio", "image"): N_(
        "The name promises audio, but the content is an image: the content counts."
    ),
    ("image", "video"): N_(
        "The name promises an image, but the content is a video: the content counts."
    ),
    ("image", "audio"): N_(
        "The name promises an image, but the content is audio: the content counts."
    ),
    ("document", "video"): N_(
        "The name promises a document, but the content is a video: the content counts."
    ),
    ("document", "audio"): N_(
        "The name promises a document, but the content is audio: the content counts."
    ),
    ("document", "image"): N_(
        "The name promises a document, but the content is an image: the content counts."
    ),
}
_UNEXPECTED_DOCUMENTS = {
    "video": N_(
        "The name promises a video, but the content is a document (%(mime)s). "
        "Give the file its right ending, then upload it again."
    ),
    "audio": N_(
        "The name promises audio, but the content is a document (%(mime)s). "
        "Give the file its right ending, then upload it again."
    ),
    "image": N_(
        "The name promises an image, but the content is a document (%(mime)s). "
        "Give the file its right ending, then upload it again."
    ),
}
_KINDS_BY_SUFFIX = {
    "video": "mp4 m4v mov mkv webm avi mpg mpeg ts mts m2ts flv wmv ogv 3gp 3g2 asf",
    "audio": "mp3 m4a m4b aac wav flac ogg oga opus amr wma aif aiff caf ac3",
    "image": "png jpg jpeg gif webp bmp tif tiff heic heif avif ico svg apng",
    "document": "pdf docx docm dotx dotm pptx pptm ppsx ppsm potx potm xlsx xlsm xltx epub "
    "odt ott odp otp ods vtt srt",
}
# The documents that a suffix may stand for, by the reader of their content.
_DOCUMENT_SUFFIXES = {
    "pdf": ("pdf",),
    "pptx": ("pptx", "pptm", "ppsx", "ppsm", "potx", "potm"),
    "docx": ("docx", "docm", "dotx", "dotm"),
    "odp": ("odp", "otp"),
    "odt": ("odt", "ott"),
}
_OTHER_DOCUMENTS = {
    "pdf": N_("The name promises another format, but the content is a PDF."),
    "pptx": N_("The name promises another format, but the content is a PowerPoint presentation."),
    "docx": N_("The name promises another format, but the content is a Word document."),
    "odp": N_("The name promises another format, but the content is an OpenDocument presentation."),
    "odt": N_("The name promises another format, but the content is an OpenDocument text."),
}
# A compound file (MS-CFB): Office before 2007, and the wrapping of every locked Office file.
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The stream that holds it (MS-OFFCRYPTO 1.3.2).
_LOCKED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_SUFFIXES = {suffix: kind for kind, names in _KINDS_BY_SUFFIX.items() for suffix in names.split()}


@dataclass(frozen=True)
class Sniffed:
    """A guess good enough to choose the one reader for it.

    `demuxer` is libav's name for video and audio, Pillow's for images, and one of `pdf`, `zip`,
    `svg`, `webvtt`, `srt` for the rest. `warnings` are sentences for the sender.
    """

    kind_guess: str
    mime: str
    demuxer: str
    warnings: tuple[str, ...] = ()


# (offset, signature, kind, mime, demuxer)
_MEDIA: tuple[tuple[int, bytes, str, str, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image", "image/png", "PNG"),
    (0, b"\xff\xd8\xff", "image", "image/jpeg", "JPEG"),
    (0, b"GIF87a", "image", "image/gif", "GIF"),
    (0, b"GIF89a", "image", "image/gif", "GIF"),
    (0, b"II*\x00", "image", "image/tiff", "TIFF"),
    (0, b"MM\x00*", "image", "image/tiff", "TIFF"),
    (0, b"II+\x00", "image", "image/tiff", "TIFF"),
    (0, b"MM\x00+", "image", "image/tiff", "TIFF"),
    (0, b"\x00\x00\x01\x00", "image", "image/vnd.microsoft.icon", "ICO"),
    (0, b"OggS", "audio", "audio/ogg", "ogg"),
    (0, b"fLaC", "audio", "audio/flac", "flac"),
    (0, b"#!AMR", "audio", "audio/amr", "amr"),
    (0, b"caff", "audio", "audio/x-caf", "caf"),
    (0, b"FLV\x01", "video", "video/x-flv", "flv"),
    (0, b"0&\xb2u\x8ef\xcf\x11", "video", "video/x-ms-asf", "asf"),
    (0, b"\x00\x00\x01\xba", "video", "video/mpeg", "mpeg"),
    (0, b"\x00\x00\x01\xb3", "video", "video/mpeg", "mpegvideo"),
    (0, b"%PDF-", "document", "application/pdf", "pdf"),
    (0, b"PK\x03\x04", "document", "application/zip", "zip"),
)
_RIFF = {
    b"AVI ": ("video", "video/x-msvideo", "avi"),
    b"WAVE": ("audio", "audio/wav", "wav"),
    b"WEBP": ("image", "image/webp", "WEBP"),
}
# What it is, for the sentence of the refusal.
_REFUSED: tuple[tuple[int, bytes, str], ...] = (
    (0, b"MZ", N_("a program for Windows")),
    (0, b"\x7fELF", N_("a program for Linux")),
    (0, b"\xcf\xfa\xed\xfe", N_("a program for macOS")),
    (0, b"\xca\xfe\xba\xbe", N_("a program")),
    (0, b"\x00asm", N_("a program (WebAssembly)")),
    (0, b"PK\x05\x06", N_("an empty ZIP archive")),
    (0, b"7z\xbc\xaf\x27\x1c", N_("a 7z archive")),
    (0, b"Rar!\x1a\x07", N_("a RAR archive")),
    (0, b"\x1f\x8b", N_("a gzip archive")),
    (0, b"BZh", N_("a bzip2 archive")),
    (0, b"\xfd7zXZ\x00", N_("an xz archive")),
    (257, b"ustar", N_("a tar archive")),
    (0, b"8BPS", N_("a Photoshop file: that format is not supported, export it as PNG or JPEG")),
    (0, b"\xff\x0a", N_("JPEG XL: that format is not supported, export it as PNG or JPEG")),
    (
        0,
        b"\x00\x00\x00\x0cJXL ",
        N_("JPEG XL: that format is not supported, export it as PNG or JPEG"),
    ),
    (
        0,
        b"\x00\x00\x00\x0cjP  ",
        N_("JPEG 2000: that format is not supported, export it as PNG or JPEG"),
    ),
    (0, b".RMF", N_("RealMedia: that format is not supported, convert it to MP4")),
    (0, b"\x06\x0e\x2b\x34", N_("MXF: that format is not supported, convert it to MP4")),
    (0, b"MThd", N_("a MIDI file: that format is not supported, record it as audio")),
    (0, b"FWS", N_("a Flash film: that format is not supported")),
    (0, b"CWS", N_("a Flash film: that format is not supported")),
    (0, b"\xd0\xcf\x11\xe0", N_("an Office file from before 2007: save it as .docx, .pptx or PDF")),
    (0, b"{\\rtf", N_("rich text: save it as .docx or PDF")),
    (0, b"%!PS", N_("PostScript: save it as PDF")),
    (0, b"SQLite format 3\x00", N_("a database")),
    (0, b"wvpk", N_("WavPack: that format is not supported, convert it to FLAC")),
    (0, b"MAC ", N_("Monkey's Audio: that format is not supported, convert it to FLAC")),
)
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_QUICKTIME_ATOMS = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})


def sniff(head: bytes, size: int, filename: str) -> Sniffed:
    """The one reader that may open a file, from its first `HEAD_BYTES` and its name.

    The name adds a warning when it promises another kind, and wording to a refusal. Only a
    document that is named like media is refused for it: whoever sends one expects it to play.

    Raises:
        Refused: it is not what Lectern keeps, and the sentence says what it is instead.
    """
    if not size:
        raise Refused("The file is empty. Nothing was saved.")
    for offset, signature, what in _REFUSED:
        if head.startswith(signature, offset) and len(head) > len(signature):
            raise Refused("This is %(what)s. It was not kept.", what=Message(what))
    found = _binary(head) or plaintext.sniff(head, filename)
    if found is None:
        raise Refused("This file type is not supported. Upload a media file or a document.")
    kind, mime, demuxer = found
    promised = _SUFFIXES.get(PurePath(filename.lower()).suffix.lstrip("."))
    if kind == "document" and promised not in {None, kind}:
        raise Refused(_UNEXPECTED_DOCUMENTS[str(promised)], mime=mime)
    return Sniffed(kind, mime, demuxer, _mismatch(promised, kind))


def document_mismatch(filename: str, container: str) -> tuple[str, ...]:
    """A warning where the name of a document promises another format than its content has."""
    promised = PurePath(filename.lower()).suffix.lstrip(".")
    known = {suffix for names in _DOCUMENT_SUFFIXES.values() for suffix in names}
    if container not in _DOCUMENT_SUFFIXES or promised not in known:
        return ()
    fits = promised in _DOCUMENT_SUFFIXES[container]
    return () if fits else (_OTHER_DOCUMENTS[container],)


def refuse_locked(head: bytes, file: BinaryIO) -> None:
    """Say of an Office file that has a password that this is why it cannot be kept as media.

    Raises:
        Refused: it has one.
    """
    if not head.startswith(COMPOUND) or len(head) < 52:
        return
    # MS-CFB 2.2: the directory's first sector, of a size that is given as a power of two.
    sector = 1 << min(int.from_bytes(head[30:32], "little"), 16)
    file.seek((int.from_bytes(head[48:52], "little") + 1) * sector)
    if _LOCKED_PACKAGE in head or _LOCKED_PACKAGE in file.read(sector):
        raise Refused(
            "This Office file is password-protected. Remove the password, then upload it again."
        )


def _mismatch(promised: str | None, kind: str) -> tuple[str, ...]:
    # A container may hold either; the probe, not the name, says which.
    if promised in {None, kind} or {promised, kind} == {"video", "audio"}:
        return ()
    return (_MISMATCHES[str(promised), kind],)


def _binary(head: bytes) -> tuple[str, str, str] | None:
    for offset, signature, kind, mime, demuxer in _MEDIA:
        if head.startswith(signature, offset):
            return kind, mime, demuxer
    if head[:4] in {b"RIFF", b"RF64", b"BW64"}:
        return _RIFF.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return "audio", "audio/aiff", "aiff"
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return "image", "image/bmp", "BMP"
    # PDF readers accept junk before the header, and scanners write it.
    if b"%PDF-" in head[:1024]:
        return "document", "application/pdf", "pdf"
    return _boxes(head) or _ebml(head) or _transport_stream(head) or _frames(head)


def _boxes(head: bytes) -> tuple[str, str, str] | None:
    if head[4:8] != b"ftyp":
        is_quicktime = head[4:8] in _QUICKTIME_ATOMS
        return ("video", "video/quicktime", "mov") if is_quicktime else None
    length = min(int.from_bytes(head[:4]), 256)
    brand = head[8:12]
    brands = {brand, *(head[at : at + 4] for at in range(16, length, 4))}
    if brand in _AVIF_BRANDS or (brand in _HEIF_BRANDS and brands & _AVIF_BRANDS):
        return "image", "image/avif", "AVIF"
    if brand in _HEIF_BRANDS:
        return "image", "image/heic", "HEIF"
    if brand == b"crx ":
        raise Refused("This is a raw photo (CR3) and was not saved. Export it as JPEG.")
    if brand[:3] in {b"M4A", b"M4B", b"M4P"}:
        return "audio", "audio/mp4", "mov"
    if brand == b"qt  ":
        return "video", "video/quicktime", "mov"
    if brand[:3] in {b"3gp", b"3g2", b"3ge", b"3gg"}:
        return "video", "video/3gpp", "mov"
    return "video", "video/mp4", "mov"


def _ebml(head: bytes) -> tuple[str, str, str] | None:
    if not head.startswith(b"\x1aE\xdf\xa3"):
        return None
    # DocType is element 0x4282, a few bytes into the header.
    webm = re.search(rb"\x42\x82.webm", head[:64], re.DOTALL)
    return "video", "video/webm" if webm else "video/x-matroska", "matroska"


def _transport_stream(head: bytes) -> tuple[str, str, str] | None:
    # A recording cut from a broadcast may begin anywhere inside a packet.
    for length, lead in ((188, 0), (192, 4), (204, 0)):
        for start in range(lead, min(length + lead, max(0, len(head) - 4 * length))):
            if all(head[start + k * length] == 0x47 for k in range(5)):
                return "video", "video/mp2t", "mpegts"
    return None


def _frames(head: bytes) -> tuple[str, str, str] | None:
    """Streams of bare audio frames: one header is chance, a second where it belongs is not."""
    body = head
    if head.startswith(b"ID3") and len(head) > 10:
        size = 0
        for byte in head[6:10]:
            size = size << 7 | byte & 0x7F
        body = head[10 + size :]
        if not body:
            return "audio", "audio/mpeg", "mp3"
        if body.startswith(b"fLaC"):
            return "audio", "audio/flac", "flac"
    if body.startswith(b"\x0bw") and len(body) > 6:
        # Bit stream ids above 10 are Enhanced AC-3 (ETSI TS 102 366 E.1.3.1.6).
        return "audio", "audio/ac3", "eac3" if body[5] >> 3 > 10 else "ac3"
    for start in range(min(len(body), 2048)):
        if _adts(body, start):
            return "audio", "audio/aac", "aac"
        if _mpeg_audio(body, start):
            return "audio", "audio/mpeg", "mp3"
    return ("audio", "audio/mpeg", "mp3") if head.startswith(b"ID3") else None


def _adts(data: bytes, start: int) -> bool:
    for _ in range(2):
        header = data[start : start + 7]
        if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0:
            return False
        length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
        if length < 8:
            return False
        start += length
    return True


# Bit rates in kbit/s by (MPEG-1?, layer), ISO/IEC 11172-3 table 2.4.2.3 and 13818-3.
_BIT_RATES = {
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def _mpeg_audio(data: bytes, start: int) -> bool:
    for _ in range(2):
        header = data[start : start + 4]
        if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
            return False
        version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
        rate, sampling = header[2] >> 4, header[2] >> 2 & 3
        if version == 1 or layer not in {2, 3} or rate in {0, 15} or sampling == 3:
            return False
        bit_rate = _BIT_RATES[version == 3, layer][rate - 1] * 1000
        samples = 72 if layer == 3 and version != 3 else 144
        start += samples * bit_rate // _SAMPLE_RATES[version][sampling] + (header[2] >> 1 & 1)
    return True
