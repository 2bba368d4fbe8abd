"""Every pipeline step, declared once: what it is, when it runs, where, and at what cost.

Queues, order, labels, the sandbox's allowances, the API's enumeration and the workers' dispatch
follow from here. The database knows a step by its name only, so a new one needs no migration.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from lectern.errors import Message
from lectern.models import Kind
from lectern.pipeline import limits
from lectern.pipeline.limits import Limits
from lectern.text import N_

AWAITS_STEP = Message("This starts when the file can be played.")

# What is known of a file, by the names of `lectern.media.facts.Facts`.
KnownFacts = Mapping[str, Any]
Wanted = Callable[[KnownFacts], bool]


class Queue(StrEnum):
    """A queue of workers, with its label; `serve` runs one worker for each but `STREAMS`."""

    PROBE = "probe", N_("Checking uploads")
    MEDIA = "media", N_("Posters and playback files")
    STREAMS = "streams", N_("Streams")
    AI = "ai", N_("Captions and slides")
    SMALL = "small", N_("Bulk changes to files")

    label: str

    def __new__(cls, name: str, label: str) -> Self:
        """A member that is its name."""
        queue = str.__new__(cls, name)
        queue._value_, queue.label = name, label
        return queue


class Subject(StrEnum):
    """What a task of a step is about; the row of the task names it."""

    UPLOAD = "upload"
    VERSION = "version"
    BATCH = "batch"


def always(facts: KnownFacts) -> bool:
    """True for every file."""
    return True


@dataclass(frozen=True)
class Rule:
    """How one step is run.

    `wanted` says for which files a new version begins with the step; None for steps that begin in
    another way. An asset is ready when its `essential` steps are done. `after` names the step of
    the same version that has to end well before, for files that it `waits` for. `sandbox` is what
    each task of `lectern.media.inside` may cost: limits, or a function of what is opened; under
    `task/purpose` where one task serves two. `renditions` labels what the step stores, by the first
    word of its spec. `module` of `jobs.steps` has the `run(work)` that does it, where that is not
    the name. Tasks that are not `listed` are seen as another step's work, or as a request of a
    person's.
    """

    name: str
    queue: Queue
    label: str
    wanted: Wanted | None = None
    essential: bool = False
    after: str | None = None
    waits: Wanted = always
    subject: Subject = Subject.VERSION
    sandbox: Mapping[str, Limits | Callable[..., Limits]] = field(default_factory=dict)
    renditions: Mapping[str, str] = field(default_factory=dict)
    module: str = ""
    listed: bool = True


def of(*kinds: Kind) -> Wanted:
    """True for files of these kinds."""
    return lambda facts: facts["kind"] in kinds


# Documents by the reader of their text; LibreOffice, where there is one, makes PDFs of them.
OFFICE = frozenset({"pptx", "docx", "odp", "odt"})


def has_pages(facts: KnownFacts) -> bool:
    """True for documents that have pages: PDF, and what is written or presented."""
    return facts["kind"] == Kind.DOCUMENT and facts.get("container") in {"pdf", *OFFICE}


def _pictured(facts: KnownFacts) -> bool:
    # The first page stands for a document; those without pages are kept as they are.
    return facts["kind"] != Kind.DOCUMENT or has_pages(facts)


def _read_as_played(facts: KnownFacts) -> bool:
    return facts.get("kind") == Kind.VIDEO and not facts.get("seekable", True)


def _sounds(facts: KnownFacts) -> bool:
    return facts.get("audio_stream") is not None


def _resizable(facts: KnownFacts) -> bool:
    # A moving picture would stand still in other sizes, and SVG has none.
    still = facts.get("container") != "svg" and not facts.get("animated")
    return facts["kind"] == Kind.IMAGE and still


def _perceptible(facts: KnownFacts) -> bool:
    return facts["kind"] != Kind.DOCUMENT and facts.get("container") != "svg"


class Step(StrEnum):
    """The steps, in the order in which they are shown. A member is its name in rows and addresses.

    `hls_part` encodes one segment of a long video; `batch` and `undo` belong to a bulk change.
    """

    rule: Rule

    def __new__(cls, rule: Rule) -> Self:
        """A member that is the rule's name."""
        step = str.__new__(cls, rule.name)
        step._value_, step.rule = rule.name, rule
        return step

    PROBE = Rule(
        "probe",
        Queue.PROBE,
        N_("Checking the file"),
        subject=Subject.UPLOAD,
        sandbox=dict.fromkeys(("container", "picture", "office", "captions"), limits.PROBE),
    )
    POSTER = Rule(
        "poster",
        Queue.MEDIA,
        N_("Choosing a poster"),
        _pictured,
        essential=True,
        after="playable",
        waits=_read_as_played,
        sandbox={
            "frames": limits.POSTER,
            "rendition": limits.POSTER,
            "pages": limits.PAGES,
            "office/text": limits.PAGES,
            "office/pdf": limits.OFFICE,
        },
        renditions={
            "poster": N_("Posters"),
            "text": N_("Text from documents"),
            "places": N_("Bookmarks and links"),
            "document": N_("Documents as PDF"),
        },
    )
    PAGES = Rule(
        "pages",
        Queue.MEDIA,
        N_("Drawing the pages"),
        has_pages,
        after="poster",
        sandbox={"pages": limits.DRAWN_PAGES},
        renditions={"pages": N_("Pictures of pages")},
        module="documents.pages",
    )
    PLAYABLE = Rule(
        "playable",
        Queue.MEDIA,
        N_("Converting for playback"),
        of(Kind.VIDEO, Kind.AUDIO, Kind.IMAGE),
        essential=True,
        sandbox={"ffmpeg": limits.encode, "rendition": limits.PICTURE},
        renditions={"playable": N_("Playback files")},
    )
    STORYBOARD = Rule(
        "storyboard",
        Queue.MEDIA,
        N_("Preview images for seeking"),
        of(Kind.VIDEO),
        after="playable",
        sandbox={"storyboard": limits.STORYBOARD},
        renditions={"storyboard": N_("Storyboards")},
    )
    WAVEFORM = Rule(
        "waveform",
        Queue.MEDIA,
        N_("Waveform and loudness"),
        _sounds,
        after="playable",
        sandbox={"waveform": limits.sound},
        renditions={"waveform": N_("Waveforms")},
    )
    SIZES = Rule(
        "sizes",
        Queue.MEDIA,
        N_("Sizes for every screen"),
        _resizable,
        after="playable",
        sandbox={"sizes": limits.PICTURE},
        renditions={"image": N_("Image sizes")},
    )
    FINGERPRINT = Rule(
        "fingerprint",
        Queue.MEDIA,
        N_("Looking for near duplicates"),
        _perceptible,
        after="playable",
        sandbox={"fingerprint": limits.fingerprint},
    )
    CAPTIONS = Rule(
        "captions",
        Queue.AI,
        N_("Generating captions"),
        of(Kind.VIDEO, Kind.AUDIO),
        after="playable",
        sandbox={"ffmpeg": limits.speech, "ffmpeg/subtitles": limits.SUBTITLES},
    )
    SLIDES = Rule(
        "slides",
        Queue.AI,
        N_("Reading the slides"),
        of(Kind.VIDEO),
        after="playable",
        sandbox={"slides": limits.slides},
        renditions={"slides": N_("Slides")},
    )
    HLS = Rule(
        "hls",
        Queue.STREAMS,
        N_("Streams for every connection"),
        of(Kind.VIDEO, Kind.AUDIO),
        after="playable",
        sandbox={"packets": limits.scan, "ffmpeg": limits.ladder, "fragments": limits.INDEX},
        renditions={"hls": N_("Streams"), "mp4": N_("Downloads for learners")},
    )
    HLS_PART = Rule(
        "hls_part",
        Queue.STREAMS,
        N_("Encoding a part of the streams"),
        sandbox={"ffmpeg": limits.ladder, "fragments": limits.INDEX},
        listed=False,
    )
    STILL = Rule(
        "still",
        Queue.MEDIA,
        N_("Extracting the chosen frame"),
        sandbox={"still": limits.STILL, "rendition": limits.POSTER},
        listed=False,
    )
    BATCH = Rule("batch", Queue.SMALL, N_("Changing files in bulk"), subject=Subject.BATCH)
    UNDO = Rule("undo", Queue.SMALL, N_("Undoing a change"), subject=Subject.BATCH, module="batch")

    @classmethod
    def named(cls, name: str) -> Self:
        """The step of this name. Raises KeyError for another."""
        return cls[name.upper()]

    @property
    def queue(self) -> str:
        """The queue whose workers do it."""
        return self.rule.queue

    @property
    def label(self) -> str:
        """What people read, in English; pages translate it."""
        return self.rule.label

    @property
    def runner(self) -> str:
        """The module whose `run(work)` does it."""
        return f"jobs.steps.{self.rule.module or self.rule.name}"

    @property
    def retryable(self) -> bool:
        """True when a person may stop it and have it tried again: a version goes through it."""
        return self.rule.wanted is not None

    def limits(self, task: str, *size: float) -> Limits:
        """What a run of `task` in the sandbox may cost; `size` is what its allowance asks for."""
        allowance = self.rule.sandbox[task]
        return allowance if isinstance(allowance, Limits) else allowance(*size)


# The steps that a version goes through, in the order in which they are shown.
RULES: dict[Step, Rule] = {step: step.rule for step in Step if step.rule.wanted}
UNLISTED = tuple(step for step in Step if not step.rule.listed)
ESSENTIAL = tuple(step for step in RULES if step.rule.essential)


def steps_for(facts: KnownFacts) -> list[Step]:
    """The steps that such a file goes through, in their order."""
    return [step for step, rule in RULES.items() if rule.wanted and rule.wanted(facts)]


def find(name: str) -> Step | None:
    """The step of a row; None for one that this version of Lectern does not have."""
    return Step.named(name) if name in set(Step) else None


def step_label(name: str) -> str:
    """The label of a row's step."""
    step = find(name)
    return step.label if step else name.capitalize()


def rendition_labels() -> dict[str, str]:
    """The labels of what the steps store, by the first word of its spec."""
    return {word: label for step in Step for word, label in step.rule.renditions.items()}
