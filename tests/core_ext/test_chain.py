import hmac
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_ext import AuditEntries, canonical_json
from lectern.errors import Message

KEY = b"a key of thirty-two bytes or more"
MOMENT = "2026-12-01T00:00:00.000000+00:00"
encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


class Kind(StrEnum):
    VIDEO = "video"


class Level(IntEnum):
    TOP = 4


def text_of(value: object) -> str:
    return str(value).replace("\0", "").encode("utf-8", "replace").decode()


def plain(value: Any) -> Any:
    """What PostgreSQL gives back, said once more in Python."""
    match value:
        case None | bool():
            return value
        case int():
            return int(value)
        case float():
            return int(value) if value.is_integer() else value
        case Mapping():
            return {text_of(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case set() | frozenset():
            return sorted(plain(item) for item in value)
        case datetime():
            return value.astimezone(UTC).isoformat()
        case _:
            return text_of(value)


texts = st.text(st.characters(codec=None))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | st.uuids()
    | st.datetimes(timezones=st.timezones())
    | st.sampled_from([Kind.VIDEO, Level.TOP, Message("%(n)s files", n=3), 1e16, 10**40, 1e-7])
    | st.sets(texts)
    | st.frozensets(st.integers()),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(texts | st.integers(), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(values)
def test_canonical_json_is_what_python_writes(value: Any) -> None:
    assert canonical_json(value) == encode(plain(value))


@given(values)
def test_what_is_canonical_stays_so(value: Any) -> None:
    canonical = canonical_json(value)
    assert canonical_json(json.loads(canonical)) == canonical


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_does_not_have_are_refused(number: float) -> None:
    with pytest.raises(ValueError, match="no such number"):
        canonical_json([number])


def test_what_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(RecursionError):
        canonical_json(endless)


facts = st.tuples(
    st.text(max_size=5),
    st.text(max_size=5),
    st.none() | st.uuids(),
    st.dictionaries(st.text(), st.lists(st.text(), max_size=3), max_size=3),
)


@given(
    st.lists(facts, max_size=4),
    st.uuids(),
    st.none() | st.uuids(),
    st.integers(1, 2**40),
    st.binary(min_size=32, max_size=32),
)
def test_each_hash_is_hmac_over_the_entry_and_the_hash_before(
    entries: list[tuple[str, str, uuid.UUID | None, dict[str, Any]]],
    workspace: uuid.UUID,
    actor: uuid.UUID | None,
    first: int,
    previous: bytes,
) -> None:
    expected, before = [], previous
    for seq, (action, kind, thing, details) in enumerate(entries, first):
        by, what = actor and str(actor), thing and str(thing)
        row = [str(workspace), seq, MOMENT, by, action, kind, what, plain(details)]
        before = hmac.digest(KEY, encode(row).encode() + before, "sha256")
        expected.append(before)
    written = AuditEntries(entries)
    hashes = written.hashes(
        KEY, workspace_id=workspace, actor_id=actor, moment=MOMENT, first=first, previous=previous
    )
    assert hashes == expected


def test_an_entry_without_workspace_is_refused() -> None:
    with pytest.raises(TypeError, match="workspace"):
        AuditEntries([]).hashes(
            KEY,
            workspace_id=None,  # type: ignore[arg-type]
            actor_id=None,
            moment=MOMENT,
            first=1,
            previous=bytes(32),
        )
