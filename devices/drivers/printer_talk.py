"""A short connection to a label printer on raw TCP: questions out, answers in."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Generic, Protocol, TypeVar

from devices.capabilities import Unavailable

READ_BYTES = 4096
UNREACHABLE = "device.unreachable"
FULL = "printer.full"
SILENT = "printer.silent"  # the link is there, and nothing comes back on it
GARBAGE = "printer.garbage"

Answer = TypeVar("Answer")


class Answers(Protocol[Answer]):
    """Bytes in any chunks to answers; what is none is counted in `noise`."""

    noise: int

    def feed(self, data: bytes) -> list[Answer]: ...


class Talk(Generic[Answer]):
    """One connection. *answers* reads what comes on it."""

    def __init__(
        self, answers: Answers[Answer], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._answers, self._reader, self._writer = answers, reader, writer
        self._waiting: deque[Answer] = deque()

    async def send(self, data: bytes, timeout_s: float) -> None:
        """Raises `OSError` (a `TimeoutError` is one) when the printer does not take it."""
        self._writer.write(data)
        async with asyncio.timeout(timeout_s):
            await self._writer.drain()

    async def next(self, timeout_s: float) -> Answer | None:
        """The next answer; None when *timeout_s* passes without. `OSError` when the link ends."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self._waiting:
                    data = await self._reader.read(READ_BYTES)
                    if not data:
                        raise ConnectionResetError("the printer closed the link")
                    self._waiting.extend(self._answers.feed(data))
        except TimeoutError:
            return None
        return self._waiting.popleft()

    @property
    def was_noisy(self) -> bool:
        """Whether something came that is no answer."""
        return self._answers.noise > 0

    def silence(self) -> str:
        """What it means that there was no answer."""
        return GARBAGE if self.was_noisy else SILENT

    def hang_up(self) -> None:
        """Close. What the printer would not take is not pressed on it later."""
        transport = self._writer.transport
        if transport.get_write_buffer_size():
            transport.abort()
        else:
            transport.close()


Conversation = TypeVar("Conversation", bound="Talk[Any]")


@asynccontextmanager
async def called(
    talk_on: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Conversation], host: str,
    port: int, within_s: float,
) -> AsyncIterator[Conversation]:  # fmt: skip
    """A connection to the printer, hung up at the end. `OSError` from it is `Unavailable`."""
    try:
        async with asyncio.timeout(within_s):
            reader, writer = await asyncio.open_connection(host, port)
        talk = talk_on(reader, writer)
        try:
            yield talk
        finally:
            talk.hang_up()
    except OSError as error:
        raise Unavailable(UNREACHABLE) from error
