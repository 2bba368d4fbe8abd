"""What holds for the checkout as a whole: layers, sizes, the schema, and what the documents say."""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from alembic import command
from alembic.script import ScriptDirectory

from bench.registry import BENCHES
from lectern import settings
from lectern.host import schema
from web.cli.main import lectern

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGES = ("core_ext", "lectern", "jobs", "web")
SETTING = re.compile(r"`([A-Z][A-Z0-9_]+)`")


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders or PACKAGES:
        yield from sorted((CHECKOUT / folder).rglob("*.py"))


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def shown(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


def test_imports_run_one_way() -> None:
    linter = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(linter, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_web_process_loads_neither_the_sandbox_nor_a_media_library() -> None:
    script = "import sys, web.asgi; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "web.app" in loaded
    heavy = {"av", "cv2", "PIL", "numpy", "faster_whisper", "onnxruntime", "lectern.media"}
    assert loaded & heavy == set()
    # Neither what only a bucket, a migration or a supervisor needs: each is MiB of every process.
    elsewhere = {"b2sdk", "requests", "pydantic", "sqlite3", "alembic", "psutil", "lectern.host"}
    assert loaded & elsewhere == set()


def test_only_the_settings_read_settings_from_the_environment() -> None:
    reads = re.compile(
        r"""(environ\.get\(|getenv\()\s*["']LECTERN_|environ\[["']LECTERN_[^=\n]*$"""
    )
    readers = [shown(path) for path in modules() if reads.search(path.read_text("utf-8"))]
    # It draws the sample's pictures for the checkout, with the launcher's own variable.
    assert readers == ["web/cli/sample/make.py"]


def test_modules_and_functions_stay_readable() -> None:
    too_long = [shown(path) for path in modules(*PACKAGES, "bench") if lines(path) > 400]
    for path in modules(*PACKAGES, "bench"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                view = any(ast.unparse(each).startswith("bp.") for each in node.decorator_list)
                if length > (25 if view else 40):
                    too_long.append(f"{shown(path)}: {node.name} has {length} lines")
    assert too_long == []


def test_no_package_has_more_than_fifteen_modules() -> None:
    sizes = Counter(path.parent for path in modules() if path.name != "__init__.py")
    assert {shown(package): count for package, count in sizes.items() if count > 15} == {}


def test_the_architecture_names_every_package_and_no_other() -> None:
    text = (CHECKOUT / "docs/architecture.md").read_text("utf-8")
    named = set(re.findall(r"^\| `((?:lectern/\w+)|\w+)/` \|", text, re.MULTILINE))
    packages = {shown(path.parent) for path in (CHECKOUT / "lectern").glob("*/__init__.py")}
    assert named == packages | (set(PACKAGES) - {"lectern"})


@pytest.mark.parametrize(
    ("pattern", "most"),
    [
        ("web/static/css/*.css", 250),
        ("web/static/js/**/*.js", 200),
        ("core_ext/src/**/*.rs", 300),
    ],
)
def test_what_is_not_python_stays_readable_too(pattern: str, most: int) -> None:
    found = sorted(CHECKOUT.glob(pattern))
    assert found
    assert [shown(path) for path in found if lines(path) > most] == []


def test_templates_are_wrapped_at_120_columns() -> None:
    """`.ci/wrap-templates` does it; a file's length is named there and is no rule."""
    for path in sorted(CHECKOUT.glob("templates/**/*.html")):
        too_long = [line for line in path.read_text("utf-8").split("\n") if len(line) > 120]
        assert too_long == [], shown(path)


def test_templates_escape_whatever_people_wrote() -> None:
    for path in sorted(CHECKOUT.glob("templates/**/*.html")):
        assert not re.search(r"\|\s*safe\b|autoescape\s+false", path.read_text("utf-8")), path


def test_the_migrations_make_what_the_models_say(owner_url: str) -> None:
    configuration = schema._configuration(owner_url)
    command.check(configuration)


def test_the_migrations_have_one_head() -> None:
    configuration = schema._configuration("")
    assert len(ScriptDirectory.from_config(configuration).get_heads()) == 1


def table_after(heading: str) -> list[str]:
    """The rows of the first table below a heading of docs/operations.md."""
    text = (CHECKOUT / "docs/operations.md").read_text("utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\|(.+)\|$", section, re.MULTILINE)
    assert len(rows) > 2, heading
    return rows[2:]


def test_every_setting_is_documented_and_no_other(tmp_path: Path) -> None:
    class Noted(dict[str, str]):
        def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
            asked.add(key)
            return default

    asked: set[str] = set()
    settings.read(Noted(), data=tmp_path)
    # `--data` came first here, so the environment was not asked.
    real = {name.removeprefix("LECTERN_") for name in asked} | {"DATA"}
    documented = {
        name for row in table_after("Settings") for name in SETTING.findall(row.split("|")[0])
    }
    assert documented == real


def test_every_command_is_documented_and_no_other() -> None:
    cells = [row.split("|")[0] for row in table_after("Commands")]
    documented = {each.split()[0] for cell in cells for each in re.findall(r"`([a-z][^`]*)`", cell)}
    context = click.Context(lectern)
    assert documented == set(lectern.list_commands(context))
    for name in documented:
        one = lectern.get_command(context, name)
        assert one is not None, name
        assert (one.name, bool(one.help)) == (name, True)


def test_starting_loads_only_the_command_that_was_asked_for() -> None:
    script = "import sys, web.cli.main, web.cli.server.serve; print(*sorted(sys.modules))"
    loaded = set(
        subprocess.check_output([sys.executable, "-c", script], text=True, cwd=CHECKOUT).split()
    )
    assert "web.cli.server.supervisor" in loaded
    assert loaded & {"web.app", "flask", "b2sdk", "numpy", "av", "lectern.exchange"} == set()


def test_every_bench_has_an_entry_and_is_described() -> None:
    runnable = {
        path.stem
        for path in (CHECKOUT / "bench").glob("*.py")
        if re.search(r"^def main\(", path.read_text("utf-8"), re.MULTILINE)
    } - {"__main__"}
    described = re.findall(
        r"^\| `(\w+)`", (CHECKOUT / "bench/README.md").read_text("utf-8"), re.MULTILINE
    )
    assert [bench.name for bench in BENCHES if bench.name not in runnable] == []
    assert set(described) == runnable == {bench.name for bench in BENCHES}


def test_every_adr_says_what_was_decided_and_what_it_costs() -> None:
    found = sorted((CHECKOUT / "docs/adr").glob("*.md"))
    assert [path.name[:4] for path in found] == [f"{n:04}" for n in range(1, len(found) + 1)]
    for path in found:
        text = path.read_text("utf-8").lower()
        for part in ("context", "decision", "status", "consequences"):
            assert part in text, path
