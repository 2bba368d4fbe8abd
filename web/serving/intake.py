"""Streaming a request's body to a receiver: one piece is written while the next one arrives."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import Any

from web.serving.replies import PIECE, Receiver

Receive = Callable[[], Awaitable[dict[str, Any]]]

# While a client is silent, the receiver may look this often whether another has taken over.
LOOK_S = 2.0
# A client silent for this long is gone, whatever TCP says.
PATIENCE_S = 60.0


class Intake:
    """One body. The event loop reads, a thread hashes and writes; at most two pieces are held."""

    def __init__(self, receive: Receive, receiver: Receiver, pool: Executor) -> None:
        self._receive = receive
        self._receiver = receiver
        self._pool = pool
        self._held: list[bytes] = []
        self._size = 0
        self._messages = 0
        self._reading: asyncio.Task[bool | None] | None = None
        self._writing: asyncio.Future[None] | None = None

    async def run(self) -> bool:
        """True when the body is complete, False when the client went away in the middle.

        Raises what the receiver's `write` raises.
        """
        try:
            complete = await self._pump()
            await self._write()
            return complete
        except asyncio.CancelledError:
            # The process is to end. What has arrived is written all the same.
            await self._write()
            return False
        finally:
            if self._reading is not None:
                self._reading.cancel()
            await self._written(quiet=True)

    async def _pump(self) -> bool:
        silent_s, counted = 0.0, 0
        while silent_s < PATIENCE_S:
            whole = await self._next_piece()
            if whole is not None:
                return whole
            # A piece that is still arriving after `LOOK_S` is written as far as it is here.
            silent_s = 0.0 if self._messages > counted else silent_s + LOOK_S
            counted = self._messages
            await self._write()
        return False

    async def _next_piece(self) -> bool | None:
        """True at the body's end, False when the client left, None when it is time to write.

        Waiting costs more than copying, so it is done once a piece and not once a message. A
        read that takes longer than `LOOK_S` goes on, no byte is dropped.
        """
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._fill())
        await asyncio.wait({self._reading}, timeout=LOOK_S)
        if not self._reading.done():
            return None
        whole, self._reading = self._reading.result(), None
        return whole

    async def _fill(self) -> bool | None:
        """Hold messages until they are a piece; the result is `_next_piece`'s."""
        while self._size < PIECE:
            message = await self._receive()
            self._messages += 1
            if message["type"] == "http.disconnect":
                return False
            self._held.append(message.get("body", b""))
            self._size += len(self._held[-1])
            if not message.get("more_body", False):
                return True
        return None

    async def _write(self) -> None:
        await self._written()
        piece = b"".join(self._held)
        self._held, self._size = [], 0
        loop = asyncio.get_running_loop()
        self._writing = loop.run_in_executor(self._pool, self._receiver.write, piece)

    async def _written(self, quiet: bool = False) -> None:
        writing, self._writing = self._writing, None
        if writing is not None and quiet:
            await asyncio.wait({writing})
        elif writing is not None:
            await writing
