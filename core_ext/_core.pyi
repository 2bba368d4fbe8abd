"""The compiled module; `stubtest` holds these signatures against it."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, ClassVar, final

from typing_extensions import Buffer

__all__ = [
    "AuditEntries",
    "Confinement",
    "FrameScores",
    "Hasher",
    "SoundAlignment",
    "SoundPrinter",
    "align_sounds",
    "canonical_json",
    "confine",
    "die_with_parent",
    "digest_and_crc",
    "digest_file",
    "digest_files",
    "picture_hash",
    "score_frame",
]

def digest_file(path: str | PathLike[str], *, parallel: bool | None = None) -> str:
    """BLAKE3-256 of one file, 64 lowercase hex digits; the GIL is released meanwhile.

    `parallel=True` maps the file into memory and hashes on all cores: fastest for a file in the
    page cache that nothing shortens meanwhile (else the process gets SIGBUS). `False` reads on
    one thread. By default files from 1 MiB go parallel.

    Raises:
        OSError: the file cannot be read.
    """

def digest_and_crc(path: str | PathLike[str]) -> tuple[str, int]:
    """BLAKE3-256 as of `digest_file`, and CRC-32 as ZIP has it, of one file that is read once.

    From 1 MiB the digest uses all cores. The GIL is released meanwhile.

    Raises:
        OSError: the file cannot be read.
    """

def digest_files(paths: Sequence[str | PathLike[str]]) -> list[str]:
    """BLAKE3-256 of many, mostly small files, in their order; one thread, without the GIL.

    Raises:
        OSError: the first file that cannot be read.
    """

@final
class Hasher:
    """BLAKE3-256 of bytes that arrive in pieces; safe to share between threads."""

    def __new__(cls) -> Hasher: ...
    def update(self, data: Buffer) -> None:
        """Take the next bytes without copying them; from 2 KiB on the GIL is released.

        Nothing may write to `data` until the call returns.

        Raises:
            BufferError: `data` is not contiguous or its items are not bytes.
        """

    def hexdigest(self) -> str:
        """Digest of all bytes so far, 64 lowercase hex digits; more may follow."""

    def copy(self) -> Hasher:
        """Another hasher that has seen the same bytes."""

    def reset(self) -> None:
        """Forget all bytes."""

@final
class FrameScores:
    """What one look at a frame tells; scores compare only between frames of one size."""

    @property
    def sharpness(self) -> float:
        """Variance of the 4-neighbour Laplacian, squared grey levels; 0 for a flat frame.

        Source: Pech-Pacheco et al., ICPR 2000, doi:10.1109/ICPR.2000.903548.
        """
    @property
    def mean(self) -> float:
        """Mean luma, 0 to 255."""
    @property
    def deviation(self) -> float:
        """Standard deviation of luma (RMS contrast), 0 to 127.5."""
    @property
    def dark_share(self) -> float:
        """Share of pixels at or below 16, video's nominal black, 0 to 1."""
    @property
    def bright_share(self) -> float:
        """Share of pixels at or above 235, video's nominal white, 0 to 1."""
    @property
    def entropy(self) -> float:
        """Shannon entropy of the luma histogram, 0 to 8 bits."""
    @property
    def colourfulness(self) -> float:
        """Colourfulness M3, about 0 (grey) to 110 (vivid); 0 without chroma.

        Source: Hasler and Süsstrunk, SPIE 2003, doi:10.1117/12.477378.
        """
    @property
    def difference_hash(self) -> int:
        """64 bits over 9 × 8 area means, row by row from the highest; set where luma rises.

        Near frames differ in few bits: `(a ^ b).bit_count()`.
        """

def score_frame(
    luma: Buffer,
    u: Buffer | None = None,
    v: Buffer | None = None,
    *,
    width: int,
    height: int,
    stride: int | None = None,
    chroma_width: int | None = None,
    chroma_height: int | None = None,
    chroma_stride: int | None = None,
) -> FrameScores:
    """All scores of one 8-bit frame, from its planes where they lie, without the GIL.

    Sizes are pixels, strides bytes per row (by default the width). Without its own size, chroma
    is taken as 4:2:0. Nothing may write to the planes until the call returns.

    Raises:
        ValueError: below 3 × 3 pixels, or a plane shorter than its size and stride say.
        BufferError: a plane is not contiguous or its items are not bytes.
    """

def picture_hash(luma: Buffer, *, width: int, height: int, stride: int | None = None) -> bytes:
    """64 bytes by which pictures that look alike are near each other, whatever their size.

    A bit for each of 16 × 16 cells is set where luma clearly rises to the right, then as many for
    downwards; flat areas set none. `stride` is bytes per row, by default the width. Nothing may
    write to `luma` until the call returns.

    Raises:
        ValueError: below 17 × 17 pixels, or shorter than size and stride say.
        BufferError: `luma` is not contiguous or its items are not bytes.
    """

