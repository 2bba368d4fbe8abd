"""Settings, read once from the environment at process start; the only reader of `LECTERN_*`."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from lectern.errors import LecternError

T = TypeVar("T")
PREFIX = "LECTERN_"


class BadSettings(LecternError):
    """One line for each setting that cannot be used."""


@dataclass(frozen=True)
class Settings:
    """Everything that differs between two installations. Sizes are bytes, times seconds."""

    data: Path
    database_url: str
    # The role that deletes what nothing names; empty: whoever `database_url` is.
    gc_database_url: str
    redis_url: str
    storage_url: str
    # Set while a library moves: where files are that the new storage does not have yet.
    storage_old_url: str | None
    b2_key_id: str
    b2_key: str
    # Working copies of files that are stored elsewhere, all together.
    cache_bytes: int
    secret_key: str
    public_url: str | None
    media_url: str | None
    models_dir: Path
    whisper_model: str
    embedding_model: str
    frame_ancestors: tuple[str, ...]
    trash_days: int
    # docs/reliability.md#limits: a video file may have 20 GiB.
    max_upload_bytes: int
    ffmpeg: str | None
    # LibreOffice's program or the folder it is in; `none` where it is not to be used.
    soffice: str | None
    # How much of a long video one worker encodes at once.
    stretch_s: int
    # Rungs in AV1 beside those in H.264.
    av1: bool
    # docs/reliability.md#constants: LEASE 90 s, SWEEP 15 s, SPOOL_TTL 48 h.
    lease_s: int
    sweep_s: int
    upload_ttl_s: int
    # Requests a web process works on at once; sending and receiving bytes takes no thread.
    web_threads: int
    # Addresses whose X-Forwarded-For and -Proto are believed, separated by spaces; or *.
    trusted_proxies: tuple[str, ...]
    allow_no_landlock: bool

    @property
    def spool(self) -> Path:
        """Where uploads wait until their bytes are in storage."""
        return self.data / "spool"

    @property
    def scratch(self) -> Path:
        """Where workers keep one folder a running task."""
        return self.data / "scratch"

    @property
    def secure(self) -> bool:
        """True when learners reach us by https, so cookies and headers may insist on it."""
        return self.public_url is not None and self.public_url.startswith("https://")


def read(environ: Mapping[str, str] | None = None, data: Path | None = None) -> Settings:
    """The settings of this process; `data` (from the command line) wins over `LECTERN_DATA`.

    Raises:
        BadSettings: names every setting that is wrong, one line each.
    """
    reader = _Reader(os.environ if environ is None else environ)
    folder = (data or reader.get("DATA", Path, Path("var"))).absolute()
    settings = Settings(
        data=folder,
        database_url=reader.get("DATABASE_URL", _url("postgresql"), ""),
        gc_database_url=reader.get("GC_DATABASE_URL", _url("postgresql"), ""),
        redis_url=reader.get("REDIS_URL", _url("redis", "rediss", "unix"), ""),
        storage_url=reader.get("STORAGE_URL", _url("file", "b2"), f"file://{folder / 'storage'}"),
        storage_old_url=reader.get("STORAGE_OLD_URL", _url("file", "b2"), None),
        b2_key_id=reader.get("B2_KEY_ID", str, ""),
        b2_key=reader.get("B2_KEY", str, ""),
        cache_bytes=reader.get("CACHE_BYTES", _number(0), 10 << 30),
        secret_key=reader.get("SECRET_KEY", _secret, ""),
        public_url=reader.get("PUBLIC_URL", _url("http", "https"), None),
        media_url=reader.get("MEDIA_URL", _url("http", "https"), None),
        models_dir=reader.get("MODELS_DIR", Path, folder / "models"),
        whisper_model=reader.get("WHISPER_MODEL", str, "small"),
        embedding_model=reader.get("EMBEDDING_MODEL", str, "all-MiniLM-L6-v2"),
        frame_ancestors=reader.get("FRAME_ANCESTORS", lambda text: tuple(text.split()), ()),
        trash_days=reader.get("TRASH_DAYS", _number(1), 30),
        max_upload_bytes=reader.get("MAX_UPLOAD_BYTES", _number(1), 20 << 30),
        ffmpeg=reader.get("FFMPEG", str, None),
        soffice=reader.get("SOFFICE", str, None),
        stretch_s=reader.get("STRETCH_SECONDS", _number(4), 180),
        av1=reader.get("AV1", _flag, False),
        lease_s=reader.get("LEASE_SECONDS", _number(2), 90),
        sweep_s=reader.get("SWEEP_SECONDS", _number(1), 15),
        upload_ttl_s=reader.get("UPLOAD_TTL_SECONDS", _number(60), 48 * 3600),
        web_threads=reader.get("WEB_THREADS", _number(1), 8),
        trusted_proxies=reader.get("TRUSTED_PROXIES", lambda text: tuple(text.split()), ()),
        allow_no_landlock=reader.get("ALLOW_NO_LANDLOCK", _flag, False),
    )
    reader.refuse_problems()
    return settings


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def refuse_problems(self) -> None:
        if self.problems:
            raise BadSettings("\n".join(self.problems))

    def get(self, name: str, parse: Callable[[str], T], default: T) -> T:
        text = self.environ.get(PREFIX + name, "")
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as error:
            self.problems.append(f"{PREFIX}{name}: {error}")
            return default


def _number(least: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise ValueError(f"{text!r} is not a whole number of at least {least}.")
        return int(text)

    return parse


def _flag(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError(f"{text!r} is neither 0 nor 1.")
    return text == "1"


def _secret(text: str) -> str:
    if len(text) < 32:
        raise ValueError("a secret needs at least 32 characters.")
    return text


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        scheme = urlsplit(text).scheme.split("+")[0]
        if scheme not in schemes:
            raise ValueError(f"{text!r} is not an address that begins with {' or '.join(schemes)}.")
        return text.rstrip("/") if scheme in {"http", "https"} else text

    return parse
