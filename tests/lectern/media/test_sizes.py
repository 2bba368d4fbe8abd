"""Sizes of an image: upright, narrow to wide, never enlarged, and nothing left of where it was."""

from pathlib import Path

import pytest
from PIL import Image

from lectern.media.pictures import sizes
from lectern.media.pictures.sizes import Size
from lectern.media.probe import probe


def made(source: Path, scratch: Path) -> list[Size]:
    return sizes.make(source, probe(source, source.name, scratch), scratch)


def test_each_width_comes_in_both_formats(corpus: Path, scratch: Path) -> None:
    found = made(corpus / "image" / "handwritten-notes-17mp.jpg", scratch)
    told = [(each.width, each.height, each.format) for each in found]
    assert told == [
        (480, 320, "avif"),
        (480, 320, "webp"),
        (960, 640, "avif"),
        (960, 640, "webp"),
        (1920, 1280, "avif"),
        (1920, 1280, "webp"),
    ]
    for each in found:
        with Image.open(each.path) as image:
            assert (image.format, image.size) == (each.format.upper(), (each.width, each.height))


def test_a_small_image_has_none(corpus: Path, scratch: Path) -> None:
    assert made(corpus / "image" / "png-16bit-rgb.png", scratch) == []


@pytest.mark.parametrize("name", ["gps-arezzo.jpg", "heic-iphone-gps.heic", "php-in-exif.jpg"])
def test_nothing_but_pixels_is_left(corpus: Path, scratch: Path, name: str) -> None:
    found = made(corpus / "image" / name, scratch)
    assert found
    for each in found:
        data = each.path.read_bytes()
        assert not any(mark in data for mark in (b"Exif", b"EXIF", b"<?php", b"http://ns.adobe"))
        with Image.open(each.path) as image:
            assert not image.getexif()


def test_orientation_is_applied(scratch: Path, tmp_path: Path) -> None:
    source = tmp_path / "turned.jpg"
    picture = Image.new("RGB", (1200, 800), "blue")
    picture.paste("red", (0, 0, 1200, 200))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(source, exif=exif)
    for each in made(source, scratch):
        assert each.height > each.width
        with Image.open(each.path) as image:
            pixel = image.convert("RGB").getpixel((image.width - 5, image.height // 2))
        assert isinstance(pixel, tuple)
        assert pixel[0] > 180 > pixel[2]


def test_transparency_is_kept(corpus: Path, scratch: Path) -> None:
    for each in made(corpus / "image" / "png-indexed-alpha.png", scratch):
        with Image.open(each.path) as image:
            assert image.mode == "RGBA"
