"""Clips made on the spot by ffmpeg's own test sources, and the corpus of the test assets."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lectern.media.sandbox import sandbox

Make = Callable[..., Path]


@pytest.fixture(scope="session")
def corpus(assets_dir: Path) -> Path:
    """The shared media corpus, or a skip that says where it was looked for."""
    return assets_dir / "media" / "corpus"


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """`clip(name, *ffmpeg_arguments)`: a file made by ffmpeg, once a session for its arguments."""
    folder = tmp_path_factory.mktemp("clips")
    # Two tests may give different files one name.
    folders: dict[tuple[str, ...], Path] = {}

    def make(name: str, *arguments: str) -> Path:
        own = folders.setdefault(arguments, folder / str(len(folders)))
        own.mkdir(exist_ok=True)
        path = own / name
        if not path.exists():
            command = [str(sandbox.ffmpeg()), "-hide_banner", "-loglevel", "error", *arguments]
            subprocess.run([*command, str(path)], check=True, timeout=120)
        return path

    return make


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder
