"""Robots' registers without a wire: the twin's PLC behind the port that its driver speaks to.

What a Modbus connection can do to a request happens here: it is refused, its answer is lost, it
arrives late, or the connection breaks.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from app.simulation.tally import CALM, Gusts, unheard
from devices.capabilities import Unavailable, Uncertain
from devices.drivers.grh1 import Options
from devices.drivers.registers import Refused, Registers
from devices.twins.grh1_plc import Plc
from devices.twins.modbus_wire import Illegal

SILENCE_S = 0.5
BUSY, ILLEGAL_ADDRESS = 6, 2  # Modbus exceptions
LATE_S = 0.4  # a request is up to so late
SCAN_S = 5.0  # a PLC that nobody asks goes on with its work this often


@dataclass(slots=True)
class Wire:
    """The way to one robot. All of it may be changed at any time. *hit* is told of each request to
    which something happened; `asked` counts them all."""

    plc: Plc
    random: Random
    hit: Callable[[str], None] = unheard
    gusts: Gusts = CALM
    asked: int = 0
    refused: bool = False
    silent: bool = False  # requests vanish
    lose_replies: int = 0  # so many writes are done and not answered
    late_writes: int = 0  # so many writes reach the robot long after they were given up
    answer_with: int = 0  # every request gets this Modbus exception
    life: int = 0  # grows when every connection breaks
    broken: bool = False  # ... because of the wire, not because whoever asks is gone


@dataclass(slots=True)
class Wires:
    """All robots by the port in their configuration."""

    wires: dict[int, Wire] = field(default_factory=dict)

    def connect(self, options: Options) -> Registers:
        """What the driver uses in the place of Modbus TCP."""
        return _Connection(self.wires[options.port])


class _Connection:
    """One connection: once anything went wrong on it, it is closed for good."""

    def __init__(self, wire: Wire) -> None:
        self._wire, self._life, self._open = wire, wire.life, False

    async def connect(self) -> None:
        await asyncio.sleep(0)
        if self._wire.refused:
            self._wire.hit("robot: connections refused")
            raise Unavailable("device.unreachable")
        self._open, self._life = True, self._wire.life

    async def read(self, address: int, count: int) -> list[int]:
        await self._ask(Unavailable)
        self._scan()
        try:
            return self._wire.plc.read(address, count)
        except Illegal as error:
            raise Refused(error.code) from error

    async def write(self, address: int, values: Sequence[int]) -> None:
        wire = self._wire
        await self._ask(Uncertain)
        if wire.late_writes:
            wire.late_writes -= 1
            wire.hit("robot: late write")
            loop = asyncio.get_running_loop()
            loop.call_later(4 * SILENCE_S, wire.plc.write, address, list(values))
            await self._hang(Uncertain)
        try:
            wire.plc.write(address, list(values))
        except Illegal as error:
            raise Refused(error.code) from error
        self._scan()
        if wire.lose_replies:
            wire.lose_replies -= 1
            wire.hit("robot: reply lost")
            await self._hang(Uncertain)

    def close(self) -> None:
        self._open = False

    def _scan(self) -> None:
        self._wire.plc.scan(asyncio.get_running_loop().time())

    async def _ask(self, doubt: type[Unavailable] | type[Uncertain]) -> None:
        """A request on its way."""
        if not self._open:
            raise Unavailable("the connection is closed")
        wire = self._wire
        wire.asked += 1
        await asyncio.sleep(self._late_s())
        if self._life != wire.life:
            if wire.broken:
                wire.broken = False
                wire.hit("robot: links broken")
            self._open = False
            raise doubt("device.unreachable")
        if wire.silent:
            wire.hit("robot: silent")
            await self._hang(doubt)
        if wire.answer_with:
            wire.hit(
                "robot: answers busy" if wire.answer_with == BUSY else "robot: illegal address"
            )
            raise Refused(wire.answer_with)

    def _late_s(self) -> float:
        wire = self._wire
        if not wire.gusts.late or wire.random.random() * 100 >= wire.gusts.late:
            return 0.0
        wire.hit("robot: message late")
        return wire.random.uniform(0.0, LATE_S)

    async def _hang(self, doubt: type[Unavailable] | type[Uncertain]) -> None:
        await asyncio.sleep(SILENCE_S)
        self._open = False
        raise doubt("device.unreachable")
