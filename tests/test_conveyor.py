"""Conveyors: counters and never levels, on the wire and in the book; what is held stays held."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from app.board.door import board
from app.commands.devices import table
from app.device_doors import hold_zone, list_devices
from app.metrics import Meter
from devices import box_counts, conveyors, intake, registry
from devices.box_counts import Counters, passed
from devices.capabilities import ConfigFault, Health, Link, Unavailable, Uncertain
from devices.conformance import FAST, until
from devices.conveyors import Holds
from devices.drivers.conveylinx import Conveylinx
from devices.intake import Heard, Memory, worth_writing
from devices.signal_queue import Kept, SignalQueue
from devices.supervisor import Supervisor
from devices.twins.conveylinx import ConveylinxTwin
from tests.floor_site import ON_BOTH, FloorSite, floor_at
from wms.config import Config
from wms.config import Site as SiteConfig
from wms.errors import Rejected
from wms.robots import conveyors as book
from wms.rooms.signals import ZoneSeen
from wms.schema import commands, conveyor_zones, events
from wms.site.calendar import business_day

NAME = "conveyor-1"
CONFIG = Config(site=SiteConfig(name="Test"))
SECOND_MS, DAY_MS = 1_000, 86_400_000


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.write(intake.register, configured={NAME: "conveylinx"}, holder="me", now=site.now)
        site.write(intake.record_health, device=NAME, health=Health.ONLINE, reason="", now=site.now)
        yield site


# What was counted


def look(arrived: int, departed: int, session: int = 1, **more: Any) -> ZoneSeen:
    return replace(ZoneSeen(NAME, session, "down", "clear", "", arrived, departed), **more)


def seen(site: FloorSite, at_s: float, *looks: ZoneSeen) -> None:
    site.write(
        intake.record,
        heard=[Heard(site.now + int(at_s * SECOND_MS), one) for one in looks],
    )


def today(site: FloorSite) -> tuple[int, int, int]:
    row = site.rows(select(conveyor_zones))[0]
    return row.arrived_today, row.departed_today, row.unknown_today


def test_a_difference_goes_round_at_65536_and_no_further_than_boxes_can() -> None:
    def went(before: int, after: int, gap_ms: int = 1_000, unbroken: bool = True) -> int | None:
        count = passed(
            Counters(before, before), Counters(after, after), gap_ms=gap_ms, unbroken=unbroken
        )
        return None if count is None else count.departed

    assert [went(65_535, 0), went(65_530, 1), went(0, 0), went(7, 9)] == [1, 7, 0, 2]
    assert went(500, 0) is None, "a power cycle is not 65,036 boxes"
    assert went(10, 200) is None, "nor do 190 pass in a second"
    assert went(10, 200, gap_ms=60_000) == 190
    assert went(0, 5, gap_ms=-DAY_MS) is None, "nor any while a clock was set back"
    assert went(500, 505, gap_ms=10_000, unbroken=False) == 5, "505 in ten seconds: no fresh count"
    assert went(20, 25, gap_ms=10_000, unbroken=False) is None, "it may have begun with 0"
    assert went(65_534, 1, gap_ms=10_000, unbroken=False) is None, "round, or begun anew?"
    assert went(30_000, 30_001, gap_ms=6 * 3_600_000) is None, "it may have gone all the way round"


@ON_BOTH
def test_boxes_of_today_are_counted_across_roll_over_and_restart(site: FloorSite) -> None:
    seen(site, 0, look(65_530, 65_529))
    assert today(site) == (0, 0, 0), "what went by before anybody looked is not of today"
    seen(site, 1, look(65_533, 65_533))
    seen(site, 2, look(2, 1))
    assert today(site) == (8, 8, 0)
    seen(site, 30, look(40, 40))
    site.write(intake.register, configured={NAME: "conveylinx"}, holder="again", now=site.now)
    assert today(site) == (46, 47, 0)
    seen(site, 31, look(43, 43))
    assert today(site) == (49, 50, 0), "43 do not pass in a second: the server was away, not it"
    midnight = DAY_MS / SECOND_MS
    seen(site, midnight, look(50, 50, 2))
    assert today(site)[:2] == (0, 0), "another day"


@ON_BOTH
def test_a_power_cycle_is_never_65000_boxes_and_a_pulled_cable_loses_none(site: FloorSite) -> None:
    seen(site, 0, look(900, 900))
    seen(site, 20, look(905, 904, session=2))
    assert today(site) == (5, 4, 0), "900 do not pass in 20 seconds: they were not counted anew"
    seen(site, 40, look(0, 0, session=3))
    assert today(site) == (5, 4, 1), "what passed before its power went, nobody knows"
    seen(site, 60, look(3, 3, session=4))
    assert today(site) == (5, 4, 2), "it may have lost its power again"
    seen(site, 61, look(5, 4, session=4))
    assert today(site) == (7, 5, 2)
    site.write(
        intake.register, configured={NAME: "conveylinx"}, holder="me", now=site.now, fresh=[NAME]
    )
    seen(site, 62, look(905, 904, session=5))
    assert today(site) == (7, 5, 2), "another conveyor under this name: nothing to compare with"


def test_a_look_that_says_nothing_new_is_written_every_ten_seconds_and_the_newest_counts() -> None:
    memory, queue = Memory(), SignalQueue()

    def kept(at_ms: int, one: ZoneSeen) -> bool:
        return bool(worth_writing([Heard(at_ms, one)], memory))

    same = look(1, 1)
    assert [kept(at, same) for at in (0, 1_000, 9_999, 10_000)] == [True, False, False, True]
    assert kept(10_001, look(2, 1))
    assert kept(10_002, look(2, 1, session=2)), "a new connection is news"
    assert queue.put(same) is Kept.STATE
    assert queue.put(look(9, 9)) is Kept.COALESCED, "counters: a newer look says all of it"
    assert queue.put(replace(same, zone="up")) is Kept.STATE


# What people see


@ON_BOTH
async def test_a_jam_is_on_the_board_with_its_time_in_devices_and_in_metrics(
    site: FloorSite,
) -> None:
    seen(site, 0, look(100, 100))
    seen(site, 30, look(112, 112))
    seen(site, 40, look(113, 112, state="blocked", trouble="conveyor.jam"))
    site.write(
        intake.record_health, device=NAME, health=Health.DEGRADED,
        reason="conveyor.jam zone=down", now=site.now + 40 * SECOND_MS,
    )  # fmt: skip
    now = site.now + 41 * SECOND_MS
    shown = site.read(board, config=CONFIG, now=now, language="en")
    line = next(one for one in shown.devices if one.name == NAME)
    clock = f"{zone_clock(site, 40)}"
    assert line.reason == f"since {clock}: A box is stuck in down: free it  12 boxes through"
    assert any("A box is stuck in down" in row for tile in shown.tiles for row in tile.rows)
    japanese = site.read(board, config=CONFIG, now=now, language="ja")
    assert "down で箱詰まり: 取り除く" in next(one.reason for one in japanese.devices)
    (zone,) = site.read(list_devices, {}, now=now).zones
    assert (zone.state, zone.trouble, zone.arrived, zone.departed) == (
        "blocked", "conveyor.jam", 13, 12,
    )  # fmt: skip
    lines = table(site.read(list_devices, {}, now=now), CONFIG.site.zone)
    assert any(line.startswith(f"{NAME}:down") and " 13 " in line for line in lines)
    told = [row.body for row in site.rows(select(events).where(events.c.kind == "device.changed"))]
    assert any("conveyor.jam zone=down" in body for body in told), "as other devices' trouble"
    async with supervised(ConveylinxTwin(), start=False) as (supervisor, _):
        text = (await Meter(supervisor).text(site.book, now=now)).decode()
    way = f'genba_conveyor_boxes_today{{device="{NAME}",way="departed",zone="down"}} 12.0'
    assert way in text, text
    assert f'genba_conveyor_trouble{{device="{NAME}",zone="down"}} 1.0' in text
    later = site.read(book.zones, now=now + 2 * book.OLD_MS)
    assert (later[0].state, later[0].trouble) == ("", ""), "nobody looked: never a green light"


def zone_clock(site: FloorSite, at_s: int) -> str:
    from app.board.words import clock

    return clock(site.now + at_s * SECOND_MS, CONFIG.site.zone)


# On the wire


@asynccontextmanager
async def supervised(
    twin: ConveylinxTwin, *, start: bool = True, **options: Any
) -> AsyncIterator[tuple[Supervisor, list[ZoneSeen]]]:
    """The module under supervision, and all that is heard of it."""
    loop, told = asyncio.get_running_loop(), list[str]()

    async def hear(_device: str, health: Health, reason: str) -> None:
        told.append(f"{health} {reason}".strip())

    supervisor = Supervisor(
        load=registry.load, on_health=hear, clock=loop.time, random=random.Random(1), policy=FAST
    )
    heard: list[ZoneSeen] = []

    async def listen() -> None:
        while True:
            signal = await supervisor.queue.get()
            assert isinstance(signal, ZoneSeen)
            heard.append(signal)

    listening = asyncio.create_task(listen())
    try:
        if start:
            await twin.start()
            wired = {"host": twin.host, "port": twin.port, "poll_s": 0.03, "reply_timeout_s": 0.3}
            await supervisor.start(NAME, "conveylinx", wired | options)
            await until(lambda: supervisor.health(NAME)[0] is Health.ONLINE, "online", 30)
        yield supervisor, heard
    finally:
        await supervisor.stop_all()
        listening.cancel()
        await asyncio.wait({listening})
        await twin.stop()


def newest(heard: list[ZoneSeen], zone: str) -> ZoneSeen:
    return next(one for one in reversed(heard) if one.zone == zone)


async def heard_of(heard: list[ZoneSeen], zone: str, **wanted: Any) -> None:
    def is_so() -> bool:
        return any(
            one.zone == zone and all(getattr(one, name) == value for name, value in wanted.items())
            for one in heard[-6:]
        )

    await until(is_so, lambda: f"{wanted} of {zone}, but it is {heard[-2:]}", 30)


async def test_boxes_between_two_looks_are_in_the_counters_and_in_no_level() -> None:
    twin = ConveylinxTwin(heartbeat_s=0.2)
    twin.wind(65_534)
    async with supervised(twin) as (_, heard):
        await heard_of(heard, "up", arrived=65_534)
        twin.run(boxes=5)
        await heard_of(heard, "up", arrived=3, departed=3)
        await heard_of(heard, "down", arrived=3, departed=3)
        assert {one.state for one in heard} == {"clear"}, "no look saw any of them"
        assert twin.module.left == 5


async def test_a_jam_and_a_stopped_line_are_said_with_their_zone_and_are_over() -> None:
    twin = ConveylinxTwin(heartbeat_s=0.2)
    async with supervised(twin) as (supervisor, heard):
        twin.jam("down")
        twin.run(boxes=2)
        await heard_of(heard, "down", state="blocked", trouble="conveyor.jam")
        await heard_of(heard, "up", state="blocked", trouble="", departed=1)
        assert supervisor.health(NAME) == (Health.DEGRADED, "conveyor.jam zone=down")
        twin.jam("down", False)
        twin.run()
        await until(lambda: supervisor.health(NAME) == (Health.ONLINE, ""), "all well", 30)
        await heard_of(heard, "down", departed=2, state="clear")
        twin.module.stopped = True
        await until(
            lambda: supervisor.health(NAME) == (Health.DEGRADED, "conveyor.stopped zone=up"),
            "a line that stands", 30,
        )  # fmt: skip


async def test_a_program_that_stands_is_not_taken_for_a_clear_zone() -> None:
    twin = ConveylinxTwin(heartbeat_s=0.1)
    async with supervised(twin, frozen_s=1.0) as (supervisor, heard):
        twin.module.frozen = True
        await heard_of(heard, "up", state="", trouble="conveyor.frozen")
        assert supervisor.health(NAME) == (Health.DEGRADED, "conveyor.frozen zone=up")
        twin.module.frozen = False
        await until(lambda: supervisor.health(NAME)[0] is Health.ONLINE, "running again", 30)


async def test_late_lost_and_cut_replies_end_a_session_and_no_count_is_wrong() -> None:
    twin = ConveylinxTwin(heartbeat_s=0.2)
    async with supervised(twin) as (supervisor, heard):
        for spoil in (twin.hang_up, twin.half_a_message, lambda: setattr(twin, "lose_replies", 1)):
            session = supervisor.session(NAME)
            spoil()
            twin.run(boxes=1)
            await later_session(supervisor, session)
            await until(lambda: supervisor.health(NAME)[0] is Health.ONLINE, "online again", 30)
        twin.shut()
        twin.run(boxes=4)
        await twin.listen()
        await heard_of(heard, "down", departed=7)
        counts = [one.departed for one in heard if one.zone == "down"]
        assert counts == sorted(counts), "a late answer was taken for the next one"


async def later_session(supervisor: Supervisor, session: int) -> None:
    await until(lambda: supervisor.session(NAME) > session, "a new session", 30)


async def test_a_wrong_offset_is_a_fault_of_the_configuration_and_says_so() -> None:
    twin = ConveylinxTwin(offset=0)
    await twin.start()
    driver = Conveylinx({"host": twin.host, "port": twin.port})
    link = Link("c", 1, lambda _: None, lambda: None, lambda _: None, lambda: 0.0)
    try:
        with pytest.raises(ConfigFault, match="offset"):
            await driver.open(link)
        other = Conveylinx({"host": twin.host, "port": twin.port, "offset": 0})
        await other.open(link)
        with pytest.raises(ConfigFault, match="no zone"):
            await other.hold("left", True)
        await other.hold("down", True)
        assert twin.is_held("down")
        twin.lose_replies = 1
        with pytest.raises((Unavailable, Uncertain)):
            await other.hold("down", False)
        await other.close()
    finally:
        await driver.close()
        await twin.stop()


# What is held


async def test_what_is_held_is_held_again_after_a_power_cycle(site: FloorSite) -> None:
    twin = ConveylinxTwin(heartbeat_s=0.2)
    seen(site, 0, look(0, 0))
    with pytest.raises(Rejected):
        site.write(book.hold, device=NAME, zone="up", held=True)
    ask: Mapping[str, Any] = {"device": NAME, "zone": "down", "actor": "api:lead", "now": site.now}
    site.write(hold_zone, held=True, **ask)
    site.write(hold_zone, held=True, **ask)
    named = [row.name for row in site.rows(select(commands)) if row.name == "devices.hold"]
    assert named == ["devices.hold"], "the same again is no second command"
    async with supervised(twin) as (supervisor, _):
        with kept(site, supervisor):
            await until(lambda: twin.is_held("down"), "held", 30)
            twin.run(boxes=1)
            assert (twin.module.left, twin.module.boxes[1]) == (0, True)
            told = twin.module.told
            await Holds(NAME, supervisor).tell(())
            assert twin.module.told == told
            await twin.power_cycle()
            await until(lambda: twin.is_held("down"), "held again", 30)
            site.write(hold_zone, held=False, **ask)
            await until(lambda: not twin.is_held("down"), "released", 30)
            twin.run()
            assert twin.module.left == 1


@contextmanager
def kept(site: FloorSite, supervisor: Supervisor) -> Iterator[None]:
    """The worker that sees to it."""
    worker = asyncio.create_task(conveyors.run(site.book, NAME, supervisor))
    try:
        yield
    finally:
        worker.cancel()


def test_days_are_the_site_s(site: FloorSite) -> None:
    seen(site, 0, look(1, 1))
    row = site.rows(select(conveyor_zones))[0]
    assert row.day == f"{business_day(site.now, CONFIG.site.zone)}"
    assert box_counts.MODULUS == 65_536
