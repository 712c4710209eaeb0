"""The world's process: hardware, shops and workers. It outlives a killed server, as worlds do.

It is started with a folder, writes `devices.json` (where its devices are), waits for
`server.json` (where the floor's API is), and obeys one-line JSON commands on `world.sock`.
"""

import asyncio
import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx2

from app.demo import orders, physical, shift, site, special
from app.demo.behaviours import BEHAVIOURS
from app.demo.bots import Bench, Bot, Wall, told
from app.demo.flows import Flows
from app.demo.oms import Oms
from app.demo.schedule import Day
from app.demo.site import CARRIERS, Bin, Worker
from app.demo.tally import busy, tally_of
from app.demo.terminals import BenchTerminal, HttpTerminal
from app.demo.trouble import Trouble
from app.demo.twins import Hardware


@dataclass(slots=True)
class Plan:
    """How the day goes. `pace_s` is what one motion takes; `every_s` lies between two orders."""

    folder: Path
    orders: int
    seed: int
    pace_s: float
    every_s: float
    trouble: bool
    dose: shift.Dose | None


@dataclass(slots=True)
class WorldProcess:
    """Everything physical, and the commands by which the demo's screen reaches it."""

    plan: Plan
    site: site.Site
    world: physical.World
    hardware: Hardware
    trouble: Trouble
    oms: Oms | None = None
    flows: Flows | None = None
    bots: dict[str, Bot] = field(default_factory=dict)
    fault: str = ""

    def share(self) -> float:
        """How much of the day's orders is in boxes."""
        return len(self.world.boxes) / max(self.plan.orders, 1)

    def status(self) -> dict[str, Any]:
        """What can be seen by walking around."""
        oms = self.oms
        heard = (
            {name: [kind for kind, _ in oms.heard.get(name, ())] for name in oms.posted}
            if oms
            else {}
        )
        shipped = {name for name, kinds in heard.items() if "order.shipped" in kinds}
        packed = {name for name, kinds in heard.items() if "order.packed" in kinds}
        short = {name for name, kinds in heard.items() if kinds[-1:] == ["order.short"]}
        cancelled = self.flows.cancelled if self.flows else set()
        left = heard.keys() - shipped - short - cancelled
        return {
            "fault": self.fault, "posted": len(heard), "boxes": len(self.world.boxes),
            "shipped": len(shipped), "short": len(short), "cancelled": len(cancelled),
            "unpacked": len(heard.keys() - packed - shipped - short - cancelled),
            "left": len(left), "waiting": sorted(left),
            "flows": dict(self.world.flows),
            "busy": busy(self.flows, self.world, self.bots),
            "happened": dict(self.trouble.happened), "coped": dict(self.trouble.coped),
            "unplugged": sorted(self.hardware.unplugged),
            "bots": {
                name: {"role": bot.worker.role, "paused": not bot.paused.is_set(),
                       "steps": bot.steps, "name": bot.worker.name, "sees": told(bot.seen)}
                for name, bot in self.bots.items()
            },
        }  # fmt: skip

    def tally(self) -> dict[str, Any]:
        """What the world can testify at the end: inbox, trays, deliveries, boxes, shelves."""
        assert self.oms is not None
        told = tally_of(
            oms=self.oms, world=self.world, site=self.site, flows=self.flows,
            labels={
                name: [label.fields for label in printer.labels]
                for name, printer in self.hardware.printers.items()
            },
            deliveries={
                name: [[one.mission, one.load, one.source, one.target] for one in robot.deliveries]
                for name, robot in self.hardware.carriers().items()
            },
        )  # fmt: skip
        return {
            **told, "happened": dict(self.trouble.happened), "coped": dict(self.trouble.coped)
        }  # fmt: skip

    async def obey(self, line: dict[str, Any]) -> dict[str, Any]:
        """Carry out one command of the demo's screen."""
        match line:
            case {"do": "status"}:
                return self.status()
            case {"do": "tally"}:
                return self.tally()
            case {"do": "close"}:
                self.trouble.closing = True
            case {"do": "pause", "terminal": str(name)} if name in self.bots:
                self.bots[name].paused.clear()
            case {"do": "resume", "terminal": str(name)} if name in self.bots:
                self.bots[name].paused.set()
            case {"do": "unplug", "device": str(name)}:
                self.hardware.unplug(name)
            case {"do": "plug_in", "device": str(name)}:
                await self.hardware.plug_in(name)
            case {"do": "silence", "robot": str(name)} if name in self.hardware.carriers():
                self.hardware.carriers()[name].silence()
            case {"do": "speak", "robot": str(name)} if name in self.hardware.carriers():
                self.hardware.carriers()[name].speak()
            case {"do": "happened", "kind": str(kind)}:
                self.trouble.happened[kind] += 1
            case {"do": "coped", "kind": str(kind)}:
                self.trouble.handled(kind)
            case _:
                return {"error": f"unknown command: {line}"}
        return {"ok": True}