@final
class SoundPrinter:
    """Chromaprint's fingerprint of sound that arrives in pieces; for the thread that made it."""

    RATE: ClassVar[int]
    """Samples a second, on one channel, that `update` takes."""
    item_seconds: ClassVar[float]
    """Seconds between two items of a fingerprint."""

    def __new__(cls) -> SoundPrinter: ...
    def update(self, samples: Buffer) -> None:
        """Take the next samples: bytes of signed 16-bit integers, low byte first.

        Raises:
            ValueError: the bytes end within a sample.
            BufferError: `samples` is not contiguous or its items are not bytes.
        """

    def finish(self) -> bytes:
        """The fingerprint of all samples, four bytes an item; nothing may follow."""

@final
class SoundAlignment:
    """How two fingerprints lie over each other.

    Counts are looks of about a second at sound that changes: silence and held tones are left out.
    """

    @property
    def offset_s(self) -> float:
        """Seconds into the first at which the second begins; negative when it began before."""
    @property
    def compared(self) -> int:
        """Looks where both overlap."""
    @property
    def matched(self) -> int:
        """Looks of `compared` that sound the same."""
    @property
    def first(self) -> int:
        """Looks at the whole of the first."""
    @property
    def second(self) -> int:
        """Looks at the whole of the second."""

def align_sounds(first: bytes, second: bytes) -> SoundAlignment:
    """Lay two fingerprints over each other so that most of them sounds the same.

    The GIL is released meanwhile. Where nothing agrees, nothing is compared.

    Raises:
        ValueError: one is no whole number of items.
    """

@final
class Confinement:
    """What came into force beyond the layers without which `confine` fails."""

    @property
    def landlock(self) -> int:
        """Landlock's ABI version; 0 where the kernel has none, and any path can be opened."""
    @property
    def namespaces(self) -> list[str]:
        """Those left behind of `user`, `net`, `ipc`."""

def confine(
    *,
    read: Sequence[str | PathLike[str]],
    write: Sequence[str | PathLike[str]],
    cpu_seconds: int,
    memory_bytes: int,
    file_bytes: int,
    open_files: int,
    execute: Sequence[str | PathLike[str]] = ...,
    parent_pid: int | None = None,
) -> Confinement:
    """Confine the calling process for ever, before it reads a user's file.

    Call it in a fresh child while it has one thread (before NumPy starts its pool). Afterwards
    there is no network, no new process (threads are fine, and `os.execv` of a file in `execute`),
    no signal to others, no link, no change of modes or times; no capability, also for root. Files
    open only beneath `read`, `write` (read, written, created, removed) and `execute` (read, run;
    libraries need `read`); missing ones but those of `write` are skipped.

    `memory_bytes` limits address space, 0 leaves it. The process dies with `parent_pid`, by
    default its present parent; the kernel watches the thread that started it.

    Raises:
        OSError: a layer could not be put in force; end the process, for others already hold.
        ValueError: no CPU time is given.
    """

def die_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when the thread that started it ends.

    Raises:
        ProcessLookupError: the parent is no longer `parent_pid`.
    """

def canonical_json(value: object) -> str:
    """The value as JSON in one way only, as PostgreSQL's `jsonb` gives it back.

    ASCII, names sorted by code point, no blanks. NUL and lone surrogates are taken out of texts,
    whole floats become integers and sets sorted lists; times are in UTC, and what JSON does not
    have becomes text by `str`.

    Raises:
        RecursionError: it is nested more than 200 deep.
        ValueError: a number is infinite or none at all.
    """

@final
class AuditEntries:
    """Entries of an audit log, read from Python once; hashed and written out without the GIL."""

    def __new__(
        cls, facts: Iterable[tuple[str, str, uuid.UUID | None, Mapping[str, Any]]]
    ) -> AuditEntries:
        """Take action, type of the object, its id and details of each.

        Raises:
            ValueError: see `canonical_json`, which details become.
        """
    def hashes(
        self,
        key: bytes,
        *,
        workspace_id: uuid.UUID,
        actor_id: uuid.UUID | None,
        moment: str,
        first: int,
        previous: bytes,
    ) -> list[bytes]:
        """HMAC-SHA256 of each, numbered from `first`, and over the 32 bytes of the one before."""
    def rows(
        self,
        key: bytes,
        *,
        workspace_id: uuid.UUID,
        actor_id: uuid.UUID | None,
        moment: str,
        microseconds: int,
        first: int,
        previous: bytes,
    ) -> bytes:
        """The entries for PostgreSQL's COPY in its binary format; `moment` as Unix time too."""
