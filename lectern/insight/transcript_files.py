"""A transcript as people take it with them: plain text, and paragraphs for a word processor."""

from collections.abc import Sequence

from lectern.insight.cues import spoken_by
from lectern.insight.transcripts import Segment

# A pause this long is where a reader breathes too.
PARAGRAPH_PAUSE_S = 2.0
# Beyond this a paragraph ends with the next sentence.
LONG_PARAGRAPH = 600


def paragraphs(segments: Sequence[Segment]) -> list[tuple[float, str]]:
    """When each paragraph begins, and its text: broken at pauses, speakers, or where it is long."""
    found: list[tuple[float, str]] = []
    over_s, speaker = 0.0, ""
    for segment in segments:
        text = " ".join(segment.text.split())
        if not text:
            continue
        pause = segment.start_s - over_s >= PARAGRAPH_PAUSE_S
        ended = bool(found) and found[-1][1].endswith((".", "?", "!", "…", "。"))
        long = bool(found) and ended and len(found[-1][1]) > LONG_PARAGRAPH
        other = segment.speaker != speaker
        if not found or pause or long or other:
            named = spoken_by(segment.speaker, text) if other else text
            found.append((segment.start_s, named))
        else:
            found[-1] = (found[-1][0], f"{found[-1][1]} {text}")
        over_s, speaker = segment.end_s, segment.speaker
    return found


def text(segments: Sequence[Segment]) -> str:
    """Paragraphs with an empty line between them."""
    return "\n\n".join(words for _, words in paragraphs(segments)) + "\n"
