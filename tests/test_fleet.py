"""Which robot gets which mission: priority, distance, room; and never at the price of waiting."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, update

from tests.test_mission_book import NOW, Desk, furnish
from wms.db import Book, Tx
from wms.robots import choosing
from wms.robots import missions as missions_book
from wms.robots.fleet import LEAVE_MS, FreeRobot, Room, Waiting, decide
from wms.schema import devices, missions, places, robots

POINTS = st.tuples(st.integers(-99, 99), st.integers(-99, 99))


def waiting(number: int, x: int = 0, *, priority: int = 0, target: str = "B") -> Waiting:
    return Waiting(
        id=number, priority=priority, created_ms=number, source=(x, 0), target=target
    )  # fmt: skip


def test_urgent_goes_first_and_the_nearest_robot_takes_it() -> None:
    fleet = [FreeRobot("a", (0, 0)), FreeRobot("b", (50, 0)), FreeRobot("c", None)]
    plan = decide(fleet, [waiting(1, 40), waiting(2, 45, priority=5)], {})
    assert plan.given == {"b": 2, "a": 1}
    assert (plan.robots_no, plan.missions_no) == ({"c": "work"}, {})
    plan = decide(fleet[:1], [waiting(1), waiting(2)], {})
    assert (plan.given, plan.missions_no) == ({"a": 1}, {2: "robots"})


def test_a_full_place_gets_no_more_and_lets_others_pass() -> None:
    fleet = [FreeRobot("a", (0, 0)), FreeRobot("b", (9, 0))]
    queue = [waiting(1), waiting(2), waiting(3, target="C")]
    plan = decide(fleet, queue, {"B": Room(3, 1, 1)})
    assert (plan.given, plan.missions_no) == ({"a": 1, "b": 3}, {2: "full"})


@given(
    at=st.lists(st.none() | POINTS, max_size=6),
    wanted=st.lists(st.tuples(POINTS, st.integers(0, 9), st.sampled_from("BC")), max_size=8),
    most=st.integers(0, 4),
)
def test_nobody_is_given_twice_no_place_overfilled_and_each_no_has_its_reason(
    at: list[tuple[int, int] | None], wanted: list[tuple[tuple[int, int], int, str]], most: int
) -> None:
    fleet = [FreeRobot(f"r{number}", where) for number, where in enumerate(at)]
    queue = [
        Waiting(id=number, priority=priority, created_ms=0, source=source, target=target)
        for number, (source, priority, target) in enumerate(wanted)
    ]
    plan = decide(fleet, queue, {"B": Room(most, 1, 0)})
    assert len(set(plan.given.values())) == len(plan.given)
    assert plan.given.keys() | plan.robots_no.keys() == {robot.name for robot in fleet}
    assert set(plan.given.values()) | plan.missions_no.keys() == {each.id for each in queue}
    to_b = sum(queue[number].target == "B" for number in plan.given.values())
    assert not most or to_b <= max(most - 1, 0)


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    book = Book(sqlite_url)
    book.write_now(furnish)
    book.write_now(_lay_out)
    yield Desk(book)
    book.close()


def _lay_out(tx: Tx) -> None:
    """agv-2 stands at A0 (station 1), agv-1 at A2 (station 5); both are well."""
    for number in range(3):
        at = {"x_mm": number * 10_000}
        tx.execute(update(places).where(places.c.code == f"A{number}").values(at))
    for robot, station in (("agv-1", 5), ("agv-2", 1)):
        row = {"name": robot, "driver": "grh1", "health": "online", "since_ms": 0}
        tx.execute(insert(devices).values(row))
        mine = robots.c.device == robot
        tx.execute(update(robots).where(mine).values(mode="auto", location=station))


def test_a_mission_is_left_to_the_nearer_robot_for_a_moment_and_no_longer(desk: Desk) -> None:
    desk.request("T0")

    def asks(now: int) -> choosing.Choice:
        return desk.book.read_now(choosing.choose, robot="agv-1", station=5, now=now)

    assert asks(NOW).why == "nearer"
    assert asks(NOW + LEAVE_MS).mission is not None, "it may be dead"
    mine = robots.c.device == "agv-2"
    fit = {"waits": "", "hold": "", "mode": "auto", "wish": ""}
    for change in ({"waits": "battery"}, {"hold": "x"}, {"mode": "paused"}, {"wish": "pause"}):
        desk.book.write_now(
            lambda tx, row: tx.execute(update(robots).where(mine).values(row)), {**fit, **change}
        )
        assert asks(NOW).mission is not None, change
    desk.book.write_now(lambda tx: tx.execute(update(robots).values(fit)))
    assert asks(NOW).why == "nearer"
    desk.book.write_now(lambda tx: tx.execute(update(devices).values(health="offline")))
    assert asks(NOW).mission is not None


def test_a_bench_with_room_for_one_is_brought_one(desk: Desk) -> None:
    desk.book.write_now(lambda tx: tx.execute(update(places).values(totes_max=1)))
    desk.request("T0")
    desk.request("T1")
    desk.book.write_now(
        lambda tx: tx.execute(update(missions).where(missions.c.target == "B1").values(target="B0"))
    )
    given = desk.book.write_now(
        missions_book.assign, robot="agv-2", fence=1, seq=1, boot_id=1, now=NOW, station=1
    )
    assert given is not None
    assert desk.assign("agv-1") is None
    choice = desk.book.read_now(choosing.choose, robot="agv-1", station=5, now=NOW)
    assert choice.why == "full"
