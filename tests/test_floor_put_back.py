"""Putting goods back on the real floor, on both databases: where from, where to, and whose."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from tests.floor_site import DAVE, JAN, ON_BOTH, FloorSite, Hand, floor_at, refused
from tests.picking_site import BERT
from tests.test_bench_races import WAIT_S, wait_for_a_lock
from tests.test_cancel import (
    CUP,
    TEA,
    YAMATO,
    closed,
    do_cancel,
    dropped,
    free,
    less,
    loaded,
    picked,
)
from wms.db import Tx
from wms.errors import Code
from wms.schema import barcodes, items, lots, owners, parcels, people, places, tasks, tour_totes
from wms.storage import put_back


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site
        site.check()


def putting_back(site: FloorSite) -> Hand:
    """A cancelled order's tote (two teas, a cup) is in Bert's hands."""
    do_cancel(site, dropped(site))
    hand = site.signed_in("HT-02", BERT, work="task")
    shown = hand.expect("task.tote", "1", "key")
    assert (shown.lines, shown.focus.tote) == (("Put it back",), "T-01")
    hand.expect("task.item", "T-01")
    return hand


def waiting_tasks(site: FloorSite) -> int:
    live = tasks.c.state.in_(("open", "claimed")) & tasks.c.kind.in_(("put_back", "stop"))
    return int(site.scalar(select(func.count()).select_from(tasks).where(live)))


@ON_BOTH
def test_goods_go_back_to_the_shelves_that_they_came_from(site: FloorSite) -> None:
    hand = putting_back(site)
    shelf = hand.expect("task.shelf", CUP)
    assert (shelf.focus.place, shelf.focus.sku) == ("B-02", "CUP")
    again = hand.expect("task.item", "B-02")
    assert again.message is not None
    assert again.message.text == "2 left to put back"
    hand.expect("task.item", TEA)
    hand.expect("task.shelf", TEA)
    done = hand.expect("task.get", "A-01")
    assert done.message is not None
    assert done.message.code == "task.settled"
    assert site.in_tote("T-01") == {}
    assert sum(free(site, "A-01").values()) == 10
    assert waiting_tasks(site) == 0
    states = site.rows(select(tour_totes.c.state))
    assert [row.state for row in states] == ["empty"], "the tote is free again"
    other = site.order(("TEA", 10))
    assert site.release([other]).orders == (other,), "and so are the goods"


@ON_BOTH
def test_a_part_goes_back_and_somebody_else_goes_on(site: FloorSite) -> None:
    hand = putting_back(site)
    hand.expect("task.item", TEA)
    hand.expect("task.item", "A-01")
    assert site.in_tote("T-01") == {"CUP": 1, "TEA": 1}
    hand.expect("task.tote", "back", "command")
    hand.expect("task.get", "back", "command")
    lea = site.at("LEAD-1")
    lea.sign_in(5)
    lea.key("314159")
    lea.command("task")
    lea.expect("task.tote", "1", "key")
    lea.expect("task.item", "T-01")
    lea.expect("task.shelf", TEA)
    lea.expect("task.item", "A-01")
    assert site.in_tote("T-01") == {"CUP": 1}


@ON_BOTH
def test_the_last_goods_come_back_by_undo(site: FloorSite) -> None:
    hand = putting_back(site)
    hand.expect("task.shelf", CUP)
    hand.expect("task.item", "B-02")
    back = hand.expect("task.item", "undo", "command")
    assert back.message is not None
    assert back.message.code == "put_back.undone"
    assert site.in_tote("T-01") == {"CUP": 1, "TEA": 2}
    for text in (CUP, "B-02", TEA, TEA, "A-01"):
        assert hand.scan(text).fate == "applied"
    assert hand.prompt.step == "get"
    hand.expect("task.item", "undo", "command")
    assert site.in_tote("T-01") == {"TEA": 2}, "the task is this person's again"
    assert waiting_tasks(site) == 1
    for text in (TEA, TEA, "A-01"):
        hand.scan(text)
    assert waiting_tasks(site) == 0


def test_two_who_put_the_last_goods_back_at_one_moment_leave_nothing_to_do(
    new_postgresql: Callable[[], str],
) -> None:
    """Neither of them sees what the other one has taken out already; the tote is free all the same.
    (On SQLite there is one writer.)"""
    with floor_at(new_postgresql()) as site, ThreadPoolExecutor(1) as threads:
        site.stock_up()
        do_cancel(site, dropped(site))
        cup, tea = site.read(put_back.goods, "T-01")

        def put(tx: Tx, goods: put_back.Goods) -> int:
            return put_back.put(
                tx, task=1, container="T-01", goods=goods, qty=goods.qty, place=goods.place,
                key=goods.sku, actor="person:2", now=site.now,
            )  # fmt: skip

        with site.book.writing.begin() as first:
            assert put(first, tea) == 1, "the cup is still in it"
            second = threads.submit(site.write, put, cup)
            wait_for_a_lock(first)
        assert second.result(WAIT_S) == 0
        assert (site.in_tote("T-01"), waiting_tasks(site)) == ({}, 0)
        assert [row.state for row in site.rows(select(tour_totes.c.state))] == ["empty"]
        site.check()


def test_a_repeated_scan_puts_back_once(site: FloorSite) -> None:
    hand = putting_back(site)
    hand.expect("task.shelf", CUP)
    first = hand.scan("B-02", scan_id="only-once")
    assert hand.scan("B-02", scan_id="only-once") == first
    assert sum(free(site, "B-02").values()) == 10


@ON_BOTH
def test_put_back_to_the_wrong_owner(site: FloorSite) -> None:
    """Another owner's shelf is refused, however often it is scanned."""
    site.add(owners, {"code": "other", "name": "Other"})
    site.add(items, {"id": 900, "owner": "other", "sku": "OTHER", "name": "Theirs"})
    site.add(lots, {"item_id": 900, "lot": ""})
    site.put("D-01", "OTHER", 1)
    hand = putting_back(site)
    hand.expect("task.shelf", CUP)
    asked = hand.scan("D-01").prompt.message
    assert asked is not None
    assert asked.code == "put_back.other_shelf"
    refused(hand.scan("D-01"), Code.PUT_BACK_OWNER)
    hand.command("ok")
    assert hand.prompt.step == "shelf"
    hand.scan("D-02")
    hand.expect("task.item", "D-02")
    assert sum(free(site, "D-02").values()) == 1


