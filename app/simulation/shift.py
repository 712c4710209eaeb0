"""One shift of a whole site on a virtual clock: people, robots, devices, shops and the floor.

The world is the demo's; the server is the product's own workers, doors and drivers on a real SQLite
book. What differs is the clock, which is a number, and the wires, which are in memory.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from app.demo import special
from app.demo.behaviours import BEHAVIOURS
from app.demo.bots import Bench, Bot, Wall, told
from app.demo.flows import Flows
from app.demo.oms import Oms
from app.demo.physical import World
from app.demo.shift import Dose
from app.demo.site import Site, Worker
from app.demo.tally import busy, tally_of
from app.demo.terminals import HttpTerminal
from app.demo.trouble import Trouble
from app.simulation import flows as flows_of
from app.simulation.benches import NoisyTerminal
from app.simulation.doors import Radio
from app.simulation.faults import Storm
from app.simulation.gear import Gear, drawn
from app.simulation.hardware import Hardware
from app.simulation.server import Server

SHIFT_S = 8 * 3600.0
FAULTS_EVERY_S = 120.0
ORDERS_UNTIL = 0.75  # of the shift: nothing is ordered, and nothing goes wrong, in its last part
LATE_S = 4 * 3600.0  # so long after the shift everything must have come to its end
PACE_S = 6.0  # what one motion takes
WAIT_S, WAIT_S_MAX = 60.0, 900.0
AGAIN_S = 2.0  # a terminal or a shop that got no answer asks again
CABLE_WAIT_S = 900.0  # somebody waits so long for what the scanner read before reading it by hand
LOOK_S = 60.0
REPORT_S = 600.0

Progress = Callable[[float, int], None]


def silent(_seconds: float, _faults: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a shift is made of. `faults_every_s` lies between two faults on average; 0: none.
    `shift_s` is how long it lasts; `parts` are flows besides the orders (`flows.PARTS`); `gear`
    says which devices it has."""

    seed: int
    orders: int = 15
    benches: int = 1
    robots: int = 1
    pickers: int = 1
    faults_every_s: float = FAULTS_EVERY_S
    shift_s: float = SHIFT_S
    parts: tuple[str, ...] = ()
    gear: Gear = field(default_factory=Gear)

    @property
    def dose(self) -> Dose | None:
        """How much of those flows there is."""
        return flows_of.dose_of(self.parts) if self.parts else None

    @property
    def replay(self) -> str:
        """The command that lives through this shift again, if its parts and devices are its
        seed's."""
        faults = " --faults" if self.faults_every_s else ""
        return f"genba simulate --seeds {self.seed} --orders {self.orders}{faults}"


def of_seed(seed: int, *, orders: int, faults: bool) -> Plan:
    """The shift that `genba simulate` lives through: the flows and the devices are the seed's."""
    every_s = FAULTS_EVERY_S if faults else 0.0
    return Plan(seed, orders, faults_every_s=every_s, parts=flows_of.drawn(seed), gear=drawn(seed))


