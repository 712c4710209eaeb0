"""A ZPL label printer on raw TCP (port 9100): asks before it prints, and counts what came out.

Options in `config.toml`:

    host              name or address of the printer
    port              9100
    serial            its serial number (`device.unique_id`); another printer behind this
                      address is then a fault, and nothing is printed on it
    poll_s            1.0   how often it is asked how it is
    connect_timeout_s 2.0
    answer_timeout_s  1.0   silence for this long on `~HS` means that a person is needed
    label_timeout_s   10.0  a label that is not confirmed within this time is uncertain

A link that opens while `~HS` stays silent is *degraded*, not offline: Zebra printers do not answer
while paper or ribbon is out or the head is open. Reasons are codes of `wms/words`.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from devices import options as device_options
from devices import patience
from devices.capabilities import (
    ConfigFault,
    Link,
    NeedsHuman,
    Printed,
    PrintUncertain,
    Unavailable,
)
from devices.codecs import zpl_status as zpl
from devices.drivers.printer_talk import FULL, UNREACHABLE, Talk, called

BLOCKED = "printer.blocked"  # it says who it is, but not how: paper, ribbon or head
STUCK = "printer.partial_format"
UNIDENTIFIED = "printer.unidentified"
TAG_UNREAD, TAG_DIFFERS = "printer.tag_unread", "printer.tag_differs"


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module's docstring."""

    host: device_options.Text
    port: device_options.TcpPort = 9100
    serial: str = ""
    poll_s: device_options.Seconds = 1.0
    connect_timeout_s: device_options.Seconds = 2.0
    answer_timeout_s: device_options.Seconds = 1.0
    label_timeout_s: device_options.Seconds = 10.0


