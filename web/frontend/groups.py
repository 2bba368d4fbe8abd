"""Style sheets and scripts as groups: one file for each, made of the sources as they are.

`web/static` holds ES modules and style sheets as they were written. A page that loaded each of them
by itself would make a hundred requests, so they are joined when they are first asked for. Sheets
are put one behind the other. A module becomes a function that is called once and returns what the
module exports; modules stand behind those they import. Groups stay ES modules: a group of one page
imports what it shares with all pages from the group `site`, so no module runs twice. Why: ADR 15.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from posixpath import dirname, join, normpath

STATIC = Path(__file__).parents[1] / "static"

# In the order of the cascade; `layers` says which layer wins.
STYLES = (
    *("layers", "reset", "tokens", "base", "shell", "button", "field", "badge", "progress"),
    *("processing", "dialog", "panel", "motif", "card", "library", "filters", "menus", "chips"),
    *("list", "selection", "bulk", "bulk-form", "player", "watch", "transcript", "said"),
    *("pictures", "document", "asset", "captions", "caption-editor", "caption-timing", "docs"),
    *("field-rows", "history", "audit", "exchange", "versions", "storage", "copies", "people"),
    *("upload", "tray", "picker", "picks", "courses", "lesson", "places", "tag-input", "tags"),
    *("proposals", "utilities"),
)
# What every page loads.
SITE = "site"
SCRIPTS: dict[str, tuple[str, ...]] = {
    SITE: ("app.js", "upload-tray.js", "duplicate-question.js", "file-drop.js"),
    "captions": ("captions/caption-editor.js",),
    "docs": ("api-reference.js",),
    "duplicates": ("copies.js",),
    "exchange": ("archive-import.js",),
    "picker": ("media-picker.js",),
    "player": ("player/lectern-player.js",),
    "replace": ("replace-file.js",),
    "storage": ("growth-chart.js",),
}

_IMPORT = re.compile(
    r'^import (?:(?P<names>\{[^}]*\}|\* as \w+) from )?"(?P<path>\.\.?/[\w./-]+\.js)";$', re.M
)
_EXPORT = re.compile(r"^export (?P<kind>(?:async )?function|class|const) (?P<name>\w+)\b", re.M)
_REST = re.compile(r"^(?:import|export)\b.*", re.M)


class NotJoinable(ValueError):
    """A module uses a form that cannot be joined, or imports itself by way of others."""


@dataclass(frozen=True)
class _Module:
    """One source: paths of what it imports, and the body of its function."""

    path: str
    imports: tuple[str, ...]
    body: str

    @property
    def name(self) -> str:
        return _name(self.path)

    def __str__(self) -> str:
        return f"// {self.path}\nconst {self.name} = (() => {{\n{self.body}}})();\n"


def style_sheet() -> str:
    """All sheets of the pages."""
    texts = ((STATIC / "css" / f"{name}.css").read_text("utf-8") for name in STYLES)
    return "\n".join(texts)


def script(group: str) -> str:
    """The modules of a group and what they import, as one ES module."""
    paths = modules(group)
    if group == SITE:
        names = ", ".join(_name(path) for path in paths)
        return "".join(str(_module(path)) for path in paths) + f"export {{ {names} }};\n"
    needed = {needed for path in paths for needed in _module(path).imports} - set(paths)
    shared = ", ".join(sorted(_name(path) for path in needed))
    head = f'import {{ {shared} }} from "./{SITE}.js";\n' if shared else ""
    return head + "".join(str(_module(path)) for path in paths)


def modules(group: str) -> list[str]:
    """Paths below `web/static/js` of a group's modules, each behind those it imports."""
    order: list[str] = list(modules(SITE)) if group != SITE else []
    shared = len(order)
    for entry in SCRIPTS[group]:
        _visit(entry, order, ())
    return order[shared:]


def _visit(path: str, order: list[str], above: tuple[str, ...]) -> None:
    if path in above:
        raise NotJoinable(f"{path} imports itself by way of {above[-1]}")
    if path in order:
        return
    for needed in _module(path).imports:
        _visit(needed, order, (*above, path))
    order.append(path)


@lru_cache(maxsize=256)
def _module(path: str) -> _Module:
    text = (STATIC / "js" / path).read_text("utf-8")
    imports: list[str] = []

    def bind(found: re.Match[str]) -> str:
        needed = normpath(join(dirname(path), found["path"]))
        imports.append(needed)
        if found["names"] is None:
            return ""
        # `import { a as b }` is `const { a: b }`, and `* as all` the whole object.
        target = found["names"].removeprefix("* as ").replace(" as ", ": ")
        return f"const {target} = {_name(needed)};"

    body = _IMPORT.sub(bind, text)
    exports = [found["name"] for found in _EXPORT.finditer(body)]
    body = _EXPORT.sub(r"\g<kind> \g<name>", body)
    if rest := _REST.search(body):
        raise NotJoinable(f"{path}: {rest[0]}")
    return _Module(path, tuple(imports), f"{body}return {{ {', '.join(exports)} }};\n")


def _name(path: str) -> str:
    """A module's path as a name of JavaScript that no source uses."""
    return "module$" + re.sub(r"\W", "_", path.removesuffix(".js"))
