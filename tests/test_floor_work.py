"""Kits and other work on the real floor: materials in, kits out, and the time that it took."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from picking import recall
from picking.recall import LotNamed
from tests.floor_site import JAN, ON_BOTH, FloorSite, Hand, floor_at, refused
from tests.picking_site import BERT, TODAY
from tests.picking_site import refused as rejected
from wms import stock as ledger
from wms.errors import Code
from wms.look import billing
from wms.schema import (
    barcodes,
    items,
    lots,
    moves,
    people,
    stock,
    tasks,
    work_materials,
    work_spans,
)
from wms.work import jobs, kits, making
from wms.work.jobs import NewWork, Work
from wms.work.kits import NewKitLine

TEA, CUP = f"]E0{JAN['TEA']}", f"]E0{JAN['CUP']}"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        site.set(people, people.c.id == BERT, permissions=json.dumps(["task", "work"]))
        site.write(add_set)
        yield site
        site.check()


def add_set(tx: Any) -> None:
    """SET is two teas and a cup."""
    row = {"owner": "acme", "sku": "SET", "name": "Tea set"}
    item = tx.execute(insert(items).values(row).returning(items.c.id)).scalar_one()
    tx.execute(insert(lots).values(item_id=item, lot=""))
    kits.put(tx, [
        NewKitLine(owner="acme", kit="SET", component="TEA", qty=2),
        NewKitLine(owner="acme", kit="SET", component="CUP"),
    ])  # fmt: skip


def asked(site: FloorSite, kind: Any, sku: str = "SET", qty: int = 3, name: str = "V-1") -> Work:
    wanted = NewWork(owner="acme", external_id=name, kind=kind, sku=sku, qty=qty)
    return site.write(jobs.create, wanted, now=site.now)


def released(site: FloorSite, kind: Any, sku: str = "SET", qty: int = 3) -> Work:
    made = asked(site, kind, sku, qty)
    return site.write(jobs.release, made.work_id, today=TODAY, now=site.now)


def working(site: FloorSite) -> Hand:
    return site.signed_in("HT-02", BERT, work="work")


def total(site: FloorSite, sku: str) -> int:
    query = select(func.sum(stock.c.qty)).join(items, items.c.id == stock.c.item_id)
    return int(site.scalar(query.where(items.c.sku == sku)) or 0)


def view(site: FloorSite, work: Work) -> Work:
    return site.read(jobs.view, work.work_id)


def fetched(site: FloorSite, hand: Hand) -> None:
    """Six teas and three cups are in the tote."""
    hand.expect("work.tote", "1", "key")
    for text in ("T-01", "A-01", TEA):
        assert hand.scan(text).fate == "applied", hand.prompt.message
    hand.expect("work.item", "6", "key")
    for text in ("T-01", "B-02", CUP, CUP, CUP):
        assert hand.scan(text).fate == "applied", hand.prompt.message
    hand.expect("work.make", "T-01")


@ON_BOTH
def test_kits_are_made_of_their_components(site: FloorSite) -> None:
    work = released(site, "kit")
    assert site.told("work.changed") == 1
    hand = working(site)
    fetched(site, hand)
    assert site.in_tote("T-01") == {"TEA": 6, "CUP": 3}
    hand.expect("work.target", "2", "key")
    hand.expect("work.make", "D-01")
    assert (total(site, "SET"), total(site, "TEA"), total(site, "CUP")) == (2, 6, 8)
    hand.expect("work.target", "1", "key")
    done = hand.expect("work.get", "D-01")
    assert done.message is not None
    assert done.message.code == "work.done"
    assert (total(site, "SET"), total(site, "TEA"), total(site, "CUP")) == (3, 4, 7)
    answer = view(site, work)
    assert (answer.state, answer.done, answer.minutes) == ("done", 3, 1)
    used = site.rows(select(work_materials.c.used, work_materials.c.qty))
    assert all(row.used == row.qty for row in used)
    through = select(func.sum(moves.c.qty)).where(moves.c.target == "@kit")
    assert site.scalar(through) == 9
    tea = site.read(recall.where, LotNamed(owner="acme", sku="TEA"))
    assert tea.used == (
        recall.Used(work=work.code, kind="kit", sku="SET", lot="", qty=6, made=3),
    )  # fmt: skip
    month = billing.month("2026-11", site.settings.zone)
    told = site.read(billing.bill, month, now=site.now, owner="acme")
    assert {one.unit: one.qty for one in told if (one.activity, one.detail) == ("work", "kit")} == {
        "minutes": 1, "pieces": 3, "materials": 9,
    }  # fmt: skip


def test_no_kit_is_made_of_a_lot_that_was_recalled_on_its_way(site: FloorSite) -> None:
    """The tea is in the tote when its lot is recalled: the work ends, and the tea goes back."""
    work = released(site, "kit")
    hand = working(site)
    fetched(site, hand)
    site.write(
        recall.hold, LotNamed(owner="acme", sku="TEA"), key="r", today=TODAY, now=site.now
    )  # fmt: skip
    hand.expect("work.target", "1", "key")
    refused(hand.scan("D-01"), Code.WORK_LOT_HELD)
    hand.command("ok")
    assert total(site, "SET") == 0
    while f"{hand.prompt.dialogue}.{hand.prompt.step}" != "work.make":
        hand.command("back")
    hand.expect("work.finish", "full", "command")
    hand.expect("work.get", "1", "key")
    assert view(site, work).state == "done"
    back = site.rows(select(tasks.c.ref).where(tasks.c.kind == "put_back"))
    assert [row.ref for row in back] == ["tote:T-01"]


@ON_BOTH
def test_a_kit_is_taken_apart(site: FloorSite) -> None:
    site.put("D-02", "SET", 2)
    site.add(barcodes, {"code": "SET-1", "item_id": site.good("SET"), "qty": 1})
    work = released(site, "unkit", qty=2)
    hand = working(site)
    hand.expect("work.tote", "1", "key")
    for text in ("T-01", "D-02", "SET-1", "SET-1"):
        assert hand.scan(text).fate == "applied", hand.prompt.message
    hand.expect("work.make", "T-01")
    hand.expect("work.target", "2", "key")
    hand.expect("work.get", "T-07")
    assert site.in_tote("T-07") == {"TEA": 4, "CUP": 2}
    assert (total(site, "SET"), view(site, work).state) == (0, "done")


@ON_BOTH
def test_materials_are_promised_at_release_and_given_back_at_a_cancel(site: FloorSite) -> None:
    work = released(site, "kit")
    order = site.order(("TEA", 5))
    assert site.release([order]).short == (order,), "six of ten teas are the kits'"
    hand = working(site)
    hand.expect("work.tote", "1", "key")
    for text in ("T-01", "A-01", TEA, "T-01"):
        hand.scan(text)
    again = site.write(jobs.cancel, work.work_id, now=site.now)
    assert again.state == "cancelled"
    assert site.write(jobs.cancel, work.work_id, now=site.now).state == "cancelled"
    assert hand.prompt.step == "get"
    hand.command("back")
    hand.command("task")
    assert hand.expect("task.tote", "1", "key").lines == ("Put it back",)
    hand.expect("task.item", "T-01")
    hand.expect("task.shelf", TEA)
    hand.expect("task.get", "A-01")
    assert site.release([order]).orders == (order,)


@ON_BOTH
def test_too_few_materials_are_told_and_nothing_is_promised(site: FloorSite) -> None:
    work = asked(site, "bundle", qty=6)
    with rejected(Code.WORK_SHORT):
        site.write(jobs.release, work.work_id, today=TODAY, now=site.now)
    assert view(site, work).state == "open"
    assert site.scalar(select(func.sum(stock.c.allocated))) == 0


def test_work_that_ends_in_part_gives_the_rest_back(site: FloorSite) -> None:
    work = released(site, "kit")
    hand = working(site)
    fetched(site, hand)
    hand.expect("work.target", "1", "key")
    hand.expect("work.make", "D-01")
    hand.expect("work.finish", "full", "command")
    hand.expect("work.get", "1", "key")
    answer = view(site, work)
    assert (answer.state, answer.done, answer.qty) == ("done", 1, 3)
    assert site.in_tote("T-01") == {"TEA": 4, "CUP": 2}, "free, and to be put back"


def test_some_can_be_made_before_all_is_fetched(site: FloorSite) -> None:
    released(site, "kit")
    hand = working(site)
    hand.expect("work.tote", "1", "key")
    for text in ("T-01", "A-01", TEA, TEA, "T-01", "A-01", TEA, TEA, TEA, TEA, "T-01", "B-02",
                 CUP, "T-01"):  # fmt: skip
        assert hand.scan(text).fate == "applied", hand.prompt.message
    assert hand.prompt.step == "place", "two cups are still on their shelf"
    hand.expect("work.make", "full", "command")
    hand.expect("work.target", "1", "key")
    hand.expect("work.place", "D-01")
    assert total(site, "SET") == 1


@ON_BOTH
def test_time_is_counted_while_somebody_works(site: FloorSite) -> None:
    work = released(site, "kit")
    hand = working(site)
    hand.expect("work.tote", "1", "key")
    site.now += 150_000
    hand.expect("work.get", "later", "command")
    assert view(site, work).minutes == 3, "begun minutes count"
    site.now += 300_000
    hand.expect("work.tote", "1", "key")
    site.now += 60_000
    hand.command("later")
    assert 4 <= view(site, work).minutes <= 5
    spans = site.rows(select(work_spans))
    assert len(spans) == 2
    assert all(span.ended_ms is not None for span in spans)


def test_work_is_given_to_one(site: FloorSite) -> None:
    work = released(site, "kit")
    hand = working(site)
    hand.expect("work.tote", "1", "key")
    assert not site.write(making.start, work=work.work_id, person=5, today=TODAY, now=site.now)


def test_a_wrong_tote_a_wrong_shelf_and_another_owner_s_are_refused(site: FloorSite) -> None:
    site.put("T-02", "HAT", 1)
    released(site, "kit")
    hand = working(site)
    hand.expect("work.tote", "1", "key")
    refused(hand.scan("T-02"), Code.TOTE_NOT_EMPTY)
    hand.command("ok")
    hand.command("back")
    fetched(site, hand)
    hand.expect("work.target", "3", "key")
    refused(hand.scan("DOCK-9"), "work.not_a_place")
    hand.command("ok")
    hand.expect("work.get", "D-01")


@ON_BOTH
def test_a_repair_needs_no_release_and_may_end_in_part(site: FloorSite) -> None:
    site.put("D-05", "RADIO", 2)
    work = asked(site, "repair", sku="RADIO", qty=2)
    hand = working(site)
    shown = hand.expect("work.make", work.code)
    assert shown.lines == (f"{work.code} Repair", "0 of 2 done")
    hand.expect("work.make", "1", "key")
    assert hand.key("2").fate == "refused", "one is left"
    hand.command("ok")
    hand.expect("work.finish", "full", "command")
    hand.expect("work.get", "1", "key")
    answer = view(site, work)
    assert (answer.state, answer.done, total(site, "RADIO")) == ("done", 1, 2)


def test_a_kit_whose_expiry_is_tracked_expires_with_its_first_part(site: FloorSite) -> None:
    site.set(items, items.c.sku == "SET", expiry_tracked=1)
    site.put("A-07", "TEA", 20, lot="L1", expiry="2027-03-01")
    tea = site.good("TEA")
    site.set(lots, (lots.c.item_id == tea) & (lots.c.lot == ""), held=1)
    work = released(site, "kit", qty=1)
    hand = working(site)
    hand.expect("work.tote", "1", "key")
    for text in ("T-01", "A-07", TEA, TEA, "T-01", "B-02", CUP, "T-01"):
        assert hand.scan(text).fate == "applied", hand.prompt.message
    hand.expect("work.target", "1", "key")
    hand.expect("work.get", "D-01")
    lot = site.rows(select(lots).where(lots.c.item_id == site.good("SET"), lots.c.lot != ""))
    assert [(row.lot, row.expiry) for row in lot] == [(work.code, "2027-03-01")]


def test_work_is_known_by_its_id(site: FloorSite) -> None:
    first = asked(site, "kit")
    assert (first.new, first.code) == (True, "W0000001")
    assert asked(site, "kit").new is False
    with rejected(Code.KEY_REUSED):
        asked(site, "kit", qty=9)
    with rejected(Code.KIT_UNKNOWN):
        asked(site, "kit", sku="TEA", name="V-2")
    with rejected(Code.REFERENCE_UNKNOWN):
        asked(site, "kit", sku="NOPE", name="V-3")
    with rejected(Code.WORK_UNKNOWN):
        site.read(jobs.find, "V-9")
    assert site.read(jobs.find, "V-1") == site.read(jobs.find, "W0000001")


@ON_BOTH
def test_kits_with_serial_numbers_are_made_and_give_them_back(site: FloorSite) -> None:
    """A radio with a number in a set with one of its own; taken apart, the same radio is back."""
    site.put("D-05", "RADIO", 1, serial="S1")
    site.put("D-06", "RADIO", 1, serial="S2")
    site.good("RADIO", serial_tracked=1)
    site.good("SET", serial_tracked=1)
    site.write(kits.put, [NewKitLine(owner="acme", kit="SET", component="RADIO")])
    work = released(site, "kit", qty=1)
    hand = working(site)
    hand.expect("work.tote", "1", "key")
    for text in ("T-01", "A-01", TEA, TEA, "T-01", "B-02", CUP, "T-01"):
        assert hand.scan(text).fate == "applied", hand.prompt.message
    shelf, serial = hand.prompt.focus.place, {"D-05": "S1", "D-06": "S2"}[hand.prompt.focus.place]
    hand.expect("work.item", shelf)
    refused(hand.scan("RADIO"), "work.wrong_item")
    hand.command("ok")
    hand.expect("work.item", serial)
    hand.expect("work.make", "T-01")
    hand.expect("work.serial", "1", "key")
    hand.expect("work.target", "K-1")
    hand.expect("work.get", "T-05")
    found = select(stock.c.serial).where(stock.c.place == "T-05", stock.c.qty > 0)
    assert [row.serial for row in site.rows(found)] == ["K-1"]
    site.put("D-07", "CUP", 1)
    site.write(carry_serial, site.good("SET"), "K-1", "T-05", "D-08", site.now)
    apart = asked(site, "unkit", qty=1, name="V-2")
    site.write(jobs.release, apart.work_id, today=TODAY, now=site.now)
    hand.expect("work.tote", "1", "key")
    for text in ("T-02", "D-08", "K-1", "T-02"):
        assert hand.scan(text).fate == "applied", hand.prompt.message
    hand.expect("work.serial", "1", "key")
    other = "S2" if serial == "S1" else "S1"
    asked_again = hand.scan(other).prompt.message
    assert asked_again is not None
    assert asked_again.code == "work.serial_strange"
    refused(hand.scan(other), Code.SERIAL_HERE)
    hand.command("ok")
    hand.expect("work.target", serial)
    hand.expect("work.get", "T-06")
    out = select(stock.c.serial).where(stock.c.place == "T-06", stock.c.serial != "")
    assert [row.serial for row in site.rows(out)] == [serial], "the very same is free again"
    assert view(site, work).state == view(site, apart).state == "done"


def carry_serial(tx: Any, item: int, serial: str, source: str, target: str, now: int) -> None:
    line = ledger.Move(
        key=f"carry:{serial}", item=item, qty=1, source=source, target=target, serial=serial
    )
    ledger.move(tx, line, actor="person:2", now=now)


def test_what_is_told_twice_under_one_key_is_made_once(site: FloorSite) -> None:
    made = released(site, "kit")
    hand = working(site)
    hand.key("1")
    for text in ("T-01", "A-01", *[TEA] * 6, "T-01", "B-02", *[CUP] * 3, "T-01"):
        assert hand.scan(text).fate == "applied"
    for _ in range(2):
        assert make_one(site, made, "DROP") == 2
    assert (view(site, made).done, total(site, "SET")) == (1, 1)
    with rejected(Code.KEY_REUSED):
        make_one(site, made, "BENCH-1")


def make_one(site: FloorSite, work: Work, place: str) -> int:
    return site.write(
        making.make, work=work.work_id, qty=1, place=place, station="", key="once",
        actor=f"person:{BERT}", now=site.now,
    )  # fmt: skip


def test_a_clock_that_is_set_back_takes_no_minutes_off_the_bill(site: FloorSite) -> None:
    made = released(site, "relabel")
    site.write(making.start, work=made.work_id, person=BERT, today=TODAY, now=site.now)
    hour_ago = site.now - 3_600_000
    site.write(making.pause, work=made.work_id, person=BERT, now=hour_ago)
    assert view(site, made).minutes == 0
    (span,) = site.rows(select(work_spans))
    assert span.ended_ms == span.began_ms
