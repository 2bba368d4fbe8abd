"""In the box: parts of a rung put one behind the other, and where each fragment of it lies."""

import struct
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lectern.media import hls_index
from lectern.media.hls_boxes import Unlike
from lectern.media.refusal import Refused


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: parts (paths), begins (units of their clock), and target, the file to write.

    Without a target the one part is only read. Returns `Index` as JSON.

    Raises:
        Refused: what was encoded is not what was asked for.
    """
    parts = [Path(each) for each in arguments["parts"]]
    target = arguments["target"]
    try:
        if target is None:
            (made,) = parts
        else:
            made = Path(target)
            _join(parts, arguments["begins"], made)
        with made.open("rb") as file:
            return hls_index.index(file).to_json()
    except (Unlike, struct.error, IndexError) as error:
        raise Refused(f"The video was encoded, but not in one piece. {error}") from error


def _join(parts: list[Path], begins: list[int], target: Path) -> None:
    with ExitStack() as stack:
        files = [stack.enter_context(part.open("rb")) for part in parts]
        hls_index.join(list(files), begins, stack.enter_context(target.open("xb")))
