"""Task `still`: the very frame that a video shows at a given second."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lectern.media.inside import frames
from lectern.media.inside.container import decoded, open_container
from lectern.media.inside.shared.shaping import FrameShaper, save
from lectern.media.sandbox.refusal import Refused

_EARLIER_S = 10.0


def perform(arguments: dict[str, Any], tell: Callable[[float], None]) -> dict[str, Any]:
    """`arguments`: source, demuxer, stream, at_s, shown, rotation, hdr, scratch.

    Writes `out.0`; returns its size and `at_s`, the second at which the frame begins.

    Raises:
        Refused: no frame up to that second can be decoded.
    """
    with open_container(Path(arguments["source"]), str(arguments["demuxer"])) as container:
        stream = frames.select(container, int(arguments["stream"]))
        # Here many frames follow each other, so threads help.
        stream.thread_count = 2
        start_s = container.start_time / 1e6 if container.start_time else 0.0
        frame = _shown(container, stream, start_s + float(arguments["at_s"]))
        if frame is None:
            raise Refused("No frame can be decoded at this time in the video. Choose another time.")
        width, height = arguments["shown"]
        shaper = FrameShaper(stream, (width, height), arguments["rotation"], arguments["hdr"])
        written = save(shaper.picture(frame), Path(arguments["scratch"]) / "out.0")
    at_s = max(0.0, (frame.time or 0.0) - start_s)
    return written | {"at_s": round(at_s, 3)}


def _shown(container: InputContainer, stream: VideoStream, at_s: float) -> VideoFrame | None:
    """The last frame that begins at or before that second; the first one where none does."""
    start_s = container.start_time / 1e6 if container.start_time else 0.0
    # A transport stream may have to be entered well before, and any file may be at its beginning.
    for enter_s in (at_s, max(start_s, at_s - _EARLIER_S), start_s):
        shown = None
        if frames.seek(container, stream, enter_s):
            for frame in decoded(container, stream):
                if shown is not None and (frame.time or 0.0) > at_s:
                    break
                shown = frame
        if shown is not None:
            return shown
    return None
