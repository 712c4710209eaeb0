"""The stage table of a cancel, row by row against the real book, on both databases."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from tests.floor_site import (
    DAVE,
    FIRST_NUMBER,
    JAN,
    ON_BOTH,
    FloorSite,
    floor_at,
)
from tests.picking_site import refused
from wms.errors import Code
from wms.orders import cancel
from wms.orders.cancel import Cancelled
from wms.orders.cancel_table import OF_ORDER, ORDER, TABLE, Stage, stage_of
from wms.schema import (
    allocations,
    order_lines,
    parcels,
    places,
    print_jobs,
    return_lines,
    returns,
    stock,
    tasks,
    tours,
    versions,
)
from wms.shipping.parcels import number_of

TEA, CUP = f"]E0{JAN['TEA']}", f"]E0{JAN['CUP']}"
YAMATO = "M-YAMATO-261122-1700"
BASKET = (("TEA", 2), ("CUP", 1))


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site
        site.check()


def do_cancel(site: FloorSite, order: int, reason: str = "") -> Cancelled:
    site.now += 1
    return site.write(cancel.cancel, order, reason=reason, now=site.now)


# How an order of two teas and a cup comes to each stage. Each gives the order.


def waiting(site: FloorSite) -> int:
    return site.order(*BASKET)


def promised(site: FloorSite) -> int:
    order = waiting(site)
    site.release([order])
    return order


def picked(site: FloorSite) -> int:
    order = promised(site)
    site.pick(site.claim().id)
    return order


def dropped(site: FloorSite) -> int:
    order = promised(site)
    tour = site.claim()
    site.walk(tour.id)
    site.drop(tour.id)
    return order


def boxed(site: FloorSite) -> int:
    """Its box is on the bench, its label asked for and not proven."""
    hand, totes = site.packing(BASKET)
    for text in (totes[0], TEA, TEA, CUP, "BX-S"):
        assert hand.scan(text).fate == "applied", hand.prompt
    return 1


def closed(site: FloorSite) -> int:
    order = boxed(site)
    site.at("BENCH-1").expect("pack.tote", number_of(FIRST_NUMBER))
    return order


def loaded(site: FloorSite) -> int:
    order = closed(site)
    hand = site.signed_in("DOCK-1", DAVE, work="ship")
    hand.expect("ship.load", YAMATO)
    hand.expect("ship.load", f"P{order:07d}-1")
    return order


def shipped(site: FloorSite) -> int:
    order = loaded(site)
    hand = site.at("DOCK-1")
    hand.command("full")
    hand.expect("ship.manifest", "1", "key")
    return order


MOMENTS: dict[Stage, Callable[[FloorSite], int]] = {
    "waiting": waiting, "promised": promised, "picked": picked, "boxed": boxed, "closed": closed,
    "loaded": loaded, "shipped": shipped,
}  # fmt: skip


def free(site: FloorSite, place: str) -> dict[int, int]:
    """What lies in *place* and is promised to nobody, by item."""
    query = select(stock.c.item_id, stock.c.qty - stock.c.allocated).where(stock.c.place == place)
    return {item: qty for item, qty in site.rows(query) if qty}


def live_tasks(site: FloorSite) -> list[tuple[str, str, str]]:
    """Kind, subject and place of the tasks that wait."""
    query = select(tasks.c.kind, tasks.c.ref, tasks.c.place).where(tasks.c.state == "open")
    return [tuple(row) for row in site.rows(query.order_by(tasks.c.id))]


def cancelled_of(site: FloorSite, order: int) -> list[tuple[int, int, int]]:
    line = order_lines.c
    query = select(line.qty, line.packed, line.cancelled).where(line.order_id == order)
    return [tuple(row) for row in site.rows(query.order_by(line.line_no))]


def less(site: FloorSite, order: int, **wanted: int) -> Cancelled:
    site.now += 1
    lines = {int(name[1:]): qty for name, qty in wanted.items()}
    return site.write(cancel.reduce, order, wanted=lines, now=site.now)


def test_the_table_names_every_stage_once() -> None:
    assert set(TABLE) == set(ORDER) == {"before", "cancelled", *MOMENTS}
    assert [stage for stage in ORDER if TABLE[stage].told == "refused"] == ["shipped"]
    assert stage_of("accepted", [], []) == "waiting"
    assert stage_of("short", ["released", "picked"], []) == "picked"
    assert stage_of("packed", ["packed"], ["void", "loaded", "closed"]) == "loaded"
    assert stage_of("cancelled", ["picked"], ["loaded"]) == "cancelled"
    assert OF_ORDER["released"] == "promised"


@ON_BOTH
@pytest.mark.parametrize("stage", list(MOMENTS))
def test_at_each_stage_the_book_does_what_the_table_says(site: FloorSite, stage: Stage) -> None:
    order = MOMENTS[stage](site)
    before = sum(free(site, "A-01").values())
    answer = do_cancel(site, order, reason="changed my mind")
    fate = TABLE[stage]
    assert (answer.stage, answer.outcome, answer.new) == (stage, fate.told, True)
    asked = {kind for kind, _ref, _place in live_tasks(site)}
    assert ("put_back" in asked) == ("put_back" in fate.deeds)
    assert ("stop" in asked) == ("search" in fate.deeds)
    assert bool(answer.returning) == ("return" in fate.deeds)
    assert site.told("return.announced") == int("return" in fate.deeds), "the OMS hears its RMA"
    assert (sum(free(site, "A-01").values()) > before) == (stage == "promised")
    if fate.told == "cancelled":
        assert site.state(order) == "cancelled"
        assert (site.told("order.cancelled"), site.told("order.cancel_refused")) == (1, 0)
        assert all(qty == packed + gone for qty, packed, gone in cancelled_of(site, order))
    else:
        assert site.state(order) == "shipped"
        assert (site.told("order.cancelled"), site.told("order.cancel_refused")) == (0, 1)
    held = site.rows(select(allocations.c.state).where(allocations.c.state.in_(("open", "picked"))))
    assert held == []


@ON_BOTH
@pytest.mark.parametrize("stage", list(MOMENTS))
def test_i10_a_cancel_that_is_repeated_has_one_effect(site: FloorSite, stage: Stage) -> None:
    order = MOMENTS[stage](site)
    first = do_cancel(site, order)
    counts = site.counts()
    again = do_cancel(site, order)
    assert (again.outcome, again.new) == (first.outcome, False)
    assert again.returning == first.returning
    assert site.counts() == counts


def test_a_tour_with_nothing_left_is_void_and_one_that_is_walked_is_set_down(
    site: FloorSite,
) -> None:
    first, second = site.orders([BASKET, BASKET])
    site.release([first])
    do_cancel(site, first)
    assert [row.state for row in site.rows(select(tours.c.state))] == ["void"]
    site.release([second])
    tour = site.claim()
    do_cancel(site, second)
    assert site.view(tour.id).current is None
    site.drop(tour.id)
    states = site.rows(select(tours.c.state).order_by(tours.c.id))
    assert [row.state for row in states] == ["void", "done"]


@ON_BOTH
def test_a_cancelled_order_with_a_live_pick(site: FloorSite) -> None:
    """Two teas lie in the tote, the cup is still on its shelf: the walk ends, the teas go back."""
    order = picked(site)
    answer = do_cancel(site, order)
    assert answer.put_back == ("T-01",)
    assert site.in_tote("T-01") == {"TEA": 2}
    tour = site.scalar(select(tours.c.id).where(tours.c.state == "claimed"))
    assert site.view(tour).current is None, "nothing is left to fetch"
    dropped = site.drop(tour)
    assert (dropped.sent, dropped.orders_picked) == ((), ())
    assert live_tasks(site) == [("put_back", "tote:T-01", "CART-1")], "asked once"


def test_a_tote_at_a_bench_or_on_its_way_is_not_packed(site: FloorSite) -> None:
    order = dropped(site)
    assert site.scalar(select(parcels.c.id)) is None
    answer = do_cancel(site, order)
    assert answer.put_back == ("T-01",)
    hand = site.signed_in("BENCH-1", 3, work="pack")
    site.set(places, places.c.code == "T-01", parent="BENCH-1")
    message = hand.scan("T-01").prompt.message
    site.set(places, places.c.code == "T-01", parent="DROP")
    assert message is not None
    assert message.code == Code.TOTE_UNWANTED
    assert [kind for kind, _ref, _place in live_tasks(site)] == ["put_back"]


@ON_BOTH
def test_a_labelled_box_is_opened_and_its_number_is_never_given_again(site: FloorSite) -> None:
    order = boxed(site)
    do_cancel(site, order)
    (box,) = site.rows(select(parcels))
    assert (box.state, box.station, box.tracking) == ("void", "", number_of(FIRST_NUMBER))
    assert [row.state for row in site.rows(select(print_jobs.c.state))] == ["void"]
    assert sum(free(site, box.code).values()) == 3
    assert site.at("BENCH-1").prompt.step == "tote", "the bench goes on with others"
    hand = site.at("BENCH-1")
    for label in (box.code, box.tracking):
        told = hand.scan(label)
        assert told.prompt.message is not None
        assert told.prompt.message.code == Code.PARCEL_VOID, label
        hand.command("ok")
    assert site.told("parcel.voided") == 1
    number = site.scalar(select(parcels.c.tracking).where(parcels.c.order_id == order))
    assert number == number_of(FIRST_NUMBER)


@ON_BOTH
def test_a_stopped_box_is_looked_for_until_the_truck_leaves(site: FloorSite) -> None:
    """出荷止め: it is refused at the truck, the truck does not leave with it, and it is found."""
    order = loaded(site)
    code = f"P{order:07d}-1"
    answer = do_cancel(site, order)
    assert answer.search == (code,)
    assert live_tasks(site) == [("stop", f"parcel:{code}", YAMATO)]
    hand = site.at("DOCK-1")
    hand.command("full")
    assert hand.key("1").prompt.message.code == Code.LOAD_STOPPED  # type: ignore[union-attr]
    hand.command("ok")
    hand.expect("ship.load", "2", "key")
    taken_off = hand.expect("ship.load", code).message
    assert taken_off is not None
    assert taken_off.code == "ship.taken_off"
    box = site.scalar(select(parcels.c.id))
    assert site.write(cancel.found, box, now=site.now) == code
    assert site.write(cancel.found, box, now=site.now) == code, "found once is found"
    assert site.parcel(code).state == "void"
    assert cancelled_of(site, order) == [(2, 0, 2), (1, 0, 1)]
    hand.command("full")
    hand.expect("ship.manifest", "1", "key")
    assert hand.prompt.message is None or "left behind" in hand.prompt.message.text


def test_a_box_that_is_wanted_is_not_opened(site: FloorSite) -> None:
    closed(site)
    box = site.scalar(select(parcels.c.id))
    with refused(Code.PARCEL_WANTED):
        site.write(cancel.found, box, now=site.now)


@ON_BOTH
def test_of_a_shipped_order_a_return_is_prepared(site: FloorSite) -> None:
    order = shipped(site)
    answer = do_cancel(site, order)
    (row,) = site.rows(select(returns))
    assert (answer.outcome, answer.returning) == ("refused", row.code)
    assert (row.order_id, row.state, row.kind) == (order, "announced", "return")
    lines = site.rows(select(return_lines.c.qty).order_by(return_lines.c.line_no))
    assert [line.qty for line in lines] == [2, 1]


@ON_BOTH
def test_a_partly_shipped_order_is_cancelled_as_far_as_it_is_here(site: FloorSite) -> None:
    """One of two boxes has left: it is awaited back, the other is looked for."""
    hand, totes = site.packing(BASKET)
    for text in (totes[0], TEA):
        hand.scan(text)
    hand.command("full")
    for text in ("BX-S", TEA, CUP, "BX-S"):
        assert hand.scan(text).fate == "applied", hand.prompt
    for number in (FIRST_NUMBER, FIRST_NUMBER + 1):
        assert hand.scan(number_of(number)).fate == "applied", hand.prompt
    dock = site.signed_in("DOCK-1", DAVE, work="ship")
    dock.expect("ship.load", YAMATO)
    dock.expect("ship.load", "P0000001-1")
    dock.command("full")
    dock.expect("ship.manifest", "1", "key")
    assert site.state(1) == "packed"
    answer = do_cancel(site, 1)
    assert (answer.outcome, answer.search) == ("partly", ("P0000001-2",))
    assert (site.state(1), site.told("order.shipped")) == ("cancelled", 0)
    site.check()
    box = site.scalar(select(parcels.c.id).where(parcels.c.code == "P0000001-2"))
    site.write(cancel.found, box, now=site.now)
    assert (site.state(1), site.told("order.shipped")) == ("shipped", 1)
    assert do_cancel(site, 1).new is False


@ON_BOTH
def test_a_one_piece_order_leaves_its_wave_s_total(site: FloorSite) -> None:
    numbers = site.orders([(("TEA", 1),)] * 3)
    site.release(numbers)
    do_cancel(site, numbers[0])
    qty = select(allocations.c.qty).where(allocations.c.state == "open")
    assert [row.qty for row in site.rows(qty)] == [2], "one less is fetched"
    tour = site.claim()
    site.walk(tour.id)
    site.drop(tour.id)
    tote = tour.slots[0].tote
    assert do_cancel(site, numbers[1]).put_back == (tote,)
    assert tote is not None
    assert sum(free(site, tote).values()) == 1
    assert site.state(numbers[2]) == "picked"


@ON_BOTH
def test_a_cancel_that_comes_before_its_order(site: FloorSite) -> None:
    name = f"order-{site._number + 1}"
    assert site.write(cancel.cancel_unknown, owner="acme", external_id=name) is None
    order = site.order(*BASKET)
    assert site.state(order) == "cancelled"
    assert site.release([order]).wave is None
    (row,) = site.rows(select(versions))
    assert row.cancelled == 1


def test_an_order_that_is_here_is_not_cancelled_unseen(site: FloorSite) -> None:
    order = waiting(site)
    found = site.write(cancel.cancel_unknown, owner="acme", external_id="order-4")
    assert found == order, "the caller cancels it where it is"


def test_a_box_stands_where_the_task_says(site: FloorSite) -> None:
    order = closed(site)
    do_cancel(site, order)
    ((kind, _ref, place),) = live_tasks(site)
    assert (kind, place) == ("stop", "BENCH-1")
    site.set(places, places.c.code == f"P{order:07d}-1", parent="BENCH-2")
