"""Signatures decide, names do not, and whatever comes in, the answer is words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lectern.media.sandbox.refusal import Refused
from lectern.media.sniff import sniff

PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)
MP4 = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + bytes(32)
PLAYLISTS = {
    "HLS": b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:10,\nneighbour.ts\n",
    "HLS after a mark": b"\xef\xbb\xbf  \n#EXTM3U\n#EXTINF:10,\nneighbour.ts\n",
    "HLS in UTF-16": "\ufeff#EXTM3U\n#EXTINF:10,\nx.ts\n".encode("utf-16-le"),
    "DASH": b'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    "concat": b"ffconcat version 1.0\nfile neighbour.ts\n",
    "bare concat": b"file '/etc/hostname'\nduration 3\n",
    "metadata": b";FFMETADATA1\ntitle=x\n",
    "SDP": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    "PLS": b"[playlist]\nFile1=http://127.0.0.1:9/x\n",
    "ASX": b'<asx version="3.0"><entry><ref href="http://127.0.0.1:9/"/></entry></asx>',
    "XSPF": b'<?xml version="1.0"?>\n<playlist version="1"><trackList/></playlist>',
    "RealText": b"rtsp://127.0.0.1:9/stream\n",
}


@pytest.mark.parametrize("text", PLAYLISTS.values(), ids=PLAYLISTS.keys())
@pytest.mark.parametrize("name", ["lecture.mp4", "lecture.ts", "captions.vtt"])
def test_a_playlist_is_refused_by_its_name_under_any_extension(text: bytes, name: str) -> None:
    with pytest.raises(Refused, match="upload the video file itself"):
        sniff(text, len(text), name)


@pytest.mark.parametrize("name", ["a.mp4", "a.png", "a.exe", "a", "../a.html", ""])
def test_the_name_never_decides(name: str) -> None:
    assert sniff(PNG, len(PNG), name).demuxer == "PNG"
    assert sniff(MP4, len(MP4), name).demuxer == "mov"


def test_a_name_that_promises_another_kind_gets_a_warning() -> None:
    assert sniff(PNG, len(PNG), "lecture.mp4").warnings
    assert not sniff(PNG, len(PNG), "slide.PNG").warnings
    # A container holds sound as well as pictures; that is for the probe to say.
    assert not sniff(MP4, len(MP4), "lecture.mp3").warnings


@pytest.mark.parametrize(
    ("head", "mime", "demuxer"),
    [
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(9), "image/heic", "HEIF"),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avif" + bytes(9), "image/avif", "AVIF"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ", "video/quicktime", "mov"),
        (b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat", "video/quicktime", "mov"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "video/webm", "matroska"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "audio/wav", "wav"),
        (b"FORM\x00\x00\x10\x00AIFFCOMM", "audio/aiff", "aiff"),
        ((b"\x47" + bytes(187)) * 6, "video/mp2t", "mpegts"),
        ((bytes(4) + b"\x47" + bytes(187)) * 6, "video/mp2t", "mpegts"),
        (bytes(50) + (b"\x47" + bytes(187)) * 6, "video/mp2t", "mpegts"),
        (b"\r\n%PDF-1.7\n", "application/pdf", "pdf"),
        (b"II+\x00\x08\x00\x00\x00", "image/tiff", "TIFF"),
        (b"WEBVTT\r\n\r\n00:01.000 --> 00:02.000\r\nx", "text/vtt", "webvtt"),
        (b"1\r00:00:01,000 --> 00:00:02,000\rx\r", "application/x-subrip", "srt"),
        (b"<!-- made by hand --><svg xmlns='x'></svg>", "image/svg+xml", "svg"),
    ],
)
def test_signatures(head: bytes, mime: str, demuxer: str) -> None:
    found = sniff(head, len(head), "file")
    assert (found.mime, found.demuxer) == (mime, demuxer)


def test_one_chance_sync_word_is_no_sound() -> None:
    with pytest.raises(Refused):
        sniff(b"\xff\xfb\x90\x00" + b"\x01\x02" * 900, 1804, "a.mp3")


@given(st.binary(max_size=4096), st.text(max_size=40))
def test_any_bytes_get_a_reader_or_a_sentence(head: bytes, name: str) -> None:
    assert said(head, name).endswith((".", " reads it"))


def said(head: bytes, name: str) -> str:
    try:
        return f"{sniff(head, len(head), name).demuxer} reads it"
    except Refused as refused:
        return str(refused)
