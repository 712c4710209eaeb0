"""A printer on raw TCP that is asked how it is: what drivers of SATO and Toshiba TEC share.

Options in `config.toml`:

    host              name or address of the printer
    port              9100
    poll_s            1.0   how often it is asked how it is
    connect_timeout_s 2.0
    answer_timeout_s  1.0   silence for this long means that a person is needed
    label_timeout_s   10.0  a job that does not go on within this time is uncertain

Each question and each job has its own short connection, and they take turns. A job is sent only to
a printer that has just said that it can print; it is confirmed when the printer took it and then,
on the same connection, says that nothing of it is left. Everything else, after the first byte, is
uncertain: never sent again unasked.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Protocol

import msgspec

from devices import options as device_options
from devices import patience
from devices.capabilities import Link, NeedsHuman, Printed, PrintUncertain, Unavailable
from devices.codecs.printer_state import Answer, State, Taken
from devices.drivers.printer_talk import FULL, UNREACHABLE, Answers, Talk, called

REFUSED = "printer.refused"
STILL_BUSY = "printer.still_busy"
LOOK_S = 0.05  # between questions while a job is printed


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module's docstring."""

    host: device_options.Text
    port: device_options.TcpPort = 9100
    poll_s: device_options.Seconds = 1.0
    connect_timeout_s: device_options.Seconds = 2.0
    answer_timeout_s: device_options.Seconds = 1.0
    label_timeout_s: device_options.Seconds = 10.0


class Language(Protocol):
    """The codec of one printer language (a module of `devices.codecs`)."""

    ASK: bytes

    def Answers(self) -> Answers[Answer]: ...

    def mark(self, job: str) -> str: ...

    def envelope(self, job: str, payload: bytes, copies: int) -> bytes: ...


class _Talk(Talk[Answer]):
    """One connection, in the language of the printer."""

    def __init__(
        self, language: Language, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        super().__init__(language.Answers(), reader, writer)
        self._language = language

    async def state(self, timeout_s: float) -> State | None:
        """How the printer is; None when it does not say."""
        await self.send(self._language.ASK, timeout_s)
        while (answer := await self.next(timeout_s)) is not None:
            if isinstance(answer, State):
                return answer
        return None


class AskingPrinter:
    """See the module's docstring. A `Driver` and a `LabelPrinter`; *language* is its codec."""

    def __init__(self, options: Mapping[str, Any], language: Language) -> None:
        self._options = device_options.read(options, Options)
        self._language = language
        self._turn = asyncio.Lock()
        self._link: Link | None = None

    async def open(self, link: Link) -> None:
        """Raises `Unavailable` without a connection."""
        self._link = link
        await self._poll()

    async def run(self) -> None:
        """Ask the printer how it is until it cannot be reached (`Unavailable`)."""
        while True:
            await asyncio.sleep(self._options.poll_s)
            await self._poll()

    async def close(self) -> None:
        """Connections are closed by those who opened them; no new one is opened."""
        self._link = None

    async def print_label(self, job: str, payload: bytes, copies: int) -> Printed:
        """Print *payload* *copies* times, and wait until the printer has nothing left of it.

        `Unavailable` or `NeedsHuman`: not one byte was sent. `PrintUncertain`: it was sent, and
        not all was confirmed. `ValueError`: *payload* or *copies* cannot be sent.
        """
        wire = self._language.envelope(job, payload, copies)
        async with self._talk() as (talk, link):
            state, trouble = await self._look(talk, link)
            if trouble:
                raise NeedsHuman(trouble)
            assert state is not None
            if state.full:
                raise Unavailable(FULL)
            if state.busy or state.job:
                raise Unavailable(STILL_BUSY)  # another job's end would be taken for ours
            left, why = copies, ""
            try:
                await talk.send(wire, self._options.label_timeout_s)
                left, why = await self._follow(talk, link, self._language.mark(job), copies)
            except OSError as error:
                why = str(error) or "the printer took too long"
            if why:
                raise PrintUncertain(why, confirmed=copies - left, copies=copies)
        return Printed.CONFIRMED

    async def _follow(self, talk: _Talk, link: Link, mark: str, copies: int) -> tuple[int, str]:
        """Ask until nothing is left of the job. Returns (labels left, why not: "" = all out)."""
        left, seen = copies, False
        until = link.clock() + self._options.label_timeout_s
        await talk.send(self._language.ASK, self._options.answer_timeout_s)
        while link.clock() < until:
            answer = await talk.next(self._options.answer_timeout_s)
            if answer is None:
                link.degraded(talk.silence())
                return left, talk.silence()
            link.alive()
            if isinstance(answer, Taken):
                if not answer.well:
                    return left, REFUSED
                seen = True
                continue
            if answer.trouble:
                link.degraded(answer.trouble)
                return min(left, answer.left or left), answer.trouble
            if answer.finished or (seen and not answer.busy and not answer.job):
                return 0, ""
            if answer.busy and answer.job in ("", mark):
                seen = True
                if 0 < answer.left < left:
                    left, until = answer.left, link.clock() + self._options.label_timeout_s
            await asyncio.sleep(LOOK_S)
            await talk.send(self._language.ASK, self._options.answer_timeout_s)
        return left, "no confirmation in time"

    async def _poll(self) -> None:
        async with self._talk() as (talk, link):
            await self._look(talk, link)

    async def _look(self, talk: _Talk, link: Link) -> tuple[State | None, str]:
        """How the printer is, and what a person must see to (empty: it can print)."""
        state = await talk.state(self._options.answer_timeout_s)
        link.alive()  # a silent printer gives only one sign of life: it still takes calls
        trouble = state.trouble if state else talk.silence()
        link.degraded(trouble)
        return state, trouble

    @asynccontextmanager
    async def _talk(self) -> AsyncIterator[tuple[_Talk, Link]]:
        """A connection, in turn. `OSError` from it is `Unavailable`."""
        async with self._turn:
            link = self._link
            if link is None:
                raise Unavailable(UNREACHABLE)
            options = self._options
            talk_on = partial(_Talk, self._language)
            async with called(
                talk_on, options.host, options.port, options.connect_timeout_s
            ) as talk:
                try:
                    yield talk, link
                finally:
                    link.missed(patience.GARBAGE, talk.was_noisy)
