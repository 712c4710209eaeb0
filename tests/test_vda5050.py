"""Vehicles of VDA 5050 at work: what is different from GRH-1, and all that is the same."""

import json

import pytest

from devices.conformance import until
from tests.robot_site import LIMBO, SLOW, Killed
from tests.vda_site import VdaSite, vda_site
from wms.robots import missions
from wms.robots.persons import Why


async def delivered(s: VdaSite, job: str) -> None:
    """The vehicle has brought it, and nobody has scanned it yet."""
    await until(lambda: bool(s.tasks("confirm")), s.described, 30)
    assert s.mission(job).state == "person"
    assert s.mission(job).reason == Why.TO_CONFIRM


async def test_a_fleet_of_two_kinds_carries_and_the_ledger_has_both(sqlite_url: str) -> None:
    both = ("agv-1", "vda-1")
    async with vda_site(sqlite_url, names=both, totes=2, pace=SLOW, travel_s=0.3) as s:
        await until(lambda: all(s.fence(name) for name in both), s.described, 30)
        jobs = [s.request(0), s.request(1)]
        await until(lambda: all(s.mission(job).robot for job in jobs), s.described, 30)
        by = {s.mission(job).robot: job for job in jobs}
        assert sorted(by) == sorted(both)
        await s.until_state(by["agv-1"], "done")  # its word settles it
        await delivered(s, by["vda-1"])  # a vehicle's does not
        mission, tote = s.mission(by["vda-1"]), int(s.mission(by["vda-1"]).container[1:])
        (task,) = s.tasks()
        assert (task.kind, task.place) == ("confirm", f"B{tote}")
        assert s.where_book(tote) == f"A{tote}"
        assert s.where_world(tote) == f"B{tote}"
        s.scan(by["vda-1"], f"B{tote}")
        moves = {move.key: move.actor for move in s.moves()}
        assert moves == {f"job:{by['agv-1']}": "robot:agv-1", f"job:{by['vda-1']}": "person:1"}
        assert [s.where_book(each) for each in (0, 1)] == ["B0", "B1"]
        assert {each.mission for each in s.deliveries} == {s.mission(job).id for job in jobs}
        assert s.mission(by["vda-1"]).state == "settled"
        assert s.mission(by["vda-1"]).id == mission.id
        assert s.tasks() == []


async def test_a_vehicle_works_on_while_its_delivery_waits_to_be_scanned(sqlite_url: str) -> None:
    async with vda_site(sqlite_url, totes=2) as s:
        first, second = s.request(0), s.request(1)
        await until(lambda: len(s.tasks("confirm")) == 2, s.described, 30)
        s.scan(first, "A0")  # it is where it was: the vehicle was wrong, and another goes
        s.scan(second, "B1")
        assert s.attempts(first) == ["settled", "queued"]
        s.world.loads[1].append(s.world.loads[2].pop())
        await until(lambda: bool(s.tasks("confirm")), s.described, 30)
        s.scan(first, "B0")
        assert s.attempts(first) == ["settled", "settled"]
        assert [move.key for move in s.moves()] == [f"job:{second}", f"job:{first}"]


async def test_orders_and_states_that_are_lost_or_come_twice(sqlite_url: str) -> None:
    async with vda_site(sqlite_url) as s:
        s.broker.repeat["order"] = 1
        s.broker.repeat["state"] = 10
        job = s.request()
        await delivered(s, job)
        s.scan(job, "B0")
        s.broker.lose["order"] = 2
        s.broker.lose["state"] = 3
        s.vehicle.garble_next = 1
        again = s.request()
        await delivered(s, again)
        s.scan(again, "A0")
        assert len(s.deliveries) == 2
        orders = [json.loads(m.payload) for m in s.broker.said if m.topic.endswith("/order")]
        assert len({order["orderId"] for order in orders}) == 2
        assert {order["orderUpdateId"] for order in orders} == {0}
        assert len(orders) >= 4, "the lost ones were said again, under the same number"
        assert [order["headerId"] for order in orders] == list(range(len(orders)))


@pytest.mark.parametrize(
    "point",
    [
        pytest.param("assign:decided", marks=pytest.mark.long), "assign:committed",
        pytest.param("assign:written", marks=pytest.mark.long),
    ],
)  # fmt: skip
async def test_a_floor_that_dies_around_an_order_has_it_driven_once(
    sqlite_url: str, point: str
) -> None:
    def die(_robot: str, reached: str) -> None:
        if reached == point and points.count(point) == 0:
            points.append(point)
            raise Killed

    points: list[str] = []
    async with vda_site(sqlite_url, travel_s=0.1) as s:
        s.reached = die
        job = s.request()
        await s.until_with_reboots(lambda: bool(s.tasks("confirm")))
        assert points == [point]
        s.scan(job, "B0")
        assert len(s.deliveries) == 1
        assert s.attempts(job) == ["settled"]


async def test_a_refused_order_is_a_persons_or_anothers(sqlite_url: str) -> None:
    async with vda_site(sqlite_url) as s:
        s.vehicle.reject_next("noRouteError")
        job = s.request()
        await until(lambda: bool(s.tasks("carry")), s.described, 30)
        assert s.attempts(job) == ["voided", "person"]
        assert Why.UNKNOWN_STATION in s.tasks("carry")[0].body
        s.scan(job, "A0")  # where it stands: a robot may try again
        s.vehicle.reject_next("orderError")
        await delivered(s, job)
        assert s.attempts(job)[:2] == ["voided", "settled"]
        assert len(s.deliveries) == 1


