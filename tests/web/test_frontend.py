"""Scripts and sheets as groups: complete, each module once, of forms that can be joined."""

from collections import Counter
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from web.frontend import addresses, groups
from web.frontend.groups import SCRIPTS, SITE, NotJoinable, modules, script, style_sheet

JS = groups.STATIC / "js"


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of modules instead of ours, with the groups `site` of a.js and `page` of b.js."""
    monkeypatch.setattr(groups, "STATIC", tmp_path)
    monkeypatch.setattr(groups, "SCRIPTS", {SITE: ("a.js",), "page": ("b.js",)})
    groups._module.cache_clear()
    folder = tmp_path / "js"
    folder.mkdir()
    yield folder  # type: ignore[misc]
    groups._module.cache_clear()


def test_every_module_is_in_one_group_except_workers() -> None:
    count = Counter(path for group in SCRIPTS for path in modules(group))
    assert set(count.values()) == {1}
    written = {str(path.relative_to(JS)) for path in JS.rglob("*.js")}
    assert set(count) == {path for path in written if not path.startswith("workers/")}


def test_every_sheet_is_in_the_one_sheet_and_layers_come_first() -> None:
    written = {path.stem for path in (groups.STATIC / "css").glob("*.css")}
    assert set(groups.STYLES) == written
    assert len(groups.STYLES) == len(written)
    assert style_sheet().startswith((groups.STATIC / "css" / "layers.css").read_text("utf-8"))
    assert not (groups.STATIC / "css" / "site.css").exists()


def test_modules_stand_behind_what_they_import() -> None:
    for group in SCRIPTS:
        before = set() if group == SITE else set(modules(SITE))
        for path in modules(group):
            assert set(groups._module(path).imports) <= before, path
            before.add(path)


def test_names_are_bound_to_what_the_other_module_exports(sources: Path) -> None:
    (sources / "deep").mkdir()
    (sources / "deep/c.js").write_text("export const one = 1;\nexport class Two {}\n")
    (sources / "a.js").write_text(
        'import {\n  one as first,\n  Two,\n} from "./deep/c.js";\nfirst;\n'
    )
    (sources / "b.js").write_text('import * as all from "./deep/c.js";\nimport "./a.js";\n')
    assert "const {\n  one: first,\n  Two,\n} = module$deep_c;" in script(SITE)
    assert "return { one, Two };" in script(SITE)
    assert script(SITE).endswith("export { module$deep_c, module$a };\n")
    assert script("page").startswith('import { module$a, module$deep_c } from "./site.js";\n')
    assert "const all = module$deep_c;" in script("page")


@pytest.mark.parametrize(
    "form",
    [
        "export default class {}\n",
        "export let count = 0;\n",
        "export * from './c.js';\n",
        'import one from "./c.js";\n',
        'import "package";\n',
        'import "./a.js";\n',
    ],
)
def test_a_form_that_cannot_be_joined_is_refused(sources: Path, form: str) -> None:
    (sources / "a.js").write_text(form)
    with pytest.raises(NotJoinable):
        script(SITE)


def test_pages_load_groups_under_addresses_that_are_kept(visitor: FlaskClient) -> None:
    for address in [addresses.style_url(), *map(addresses.script_url, SCRIPTS)]:
        reply = visitor.get(address)
        assert reply.status_code == 200, address
        assert "immutable" in reply.headers["Cache-Control"]
        again = visitor.get(address, headers={"If-None-Match": reply.headers["ETag"]})
        assert again.status_code == 304
    assert visitor.get(addresses.script_url("nothing")).status_code == 404
