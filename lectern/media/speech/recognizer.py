"""Hearing what is said, behind one small protocol; imports no model and no library for one."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from lectern.insight.transcripts import Heard

# Rises whenever the same sound and settings would be heard differently by a newer release.
REVISION = 1


@dataclass(frozen=True)
class Manner:
    """How to listen: `language` forces one (None: find out), `hotwords` are to be expected."""

    model: str
    language: str | None = None
    hotwords: str = ""

    @property
    def digest(self) -> str:
        """What `transcript.settings` keeps: all that decides what is heard besides the model."""
        values: dict[str, Any] = {**asdict(self), "revision": REVISION}
        del values["model"]
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]


class Recogniser(Protocol):
    """Something that hears speech. It is kept between recordings, since loading it takes long."""

    def understands(self, language: str) -> bool:
        """Whether it knows the language, by its BCP 47 tag."""
        ...

    def listen(
        self,
        samples: Path,
        manner: Manner,
        on_progress: Callable[[float], None],
        cancelled: Callable[[], bool],
    ) -> Heard:
        """What is said in a file of `speech_input.sound`; memory does not grow with its length.

        Raises:
            Stopped: `cancelled` said so.
        """
        ...