async def test_an_empty_source_and_a_vendors_own_trouble(sqlite_url: str) -> None:
    async with vda_site(sqlite_url) as s:
        s.vehicle.fail_next("loadNotFound", "pick")
        s.vehicle.goes_on = True  # it drives to the target all the same: that is cancelled
        job = s.request()
        await until(lambda: bool(s.tasks("carry")), s.described, 30)
        assert "robot.stop.1" in s.tasks("carry")[0].body
        assert s.attempts(job) == ["failed", "person"]
        await until(lambda: not s.vehicle.memory.is_busy, s.described, 30)
        s.scan(job, "A0")
        s.vehicle.fail_next("gripperBroken", "drop")
        await until(lambda: bool(s.tasks("find_load")), s.described, 30)
        assert s.where_book(0) == LIMBO
        assert s.vehicle.put_in_order() == "T0"
        s.world.placed(2, "T0")
        s.scan(job, "B0")
        assert s.where_book(0) == s.where_world(0) == "B0"


async def test_a_cancelled_job_is_cancelled_at_the_vehicle_or_comes_too_late(
    sqlite_url: str,
) -> None:
    async with vda_site(sqlite_url, travel_s=0.4) as s:
        job = s.request()
        await s.until_state(job, "assigned")
        assert s.book.write_now(missions.cancel, job=job, now=s.now_ms()) == "voiding"
        await s.until_state(job, "voided")
        assert s.deliveries == []
        late = s.request()
        await s.until_vehicle("pick FINISHED")
        s.vehicle.paused = True
        await until(lambda: s.shown("vda-1") == "to_target", s.described, 30)
        assert s.book.write_now(missions.cancel, job=late, now=s.now_ms()) == "voiding"
        await s.until_state(late, "assigned")  # it has the load: let it finish
        s.vehicle.paused = False
        await delivered(s, late)
        assert len(s.deliveries) == 1


@pytest.mark.long
async def test_an_order_that_never_came_is_voided_by_proof(sqlite_url: str) -> None:
    async with vda_site(sqlite_url) as s:
        s.broker.lose["order"] = 1_000
        job = s.request()
        await until(lambda: s.broker.lose["order"] < 1_000, s.described, 30)
        s.book.write_now(missions.cancel, job=job, now=s.now_ms())
        await s.until_state(job, "voided")
        assert s.deliveries == []


async def test_a_silent_vehicle_is_looked_after_and_reconciled(sqlite_url: str) -> None:
    async with vda_site(sqlite_url, travel_s=0.3, silent_s=0.4) as s:
        job = s.request()
        await s.until_state(job, "assigned")
        s.vehicle.silence()
        await until(lambda: bool(s.tasks("look")), s.described, 30)
        assert s.mission(job).state == "assigned", "the mission stays its own"
        s.vehicle.speak()
        await delivered(s, job)
        assert s.tasks("look") == []
        assert len(s.deliveries) == 1


async def test_a_person_s_scan_wins_over_a_vehicle_that_comes_back(sqlite_url: str) -> None:
    async with vda_site(sqlite_url, travel_s=0.3) as s:
        job = s.request()
        await s.until_state(job, "assigned")
        await s.vehicle.power_off()  # its last will tells at once
        await until(lambda: bool(s.tasks("look")), s.described, 30)
        s.world.loads[1].remove("T0")
        s.world.placed(2, "T0")
        s.scan(job, "B0")
        await s.vehicle.power_on()
        await until(lambda: not s.vehicle.memory.is_busy, s.described, 30)
        following = s.request()
        await delivered(s, following)
        s.scan(following, "A0")
        assert s.where_book(0) == s.where_world(0) == "A0"
        assert [move.key for move in s.moves()] == [f"job:{job}", f"job:{following}"]


@pytest.mark.parametrize(
    "trouble", ["dropped", "wiped", pytest.param("blind", marks=pytest.mark.long)]
)
async def test_a_load_that_nobody_knows_of_is_found_by_a_person(
    sqlite_url: str, trouble: str
) -> None:
    async with vda_site(sqlite_url, travel_s=0.3) as s:
        job = s.request()
        await s.until_vehicle("pick FINISHED")
        await s.until_state(job, "assigned")
        if trouble == "dropped":
            assert s.vehicle.drop_load() == "T0"
        elif trouble == "blind":
            s.vehicle.loads_known = False
        else:
            await s.vehicle.power_off()
            await s.vehicle.power_on(wiped=True)
        await until(lambda: bool(s.tasks("find_load")), s.described, 30)
        assert s.where_book(0) == LIMBO
        s.vehicle.put_in_order()
        s.vehicle.loads_known = True
        await until(lambda: not s.vehicle.memory.is_busy, s.described, 30)
        if s.where_world(0) is None:
            s.world.placed(2, "T0")
        assert s.tasks("confirm") == []
        s.scan(job, "B0")
        assert s.where_book(0) == "B0"
        following = s.request()
        await delivered(s, following)


@pytest.mark.long
async def test_the_broker_goes_and_comes_in_the_middle_of_a_mission(sqlite_url: str) -> None:
    async with vda_site(sqlite_url, travel_s=0.3) as s:
        job = s.request()
        await s.until_state(job, "assigned")
        await s.broker.stop()
        await until(lambda: bool(s.deliveries), s.described, 30)  # it keeps its order
        await s.broker.start()
        await delivered(s, job)
        assert len(s.deliveries) == 1
