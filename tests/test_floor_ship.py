"""Loading trucks and seeing to tasks on the real floor, on both databases."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from labels.templates import render
from picking import pickups
from tests.floor_site import (
    DAVE,
    FIRST_NUMBER,
    JAN,
    ON_BOTH,
    FloorSite,
    Hand,
    floor_at,
    refused,
)
from tests.picking_site import BERT, HOUR_MS, NOON
from wms.db import Tx
from wms.errors import Code
from wms.orders import lifecycle as order_book
from wms.robots import missions
from wms.schema import (
    events,
    holidays,
    manifests,
    order_lines,
    parcels,
    places,
    print_jobs,
    robots,
    stations,
    tasks,
    terminals,
)
from wms.schema import missions as missions_table
from wms.shipping.parcels import number_of

TEA, CUP = f"]E0{JAN['TEA']}", f"]E0{JAN['CUP']}"
YAMATO, SAGAWA = "M-YAMATO-261122-1700", "M-SAGAWA-261122-1800"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site
        site.check()


def packed(site: FloorSite, *wanted: tuple[tuple[str, int], ...]) -> list[str]:
    """Orders of a tea and a cup, boxed and inspected: the codes of their parcels."""
    hand, totes = site.packing(*wanted)
    for number, tote in enumerate(totes):
        for text in (tote, TEA, CUP, "BX-S", number_of(FIRST_NUMBER + number)):
            assert hand.scan(text).fate == "applied", hand.prompt
    return [row.code for row in site.rows(select(parcels.c.code).order_by(parcels.c.id))]


BASKET = (("TEA", 1), ("CUP", 1))


def at_truck(site: FloorSite, manifest: str = YAMATO) -> Hand:
    hand = site.signed_in("DOCK-1", DAVE, work="ship")
    hand.expect("ship.load", manifest)
    return hand


@ON_BOTH
def test_a_truck_is_loaded_and_closed_and_what_stays_rolls_over(site: FloorSite) -> None:
    codes = packed(site, BASKET, BASKET, BASKET)
    hand = at_truck(site)
    assert (hand.prompt.done, hand.prompt.total) == (0, 3)
    hand.expect("ship.load", codes[0])
    loaded = hand.expect("ship.load", f"]F0a{number_of(FIRST_NUMBER + 1)}a")
    assert (loaded.done, loaded.total) == (2, 3)
    refused(hand.scan(codes[0]), Code.LOAD_TWICE)
    hand.command("ok")
    asked = hand.expect("ship.close", "full", "command")
    assert asked.lines == ("Labels 3=2+1", codes[2])
    closed = hand.expect("ship.manifest", "1", "key")
    assert closed.message is not None
    assert (closed.message.text, closed.message.severity) == (
        "2 handed over, 1 left behind", "attention",
    )  # fmt: skip
    assert [site.state(order) for order in (1, 2, 3)] == ["shipped", "shipped", "packed"]
    assert [site.parcel(code).state for code in codes] == ["shipped", "shipped", "closed"]
    assert [option.label for option in hand.prompt.options][:2] == [
        "Sagawa Express 18:00", "Yamato Transport 17:00",
    ]  # fmt: skip
    tomorrow = hand.expect("ship.load", "M-YAMATO-261123-1700")
    assert (tomorrow.done, tomorrow.total) == (0, 1), "it waits for the next pickup"
    hand.expect("ship.load", codes[2])
    hand.command("full")
    hand.expect("ship.manifest", "1", "key")
    assert site.state(3) == "shipped"


@ON_BOTH
def test_shipped_is_told_once_with_every_number(site: FloorSite) -> None:
    codes = packed(site, BASKET)
    hand = at_truck(site)
    hand.expect("ship.load", codes[0])
    hand.command("full")
    first = hand.send("1", "key", after_ms=2_000)
    assert first.fate == "applied"
    (told,) = site.rows(select(events).where(events.c.kind == "order.shipped"))
    body: dict[str, Any] = msgspec.json.decode(told.body)
    assert (body["carrier"], body["tracking"]) == ("yamato", [number_of(FIRST_NUMBER)])
    shipped = site.rows(select(order_lines.c.shipped))
    assert [row.shipped for row in shipped] == [1, 1]
    assert site.in_tote(codes[0]) == {}


@ON_BOTH
def test_what_must_not_leave_with_this_truck_is_refused(site: FloorSite) -> None:
    codes = packed(site, BASKET, BASKET)
    other = at_truck(site, SAGAWA)
    wrong = other.scan(codes[0])
    refused(wrong, Code.LOAD_OTHER_CARRIER)
    assert wrong.prompt.message is not None
    assert (wrong.prompt.message.expected, wrong.prompt.message.scanned) == (
        "Sagawa Express", "Yamato Transport",
    )  # fmt: skip
    other.command("ok")
    other.command("back")
    other.expect("ship.load", YAMATO)
    site.set(parcels, parcels.c.code == codes[1], state="labelled", verified_ms=None)
    refused(other.scan(codes[1]), Code.LOAD_UNPROVEN)
    other.command("ok")
    site.set(parcels, parcels.c.code == codes[1], state="closed", verified_ms=site.now)
    site.write(order_book.set_state, [2], "held", now=site.now, reason="test")
    refused(other.scan(codes[1]), Code.LOAD_STOPPED)
    assert other.prompt.done == 0


@ON_BOTH
def test_a_stopped_parcel_on_the_truck_keeps_it_here_until_it_is_off(site: FloorSite) -> None:
    codes = packed(site, BASKET, BASKET)
    hand = at_truck(site)
    for code in codes:
        hand.expect("ship.load", code)
    site.write(order_book.set_state, [1], "held", now=site.now, reason="test")
    hand.command("full")
    stopped = hand.key("1")
    refused(stopped, Code.LOAD_STOPPED)
    assert stopped.prompt.message is not None
    assert codes[0] in stopped.prompt.message.text
    assert site.told("manifest.closed") == 0
    hand.command("ok")
    hand.expect("ship.load", "2", "key")
    off = hand.expect("ship.load", codes[0])
    assert off.message is not None
    assert (off.message.code, off.done) == ("ship.taken_off", 1)
    hand.command("full")
    hand.expect("ship.manifest", "1", "key")
    assert [site.state(order) for order in (1, 2)] == ["held", "shipped"]


def test_a_truck_that_somebody_else_closed_cannot_be_loaded(site: FloorSite) -> None:
    codes = packed(site, BASKET)
    hand = at_truck(site)
    site.set(manifests, manifests.c.code == YAMATO, state="closed")
    late = hand.scan(codes[0])
    assert (late.fate, late.prompt.step) == ("refused", "manifest")
    site.set(manifests, manifests.c.code == YAMATO, state="open")


def test_a_dock_with_a_printer_prints_what_the_driver_signs(site: FloorSite) -> None:
    codes = packed(site, BASKET)
    site.add(
        stations, {"code": "SHIP-1", "kind": "ship", "place": "DROP", "slip_printer": "a4-9"}
    )  # fmt: skip
    site.set(terminals, terminals.c.id == "DOCK-1", station="SHIP-1")
    hand = at_truck(site)
    hand.expect("ship.load", codes[0])
    hand.command("full")
    hand.expect("ship.manifest", "1", "key")
    (job,) = site.rows(select(print_jobs).where(print_jobs.c.template == "manifest"))
    paper: dict[str, Any] = msgspec.json.decode(job.data)
    assert [one["parcel"] for one in paper["parcels"]] == codes
    assert (paper["left_behind"], job.station) == (0, "SHIP-1")
    assert render("manifest", paper).startswith(b"%PDF")


@ON_BOTH
def test_each_carrier_has_the_manifest_of_its_next_pickup(site: FloorSite) -> None:
    def codes() -> list[str]:
        return [row.code for row in site.rows(select(manifests.c.code).order_by(manifests.c.code))]

    def ensure(now: int) -> int:
        return site.write(pickups.ensure, now=now, zone=site.settings.zone)

    assert codes() == [SAGAWA, YAMATO]
    assert (ensure(NOON), ensure(NOON + HOUR_MS)) == (0, 0)
    assert ensure(NOON + 5 * HOUR_MS + 1) == 1, "17:00 is over"
    assert "M-YAMATO-261123-1700" in codes()
    site.set(manifests, manifests.c.code == SAGAWA, state="closed")
    assert ensure(NOON) == 1, "a truck that left early is followed by the next one"
    assert "M-SAGAWA-261123-1800" in codes()
    assert (ensure(NOON), ensure(NOON + 29 * HOUR_MS + 1)) == (0, 1)


@ON_BOTH
def test_no_truck_is_awaited_on_a_day_on_which_the_carrier_rests(site: FloorSite) -> None:
    site.add(holidays, {"scope": "yamato", "date": "2026-11-23"})
    site.write(pickups.ensure, now=NOON + 5 * HOUR_MS + 1, zone=site.settings.zone)
    codes = {row.code for row in site.rows(select(manifests.c.code))}
    assert codes == {SAGAWA, YAMATO, "M-YAMATO-261124-1700"}


# Tasks


@pytest.fixture
def carried(site: FloorSite) -> int:
    """A tote stands at the drop place, and a robot was asked to bring it to the bench."""
    site.release([site.order(("TEA", 2), ("CUP", 1))])
    tour = site.claim()
    site.walk(tour.id)
    site.drop(tour.id, "DROP")
    for code in ("R-1", "Q-1"):
        site.add(places, {"code": code, "kind": "robot" if code == "R-1" else "buffer"})
    robot = {"device": "agv-1", "place": "R-1", "quarantine": "Q-1", "fence": 1, "last_seq": 1}
    site.add(robots, robot)
    return int(site.scalar(select(missions_table.c.id)))


def ask_a_person(tx: Tx, now: int) -> None:
    """The robot took it, and fell silent."""
    given = missions.assign(tx, robot="agv-1", fence=1, seq=1, boot_id=1, now=now)
    assert given is not None
    missions.accepted(tx, mission=given.id, now=now)
    missions.silent(tx, robot="agv-1", now=now)


@ON_BOTH
def test_a_person_s_scan_settles_what_a_silent_robot_left_open(
    site: FloorSite, carried: int
) -> None:
    site.write(ask_a_person, site.now)
    hand = site.signed_in("HT-02", BERT, work="task")
    shown = hand.expect("task.tote", "1", "key")
    assert (shown.focus.tote, shown.focus.place) == ("T-01", "DROP")
    assert shown.lines == ("Look at the robot", "agv-1", "The robot is silent: go and look")
    refused(hand.scan("T-02"), "task.wrong_tote")
    hand.command("ok")
    hand.expect("task.place", "T-01")
    refused(hand.scan("R-1"), Code.PLACE_NOT_REAL)
    hand.command("ok")
    settled = hand.expect("task.get", "BENCH-1")
    assert settled.message is not None
    assert settled.message.code == "task.settled"
    state = select(missions_table.c.state).where(missions_table.c.id == carried)
    assert site.scalar(state) == "settled"
    assert site.scalar(select(places.c.parent).where(places.c.code == "T-01")) == "BENCH-1"
    assert site.scalar(select(func.count()).where(tasks.c.state == "claimed")) == 0


@ON_BOTH
def test_a_load_that_is_found_half_way_is_sent_on(site: FloorSite, carried: int) -> None:
    site.write(ask_a_person, site.now)
    hand = site.signed_in("HT-02", BERT, work="task")
    hand.expect("task.tote", "1", "key")
    hand.expect("task.place", "T-01")
    hand.expect("task.get", "BENCH-2")
    assert site.scalar(select(places.c.parent).where(places.c.code == "T-01")) == "BENCH-2"
    following = site.rows(select(missions_table).order_by(missions_table.c.attempt))[-1]
    assert (following.attempt, following.state) == (2, "person"), "no robot comes there"
    carry = hand.expect("task.tote", "1", "key")
    assert (carry.lines[0], carry.focus.place) == ("Carry it", "BENCH-2")
    hand.expect("task.place", "T-01")
    hand.expect("task.get", "BENCH-1")
    states = site.rows(select(missions_table.c.state).order_by(missions_table.c.attempt))
    assert [row.state for row in states] == ["settled", "settled"]


@ON_BOTH
def test_a_robot_that_comes_back_by_itself_ends_the_task(site: FloorSite, carried: int) -> None:
    site.write(ask_a_person, site.now)
    hand = site.signed_in("HT-02", BERT, work="task")
    hand.expect("task.tote", "1", "key")
    site.write(missions.settle_done, mission=carried, now=site.now)
    assert hand.prompt.step == "get", "the prompt goes on by itself"
    assert hand.scan("T-01").fate == "refused"


def test_looking_is_enough_when_the_robot_goes_on(site: FloorSite, carried: int) -> None:
    site.write(ask_a_person, site.now)
    hand = site.signed_in("HT-02", BERT, work="task")
    hand.expect("task.tote", "1", "key")
    hand.expect("task.get", "1", "key")
    state = select(missions_table.c.state).where(missions_table.c.id == carried)
    assert site.scalar(state) == "assigned", "the robot still has it"


@ON_BOTH
def test_a_tote_without_a_robot_is_carried_by_a_person(site: FloorSite) -> None:
    site.set(places, places.c.code == "DROP", robot_station=None)
    site.release([site.order(("TEA", 2), ("CUP", 1))])
    tour = site.claim()
    site.walk(tour.id)
    site.drop(tour.id, "DROP")
    hand = site.signed_in("HT-02", BERT, work="task")
    shown = hand.expect("task.tote", "1", "key")
    assert shown.lines == ("Carry it",)
    target = site.at("HT-02").expect("task.place", "T-01").focus.place
    refused(hand.scan("A-01"), Code.PLACE_NOT_DROP)
    hand.command("ok")
    hand.expect("task.get", target)
    assert site.scalar(select(places.c.parent).where(places.c.code == "T-01")) == target
    assert site.state(1) == "picked"


@ON_BOTH
def test_a_task_is_given_to_one_and_goes_back_when_he_leaves_it(
    site: FloorSite, carried: int
) -> None:
    site.write(ask_a_person, site.now)
    bert = site.signed_in("HT-02", BERT, work="task")
    bert.expect("task.tote", "1", "key")
    lea = site.at("LEAD-1")
    lea.sign_in(5)
    lea.key("314159")
    lea.command("task")
    assert lea.key("1").prompt.message.code == "task.none"  # type: ignore[union-attr]
    bert.expect("task.get", "back", "command")
    lea.expect("task.tote", "1", "key")
    row = site.rows(select(tasks).where(tasks.c.kind == "look"))[0]
    assert (row.state, row.person_id) == ("claimed", 5)


def test_nobody_is_sent_to_help_himself(site: FloorSite) -> None:
    hand = site.signed_in("HT-02", BERT, work="task")
    hand.command("assist")
    assert hand.prompt.lines == ("0 waiting",)
    assert hand.key("1").prompt.message.code == "task.none"  # type: ignore[union-attr]
