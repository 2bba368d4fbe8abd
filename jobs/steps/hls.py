"""Making the streams of a version: its coded data at once, then the rungs, alone or together."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from jobs import enqueue, subject
from jobs.steps.derivation import Results
from jobs.subject import Subject
from jobs.work import Work
from lectern.errors import LecternError, Message
from lectern.media.hls import encoder, ladder
from lectern.media.hls.index import Index
from lectern.media.hls.offer import SOURCE, STILLS, Offer
from lectern.media.hls.plan import Plan, Rung
from lectern.media.hls.timeline import measure
from lectern.media.sandbox.refusal import Refused
from lectern.models import TaskState
from lectern.pipeline import segments
from lectern.renditions import renditions, streams

log = logging.getLogger(__name__)
NONE = Message("This file has no video or audio to stream.")
VIDEO, AUDIO = "video/mp4", "audio/mp4"
PLAYLIST = "application/vnd.apple.mpegurl"
# Where the steps within the step begin and end.
_BEGUN, _ENCODED = 0.1, 0.9


class Unsound(LecternError):
    """The parts do not make a whole; encoded anew they may."""


class Files:
    """Stored as they are added; `record` names them, in the transaction that ends the work."""

    def __init__(self, work: Work) -> None:
        self._scratch = work.scratch
        self._results = Results(work)
        self._specs: list[tuple[str, Mapping[str, Any]]] = []

    def add(self, spec: str, path: Path, mime: str, facts: Mapping[str, Any] | None = None) -> None:
        """Put one finished file into storage; nobody may write to it any more."""
        self._results.store(path, mime)
        self._specs.append((spec, {"mime": mime, **(facts or {})}))

    def playlist(self, name: str, text: str) -> None:
        """Put a playlist into storage."""
        path = self._scratch / name
        path.write_text(text, encoding="ascii", errors="replace")
        self.add(streams.FOLDER + name, path, PLAYLIST)

    def record(self, session: Session, this: Subject) -> None:
        """Name all of them as renditions of the original; the same again changes nothing."""
        for (spec, facts), blob in zip(self._specs, self._results.add(session), strict=True):
            renditions.record(session, this.workspace_id, this.blob_id, spec, blob, dict(facts))

    def tidy(self) -> None:
        """Drop copies that turned out redundant; call it after the commit only."""
        self._results.tidy()


@dataclass
class Making:
    """The plan, and where the bytes of each stored file lie."""

    plan: Plan
    stored: dict[str, Index]


def run(work: Work) -> None:
    """Make the streams, unless equal bytes of this workspace have them already.

    A long video is divided: this run ends by waiting, and the last segment lets it go on.
    """
    this = subject.load(work)
    master = (this.workspace_id, this.blob_id, streams.FOLDER + streams.MASTER)
    if work.read(lambda session: renditions.find(session, *master)) is not None:
        work.finish(lambda session: streams.tidy(session, this.version))
        return
    making = find_making(work, this) or _begin(work, this)
    plan = making.plan
    wanted = _wanted(work, this, plan)
    if not making.stored and not plan.rungs:
        work.finish(lambda s: streams.tidy(s, this.version), TaskState.SKIPPED, NONE)
    elif not wanted:
        _complete(work, this, making)
    else:
        number = len(plan.segments)
        work.part(lambda session: segments.share_out(session, work.claim, number, wanted))
        enqueue.notify(work.read(lambda session: segments.due(session, work.claim)))


def _wanted(work: Work, this: Subject, plan: Plan) -> Collection[int]:
    """The segments that other tasks have yet to encode; none of what is not divided."""
    number, names = len(plan.segments), [rung.name for rung in plan.rungs]
    if number == 1:
        return ()
    return work.read(lambda session: streams.missing(session, this.version, number, names))


def find_making(work: Work, this: Subject) -> Making | None:
    """What an earlier run of the step has settled; None for what this Lectern cannot read."""
    row = work.read(lambda s: streams.find_plan(s, this.workspace_id, this.version.id))
    if row is None:
        return None
    try:
        stored = {name: Index.from_json(values) for name, values in row.made.items()}
        return Making(Plan.from_json(row.plan), stored)
    except (KeyError, TypeError, ValueError, AttributeError):
        log.warning("the plan of version %s was written by another Lectern", this.version.id)
        return None


def _begin(work: Work, this: Subject) -> Making:
    """Plan it; store what needs no encoding of the picture, so that it can be streamed at once."""
    settings = work.process.settings
    work.part(lambda session: streams.start_over(session, work.claim, this.version))
    with subject.opened(work, this) as (source, facts):
        timeline = measure(source, facts, work.scratch)
        plan = ladder.plan(facts, timeline, float(settings.stretch_s), av1=settings.av1)
        said = _within(work, 0.0, _BEGUN)
        made = encoder.originals(source, plan, work.scratch, said, work.cancelled)
        if made is None:
            plan = ladder.without_copies(plan, facts)
            made = encoder.originals(source, plan, work.scratch, said, work.cancelled) or []
    stored = {each.name: each.index for each in made}
    offer, files = Offer(plan, facts, stored), Files(work)
    for each in made:
        mime = VIDEO if each.name == SOURCE else AUDIO
        files.add(f"{streams.FOLDER}{each.name}.mp4", each.path, mime)
        files.playlist(f"{each.name}.m3u8", offer.media(each.name))
    if SOURCE in stored:
        files.playlist(streams.FIRST, offer.master(scrubbed=False))

    def record(session: Session) -> None:
        index = {name: each.to_json() for name, each in stored.items()}
        streams.keep_plan(session, work.claim, plan.to_json(), index)
        files.record(session, this)

    work.part(record)
    files.tidy()
    work.tell()
    return Making(plan, stored)


def _complete(work: Work, this: Subject, making: Making) -> None:
    """Join the rungs, write the playlists, and end the task."""
    plan, files = making.plan, Files(work)
    stored = dict(making.stored)
    encoded = _encoded_here(work, this, plan)
    for number, rung in enumerate(plan.rungs):
        with ExitStack() as stack:
            parts = (
                encoded[rung.name] if encoded else _encoded_elsewhere(work, this, plan, rung, stack)
            )
            made = _joined(work, this, plan, rung, parts)
        for part in encoded.get(rung.name, ()):
            part.unlink()
        stored[rung.name] = made.index
        files.add(f"{streams.FOLDER}{rung.name}.mp4", made.path, VIDEO)
        work.progress(_ENCODED + (1 - _ENCODED) * (number + 1) / (len(plan.rungs) + 1))
    offer = Offer(plan, this.facts, stored)
    for rung in plan.rungs:
        files.playlist(f"{rung.name}.m3u8", offer.media(rung.name))
    if offer.variants():
        files.playlist(f"{STILLS}.m3u8", offer.stills())
    files.playlist(streams.MASTER, offer.master())
    _add_plain(work, this, offer, files)

    def record(session: Session) -> None:
        files.record(session, this)
        streams.tidy(session, this.version)

    work.finish(record)
    files.tidy()


def _joined(
    work: Work, this: Subject, plan: Plan, rung: Rung, parts: Sequence[Path]
) -> encoder.Made:
    try:
        return encoder.join(plan, rung, parts, work.scratch)
    except Refused as refusal:
        # Whoever tries again begins anew, instead of with the same parts; once that is nobody.
        work.part(lambda session: streams.start_over(session, work.claim, this.version))
        if work.claim.attempts:
            raise
        raise Unsound(str(refusal)) from refusal


def _encoded_here(work: Work, this: Subject, plan: Plan) -> dict[str, list[Path]]:
    """All rungs of a video that is not divided."""
    if len(plan.segments) > 1 or not plan.rungs:
        return {}
    said = _within(work, _BEGUN, _ENCODED)
    with subject.opened(work, this) as (source, _):
        made = encoder.encode(source, plan, 0, work.scratch, said, work.cancelled)
    return {each.name: [each.path] for each in made}


def _encoded_elsewhere(
    work: Work, this: Subject, plan: Plan, rung: Rung, stack: ExitStack
) -> list[Path]:
    """The segments of one rung as other tasks have stored them."""
    return [
        _fetched(work, this, streams.part_spec(number, rung.name), stack)
        for number in range(len(plan.segments))
    ]


def _fetched(work: Work, this: Subject, spec: str, stack: ExitStack) -> Path:
    found = work.read(lambda s: renditions.find(s, this.workspace_id, this.blob_id, spec))
    if found is None:
        raise FileNotFoundError(f"there is no rendition {spec}")
    return stack.enter_context(work.process.storage.local_copy(found.blob.key))


def _add_plain(work: Work, this: Subject, offer: Offer, files: Files) -> None:
    """One plain MP4 for downloads and embedding, unless what is played is one already."""
    name = offer.progressive(streams.PLAIN_SIDE)
    if name is None or _is_plain(work, this):
        return
    with ExitStack() as stack:
        picture = _file(work, this, name, stack)
        sound = _file(work, this, "a0", stack) if offer.sounds() else None
        try:
            path = encoder.progressive(picture, sound, offer.plan.duration_s, work.scratch)
        except Refused as refusal:
            # There are the streams; nobody is offered a file that does not play.
            log.warning("version %s has no plain MP4: %s", this.version.id, refusal)
            return
    size = next((v.width, v.height) for v in offer.variants() if v.name == name)
    files.add(streams.PROGRESSIVE, path, VIDEO, {"width": size[0], "height": size[1]})


def _file(work: Work, this: Subject, name: str, stack: ExitStack) -> Path:
    """A file of the streams: as it was just made, or as it is stored."""
    here = work.scratch / f"{name}.mp4"
    if here.is_file():
        return here
    return _fetched(work, this, f"{streams.FOLDER}{name}.mp4", stack)


def _is_plain(work: Work, this: Subject) -> bool:
    key = (this.workspace_id, this.blob_id, renditions.PLAYABLE)
    played = work.read(lambda session: renditions.find(session, *key))
    return played is not None and streams.is_plain(played.blob.mime, played.facts)


def _within(work: Work, begin: float, end: float) -> Callable[[float], None]:
    """Progress of a part of the step, as progress of the step."""
    return lambda share: work.progress(begin + (end - begin) * share)
