"""Hearing a generated lecture as well as the bare model does, and nothing where nobody speaks."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest
from faster_whisper import WhisperModel

from lectern.insight import subtitles
from lectern.insight.transcripts import Heard, Segment
from lectern.media.facts import Facts
from lectern.media.probe import probe
from lectern.media.sandbox.refusal import Refused, Stopped
from lectern.media.speech import input
from lectern.media.speech import whisper as speech_whisper
from lectern.media.speech.guard import Sounding, spoken
from lectern.media.speech.recognizer import Manner
from lectern.media.speech.whisper import Whisper

RATE = input.SAMPLE_RATE
PLAIN = Manner("whisper-nano-en")


@pytest.fixture(scope="session")
def lecture(assets_dir: Path) -> Path:
    return assets_dir / "media" / "react-hooks.mp4"


@pytest.fixture(scope="session")
def whisper(assets_dir: Path) -> Whisper:
    return speech_whisper.load(assets_dir / "models" / "whisper-nano-en")


@pytest.fixture(scope="session")
def samples(lecture: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    scratch = tmp_path_factory.mktemp("sound")
    facts = probe(lecture, lecture.name, scratch)
    return input.sound(lecture, facts, scratch, None, None)


def listen(whisper: Whisper, samples: Path, manner: Manner = PLAIN) -> Heard:
    return whisper.listen(samples, manner, lambda share: None, lambda: False)


@pytest.fixture(scope="session")
def heard(whisper: Whisper, samples: Path) -> Heard:
    return listen(whisper, samples)


@pytest.fixture(scope="session")
def short(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first half minute."""
    path = tmp_path_factory.mktemp("short") / "samples"
    path.write_bytes(samples.read_bytes()[: 30 * 2 * RATE])
    return path


def words(text: str) -> list[str]:
    return re.sub(r"[^\w\s]", "", text.lower()).split()


def word_error_rate(truth: list[str], said: list[str]) -> float:
    row = list(range(len(said) + 1))
    for number, word in enumerate(truth, start=1):
        before, row[0] = row[0], number
        for at, other in enumerate(said, start=1):
            cost = min(row[at] + 1, row[at - 1] + 1, before + (word != other))
            before, row[at] = row[at], cost
    return row[-1] / len(truth)


def test_words_and_times_are_the_bare_models(heard: Heard, lecture: Path, assets_dir: Path) -> None:
    truth = json.loads(lecture.with_suffix(".json").read_text())["sentences"]
    spoken_words = words(" ".join(each["text"] for each in truth))
    bare = WhisperModel(
        str(assets_dir / "models" / "whisper-nano-en"), device="cpu", compute_type="int8"
    )
    found = list(bare.transcribe(str(lecture), vad_filter=True, **speech_whisper.OPTIONS)[0])
    ours = word_error_rate(spoken_words, words(" ".join(each.text for each in heard.segments)))
    theirs = word_error_rate(spoken_words, words(" ".join(each.text for each in found)))
    assert theirs < 0.2
    assert abs(ours - theirs) <= 0.01
    same = [
        abs(mine.start_s - segment.start)
        for mine in heard.segments
        for segment in found
        if mine.text == segment.text.strip()
    ]
    assert len(same) >= 25
    assert max(same) <= 0.3


def test_sentences_begin_when_they_are_said(heard: Heard, lecture: Path) -> None:
    truth = json.loads(lecture.with_suffix(".json").read_text())["sentences"]
    late = [
        min(abs(each["start"] - word.start_s) for s in heard.segments for word in s.words)
        for each in truth
    ]
    assert sum(late) / len(late) <= 0.3
    assert heard.language == "en"
    assert all(0 <= word.confidence <= 1 for s in heard.segments for word in s.words)


def test_long_recordings_are_heard_in_blocks(
    whisper: Whisper, short: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech_whisper, "BLOCK_S", 12)
    told: list[float] = []
    parts = whisper.listen(short, PLAIN, told.append, lambda: False)
    assert told == sorted(told)
    assert 0.8 < told[-1] <= 1.0
    starts = [segment.start_s for segment in parts.segments]
    assert starts == sorted(starts)
    assert starts[-1] > 24
    whole = words(" ".join(each.text for each in heard.segments if each.end_s < 29))
    assert word_error_rate(whole, words(" ".join(each.text for each in parts.segments))) < 0.2


def sound_of(path: Path, samples: Any) -> Path:
    (np.clip(samples, -1, 1) * 32767).astype("<i2").tofile(path)
    return path


