"""Scanners and RFID readers of benches without a port: twins at the seams of their drivers.

A pseudo-terminal hands bytes on when the kernel finds time, and `sllurp` lives in threads: with
either the same seed would not be the same shift. So a scanner's bytes come from memory into the
driver's own reading, and a reader says what lies in front of it without LLRP on the way; how the
driver reads that is shown elsewhere, against its twin on a socket.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from app.demo.terminals import BenchTerminal
from app.simulation.tally import unheard
from devices.capabilities import Link, Unavailable
from devices.drivers.serial_scanner import UNREACHABLE, Options
from devices.twins.llrp_field import Field
from devices.twins.scanner import ScannerTwin
from wms.rooms.prompts import Prompt
from wms.rooms.signals import TagSeen

READ_S = 4.0  # a reader tells what it sees so often, while there is something
GARBAGE = b"\xff\xfe\x00\x13\r"
CUT = b"]C1"  # and no end of line
LONG = b"9" * 3_000 + b"\r"
STRAY = ("30340789000c0ac00000ffff", -60)  # a carton on the next bench
READ_IT_S = 3.0  # until somebody has seen what the screen says to a strange scan


class CabledScanner(ScannerTwin):
    """A scanner whose line ends in this process. `plugged_in` grows each time it is plugged in."""

    def __init__(self, name: str) -> None:
        super().__init__(Path(name))
        self.name, self.plugged_in, self.is_plugged = name, 0, False
        self.waiting = bytearray()
        self.heard = asyncio.Event()

    def plug(self) -> None:
        if not self.is_plugged:
            self.is_plugged = True
            self.plugged_in += 1

    def unplug(self) -> None:
        self.is_plugged = False
        self.waiting.clear()
        self.heard.set()

    async def send(self, data: bytes) -> None:
        if self.is_plugged:
            self.waiting += data
            self.heard.set()


class ScannerLine:
    """The other end: what the driver has for a serial port."""

    def __init__(self, twin: CabledScanner) -> None:
        if not twin.is_plugged:
            raise Unavailable(UNREACHABLE)
        self._twin, self._mine = twin, twin.plugged_in
        twin.waiting.clear()  # nobody had the port open

    async def is_readable(self, within_s: float) -> bool:
        twin = self._twin
        if not twin.waiting:
            twin.heard.clear()
            try:
                async with asyncio.timeout(within_s):
                    await twin.heard.wait()
            except TimeoutError:
                return False
        return True

    def read(self) -> bytes:
        self.look()
        data = bytes(self._twin.waiting)
        self._twin.waiting.clear()
        return data

    def look(self) -> None:
        if not self._twin.is_plugged or self._twin.plugged_in != self._mine:
            raise Unavailable(UNREACHABLE)

    def close(self) -> None:
        """There is nothing to be given back."""


@dataclass(slots=True)
class Scanners:
    """All scanners by the port in their configuration."""

    twins: dict[str, CabledScanner] = field(default_factory=dict)

    def open_line(self, options: Options) -> ScannerLine:
        """What the driver uses in the place of a serial port."""
        return ScannerLine(self.twins[options.port])


@dataclass(slots=True)
class NoisyTerminal(BenchTerminal):
    """A packer's bench whose scanner says other things, too: garbage, half a code, too much of it.

    `noise` is the share of scans, in percent, before which it does.
    """

    random: Random = field(default_factory=lambda: Random(0))  # noqa: S311 - no secret
    hit: Callable[[str], None] = unheard
    noise: float = 0.0

    async def scan(self, text: str) -> Prompt:
        """Pull the trigger, once the screen is clear of what was read before."""
        if self.noise and self.plugged() and self.random.random() * 100 < self.noise:
            await self._something_else(text)
            await asyncio.sleep(READ_IT_S)
            while (await self.http.prompt()).locked:
                await self.http.command("ok")
        return await super(NoisyTerminal, self).scan(text)

    async def twice(self, text: str) -> Prompt:
        """The trigger bounces."""
        if self.noise:
            self.hit("scanner: bouncing trigger")
        return await super(NoisyTerminal, self).twice(text)

    async def _something_else(self, text: str) -> None:
        kinds = {
            "garbage": GARBAGE, "half a code": CUT, "no end of it": LONG,
            "glued codes": (text + text).encode() + self.scanner.suffix,
        }  # fmt: skip
        kind = self.random.choice(sorted(kinds))
        self.hit(f"scanner: {kind}")
        await self.scanner.send(kinds[kind])


@dataclass(slots=True)
class Reader:
    """An RFID reader and what lies in front of it. While `away`, nobody can reach it; while `deaf`,
    it answers and reads nothing; `stray` reads a tag of the neighbour's, too. Each is counted when
    it mattered.
    """

    air: Field = field(default_factory=Field)
    away: bool = False
    deaf: bool = False
    stray: bool = False
    refused: int = 0
    missed: int = 0
    strayed: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def read(self) -> list[tuple[str, int]]:
        """EPC and strength of each tag that it reads now."""
        tags = [(tag.epc.hex(), tag.rssi) for tag in self.air.tags]
        if self.deaf:
            self.missed += len(tags)
            return []
        if self.stray and tags:
            self.strayed += 1
            tags.append(STRAY)
        return tags

    def show(self, epcs: list[str]) -> None:
        """Put these tags in front of it, and take away what was there."""
        for epc in self.air.epcs():
            self.air.remove(epc)
        for epc in epcs:
            self.air.place(epc, 1)
        self.changed.set()


class FieldReader:
    """A driver that emits `TagSeen` for what lies in front of *reader*, over and over."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._link: Link | None = None

    async def open(self, link: Link) -> None:
        """Raises `Unavailable`."""
        if self._reader.away:
            self._reader.refused += 1
            raise Unavailable(UNREACHABLE)
        self._link = link
        link.alive()

    async def run(self) -> None:
        """Until it is away."""
        link, reader = self._link, self._reader
        assert link is not None
        while not reader.away:
            link.alive()
            for epc, rssi in reader.read():
                link.emit(TagSeen(link.device, epc, 1, rssi, 1))
            reader.changed.clear()
            if not reader.air.tags:
                await self._until_changed()
            else:
                await asyncio.sleep(READ_S)
        reader.refused += 1
        raise Unavailable(UNREACHABLE)

    async def _until_changed(self) -> None:
        try:
            async with asyncio.timeout(30 * READ_S):
                await self._reader.changed.wait()
        except TimeoutError:
            return

    async def close(self) -> None:
        """Nothing is held open."""
        self._link = None
