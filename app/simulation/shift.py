"""One shift of a whole site on a virtual clock: people, robots, devices, shops and the floor.

The world is the demo's; the server is the product's own workers, doors and drivers on a real SQLite
book. What differs is the clock, which is a number, and the wires, which are in memory.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx2

from app.demo.behaviours import BEHAVIOURS
from app.demo.bots import Bench, Bot
from app.demo.oms import Oms
from app.demo.physical import World
from app.demo.site import Site, Worker
from app.demo.terminals import HttpTerminal
from app.demo.trouble import Trouble
from app.simulation.doors import Radio
from app.simulation.faults import Storm
from app.simulation.hardware import Hardware
from app.simulation.server import Server

SHIFT_S = 8 * 3600.0
ORDERS_UNTIL = 0.75  # of the shift: nothing is ordered, and nothing goes wrong, in its last part
LATE_S = 4 * 3600.0  # so long after the shift everything must have come to its end
PACE_S = 6.0  # what one motion takes
WAIT_S, WAIT_S_MAX = 20.0, 300.0
LOOK_S = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a shift is made of. `faults_every_s` lies between two faults on average; 0: none.
    `shift_s` is how long it lasts."""

    seed: int
    orders: int = 15
    benches: int = 1
    robots: int = 1
    pickers: int = 1
    faults_every_s: float = 60.0
    shift_s: float = SHIFT_S


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
    bots: list[Bot] = field(default_factory=list)
    began_s: float = 0.0

    async def live(self, bodies: list[dict[str, Any]]) -> None:
        """From the first order to the last truck."""
        self.began_s = asyncio.get_running_loop().time()
        await self.server.start()
        client = httpx2.AsyncClient(base_url="http://floor", transport=self.radio)
        self.bots = [self._bot(worker, client) for worker in self._crew()]
        every_s = self.plan.shift_s * ORDERS_UNTIL / len(bodies)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(bot.work(), name=bot.worker.terminal) for bot in self.bots]
            tasks.append(group.create_task(self.hardware.keep_working()))
            tasks.append(group.create_task(self._watch()))
            storm = group.create_task(self.storm.blow())
            await self.oms.post_all(bodies, every_s=every_s)
            storm.cancel()
            await asyncio.wait({storm})
            await self._until_over()
            for task in tasks:
                task.cancel()
        await self.server.stop()
        await self.hardware.stop()
        self.server.network.reset_all()
        await asyncio.sleep(LOOK_S)

    async def _watch(self) -> None:
        """A server with a bug ends the shift."""
        await self.server.failed.wait()
        assert self.server.bug is not None
        raise self.server.bug

    async def _until_over(self) -> None:
        clock = asyncio.get_running_loop().time
        end_s = self.began_s + self.plan.shift_s
        while clock() < end_s + LATE_S:
            states = self.states()
            self.trouble.closing = all(states.values())
            over = set(states.values()) <= {"shipped", "short"}
            if over and clock() >= end_s:
                return
            await asyncio.sleep(LOOK_S)

    def states(self) -> dict[str, str]:
        """What the shops heard last of each order that matters here; "" for nothing."""
        found = {}
        for name in self.oms.posted:
            kinds = [kind for kind, _ in self.oms.heard.get(name, ())]
            news = [kind for kind in ("shipped", "packed") if f"order.{kind}" in kinds]
            short = ["short"] if kinds[-1:] == ["order.short"] else []
            found[name] = [*news[:1], *short, ""][0]
        return found

    def _crew(self) -> list[Worker]:
        """So many of each trade."""
        wanted = {"pick": self.plan.pickers, "pack": self.plan.benches, "ship": 1, "task": 1}
        crew = []
        for worker in self.made.workers:
            if wanted.get(worker.role, 0) > 0:
                wanted[worker.role] -= 1
                crew.append(worker)
        return crew

    def _bot(self, worker: Worker, client: httpx2.AsyncClient) -> Bot:
        bot = Bot(
            worker, HttpTerminal(worker, client), self.world, self.trouble, PACE_S, BEHAVIOURS,
            wait_s=WAIT_S, wait_s_max=WAIT_S_MAX,
        )  # fmt: skip
        bot.paused.set()
        if worker.role == "pack":
            number = worker.station.rpartition("-")[2]
            scale, printer = self.hardware.scales[f"scale-{number}"], f"label-{number}"
            bot.bench = Bench(
                place=worker.station, weigh=scale.put, clear=scale.take,
                label=lambda parcel: self.hardware.label_of(printer, parcel),
                mend=lambda: self.hardware.mend(printer), tags=lambda _units: None,
                paper=lambda _code: False,
            )  # fmt: skip
        return bot

    def tally(self) -> dict[str, Any]:
        """What the world can testify at the end, as `app.demo.verdict` wants it."""
        return {
            "posted": self.oms.posted, "inbox": self.oms.inbox, "heard": dict(self.oms.heard),
            "forged": self.oms.forged, "webhook_deliveries": self.oms.deliveries,
            "webhook_failures": self.oms.failures, "labels": self.hardware.labels(),
            "deliveries": self.hardware.deliveries(), "boxes": self.world.packed(),
            "shelves": self.world.left(), "cancelled": [],
        }  # fmt: skip
