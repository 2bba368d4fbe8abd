"""Posters are upright, clear, small, few, varied, explained, and carry nothing but pixels."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from lectern.media.pictures import poster, ranking
from lectern.media.pictures.poster import Candidate, candidates
from lectern.media.pictures.ranking import Sample
from lectern.media.probe import probe
from lectern.media.sandbox import sandbox
from lectern.media.sandbox.refusal import Refused

Make = Callable[..., Path]
X264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "ultrafast")


def posters(source: Path, scratch: Path) -> list[Candidate]:
    return candidates(source, probe(source, source.name, scratch), scratch)


def luma(candidate: Candidate) -> float:
    with Image.open(candidate.path) as image:
        grey = image.convert("L")
        return sum(i * n for i, n in enumerate(grey.histogram())) / (grey.width * grey.height)


def corner(candidate: Candidate, x: float, y: float) -> tuple[int, ...]:
    """The colour at a place given as shares of width and height."""
    with Image.open(candidate.path) as image:
        pixel = image.convert("RGB").getpixel((int(image.width * x), int(image.height * y)))
        assert isinstance(pixel, tuple)
        return pixel


@pytest.fixture
def fading(clip: Make) -> Path:
    """Black, then white, then blurred, then two seconds of a picture; a key frame a second."""
    parts = (
        "color=black:s=1920x1080:r=5:d=8[a];color=white:s=1920x1080:r=5:d=8[b];"
        "testsrc2=s=1920x1080:r=5:d=4,gblur=sigma=40[c];testsrc2=s=1920x1080:r=5:d=4[d];"
        "[a][b][c][d]concat=n=4"
    )
    return clip("fading.mp4", "-filter_complex", parts, *X264, "-g", "5")


def test_black_blank_and_blurred_frames_are_not_chosen(fading: Path, scratch: Path) -> None:
    found = posters(fading, scratch)
    assert 1 <= len(found) <= 5
    assert all(20 <= (each.at_s or 0) <= 24 for each in found)
    assert all(30 < luma(each) < 220 for each in found)
    assert (found[0].width, found[0].height, found[0].mime) == (1280, 720, "image/webp")


def test_each_candidate_says_why_and_where(fading: Path, scratch: Path) -> None:
    best = posters(fading, scratch)[0]
    assert "Sharp" in best.reasons
    assert best.reasons[-1] == f"0:{int(best.at_s or 0)} into the video"
    assert best.scores["sharpness"] > 0
    assert 0 <= best.scores["quality"] <= 1


def test_candidates_are_different_pictures(clip: Make, scratch: Path) -> None:
    scenes = (
        "testsrc2=s=640x360:r=5:d=4[a];smptehdbars=s=640x360:r=5:d=4[b];"
        "mandelbrot=s=640x360:rate=5,trim=end=4[c];[a][b][c]concat=n=3"
    )
    source = clip("scenes.mp4", "-filter_complex", scenes, *X264, "-g", "5")
    found = posters(source, scratch)
    hashes = [int(each.scores["difference_hash"], 16) for each in found]
    assert len(found) >= 3
    assert all((a ^ b).bit_count() >= 3 for i, a in enumerate(hashes) for b in hashes[:i])


def test_all_black_still_gets_a_poster(clip: Make, scratch: Path) -> None:
    source = clip("black.mp4", "-f", "lavfi", "-i", "color=black:s=320x240:r=5:d=3", *X264)
    (only,) = posters(source, scratch)
    assert only.reasons[0] == "The video shows nothing clearer"
    assert (only.width, only.height) == (320, 240)


def test_one_long_group_of_pictures_is_searched_between_its_key_frames(
    clip: Make, scratch: Path
) -> None:
    parts = "color=black:s=320x240:r=5:d=4[a];testsrc2=s=320x240:r=5:d=8[b];[a][b]concat=n=2"
    source = clip(
        "one-key.mp4", "-filter_complex", parts, *X264, "-g", "9999", "-sc_threshold", "0"
    )
    assert luma(posters(source, scratch)[0]) > 40


@pytest.mark.parametrize(("degrees", "red_at"), [(90, (0.5, 0.9)), (180, (0.9, 0.5))])
def test_a_rotated_video_is_shown_upright(
    clip: Make, scratch: Path, degrees: int, red_at: tuple[float, float]
) -> None:
    halves = "color=red:s=160x240:r=5:d=2[l];testsrc2=s=160x240:r=5:d=2[r];[l][r]hstack"
    flat = clip("halves.mp4", "-filter_complex", halves, *X264)
    turned = clip(
        f"turned-{degrees}.mp4", "-display_rotation", str(degrees), "-i", str(flat), "-c", "copy"
    )
    best = posters(turned, scratch)[0]
    assert (best.width, best.height) == ((240, 320) if degrees == 90 else (320, 240))
    red, green, blue = corner(best, *red_at)
    assert red > 150 > max(green, blue)


def test_sample_aspect_is_applied(clip: Make, scratch: Path) -> None:
    source = clip("wide.mp4", "-f", "lavfi", "-i", "testsrc2=s=400x300:r=5:d=2,setsar=2/1", *X264)
    best = posters(source, scratch)[0]
    assert (best.width, best.height) == (800, 300)


def test_hdr_is_mapped_to_a_normal_screen(corpus: Path, scratch: Path) -> None:
    best = posters(corpus / "video" / "hdr10-av1-portrait.mp4", scratch)[0]
    assert (best.width, best.height) == (720, 1280)
    with Image.open(best.path) as image:
        low, high = image.convert("L").getextrema()
    # A PQ picture shown as it is keeps to the middle greys.
    assert isinstance(high, int)
    assert high - low > 200


def test_sound_has_its_cover_or_nothing(corpus: Path, scratch: Path) -> None:
    (cover,) = posters(corpus / "audio" / "cover-art-1400px.mp3", scratch)
    assert (cover.width, cover.height, cover.at_s) == (1280, 1280, None)
    assert posters(corpus / "audio" / "speech-jfk.wav", scratch) == []
    assert len(posters(corpus / "audio" / "two-cover-images.m4a", scratch)) == 1


def test_an_attached_cover_is_not_the_poster_of_a_video(corpus: Path, scratch: Path) -> None:
    best = posters(corpus / "video" / "attached-png-cover.mp4", scratch)[0]
    assert best.at_s is not None
    assert (best.width, best.height) == (640, 360)


def test_an_image_is_turned_and_loses_its_metadata(scratch: Path, tmp_path: Path) -> None:
    source = tmp_path / "phone.jpg"
    picture = Image.new("RGB", (300, 200), "blue")
    picture.paste("red", (0, 0, 300, 60))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "CANARY of a description"
    exif.get_ifd(0x8825)[1] = "N"
    picture.save(source, exif=exif, comment=b"CANARY of a comment")
    (only,) = posters(source, scratch)
    assert (only.width, only.height) == (200, 300)
    red, green, _ = corner(only, 0.95, 0.5)
    assert red > 200 > green
    assert b"CANARY" not in only.path.read_bytes()
    assert b"EXIF" not in only.path.read_bytes()


@pytest.mark.parametrize("name", ["gps-arezzo.jpg", "xss-in-all-metadata.jpg", "php-in-exif.jpg"])
def test_no_metadata_of_a_photograph_survives(corpus: Path, scratch: Path, name: str) -> None:
    (only,) = posters(corpus / "image" / name, scratch)
    with Image.open(only.path) as image:
        assert not image.getexif()
        assert set(image.info) <= {"loop", "background", "timestamp", "duration"}


def test_transparency_stays_transparent(corpus: Path, scratch: Path) -> None:
    (only,) = posters(corpus / "image" / "png-indexed-alpha.png", scratch)
    with Image.open(only.path) as image:
        assert image.mode == "RGBA"


def test_documents_and_drawings_that_run_scripts_have_none(corpus: Path, scratch: Path) -> None:
    assert posters(corpus / "document" / "notes.docx", scratch) == []
    assert posters(corpus / "image" / "svg-icon.svg", scratch) == []


def test_a_pdf_shows_its_first_page(corpus: Path, scratch: Path) -> None:
    (only,) = posters(corpus / "document" / "report.pdf", scratch)
    assert (only.width, only.height) == (1280, 1657)
    assert only.reasons == ["The first page"]
    assert luma(only) > 200


def test_a_face_with_open_eyes_comes_first(corpus: Path, scratch: Path) -> None:
    best, *others = posters(corpus / "video" / "talking-head-with-data-tracks.mp4", scratch)
    assert best.reasons[0] == "A face, eyes open"
    assert best.scores["face"] is True
    assert not any(each.scores["face"] for each in others[1:])


def test_no_face_is_seen_in_slides(corpus: Path, scratch: Path) -> None:
    for name in ("lecture-slides-vfr-eth.mov", "screencast-notebook-silent-h264.mp4"):
        found = posters(corpus / "video" / name, scratch)
        assert not any(each.scores["face"] for each in found)


def test_the_frame_at_a_moment_is_the_one_that_is_shown_then(clip: Make, scratch: Path) -> None:
    parts = "color=red:s=320x240:r=5:d=3[a];color=blue:s=320x240:r=5:d=3[b];[a][b]concat=n=2"
    source = clip("red-blue.mp4", "-filter_complex", parts, *X264, "-g", "9999")
    facts = probe(source, source.name, scratch)
    for at_s, begins_s, blue in ((2.95, 2.8, False), (3.0, 3.0, True), (99.0, 5.8, True)):
        picked = poster.still(source, facts, scratch, at_s)
        assert picked.at_s == pytest.approx(begins_s, abs=0.01)
        assert picked.reasons[0] == "Picked by hand"
        assert (corner(picked, 0.5, 0.5)[2] > 150) is blue


def test_a_picture_of_ones_own_may_be_any_image(corpus: Path, scratch: Path) -> None:
    picked = poster.own(corpus / "image" / "heic-iphone-gps.heic", scratch)
    assert (picked.mime, picked.width) == ("image/webp", 1280)
    assert b"EXIF" not in picked.path.read_bytes()


@pytest.mark.parametrize(
    "name", ["image/svg-icon.svg", "document/report.pdf", "image/zero-byte.png"]
)
def test_what_is_no_picture_is_no_poster(corpus: Path, scratch: Path, name: str) -> None:
    with pytest.raises(Refused):
        poster.own(corpus / name, scratch)


# Ground, ink, seconds that each slide is shown; and the slides: title, then lines below it.
LECTURES = {
    "dark, a heading a slide": (
        *((27, 58, 92), (255, 255, 255), 10),
        [
            ("Why hooks", ["1 / 6"]),
            ("The useState hook", ["2 / 6"]),
            ("Effects in depth", ["3 / 6"]),
        ],
        [("Props and components", ["4 / 6"]), ("Sharing state", ["5 / 6"]), ("Summary", ["6 / 6"])],
    ),
    "light, bullets below": (
        *((250, 250, 248), (30, 30, 30), 8),
        [
            ("Statistics I", ["Mean and spread"]),
            ("Outline", [f"Part {n} of the day" for n in "12345"]),
        ],
        [("4 / 6  Estimators", [f"• an estimator of kind {n}, unbiased" for n in "ABCDEF"])],
    ),
    "long, the title soon gone": (
        *((240, 236, 220), (60, 20, 20), 60),
        [("Baroque music", ["An introduction"])],
        [
            (f"{n} / 6  Counterpoint", [f"• voice {i} enters on bar {n + i}" for i in range(8)])
            for n in range(2, 7)
        ],
    ),
}


def lecture(folder: Path, name: str, title_s: int | None = None) -> Path:
    """Slides drawn and filmed; the first is shown for `title_s` seconds where that is given."""
    ground, ink, seconds, first, later = LECTURES[name]
    lines = []
    for number, (title, words) in enumerate([*first, *later]):
        image = Image.new("RGB", (1280, 720), ground)
        draw = ImageDraw.Draw(image)
        draw.text((90, 120 if len(words) > 1 else 280), title, ink, ImageFont.load_default(64))
        for row, text in enumerate(words):
            draw.text(
                (110, 250 + 52 * row if len(words) > 1 else 420),
                text,
                ink,
                ImageFont.load_default(34),
            )
        image.save(folder / f"{number}.png")
        shown = title_s if title_s and not number else seconds
        lines += [f"file {number}.png", f"duration {shown}"]
    (folder / "slides.txt").write_text("\n".join([*lines, lines[-2]]))
    film = folder / "lecture.mp4"
    read = ["-f", "concat", "-i", str(folder / "slides.txt"), "-vf", "fps=5"]
    command = [str(sandbox.ffmpeg()), "-v", "error", "-y", *read, *X264, "-g", "20", str(film)]
    subprocess.run(command, check=True)
    return film


@pytest.mark.parametrize(
    ("name", "title_s"),
    [*((name, None) for name in LECTURES), ("long, the title soon gone", 12)],
)
def test_a_late_slide_comes_after_the_title_of_its_own_talk(
    scratch: Path, tmp_path: Path, name: str, title_s: int | None
) -> None:
    best, *others = posters(lecture(tmp_path, name, title_s), scratch)
    assert best.at_s is not None
    assert best.at_s < (title_s or LECTURES[name][2])
    assert "The first slide" in best.reasons
    assert others
    assert not any("The first slide" in each.reasons for each in others)


@pytest.mark.parametrize("name", ["async-await", "python-dataframes", "react-hooks"])
def test_a_spoken_lecture_is_shown_by_its_title(assets_dir: Path, scratch: Path, name: str) -> None:
    truth = json.loads((assets_dir / "media" / f"{name}.json").read_text())
    best = posters(assets_dir / "media" / f"{name}.mp4", scratch)[0]
    assert best.at_s is not None
    assert best.at_s < truth["topics"][0]["end"]


def test_a_film_that_begins_with_a_picture_has_no_first_slide() -> None:
    filmed = [seen(1, 0xFF00, entropy=7.0), seen(5, 0x00FF, entropy=7.0, sharpness=900)]
    assert [choice.index for choice in ranking.choose(filmed, 100)] == [1, 0]
    # A scene is not a late slide: what it is worth besides the title does not change.
    scene = [seen(1, 0xFF00, entropy=2.0, sharpness=200), seen(5, 0x00FF, sharpness=900)]
    assert [choice.index for choice in ranking.choose(scene, 100)] == [1, 0]
    speaker = [seen(1, 0xFF00, entropy=2.0), seen(5, 0x00FF, sharpness=300, face=True)]
    assert [choice.index for choice in ranking.choose(speaker, 100)] == [1, 0]


def seen(at_s: float, hash_: int, **scores: float) -> Sample:
    values = {
        "sharpness": 500.0,
        "mean": 120.0,
        "deviation": 50.0,
        "dark_share": 0.05,
        "bright_share": 0.05,
        "entropy": 6.0,
        "colourfulness": 20.0,
    }
    return Sample(at_s=at_s, difference_hash=hash_, **(values | scores))


def test_words_on_black_are_not_black() -> None:
    words = seen(1, 0, mean=18, deviation=18, dark_share=0.99, entropy=0.2)
    black = seen(2, 0, mean=16, deviation=2, dark_share=1.0, entropy=0.1)
    assert ranking.usable([words, black]) == [True, False]


def test_a_blurred_frame_comes_last_of_all() -> None:
    blurred = seen(5, 0xFFFF, sharpness=10)
    sharp = [seen(i, 0x0F0F << 8 * i) for i in range(1, 4)]
    assert ranking.usable([blurred, *sharp]) == [False, True, True, True]
    assert 0 not in [choice.index for choice in ranking.choose([blurred, *sharp], 10)]


def test_a_face_outweighs_a_sharper_slide() -> None:
    slide = seen(4, 0xFF00, sharpness=900)
    face = seen(5, 0x00FF, sharpness=300, face=True)
    assert [choice.index for choice in ranking.choose([slide, face], 10)] == [1, 0]


def test_nothing_to_choose_from_is_an_empty_choice() -> None:
    assert ranking.choose([], 10) == []
