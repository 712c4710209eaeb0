"""Missions on real databases, sockets and robots: a tote is moved exactly once, whatever dies."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import update

from devices.capabilities import Health
from devices.conformance import until
from devices.twins import grh1_memory as m
from devices.twins.grh1 import Pace
from tests import robot_site
from tests.robot_site import SLOW, SOON, Killed, Site, site
from wms.schema import robots

BRISK = Pace(travel_s=0.06, hand_off_s=0.06)  # every state is seen, none is waited for


def kill_at(wanted: str, times: int = 1) -> Callable[[str, str], None]:
    """Die at the first so many visits to a point."""
    left = Counter({wanted: times})

    def reached(_robot: str, point: str) -> None:
        if left[point] > 0:
            left[point] -= 1
            raise Killed(point)

    return reached


async def test_a_mission_moves_its_tote_and_its_book_once(sqlite_url: str) -> None:
    async with site(sqlite_url, settings=replace(SOON, patience_s=60)) as s:
        job = s.request()
        done = await s.until_state(job, "done")
        await s.until_idle()
        assert s.faults() == []
        (move,) = s.moves()
        assert (move.key, move.container, move.actor) == (f"job:{job}", "T0", "robot:agv-1")
        assert move.ref == f"mission:{done.id}"
        assert s.all_tasks() == []


# Killed at every point of the way.

POINTS = [
    "take_over:decided", "take_over:committed", "assign:decided", "assign:committed",
    "assign:written", "accepted:decided", "accepted:committed", "done:decided", "done:committed",
    "confirm:decided", "confirm:committed", "confirm:written",
]  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
async def test_a_kill_at_any_point_moves_the_tote_once(sqlite_url: str, point: str) -> None:
    calm = replace(SOON, patience_s=60)  # a slow machine is no silent robot
    async with site(sqlite_url, settings=calm, pace=BRISK, reached=kill_at(point, times=2)) as s:
        job = s.request()
        await s.until_with_reboots(
            lambda: s.lives > 1 and s.mission(job).state == "done" and not s.twin.plc.memory.mission
        )
        assert s.faults() == []
        assert s.attempts(job) == ["done"]
        assert s.all_tasks() == []


VOID_POINTS = [
    "startvoid:decided", "startvoid:committed", "void:decided", "void:committed", "void:written",
    "voided:decided", "voided:committed",
]  # fmt: skip


@pytest.mark.parametrize("point", VOID_POINTS)
async def test_a_kill_while_voiding_gives_the_job_anew_once(sqlite_url: str, point: str) -> None:
    async with site(sqlite_url, reached=kill_at(point)) as s:
        await until(lambda: s.twin.plc.memory.fence > 0, "the floor")
        job = s.request()
        s.reached = _and(
            s.reached,
            lambda: s.twin.plc.set_mode(m.PAUSED if len(s.attempts(job)) == 1 else m.AUTO),
            "assign:committed",
        )

        def is_done_at_last() -> bool:
            if len(s.attempts(job)) > 1:
                s.twin.plc.set_mode(m.AUTO)
            done = s.mission(job).state == "done" and not s.twin.plc.memory.mission
            return done and s.lives > 1

        await s.until_with_reboots(is_done_at_last)
        assert s.attempts(job) == ["voided", "done"]
        assert s.faults() == []


def _and(
    reached: Callable[[str, str], None], then: Callable[[], None], wanted: str
) -> Callable[[str, str], None]:  # fmt: skip
    def both(robot: str, point: str) -> None:
        if point == wanted:
            then()
        reached(robot, point)

    return both


# One fault at a time.


@pytest.mark.parametrize("state", [m.TO_SOURCE, m.LOADING, m.TO_TARGET, m.UNLOADING])
async def test_a_power_cut_of_the_robot_delivers_once(sqlite_url: str, state: int) -> None:
    async with site(sqlite_url, pace=SLOW) as s:
        job = s.request()
        await until(lambda: s.twin.plc.memory.state == state, "the robot on its way")
        await s.twin.power_off()
        await until(lambda: s.health["agv-1"][0] is Health.OFFLINE, "the loss to be noticed")
        await s.twin.power_on()
        await s.until_state(job, "done")
        await s.until_idle()
        assert s.faults() == []


async def test_a_lost_reply_is_not_a_second_command(sqlite_url: str) -> None:
    async with site(sqlite_url) as s:
        s.reached = _and(
            s.reached, lambda: setattr(s.twin.server, "lose_replies", 1), "assign:committed"
        )
        job = s.request()
        await s.until_state(job, "done")
        await s.until_idle()
        assert s.faults() == []


def stalled_gateway(s: Site) -> asyncio.Event:
    """The first ASSIGN finds the PLC in STOP; its repetition is held up somewhere on the way.

    Returns what is set once the gateway has stalled and recovered.
    """
    visits = Counter[str]()
    recovered = asyncio.Event()

    def reached(_robot: str, point: str) -> None:
        if point == "assign:committed":
            visits[point] += 1
            s.twin.plc.frozen = visits[point] == 1
            if visits[point] == 2:  # the floor loses the robot, and the robot goes on
                s.twin.plc.frozen = False
                s.twin.server.late_writes_s = 0.5
                asyncio.get_running_loop().call_later(0.02, stall)

    def stall() -> None:
        s.twin.silence()
        asyncio.get_running_loop().call_later(0.88, recover)

    def recover() -> None:
        s.twin.server.late_writes_s = None
        s.twin.speak()
        recovered.set()

    s.reached = reached
    return recovered


async def test_a_repetition_that_arrives_late_is_not_carried_out(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a slow machine the PLC in STOP would be noticed before the ASSIGN is said again.
    monkeypatch.setitem(robot_site.DRIVER, "frozen_s", 5.0)
    async with site(sqlite_url, settings=replace(SOON, patience_s=60)) as s:
        recovered = stalled_gateway(s)
        job = s.request()
        await until(recovered.is_set, "the gateway to stall and to recover", 30.0)
        await until(lambda: s.twin.plc.answered[m.REPEAT] > 0, "the late one to arrive", 30.0)
        await s.until_state(job, "done")
        await s.until_idle()
        assert s.faults() == []


async def test_a_robot_without_memory_is_found_out(sqlite_url: str) -> None:
    """The negative control: the same scene with the robot that the profile warns of."""
    quiet = replace(SOON, patience_s=60)
    async with site(sqlite_url, settings=quiet, remembers=False) as s:
        recovered = stalled_gateway(s)
        job = s.request()
        await until(recovered.is_set, "the gateway to stall and to recover", 30.0)
        await until(lambda: s.mission(job).state in ("done", "person"), "an end")
        assert s.faults() != []


# Rule 3: who commands.


async def test_a_second_floor_takes_the_robot_over_and_the_first_stands_down(
    sqlite_url: str,
) -> None:
    async with site(sqlite_url, pace=SLOW) as s:
        job = s.request()
        await s.until_state(job, "assigned")
        first, s.floor = s.floor, None
        assert first is not None
        fence = s.twin.plc.memory.fence
        await s.boot()
        await until(lambda: first.is_dead, "the first to stand down")
        await first.supervisor.stop_all()
        await s.until_state(job, "done")
        await s.until_idle()
        assert s.twin.plc.memory.fence == fence + 1
        assert s.faults() == []


@pytest.mark.parametrize(("fence", "seq"), [(500, 700), (65_535, 65_534), (40_000, 33_000)])
async def test_a_restored_book_goes_on_past_the_robots_numbers(
    sqlite_url: str, fence: int, seq: int
) -> None:  # fmt: skip
    async with Site(sqlite_url) as s:
        s.twin.plc.memory.fence, s.twin.plc.memory.ack_seq = fence, seq
        await s.boot()
        job = s.request()
        await s.until_state(job, "done")
        await s.until_idle()
        assert s.twin.plc.memory.fence == fence % 65_535 + 1
        assert 2 <= (s.twin.plc.memory.ack_seq - seq) % 65_536 < 10


async def test_a_number_that_was_set_aside_is_never_used_for_another_command(
    sqlite_url: str,
) -> None:
    async with site(sqlite_url, reached=kill_at("assign:committed", times=3)) as s:
        job = s.request()
        await s.until_with_reboots(lambda: s.twin.plc.memory.ack_seq > 0)
        assert s.twin.plc.memory.ack_seq >= 4  # three were set aside, and perhaps written
        await s.until_state(job, "done")
        assert s.faults() == []


async def test_a_robot_that_forgot_its_numbers_is_not_given_them_again(sqlite_url: str) -> None:
    async with Site(sqlite_url) as s:
        used = update(robots).values(last_seq=900, fence=70)
        s.book.write_now(lambda tx: tx.execute(used).close())
        await s.boot()
        job = s.request()
        await until(lambda: s.twin.plc.memory.ack_seq > 0, "an answer")
        assert s.twin.plc.memory.ack_seq in (901, 902)
        assert s.twin.plc.memory.fence == 71
        await s.until_state(job, "done")
