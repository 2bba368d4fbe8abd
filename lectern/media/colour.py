"""The colours of an encoded picture: one matrix, range and transfer, said in the file and meant.

A source that says nothing is taken as browsers take it, by its height; what is made of it says so
at every size, or a small rung would be read by another matrix than a large one.
"""

from dataclasses import dataclass

from lectern.media.facts import Facts

# ITU-T H.273 by number, as ffmpeg names them.
MATRICES = {
    1: "bt709",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    9: "bt2020nc",
    10: "bt2020c",
}
PRIMARIES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020", 12: "smpte432"}
TRANSFERS = {
    1: "bt709",
    4: "gamma22",
    5: "gamma28",
    6: "smpte170m",
    7: "smpte240m",
    13: "iec61966-2-1",
    14: "bt2020-10",
    15: "bt2020-12",
}
# From this height on, browsers take an untagged picture for HD.
HD_HEIGHT = 720
# Matrices that are kept; all others become that of HD, which every player knows.
_KEPT = frozenset({"bt709", "smpte170m", "bt470bg"})
# As the scale filter spells them.
_SCALE = {"bt470bg": "bt470", "bt2020nc": "bt2020", "bt2020c": "bt2020"}


@dataclass(frozen=True)
class Colour:
    """What the source is taken for, and what the encoded picture is tagged with."""

    source_matrix: str
    matrix: str
    primaries: str
    transfer: str

    @property
    def scaling(self) -> str:
        """Options of the scale filter that convert to this matrix, in limited range."""
        source = _SCALE.get(self.source_matrix, self.source_matrix)
        given = "" if source == "gbr" else f":in_color_matrix={source}"
        return f"{given}:out_color_matrix={_SCALE.get(self.matrix, self.matrix)}:out_range=tv"

    @property
    def tagging(self) -> str:
        """The filter that has the encoder write it into the file."""
        return (
            f"setparams=range=tv:colorspace={self.matrix}:color_primaries={self.primaries}"
            f":color_trc={self.transfer}"
        )


def of(facts: Facts) -> Colour:
    """The colours of what is encoded of an SDR video; HDR is mapped to those of HD elsewhere."""
    guessed = "bt709" if (facts.stored_height or 0) >= HD_HEIGHT else "smpte170m"
    source = facts.matrix or guessed
    matrix = source if source in _KEPT else "bt709"
    return Colour(
        source_matrix=source,
        matrix=matrix,
        primaries=facts.primaries or matrix,
        transfer=facts.transfer or ("bt709" if matrix == "bt709" else "smpte170m"),
    )
