"""An export as a file that somebody gave us: opened with suspicion, read line by line.

Nothing is unpacked under a name from the archive. Memory holds one line; a line, the manifest and
each file have a limit, and two equal lines are an error, so a small archive cannot become a flood.
"""

import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import core_ext
from lectern.exchange.imports import checks
from lectern.exchange.imports.checks import Refused
from lectern.exchange.schema import FILES, FORMAT, MANIFEST, READS, RECORDS, VERSION, Record

LONGEST_MANIFEST = 1 << 20
_TABLES = {"assets.csv", "usages.csv"}
_KINDS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
_PIECE = 1 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)


class Archive:
    """An export; use it as a context manager.

    Raises:
        Refused: it is no ZIP, not of this format, or has entries that no export has.
    """

    def __init__(self, file: Path | IO[bytes]) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (*_BROKEN, ValueError) as error:
            raise Refused("This is not a ZIP archive, or it is damaged.") from error
        try:
            self._entries = self._checked()
            self.manifest = self._read_manifest()
            self._check_files()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @property
    def version(self) -> int:
        """The version of the format that it is written in."""
        return int(self.manifest["version"])

    @property
    def digests(self) -> set[str]:
        """The contents that the archive brings."""
        return {name.removeprefix(FILES) for name in self._entries if name.startswith(FILES)}

    def lines(self, record: Record) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each line's place, for messages, and its values.

        Raises:
            Refused: a line is too long or unusable, or the archive is damaged.
        """
        name = f"{record.file}.jsonl"
        if record.since > self.version:
            return
        try:
            with self._zip.open(self._entries[name]) as file:
                number = 0
                while raw := file.readline(record.longest + 1):
                    number += 1
                    place = f"{name}, line {number}"
                    if len(raw) > record.longest:
                        most = record.longest >> 20
                        raise Refused(
                            "%(place)s: the line is longer than %(most)s MiB.",
                            place=place,
                            most=most,
                        )
                    yield place, checks.line(record, raw, place)
        except _BROKEN as error:
            raise Refused("%(name)s is damaged: %(error)s.", name=name, error=error) from error

    def unpack(self, digest: str, size: int, target: Path) -> None:
        """Write a content into a new file.

        Raises:
            Refused: it is not what the digest says, or not `size` bytes.
        """
        name = FILES + digest
        left = size
        try:
            with self._zip.open(self._entries[name]) as source, target.open("xb") as file:
                while piece := source.read(_PIECE):
                    left -= len(piece)
                    if left < 0:
                        break
                    file.write(piece)
        except _BROKEN as error:
            raise Refused("%(name)s is damaged: %(error)s.", name=name, error=error) from error
        if left or core_ext.digest_file(target) != digest:
            raise Refused("%(name)s is not the file that its version names.", name=name)

    def _checked(self) -> dict[str, zipfile.ZipInfo]:
        found: dict[str, zipfile.ZipInfo] = {}
        named = {MANIFEST, *_TABLES, *(f"{record.file}.jsonl" for record in RECORDS)}
        for entry in self._zip.infolist():
            name = entry.filename
            digest = name.removeprefix(FILES) if name.startswith(FILES) else ""
            if name in found:
                raise Refused("The archive has two entries called %(name)s.", name=repr(name[:80]))
            if name not in named and not checks.DIGEST.fullmatch(digest):
                raise Refused(
                    "The archive has an entry that no export has: %(name)s.", name=repr(name[:80])
                )
            if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _KINDS:
                raise Refused(
                    "%(name)s is encrypted, or compressed in a way that exports are not.", name=name
                )
            found[name] = entry
        # Before the manifest is read: what every version has.
        _demand(found, [MANIFEST, *(f"{each.file}.jsonl" for each in RECORDS if each.since == 1)])
        return found

    def _check_files(self) -> None:
        """Each version of the format has its own files, all of them and no others."""
        later = [f"{each.file}.jsonl" for each in RECORDS if each.since > self.version]
        for name in later:
            if name in self._entries:
                raise Refused(
                    "The archive has an entry that no export has: %(name)s.", name=repr(name)
                )
        _demand(self._entries, [f"{e.file}.jsonl" for e in RECORDS if e.since <= self.version])

    def _read_manifest(self) -> dict[str, Any]:
        try:
            with self._zip.open(self._entries[MANIFEST]) as file:
                raw = file.read(LONGEST_MANIFEST + 1)
            said = json.loads(raw.decode("utf-8")) if len(raw) <= LONGEST_MANIFEST else None
        except (*_BROKEN, ValueError, RecursionError) as error:
            raise Refused("%(manifest)s is damaged.", manifest=MANIFEST) from error
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            raise Refused("%(manifest)s is not that of an export of Lectern.", manifest=MANIFEST)
        if said.get("version") not in READS:
            raise Refused(
                "This export has version %(value)s; this release reads versions up to %(version)s.",
                value=str(said.get("version"))[:20],
                version=VERSION,
            )
        return said


def _demand(entries: Mapping[str, object], names: Iterable[str]) -> None:
    missing = sorted(set(names) - entries.keys())
    if missing:
        raise Refused("This is no export of Lectern: it has no %(missing)s.", missing=missing[0])
