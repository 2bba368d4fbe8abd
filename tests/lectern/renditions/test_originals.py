"""What a browser is asked before it is offered an original, and which originals are not offered."""

from typing import Any

import pytest

from lectern.media.facts import Facts, Irregular, StreamFacts
from lectern.renditions import originals

TRACKS = (StreamFacts(0, "video", "av1"), StreamFacts(1, "audio", "opus"))
WEBM = Facts(
    kind="video",
    mime="video/webm",
    container="matroska",
    duration_s=360.0,
    width=3840,
    height=2160,
    stored_width=3840,
    stored_height=2160,
    fps=60.0,
    video_codec="av1",
    video_stream=0,
    pixel_format="yuv420p",
    audio_codec="opus",
    audio_stream=1,
    streams=TRACKS,
)


def facts(**changes: Any) -> dict[str, Any]:
    """As a version keeps them: 4K60 in AV1 with Opus, with some of it otherwise."""
    return {**WEBM.to_json(), **changes}


def asked(**changes: Any) -> str:
    found = originals.needs(facts(**changes), 45_000_000)
    return found.type if found else ""


def test_a_browser_is_asked_for_profile_level_depth_and_speed() -> None:
    assert originals.needs(facts(), 45_000_000) == originals.Needs(
        type='video/webm; codecs="av01.0.13M.08, opus"',
        video='video/webm; codecs="av01.0.13M.08"',
        audio='audio/webm; codecs="opus"',
        width=3840,
        height=2160,
        fps=60.0,
        bits_a_second=1_000_000,
    )


@pytest.mark.parametrize(
    ("changes", "codecs"),
    [
        ({"pixel_format": "yuv420p10le", "fps": 30.0}, "av01.0.12M.10, opus"),
        ({"video_codec": "vp9"}, "vp09.00.51.08, opus"),
        ({"video_codec": "vp9", "pixel_format": "yuv444p"}, "vp09.01.51.08, opus"),
        ({"video_codec": "vp9", "pixel_format": "yuv420p10le"}, "vp09.02.51.10, opus"),
        ({"video_codec": "vp8", "audio_codec": "vorbis"}, "vp8, vorbis"),
        ({"video_codec": "h264", "audio_codec": "aac"}, "avc1.640034, mp4a.40.2"),
        ({"video_codec": "hevc", "audio_codec": "aac"}, "hvc1.1.6.L153.B0, mp4a.40.2"),
        (
            {"video_codec": "hevc", "pixel_format": "yuv420p10le", "audio_codec": "eac3"},
            "hvc1.2.4.L153.B0, ec-3",
        ),
    ],
)
def test_each_codec_is_named_as_its_registration_has_it(
    changes: dict[str, Any], codecs: str
) -> None:
    assert asked(**changes) == f'video/webm; codecs="{codecs}"'


def test_levels_rise_with_size_and_speed() -> None:
    sizes = [(640, 360, 25.0), (1280, 720, 30.0), (1920, 1080, 30.0), (1920, 1080, 60.0)]
    shapes = [{"stored_width": w, "stored_height": h, "fps": fps} for w, h, fps in sizes]
    named = [asked(**shape).split('"')[1].split(",")[0] for shape in shapes]
    assert named == ["av01.0.01M.08", "av01.0.05M.08", "av01.0.08M.08", "av01.0.09M.08"]


def test_sound_is_asked_for_by_itself() -> None:
    sound = {"kind": "audio", "video_stream": None, "video_codec": None, "streams": ()}
    assert asked(**sound, mime="audio/mpeg", audio_codec="mp3") == "audio/mpeg"
    assert asked(**sound, mime="audio/mp4", audio_codec="aac") == 'audio/mp4; codecs="mp4a.40.2"'
    assert asked(**sound, mime="audio/wav", audio_codec="pcm_s16le") == 'audio/wav; codecs="1"'


@pytest.mark.parametrize("irregular", [each.value for each in Irregular])
def test_what_a_copy_would_not_show_as_players_do_is_not_offered(irregular: str) -> None:
    assert asked(irregular=[irregular]) == ""


def test_what_nobody_looked_at_is_damaged_or_would_be_another_track_is_not_offered() -> None:
    assert asked()
    unknown = facts()
    del unknown["irregular"]
    assert originals.needs(unknown, 1) is None
    assert asked(damaged=True) == ""
    assert asked(kind="image", mime="image/png") == ""
    second = StreamFacts(2, "audio", "opus")
    tracks = [{"index": each.index, "kind": each.kind} for each in (*TRACKS, second)]
    assert asked(streams=tracks)
    assert asked(streams=tracks, audio_stream=2) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"video_codec": "prores"},
        {"audio_codec": "dts"},
        # There is sound, and it cannot be decoded here.
        {"audio_codec": None, "audio_stream": None},
        {"pixel_format": "gbrp"},
        {"video_codec": "hevc", "pixel_format": "yuv444p"},
    ],
)
def test_codecs_without_a_name_for_browsers_are_not_offered(changes: dict[str, Any]) -> None:
    assert asked(**changes) == ""
