"""Captions against the bare model: the same recording, heard with the same settings.

    .venv/bin/python -m bench.media_captions [FILE] [--model FOLDER] [--rounds 3]

Ours takes the sound out in the sandbox, finds the voices, hears, drops what nobody said and breaks
cues. The reference is `WhisperModel.transcribe` on the same file, with the model that is loaded.
"""

import argparse
import os
import resource
import sys
import tempfile
from functools import partial
from pathlib import Path

from bench._measure import hold, interleave, show, speed_ratio
from lectern.insight import cues
from lectern.media.facts import Facts
from lectern.media.probe import probe
from lectern.media.speech import input
from lectern.media.speech import whisper as speech_whisper
from lectern.media.speech.recognizer import Manner
from lectern.media.speech.whisper import Whisper

# Wall time at most 1.1 × the reference's.
BAR = 1 / 1.1
SHARED = Path(__file__).resolve().parents[2] / "shared"


def main() -> None:
    """Measure, print, and leave with status 1 when the bar is missed."""
    assets = Path(os.environ.get("LECTERN_TEST_ASSETS", SHARED))
    parser = argparse.ArgumentParser(description="Captions against the bare model.")
    parser.add_argument("file", nargs="?", type=Path, default=assets / "media/react-hooks.mp4")
    parser.add_argument("--model", type=Path, default=assets / "models/whisper-nano-en")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    whisper = speech_whisper.load(given.model)
    with tempfile.TemporaryDirectory() as folder:
        facts = probe(given.file, given.file.name, Path(folder))
    contenders = {
        "WhisperModel.transcribe": partial(bare, whisper, given.file),
        "captions": partial(heard, whisper, given.file, facts),
    }
    timed = interleave(contenders, given.rounds)
    for name, rounds in timed.items():
        show(name, rounds, lambda wall: f"{(facts.duration_s or 0) / wall:6.1f} × real time")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"  peak memory of the process {peak:,} MiB")
    ratio = speed_ratio(timed["WhisperModel.transcribe"], timed["captions"], by="wall")
    sys.exit(0 if hold("captions against the bare model", ratio, BAR) else 1)


def heard(whisper: Whisper, file: Path, facts: Facts) -> None:
    """What the step does, besides the rows."""
    with tempfile.TemporaryDirectory() as folder:
        samples = input.sound(file, facts, Path(folder), None, None)
        found = whisper.listen(samples, Manner("bench"), lambda share: None, lambda: False)
    cues.from_words([word for segment in found.segments for word in segment.words])


def bare(whisper: Whisper, file: Path) -> None:
    """The reference, by the same loaded model."""
    model = whisper.model
    segments, _ = model.transcribe(str(file), vad_filter=True, **speech_whisper.OPTIONS)
    list(segments)


if __name__ == "__main__":
    main()
