"""The book's side of missions, on both databases: who may change what, once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.robots import evidence, missions, roster
from wms.robots.persons import Why
from wms.robots.rows import Mission, latest, load, new_number, parent
from wms.schema import devices, moves, people, places, tasks
from wms.schema import robots as robots_table

NOW = 1_790_000_000_000
ROBOTS = ("agv-1", "agv-2")
WAYS = {"T0": ("A0", "B0"), "T1": ("A1", "B1"), "T2": ("A2", "B2")}


@dataclass
class Desk:
    """A furnished book; each call is one transaction."""

    book: Book
    rng: Random = field(default_factory=lambda: Random(1))
    seq: int = 0

    def request(self, tote: str = "T0", *, priority: int = 0, job: str = "", **more: Any) -> int:
        source, target = WAYS[tote]
        wanted = {"job": job or f"job-{tote}", "source": source, "target": target, **more}
        return self.book.write_now(
            missions.request, container=tote, now=NOW, rng=self.rng, priority=priority, **wanted
        )

    def assign(self, robot: str = "agv-1") -> Mission | None:
        self.seq += 1
        return self.book.write_now(
            missions.assign, robot=robot, fence=1, seq=self.seq, boot_id=1, now=NOW
        )

    def given(self, tote: str = "T0") -> int:
        """A mission on its way with the first robot."""
        self.request(tote)
        mission = self.assign()
        assert mission is not None
        self.book.write_now(missions.accepted, mission=mission.id, now=NOW)
        return mission.id

    def verdict(self, mission: int, place: str) -> int | None:
        return self.book.write_now(
            missions.verdict, mission=mission, place=place, person=1, now=NOW, rng=self.rng
        )

    def state(self, mission: int) -> str:
        return self.book.read_now(load, mission).state

    def hold(self, robot: str = "agv-1") -> str:
        return self.book.read_now(roster.record, robot).hold

    def keys(self) -> list[str]:
        return self.book.read_now(lambda tx: list(tx.execute(select(moves.c.key)).scalars()))

    def live_tasks(self) -> list[str]:
        live = select(tasks.c.kind).where(tasks.c.state.in_(("open", "claimed")))
        return self.book.read_now(lambda tx: list(tx.execute(live).scalars()))


def furnish(tx: Tx) -> None:
    """Three totes at the first of their two places, and two robots."""
    tx.execute(insert(people), [{"id": 1, "code": "P", "name": "P", "badge_hash": "b"}])
    tx.execute(insert(places), [{"code": "Q", "kind": "buffer"}, {"code": "BIN", "kind": "bin"}])
    for number, (tote, (source, target)) in enumerate(WAYS.items()):
        for station, code in enumerate((source, target), 2 * number + 1):
            row = {"code": code, "kind": "buffer", "robot_station": station}
            tx.execute(insert(places).values(row))
        tx.execute(insert(places).values(code=tote, kind="tote", parent=source))
    for robot in ROBOTS:
        tx.execute(insert(places).values(code=robot, kind="robot"))
        roster.enrol(tx, robot=robot, place=robot, quarantine="Q")


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    book = Book(database_url)
    book.write_now(furnish)
    yield Desk(book)
    book.close()


def code_of(refused: pytest.ExceptionInfo[Rejected]) -> Code:
    return refused.value.code


def test_a_number_is_never_used_again_and_fits(desk: Desk) -> None:
    numbers = {new_number(NOW, desk.rng) for _ in range(100)}
    assert len(numbers) == 100
    assert max(numbers) < new_number(NOW + 1, desk.rng) < 2**63
    assert new_number(4_398_046_511_103, desk.rng) < 2**63  # in the year 2109


def test_a_job_is_wanted_once(desk: Desk) -> None:
    mission = desk.request()
    assert desk.request() == mission
    with pytest.raises(Rejected) as refused:
        desk.request("T1", job="job-T0")
    assert code_of(refused) is Code.KEY_REUSED
    with pytest.raises(Rejected) as refused:
        desk.request(job="another")
    assert code_of(refused) is Code.MISSION_UNDER_WAY


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"source": "BIN"}, Code.PLACE_WITHOUT_ROBOTS),
        ({"target": "BIN"}, Code.PLACE_WITHOUT_ROBOTS),
        ({"target": "nowhere"}, Code.PLACE_WITHOUT_ROBOTS),
        ({"target": "A0"}, Code.PLACE_WITHOUT_ROBOTS),
        ({"source": "A1"}, Code.CONTAINER_ELSEWHERE),
    ],
)
def test_a_way_that_no_robot_can_go_is_refused(
    desk: Desk, wrong: dict[str, Any], code: Code
) -> None:
    with pytest.raises(Rejected) as refused:
        desk.request(**wrong)
    assert code_of(refused) is code


def test_the_most_urgent_then_the_oldest_is_given_first(desk: Desk) -> None:
    desk.request("T0")
    desk.request("T1", priority=5)
    urgent = desk.assign("agv-1")
    assert urgent is not None
    assert (urgent.container, urgent.priority, urgent.state) == ("T1", 5, "assigning")
    assert (urgent.source_station, urgent.target_station) == (3, 4)
    assert desk.assign("agv-1") is None  # one at a time
    other = desk.assign("agv-2")
    assert other is not None
    assert other.container == "T0"
    assert desk.assign("agv-2") is None


def test_two_robots_never_get_the_same_mission(desk: Desk) -> None:
    for tote in WAYS:
        desk.request(tote)
    start = Barrier(len(ROBOTS))

    def ask(robot: str) -> Mission | None:
        start.wait()
        return desk.assign(robot)

    with ThreadPoolExecutor(len(ROBOTS)) as threads:
        given = list(threads.map(ask, ROBOTS))
    assert len({mission.id for mission in given if mission}) == 2


def test_a_tote_that_was_moved_by_hand_is_not_given(desk: Desk) -> None:
    there, away = desk.request("T0"), desk.request("T1")

    def by_hand(tx: Tx) -> None:
        for tote, place in (("T0", "B0"), ("T1", "BIN")):
            tx.execute(places.update().where(places.c.code == tote).values(parent=place))

    desk.book.write_now(by_hand)
    assert desk.assign() is None
    assert desk.state(there) == "settled"
    assert desk.state(away) == "person"
    assert desk.live_tasks() == ["find_load"]


def test_done_moves_the_tote_once(desk: Desk) -> None:
    mission = desk.given()
    assert desk.book.write_now(missions.settle_done, mission=mission, now=NOW)
    assert not desk.book.write_now(missions.settle_done, mission=mission, now=NOW)
    assert desk.keys() == ["job:job-T0"]
    assert desk.book.read_now(parent, "T0") == "B0"


def test_done_with_the_tote_booked_elsewhere_is_a_persons_task(desk: Desk) -> None:
    mission = desk.given()
    desk.book.write_now(
        lambda tx: tx.execute(
            places.update().where(places.c.code == "T0").values(parent="BIN")
        ).close()
    )
    desk.book.write_now(missions.settle_done, mission=mission, now=NOW)
    assert desk.state(mission) == "person"
    assert desk.keys() == []
    assert desk.verdict(mission, "B0") is None
    assert desk.keys() == ["job:job-T0"]


def test_a_delivery_by_word_alone_waits_for_a_scan_and_holds_nobody(desk: Desk) -> None:
    mission = desk.given()
    desk.book.write_now(lambda tx: tx.execute(update(places).values(totes_max=1)).close())
    assert desk.book.write_now(evidence.await_scan, mission=mission, now=NOW)
    assert not desk.book.write_now(evidence.await_scan, mission=mission, now=NOW)
    assert (desk.state(mission), desk.hold(), desk.keys()) == ("person", "", [])
    assert desk.live_tasks() == ["confirm"]
    with pytest.raises(Rejected) as refused:
        desk.book.write_now(missions.cancel, job="job-T0", now=NOW)
    assert code_of(refused) is Code.MISSION_WITH_PERSON
    assert not desk.book.read_now(roster.record, "agv-1").in_doubt
    crowd = desk.request("T1", target="B0")
    assert desk.assign() is None, "it stands there already, by the robot's word"
    desk.book.write_now(missions.cancel, job="job-T1", now=NOW)
    assert desk.state(crowd) == "voided"
    free = desk.request("T2")
    given = desk.assign()
    assert given is not None
    assert given.id == free
    assert desk.verdict(mission, "B0") is None
    assert desk.keys() == ["job:job-T0"]
    assert (desk.state(mission), desk.live_tasks()) == ("settled", [])


def test_a_word_about_a_tote_that_a_person_brought_there_needs_no_scan(desk: Desk) -> None:
    mission = desk.given()

    def by_hand(tx: Tx) -> None:
        tx.execute(places.update().where(places.c.code == "T0").values(parent="B0"))

    desk.book.write_now(by_hand)
    desk.book.write_now(evidence.await_scan, mission=mission, now=NOW)
    assert (desk.state(mission), desk.live_tasks(), desk.keys()) == ("done", [], [])


def test_a_load_in_doubt_holds_the_robot_until_the_verdict(desk: Desk) -> None:
    mission = desk.given()
    for _ in range(2):
        desk.book.write_now(missions.quarantine, mission=mission, why=Why.LOAD_UNKNOWN, now=NOW)
    assert desk.hold() == Why.IN_DOUBT
    assert desk.book.read_now(parent, "T0") == "Q"
    assert desk.live_tasks() == ["find_load"]
    desk.request("T1")
    assert desk.assign() is None
    following = desk.verdict(mission, "A0")
    assert following is not None
    assert desk.hold() == ""
    assert desk.live_tasks() == []
    assert desk.state(following) == "queued"
    assert desk.keys() == [f"quarantine:{mission}", f"verdict:{mission}"]


def test_from_a_place_without_robots_the_job_goes_on_by_hand(desk: Desk) -> None:
    mission = desk.given()
    desk.book.write_now(missions.quarantine, mission=mission, why=Why.FORGOT, now=NOW)
    following = desk.verdict(mission, "BIN")
    assert following is not None
    assert desk.state(following) == "person"
    assert desk.live_tasks() == ["carry"]
    assert desk.hold() == ""
    # A scan for the older attempt counts for the one that is open now.
    assert desk.verdict(mission, "B0") is None
    assert desk.live_tasks() == []
    assert desk.book.read_now(parent, "T0") == "B0"
    with pytest.raises(Rejected) as refused:
        desk.verdict(following, "A0")
    assert code_of(refused) is Code.MISSION_SETTLED


@pytest.mark.parametrize("place", ["agv-1", "nowhere", "T0"])
def test_a_scan_where_nothing_can_stand_is_no_verdict(desk: Desk, place: str) -> None:
    mission = desk.given()
    with pytest.raises(Rejected) as refused:
        desk.verdict(mission, place)
    assert code_of(refused) is Code.PLACE_NOT_REAL
    assert desk.state(mission) == "assigned"


def test_a_failure_is_final_for_the_number_and_a_persons_decision(desk: Desk) -> None:
    mission = desk.given()
    for _ in range(2):
        desk.book.write_now(missions.settle_failed, mission=mission, error=3, now=NOW, rng=desk.rng)
    assert desk.state(mission) == "failed"
    assert desk.live_tasks() == ["carry"]
    assert desk.keys() == []
    following = desk.book.read_now(latest, "job-T0")
    assert following is not None
    assert (following.attempt, following.state, following.reason) == (2, "person", "robot.stop.3")
    assert following.robot == ""  # the robot that failed is free for other work


def test_a_void_gives_the_job_anew_unless_it_was_cancelled(desk: Desk) -> None:
    mission = desk.given()
    desk.book.write_now(missions.start_void, mission=mission, why=Why.WRONG_MODE, now=NOW)
    assert desk.state(mission) == "voiding"
    for _ in range(2):
        desk.book.write_now(missions.voided, mission=mission, now=NOW, rng=desk.rng)
    following = desk.book.read_now(latest, "job-T0")
    assert following is not None
    assert (following.attempt, following.state) == (2, "queued")
    assert desk.book.write_now(missions.cancel, job="job-T0", now=NOW) == "voided"
    cancelled = desk.given("T1")
    assert desk.book.write_now(missions.cancel, job="job-T1", now=NOW) == "voiding"
    desk.book.write_now(missions.voided, mission=cancelled, now=NOW, rng=desk.rng)
    last = desk.book.read_now(latest, "job-T1")
    assert last is not None
    assert (last.attempt, last.state) == (1, "voided")
    with pytest.raises(Rejected) as refused:
        desk.book.write_now(missions.cancel, job="job-T1", now=NOW)
    assert code_of(refused) is Code.MISSION_SETTLED


def test_what_a_person_is_looking_for_is_not_cancelled(desk: Desk) -> None:
    mission = desk.given()
    desk.book.write_now(missions.quarantine, mission=mission, why=Why.FORGOT, now=NOW)
    with pytest.raises(Rejected) as refused:
        desk.book.write_now(missions.cancel, job="job-T0", now=NOW)
    assert code_of(refused) is Code.MISSION_WITH_PERSON


def test_each_silence_asks_once_and_a_return_ends_it(desk: Desk) -> None:
    desk.given()
    for _ in range(2):
        desk.book.write_now(missions.silent, robot="agv-1", now=NOW)
        desk.book.write_now(missions.silent, robot="agv-1", now=NOW)
        assert desk.live_tasks() == ["look"]
        desk.book.write_now(missions.came_back, robot="agv-1", now=NOW)
        assert desk.live_tasks() == []


def test_where_no_robot_can_work_people_carry(desk: Desk) -> None:
    """The floor works on without its robots, once they were away for long enough."""
    later = NOW + missions.PATIENCE_MS

    def shown(health: str, since_ms: int, mode: str = "auto") -> bool:
        def write(tx: Tx) -> None:
            tx.execute(delete(devices))
            tx.execute(insert(devices), [
                {"name": name, "driver": "grh1", "health": health, "since_ms": since_ms}
                for name in ROBOTS
            ])  # fmt: skip
            tx.execute(update(robots_table).values(mode=mode))

        desk.book.write_now(write)
        return desk.book.read_now(missions.wait_in_vain, now=later)

    number = desk.request()
    assert not shown("online", NOW), "they are busy, and will come"
    assert not shown("offline", NOW + 1), "they have not been away for long enough"
    assert shown("online", NOW, mode="e_stop"), "there, and in no state to work"
    assert shown("offline", NOW)
    assert not desk.book.read_now(missions.wait_in_vain, now=later - 1)
    assert desk.book.write_now(missions.leave_to_people, now=later) == 1
    assert (desk.state(number), desk.live_tasks()) == ("person", ["carry"])
    assert desk.book.write_now(missions.leave_to_people, now=later) == 0
    assert desk.verdict(number, "B0") is None, "carried: the job is over"


def test_a_superseded_process_writes_nothing(desk: Desk) -> None:
    mission = desk.given()
    take = desk.book.write_now
    assert take(roster.take_over, robot="agv-1", fence=1, was=0)
    assert take(roster.take_over, robot="agv-1", fence=2, was=1)
    assert not take(roster.take_over, robot="agv-1", fence=2, was=1)
    assert not take(roster.use_seq, robot="agv-1", fence=1, seq=9, mission=mission)
    assert not take(roster.is_ours, robot="agv-1", fence=1)
    assert take(roster.use_seq, robot="agv-1", fence=2, seq=9, mission=mission)
    record = desk.book.read_now(roster.record, "agv-1", numbers=[mission, 2**64 - 1, 0])
    assert (record.last_seq, record.fence) == (9, 2)
    assert record.given == {mission: "assigned"}
    assert record.mission is not None
    assert record.mission.seq == 9