@ON_BOTH
def test_lots_are_not_mixed_and_a_closed_shelf_is_not_proposed(site: FloorSite) -> None:
    site.put("D-03", "CUP", 1, lot="L2")
    site.set(places, places.c.code == "D-04", mix="item")
    site.put("D-04", "TEA", 1)
    site.put("D-05", "CUP", 4)
    hand = putting_back(site)
    site.set(places, places.c.code == "B-02", blocked="count")
    shelf = hand.expect("task.shelf", CUP)
    assert shelf.focus.place == "D-05", "where the same lies, the usual shelf being closed"
    for place, code in (
        ("D-03", Code.PUT_BACK_LOT), ("D-04", Code.PUT_BACK_MIXED), ("B-02", Code.PUT_BACK_BLOCKED),
        ("BENCH-1", Code.PUT_BACK_PLACE),
    ):  # fmt: skip
        hand.scan(place)
        refused(hand.scan(place), code)
        hand.command("ok")
    hand.expect("task.item", "D-05")


def test_lots_in_one_tote_are_told_apart(site: FloorSite) -> None:
    site.put("D-01", "SOUP", 1, lot="L1")
    site.put("D-02", "SOUP", 1, lot="L2")
    site.add(barcodes, {"code": "4904567890127", "item_id": site.good("SOUP"), "qty": 1})
    order = site.order(("SOUP", 2))
    site.release([order])
    tour = site.claim()
    site.walk(tour.id)
    site.drop(tour.id)
    do_cancel(site, order)
    hand = site.signed_in("HT-02", BERT, work="task")
    hand.expect("task.tote", "1", "key")
    hand.expect("task.item", "T-01")
    hand.expect("task.lot", "4904567890127")
    refused(hand.scan("L9"), "put_back.wrong_lot")
    hand.command("ok")
    shelf = hand.expect("task.shelf", "L2")
    assert (shelf.focus.lot, shelf.focus.place) == ("L2", "D-02")
    hand.expect("task.item", "D-02")


