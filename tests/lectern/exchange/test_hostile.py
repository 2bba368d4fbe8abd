"""Archives that somebody made up: refused with the line and the reason, nothing half-applied."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lectern.exchange.archive import Archive
from lectern.exchange.imports import importer
from lectern.exchange.imports.checks import Refused
from lectern.models import Asset, AuditEntry, Folder, Tag, new_id
from lectern.people.principal import Principal
from lectern.storage import LocalStorage
from tests.factories import make_principal
from tests.lectern.exchange.library import exported, fill


class Forgery:
    """The entries of an export, to be spoilt."""

    def __init__(self, content: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            self.entries = {name: archive.read(name) for name in archive.namelist()}

    def lines(self, file: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.entries[f"{file}.jsonl"].splitlines()]

    def write(self, file: str, lines: list[dict[str, Any]]) -> None:
        text = "".join(json.dumps(line) + "\n" for line in lines)
        self.entries[f"{file}.jsonl"] = text.encode()

    def change(self, file: str, number: int, **values: Any) -> None:
        lines = self.lines(file)
        lines[number] |= values
        self.write(file, lines)

    def made(self) -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.entries.items():
                archive.writestr(name, content)
        return target.getvalue()


@pytest.fixture
def forgery(session: Session, owner: Principal, storage: LocalStorage, tmp_path: Path) -> Forgery:
    fill(session, owner, storage, tmp_path)
    return Forgery(exported(session, owner, storage))


def refused(session: Session, content: bytes) -> str:
    """What is said; and nothing was written."""
    other = make_principal(session)
    with pytest.raises(Refused) as refusal, Archive(io.BytesIO(content)) as archive:
        importer.apply(session, other, archive, everybody=True)
    for model in (Asset, Folder, Tag, AuditEntry):
        count = select(func.count()).where(model.workspace_id == other.workspace_id)
        assert session.scalar(count) == 0
    return str(refusal.value)


@pytest.mark.parametrize(
    ("file", "values", "said"),
    [
        ("assets", {"name": 7}, "assets.jsonl, line 1: “name” must be text"),
        ("assets", {"name": ""}, "“name” must not be empty"),
        ("assets", {"name": None}, "“name” must not be null"),
        ("assets", {"name": "x" * 1001}, "more than 1,000 characters"),
        ("assets", {"name": "a\u0000b"}, "control character"),
        ("assets", {"name": "\ud800"}, "half a character"),
        ("assets", {"description": "a\u001bb"}, "control character"),
        ("assets", {"custom": {"a": "\u0000"}}, "holds a NUL"),
        ("assets", {"custom": []}, "must be an object"),
        ("assets", {"kind": "spell"}, "“kind” must be one of"),
        ("assets", {"access": "everybody"}, "“access” must be one of"),
        ("assets", {"width": 1 << 40}, "must be between"),
        ("assets", {"width": True}, "must be a whole number"),
        ("assets", {"duration_s": float("nan")}, "is not JSON"),
        ("assets", {"created_at": "yesterday"}, "must be a time"),
        ("assets", {"created_at": "2026-01-01T00:00:00"}, "with its zone"),
        ("assets", {"id": "1"}, "must be an ID"),
        ("assets", {"mime": "text/html; charset=x"}, "no media type"),
        ("assets", {"folder_id": str(new_id())}, "not in folders.jsonl"),
        ("assets", {"current_version_id": str(new_id())}, "current version"),
        ("assets", {"tags": [str(new_id())]}, "not in tags.jsonl"),
        ("assets", {"workspace_id": str(new_id())}, "unknown field “workspace_id”"),
        ("versions", {"number": 9}, "numbered from 1 without gaps"),
        ("versions", {"digest": "../../etc/passwd"}, "64 lower-case"),
        ("versions", {"byte_size": -1}, "another size"),
        ("versions", {"facts": {"kind": "spell"}}, "a kind that there is not"),
        ("folders", {"parent_id": str(new_id())}, "not in folders.jsonl"),
        ("usages", {"policy": "pin"}, "names a version"),
        ("usages", {"chapter_id": None}, "names its chapter"),
        ("lessons", {"course_id": str(new_id())}, "not in courses.jsonl"),
        ("custom_fields", {"options": [1]}, "texts only"),
        ("custom_fields", {"type": "script"}, "“type” must be one of"),
        ("saved_searches", {"created_by": None}, "must not be null"),
        ("people", {"email": "UPPER@example.org"}, "lower case"),
        ("people", {"email": "not an address"}, "cannot be an account"),
        ("audit", {"hash": "xyz"}, "hexadecimal"),
        ("scheduled_switches", {"version_id": None}, "a switch names its version"),
        ("scheduled_switches", {"version_id": str(new_id())}, "not in versions.jsonl"),
        ("scheduled_switches", {"zone": "../../etc/passwd"}, "on the clocks of a zone"),
        ("scheduled_switches", {"local": "soon"}, "on the clocks of a zone"),
        ("scheduled_switches", {"state": "running"}, "“state” must be one of"),
        ("scheduled_switches", {"ended_at": None}, "has either ended or waits"),
        (
            "scheduled_switches",
            {"state": "waiting", "ended_at": None},
            "the version that is shown waits for no switch",
        ),
        ("caption_tracks", {"version_id": str(new_id())}, "not in versions.jsonl"),
        ("caption_tracks", {"language": "Klingon!"}, "no language tag"),
        ("caption_tracks", {"state": "perfect"}, "“state” must be one of"),
        ("caption_tracks", {"state": "in_review"}, "when they were reviewed"),
        ("caption_tracks", {"cues": {}}, "must be a list"),
        ("caption_tracks", {"cues": [1]}, "no start, end and text in cue 1"),
        ("caption_tracks", {"cues": [{"start": 0, "end": 1}]}, "no start, end and text"),
        ("caption_tracks", {"cues": [{"start": 2, "end": 1, "text": ""}]}, "ends before it begins"),
        ("caption_tracks", {"cues": [{"start": "0", "end": 1, "text": ""}]}, "is no number"),
        ("caption_tracks", {"cues": [{"start": True, "end": 1, "text": ""}]}, "is no number"),
        ("caption_tracks", {"cues": [{"start": 0, "end": 1, "text": "\0"}]}, "holds a NUL"),
        (
            "caption_tracks",
            {"cues": [{"start": 0, "end": 1, "text": "x" * 10_001}]},
            "more than 10,000 characters in cue 1",
        ),
        (
            "caption_tracks",
            {"cues": [{"start": 0, "end": 1, "text": "x"}] * 20_001},
            "more than 20,000 cues",
        ),
        ("caption_edits", {"track_id": str(new_id())}, "not in caption_tracks.jsonl"),
        ("caption_edits", {"cues": [[]]}, "no start, end and text"),
        ("glossary_terms", {"term": " "}, "“term” must not be empty"),
        ("glossary_terms", {"term": "x" * 81}, "more than 80 characters"),
        ("glossary_terms", {"sounds_like": [1]}, "texts only"),
        ("glossary_terms", {"sounds_like": ["x"] * 13}, "12 spellings"),
        ("glossary_terms", {"course_id": str(new_id())}, "not in courses.jsonl"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(
    session: Session, forgery: Forgery, file: str, values: dict[str, Any], said: str
) -> None:
    lines = forgery.lines(file)
    lines[0] |= values
    forgery.write(file, lines)
    message = refused(session, forgery.made())
    assert said in message
    assert message.startswith((f"{file}.jsonl", "assets.jsonl, line"))


def missing_field(forgery: Forgery) -> None:
    lines = forgery.lines("tags")
    del lines[1]["name"]
    forgery.write("tags", lines)


def twice(forgery: Forgery) -> None:
    forgery.write("tags", forgery.lines("tags") + forgery.lines("tags")[:1])


def same_word(forgery: Forgery) -> None:
    tag = {**forgery.lines("tags")[0], "id": str(new_id()), "name": "BOTANY"}
    forgery.write("tags", [*forgery.lines("tags"), tag])


def in_circle(forgery: Forgery) -> None:
    one, two = (str(new_id()), str(new_id()))
    line = forgery.lines("folders")[0]
    circle = [
        {**line, "id": one, "parent_id": two, "name": "A"},
        {**line, "id": two, "parent_id": one, "name": "B"},
    ]
    forgery.write("folders", forgery.lines("folders") + circle)


def used_in_trash(forgery: Forgery) -> None:
    trashed = next(line for line in forgery.lines("assets") if line["trashed_at"])
    forgery.change("usages", 1, asset_id=trashed["id"])


def bad_letters(forgery: Forgery) -> None:
    forgery.entries["tags.jsonl"] = b'{"name": "\xff"}\n'


def no_json(forgery: Forgery) -> None:
    forgery.entries["tags.jsonl"] += b"{\n"


def a_list(forgery: Forgery) -> None:
    forgery.entries["tags.jsonl"] += b"[]\n"


def too_deep(forgery: Forgery) -> None:
    forgery.entries["tags.jsonl"] += b"[" * 200_000 + b"\n"


def bomb_in_one_line(forgery: Forgery) -> None:
    forgery.entries["tags.jsonl"] += b" " * (50 << 20)


def bomb_of_lines(forgery: Forgery) -> None:
    forgery.entries["tags.jsonl"] += b"\n" * (5 << 20)


def traversal(forgery: Forgery) -> None:
    forgery.entries["../../outside"] = b"x"


def odd_file(forgery: Forgery) -> None:
    forgery.entries["files/../../outside"] = b"x"


def lacking(forgery: Forgery) -> None:
    del forgery.entries["assets.jsonl"]


def later_version(forgery: Forgery) -> None:
    forgery.entries["manifest.json"] = b'{"format": "lectern-export", "version": 3}'


def of_both_formats(forgery: Forgery) -> None:
    forgery.entries["manifest.json"] = b'{"format": "lectern-export", "version": 1}'


def lacking_captions(forgery: Forgery) -> None:
    del forgery.entries["caption_tracks.jsonl"]


def same_language(forgery: Forgery) -> None:
    line = {**forgery.lines("caption_tracks")[0], "id": str(new_id())}
    forgery.write("caption_tracks", [*forgery.lines("caption_tracks"), line])


def bomb_of_captions(forgery: Forgery) -> None:
    forgery.entries["caption_tracks.jsonl"] += b" " * (50 << 20)


def other_format(forgery: Forgery) -> None:
    forgery.entries["manifest.json"] = b'{"format": "else", "version": 1}'


def manifest_bomb(forgery: Forgery) -> None:
    forgery.entries["manifest.json"] = b" " * (20 << 20)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (missing_field, "tags.jsonl, line 2: this line lacks “name”"),
        (twice, "tags.jsonl, line 3: this id is in the file twice"),
        (same_word, "tags.jsonl, line 3: an earlier line has the same name"),
        (in_circle, "lies in itself"),
        (used_in_trash, "usages.jsonl, line 2: a file in the trash cannot be used"),
        (bad_letters, "tags.jsonl, line 1: this is not UTF-8"),
        (no_json, "tags.jsonl, line 3: this is not JSON"),
        (a_list, "tags.jsonl, line 3: this is not an object"),
        (too_deep, "tags.jsonl, line 3: this is not JSON"),
        (bomb_in_one_line, "tags.jsonl, line 3: the line is longer than 1 MiB"),
        (bomb_of_lines, "tags.jsonl, line 3: this is not JSON"),
        (traversal, "an entry that no export has: '../../outside'"),
        (odd_file, "an entry that no export has"),
        (lacking, "it has no assets.jsonl"),
        (later_version, "this release reads versions up to 2"),
        (of_both_formats, "an entry that no export has"),
        (lacking_captions, "it has no caption_tracks.jsonl"),
        (same_language, "caption_tracks.jsonl, line 3: an earlier line has the same name"),
        (bomb_of_captions, "caption_tracks.jsonl, line 3: the line is longer than 8 MiB"),
        (other_format, "not that of an export"),
        (manifest_bomb, "not that of an export"),
    ],
)
def test_an_unsound_archive_is_refused(
    session: Session, forgery: Forgery, spoil: Callable[[Forgery], None], said: str
) -> None:
    spoil(forgery)
    assert said in refused(session, forgery.made())


@pytest.mark.parametrize("content", [b"", b"not a ZIP at all", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_export_is_refused(session: Session, content: bytes) -> None:
    refused(session, content)


def test_a_damaged_archive_is_refused(session: Session, forgery: Forgery) -> None:
    content = bytearray(forgery.made())
    for place in range(60, 400):
        content[place] ^= 0x55
    refused(session, bytes(content))


def test_two_entries_of_one_name_are_refused(session: Session, forgery: Forgery) -> None:
    target = io.BytesIO(forgery.made())
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(target, "a") as archive,
    ):
        archive.writestr("tags.jsonl", b"")
    assert "two entries" in refused(session, target.getvalue())


def test_bytes_that_are_not_what_their_digest_says_are_not_stored(
    session: Session, forgery: Forgery, tmp_path: Path
) -> None:
    name = next(name for name in forgery.entries if name.startswith("files/"))
    for content in (b"two!", b"xxx", b"", b"x" * (5 << 20)):
        forgery.entries[name] = content
        other, empty = make_principal(session), LocalStorage(tmp_path / "empty")
        with Archive(io.BytesIO(forgery.made())) as archive:
            lacking = importer.missing(session, other, archive)
            with pytest.raises(Refused, match="is not the file that its version names"):
                importer.store(archive, lacking, empty, other.workspace_id, tmp_path)
        assert not [path for path in empty.root.rglob("*") if path.is_file()]
