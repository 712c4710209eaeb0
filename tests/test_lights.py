"""Lights: the wire by the book's own examples, the driver on a real socket, and the worker."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import update

from devices.capabilities import ConfigFault, Health, Light, Unavailable, Uncertain
from devices.codecs import modbus_coils as modbus
from devices.conformance import FAST, until
from devices.drivers.modbus_lights import ModbusLights
from devices.lights import Lights, Wanted, wanted
from devices.supervisor import Supervisor
from devices.twins.lights import LightsTwin
from tests.floor_site import FloorSite, floor_at
from tests.supervised import OneDriver, Peer, Scene
from tests.test_floor_zones import wall
from tests.virtual_time import run
from wms.db import Tx
from wms.schema import wall_slots

# The examples of the specification (V1.1b3, 6.1 and 6.11), which it prints byte by byte.
ASKED, ANSWERED = bytes.fromhex("0100130013"), bytes.fromhex("0103CD6B05")
WRITTEN, CONFIRMED = bytes.fromhex("0F0013000A02CD01"), bytes.fromhex("0F0013000A")
SET = [True, False, True, True, False, False, True, True, True, False]


def test_requests_are_those_of_the_specification() -> None:
    assert modbus.read_coils(1, 17, 19, 19)[7:] == ASKED
    assert modbus.write_coils(1, 17, 19, SET)[7:] == WRITTEN
    assert modbus.read_coils(1, 17, 19, 19)[:7] == bytes.fromhex("00010000000611")


@pytest.mark.parametrize("chunk", [1, 2, 5, 99])
def test_any_chunking_gives_the_same_replies(chunk: int) -> None:
    stream = bytes.fromhex("00010000000611") + ANSWERED
    stream += bytes.fromhex("00020000000611") + CONFIRMED + bytes.fromhex("000300000003118F02")
    replies = modbus.Replies()
    found = [
        reply
        for at in range(0, len(stream), chunk)
        for reply in replies.feed(stream[at : at + chunk])
    ]
    assert [(one.transaction, one.function, one.refused) for one in found] == [
        (1, 1, 0), (2, 15, 0), (3, 15, 2),
    ]  # fmt: skip
    assert modbus.coils(found[0], 19) == [
        bool(0x056BCD >> at & 1) for at in range(19)
    ]  # fmt: skip
    assert modbus.was_written(found[1], 19, 10)


def test_what_is_no_modbus_is_garbage() -> None:
    with pytest.raises(modbus.Garbage):
        modbus.Replies().feed(b"HTTP/1.1 400 Bad Request")


@asynccontextmanager
async def lit(twin: LightsTwin) -> AsyncIterator[Supervisor]:
    """The module under supervision and online."""
    await twin.start()
    loop = asyncio.get_running_loop()

    async def hear(_device: str, _health: Health, _reason: str) -> None:
        return None

    supervisor = Supervisor(
        load={"modbus-lights": ModbusLights}.__getitem__, on_health=hear, clock=loop.time,
        random=random.Random(1), policy=FAST,
    )  # fmt: skip
    options = {"host": twin.host, "port": twin.port, "poll_s": 0.05, "answer_timeout_s": 0.2}
    try:
        await supervisor.start("lights-1", "modbus-lights", options)
        await until(lambda: supervisor.health("lights-1")[0] is Health.ONLINE, "online")
        yield supervisor
    finally:
        await supervisor.stop_all()
        await twin.stop()


def back_in_session(supervisor: Supervisor, session: int) -> bool:
    online = supervisor.health("lights-1")[0] is Health.ONLINE
    return online and supervisor.session("lights-1") >= session


async def test_one_colour_shines_and_the_others_are_dark() -> None:
    twin = LightsTwin()
    async with lit(twin) as supervisor:
        light = supervisor.need("lights-1", Light)
        await light.show(2, "blue", "3")
        await light.show(5, "green", "")
        await light.show(2, "green", "")
        assert twin.lit() == {2: ["green"], 5: ["green"]}
        await light.show(2, "", "")
        assert twin.lit() == {5: ["green"]}
        with pytest.raises(ConfigFault):
            await light.show(16, "blue", "")


async def test_a_lost_answer_is_uncertain_and_the_same_again_does_no_harm() -> None:
    twin = LightsTwin()
    async with lit(twin) as supervisor:
        twin.silent = True
        with pytest.raises((Uncertain, Unavailable)):
            await supervisor.need("lights-1", Light).show(1, "blue", "")
        twin.silent = False
        await until(lambda: back_in_session(supervisor, 2), "online again")
        await supervisor.need("lights-1", Light).show(1, "blue", "")
        assert twin.lit() == {1: ["blue"]}


@pytest.mark.parametrize("code", [1, 2, 3])
async def test_coils_that_are_not_there_are_a_fault_of_the_configuration(code: int) -> None:
    twin = LightsTwin()
    async with lit(twin) as supervisor:
        driver = supervisor.need("lights-1", Light)
        twin.exception = code
        with pytest.raises(ConfigFault):
            await driver.show(1, "blue", "")


async def test_all_lights_are_set_anew_when_their_module_came_back() -> None:
    twin = LightsTwin()
    async with lit(twin) as supervisor:
        lights = Lights(supervisor)
        both = [Wanted("lights-1", 1, "blue", "2"), Wanted("lights-1", 2, "green", "")]
        await lights.set_all(both)
        before = twin.written
        await lights.set_all(both)
        assert twin.written == before, "what shines already is not sent again"
        await twin.stop()
        await until(lambda: supervisor.health("lights-1")[0] is Health.OFFLINE, "offline")
        await lights.set_all(both)
        await twin.start()
        await until(lambda: supervisor.health("lights-1")[0] is Health.ONLINE, "online again")
        await lights.set_all(both)
        assert twin.lit() == {1: ["blue"], 2: ["green"]}


async def test_what_a_module_cannot_show_is_tried_again_when_it_was_configured_anew() -> None:
    twin = LightsTwin()
    async with lit(twin) as supervisor:
        lights = Lights(supervisor)
        last = [Wanted("lights-1", 16, "blue", "")]
        options = supervisor.configured()["lights-1"][1]
        await lights.set_all(last)
        assert twin.lit() == {}
        await supervisor.replace("lights-1", "modbus-lights", {**options, "channels": 32})
        await until(lambda: back_in_session(supervisor, 2), "online again")
        await lights.set_all(last)
        assert twin.lit() == {16: ["blue"]}


def test_a_driver_that_hangs_holds_up_no_other_light() -> None:
    shown: list[int] = []

    class Works(OneDriver):
        async def show(self, channel: int, colour: str, text: str) -> None:
            shown.append(channel)

    class Hangs(OneDriver):
        async def show(self, channel: int, colour: str, text: str) -> None:
            await asyncio.Event().wait()

    async def scene() -> None:
        s = Scene(hangs=Hangs, works=Works)
        await s.supervisor.start("lights-1", "hangs", {"peer": Peer()})
        await s.supervisor.start("lights-2", "works", {"peer": Peer()})
        await asyncio.sleep(1)
        both = [Wanted("lights-1", 0, "red", ""), Wanted("lights-2", 3, "red", "")]
        await Lights(s.supervisor).set_all(both)
        assert shown == [3]
        await s.supervisor.stop_all()

    run(scene())


@pytest.fixture
def site(new_sqlite: object) -> Iterator[FloorSite]:
    with floor_at(new_sqlite()) as site:  # type: ignore[operator]
        yield site


def test_the_book_says_what_each_light_should_show(site: FloorSite) -> None:
    wall(site)

    def point(tx: Tx) -> None:
        slot = update(wall_slots).where(wall_slots.c.place == "W-2")
        tx.execute(slot.values(colour="blue", shown="3"))

    site.write(point)
    shown = site.read(wanted, site.now)
    assert shown == [Wanted("lights-1", 1, "", ""), Wanted("lights-1", 2, "blue", "3")]
