"""What can go wrong in a simulated shift: a menu of named faults, each counted, from one seed.

A fault strikes at a moment of chance and is over after a while; the floor has to cope with it while
it lasts, and to be whole when all are over. The name of a fault says where it strikes and what it
does. The deaths of the server are further faults, named by the point at which they strike.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from app.demo.oms import Oms
from app.simulation.doors import Radio
from app.simulation.hardware import Hardware
from app.simulation.network import Cable, Network
from app.simulation.robots import Wire
from app.simulation.server import Server
from devices.twins import grh1_memory as m
from devices.twins.grh1_plc import Plc
from devices.twins.printer import PrinterTwin
from devices.twins.scale import ScaleTwin

Fault = Callable[[], Awaitable[None]]
HOUR_MS = 3_600_000
LASTS_S = (0.5, 400.0)  # how long a fault lasts


@dataclass(slots=True)
class Storm:
    """Faults at moments of chance. `every_s` lies between two, on average."""

    random: Random
    server: Server
    hardware: Hardware
    network: Network
    radio: Radio
    oms: Oms
    every_s: float
    struck: Counter[str] = field(default_factory=Counter)

    async def blow(self) -> None:
        """Until cancelled; what has begun is over before it ends."""
        if not self.every_s:
            return
        menu = sorted(self.menu().items())
        under_way: set[asyncio.Task[None]] = set()
        try:
            while True:
                await asyncio.sleep(self.random.expovariate(1 / self.every_s))
                name, fault = self.random.choice(menu)
                self.struck[name] += 1
                task = asyncio.ensure_future(fault())
                under_way.add(task)
                task.add_done_callback(under_way.discard)
        finally:
            if under_way:
                await asyncio.shield(asyncio.gather(*under_way))

    def menu(self) -> dict[str, Fault]:
        """Every fault by its name."""
        found: dict[str, Fault] = {
            "server: killed": self._kill,
            "server: clock an hour ahead": partial(self._clock, HOUR_MS),
            "server: clock an hour behind": partial(self._clock, -HOUR_MS),
            "radio: out of reach": partial(self._while, self.radio, away=True),
            "radio: one in five lost": partial(self._while, self.radio, lost_percent=20.0),
            "shops: every second answer fails": partial(self._while, self.oms, fails_percent=25.0),
        }  # fmt: skip
        for point in ("begun", "written", "committed"):
            found[f"server: killed when {point}"] = partial(self._kill_at, point)
        found |= self._cables("shops", self.oms.port)
        for printer in self.hardware.printers.values():
            found |= self._cables("printer", printer.port) | self._printer(printer)
        for scale in self.hardware.scales.values():
            found |= self._cables("scale", scale.port) | self._scale(scale)
        for wire in self.hardware.wires.wires.values():
            found |= self._robot(wire)
        return found

    def _cables(self, where: str, port: int) -> dict[str, Fault]:
        cable = self.network.cable(port)
        return {
            f"{where}: connections refused": partial(self._while, cable, refused=True),
            f"{where}: cable stalled": partial(self._while, cable, stalled=True),
            f"{where}: cable slow": partial(self._while, cable, latency_s=0.8),
            f"{where}: byte by byte": partial(self._while, cable, portion_bytes=1),
            f"{where}: cut in a message": partial(self._cut, cable),
            f"{where}: connections reset": partial(self._reset, port),
        }

    def _printer(self, twin: PrinterTwin) -> dict[str, Fault]:
        return {
            "printer: paper out": partial(self._call, twin.paper_out),
            "printer: paper out in a job": partial(self._call, twin.paper_out, 1),
            "printer: head open": partial(self._call, twin.open_head),
            "printer: paused": partial(self._between, twin.pause, twin.resume),
            "printer: power cycle": partial(self._call, twin.power_cycle),
            "printer: mute": partial(self._while, twin, mute=True),
            "printer: garbage": partial(self._while, twin, garbage=True),
            "printer: answer cut": partial(self._while, twin, cut_next_answer=True),
            "printer: slow answers": partial(self._while, twin, answer_delay_s=1.5),
            "printer: format cut": partial(self._while, twin, cut_after_bytes=200),
        }  # fmt: skip

    def _scale(self, twin: ScaleTwin) -> dict[str, Fault]:
        return {
            "scale: unstable": partial(self._call, twin.unstable, 20),
            "scale: pan lifted": partial(self._between, twin.underload, twin.put_pan_back),
            "scale: garbage": partial(self._while, twin, garbage=True),
            "scale: frozen": partial(self._while, twin, frozen=True),
            "scale: reply cut": partial(self._while, twin, cut_next_reply=True),
        }  # fmt: skip

    def _robot(self, wire: Wire) -> dict[str, Fault]:
        plc = wire.plc
        return {
            "robot: connections refused": partial(self._while, wire, refused=True),
            "robot: silent": partial(self._while, wire, silent=True),
            "robot: links broken": partial(self._break, wire),
            "robot: reply lost": partial(self._once, wire, "lose_replies"),
            "robot: late write": partial(self._once, wire, "late_writes"),
            "robot: answers busy": partial(self._while, wire, answer_with=6),
            "robot: illegal address": partial(self._while, wire, answer_with=2, most_s=30.0),
            "robot: frozen": partial(self._while, plc, frozen=True),
            "robot: torn reads": partial(self._once, plc, "torn_reads", 6),
            "robot: deaf to the floor": partial(self._while, plc, deaf_to_floor=True),
            "robot: boots": partial(self._boot, plc, False),
            "robot: boots with nothing remembered": partial(self._boot, plc, True),
            "robot: e-stop": partial(self._stop, plc),
            "robot: path blocked": partial(self._fail, plc, m.PATH_BLOCKED, "source"),
            "robot: path blocked with a load": partial(self._fail, plc, m.PATH_BLOCKED, "target"),
            "robot: target occupied": partial(self._fail, plc, m.TARGET_OCCUPIED, "target"),
            "robot: source empty": partial(self._fail, plc, m.SOURCE_EMPTY, "source"),
            "robot: stopped by hand": partial(self._fail, plc, m.MANUAL_STOP, "source"),
            "robot: low battery": partial(self._fail, plc, m.LOW_BATTERY, "target"),
        }  # fmt: skip

    # How a fault strikes.

    async def _while(self, thing: object, most_s: float = LASTS_S[1], **changed: Any) -> None:
        """Some of its settings are otherwise for a while."""
        before = {name: getattr(thing, name) for name in changed}
        for name, value in changed.items():
            setattr(thing, name, value)
        await self._some_time(most_s)
        for name, value in before.items():
            setattr(thing, name, value if value not in changed.values() else _off(value))

    async def _between(self, begin: Callable[[], None], end: Callable[[], None]) -> None:
        begin()
        await self._some_time()
        end()

    async def _call(self, strike: Callable[..., None], *arguments: object) -> None:
        """Somebody at the bench will see to it."""
        strike(*arguments)

    async def _once(self, thing: object, counter: str, times: int = 1) -> None:
        setattr(thing, counter, getattr(thing, counter) + times)

    async def _cut(self, cable: Cable) -> None:
        cable.cut_after_bytes = self.random.randrange(1, 400)

    async def _reset(self, port: int) -> None:
        self.network.reset(port)

    async def _break(self, wire: Wire) -> None:
        wire.life += 1

    async def _some_time(self, most_s: float = LASTS_S[1]) -> None:
        await asyncio.sleep(self.random.uniform(LASTS_S[0], most_s))

    # The server.

    async def _kill(self) -> None:
        self.server.kill()
        await self._boot_server()

    async def _kill_at(self, when: str) -> None:
        """At a point of that kind, some commands from now."""
        left = self.random.randrange(40)

        def strike(point: str) -> bool:
            nonlocal left
            if not point.endswith(when):
                return False
            left -= 1
            if left >= 0:
                return False
            self.struck[f"killed at {point}"] += 1
            return True

        self.server.strike = strike
        await self.server.died.wait()
        self.server.strike = None
        await self._boot_server()

    async def _boot_server(self) -> None:
        """The service manager starts what has died."""
        await asyncio.sleep(self.random.uniform(0.0, 5.0))
        await self.server.start()

    async def _clock(self, by_ms: int) -> None:
        self.server.clock_off_ms += by_ms
        await self._some_time()
        self.server.clock_off_ms -= by_ms

    # Robots.

    async def _boot(self, plc: Plc, wiped: bool) -> None:
        plc.boot(wiped=wiped)

    async def _stop(self, plc: Plc) -> None:
        plc.stop_now()
        await self._some_time()
        plc.release()

    async def _fail(self, plc: Plc, error: int, leg: str) -> None:
        """The mission that comes meanwhile stops so."""
        plc.fail_next(error, leg)
        await self._some_time()
        plc.fail_next(0, leg)


def _off(value: object) -> object:
    """What a setting is when nothing is wrong."""
    return type(value)() if value is not None else None
