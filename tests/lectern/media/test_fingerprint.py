"""What looks and sounds mostly the same is told from what only shares an intro and a template."""

from itertools import combinations
from pathlib import Path

import pytest

import core_ext
from lectern.duplicates import fingerprints
from lectern.duplicates.fingerprints import Match, Print
from lectern.duplicates.frames import Film
from lectern.media import fingerprint
from lectern.media.inside.fingerprint import MOST_FRAMES, moments
from lectern.media.probe import probe
from tests.films import Part, changed, film, slide

X264 = ("-c:v", "libx264", "-preset", "ultrafast")
# Three seconds of black, an intro, what the lecture is about, and an outro.
BLACK, INTRO, OUTRO = Part(0, 3), Part(99, 15), Part(98, 4)
LASTS_S = 62


def taken(source: Path, scratch: Path) -> Print:
    facts = probe(source, source.name, scratch)
    looks = fingerprint.take(source, facts, scratch)
    frames = tuple((at_s, int.from_bytes(hash_)) for at_s, hash_ in looks.frames)
    return Print(facts.kind, Film(facts.duration_s or 0.0, frames), looks.sound)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module")
def series(folder: Path) -> list[Path]:
    """Five lectures of one series."""
    return [
        film(folder / f"lecture-{number}.mp4", BLACK, INTRO, Part(number, 40), OUTRO)
        for number in range(1, 6)
    ]


@pytest.fixture(scope="module")
def prints(series: list[Path], folder: Path) -> list[Print]:
    return [taken(each, folder) for each in series]


def near(first: Print, second: Print) -> Match:
    found = fingerprints.compare(first, second)
    assert found is not None
    turned = fingerprints.compare(second, first)
    assert turned is not None
    assert turned.offset_s == pytest.approx(-found.offset_s, abs=0.01)
    return found


def test_lectures_of_a_series_are_not_near(prints: list[Print]) -> None:
    assert [fingerprints.compare(*pair) for pair in combinations(prints, 2)] == [None] * 10


def test_nor_are_they_without_their_sound(series: list[Path], folder: Path) -> None:
    silent = [
        taken(changed(each, f"silent-{each.stem}.mp4", "-an", *X264), folder) for each in series[:4]
    ]
    assert [fingerprints.compare(*pair) for pair in combinations(silent, 2)] == [None] * 6


def test_nor_two_of_them_with_the_same_music_all_along(series: list[Path], folder: Path) -> None:
    ours, theirs = (
        changed(
            *(each, f"music-{each.stem}.mp4", "-map", "1:v", "-map", "0:a", "-c", "copy"),
            before=("-i", str(series[4])),
        )
        for each in series[:2]
    )
    first, second = taken(ours, folder), taken(theirs, folder)
    heard = core_ext.align_sounds(first.sound, second.sound)
    assert heard.matched == heard.compared > 40
    assert fingerprints.compare(first, second) is None


@pytest.mark.parametrize(
    ("name", "options", "offset_s", "least"),
    [
        ("recoded.mp4", (*X264, "-crf", "36", "-c:a", "aac", "-b:a", "48k"), 0, 0.95),
        ("smaller.mp4", ("-vf", "scale=320:180", *X264, "-crf", "30"), 0, 0.95),
        ("container.mkv", ("-c", "copy"), 0, 0.95),
        ("other.webm", ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "300k"), 0, 0.95),
        ("end-cut.mp4", ("-t", str(LASTS_S - 5), "-c", "copy"), 0, 0.85),
    ],
)
def test_a_copy_is_near(
    series: list[Path],
    prints: list[Print],
    folder: Path,
    name: str,
    options: tuple[str, ...],
    offset_s: float,
    least: float,
) -> None:
    other = taken(changed(series[0], name, *options), folder)
    found = near(prints[0], other)
    assert found.by == "both"
    assert found.offset_s == pytest.approx(offset_s, abs=0.5)
    assert least <= found.share <= 1
    assert all(fingerprints.compare(each, other) is None for each in prints[1:])


