"""The catalogs of what people read: templates extracted from the sources, languages kept in step.

`messages.pot` holds every sentence of the pages, the scripts' texts in templates, and the domain's
errors; `LANGUAGE/LC_MESSAGES/messages.po` what it is in a language. `.mo` files are made of these
by the launcher and are not kept.

    python -m web.cli.translations             brings all catalogs up to date with the sources
    python -m web.cli.translations --check     ends with 1 if one of them is behind
    python -m web.cli.translations --compile   only makes the `.mo` files
"""

import io
from collections.abc import Iterator
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = CHECKOUT / "web" / "translations"
TEMPLATE = FOLDER / "messages.pot"
DOMAIN = "messages"
# Header lines with times and versions of tools, which would change with every run.
UNSTABLE = (
    b'"POT-Creation',
    b'"PO-Revision',
    b'"Generated',
    b'"Report',
    b'"Last-T',
    b'"Language-Team',
)
# The calls whose first text is a template; `:2` and `:1,2` say which arguments are texts.
KEYWORDS = """
    lazy_gettext lazy_ngettext:1,2 Message plural_message:1,2 of:2 LecternError NotFound Forbidden
    Conflict InUse Stale Gone Invalid TooLarge RateLimited StorageFull StorageAway StorageDamaged
    Refused Unreadable WrongOffset ChecksumMismatch Taken ModelAway BadTable Unfit NotListed
""".split()  # noqa: SIM905 thirty lines otherwise


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; end with 1 if a catalog is behind.")
@click.option("--compile", "only_compile", is_flag=True, help="Only make what Python reads.")
def translations(check: bool, only_compile: bool) -> None:
    """Bring the catalogs of all languages up to date with the sources."""
    if only_compile:
        compile_stale()
        return
    template = extracted()
    behind = [] if _same(template, TEMPLATE) else [TEMPLATE]
    for path in catalogs():
        catalog = _read(path)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        if not _same(catalog, path):
            behind.append(path)
            if not check:
                path.write_bytes(as_bytes(catalog))
    if not check:
        TEMPLATE.write_bytes(as_bytes(template))
    for path in behind:
        click.echo(f"{path.relative_to(CHECKOUT)} {'is behind' if check else 'updated'}")
    if check and behind:
        raise SystemExit(1)
    compile_stale()


def extracted() -> Catalog:
    """Every text of the sources that people read, without line numbers, which change too often."""
    with (CHECKOUT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    keywords = {**DEFAULT_KEYWORDS, **parse_keywords(KEYWORDS)}
    catalog = Catalog(project="Lectern", charset="utf-8", header_comment="# Lectern", fuzzy=False)
    for folder in ("lectern", "jobs", "web", "templates"):
        rows = extract_from_dir(
            CHECKOUT / folder,
            _below(methods, folder),
            options,
            keywords=keywords,
            comment_tags=("i18n:",),
        )
        for name, _line, message, comments, context in rows:
            places = [(f"{folder}/{name}", 0)]
            catalog.add(message, None, places, auto_comments=comments, context=context)
    return catalog


def _below(methods: list[tuple[str, str]], folder: str) -> list[tuple[str, str]]:
    return [
        (pattern.removeprefix(f"{folder}/"), method)
        for pattern, method in methods
        if pattern.startswith(f"{folder}/")
    ]


def catalogs() -> Iterator[Path]:
    """The catalog of each language."""
    yield from sorted(FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def compile_stale() -> None:
    """Make the files that Python reads, where a catalog is newer."""
    for path in catalogs():
        target = path.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < path.stat().st_mtime:
            beside = target.with_suffix(".new")
            with beside.open("wb") as file:
                write_mo(file, _read(path))
            beside.replace(target)


def _read(path: Path) -> Catalog:
    language = path.parts[-3] if path.suffix == ".po" else None
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def as_bytes(catalog: Catalog) -> bytes:
    """A catalog as it is kept: sorted, without line numbers, times and versions of tools."""
    file = io.BytesIO()
    write_po(file, catalog, sort_output=True, omit_header=False, include_lineno=False, width=100)
    lines = file.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(UNSTABLE))


def _same(catalog: Catalog, path: Path) -> bool:
    return path.exists() and path.read_bytes() == as_bytes(catalog)


if __name__ == "__main__":
    translations()
