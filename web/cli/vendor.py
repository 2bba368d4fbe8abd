"""Copies what the pages load from `node_modules` to `web/static/vendor`, versions in the path.

Run as `python -m web.cli.vendor` after `npm ci`; imports nothing but the standard library.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = CHECKOUT / "node_modules"
VENDOR = CHECKOUT / "web" / "static" / "vendor"


@dataclass(frozen=True)
class Package:
    """One npm package: files to take (globs below `base`), and names templates call them by."""

    name: str
    folder: str
    files: tuple[str, ...]
    entries: tuple[tuple[str, str], ...]
    base: str = "dist"


WANTED = (
    Package(
        "htmx.org",
        "htmx",
        ("htmx.min.js*", "htmx.esm.min.js*", "ext/hx-ws.js", "ext/hx-ws.min.js*"),
        (
            ("htmx", "htmx.min.js"),
            ("htmx.esm", "htmx.esm.min.js"),
            ("hx-ws", "ext/hx-ws.min.js"),
        ),
    ),
    Package(
        "media-chrome",
        "media-chrome",
        # The package's own build of all its elements as one file.
        ("iife/index.js",),
        (("media-chrome", "iife/index.js"),),
    ),
    Package("tus-js-client", "tus", ("tus.min.js*",), (("tus", "tus.min.js"),)),
    Package("hash-wasm", "hash-wasm", ("blake3.umd.min.js",), (("blake3", "blake3.umd.min.js"),)),
    # Streams where the browser knows media sources; loaded by the player when it has streams.
    Package("hls.js", "hls", ("hls.min.js",), (("hls", "hls.min.js"),)),
    # Lines, bars and pies; half of what all charts together weigh.
    Package(
        "echarts", "echarts", ("echarts.common.min.js",), (("echarts", "echarts.common.min.js"),)
    ),
    # The API's description for people; ADR 17 says what else was tried.
    Package(
        "swagger-ui-dist",
        "swagger-ui",
        ("swagger-ui.css", "swagger-ui-bundle.js"),
        (("swagger-ui", "swagger-ui-bundle.js"), ("swagger-ui.css", "swagger-ui.css")),
        base=".",
    ),
)


def main() -> None:
    """Replace `web/static/vendor` as a whole, so that a reader never sees half of it."""
    VENDOR.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".vendor-", dir=VENDOR.parent) as work:
        fresh = Path(work) / "vendor"
        fresh.mkdir()
        paths = {name: path for package in WANTED for name, path in copy(package, fresh)}
        (fresh / "vendor.json").write_text(json.dumps(paths, indent=2, sort_keys=True) + "\n")
        if VENDOR.exists():
            VENDOR.rename(Path(work) / "old")
        fresh.rename(VENDOR)


def copy(package: Package, target: Path) -> Iterator[tuple[str, str]]:
    """Copy one package and yield each entry's name with its path below `web/static`."""
    root = PACKAGES / package.name
    base = root / package.base
    version = json.loads((root / "package.json").read_text())["version"]
    folder = f"{package.folder}-{version}"
    for pattern in package.files:
        for source in base.glob(pattern):
            relative = source.relative_to(base)
            (target / folder / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / folder / relative)
    for name, file in package.entries:
        if not (target / folder / file).is_file():
            raise SystemExit(f"{package.name} {version} has no {file} any more.")
        yield name, f"vendor/{folder}/{file}"


if __name__ == "__main__":
    main()
