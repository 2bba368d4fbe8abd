"""What a player is offered: the playlists over all files that are made so far."""

from collections.abc import Mapping
from dataclasses import dataclass

from lectern.media.facts import Facts
from lectern.media.hls import playlists
from lectern.media.hls.index import Index
from lectern.media.hls.plan import Coding, Plan
from lectern.media.hls.playlists import Sound, Variant

SOURCE, STILLS = "source", "iframes"


@dataclass(frozen=True)
class Offer:
    """`made` maps the name of a file, without its ending, to where its bytes lie."""

    plan: Plan
    facts: Facts
    made: Mapping[str, Index]

    def media(self, name: str) -> str:
        """The playlist of one file."""
        index = self.made[name]
        cuts = self._cuts() if name == SOURCE else ()
        return playlists.media(index, playlists.segments(index, cuts), f"{name}.mp4")

    def stills(self) -> str:
        """The playlist of the smallest rung's key frames."""
        smallest = self._smallest()
        return playlists.stills(smallest.index, smallest.segments, f"{smallest.name}.mp4")

    def master(self, *, scrubbed: bool = True) -> str:
        """The playlist that names the others, that of the key frames where it is `scrubbed`."""
        variants = self.variants()
        smallest = self._smallest() if variants and scrubbed else None
        return playlists.master(variants, self.sounds(), smallest)

    def variants(self) -> list[Variant]:
        """The rungs there are, the source's own coded picture first."""
        sizes = {rung.name: (rung.width, rung.height) for rung in self.plan.rungs}
        if self.plan.source_kbps is not None:
            sizes = {SOURCE: (self.facts.width or 0, self.facts.height or 0), **sizes}
        rate = self.plan.rate
        return [
            Variant(name, index, playlists.segments(index, self._cuts_of(name)), *size, rate)
            for name, size in sizes.items()
            if (index := self.made.get(name)) is not None
        ]

    def sounds(self) -> list[Sound]:
        """The tracks of sound there are, the main one first."""
        tracks = [(f"a{number}", track) for number, track in enumerate(self.plan.tracks)]
        return [
            Sound(name, track, index, playlists.segments(index))
            for name, track in tracks
            if (index := self.made.get(name)) is not None
        ]

    def progressive(self, side: int = 720) -> str | None:
        """The largest rung in H.264 whose shorter side is at most `side` pixels."""
        av1 = {rung.name for rung in self.plan.rungs if rung.coding is Coding.AV1}
        small = [v for v in self.variants() if min(v.width, v.height) <= side and v.name not in av1]
        best = max(small, key=lambda variant: variant.width * variant.height, default=None)
        return best.name if best else None

    def _smallest(self) -> Variant:
        return min(self.variants(), key=lambda variant: variant.width * variant.height)

    def _cuts_of(self, name: str) -> tuple[float, ...]:
        return self._cuts() if name == SOURCE else ()

    def _cuts(self) -> tuple[float, ...]:
        return tuple(self.plan.seconds(cut) for cut in self.plan.cuts)