@ON_BOTH
def test_a_stopped_box_is_found_opened_and_emptied_by_one_person(site: FloorSite) -> None:
    order = loaded(site)
    do_cancel(site, order)
    hand = site.signed_in("HT-02", BERT, work="task")
    shown = hand.expect("task.tote", "1", "key")
    code = f"P{order:07d}-1"
    assert (shown.lines, shown.focus.place, shown.focus.tote) == (
        ("Stopped: find it",), YAMATO, code,
    )  # fmt: skip
    found = hand.expect("task.item", str(site.parcel(code).tracking))
    assert found.message is not None
    assert found.message.code == "put_back.found"
    assert site.parcel(code).state == "void"
    for text in (CUP, "B-02", TEA, TEA, "A-01"):
        assert hand.scan(text).fate == "applied", hand.prompt.message
    assert (hand.prompt.step, waiting_tasks(site)) == ("get", 0)
    dock = site.at("DOCK-1")
    assert dock.prompt.done == 0, "it is off the truck"


def test_the_bench_of_a_stopped_box_is_named(site: FloorSite) -> None:
    order = closed(site)
    do_cancel(site, order)
    hand = site.signed_in("HT-02", BERT, work="task")
    assert hand.expect("task.tote", "1", "key").focus.place == "BENCH-1"
    dock = site.signed_in("DOCK-1", DAVE, work="ship")
    dock.expect("ship.load", YAMATO)
    refused(dock.scan(f"P{order:07d}-1"), Code.LOAD_CANCELLED)
    dock.command("ok")
    site.set(places, places.c.code == f"P{order:07d}-1", parent="BENCH-2")
    assert hand.prompt.focus.place == "BENCH-2", "wherever it stands now"
    assert site.scalar(select(parcels.c.state)) == "closed"


def test_goods_on_somebody_s_cart_are_put_back_once_they_are_set_down(site: FloorSite) -> None:
    do_cancel(site, picked(site))
    hand = site.signed_in("HT-02", BERT, work="task")
    assert hand.prompt.lines == ("0 waiting",)
    site.drop(1)
    assert hand.prompt.lines == ("1 waiting",)


@ON_BOTH
def test_what_a_smaller_line_leaves_in_its_tote_goes_back_and_the_rest_is_packed(
    site: FloorSite,
) -> None:
    order = dropped(site)
    less(site, order, n1=1)
    hand = site.signed_in("HT-02", BERT, work="task")
    while hand.expect("task.tote", "1", "key").lines != ("Put it back",):
        tote, bench = "T-01", "BENCH-1"
        hand.expect("task.place", tote)
        hand.expect("task.get", bench)
    hand.expect("task.item", "T-01")
    refused(hand.scan(CUP), "put_back.wrong_item")
    hand.command("ok")
    hand.expect("task.shelf", TEA)
    hand.expect("task.get", "A-01")
    assert site.in_tote("T-01") == {"CUP": 1, "TEA": 1}
    assert site.state(order) == "picked"
    assert JAN["TEA"] in TEA


def test_what_is_not_in_the_tote_is_counted_before_anybody_goes_on(site: FloorSite) -> None:
    """The book has two teas and a cup in it; somebody has taken the teas out."""
    hand = putting_back(site)
    hand.expect("task.shelf", CUP)
    hand.expect("task.item", "B-02")
    gone = hand.expect("task.get", "short", "command")
    assert gone.message is not None
    assert gone.message.code == "put_back.counted"
    assert gone.lines == ("0 waiting",), "nobody is sent there before it was counted"
    site.set(people, people.c.id == BERT, permissions='["task", "count"]')
    hand.command("back")
    hand.command("count")
    hand.expect("count.item", "T-01")
    hand.expect("count.empty", "full", "command")
    hand.expect("count.again", "1", "key")
    hand.expect("count.place", "1", "key")
    hand.expect("count.item", "T-01")
    hand.expect("count.empty", "full", "command")
    hand.expect("count.get", "1", "key")
    assert site.in_tote("T-01") == {}
    assert waiting_tasks(site) == 0, "there is nothing left to put back"


def test_a_tote_that_is_not_where_it_should_be_is_looked_for(site: FloorSite) -> None:
    do_cancel(site, dropped(site))
    hand = site.signed_in("HT-02", BERT, work="task")
    hand.expect("task.tote", "1", "key")
    sought = hand.expect("task.get", "short", "command")
    assert sought.message is not None
    assert (sought.message.code, sought.lines) == ("put_back.sought", ("1 waiting",))
    look = hand.expect("task.done", "1", "key")
    assert look.lines[:2] == ("Help a colleague", "Bert T-01")
    hand.expect("task.get", "1", "key")
    hand.expect("task.tote", "1", "key")
    hand.expect("task.item", "T-01")
