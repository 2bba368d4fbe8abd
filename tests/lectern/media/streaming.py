"""A whole set of streams made in one process, the way the workers make it."""

from dataclasses import dataclass
from pathlib import Path

from lectern.media import playable
from lectern.media.facts import Facts
from lectern.media.hls import encoder, ladder
from lectern.media.hls import timeline as hls_timeline
from lectern.media.hls.offer import Offer
from lectern.media.hls.plan import Plan
from lectern.media.hls.timeline import Timeline
from lectern.media.probe import probe


@dataclass
class Streams:
    """A folder with everything that is served, and what it was made by."""

    folder: Path
    facts: Facts
    timeline: Timeline
    plan: Plan
    offer: Offer


def stream(source: Path, folder: Path, *, encode_s: float = 180.0, av1: bool = False) -> Streams:
    """All streams of `source` in `folder`, long files segment by segment."""
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    facts = probe(source, source.name, scratch)
    if not facts.direct:
        made_first = playable.make(source, facts, scratch)
        assert isinstance(made_first, playable.Playable)
        source = made_first.path.rename(scratch / "playable")
        facts = Facts.from_json(made_first.facts)
    timeline = hls_timeline.measure(source, facts, scratch)
    plan = ladder.plan(facts, timeline, encode_s, av1)
    made = encoder.originals(source, plan, scratch, None, None)
    if made is None:
        plan = ladder.without_copies(plan, facts)
        made = encoder.originals(source, plan, scratch, None, None) or []
    files = {each.name: each for each in made}
    parts: dict[str, list[Path]] = {rung.name: [] for rung in plan.rungs}
    for number in range(len(plan.segments) if plan.rungs else 0):
        place = scratch / str(number)
        place.mkdir()
        for each in encoder.encode(source, plan, number, place, None, None):
            parts[each.name].append(each.path)
    files |= {rung.name: encoder.join(plan, rung, parts[rung.name], scratch) for rung in plan.rungs}
    offer = Offer(plan, facts, {name: each.index for name, each in files.items()})
    for name, each in files.items():
        each.path.rename(folder / f"{name}.mp4")
        (folder / f"{name}.m3u8").write_text(offer.media(name), "ascii")
    if offer.variants():
        (folder / "iframes.m3u8").write_text(offer.stills(), "ascii")
    (folder / "master.m3u8").write_text(offer.master(), "ascii")
    return Streams(folder, facts, timeline, plan, offer)