def test_a_copy_without_its_first_seconds_is_near(
    series: list[Path], prints: list[Print], folder: Path
) -> None:
    cut = changed(series[0], "start-cut.mp4", *X264, before=("-ss", "5"))
    found = near(prints[0], taken(cut, folder))
    assert found.offset_s == pytest.approx(5, abs=0.5)
    assert 0.85 <= found.share < 1


def test_the_sound_alone_is_near(series: list[Path], prints: list[Print], folder: Path) -> None:
    sound = taken(changed(series[0], "sound.mp3", "-vn", "-b:a", "64k"), folder)
    assert sound.film.frames == ()
    found = near(prints[0], sound)
    assert (found.by, round(found.offset_s)) == ("sound", 0)
    assert fingerprints.compare(prints[1], sound) is None


def test_a_copy_without_sound_is_near_by_its_pictures(
    series: list[Path], prints: list[Print], folder: Path
) -> None:
    silent = taken(changed(series[0], "muted.mp4", "-an", *X264, "-crf", "34"), folder)
    assert silent.sound == b""
    found = near(prints[0], silent)
    assert found.by == "pictures"
    assert found.offset_s == pytest.approx(0, abs=0.6)
    assert fingerprints.compare(prints[1], silent) is None


def test_the_same_sound_under_other_pictures_is_another_film(
    series: list[Path], prints: list[Print], folder: Path
) -> None:
    filmed = changed(
        *(series[0], "camera.mp4", "-map", "0:v", "-map", "1:a", "-c:a", "copy", *X264),
        before=("-f", "lavfi", "-i", f"mandelbrot=s=640x360:r=5,trim=end={LASTS_S}"),
    )
    assert fingerprints.compare(prints[0], taken(filmed, folder)) is None


def test_an_excerpt_of_less_than_half_is_not_near(
    series: list[Path], prints: list[Print], folder: Path
) -> None:
    excerpt = taken(changed(series[0], "excerpt.mp4", "-c", "copy", before=("-t", "25")), folder)
    assert fingerprints.compare(prints[0], excerpt) is None


def test_real_lectures_are_near_only_to_themselves(assets_dir: Path, folder: Path) -> None:
    names = ("async-await", "python-dataframes", "react-hooks")
    found = [taken(assets_dir / "media" / f"{name}.mp4", folder) for name in names]
    assert [fingerprints.compare(*pair) for pair in combinations(found, 2)] == [None] * 3
    assert all(near(each, each).share == 1 for each in found)


def test_slides_as_images(folder: Path) -> None:
    slides = [slide(7, number) for number in range(5)]
    originals, copies = [], []
    for number, image in enumerate(slides):
        image.save(folder / f"slide-{number}.png")
        image.resize((400, 225)).save(folder / f"slide-{number}.jpg", quality=60)
        originals.append(taken(folder / f"slide-{number}.png", folder))
        copies.append(taken(folder / f"slide-{number}.jpg", folder))
    for i, ours in enumerate(originals):
        for j, theirs in enumerate(copies):
            assert (fingerprints.compare(ours, theirs) is not None) == (i == j)


def test_a_turned_film_is_seen_upright(series: list[Path], folder: Path) -> None:
    turned = changed(series[0], "turned.mp4", "-c", "copy", before=("-display_rotation", "90"))
    upright = changed(turned, "upright.mp4", *X264)
    found = near(taken(turned, folder), taken(upright, folder))
    assert (found.by, round(found.offset_s)) == ("both", 0)


@pytest.mark.parametrize("duration_s", [0.0, 0.4, 31.9, 32.1, 3600.0, 8 * 3600.0])
def test_a_film_of_any_length_is_looked_at_in_few_moments(duration_s: float) -> None:
    times = moments(duration_s)
    assert 1 <= len(times) <= MOST_FRAMES
    assert times[-1] <= duration_s
    if duration_s > 64:
        assert set(moments(duration_s * 2)[:20]) < set(times)
