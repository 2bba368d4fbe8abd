"""What a sandbox says on its pipe, line by line; nothing in it is trusted further than its type."""

import json
from collections.abc import Callable
from typing import Any

from lectern.errors import Message


class Answer:
    """The answer so far. Lines are JSON objects of ours, or `key=value` of ffmpeg's progress."""

    def __init__(self, on_progress: Callable[[float], None] | None, duration_s: float) -> None:
        self._on_progress = on_progress
        self._duration_s = duration_s
        self._rest = b""
        self.size = 0
        self.confined = False
        self.result: dict[str, Any] | None = None
        self.refused: Message | None = None
        self.unavailable = ""
        self.crashed = ""
        self.out_of_memory = False
        self.out_of_space = False

    def feed(self, data: bytes) -> None:
        """Take in some bytes; the last line may be incomplete."""
        self.size += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"{"):
                self._message(line)
            elif line.startswith(b"out_time_us="):
                self._time(line.partition(b"=")[2])

    def _message(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return
        if "progress" in message:
            self._progress(message["progress"])
        self.confined |= message.get("confined") is True
        self.out_of_memory |= message.get("out_of_memory") is True
        self.out_of_space |= message.get("out_of_space") is True
        self.refused = self.refused or _sentence(str(message.get("refused", "")))
        self.unavailable = self.unavailable or str(message.get("unavailable", ""))[:500]
        self.crashed = self.crashed or str(message.get("crashed", ""))[:100]
        if isinstance(message.get("result"), dict):
            self.result = message["result"]

    def _time(self, text: bytes) -> None:
        # "N/A" until the first packet is out.
        if self._duration_s > 0 and text.strip().isdigit():
            self._progress(int(text) / 1e6 / self._duration_s)

    def _progress(self, share: object) -> None:
        if self._on_progress and isinstance(share, int | float):
            self._on_progress(min(1.0, max(0.0, float(share))))


def _sentence(text: str) -> Message | None:
    """A refusal, short and with text for values, however the child wrote it."""
    if not text:
        return None
    try:
        message = Message.from_text(text[:2000])
        params = {name: str(value)[:200] for name, value in message.params.items()}
        return Message(message.template, **params) if params else Message(message[:500])
    except (AttributeError, KeyError, TypeError, ValueError):
        return Message(text[:500])
