"""Every CSV file of the product, found in its source and its addresses, holds no formula.

A new export fails these tests until it is among `EXPORTS`, and then until it uses `csv_files`.
"""

import ast
import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern import csv_files
from lectern.bulk import zip
from lectern.exchange import tables
from lectern.models import Asset, User
from lectern.people import audit
from lectern.people.principal import Principal
from lectern.search import selections
from tests.factories import make_asset, make_colleague
from tests.test_architecture import modules, shown
from web.cli import importing

HOSTILE = ("=1+1", " =1+1", "\uff1d1+1", "\n=1+1", "\r+1", "\t@A", "\u200b-1", "+1", "\u22121")


@dataclass
class World:
    """One workspace in which everything that can be named is named like a formula."""

    session: Session
    client: FlaskClient
    owner: Principal
    assets: list[Asset]
    folder: Path


Export = Callable[[World], str]


def audit_log(world: World) -> str:
    return world.client.get("/audit/export.csv").data.decode()


def history(world: World) -> str:
    files = [world.client.get(f"/assets/{asset.id}/history.csv").data for asset in world.assets]
    return b"".join(files).decode()


def archive_tables(world: World) -> str:
    sheets = tables.sheets(world.session, world.owner.workspace_id)
    return "".join(line for _, lines in sheets for line in lines)


def zip_manifest(world: World) -> str:
    selection = selections.begin(world.session, world.owner, "library")
    selections.add(world.session, world.owner, selection, [asset.id for asset in world.assets])
    world.session.commit()
    reply = world.client.get(f"/downloads/selection/{selection.id}.zip")
    with zipfile.ZipFile(io.BytesIO(reply.data)) as archive:
        return archive.read(zip.MANIFEST).decode()


def import_report(world: World) -> str:
    path = world.folder / "report.csv"
    with importing._sheet(path) as write:
        for text in HOSTILE:
            write([text, "refused", "", text, text])
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


# By the module that writes it; each must bring all hostile texts.
EXPORTS: dict[str, Export] = {
    "lectern/bulk/zip.py": zip_manifest,
    "lectern/exchange/tables.py": archive_tables,
    "web/cli/importing.py": import_report,
    "web/pages/admin/audit_page.py": audit_log,
    "web/pages/assets/history.py": history,
}
# The addresses that answer CSV, and the export above that they send.
ROUTES = {
    "/audit/export.<any(csv, json):part>": audit_log,
    "/assets/<uuid:asset_id>/history.<any(csv, json):part>": history,
}
# What names CSV without writing it: the type of an answer, an entry of an archive, a file to read.
NAMES_ONLY = {
    "lectern/exchange/archive.py",
    "lectern/media/plaintext.py",
    "web/pages/admin/audit.py",
    "web/pages/assets/views.py",
}


@pytest.fixture
def world(session: Session, client: FlaskClient, owner: Principal, tmp_path: Path) -> World:
    assets = [
        make_asset(session, owner, name=text, original_name=text, description=text)
        for text in HOSTILE
    ]
    for asset in assets:
        change = {"before": asset.name, "after": asset.name}
        colleague = make_colleague(session, owner)
        session.get_one(User, colleague.user_id).name = asset.name
        audit.record(session, colleague, "asset.name", "asset", asset.id, change)
    session.commit()
    return World(session, client, owner, assets, tmp_path)


def constants(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value:
            yield node.value


def writes_csv(path: Path) -> bool:
    tree = ast.parse(path.read_text("utf-8"))
    return any(
        (isinstance(node, ast.Attribute) and ast.unparse(node) in {"csv.writer", "csv.DictWriter"})
        or (isinstance(node, ast.ImportFrom) and node.module == "csv")
        for node in ast.walk(tree)
    )


def test_one_module_writes_csv() -> None:
    assert [shown(path) for path in modules() if writes_csv(path)] == ["lectern/csv_files.py"]


def test_every_module_that_makes_a_csv_file_is_tried_here() -> None:
    callers = {shown(path) for path in modules() if "csv_files." in path.read_text("utf-8")}
    assert callers == set(EXPORTS)
    named = {
        shown(path)
        for path in modules()
        if any("text/csv" in text or text.endswith(".csv") for text in constants(path))
    }
    assert named <= set(EXPORTS) | NAMES_ONLY


def test_every_address_that_answers_csv_is_tried_here(app: Flask) -> None:
    assert {rule.rule for rule in app.url_map.iter_rules() if "csv" in rule.rule} == set(ROUTES)
    assert set(ROUTES.values()) <= set(EXPORTS.values())


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
def test_no_export_holds_a_formula(world: World, export: Export) -> None:
    file = export(world)
    assert file.startswith("\ufeff")
    cells = [
        cell.removeprefix("\ufeff")
        for row in csv.reader(io.StringIO(file, newline=""))
        for cell in row
    ]
    assert [cell for cell in cells if csv_files.is_formula(cell)] == []
    for text in HOSTILE:
        assert any(cell == f"'{text}" for cell in cells), text