class _Talk(Talk[zpl.Answer]):
    """One connection, and what the printer told on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(zpl.Answers(), reader, writer)
        self.counter: int | None = None
        self.knows_us = False  # it answered anything at all
        self.identified = False

    async def status(self, questions: bytes, timeout_s: float) -> zpl.HostStatus | None:
        """Ask *questions*, the last of which is `~HS`; None when that one stays unanswered."""
        await self.send(questions, timeout_s)
        while (answer := await self.next(timeout_s)) is not None:
            self.knows_us = True
            if isinstance(answer, zpl.HostStatus):
                return answer
            if isinstance(answer, zpl.Value):
                self.counter = answer.count
        return None

    def silence(self) -> str:
        """What it means that `~HS` was not answered."""
        return BLOCKED if self.knows_us else super().silence()


class ZplTcpPrinter:
    """See the module's docstring. A `Driver` and a `LabelPrinter`.

    The printer's side of a link is one at a time on many models, so each question and each job
    has its own short connection, and they take turns.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = device_options.read(options, Options)
        self._turn = asyncio.Lock()
        self._link: Link | None = None

    async def open(self, link: Link) -> None:
        """Raises `Unavailable` without a connection, `ConfigFault` for another printer."""
        self._link = link
        await self._poll(link)

    async def run(self) -> None:
        """Ask the printer how it is until it cannot be reached (`Unavailable`)."""
        assert self._link is not None
        while True:
            await asyncio.sleep(self._options.poll_s)
            await self._poll(self._link)

    async def close(self) -> None:
        """Connections are closed by those who opened them; no new one is opened."""
        self._link = None

    async def print_label(self, job: str, payload: bytes, copies: int) -> Printed:
        """Print *payload*, one `^XA...^XZ`, *copies* times, and wait until all came out.

        A label with a tag is confirmed when the printer has read out of it what was to be written.
        `Unavailable` or `NeedsHuman`: not one byte was sent. `PrintUncertain`: it was sent, and
        not all was confirmed; a printer out of paper prints the rest by itself when reloaded, so
        never send it again unasked. `ValueError`: *job*, *payload* or *copies* cannot be sent.
        """
        wire = zpl.envelope(job, payload, copies)
        async with self._talk() as (talk, link):
            await self._make_ready(talk, link)
            confirmed, why = 0, ""
            try:
                await talk.send(wire, self._options.label_timeout_s)
                while confirmed < copies and not why:
                    why = await self._one_label(talk, job, zpl.tag_of(payload), link)
                    confirmed += not why
            except OSError as error:
                why = str(error) or "the printer took too long"
            if why:
                raise PrintUncertain(
                    why, confirmed=confirmed, copies=copies, counter_before=talk.counter
                )
        return Printed.CONFIRMED

    async def labels_printed(self) -> int | None:
        """The printer's own count of labels; None if it does not tell. Raises `Unavailable`."""
        async with self._talk() as (talk, _):
            await talk.send(zpl.getvar(zpl.LABEL_COUNTER), self._options.answer_timeout_s)
            answer = await talk.next(self._options.answer_timeout_s)
            return answer.count if isinstance(answer, zpl.Value) else None

    @asynccontextmanager
    async def _talk(self) -> AsyncIterator[tuple[_Talk, Link]]:
        """A connection to the right printer, in turn. `OSError` from it is `Unavailable`."""
        async with self._turn:
            link = self._link
            if link is None:
                raise Unavailable(UNREACHABLE)
            options = self._options
            async with called(_Talk, options.host, options.port, options.connect_timeout_s) as talk:
                try:
                    yield talk, link
                finally:
                    link.missed(patience.GARBAGE, talk.was_noisy)

    async def _poll(self, link: Link) -> None:
        async with self._talk() as (talk, _):
            await self._check_serial(talk)
            await self._look(talk, zpl.HOST_IDENTIFICATION + zpl.HOST_STATUS, link)

    async def _check_serial(self, talk: _Talk) -> None:
        """Raises `ConfigFault` for another printer; one that does not say stays unidentified."""
        wanted, timeout_s = self._options.serial, self._options.answer_timeout_s
        talk.identified = not wanted
        if talk.identified:
            return
        await talk.send(zpl.getvar(zpl.SERIAL_NUMBER), timeout_s)
        while (answer := await talk.next(timeout_s)) is not None:
            if isinstance(answer, zpl.Value):
                talk.knows_us = True
                if answer.text != wanted:
                    raise ConfigFault(f"the printer there is {answer.text!r}, not {wanted!r}")
                talk.identified = True
                return

    async def _look(
        self, talk: _Talk, questions: bytes, link: Link
    ) -> tuple[zpl.HostStatus | None, str]:
        """How the printer is, and what a person must see to (empty: it can print)."""
        status = await talk.status(questions, self._options.answer_timeout_s)
        # A silent printer gives only one sign of life: it still takes calls.
        link.alive()
        trouble = status.trouble if status else talk.silence()
        if not trouble and not talk.identified:
            trouble = UNIDENTIFIED
        link.degraded(trouble)
        return status, trouble

    async def _make_ready(self, talk: _Talk, link: Link) -> None:
        """Raises `NeedsHuman` or `Unavailable` unless this printer can take a job now."""
        try:
            await self._check_serial(talk)
        except ConfigFault as error:
            raise Unavailable(str(error)) from error  # the next poll makes a fault of it
        questions = zpl.getvar(zpl.LABEL_COUNTER) + zpl.HOST_STATUS
        status, trouble = await self._look(talk, questions, link)
        if status and status.partial_format and not trouble:
            # An interrupted sender left half a format; ours would be printed into it.
            questions = zpl.CANCEL_PARTIAL_FORMAT + zpl.HOST_STATUS
            status, trouble = await self._look(talk, questions, link)
            if status and status.partial_format:
                trouble = STUCK
                link.degraded(trouble)
        if trouble:
            raise NeedsHuman(trouble)
        if status and status.buffer_full:
            raise Unavailable(FULL)

    async def _one_label(self, talk: _Talk, job: str, tag: str, link: Link) -> str:
        """Wait for one more label of *job*, with *tag* in it ("" = none). Returns why it was not
        confirmed (empty: it was)."""
        read = ""
        until = link.clock() + self._options.label_timeout_s
        asked = False
        while link.clock() < until:
            answer = await talk.next(self._options.answer_timeout_s)
            if answer is None and asked:
                link.degraded(BLOCKED)
                return BLOCKED
            if answer is None:
                asked = True
                await talk.send(zpl.HOST_STATUS, self._options.answer_timeout_s)
                continue
            link.alive()
            if isinstance(answer, zpl.TagRead):
                read = answer.epc
            if isinstance(answer, zpl.Echo) and answer.job == job:
                if tag and read != tag:
                    return TAG_DIFFERS if read else TAG_UNREAD
                return ""
            if isinstance(answer, zpl.HostStatus):
                asked = False
                if answer.trouble:
                    link.degraded(answer.trouble)
                    return answer.trouble
        return "no confirmation in time"
