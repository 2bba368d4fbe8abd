"""Every action of the audit log: declared once, recorded somewhere, and told in words."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract
from flask import Flask

from lectern.bulk.registry import KINDS as BULK_KINDS
from lectern.library import undo
from lectern.people.audit import Line
from lectern.people.audit_actions import ACTIONS, AuditAction, in_group
from web.pages.admin import audit_labels
from web.pages.assets import events

CHECKOUT = Path(__file__).resolve().parents[2]
DECLARED = CHECKOUT / "lectern/people/audit_actions.py"
# Where the action stands among the arguments of a call that records one.
RECORDING = {"record": 2, "Fact": 0, "about": 0, "_tell": 2, "_record": 2}
ALL = list(ACTIONS.values())


@cache
def sources() -> dict[Path, ast.Module]:
    """The modules that may record: all that know of the audit log, and those that they ask."""
    paths = [
        path for folder in ("lectern", "jobs", "web") for path in (CHECKOUT / folder).rglob("*.py")
    ]
    return {
        path: ast.parse(path.read_text("utf-8"))
        for path in paths
        if path != DECLARED and (CHECKOUT / "web/pages") not in path.parents
    }


def texts(tree: ast.AST) -> set[str]:
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def recorded(tree: ast.Module) -> Iterator[ast.expr]:
    """The actions of all calls that record one, as they are written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = (
                node.func.attr
                if isinstance(node.func, ast.Attribute)
                else getattr(node.func, "id", "")
            )
            at = RECORDING.get(called)
            if at is not None and len(node.args) > at:
                action = node.args[at]
                yield from (
                    [action.body, action.orelse] if isinstance(action, ast.IfExp) else [action]
                )


def matching(action: ast.JoinedStr, tree: ast.Module) -> set[str]:
    """The declared actions that an f-string can be, its parts being texts of its module."""
    known = texts(tree) | BULK_KINDS.keys()
    pattern = "".join(
        re.escape(str(part.value)) if isinstance(part, ast.Constant) else "([a-z_]+)"
        for part in action.values
    )
    found = ((name, re.fullmatch(pattern, name)) for name in ACTIONS)
    return {
        name
        for name, match in found
        if match and all({part, f"{part}_id"} & known for part in match.groups())
    }


def test_whatever_is_recorded_is_declared() -> None:
    undeclared = []
    for path, tree in sources().items():
        if "lectern.people" not in path.read_text("utf-8"):
            continue
        for action in recorded(tree):
            if isinstance(action, ast.Constant) and re.fullmatch(
                r"[a-z]+\.[a-z_]+", str(action.value)
            ):
                undeclared += [] if action.value in ACTIONS else [(path.name, action.value)]
            elif isinstance(action, ast.JoinedStr) and not matching(action, tree):
                undeclared.append((path.name, ast.unparse(action)))
    assert undeclared == []


def test_the_end_of_every_kind_of_bulk_change_is_declared() -> None:
    assert {f"batch.{kind}" for kind in BULK_KINDS} <= ACTIONS.keys()


def test_whatever_is_declared_is_recorded() -> None:
    written = set()
    for tree in sources().values():
        written |= texts(tree) & ACTIONS.keys()
        for action in recorded(tree):
            if isinstance(action, ast.JoinedStr):
                written |= matching(action, tree)
    assert ACTIONS.keys() - written == set()


@pytest.mark.parametrize("action", ALL, ids=lambda action: action.name)
def test_every_action_has_a_symbol_and_a_sentence_even_without_details(
    application: Flask, action: AuditAction
) -> None:
    sprite = (CHECKOUT / "web/static/icons/sprite.svg").read_text("utf-8")
    assert f'id="{action.icon}"' in sprite
    line = Line(1, datetime.now(UTC), None, None, action.name, action.objects[0], None, {}, "", "")
    with application.test_request_context():
        assert events.sentence(line) == action.sentences[-1]
        (event,) = events.events([line], {})
    assert (event.text, event.icon) == (action.sentences[-1], action.icon)


def test_every_sentence_is_found_for_the_catalogue() -> None:
    found = extract("python", BytesIO(DECLARED.read_bytes()), keywords={"N_": None})
    assert {message for _, message, _, _ in found} == {
        sentence for action in ALL for sentence in action.sentences
    }


def test_every_filter_of_a_files_history_has_actions_and_every_group_a_filter(
    application: Flask,
) -> None:
    with application.test_request_context():
        kinds = events.kinds()
    assert {group for action in ALL for group in action.groups} == kinds.keys()
    assert all(in_group(kind) for kind in kinds)


def test_every_action_is_found_by_a_filter_of_the_audit_log(application: Flask) -> None:
    with application.test_request_context():
        kinds = audit_labels.kinds()
    nouns = {noun for kind in kinds for noun in audit_labels.WIDER.get(kind, (kind,))}
    assert {action.name.partition(".")[0] for action in ALL} == nouns


def test_what_can_be_undone_is_what_the_undo_knows() -> None:
    undoable = {action.name.partition(".")[2] for action in ALL if action.undoable}
    assert undoable == {*undo.FIELDS, "poster", "trash"}


def test_an_action_of_a_former_version_is_still_told(application: Flask) -> None:
    line = Line(1, datetime.now(UTC), None, None, "asset.frame", "asset", None, {}, "", "")
    with application.test_request_context():
        assert events.sentence(line) == "Changed: frame"
