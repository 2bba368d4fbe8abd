"""The pipeline: which steps a file needs, in which queue each runs, and what it waits for.

A new step is a line here, a line in `jobs.run`, and a module of its own in `jobs`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lectern.models import Kind, Step

AWAITS_STEP = "This begins when the file can be played."


# What is known of a file, by the names of `lectern.media.facts.Facts`.
KnownFacts = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """How one step is run. `essential` steps make an asset ready; it is ready without the others.

    `after` is the step that has to end well before this one begins, for the same version.
    """

    queue: str
    wanted: Callable[[KnownFacts], bool]
    essential: bool = False
    after: Step | None = None


def of(*kinds: Kind) -> Callable[[KnownFacts], bool]:
    """True for files of these kinds."""
    return lambda facts: facts["kind"] in kinds


def _pictured(facts: KnownFacts) -> bool:
    # The first page stands for a PDF; other documents are kept as they are.
    return facts["kind"] != Kind.DOCUMENT or facts.get("container") == "pdf"


def _sounds(facts: KnownFacts) -> bool:
    return facts.get("audio_stream") is not None


def _resizable(facts: KnownFacts) -> bool:
    # A moving picture would stand still in other sizes, and SVG has none.
    still = facts.get("container") != "svg" and not facts.get("animated")
    return facts["kind"] == Kind.IMAGE and still


def _perceptible(facts: KnownFacts) -> bool:
    return facts["kind"] != Kind.DOCUMENT and facts.get("container") != "svg"


# In the order in which they are shown.
RULES: dict[Step, Rule] = {
    Step.POSTER: Rule("media", _pictured, essential=True),
    Step.PLAYABLE: Rule("media", of(Kind.VIDEO, Kind.AUDIO, Kind.IMAGE), essential=True),
    Step.STORYBOARD: Rule("media", of(Kind.VIDEO), after=Step.PLAYABLE),
    Step.WAVEFORM: Rule("media", _sounds, after=Step.PLAYABLE),
    Step.SIZES: Rule("media", _resizable, after=Step.PLAYABLE),
    Step.FINGERPRINT: Rule("media", _perceptible, after=Step.PLAYABLE),
    Step.CAPTIONS: Rule("ai", of(Kind.VIDEO, Kind.AUDIO), after=Step.PLAYABLE),
    Step.SLIDES: Rule("ai", of(Kind.VIDEO), after=Step.PLAYABLE),
    Step.HLS: Rule("streams", of(Kind.VIDEO, Kind.AUDIO), after=Step.PLAYABLE),
}
# Steps that no version begins with.
QUEUES = {
    Step.PROBE: "probe",
    Step.STILL: "media",
    Step.HLS_PART: "streams",
    Step.BATCH: "small",
    Step.UNDO: "small",
}
ESSENTIAL = tuple(step for step, rule in RULES.items() if rule.essential)


def queue_of(step: Step) -> str:
    """The queue whose workers do this step."""
    return RULES[step].queue if step in RULES else QUEUES[step]


def steps_for(facts: KnownFacts) -> list[Step]:
    """The steps that such a file goes through, in their order."""
    return [step for step, rule in RULES.items() if rule.wanted(facts)]
