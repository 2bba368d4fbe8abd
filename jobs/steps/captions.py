"""Making captions: of what the file brings along, and of what is said in it."""

import importlib
from pathlib import Path

from sqlalchemy.orm import Session

from jobs import subject
from jobs.subject import Subject
from jobs.work import Work
from lectern.errors import Invalid, Message, TooLarge
from lectern.insight import corrections, models, subtitles, transcription, transcripts
from lectern.insight.cues import Cue
from lectern.insight.transcription import Inside
from lectern.media import codecs
from lectern.media.facts import Facts
from lectern.media.sandbox.refusal import Refused
from lectern.media.speech import input
from lectern.media.speech.recognizer import Manner, Recogniser
from lectern.models import TaskState, Transcript
from lectern.pipeline import tasks

NO_SOUND = Message("This file has no audio.")
NO_SPEECH = Message("No speech was detected in this file.")
# The share of the step that it takes to get at the sound.
SOUND_SHARE = 0.05


def run(work: Work) -> None:
    """Keep the file's own subtitles, then listen, unless equal bytes were heard so already."""
    this = subject.load(work)
    settings = work.process.settings
    _take_in(work, this)
    wanted = work.read(lambda session: transcription.wanted(session, this.version))
    manner = Manner(settings.whisper_model, wanted.language, wanted.hotwords)
    heard = work.read(lambda session: _heard(session, this, manner))
    model = models.speech(settings)
    if this.facts.audio_stream is None:
        work.finish(lambda session: None, TaskState.SKIPPED, _why_silent(this.facts))
    elif heard is not None:
        state, reason = _ended(len(heard.segments))

        def again(session: Session) -> None:
            transcription.heard_again(session, heard)
            corrections.refresh_of(session, this.version)

        work.finish(again, state, reason)
    elif not model.here:
        work.wait(transcription.MODEL, models.missing(model))
    else:
        _listen(work, this, manner, _recogniser(model))


def _listen(work: Work, this: Subject, manner: Manner, recogniser: Recogniser) -> None:
    if manner.language and not recogniser.understands(manner.language):
        unknown = Message(
            "The model “%(model)s” does not know this file's language, "
            "%(language)s. Choose another language, or another model in the "
            "settings of the server.",
            model=manner.model,
            language=manner.language,
        )
        work.finish(lambda session: None, TaskState.SKIPPED, unknown)
        return
    with subject.opened(work, this) as (source, facts):
        samples = input.sound(
            source,
            facts,
            work.scratch,
            lambda share: work.progress(share * SOUND_SHARE),
            work.cancelled,
        )
    said = recogniser.listen(
        samples,
        manner,
        lambda share: work.progress(SOUND_SHARE + share * (1 - SOUND_SHARE)),
        work.cancelled,
    )

    def record(session: Session) -> None:
        key = (this.workspace_id, this.blob_id, manner.model, manner.digest)
        transcripts.record(session, *key, heard=said)
        corrections.refresh_of(session, this.version)

    state, reason = _ended(len(said.segments))
    work.finish(record, state, reason)


def _heard(session: Session, this: Subject, manner: Manner) -> Transcript | None:
    key = (this.workspace_id, this.blob_id, manner.model, manner.digest)
    return transcripts.find(session, *key)


def _ended(segments: int) -> tuple[TaskState, str | None]:
    return (TaskState.DONE, None) if segments else (TaskState.SKIPPED, NO_SPEECH)


def _why_silent(facts: Facts) -> Message:
    """Why there is nothing to listen to: no sound, or none that can be decoded."""
    codec = next(
        (each.codec for each in facts.streams if each.kind == "audio" and each.codec), None
    )
    if codec is None:
        return NO_SOUND
    return Message(
        "The audio is in %(codec)s, which Lectern cannot decode. Export it with AAC audio.",
        codec=codecs.spoken(codec),
    )


def _take_in(work: Work, this: Subject) -> None:
    """The subtitle tracks of the file, each as captions in its language; a broken one is left."""
    found = work.read(lambda session: transcription.inside(session, this.version))
    if not found:
        return
    with subject.original(work, this) as source:
        taken = [(each, _cues(work, this, source, each)) for each in found]

    def keep(session: Session) -> None:
        tasks.advance(session, work.claim, 0.0)
        for each, cues in taken:
            transcription.take_in(session, this.version, each, cues)
        corrections.refresh_of(session, this.version)

    work.part(keep)


def _cues(work: Work, this: Subject, source: Path, found: Inside) -> list[Cue]:
    stream = next(each for each in this.facts.streams if each.index == found.stream)
    try:
        data = input.subtitles(source, this.facts, stream, work.scratch, work.cancelled)
        return subtitles.read(data).cues
    except (Refused, Invalid, TooLarge):
        return []


def _recogniser(model: models.Model) -> Recogniser:
    # By name: only a worker that listens loads it, and keeps it.
    whisper = importlib.import_module("lectern.media.speech.whisper")
    loaded: Recogniser = whisper.load(model.folder)
    return loaded