def music(seconds: int) -> Any:
    """Chords that change, struck twice a second, with a drum."""
    time = np.arange(seconds * RATE) / RATE
    beat = np.exp(-3 * (time % 0.5))
    tones = np.array([[220, 277, 330], [196, 247, 294], [262, 330, 392], [175, 220, 262]])
    chord = tones[(time // 2).astype(int) % 4].T
    played = sum(np.sin(2 * np.pi * tone * time * h) / h for tone in chord for h in (1, 2, 3))
    drum = np.random.default_rng(1).normal(size=len(time)) * np.exp(-40 * (time % 1.0))
    return 0.08 * played * beat + 0.2 * drum


@pytest.mark.parametrize("kind", ["silence", "hiss", "music"])
def test_ten_minutes_without_a_voice_give_no_word(
    whisper: Whisper, tmp_path: Path, kind: str
) -> None:
    made = {
        "silence": lambda: np.zeros(600 * RATE),
        "hiss": lambda: 0.01 * np.random.default_rng(2).normal(size=600 * RATE),
        "music": lambda: music(600),
    }[kind]()
    found = listen(whisper, sound_of(tmp_path / "samples", made))
    assert (found.language, found.segments) == ("und", [])


def test_listening_stops_when_it_is_asked_to(whisper: Whisper, samples: Path) -> None:
    with pytest.raises(Stopped):
        whisper.listen(samples, PLAIN, lambda share: None, lambda: True)


def test_hotwords_are_taken_in_and_are_part_of_the_digest(whisper: Whisper, short: Path) -> None:
    manner = Manner("whisper-nano-en", hotwords="useState, useEffect, React")
    assert manner.digest != PLAIN.digest
    assert manner.digest == Manner("another", hotwords=manner.hotwords).digest
    found = " ".join(each.text for each in listen(whisper, short, manner).segments)
    assert "useState" in found


def test_an_english_model_knows_no_german(whisper: Whisper) -> None:
    assert whisper.understands("en-GB")
    assert not whisper.understands("de")


def sounding(text: str, **more: Any) -> Sounding:
    from_word = Segment(0, 1, text, ((0.0, 1.0, text, 0.9),))  # type: ignore[arg-type]
    values = {"no_speech": 0.1, "log_prob": -0.2, "compression": 1.2, "dbfs": -25.0, **more}
    return Sounding(from_word, **values)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (sounding("Thank you for watching!", no_speech=0.5), "phantom"),
        (sounding("The state changes.", dbfs=-70.0), "silent"),
        (sounding("The state changes.", no_speech=0.9, log_prob=-1.4), "no_speech"),
        (sounding("la la la la", compression=3.0), "loop"),
        (sounding("..."), "empty"),
    ],
)
def test_what_nobody_said_goes_for_a_counted_reason(found: Sounding, reason: str) -> None:
    assert spoken([found]) == ([], {reason: 1})


def test_either_doubt_alone_drops_nothing_and_repetition_ends() -> None:
    said = [
        sounding("Thank you for watching!"),
        sounding("It is unclear.", no_speech=0.9),
        sounding("Mumbled.", log_prob=-1.3),
        *[sounding("So."), sounding("so"), sounding("So!"), sounding("So.")],
    ]
    kept, dropped = spoken(said)
    assert len(kept) == 5
    assert dropped == {"repeated": 2}


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("subtitle-track-mov_text.mp4", 1),
        ("subtitle-track-srt.mkv", 1),
        ("multi-2video-2audio-2subs.mp4", 2),
    ],
)
def test_text_subtitles_come_out_of_the_file(
    corpus: Path, scratch: Path, file: str, said: int
) -> None:
    source = corpus / "video" / file
    facts = probe(source, file, scratch)
    tracks = [each for each in facts.subtitles if each.form == "text"]
    assert len(tracks) == said
    for track in tracks:
        data = input.subtitles(source, facts, track, scratch, None)
        found = subtitles.read(data).cues
        assert found
        assert all(cue.text for cue in found)


def test_sound_that_cannot_be_read_is_refused(scratch: Path, tmp_path: Path) -> None:
    source = tmp_path / "broken"
    source.write_bytes(b"RIFF" + bytes(100))
    facts = Facts("audio", "audio/wav", "wav", duration_s=1.0, audio_stream=0)
    with pytest.raises(Refused):
        input.sound(source, facts, scratch, None, None)


EMBEDDED = {
    "srt": "1\n00:00:00,500 --> 00:00:01,500\na List<B> {\\an8}at the top\n\nof it\n",
    "vtt": "WEBVTT\n\n00:00.500 --> 00:01.500 line:0\n<v Ann>a List&lt;B&gt; at the top\nof it\n",
    "ass": "[Script Info]\nScriptType: v4.00+\n\n[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:00.50,0:00:01.50,Default,Ann,0,0,0,,{\\an8}a List<B> at the top\\Nof it\n",
}


@pytest.mark.parametrize("form", EMBEDDED)
def test_subtitles_inside_a_file_are_read_as_those_of_a_file(
    form: str, tmp_path: Path, scratch: Path
) -> None:
    made, words = tmp_path / "made.mkv", tmp_path / f"words.{form}"
    words.write_text(EMBEDDED[form])
    picture = ["-f", "lavfi", "-i", "color=size=64x64:rate=10:duration=2"]
    subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", *picture, "-i", str(words)),
            *("-map", "0:v", "-map", "1:s", "-c:v", "libx264", "-c:s", "copy", str(made)),
        ],
        check=True,
    )
    facts = probe(made, "made.mkv", scratch)
    (track,) = facts.subtitles
    (cue,) = subtitles.read(input.subtitles(made, facts, track, scratch, None)).cues
    assert (cue.start_s, cue.end_s) == (0.5, 1.5)
    assert (cue.text, cue.settings) == ("a List<B> at the top\nof it", "line:0")
    assert cue.speaker == ("" if form == "srt" else "Ann")