async def run(plan: Plan) -> None:
    """Live through the day until the process is ended."""
    made = site.make(plan.seed, orders=plan.orders)
    dose = plan.dose
    if dose is None:
        bodies = orders.make(made, plan.orders, plan.seed)
    else:
        made = shift.with_shift(made, plan.seed, dose)
        bodies = shift.bodies(made, plan.orders, plan.seed, dose)
    wanted = [line["sku"] for body in bodies for line in body["lines"]]
    world = physical.make(made, Random(plan.seed + 2), wanted=wanted if plan.trouble else [])
    hardware = Hardware(world, plan.folder, Random(plan.seed + 3), made.benches)
    trouble = Trouble(Random(plan.seed + 4), enabled=plan.trouble)
    process = WorldProcess(plan, made, world, hardware, trouble)
    await hardware.start(whole=dose is not None and dose.whole)
    oms = Oms("", "", Random(plan.seed + 5))
    await oms.listen()
    doors = {"devices": hardware.config(), "webhooks": f"http://127.0.0.1:{oms.port}/webhooks"}
    _write(plan.folder / "devices.json", doors)
    door = await asyncio.start_unix_server(
        lambda reader, writer: _serve(process, reader, writer), str(plan.folder / "world.sock"),
        limit=1 << 26,
    )  # fmt: skip
    async with door:
        server = await _wait_for(plan.folder / "server.json")
        oms.url, oms.token = server["url"], server["token"]
        process.oms = oms
        if dose is not None:
            world.trucks += shift.trucks(made, plan.seed, dose)
            world.whole = dose.whole
            world.where.update((slot, "in the wall") for slot in special.WALL_SLOTS)
            some = plan.orders // (shift.TRUCKS_LEAVE * len(CARRIERS))
            world.truck_load = min(max(some, 2), shift.TRUCK_LOAD_MAX)
            doubtful = shift.cancelled(bodies, plan.seed, dose)
            random = Random(plan.seed + 6)
            process.flows = Flows(
                made, world, oms, random, doubtful, dose, dose.returning(plan.orders)
            )
        await _live(process, bodies, oms)


async def _live(process: WorldProcess, bodies: list[dict[str, Any]], oms: Oms) -> None:
    limits = httpx2.Limits(max_connections=30)
    async with httpx2.AsyncClient(
        base_url=oms.url, timeout=20, trust_env=False, limits=limits
    ) as client:
        for worker in process.site.workers:
            if worker.role != "lead":
                process.bots[worker.terminal] = _bot(process, worker, client)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(oms.post_all(bodies, every_s=process.plan.every_s))
                for bot in process.bots.values():
                    group.create_task(bot.work(), name=bot.worker.terminal)
                if process.flows is not None:
                    group.create_task(process.flows.run())
                if process.plan.trouble:
                    day = Day(process.hardware, process.trouble, process.share)
                    group.create_task(day.run())
        except* AssertionError as faults:
            process.fault = "; ".join(str(fault) for fault in faults.exceptions)[:500]
            await asyncio.Event().wait()  # the demo reads the fault and ends this process


def _bot(process: WorldProcess, worker: Worker, client: httpx2.AsyncClient) -> Bot:
    terminal = HttpTerminal(worker, client)
    bot = Bot(worker, terminal, process.world, process.trouble, process.plan.pace_s, BEHAVIOURS)
    bot.paused.set()
    if worker.role == "pack":
        number = worker.station.rpartition("-")[2]
        scanner = f"scanner-{number}"
        bot.terminal = BenchTerminal(
            terminal, process.hardware.scanners[scanner], process.trouble,
            lambda: scanner not in process.hardware.unplugged,
        )  # fmt: skip
        bot.bench = _bench(process.hardware, worker.station, number)
    if worker.role == "sort":
        bot.wall = Wall(special.WALL, special.WALL_SLOTS, process.hardware.shines)
    return bot


def _bench(hardware: Hardware, place: str, number: str) -> Bench:
    scale, printer, reader = f"scale-{number}", f"label-{number}", f"reader-{number}"

    def tags(units: Counter[Bin]) -> None:
        if reader in hardware.readers:
            hardware.show_tags(reader, units)

    return Bench(
        place=place, weigh=hardware.scales[scale].put, clear=hardware.scales[scale].take,
        label=lambda parcel: hardware.label_of(printer, parcel),
        mend=lambda: hardware.mend(printer), tags=tags, paper=hardware.has_paper,
    )  # fmt: skip


async def _serve(
    process: WorldProcess, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    while line := await reader.readline():
        answer = await process.obey(json.loads(line))
        writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
        await writer.drain()
    writer.close()


async def _wait_for(file: Path) -> dict[str, Any]:
    while not file.exists():
        await asyncio.sleep(0.05)
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def _write(file: Path, content: dict[str, Any]) -> None:
    half = file.with_suffix(".half")
    half.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    half.replace(file)


def main() -> None:
    """`python -m app.demo.world FOLDER ORDERS SEED PACE_S EVERY_S TROUBLE SHIFT`."""
    folder, count, seed, pace_s, every_s, trouble, dose = sys.argv[1:]
    plan = Plan(
        Path(folder), int(count), int(seed), float(pace_s), float(every_s), trouble == "1",
        shift.DOSES[dose],
    )  # fmt: skip
    asyncio.run(run(plan))


if __name__ == "__main__":
    main()
