"""What a recogniser heard without anybody saying it: silence, noise and music made into words.

Whisper fills pauses with what often stood in its training data, and repeats itself. A segment goes
only for a reason that is counted; doubtful words stay, with their low confidence.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from lectern.insight.transcripts import Segment

# Whisper's own limit, above which its text is a loop (arXiv 2212.04356 §4.5); here after all its
# retries at higher temperatures.
MOST_COMPRESSION = 2.4
# Voice activity detection lets near-silence pass (faster-whisper#843): 20 dB below a whisper.
LEAST_DBFS = -60.0
# Both together, as in the paper: either alone drops real speech.
NO_SPEECH, LOW_LOG_PROB = 0.6, -1.0
# The same sentence more often than this in a row is a loop.
MOST_REPEATS = 2

# Sentences under films that many people subtitled; they are dropped only where hardly anything
# speaks for them.
_PHANTOMS = re.compile(
    r"(thanks?( you)?( so much)?( very much)? for watching|please (like and )?subscribe"
    r"|subtitles? by .*|(sub)?titles? .*amara.*|untertitel.*|sous-titr.*|subtítulos.*|sottotitoli.*"
    r"|legendas.*|napisy.*|ondertitel.*|see you (in the )?next (time|video)|you|bye( bye)?)",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\w\s]+")


@dataclass(frozen=True)
class Sounding:
    """A segment with what speaks for it; `dbfs` is the loudness of its sound."""

    segment: Segment
    no_speech: float
    log_prob: float
    compression: float
    dbfs: float


def spoken(found: Iterable[Sounding]) -> tuple[list[Segment], dict[str, int]]:
    """The segments that somebody said, and how many went for each reason."""
    kept: list[Segment] = []
    dropped: Counter[str] = Counter()
    last, repeats = "", 0
    for each in found:
        words = _words(each.segment.text)
        repeats = repeats + 1 if words == last else 1
        last = words
        reason = "repeated" if repeats > MOST_REPEATS else _reason(each, words)
        if reason:
            dropped[reason] += 1
        else:
            kept.append(each.segment)
    return kept, dict(dropped)


def _reason(each: Sounding, words: str) -> str:
    if not words or not each.segment.words:
        return "empty"
    if each.dbfs < LEAST_DBFS:
        return "silent"
    if each.no_speech > NO_SPEECH and each.log_prob < LOW_LOG_PROB:
        return "no_speech"
    if each.compression > MOST_COMPRESSION:
        return "loop"
    unlikely = each.no_speech > 0.3 or each.log_prob < -0.8 or each.dbfs < -45.0
    return "phantom" if unlikely and _PHANTOMS.fullmatch(words) else ""


def _words(text: str) -> str:
    return " ".join(_LETTERS.sub(" ", text).split()).casefold()
