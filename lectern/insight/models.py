"""Where the models are that machines listen and read with, and how they come here.

A model is a folder below `LECTERN_MODELS_DIR`. Nothing but the command that fetches them goes to
a hub: a server at work asks nobody.
"""

import importlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from lectern.errors import LecternError, Message
from lectern.settings import Settings

_HUB = "https://huggingface.co"


class ModelAway(LecternError):
    """The model is not here and could not be fetched; the message says what to do instead."""


@dataclass(frozen=True)
class Model:
    """A model by its name: the folder it is in, whose page has it, and what belongs to it."""

    name: str
    what: str
    folder: Path
    page: str
    files: tuple[str, ...]
    needed: tuple[str, ...]

    @property
    def here(self) -> bool:
        """True when every file that is needed (a name, or a pattern) is in the folder."""
        return all(any(self.folder.glob(name)) for name in self.needed)


def speech(settings: Settings) -> Model:
    """The model that hears speech: `LECTERN_WHISPER_MODEL`, for faster-whisper."""
    name = settings.whisper_model
    page = name if "/" in name else f"Systran/faster-whisper-{name}"
    files = ("config.json", "model.bin", "preprocessor_config.json", "tokenizer.json")
    needed = ("config.json", "model.bin", "tokenizer.json")
    return Model(name, "speech", settings.models_dir / name, page, (*files, "vocabulary.*"), needed)


def sentences(settings: Settings) -> Model:
    """The model that compares sentences: `LECTERN_EMBEDDING_MODEL`, in ONNX."""
    name = settings.embedding_model
    page = name if "/" in name else f"sentence-transformers/{name}"
    files = ("onnx/model.onnx", "tokenizer.json", "tokenizer_config.json", "config.json")
    # Any of the sizes that the hub has it in will do.
    needed = ("onnx/*.onnx", "tokenizer.json")
    return Model(name, "sentences", settings.models_dir / name, page, files, needed)


def missing(model: Model) -> str:
    """What to do about a model that is not here, in a sentence or two."""
    return Message(
        "The %(what)s model “%(name)s” is not here. Whoever runs this server "
        "gets it with bin/lectern models fetch, or puts its files into "
        "%(folder)s. Then try again.",
        what=model.what,
        name=model.name,
        folder=model.folder,
    )


def fetch(model: Model) -> None:
    """Bring the model from its hub, with progress on standard error; what came before is kept.

    Raises:
        ModelAway: the hub cannot be reached, has no such model, or the disk is full.
    """
    hub = importlib.import_module("huggingface_hub")
    part = model.folder.with_name(f".{model.folder.name}.part")
    try:
        hub.snapshot_download(
            model.page, local_dir=part, allow_patterns=list(model.files), etag_timeout=10
        )
        shutil.rmtree(part / ".cache", ignore_errors=True)
        arrived = Model(**{**vars(model), "folder": part})
        if not arrived.here:
            raise ModelAway(
                "%(hub)s/%(page)s lacks %(list)s.",
                hub=_HUB,
                page=model.page,
                list=", ".join(model.needed),
            )
        shutil.rmtree(model.folder, ignore_errors=True)
        part.rename(model.folder)
    except ModelAway:
        raise
    except Exception as error:
        # The hub's client has errors of several libraries; all of them mean that it is not here.
        cause = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelAway(
            "The %(what)s model “%(name)s” could not be downloaded from "
            "%(hub)s/%(page)s: %(cause)s\nCopy its files (%(list)s) to %(folder)s instead.",
            what=model.what,
            name=model.name,
            hub=_HUB,
            page=model.page,
            cause=cause[:200],
            list=", ".join(model.files),
            folder=model.folder,
        ) from error
