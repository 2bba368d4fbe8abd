"""What arrives in many small messages reaches the receiver in few large pieces, and all of it."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from web.serving import intake
from web.serving.intake import Intake
from web.serving.replies import PIECE

MESSAGE = 64 << 10


class Received:
    """A receiver that keeps its pieces."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.pieces.append(data)


class Client:
    """Sends `messages` as the server hands them on; silent for ever after a `None`."""

    def __init__(self, messages: list[dict[str, Any] | None]) -> None:
        self._messages: Iterator[dict[str, Any] | None] = iter(messages)

    async def receive(self) -> dict[str, Any]:
        await asyncio.sleep(0)
        message = next(self._messages)
        if message is None:
            await asyncio.Event().wait()
            raise AssertionError("an event that nobody sets")
        return message


def body(data: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": data, "more_body": more}


def take_in(messages: list[dict[str, Any] | None]) -> tuple[bool, list[bytes]]:
    received = Received()
    with ThreadPoolExecutor(1) as pool:
        complete = asyncio.run(Intake(Client(messages).receive, received, pool).run())  # type: ignore[arg-type]
    return complete, [piece for piece in received.pieces if piece]


def test_small_messages_are_written_as_whole_pieces_in_order() -> None:
    parts = [bytes([number]) * MESSAGE for number in range(40)]
    complete, pieces = take_in([*map(body, parts), body(b"end", more=False)])
    assert complete
    assert b"".join(pieces) == b"".join(parts) + b"end"
    assert [len(piece) for piece in pieces[:-1]] == [PIECE, PIECE]


def test_what_arrived_before_the_client_left_is_written() -> None:
    complete, pieces = take_in([body(b"one"), body(b"two"), {"type": "http.disconnect"}])
    assert not complete
    assert b"".join(pieces) == b"onetwo"


def test_a_silent_clients_bytes_are_written_before_it_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake, "LOOK_S", 0.01)
    monkeypatch.setattr(intake, "PATIENCE_S", 0.05)
    complete, pieces = take_in([body(b"one"), body(b"two"), None])
    assert not complete
    assert pieces == [b"onetwo"]
