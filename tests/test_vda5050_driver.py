"""The driver for VDA 5050 on a real wire: what ends it, what it says; and its twin's rules."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app import mirror, wiring
from devices.capabilities import ConfigFault, Health
from devices.cases.vda5050 import CASE, Bench
from devices.codecs.grh1 import Answer, Cmd, Command, Mode, Sighting
from devices.conformance import NAME, Floor, until
from devices.drivers.vda5050 import Vda5050Robot
from devices.robot_bench import FENCE
from devices.transporter import Transporter
from devices.twins.mqtt_wire import Client, Message
from wms import config
from wms.db import Book
from wms.schema import robots


@asynccontextmanager
async def bench(
    health: Health = Health.ONLINE, **options: Any
) -> AsyncIterator[tuple[Bench, Floor]]:
    """A vehicle under supervision."""
    made = Bench()
    await made.up()
    floor = Floor(CASE)
    try:
        made.twin.version = options.pop("version", made.twin.version)
        made.broker.passwords = options.pop("passwords", {})
        await floor.start({**made.options(), **options})
        await floor.seen(health)
        yield made, floor
    finally:
        await floor.stop()
        await made.down()


def reason(floor: Floor) -> str:
    return floor.supervisor.health("device")[1]


async def test_what_it_can_never_work_with_is_a_fault(tmp_path: Path) -> None:
    async with bench(Health.FAULT, version="3.0.0") as (_, floor):
        assert reason(floor) == "VDA 5050 3.0.0; this driver speaks 2.0.0"
    secret = tmp_path / "password"
    secret.write_text("right\n")
    named: dict[str, Any] = {"username": "genba", "password_file": str(secret)}
    async with bench(passwords={"genba": "right", "": ""}, **named) as (_, floor):
        secret.write_text("wrong")
        await floor.supervisor.restart("device")
        await floor.seen(Health.FAULT)
        assert "does not let us in" in reason(floor)
    good = {"host": "127.0.0.1", "manufacturer": "a", "serial_number": "1"}
    for wrong in ({"nodes": {"3": "N", "4": "N"}}, {"nodes": {"x": "N"}}, {"errors": {"x": 10}},
                  {"serial_number": "a/b"}, {"interface": "#"}):  # fmt: skip
        with pytest.raises(ConfigFault):
            Vda5050Robot(good | wrong)


async def test_its_last_will_is_heard_at_once_and_trouble_is_told() -> None:
    async with bench(silent_s=60.0) as (made, floor):
        made.twin.stopped = True
        await floor.seen(Health.DEGRADED)
        assert reason(floor) == "robot.e_stop"
        made.twin.stopped, made.twin.fatal = False, True
        await until(lambda: reason(floor) == "robot.fault", "its fault")
        made.twin.fatal, made.twin.garble_next = False, 1
        await floor.seen(Health.ONLINE)
        assert floor.supervisor.metrics(NAME).unread_garbage == 1
        await made.twin.power_off()
        await floor.seen(Health.OFFLINE)
        assert reason(floor) in ("robot.gone", "device.unreachable")


async def _until(robot: Transporter, wanted: str, **fields: object) -> Sighting:
    async with asyncio.timeout(8):
        while True:
            seen = await robot.look()
            if all(getattr(seen.status, name) == value for name, value in fields.items()):
                return seen
            await asyncio.sleep(0.01)


async def test_it_pauses_goes_on_and_knows_no_reset() -> None:
    async with bench() as (_, floor):
        robot = floor.driver(Transporter)
        await robot.take(FENCE)
        for seq, (cmd, mode, answer) in enumerate((
            (Cmd.PAUSE, Mode.PAUSED, Answer.OK), (Cmd.RESUME, Mode.AUTO, Answer.OK),
            (Cmd.RESET, Mode.AUTO, Answer.WRONG_MODE),
        ), 1):  # fmt: skip
            await robot.command(Command(seq=seq, cmd=cmd, mission=1, boot_id=1, fence=FENCE))
            await _until(robot, cmd.name, mode=mode, ack_seq=seq, answer=answer)
        assert (await robot.look()).status.fence_seen == FENCE


async def test_no_cancelling_is_said_that_would_hit_another_s_order() -> None:
    async with bench() as (made, floor):
        robot = floor.driver(Transporter)
        made.twin.paused = True
        stranger = _order("somebody-elses", 0)
        await _say(made, "order", stranger)
        seen = await robot.look()
        while not seen.status.mission:
            await asyncio.sleep(0.01)
            seen = await robot.look()
        assert seen.status.mission < 2**32
        await robot.command(Command(seq=1, cmd=Cmd.VOID, mission=77, boot_id=1, fence=FENCE))
        await asyncio.sleep(0.05)
        said = [message.payload for message in made.broker.said]
        assert not any(b"cancelOrder" in payload for payload in said if b"actions" in payload)
        assert (await robot.look()).finished(77) is None


def _order(order: str, update: int) -> dict[str, Any]:
    nodes = [
        {"nodeId": node, "sequenceId": at, "released": True, "actions": []}
        for at, node in ((0, "1"), (2, "3"))
    ]
    edge = {"edgeId": "e", "sequenceId": 1, "released": True, "startNodeId": "1",
            "endNodeId": "3", "actions": []}  # fmt: skip
    return {"orderId": order, "orderUpdateId": update, "nodes": nodes, "edges": [edge]}


async def _say(made: Bench, name: str, said: dict[str, Any]) -> None:
    """Somebody else at the same broker."""

    async def hear(_message: Message) -> None:
        """Nothing is listened to."""

    other = Client(hear)
    await other.connect(
        made.broker.host, made.broker.port, client="other", keepalive_s=5,
        will=Message("gone", b""), topics=("none",),
    )  # fmt: skip
    other.publish(Message(f"uagv/v2/genba/V1/{name}", json.dumps(said).encode()))
    await other.leave()


async def test_the_twin_keeps_the_standard_s_rules_for_orders() -> None:
    made = Bench()
    await made.up()
    twin = made.twin
    try:
        await until(lambda: bool(made.broker.said), "a vehicle that listens")
        twin.paused = True
        await _say(made, "order", _order("A", 3))
        await until(lambda: twin.memory.order == "A", "the order")
        await _say(made, "order", _order("A", 3))  # once more: ignored
        await _say(made, "order", _order("A", 2))  # older than what it has
        await until(lambda: bool(twin.errors), "a refusal")
        await _say(made, "order", _order("B", 0))  # while A is under way
        await until(lambda: len(twin.errors) == 2, "another refusal")
        assert [error["errorType"] for error in twin.errors] == ["orderUpdateError", "orderError"]
        assert (twin.memory.order, twin.memory.update) == ("A", 3)
    finally:
        await made.down()


SITE = """
[site]
name = "here"
[devices.agv-1]
driver = "grh1"
host = "192.0.2.41"

[devices.vda-1]
driver = "vda5050"
host = "192.0.2.50"
manufacturer = "acme"
serial_number = "A-0007"
nodes = { 3 = "DROP-3" }
errors = { loadNotFound = 1 }

[devices.lights-1]
driver = "modbus-lights"
host = "192.0.2.60"

[devices.other]
driver = "nobodys"
"""


def test_a_site_has_robots_of_both_kinds(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(SITE)
    site = config.load(file)
    Vda5050Robot(site.devices["vda-1"].options)
    book = Book(sqlite_url)
    book.write_now(mirror.mirror, site, holder="1", now=0)
    places = (robots.c.device, robots.c.place, robots.c.quarantine)
    rows = book.read_now(lambda tx: [tuple(row) for row in tx.execute(select(*places))])
    book.close()
    assert sorted(rows) == [
        ("agv-1", "R-agv-1", "Q-agv-1"), ("vda-1", "R-vda-1", "Q-vda-1"),
    ]  # fmt: skip
    nobody: Any = None
    assert sorted(wiring.device_workers(nobody, site)) == ["robot agv-1", "robot vda-1"]