@dataclass(slots=True)
class Shift:
    """Everything that lives in one simulated shift."""

    plan: Plan
    made: Site
    world: World
    hardware: Hardware
    server: Server
    radio: Radio
    oms: Oms
    trouble: Trouble
    storm: Storm
    flows: Flows | None = None
    bots: list[Bot] = field(default_factory=list)
    began_s: float = 0.0
    progress: Progress = silent

    async def live(self, bodies: list[dict[str, Any]]) -> None:
        """From the first order to the last truck, and all is switched off."""
        self.began_s = asyncio.get_running_loop().time()
        await self.server.start()
        client = httpx2.AsyncClient(base_url="http://floor", transport=self.radio)
        self.bots = [self._bot(worker, client) for worker in self._crew()]
        self.storm.benches = [
            bot.terminal for bot in self.bots if isinstance(bot.terminal, NoisyTerminal)
        ]
        try:
            await self._work(bodies)
        finally:
            await self.server.stop()
            await self.hardware.stop()
            self.server.network.reset_all()
            await asyncio.sleep(LOOK_S)

    async def _work(self, bodies: list[dict[str, Any]]) -> None:
        every_s = self.plan.shift_s * ORDERS_UNTIL / len(bodies)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(bot.work(), name=bot.worker.terminal) for bot in self.bots]
            tasks += [
                group.create_task(work)
                for work in (self.hardware.keep_working(), self._watch(), self._report())
            ]
            if self.flows is not None:
                tasks.append(group.create_task(self.flows.run()))
            storm = group.create_task(self.storm.blow())
            await self.oms.post_all(bodies, every_s=every_s)
            storm.cancel()
            await asyncio.wait({storm})
            await self._until_over()
            for task in tasks:
                task.cancel()

    async def _watch(self) -> None:
        """A server with a bug ends the shift."""
        await self.server.failed.wait()
        assert self.server.bug is not None
        raise self.server.bug

    async def _report(self) -> None:
        """Tell whoever watches how far it is."""
        while True:
            await asyncio.sleep(REPORT_S)
            at_s = asyncio.get_running_loop().time() - self.began_s
            self.progress(at_s, sum(self.storm.tally.struck.values()))

    async def _until_over(self) -> None:
        clock = asyncio.get_running_loop().time
        end_s = self.began_s + self.plan.shift_s
        while clock() < end_s + LATE_S:
            states = self.states()
            self.trouble.closing = all(states.values())
            over = set(states.values()) <= {"shipped", "short", "cancelled"}
            if over and clock() >= end_s and not self.busy():
                return
            await asyncio.sleep(LOOK_S)

    def busy(self) -> list[str]:
        """What is not done yet, besides the orders. No more boxes come back than were sent."""
        if self.flows is not None and not self.flows.sent_back:
            states = self.states()
            if set(states.values()) <= {"shipped", "short", "cancelled"}:
                gone = sum(state == "shipped" for state in states.values())
                self.flows.returning = min(self.flows.returning, gone)
        bots = {bot.worker.terminal: bot for bot in self.bots}
        return busy(self.flows, self.world, bots)

    def states(self) -> dict[str, str]:
        """What the shops heard last of each order that matters here; "" for nothing."""
        found = {}
        cancelled = self.flows.cancelled if self.flows is not None else ()
        for name in self.oms.posted:
            kinds = [kind for kind, _ in self.oms.heard.get(name, ())]
            news = [kind for kind in ("shipped", "packed") if f"order.{kind}" in kinds]
            short = ["short"] if kinds[-1:] == ["order.short"] else []
            given_up = ["cancelled"] if name in cancelled else []
            found[name] = [*given_up, *news[:1], *short, ""][0]
        return found

    def screens(self) -> list[str]:
        """Who sees what."""
        return [f"{bot.worker.terminal} {bot.worker.role}: {told(bot.seen)}" for bot in self.bots]

    def _crew(self) -> list[Worker]:
        """So many of each trade."""
        wanted = {"pick": self.plan.pickers, "pack": self.plan.benches, "ship": 1, "task": 1}
        for role, *_ in self.plan.dose.posts if self.plan.dose else ():
            wanted[role] = wanted.get(role, 0) + 1
        crew = []
        for worker in self.made.workers:
            if wanted.get(worker.role, 0) > 0:
                wanted[worker.role] -= 1
                crew.append(worker)
        return crew

    def _bot(self, worker: Worker, client: httpx2.AsyncClient) -> Bot:
        terminal = HttpTerminal(worker, client, retry_s=AGAIN_S)
        bot = Bot(
            worker, terminal, self.world, self.trouble, PACE_S, BEHAVIOURS,
            wait_s=WAIT_S, wait_s_max=WAIT_S_MAX,
        )  # fmt: skip
        bot.paused.set()
        if worker.role == "pack":
            self._stand_at_bench(bot, terminal)
        if worker.role == "sort":
            bot.wall = Wall(special.WALL, special.WALL_SLOTS, self.hardware.shines)
        return bot

    def _stand_at_bench(self, bot: Bot, terminal: HttpTerminal) -> None:
        number, hardware = bot.worker.station.rpartition("-")[2], self.hardware
        scale, printer = hardware.scales[f"scale-{number}"], f"label-{number}"
        scanner = hardware.scanners[f"scanner-{number}"]
        bot.terminal = NoisyTerminal(
            terminal, scanner, self.trouble, lambda: scanner.is_plugged, CABLE_WAIT_S, 1.5,
            random=hardware.dice(), hit=self.storm.tally.hit,
        )  # fmt: skip
        bot.bench = Bench(
            place=bot.worker.station, weigh=scale.put, clear=scale.take,
            label=lambda parcel: hardware.label_of(printer, parcel),
            mend=lambda: hardware.mend(printer), tags=hardware.show_tags(f"reader-{number}"),
            paper=lambda _code: False,
        )  # fmt: skip

    def tally(self) -> dict[str, Any]:
        """What the world can testify at the end, as `app.demo.verdict` wants it."""
        return tally_of(
            oms=self.oms, world=self.world, site=self.made, flows=self.flows,
            labels=self.hardware.labels(), deliveries=self.hardware.deliveries(),
        )  # fmt: skip
