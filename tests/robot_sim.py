"""The same site on a virtual clock, without sockets: a seed gives the same story every time.

The robots' PLCs are the twins' own; only the wire between is made here, with its own troubles.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, NoReturn, TypeVar

from devices.capabilities import Driver, DriverFactory, Unavailable, Uncertain
from devices.drivers.grh1 import Grh1Robot
from devices.drivers.registers import Refused
from devices.robots import Settings
from devices.twins.grh1 import Grh1Twin, Pace
from devices.twins.modbus_wire import Bank, Illegal, ModbusServer
from tests.robot_site import PARKING, Site

Result = TypeVar("Result")
TIMEOUT_S = 0.5
EASY = Pace(travel_s=0.4, hand_off_s=0.2)
CALM = Settings(poll_s=0.25, answer_s=0.5, patience_s=5.0, stuck_s=600, rest_s=1.0, show_s=60.0)


class Air(ModbusServer):
    """A server without a socket: `Wire` asks it what becomes of a request."""

    def __init__(self, bank: Bank) -> None:
        super().__init__(bank)
        self.bank, self.is_on, self.generation = bank, False, 0

    async def listen(self, host: str = "", port: int = 0) -> None:
        self.is_on = True

    def shut(self) -> None:
        self.is_on = False
        self.hang_up()
        for late in self._late:
            late.cancel()
        self._late.clear()

    def hang_up(self) -> None:
        self.generation += 1

    def half_a_message(self) -> None:
        self.hang_up()

    def later(self, delay_s: float, happen: Callable[[], object]) -> None:
        """It happens so much later, whoever hung up meanwhile; not when the power went off."""
        self._late.add(asyncio.get_running_loop().call_later(delay_s, happen))


class Wire:
    """`Registers` through the air. Every request takes some milliseconds of the virtual clock."""

    def __init__(self, air: Air, chance: Random) -> None:
        self._air, self._chance = air, chance
        self._generation = -1
        self._turn = asyncio.Lock()

    async def connect(self) -> None:
        if not self._air.is_on:
            raise Unavailable("off")
        self._generation = self._air.generation

    async def read(self, address: int, count: int) -> list[int]:
        return await self._ask(lambda: self._air.bank.read(address, count), Unavailable)

    async def write(self, address: int, values: Sequence[int]) -> None:
        def carry_out() -> None:
            self._air.bank.write(address, values)

        if self._air.late_writes_s is not None and not self._air.silent:
            self._air.later(self._air.late_writes_s, carry_out)
            await self._nothing(Uncertain)
        await self._ask(carry_out, Uncertain)

    def close(self) -> None:
        self._generation = -1

    async def _ask(
        self, carry_out: Callable[[], Result], doubt: type[Unavailable] | type[Uncertain]
    ) -> Result:
        async with self._turn:
            if not self._is_open:
                raise Unavailable("closed")
            await asyncio.sleep(self._chance.uniform(0.001, 0.01))
            if not self._is_open or self._air.silent:
                await self._nothing(doubt)
            try:
                result = carry_out()
            except Illegal as error:
                raise Refused(error.code) from error
            await asyncio.sleep(self._chance.uniform(0.001, 0.01))
            is_lost = self._air.lose_replies > 0
            self._air.lose_replies -= is_lost
            if is_lost or not self._is_open or self._air.delay_s > TIMEOUT_S:
                await self._nothing(doubt)
            await asyncio.sleep(self._air.delay_s)
            return result

    @property
    def _is_open(self) -> bool:
        return self._air.is_on and self._generation == self._air.generation

    async def _nothing(self, doubt: type[Unavailable] | type[Uncertain]) -> NoReturn:
        """No reply comes: the connection is given up."""
        await asyncio.sleep(TIMEOUT_S)
        self.close()
        raise doubt("no reply in time")


@dataclass
class SimulatedSite(Site):
    """To be made inside the virtual loop."""

    settings: Settings = CALM
    pace: Pace = EASY

    async def __aenter__(self) -> "SimulatedSite":
        self.clock = asyncio.get_running_loop().time
        for number, name in enumerate(self.names):
            twin = Grh1Twin(
                stations=(PARKING, *range(1, 2 * self.totes + 1)), clock=self.clock,
                world=self.world, pace=self.pace, scan_s=0.05, remembers=self.remembers,
            )  # fmt: skip
            twin.server = Air(twin.plc)
            twin.server.port = number + 1  # by which the driver's options tell the robots apart
            self.twins[name] = twin
            await twin.start()
        return self

    def load(self, name: str) -> DriverFactory:
        """The real driver on a wire of air. Its options keep their defaults."""
        airs = {twin.port: twin.server for twin in self.twins.values()}

        def make(options: Mapping[str, Any]) -> Driver:
            air = airs[options["port"]]
            assert isinstance(air, Air)
            wire = Wire(air, Random(f"{self.seed}:{self.lives}:{air.port}"))
            calm = {"host": "air", "port": air.port}
            return Grh1Robot(calm, lambda _options: wire)

        return make
