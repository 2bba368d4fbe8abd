"""No byte of a user reaches a command line, whatever a file says about itself."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lectern.media import codecs
from lectern.media.convert import Conversion, Target, arguments
from lectern.media.facts import ChapterFacts, Facts, StreamFacts
from lectern.media.playable import plan

# Options, enums, numbers, and the fixed words of filters.
WORD = re.compile(r"-?[A-Za-z0-9_.,:=+()*/-]+")
MARK = "CANARY"
# A stranger's text: hostile pieces around a mark to look for.
TEXT = st.sampled_from(["; rm -rf ", "../", "$(id)", "-i ", "\n", "'", "[in]", "concat:", "\x00"])
HOSTILE = st.tuples(TEXT, TEXT).map(lambda ends: f"{ends[0]}{MARK}{ends[1]}")
SIZES = st.integers(1, 8192)


@st.composite
def described(draw: st.DrawFn) -> Facts:
    """Facts of any video, all its texts hostile."""
    text = draw(HOSTILE)
    return Facts(
        kind=draw(st.sampled_from(["video", "audio"])),
        mime=text,
        container=draw(st.sampled_from(sorted(codecs.DEMUXERS))),
        duration_s=draw(st.none() | st.floats(0.001, 28_800)),
        width=draw(SIZES),
        height=draw(SIZES),
        stored_width=draw(SIZES),
        stored_height=draw(SIZES),
        fps=draw(st.none() | st.floats(0.1, 240)),
        video_codec=draw(st.sampled_from(["h264", "vp8", "vp9", "av1", "hevc", text])),
        video_stream=draw(st.integers(0, 31)),
        pixel_format=draw(st.sampled_from(["yuv420p", "yuv444p", text])),
        interlaced=draw(st.booleans()),
        hdr=draw(st.sampled_from([None, "pq", "hlg", text])),
        audio_codec=draw(st.sampled_from([None, "aac", "opus", "pcm_s16le", text])),
        audio_stream=draw(st.none() | st.integers(0, 31)),
        channels=draw(st.none() | st.integers(1, 64)),
        sample_rate=draw(st.none() | st.integers(1, 384_000)),
        title=text,
        artist=text,
        streams=(StreamFacts(0, "video", codec=text, language=text, title=text),),
        chapters=(ChapterFacts(0, 1, text),),
        warnings=(text,),
    )


@given(described(), st.integers(1, 20 << 30))
def test_every_argument_is_ours(facts: Facts, size: int) -> None:
    for job in plan(facts, size):
        argv = arguments(job)
        assert all(WORD.fullmatch(word) for word in argv)
        assert MARK not in " ".join(argv)
        assert argv[argv.index("-i") - 2 : argv.index("-i")] == ["-f", facts.container]
        assert argv[argv.index("-protocol_whitelist") + 1] == "file"
        assert argv[-1] == "out.0"


@given(described(), st.integers(1, 1 << 30))
def test_a_picture_is_never_enlarged_and_always_even(facts: Facts, size: int) -> None:
    job = plan(facts, size)[-1]
    if job.video is not None:
        assert job.width % 2 == job.height % 2 == 0
        assert job.width <= max(2, facts.width or 0)
        assert job.height <= max(2, facts.height or 0)
        assert max(job.width, job.height) <= 1920


def test_a_demuxer_that_is_not_in_the_table_is_not_run() -> None:
    job = Conversion(demuxer="mov", target=Target.MP4, limit_s=1, limit_bytes=1)
    for demuxer in ("hls", "concat", "dash", "lavfi", "mov,hls", ""):
        with pytest.raises(ValueError, match="demuxer"):
            arguments(replace(job, demuxer=demuxer))


def test_no_reader_of_other_files_is_in_the_table() -> None:
    assert not {"hls", "dash", "concat", "image2", "lavfi", "sdp", "rtsp"} & set(codecs.DEMUXERS)
    assert len(codecs.DEMUXERS["mov"]) < 70
