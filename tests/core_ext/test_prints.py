"""Fingerprints of pictures and sound, from Python: sizes, refusals, and what lies over what."""

import numpy as np
import pytest

from core_ext import SoundPrinter, align_sounds, picture_hash


def sound(seed: int, seconds: int) -> bytes:
    """Changing chords, as 16-bit samples."""
    source = np.random.default_rng(seed)
    pieces = []
    time = np.arange(SoundPrinter.RATE // 4) / SoundPrinter.RATE
    for _ in range(seconds * 4):
        pitches = 110 * 2 ** (source.integers(0, 36, 3) / 12)
        pieces.append(sum(np.sin(2 * np.pi * pitch * time) for pitch in pitches))
    return (np.concatenate(pieces) * 5000).astype("<i2").tobytes()


def printed(samples: bytes) -> bytes:
    printer = SoundPrinter()
    for start in range(0, len(samples), 30_000):
        printer.update(samples[start : start + 30_000])
    return printer.finish()


def test_a_cut_beginning_is_found_to_a_fraction_of_a_second() -> None:
    whole = sound(1, 60)
    found = align_sounds(printed(whole), printed(whole[2 * 7 * SoundPrinter.RATE :]))
    assert abs(found.offset_s - 7) < 0.3
    assert found.matched > 0.9 * found.compared > 40
    assert found.first - found.second in range(5, 9)


def test_the_order_of_two_only_turns_the_offset() -> None:
    whole = sound(2, 40)
    first, second = printed(whole), printed(whole[2 * 5 * SoundPrinter.RATE :])
    ahead, behind = align_sounds(first, second), align_sounds(second, first)
    assert ahead.offset_s == -behind.offset_s > 0
    assert (ahead.matched, ahead.first) == (behind.matched, behind.second)


def test_other_sound_does_not_match() -> None:
    found = align_sounds(printed(sound(3, 60)), printed(sound(4, 60)))
    assert found.matched < 0.3 * found.first


def test_half_a_sample_or_item_is_refused() -> None:
    with pytest.raises(ValueError, match="two bytes"):
        SoundPrinter().update(b"123")
    with pytest.raises(ValueError, match="four bytes"):
        align_sounds(b"12345", b"")


def test_a_row_may_be_longer_than_the_picture() -> None:
    source = np.random.default_rng(5).integers(0, 255, (40, 60), dtype=np.uint8)
    padded = np.zeros((40, 64), np.uint8)
    padded[:, :60] = source
    expected = picture_hash(source.tobytes(), width=60, height=40)
    assert picture_hash(padded.tobytes(), width=60, height=40, stride=64) == expected
    assert len(expected) == 64


def test_a_picture_that_is_too_small_or_cut_short_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 17 × 17"):
        picture_hash(bytes(256), width=16, height=16)
    with pytest.raises(ValueError, match="need 400"):
        picture_hash(bytes(399), width=20, height=20)
