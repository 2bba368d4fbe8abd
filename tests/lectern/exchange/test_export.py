"""Everything that people wrote is in an export, and only that."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from lectern.errors import Forbidden
from lectern.exchange import schema
from lectern.models import Base, Role
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.storage import LocalStorage
from tests.factories import make_asset, make_colleague, make_principal
from tests.lectern.exchange.library import exported, fill, read
from tests.web import zip_streams


@pytest.mark.parametrize("record", schema.RECORDS, ids=lambda record: str(record.file))
def test_each_column_is_exported_or_named_as_left_out(record: schema.Record) -> None:
    made = record.model.__table__.columns
    columns = {column.key for column in made if column.computed is None}
    assert columns == {*record.columns, *record.left_out}
    assert {field.refers for field in record.fields} - {None} <= set(schema.BY_FILE)


def test_each_table_of_a_workspace_is_exported_or_named_with_the_reason() -> None:
    # People are of no workspace, and those whom a record names are exported with it.
    exported = {record.model.__tablename__ for record in schema.RECORDS} - {"user_account"}
    tables = {table.name for table in Base.metadata.sorted_tables if "workspace_id" in table.c}
    assert exported & schema.NOT_EXPORTED.keys() == set()
    assert exported | schema.NOT_EXPORTED.keys() == tables
    assert all(reason.endswith(".") for reason in schema.NOT_EXPORTED.values())


def test_the_documentation_has_each_field_with_its_type() -> None:
    text = (Path(__file__).parents[3] / "docs/exchange.md").read_text("utf-8")
    for record in schema.RECORDS:
        section = text.partition(f"\n### `{record.file}.jsonl`\n")[2].partition("\n#")[0]
        rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
        documented = [(row[1].strip(" `"), row[2].strip()) for row in rows]
        assert documented == [
            (field.name, field.type + (" or null" if field.null else "")) for field in record.fields
        ], record.file


def test_an_export_has_one_line_for_each_thing(
    session: Session, owner: Principal, storage: LocalStorage, tmp_path: Path
) -> None:
    used = fill(session, owner, storage, tmp_path)
    found = read(exported(session, owner, storage))
    expected = {"people": 1, "folders": 2, "tags": 2, "custom_fields": 1, "assets": 2}
    expected |= {"versions": 3, "courses": 1, "chapters": 2, "lessons": 4, "usages": 2}
    expected |= {"usage_history": 1, "saved_searches": 1, "audit": 1, "files": 2}
    expected |= {"scheduled_switches": 1, "caption_tracks": 2, "caption_edits": 2}
    expected |= {"glossary_terms": 2}
    manifest = found["manifest.json"]
    assert manifest["counts"] == expected
    assert (manifest["format"], manifest["version"]) == ("lectern-export", 2)
    assert manifest["audit_head"]["hash"] == audit.head(session, owner.workspace_id)[1]
    assert {name: len(found[name]) for name in schema.BY_FILE} | {"files": 2} == expected
    line = next(each for each in found["assets"] if each["id"] == str(used.id))
    assert line["name"] == "Why leaves are green"
    assert line["custom"] == {"level": "=1+1"}
    assert len(line["tags"]) == 2
    contents = {content for name, content in found.items() if name.startswith("files/")}
    assert contents == {b"one", b"two"}


def test_an_export_has_nothing_of_another_workspace_and_no_secret(
    session: Session, owner: Principal, storage: LocalStorage, tmp_path: Path
) -> None:
    stranger = make_principal(session)
    make_asset(session, stranger, name="Not yours")
    fill(session, owner, storage, tmp_path)
    found = read(exported(session, owner))
    assert "Not yours" not in str(found)
    assert stranger.email not in str(found)
    assert found["people"] == [{"id": str(owner.user_id), "name": owner.name, "email": owner.email}]


def test_only_an_owner_takes_everything_out(session: Session, owner: Principal) -> None:
    for role in (Role.EDITOR, Role.CONTRIBUTOR, Role.VIEWER):
        with pytest.raises(Forbidden):
            exported(session, make_colleague(session, owner, role))


def test_tables_hold_no_formula(
    session: Session, owner: Principal, storage: LocalStorage, tmp_path: Path
) -> None:
    asset = fill(session, owner, storage, tmp_path)
    asset.name, asset.description = "=HYPERLINK(1)", "\t=1"
    session.flush()
    found = read(exported(session, owner))
    for name in ("assets.csv", "usages.csv"):
        rows = list(csv.reader(io.StringIO(found[name].decode("utf-8-sig"))))
        assert len(rows) == 3
        assert len({len(row) for row in rows}) == 1
        cells = [cell for row in rows[1:] for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        assert "'=HYPERLINK(1)" in cells


def test_an_export_is_read_from_its_first_byte_on(
    session: Session, owner: Principal, storage: LocalStorage, tmp_path: Path
) -> None:
    fill(session, owner, storage, tmp_path)
    archive = exported(session, owner, storage)
    with zipfile.ZipFile(io.BytesIO(archive)) as directory:
        expected = {name: directory.read(name) for name in directory.namelist()}
    assert {name: content for name, content, _ in zip_streams.entries(archive)} == expected
