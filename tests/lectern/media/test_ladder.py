"""Which rungs a video gets, at which rate and where it is cut: a table, and what always holds."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lectern.media.facts import Facts, StreamFacts
from lectern.media.hls import ladder
from lectern.media.hls.plan import Coding, Plan
from lectern.media.hls.timeline import Timeline

TALK = Facts(
    kind="video",
    mime="video/mp4",
    container="mov",
    duration_s=100.0,
    width=1920,
    height=1080,
    stored_width=1920,
    stored_height=1080,
    fps=25.0,
    video_codec="h264",
    video_stream=0,
    pixel_format="yuv420p",
    audio_codec="aac",
    audio_stream=1,
    channels=2,
    sample_rate=48_000,
    streams=(
        StreamFacts(0, "video", "h264"),
        StreamFacts(1, "audio", "aac", language="eng", channels=2, sample_rate=48_000),
    ),
)
EVEN = Timeline(
    first_s=0.0,
    end_s=100.0,
    frames=2500,
    byte_size=50_000_000,
    frame_s=0.04,
    even=True,
    closed=True,
    longest_gop_s=2.0,
    keys=tuple(2.0 * n for n in range(50)),
    audio={1: -0.021},
)


def sizes(width: int, height: int) -> list[tuple[int, int]]:
    return [(rung.width, rung.height) for rung in ladder.rungs(width, height, slides=False)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ((1920, 1080), [(1920, 1080), (1280, 720), (960, 540), (640, 360)]),
        ((1280, 720), [(1280, 720), (960, 540), (640, 360)]),
        ((3840, 2160), [(1920, 1080), (1280, 720), (960, 540), (640, 360)]),
        ((1600, 900), [(1600, 900), (1280, 720), (960, 540), (640, 360)]),
        ((640, 480), [(640, 480), (480, 360)]),
        ((640, 360), [(640, 360)]),
        ((321, 241), [(320, 240)]),
        ((121, 81), [(120, 80)]),
        ((720, 1280), [(720, 1280), (540, 960), (360, 640)]),
        ((1080, 1920), [(1080, 1920), (720, 1280), (540, 960), (360, 640)]),
        ((2560, 1080), [(1706, 720), (1280, 540), (852, 360)]),
        ((8192, 100), [(1884, 22)]),
        ((2, 2), [(2, 2)]),
    ],
)
def test_the_sizes_of_the_rungs(source: tuple[int, int], expected: list[tuple[int, int]]) -> None:
    assert sizes(*source) == expected


def test_slides_get_the_low_caps_and_fast_pictures_higher_ones() -> None:
    def caps(**options: bool) -> dict[str, int]:
        return {rung.name: rung.kbps for rung in ladder.rungs(1920, 1080, **options)}

    assert caps(slides=True) == {"v1080": 2800, "v720": 1500, "v540": 800, "v360": 300}
    assert caps(slides=False)["v720"] == 3500
    assert caps(slides=False, fast=True)["v720"] == 5250


def test_what_a_recording_shows_is_told_by_its_bits() -> None:
    quiet = replace(EVEN, byte_size=10_000_000)
    assert ladder.plan(TALK, quiet, 180).slides
    assert not ladder.plan(TALK, EVEN, 180).slides


@given(st.integers(2, 8192), st.integers(2, 8192), st.booleans())
def test_no_rung_is_larger_than_the_source_or_out_of_shape(
    width: int, height: int, slides: bool
) -> None:
    made = ladder.rungs(width, height, slides=slides)
    assert len({rung.name for rung in made}) == len(made)
    assert [r.width * r.height for r in made] == sorted(
        (r.width * r.height for r in made), reverse=True
    )
    if min(width, height) >= 720 and max(width, height) <= 1920:
        assert len(made) >= 2
    for rung in made:
        assert rung.width % 2 == rung.height % 2 == 0
        assert 2 <= rung.width <= width
        assert 2 <= rung.height <= height
        assert max(rung.width, rung.height) <= 1920
        assert rung.kbps > 0
        if min(rung.width, rung.height) >= 64:
            assert rung.width / rung.height == pytest.approx(width / height, rel=2 / 60)


@pytest.mark.parametrize(
    ("frame_s", "even", "rate"),
    [
        (1 / 25, True, Fraction(25)),
        (1001 / 30000, True, Fraction(30000, 1001)),
        (0.0333333, True, Fraction(30)),
        (1001 / 24000, True, Fraction(24000, 1001)),
        (1 / 12, True, Fraction(12)),
        (1.0, True, Fraction(5)),
        (1 / 17, True, Fraction(20)),
        (1 / 60, True, Fraction(60)),
        (1 / 60, False, Fraction(30)),
        (1 / 120, True, Fraction(60)),
        (1 / 240, True, Fraction(60)),
        (0.0, False, Fraction(25)),
    ],
)
def test_the_rate_of_the_frames(frame_s: float, even: bool, rate: Fraction) -> None:
    assert ladder.frame_rate(replace(EVEN, frame_s=frame_s, even=even)) == rate


@given(st.floats(0.001, 3.0), st.booleans())
def test_the_rate_is_always_one_that_players_expect(frame_s: float, even: bool) -> None:
    rate = ladder.frame_rate(replace(EVEN, frame_s=frame_s, even=even))
    assert 5 <= rate <= 60
    if even and 5 <= 1 / frame_s <= 60:
        # Nothing that moves is left out.
        assert rate >= 0.99 / frame_s


def test_a_fitting_source_is_the_top_rung_and_its_key_frames_are_the_cuts() -> None:
    plan = ladder.plan(TALK, EVEN, 180)
    assert plan.source_kbps == 4000
    assert [rung.name for rung in plan.rungs] == ["v720", "v540", "v360"]
    assert plan.cuts == tuple(range(0, 2500, 100))
    assert [track.copied for track in plan.tracks] == [True]


@pytest.mark.parametrize(
    ("facts", "timeline"),
    [
        ({"container": "avi"}, {}),
        ({"video_codec": "hevc"}, {}),
        ({"pixel_format": "yuv422p"}, {}),
        ({"rotation": 90}, {}),
        ({"stored_width": 1440}, {}),
        ({"interlaced": True}, {}),
        ({"hdr": "pq"}, {}),
        ({"damaged": True}, {}),
        ({}, {"even": False}),
        ({}, {"closed": False}),
        ({}, {"longest_gop_s": 12.0}),
        ({}, {"byte_size": 300_000_000}),
        ({}, {"first_s": 0.5}),
        ({}, {"keys": ()}),
    ],
)
def test_any_other_source_is_encoded_in_every_size(
    facts: dict[str, object], timeline: dict[str, object]
) -> None:
    plan = ladder.plan(replace(TALK, **facts), replace(EVEN, **timeline), 180)  # type: ignore[arg-type]
    assert plan.source_kbps is None
    assert plan.rungs[0].name == "v1080"
    assert plan.cuts == tuple(range(0, plan.frames, 100))


def test_a_kept_source_that_disappoints_is_encoded_after_all() -> None:
    plan = ladder.without_copies(ladder.plan(TALK, EVEN, 180, av1=True), TALK)
    assert plan.source_kbps is None
    names = [rung.name for rung in plan.rungs]
    assert names == ["v1080", "v720", "v540", "v360", "v1080av1", "v720av1"]
    assert {rung.coding for rung in plan.rungs} == {Coding.H264, Coding.AV1}
    assert not any(track.copied for track in plan.tracks)


def test_several_tracks_of_sound_the_main_one_first() -> None:
    streams = (
        StreamFacts(0, "video", "h264"),
        StreamFacts(1, "audio", "ac4", language="ita", channels=6),
        StreamFacts(2, "audio", "ac3", language="deu", channels=6, sample_rate=48_000),
        StreamFacts(3, "audio", "aac", language="eng", channels=1, sample_rate=11_025),
        StreamFacts(4, "audio", "aac", channels=2, sample_rate=48_000),
    )
    facts = replace(TALK, streams=streams, audio_stream=3)
    timeline = replace(EVEN, audio={1: 0.0, 2: 0.0, 3: 0.5, 4: 0.0})
    tracks = ladder.plan(facts, timeline, 180).tracks
    assert [(t.stream, t.channels, t.copied) for t in tracks] == [
        (3, 1, False),
        (2, 2, False),
        (4, 2, True),
    ]
    assert tracks[0].sample_rate == 48_000


def test_sound_alone_and_a_picture_alone() -> None:
    sound = replace(TALK, kind="audio", width=None, height=None, video_stream=None)
    plan = ladder.plan(sound, Timeline(audio={1: 0.0}), 180)
    assert (plan.rungs, len(plan.tracks)) == ((), 1)
    silent = replace(TALK, audio_stream=None, streams=TALK.streams[:1])
    assert ladder.plan(silent, EVEN, 180).tracks == ()


@given(
    st.floats(1.0, 20_000.0),
    st.sampled_from([Fraction(5), Fraction(25), Fraction(30000, 1001), Fraction(60)]),
    st.floats(0.5, 30.0),
    st.integers(4, 600),
)
def test_segments_begin_at_cuts_and_cover_all_frames_once(
    end_s: float, rate: Fraction, gop_s: float, encode_s: int
) -> None:
    frames = max(1, round(end_s * rate))
    keys = tuple(n * gop_s for n in range(int(end_s / gop_s) + 1))
    cuts = ladder.regular_cuts(rate, frames)
    begins = ladder.segments(cuts, rate, frames, keys, encode_s)
    assert begins[0] == 0
    assert list(begins) == sorted(set(begins))
    assert set(begins) <= set(cuts)
    if end_s < 2 * encode_s - 1:
        assert begins == (0,)
    plan = replace(ladder.plan(TALK, EVEN, 180), frames=frames, rate=rate, segments=begins)
    covered = [plan.segment(number) for number in range(len(begins))]
    assert covered[0][0] == 0
    assert covered[-1][1] == frames
    assert all(a[1] == b[0] for a, b in pairwise(covered))


def test_a_segment_begins_where_least_is_decoded_twice() -> None:
    long = replace(EVEN, end_s=600.0, frames=15_000, longest_gop_s=60.0)
    long = replace(long, keys=(0.0, 118.9, 243.9, 361.0, 480.0))
    plan = ladder.plan(replace(TALK, duration_s=600.0), long, 120)
    # 118.9 is followed by the cut at 120 s, 243.9 by that at 244 s, and so on.
    assert [plan.seconds(begin) for begin in plan.segments] == [0, 120, 244, 364, 480]


@given(st.booleans(), st.sampled_from([None, "pq", "hlg"]), st.booleans())
def test_a_plan_survives_its_row(av1: bool, hdr: str | None, interlaced: bool) -> None:
    plan = ladder.plan(replace(TALK, hdr=hdr, interlaced=interlaced), EVEN, 4, av1)
    assert Plan.from_json(plan.to_json()) == plan


def test_a_plan_that_an_earlier_release_wrote_is_read() -> None:
    plan = replace(ladder.plan(TALK, EVEN, 180), cuts=(0, 100, 200), segments=(0, 200))
    values = plan.to_json()
    assert Plan.from_json(values) == plan
    former = {**values, "stretches": values["segments"]}
    del former["segments"]
    assert Plan.from_json(former) == plan
