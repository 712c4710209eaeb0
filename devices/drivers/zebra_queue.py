"""A label printer behind a print queue of the operating system, by the `zebra` package.

For printers that only a queue reaches (USB, Windows). A queue takes a job in milliseconds and
prints it when it likes, perhaps much later, and tells nobody: so the best that is ever known is
`Printed.SPOOLED`, never `CONFIRMED`. A printer with a network socket is better off with `zpl-tcp`.

Options in `config.toml`:

    queue             name of the queue, as `lpstat -p` (or Windows) shows it; it must be raw
    poll_s            2.0   how often it is looked up that the queue is still there
    timeout_s         3.0   how long the print system may take to answer or to take a job

The package ignores what `lpr` returns, so the queue is looked up right before each job. A print
system that hangs keeps the one thread that waits for it until it lets go.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from zebra import Zebra

from devices import options as device_options
from devices.capabilities import Link, Printed, PrintUncertain, Unavailable
from devices.codecs import zpl_status as zpl
from devices.drivers.queues import NO_QUEUE, NO_SPOOLER, no_queues, refuse_unknown


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module's docstring."""

    queue: device_options.Text
    poll_s: device_options.Seconds = 2.0
    timeout_s: device_options.Seconds = 3.0


class ZebraQueuePrinter:
    """See the module's docstring. A `Driver` and a `LabelPrinter`."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = device_options.read(options, Options)
        self._link: Link | None = None

    async def open(self, link: Link) -> None:
        """`ConfigFault`: there are queues, but not this one. `Unavailable`: there are none now."""
        refuse_unknown(self._options.queue, await self._queues())
        self._link = link
        link.alive()

    async def run(self) -> None:
        """Look whether the queue is still there, until it is not (`Unavailable`)."""
        assert self._link is not None
        while True:
            await asyncio.sleep(self._options.poll_s)
            await self._find()
            self._link.alive()

    async def close(self) -> None:
        """Nothing is held open between jobs."""
        self._link = None

    async def print_label(self, job: str, payload: bytes, copies: int) -> Printed:
        """Hand *payload*, one `^XA...^XZ`, to the queue, to be printed *copies* times.

        `Unavailable`: the queue is not there, nothing was handed over. `PrintUncertain`: the print
        system did not finish taking it. `ValueError`: it cannot be sent.
        """
        wire = zpl.envelope(job, payload, copies, echo=False)
        if self._link is None:
            raise Unavailable(NO_QUEUE)
        await self._find()
        zebra = Zebra(self._options.queue)  # type: ignore[no-untyped-call]
        try:
            async with asyncio.timeout(self._options.timeout_s):
                # Only bytes are safe: text would go out as cp437, which has no Japanese.
                await asyncio.to_thread(zebra.output, wire, encoding="utf-8")
        except (FileNotFoundError, PermissionError) as error:
            raise Unavailable(NO_SPOOLER) from error  # `lpr` did not start
        except OSError as error:
            why = str(error) or "the queue took too long"
            raise PrintUncertain(why, confirmed=0, copies=copies) from error
        return Printed.SPOOLED

    async def _find(self) -> None:
        if self._options.queue not in await self._queues():
            raise Unavailable(NO_QUEUE)

    async def _queues(self) -> list[str]:
        """The queues there are, at least one. A print system that is down shows none."""
        try:
            async with asyncio.timeout(self._options.timeout_s):
                zebra = Zebra()  # type: ignore[no-untyped-call]
                queues: list[str] = await asyncio.to_thread(zebra.getqueues)
        except FileNotFoundError as error:
            raise no_queues(error) from error
        except OSError as error:
            raise Unavailable(NO_SPOOLER) from error
        if not queues:
            raise Unavailable(NO_SPOOLER)
        return queues
