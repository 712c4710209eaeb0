"""An office printer (A4) on a print queue of the operating system: slips and documents as PDF.

Label printers speak ZPL; a packing slip or a paper of the OMS is a PDF, and the print system of
this machine (CUPS) knows how each office printer wants it. It takes a job in a moment and says so
at once; when the sheet comes out nobody hears, so the best that is known is `Printed.SPOOLED`.

Options in `config.toml`:

    queue             name of the queue, as `lpstat -p` shows it
    programs          ""    folder of `lp` and `lpstat`, where they are not on the path
    poll_s            5.0   how often it is looked up that the queue is there and goes on
    timeout_s         5.0   how long the print system may take to answer or to take a job

A queue that somebody stopped is degraded: it keeps what it takes and prints it later.
"""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from devices import options as device_options
from devices.capabilities import Link, NeedsHuman, Printed, PrintUncertain, Unavailable
from devices.drivers.queues import NO_QUEUE, NO_SPOOLER, no_queues, refuse_unknown

STOPPED = "printer.queue_stopped"
COPIES_MAX = 99
PDF = b"%PDF-"


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module's docstring."""

    queue: device_options.Text
    programs: str = ""
    poll_s: device_options.Seconds = 5.0
    timeout_s: device_options.Seconds = 5.0


class OfficeQueuePrinter:
    """See the module's docstring. A `Driver` and a `LabelPrinter` (of sheets)."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = device_options.read(options, Options)
        self._link: Link | None = None
        self._stopped = False

    async def open(self, link: Link) -> None:
        """`ConfigFault`: no print system here, or not this queue. `Unavailable`: none answers."""
        queues = await self._queues()
        refuse_unknown(self._options.queue, queues)
        self._link = link
        self._tell(going_on=queues[self._options.queue])
        link.alive()

    async def run(self) -> None:
        """Look whether the queue is there and goes on, until it is gone (`Unavailable`)."""
        assert self._link is not None
        while True:
            await asyncio.sleep(self._options.poll_s)
            self._tell(going_on=await self._goes_on())
            self._link.alive()

    async def close(self) -> None:
        """Nothing is held open between jobs."""
        self._link = None

    async def print_label(self, job: str, payload: bytes, copies: int) -> Printed:
        """Hand *payload*, one PDF, to the queue, to be printed *copies* times.

        `Unavailable`: the queue did not take it. `NeedsHuman`: somebody stopped the queue.
        `PrintUncertain`: the print system did not say whether it took it. `ValueError`: no PDF.
        """
        if not payload.startswith(PDF) or not 1 <= copies <= COPIES_MAX:
            raise ValueError(f"an office printer prints 1 to {COPIES_MAX} copies of a PDF")
        if self._link is None:
            raise Unavailable(NO_QUEUE)
        if not await self._goes_on():
            raise NeedsHuman(STOPPED)
        try:
            taken = await self._say(
                "lp", "-d", self._options.queue, "-n", str(copies), "-t", f"genba {job}", "-",
                given=payload,
            )  # fmt: skip
        except TimeoutError:
            why = "the print system took too long"
            raise PrintUncertain(why, confirmed=0, copies=copies) from None
        if taken is None:
            raise Unavailable(NO_QUEUE)
        return Printed.SPOOLED

    def _tell(self, *, going_on: bool) -> None:
        """Say once that somebody stopped the queue, and once that it goes on."""
        if self._stopped == going_on and self._link is not None:
            self._stopped = not going_on
            self._link.degraded("" if going_on else STOPPED)

    async def _goes_on(self) -> bool:
        """Whether the queue prints what it takes."""
        queues = await self._queues()
        if self._options.queue not in queues:
            raise Unavailable(NO_QUEUE)
        return queues[self._options.queue]

    async def _queues(self) -> dict[str, bool]:
        """The queues there are, at least one, and whether each goes on."""
        try:
            told = await self._say("lpstat", "-p")
        except TimeoutError:
            raise Unavailable(NO_SPOOLER) from None
        queues = {}
        for line in (told or b"").decode("utf-8", "replace").splitlines():
            word, _, rest = line.partition(" ")
            if word == "printer" and rest:
                name, _, state = rest.partition(" ")
                queues[name] = not state.startswith("disabled")
        if not queues:
            raise Unavailable(NO_SPOOLER)
        return queues

    async def _say(self, program: str, *arguments: str, given: bytes = b"") -> bytes | None:
        """What *program* says, None when it failed. Raises `TimeoutError`."""
        path = str(Path(self._options.programs) / program) if self._options.programs else program
        try:
            process = await asyncio.create_subprocess_exec(
                path, *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"},
            )  # fmt: skip
        except (FileNotFoundError, PermissionError) as error:
            raise no_queues(error) from error
        try:
            async with asyncio.timeout(self._options.timeout_s):
                told, _ = await process.communicate(given)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return told if process.returncode == 0 else None
