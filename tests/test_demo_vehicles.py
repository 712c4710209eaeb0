"""The demo's vehicle of another fleet: what it brings is looked at by somebody, and its word alone
moves nothing."""

import asyncio
from dataclasses import dataclass, field
from random import Random

import pytest

from app.demo.behaviours import BEHAVIOURS
from app.demo.bots import Bot
from app.demo.physical import World
from app.demo.site import Worker
from app.demo.trouble import Trouble
from app.demo.verdict import Verdict, judge_vehicles
from tests.floor_site import FloorSite, floor_at
from tests.picking_site import BERT
from wms.db import Tx
from wms.messages import say
from wms.robots import evidence, missions, roster
from wms.robots.rows import Mission
from wms.rooms.prompts import Focus, Prompt
from wms.schema import places

HELPER = Worker("E9", "加藤 悠真", "task", "HT-91", "token", "badge")
VEHICLE = "vda-1"


@dataclass(slots=True)
class Handheld:
    """Notes what is scanned and which keys are pressed, and takes it."""

    said: list[str] = field(default_factory=list)

    async def prompt(self) -> Prompt:
        return Prompt(dialogue="task", step="get", title="", ask="")

    async def scan(self, text: str) -> Prompt:
        self.said.append(text)
        return await self.prompt()

    twice = key = command = scan

    async def picture(self, name: str) -> bytes:
        raise AssertionError(name)

    async def photo(self, ref: str, image: bytes) -> None:
        raise AssertionError((ref, image))


def asked(step: str, kind: str, where: str) -> tuple[list[str], Bot]:
    """What a helper does at *step* of a task of *kind* about tote T-1, which is to be at PACK-1 and
    really is *where*."""
    terminal = Handheld()
    world = World(goods={}, shelves={}, emptied=frozenset())
    if where:
        world.where["T-1"] = where
    else:
        world.stack.append("T-1")
    bot = Bot(HELPER, terminal, world, Trouble(Random(1), enabled=False), 0, BEHAVIOURS)
    bot.wait_s = 0
    shown = Prompt(dialogue="task", step=step, title="", ask="", lines=(say(f"task.{kind}", "ja"),),
                   focus=Focus(tote="T-1", place="PACK-1"))  # fmt: skip
    asyncio.run(bot.step(shown))
    return terminal.said, bot


def test_what_a_vehicle_has_brought_is_scanned_where_it_stands_and_not_carried() -> None:
    said, bot = asked("place", "confirm", "PACK-2")
    assert (said, bot.world.where["T-1"]) == (["PACK-2"], "PACK-2")
    assert bot.world.flows["confirmed"] == 1
    said, bot = asked("place", "carry", "PACK-2")
    assert (said, bot.world.where["T-1"]) == (["PACK-1"], "PACK-1")
    assert not bot.world.flows["confirmed"]


@pytest.mark.parametrize("kind", ["confirm", "carry"])
def test_nobody_reaches_what_rides_and_an_emptied_tote_is_shown_from_the_stack(kind: str) -> None:
    for where in ("@robot", "cart of E001"):
        for step in ("tote", "place"):
            assert asked(step, kind, where)[0] == ["back"]
    assert asked("tote", kind, "")[0] == ["T-1"]
    assert asked("place", kind, "")[0] == ["PACK-1"]


def _carry(tx: Tx, now: int) -> Mission:
    """Vehicle `vda-1` has it in hand."""
    tx.execute(places.insert().values(code="R-vda-1", kind="robot"))
    tx.execute(places.insert().values(code="Q-vda-1", kind="buffer"))
    roster.enrol(tx, robot=VEHICLE, place="R-vda-1", quarantine="Q-vda-1")
    given = missions.assign(tx, robot=VEHICLE, fence=1, seq=1, boot_id=1, now=now)
    assert given is not None
    missions.accepted(tx, mission=given.id, now=now)
    return given


def judged(site: FloorSite, mission: Mission) -> Verdict:
    """What the demo says of a day on which the vehicle has carried *mission*."""
    verdict = Verdict()
    tally = {"deliveries": {VEHICLE: [[mission.id, mission.container, 1, 11]]}, "flows": {}}
    site.read(judge_vehicles, tally, verdict)
    return verdict


def test_the_verdict_wants_a_scan_for_each_delivery_of_a_vehicle(sqlite_url: str) -> None:
    with floor_at(sqlite_url) as site:
        site.stock_up()
        site.at_bench([(("TEA", 2),)], "DROP")
        mission = site.write(_carry, site.now)
        site.write(evidence.await_scan, mission=mission.id, now=site.now)
        (fault,) = judged(site, mission).faults
        assert fault == f"brought by a vehicle, and nobody has scanned it: [{mission.id}]"
        site.write(missions.verdict, mission=mission.id, place="BENCH-1", person=BERT,
                   now=site.now, rng=Random(1))  # fmt: skip
        verdict = judged(site, mission)
        assert verdict.passed
        told = "1 deliveries of these, 1 confirmed by a scan; 0 scans on handhelds"
        assert verdict.lines == [("vehicles", told)]


def test_the_verdict_finds_what_a_vehicle_s_word_alone_has_moved(sqlite_url: str) -> None:
    with floor_at(sqlite_url) as site:
        site.stock_up()
        site.at_bench([(("TEA", 2),)], "DROP")
        mission = site.write(_carry, site.now)
        site.write(missions.settle_done, mission=mission.id, now=site.now)
        faults = judged(site, mission).faults
        assert faults[1:] == [f"moved by a vehicle's word alone: ['mission:{mission.id}']"]
