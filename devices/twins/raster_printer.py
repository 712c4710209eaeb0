"""What the twins of SATO and Toshiba TEC printers have in common: paper, head, and a tray.

A job that was taken is kept while it cannot be printed, and goes on by itself after a reload. What
comes out is a picture, so that a test reads it as a scanner does.
"""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from PIL import Image

GARBAGE = b"\x00\xffHTTP/1.1 400\r\n"


@dataclass(frozen=True, slots=True)
class PrintedPicture:
    """One label that came out: `copy` counts from 1; *picture* in mode "1", white = ink."""

    job: str
    copy: int
    copies: int
    picture: Image.Image


@dataclass(slots=True)
class Job:
    """What the printer understood of a job."""

    name: str
    copies: int
    picture: Image.Image
    printed: int = 0


class RasterPrinterTwin:
    """One printer; a language is a child with `_hear` and `_status`. All in the loop's thread."""

    def __init__(self, *, label_ms: int = 5) -> None:
        self.host, self.port = "127.0.0.1", 0
        self.label_ms = label_ms
        self.labels: list[PrintedPicture] = []
        self.jobs_received = 0
        self.paper_is_out = self.head_is_open = self.ribbon_is_out = self.paused = False
        self.mute = self.garbage = self.cut_next_answer = False
        self.cut_after_bytes: int | None = None  # of what comes next; the link drops there
        self.jobs: deque[Job] = deque()
        self._roll: int | None = None
        self._wake = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._printing: asyncio.Task[None] | None = None
        self._callers: list[asyncio.StreamWriter] = []

    async def start(self) -> None:
        """Switch on and listen; every time on the same port."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, self.host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]
        if self._printing is None:
            self._printing = asyncio.create_task(self._print(), name="raster printer twin")

    async def stop(self) -> None:
        """Switch off: what was not printed is lost."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.power_cycle()
        if self._printing is not None:
            self._printing.cancel()
            await asyncio.wait({self._printing})
            self._printing = None

    def power_cycle(self) -> None:
        """Off and on: links and waiting jobs are gone."""
        for caller in list(self._callers):
            caller.transport.abort()
        self.jobs.clear()
        self._forget()

    def paper_out(self, after: int = 0) -> None:
        """The roll ends after so many more labels."""
        self._roll, self.paper_is_out = after, after == 0

    def mend(self) -> None:
        """New paper and ribbon, head down, on line: what waits is printed without being asked."""
        self._roll = None
        self.paper_is_out = self.head_is_open = self.ribbon_is_out = self.paused = False
        self._wake.set()

    @property
    def is_blocked(self) -> bool:
        """It cannot print now."""
        return self.paper_is_out or self.head_is_open or self.ribbon_is_out or self.paused

    def _hear(self, data: bytes) -> list[bytes]:
        """Take *data*, and say what to answer."""
        raise NotImplementedError

    def _forget(self) -> None:
        """The half of a job that came so far is gone."""

    def _hung_up(self) -> None:
        """Somebody hung up; what they had not finished is dropped where the language says so."""

    def _ended(self, job: Job) -> bytes:
        """What it says by itself when *job* is out."""
        return b""

    def take(self, job: Job) -> None:
        """Queue *job*."""
        self.jobs_received += 1
        self.jobs.append(job)
        self._wake.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._callers.append(writer)
        try:
            while data := await reader.read(65_536):
                limit = self.cut_after_bytes
                if limit is not None and len(data) > 8:  # a question alone is let through
                    self.cut_after_bytes = None
                    self._hear(data[:limit])
                    break
                for answer in self._hear(data):
                    await self._say(writer, answer)
        except ConnectionError:
            pass  # the caller is gone; what it sent stays
        finally:
            self._callers.remove(writer)
            self._hung_up()
            writer.transport.abort()

    async def _say(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if self.mute or not data or writer.is_closing():
            return
        if self.cut_next_answer:
            self.cut_next_answer = False
            writer.write(data[: len(data) // 2])
            with suppress(ConnectionError):
                await writer.drain()
            writer.close()
            return
        writer.write(GARBAGE if self.garbage else data)
        with suppress(ConnectionError):
            await writer.drain()

    async def _print(self) -> None:
        while True:
            if self.is_blocked or not self.jobs:
                self._wake.clear()
                await self._wake.wait()
                continue
            await asyncio.sleep(self.label_ms / 1000)
            if not self.is_blocked and self.jobs:
                await self._print_one(self.jobs[0])

    async def _print_one(self, job: Job) -> None:
        job.printed += 1
        self.labels.append(PrintedPicture(job.name, job.printed, job.copies, job.picture))
        if self._roll is not None:
            self._roll -= 1
            self.paper_is_out = self._roll == 0
        if job.printed == job.copies:
            self.jobs.popleft()
            for caller in list(self._callers):
                await self._say(caller, self._ended(job))
