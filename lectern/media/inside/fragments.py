"""In the sandbox: parts of a rung put one behind the other, and where each fragment of it lies."""

import struct
from collections.abc import Callable, Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lectern.media.hls import index
from lectern.media.hls.boxes import Unlike
from lectern.media.inside.shared import decodability
from lectern.media.sandbox.refusal import Refused


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: parts (paths), begins (units of their clock), target (the file to write), and
    decoded: whether each file that is described is decoded at its ends, and where parts meet.

    Without a target the parts are only read. Returns `indexes`: `Index` as JSON of what was
    written, or of each part.

    Raises:
        Refused: what was encoded is not what was asked for.
    """
    parts = [Path(each) for each in arguments["parts"]]
    target = arguments["target"]
    try:
        if target is not None:
            _join(parts, arguments["begins"], Path(target))
            parts = [Path(target)]
        joins = arguments["begins"][1:]
        described = zip(parts, arguments["decoded"], strict=True)
        return {"indexes": [_index(part, joins, decoded=each) for part, each in described]}
    except decodability.Undecodable as error:
        raise Refused("The video was encoded, but not soundly. %(error)s", error=error) from error
    except (Unlike, struct.error, IndexError) as error:
        raise Refused(
            "The video was encoded, but not in one piece. %(error)s", error=error
        ) from error


def _index(path: Path, joins: Collection[int], *, decoded: bool) -> dict[str, Any]:
    with path.open("rb") as file:
        found = index.index(file)
        if decoded:
            decodability.check_fragments(file, found, joins)
        return found.to_json()


def _join(parts: list[Path], begins: list[int], target: Path) -> None:
    with ExitStack() as stack:
        files = [stack.enter_context(part.open("rb")) for part in parts]
        index.join(list(files), begins, stack.enter_context(target.open("xb")))
