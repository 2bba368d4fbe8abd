"""Whisper, by faster-whisper: heavy, so it is imported by the workers that listen alone.

Silero's voice activity comes first; each stretch of the recording is heard without what was
understood before, so that no mistake carries on.
"""

import os
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import ctranslate2  # type: ignore[import-untyped]
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.transcribe import Segment as WhisperSegment
from faster_whisper.transcribe import restore_speech_timestamps
from faster_whisper.vad import VadOptions, get_speech_timestamps

from lectern.insight import languages
from lectern.insight.cues import Word
from lectern.insight.transcripts import Heard, Segment
from lectern.media.sandbox.refusal import Stopped
from lectern.media.speech.guard import Sounding, spoken
from lectern.media.speech.input import SAMPLE_RATE
from lectern.media.speech.recognizer import Manner

# What is in memory at once: half an hour is 115 MB of samples and as much of their spectrum.
BLOCK_S = 1800
OPTIONS: dict[str, Any] = {
    "word_timestamps": True,
    "condition_on_previous_text": False,
    "beam_size": 5,
}
_Samples = Any


@lru_cache(maxsize=1)
def load(folder: Path) -> "Whisper":
    """The model in this folder, on a graphics card where there is one; kept for the next call."""
    card = ctranslate2.get_cuda_device_count() > 0
    model = WhisperModel(
        str(folder),
        device="cuda" if card else "cpu",
        compute_type="float16" if card else "int8",
        cpu_threads=len(os.sched_getaffinity(0)),
        local_files_only=True,
    )
    return Whisper(model)


class Whisper:
    """A loaded model, as a `Recogniser`."""

    def __init__(self, model: WhisperModel) -> None:
        self.model = model

    def understands(self, language: str) -> bool:
        """English-only models hear English in everything."""
        return languages.primary(language) in set(self.model.supported_languages)

    def listen(
        self,
        samples: Path,
        manner: Manner,
        on_progress: Callable[[float], None],
        cancelled: Callable[[], bool],
    ) -> Heard:
        """See `Recogniser.listen`."""
        whole = np.memmap(samples, dtype="<i2", mode="r")
        language = languages.primary(manner.language) if manner.language else None
        found: list[Sounding] = []
        facts: dict[str, Any] = {"speech_s": 0.0}
        for begin, block, regions in _blocks(whole):
            heard, info = self._hear(block, regions, language, manner.hotwords)
            for given in heard:
                if cancelled():
                    raise Stopped("Listening goes on with the next worker.")
                found.append(_sounding(given, block, begin / SAMPLE_RATE))
                on_progress(min(1.0, (begin + given.end * SAMPLE_RATE) / len(whole)))
            if language is None:
                language = info.language
                facts["language_probability"] = round(info.language_probability, 3)
            facts["speech_s"] += sum(each["end"] - each["start"] for each in regions) / SAMPLE_RATE
        segments, dropped = spoken(found)
        facts |= {"dropped": dropped} if dropped else {}
        tag = _tag(manner.language, language)
        return Heard(tag if segments else languages.UNKNOWN, segments, facts)

    def _hear(
        self, block: _Samples, regions: list[dict[str, int]], language: str | None, hotwords: str
    ) -> tuple[Iterator[WhisperSegment], Any]:
        speech = np.concatenate([block[each["start"] : each["end"]] for each in regions])
        segments, info = self.model.transcribe(
            speech, language=language, hotwords=hotwords or None, **OPTIONS
        )
        return restore_speech_timestamps(segments, regions, SAMPLE_RATE), info


def _blocks(whole: _Samples) -> Iterator[tuple[int, _Samples, list[dict[str, int]]]]:
    """Stretches of at most `BLOCK_S` where somebody speaks: their first sample, samples, regions.

    A stretch ends in a pause: what is being said at its end begins the next one.
    """
    begin, size = 0, BLOCK_S * SAMPLE_RATE
    while begin < len(whole):
        stop = min(len(whole), begin + size)
        block = whole[begin:stop].astype(np.float32) / 32768.0
        regions = get_speech_timestamps(block, VadOptions())
        if stop < len(whole) and regions and regions[-1]["end"] >= len(block):
            if len(regions) > 1:
                stop = begin + regions.pop()["start"]
            else:
                regions[0]["end"] = _quietest(block)
                stop = begin + regions[0]["end"]
        if regions:
            yield begin, block, regions
        begin = stop


def _quietest(block: _Samples) -> int:
    """Where somebody who never pauses is cut: the quietest 0.2 s of the last minute."""
    size, start = SAMPLE_RATE // 5, max(1, len(block) - 60 * SAMPLE_RATE)
    count = (len(block) - start) // size
    power = np.square(block[start : start + count * size]).reshape(count, size).sum(axis=1)
    return int(start + int(np.argmin(power)) * size + size // 2)


def _sounding(given: WhisperSegment, block: _Samples, offset_s: float) -> Sounding:
    words = tuple(
        Word(
            round(word.start + offset_s, 3),
            round(word.end + offset_s, 3),
            word.word,
            round(float(word.probability), 3),
        )
        for word in given.words or ()
    )
    segment = Segment(
        round(given.start + offset_s, 3), round(given.end + offset_s, 3), given.text.strip(), words
    )
    sound = block[int(given.start * SAMPLE_RATE) : int(given.end * SAMPLE_RATE) + 1]
    power = float(np.mean(np.square(sound))) if len(sound) else 0.0
    return Sounding(
        segment,
        no_speech=given.no_speech_prob,
        log_prob=given.avg_logprob,
        compression=given.compression_ratio,
        dbfs=10.0 * float(np.log10(power + 1e-12)),
    )


def _tag(forced: str | None, detected: str | None) -> str:
    """The language asked for, with its region, or the one that was heard."""
    return forced or languages.tag_or_unknown(detected)
