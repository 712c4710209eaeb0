"""Where a robot cannot say, or says nothing: persons decide, and their scan wins."""

import asyncio
from dataclasses import replace

import pytest

from devices.capabilities import Health
from devices.conformance import until
from devices.twins import grh1_memory as m
from devices.twins.grh1 import Pace
from tests.robot_site import LIMBO, SLOW, SOON, Site, site
from wms.errors import Code, Rejected
from wms.robots import missions
from wms.robots.persons import Why


async def test_a_source_that_is_empty_is_a_persons_decision(sqlite_url: str) -> None:
    async with site(sqlite_url) as s:
        s.twin.plc.fail_next(m.SOURCE_EMPTY)
        job = s.request()
        await s.until_state(job, "person")
        assert s.attempts(job) == ["failed", "person"]
        assert s.moves() == []
        (task,) = s.tasks()
        assert (task.kind, task.place) == ("carry", "A0")
        assert '"why": "robot.stop.1"' in task.body
        await s.until_idle()  # confirmed: the robot is free
        s.scan(job, "A0")  # it is there after all: a robot may try again
        await s.until_state(job, "done")
        assert s.attempts(job) == ["failed", "settled", "done"]
        assert s.tasks() == []
        await s.until_idle()
        assert s.faults() == []


async def test_a_person_may_carry_it(sqlite_url: str) -> None:
    async with site(sqlite_url) as s:
        s.twin.plc.fail_next(m.PATH_BLOCKED)
        job = s.request()
        await s.until_state(job, "person")
        s.scan(job, "B0")
        assert s.attempts(job) == ["failed", "settled"]
        assert s.where_book(0) == "B0"
        (move,) = s.moves()
        assert (move.key, move.actor) == (f"job:{job}", "person:1")
        with pytest.raises(Rejected) as refusal:
            s.scan(job, "A0")
        assert refusal.value.code is Code.MISSION_SETTLED


async def test_a_load_in_doubt_is_quarantined_until_it_is_scanned(sqlite_url: str) -> None:
    async with site(sqlite_url, pace=SLOW) as s:
        job, waiting = s.request(), ""
        await until(lambda: s.twin.plc.memory.state == m.TO_TARGET, "the load on board")
        await s.twin.power_off()
        await s.twin.power_on(wiped=True)
        await s.until_state(job, "person")
        assert s.where_book(0) == LIMBO
        (task,) = s.tasks()
        assert (task.kind, task.place) == ("find_load", LIMBO)
        with pytest.raises(Rejected) as refusal:
            s.scan(job, "agv-1")
        assert refusal.value.code is Code.PLACE_NOT_REAL
        # A person takes it off and puts the robot in order; it gets no work before the scan.
        assert s.twin.put_in_order() == "T0"
        s.world.placed(2, "T0")
        await asyncio.sleep(0.1)
        assert waiting == ""
        s.scan(job, "B0")
        assert s.where_book(0) == "B0"
        assert [move.key.split(":")[0] for move in s.moves()] == ["quarantine", "job"]
        following = s.request()
        await s.until_state(following, "done")
        await s.until_idle()
        assert s.where_world(0) == s.where_book(0) == "A0"
        assert s.tasks() == []


async def test_an_e_stop_at_the_hand_off_is_in_doubt_and_its_end_only_noted(
    sqlite_url: str,
) -> None:
    async with site(sqlite_url, pace=SLOW) as s:
        job = s.request()
        await until(lambda: s.twin.plc.memory.state == m.UNLOADING, "the hand-off")
        s.twin.plc.stop_now()
        doubted = await s.until_state(job, "person")
        assert s.where_book(0) == LIMBO
        s.twin.plc.release()
        s.twin.plc.set_mode(m.AUTO)
        await s.until_idle()  # it finished, and that was confirmed
        assert s.where_book(0) == LIMBO  # and not posted
        (task,) = s.tasks()
        assert '"robot_says": "done"' in task.body
        assert s.mission(job).id == doubted.id
        s.scan(job, "B0")
        assert s.where_book(0) == s.where_world(0) == "B0"


async def test_a_robot_that_knows_no_such_station_gives_the_job_to_a_person(
    sqlite_url: str,
) -> None:
    async with site(sqlite_url) as s:
        s.twin.plc.stations.discard(2)
        job = s.request()
        await s.until_state(job, "person")
        assert s.attempts(job) == ["voided", "person"]
        (task,) = s.tasks("carry")
        assert Why.UNKNOWN_STATION in task.body
        assert m.VOIDED in [slot.state for slot in s.twin.plc.memory.journal]


