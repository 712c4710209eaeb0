"""What can go wrong in a simulated shift: a menu of named faults, each counted, from one seed.

A fault sets in at a moment of chance and is over after a while; the floor has to cope with it
while it lasts, and to be whole when all are over. The name of a fault says where it strikes and
what it does. Besides, gusts take single messages while the storm blows. What a fault really changed
is counted (`app.simulation.tally`); where the server dies is a count of its own, by the point.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any

from app.demo.oms import Oms
from app.simulation import doors, faults_devices, faults_machine
from app.simulation.benches import NoisyTerminal
from app.simulation.doors import Radio
from app.simulation.faults_cables import of_cable
from app.simulation.hardware import Hardware
from app.simulation.network import Network
from app.simulation.server import Server
from app.simulation.strangers import Strangers
from app.simulation.tally import CALM, LASTS_S, SELDOM_S, Gusts, Tally

Fault = Callable[[str], Coroutine[Any, Any, None]]  # is given its own name
Seen = Callable[[], int]
CABLES, WIRES = Gusts(late=1.0, in_pieces=1.0), Gusts(late=1.0)
NOISE_PERCENT = 8.0
SHOPS_S = 900.0  # they hear little, and must not be away for as long as their feed tries


@dataclass(slots=True)
class Settings:
    """What faults that last have changed; several may want the same setting otherwise at a time."""

    # Of each setting: what it is when nothing is wrong, then what those want that are not over.
    _wanted: dict[tuple[int, str], list[Any]] = field(default_factory=dict)

    def change(self, thing: object, setting: str, value: object) -> None:
        """A fault begins."""
        wanted = self._wanted.setdefault((id(thing), setting), [getattr(thing, setting)])
        wanted.append(value)
        setattr(thing, setting, value)

    def give_back(self, thing: object, setting: str, value: object) -> None:
        """It is over: the setting is as it was, or as another fault that still lasts wants it."""
        wanted = self._wanted[id(thing), setting]
        del wanted[wanted.index(value, 1)]
        setattr(thing, setting, wanted[-1])


@dataclass(slots=True)
class Storm:
    """Faults at moments of chance. `every_s` lies between two, on average; 0: none at all."""

    random: Random
    server: Server
    hardware: Hardware
    network: Network
    radios: tuple[Radio, ...]  # of terminals, and of the shops
    oms: Oms
    every_s: float
    tally: Tally
    benches: list[NoisyTerminal] = field(default_factory=list)
    deaths: Counter[str] = field(default_factory=Counter)  # of the server, by the point
    wrong: list[str] = field(default_factory=list)  # what a fault brought to light by itself
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        hit = self.tally.hit
        self.network.hit = hit
        for radio in self.radios:
            radio.hit = hit
        for wire in self.hardware.wires.wires.values():
            wire.hit = hit
        faults_devices.name_cables(self.hardware, self.network)
        self.network.cable(self.oms.port).where = "shops"

    async def blow(self) -> None:
        """Until cancelled; what has begun is over before it ends."""
        if not self.every_s:
            return
        menu = sorted(self.menu().items())
        under_way: set[asyncio.Task[None]] = set()
        self._gust(CABLES, WIRES, doors.STORM, NOISE_PERCENT)
        try:
            while True:
                await asyncio.sleep(self.random.expovariate(1 / self.every_s))
                name, fault = self.random.choice(menu)
                self.tally.begin(name)
                task = asyncio.ensure_future(fault(name))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
                task.add_done_callback(self._note)
        finally:
            self._gust(CALM, CALM, CALM, 0.0)
            if under_way:
                await asyncio.shield(asyncio.gather(*under_way, return_exceptions=True))

    def _note(self, fault: asyncio.Task[None]) -> None:
        if not fault.cancelled() and (error := fault.exception()) is not None:
            self.wrong.append(f"a fault broke: {error!r}")

    def _gust(self, cables: Gusts, wires: Gusts, radio: Gusts, noise: float) -> None:
        self.network.gusts = cables
        for wire in self.hardware.wires.wires.values():
            wire.gusts = wires
        for way in self.radios:
            way.gusts = radio
        for bench in self.benches:
            bench.noise = noise

    def menu(self) -> dict[str, Fault]:
        """Every fault by its name, as far as this site has what it strikes."""
        found: dict[str, Fault] = {"server: killed": self._kill}
        for point in ("begun", "written", "committed"):
            found[f"server: killed when {point}"] = self._kill_at(point)
        for radio in self.radios:
            found[f"{radio.name}: out of reach"] = self.lasting(radio, away=True)
            seldom_s = SELDOM_S if radio.name == "api" else LASTS_S[1]
            found[f"{radio.name}: {doors.MANY_LOST}"] = self.lasting(
                radio, most_s=seldom_s, lost_percent=20.0
            )
        return found | self._shops() | faults_devices.menu(self) | faults_machine.menu(self)

    def _shops(self) -> dict[str, Fault]:
        oms = self.oms
        strangers = Strangers(oms, self.random, self.tally.hit, self.wrong)
        found = {
            f"shops: every webhook is answered {status}": self.lasting(
                oms, lambda: oms.failures, SHOPS_S, answer_with=status
            )
            for status in (302, 429, 503)
        }
        found["shops: half of the webhooks fail"] = self.lasting(
            oms, lambda: oms.failures, SHOPS_S, fails_percent=25.0
        )
        found |= of_cable(self, "shops", oms.port)
        return found | {f"shops: {name}": ask for name, ask in strangers.menu().items()}

    # How a fault strikes.

    def lasting(
        self, thing: object, seen: Seen | None = None, most_s: float = LASTS_S[1], **changed: Any
    ) -> Fault:
        """Some settings of *thing* are otherwise for a while. It counts when *seen* has changed;
        without that *thing* counts by itself."""

        async def strike(name: str) -> None:
            looked = seen() if seen else 0
            for one, value in changed.items():
                self.settings.change(thing, one, value)
            await self.some_time(most_s)
            for one, value in changed.items():
                self.settings.give_back(thing, one, value)
            if seen and seen() != looked:
                self.tally.hit(name)

        return strike

    def between(self, begin: Callable[[], None], end: Callable[[], None], seen: Seen) -> Fault:
        """Something is done, and undone after a while."""

        async def strike(name: str) -> None:
            looked = seen()
            begin()
            await self.some_time()
            end()
            if seen() != looked:
                self.tally.hit(name)

        return strike

    def once(
        self, strike_it: Callable[[], object], struck: Callable[[], object] | None = None
    ) -> Fault:
        """It happens once, and somebody will see to it. It counts at once, or if *struck* holds
        after a while."""

        async def strike(name: str) -> None:
            strike_it()
            if struck is not None:
                await self.some_time(SELDOM_S)
            if struck is None or struck():
                self.tally.hit(name)

        return strike

    async def some_time(self, most_s: float = LASTS_S[1]) -> None:
        """As long as a fault lasts."""
        await asyncio.sleep(self.random.uniform(LASTS_S[0], most_s))

    # The server.

    async def _kill(self, name: str) -> None:
        if self.server.life is not None:
            self.tally.hit(name)
        self.server.kill()
        await self.boot_server()

    def _kill_at(self, when: str) -> Fault:
        """At a point of that kind, some commands from now."""

        async def kill(name: str) -> None:
            left = self.random.randrange(40)

            def strike(point: str) -> bool:
                nonlocal left
                if not point.endswith(when):
                    return False
                left -= 1
                if left >= 0:
                    return False
                self.deaths[point] += 1
                self.tally.hit(name)
                return True

            self.server.strike = strike
            await self.server.died.wait()
            self.server.strike = None
            await self.boot_server()

        return kill

    async def boot_server(self) -> None:
        """The service manager starts what has died."""
        await asyncio.sleep(self.random.uniform(0.0, 5.0))
        await self.server.start()
