"""The way to Exact: open, cut, or so slow that each answer comes byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from threading import Event, Thread
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from types import TracebackType

CHUNK = 64 * 1024
PAUSE_S = 0.2
"""Between two bytes of an answer that drips."""
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing a connection resets it."""

Way = Literal["open", "cut", "dripping"]


class Relay:
    """Passes on what is said between clients and one port of this machine.

    Attributes:
        port: where it listens.
        struck: how many connections were cut or refused, and answers held back, so far.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.struck = 0
        self._target = 0
        self._way: Way = "open"
        self._clients: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, name="relay", daemon=True)
        self._started = Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def lead_to(self, port: int) -> None:
        """Say where it leads."""
        self._target = port

    def turn(self, way: Way) -> None:
        """Become open, cut or dripping; what is cut is cut at once, and what was held back comes at once."""
        asyncio.run_coroutine_threadsafe(self._turn(way), self._loop).result()

    async def _turn(self, way: Way) -> None:
        self._way = way
        if way == "cut":
            for client in list(self._clients):
                self._cut(client)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, sock=self._listener))
        self._started.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))

    def _cut(self, client: asyncio.StreamWriter) -> None:
        self.struck += 1
        with contextlib.suppress(OSError):
            client.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        client.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._way == "cut":
            self._cut(writer)
            return
        self._clients.add(writer)
        answers, questions = await asyncio.open_connection("127.0.0.1", self._target)
        passing = [asyncio.create_task(self._ask(reader, questions)), asyncio.create_task(self._tell(answers, writer))]
        try:
            with contextlib.suppress(OSError):
                await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._clients.discard(writer)
            for task in passing:
                task.cancel()
            for end in (questions, writer):
                with contextlib.suppress(OSError):
                    end.close()

    async def _ask(self, reader: asyncio.StreamReader, questions: asyncio.StreamWriter) -> None:
        while said := await reader.read(CHUNK):
            questions.write(said)
            await questions.drain()

    async def _tell(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await answers.read(CHUNK):
            if self._way == "dripping":
                self.struck += 1
                said = await self._drip(said, writer)
            writer.write(said)
            await writer.drain()

    async def _drip(self, said: bytes, writer: asyncio.StreamWriter) -> bytes:
        """Tell byte by byte as long as it has to be; return what is left."""
        while said and self._way == "dripping":
            writer.write(said[:1])
            await writer.drain()
            said = said[1:]
            await asyncio.sleep(PAUSE_S)
        return said