async def test_a_cancelled_job_is_voided_or_comes_too_late(sqlite_url: str) -> None:
    async with site(sqlite_url, pace=SLOW) as s:
        job = s.request()
        await until(lambda: s.twin.plc.memory.state == m.TO_SOURCE, "the robot on its way")
        await s.until_state(job, "assigned")
        assert s.book.write_now(missions.cancel, job=job, now=s.now_ms()) == "voiding"
        await s.until_state(job, "voided")
        await s.until_idle()
        assert s.attempts(job) == ["voided"]
        assert s.deliveries == []
        job = s.request()
        await until(lambda: s.twin.plc.memory.state == m.TO_TARGET, "the load on board")
        s.book.write_now(missions.cancel, job=job, now=s.now_ms())
        await s.until_state(job, "done")
        assert s.where_book(0) == s.where_world(0) == "B0"


async def test_what_nobody_gave_is_left_alone_and_shown_to_a_person(sqlite_url: str) -> None:
    async with Site(sqlite_url) as s:
        memory = s.twin.plc.memory
        memory.mission, memory.state, memory.kind, memory.target = 666, m.DONE, m.MOVE, 1
        await s.boot()
        job = s.request()
        await until(lambda: bool(s.tasks()), "a task")
        await asyncio.sleep(0.1)
        (task,) = s.tasks()
        assert (task.kind, task.ref) == ("look", "robot:agv-1")
        assert (memory.mission, memory.state, memory.ack_seq) == (666, m.DONE, 0)
        assert s.mission(job).state == "queued"


# Rule 8: silence.


async def test_silence_calls_a_person_and_the_return_sends_him_home(sqlite_url: str) -> None:
    async with site(sqlite_url, pace=SLOW) as s:
        job = s.request()
        await s.until_state(job, "assigned")
        s.twin.silence()
        await until(lambda: bool(s.tasks("look")), "a look task")
        assert s.mission(job).state == "assigned"  # silence proves nothing
        s.twin.speak()
        await s.until_state(job, "done")
        await s.until_idle()
        assert s.tasks() == []
        assert s.faults() == []


@pytest.mark.parametrize("fault", ["silence", "freeze", "power_off"])
async def test_while_one_robot_is_away_the_other_does_the_work(
    sqlite_url: str, fault: str
) -> None:  # fmt: skip
    async with site(sqlite_url, names=("agv-1", "agv-2"), totes=3) as s:
        await until(lambda: all(t.plc.memory.fence for t in s.twins.values()), "both robots")
        lost = s.twins["agv-1"]
        await (lost.power_off() if fault == "power_off" else asyncio.sleep(0))
        if fault != "power_off":
            getattr(lost, fault)()
        await until(lambda: s.health["agv-1"][0] is Health.OFFLINE, "the loss to be noticed")
        jobs = [s.request(tote) for tote in range(3)]
        for job in jobs:
            assert (await s.until_state(job, "done")).robot == "agv-2"
        await s.until_idle()
        assert s.faults() == []


async def test_a_verdict_wins_over_the_robot_that_comes_back(sqlite_url: str) -> None:
    async with site(sqlite_url, pace=Pace(travel_s=3)) as s:
        job = s.request()
        await until(lambda: s.twin.plc.memory.state == m.TO_SOURCE, "the robot on its way")
        await s.until_state(job, "assigned")
        s.twin.freeze()
        await until(lambda: bool(s.tasks("look")), "a look task")
        # A person carries it, and another stands in its place when the robot wakes up.
        s.world.picked_up(1, "T0")
        s.world.placed(2, "T0")
        s.scan(job, "B0")
        s.twin.thaw()
        await s.until_idle()
        assert s.mission(job).state == "settled"
        assert s.deliveries == []
        assert s.where_book(0) == s.where_world(0) == "B0"
        slots = {slot.mission: slot.state for slot in s.twin.plc.memory.journal}
        assert slots[s.mission(job).id] == m.VOIDED
        assert s.tasks() == []


async def test_a_delivery_against_the_verdict_sends_a_person_again(sqlite_url: str) -> None:
    async with site(sqlite_url, pace=SLOW) as s:
        job = s.request()
        await until(lambda: s.twin.plc.memory.state == m.TO_TARGET, "the load on board")
        s.twin.silence()
        await until(lambda: bool(s.tasks("look")), "a look task")
        mistaken = s.mission(job)
        assert s.scan(job, "A0") is not None  # it goes on under a new number
        s.twin.speak()
        await until(lambda: bool(s.deliveries), "the delivery")
        await until(lambda: Why.DELIVERED in str(s.all_tasks()), "another look")
        assert s.deliveries[0].mission == mistaken.id
        assert not [move for move in s.moves() if move.ref == f"mission:{mistaken.id}"]


async def test_a_robot_that_does_not_move_on_is_looked_after(sqlite_url: str) -> None:
    async with site(sqlite_url, settings=replace(SOON, stuck_s=0.3)) as s:
        await until(lambda: s.twin.plc.memory.fence > 0, "the floor")
        s.twin.plc.deaf_to_floor = True
        job = s.request()
        await until(lambda: bool(s.tasks("look")), "a look task")
        assert Why.STUCK in s.tasks("look")[0].body
        s.twin.plc.deaf_to_floor = False
        await s.until_state(job, "done")
        assert s.tasks() == []
