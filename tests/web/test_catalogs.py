"""What people read is in the catalogs, and German is whole."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from lectern import errors
from web import i18n
from web.cli import translations

CHECKOUT = Path(__file__).resolve().parents[2]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")
ERRORS = {
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.LecternError)
}


def entries(language: str) -> list[Message]:
    path = translations.FOLDER / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return [each for each in read_po(file, locale=language) if each.id]


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_the_catalogs_have_every_text_of_the_sources() -> None:
    template = translations.extracted()
    kept = translations.TEMPLATE.read_bytes()
    assert translations.as_bytes(template) == kept, "Run python -m web.cli.translations."
    ids = {each.id for each in template if each.id}
    for language in i18n.LANGUAGES.keys() - {"en"}:
        assert {each.id for each in entries(language)} == ids, language


def test_german_says_everything() -> None:
    assert [each.id for each in entries("de") if not all(forms(each.string))] == []


def test_words_of_two_meanings_are_told_apart() -> None:
    said = {(each.id, each.context): each.string for each in entries("de")}
    assert said["Open", None] == "Öffnen"
    assert said["Open", "proposals"] == "Offen"
    assert said["you", "member"] == "Sie"
    assert said["you", "done by"] == "Ihnen"
    assert said["Places", None] != said["Places", "uses of a file"]


@pytest.mark.parametrize("language", sorted(i18n.LANGUAGES.keys() - {"en"}))
def test_translations_keep_the_places_of_values(language: str) -> None:
    wrong = []
    for each in entries(language):
        known = set(PLACEHOLDER.findall(" ".join(forms(each.id))))
        for text in filter(None, forms(each.string)):
            # A form for one may say “one” instead of the number.
            missing = set() if each.pluralizable else known - set(PLACEHOLDER.findall(text))
            if missing or set(PLACEHOLDER.findall(text)) - known:
                wrong.append(each.id)
    assert wrong == []


def raised() -> Iterator[tuple[Path, ast.Call]]:
    for folder in ("lectern", "jobs", "web"):
        for path in sorted((CHECKOUT / folder).rglob("*.py")):
            # Commands are for operators, and in English.
            if path.is_relative_to(CHECKOUT / "web" / "cli"):
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                if called and node.func.id in ERRORS and node.args:
                    yield path, node


def test_errors_are_raised_with_templates_that_can_be_translated() -> None:
    """Text that is put together before is in no catalog."""
    put_together = [
        f"{path.relative_to(CHECKOUT)}:{node.lineno}"
        for path, node in raised()
        if isinstance(node.args[0], ast.JoinedStr)
    ]
    assert put_together == []
