"""Orders for the very units that came back: a repair, a parcel sent once more, goods for an owner.

What lies on the shelves is for sale and never takes their place, whatever a picker finds out.
"""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from picking import fitness, planner, shortage, swaps, tours
from picking.release import Settings
from tests.picking_site import SOMEONE, TODAY, refused
from tests.returns_site import RITA, SHELF, ReturnsSite, returns_at, send
from wms.errors import Code
from wms.orders import cancel
from wms.replenish import refills, waiting
from wms.returns import again as returns_again
from wms.returns import cases, closing, onward
from wms.schema import lots, order_lines, orders, places, stock, work_orders

ALL = pytest.mark.parametrize("kind", ["repair", "reship", "transfer"])
ONE = pytest.mark.parametrize(  # the others, in the long mode
    "kind",
    ["reship", *(pytest.param(kind, marks=pytest.mark.long) for kind in ("repair", "transfer"))],
)


@pytest.fixture
def site(new_sqlite: Callable[[], str]) -> Iterator[ReturnsSite]:
    with returns_at(new_sqlite()) as site:
        site.set(places, places.c.code == SHELF, blocked="quarantine")
        yield site
        site.check()


def goes_out_again(site: ReturnsSite, kind: str) -> int:
    """Two TEA and a CUP came back and lie at SHELF. Returns the order that sends them again."""
    (box,) = site.ship((("TEA", 2), ("CUP", 1)))
    if kind == "reship":
        number = site.arrive(parcel=box.id)
        site.write(
            cases.undelivered, number, place=SHELF, key="back", actor="person:6", now=site.now
        )
        site.write(closing.decide, number, "reship", now=site.now)
        return int(site.scalar(select(orders.c.id).where(orders.c.kind == kind)))
    number = site.arrive(parcel=box.id)
    disposition = "repair" if kind == "repair" else "to_owner"
    for sku, qty in (("TEA", 2), ("CUP", 1)):
        site.grade(number, sku, "C", disposition, place=SHELF, qty=qty)
    site.write(closing.close, number, person=RITA, key="close", actor="person:6", now=site.now)
    if kind == "transfer":
        asked = onward.ToOwner(
            owner="acme", shop="acme-shop", external_id="BACK", service="yamato",
            recipient=SOMEONE,
        )  # fmt: skip
        return site.write(onward.send_to_owner, asked, now=site.now).order_id
    for work in site.rows(select(work_orders)):
        site.set(work_orders, work_orders.c.id == work.id, state="done", done=work.qty)
        site.write(cases.repaired, work.id, now=site.now)
    return int(site.scalar(select(orders.c.id).where(orders.c.kind == kind)))


def walk(site: ReturnsSite, order: int) -> int:
    """The tour of this order's goods, with a tote."""
    site.release([order])
    tour = site.write(tours.claim, person=1, now=site.now)
    assert tour is not None
    site.claim()
    return tour


def lacks(site: ReturnsSite) -> tuple[object, ...]:
    """What the site would do about orders that lack stock: waves, refills, hopes of the board."""
    todo = site.read(planner.look, now=site.now, settings=Settings(), all_due=True)
    return todo.waves, site.read(refills.look, today=TODAY).refills, site.read(
        waiting.blocked
    )  # fmt: skip


@ALL
def test_what_came_back_is_never_replaced_by_goods_for_sale(site: ReturnsSite, kind: str) -> None:
    """棚になし: nothing is looked for elsewhere, a lead is asked, and their word ends it."""
    order = goes_out_again(site, kind)
    tour = walk(site, order)
    assert site.view(tour).current is not None
    found = site.short(tour)
    (code,) = found.undecided
    assert (found.missing, found.places, found.short_orders) == (2, (), ()), "of 78 that are free"
    site.walk(tour)
    site.drop(tour, "BENCH-1")
    assert site.state(order) == "short"
    assert lacks(site) == ((), (), ()), "and nothing else brings it"
    site.write(shortage.decide, order=order, verdict="ship_short", now=site.now, today=TODAY)
    assert [one.code for one in site.read(shortage.undecided)] == []
    site.release([order])
    site.now += 1_000
    site.write(send, [order], site.now)
    sent = select(order_lines.c.shipped).where(order_lines.c.order_id == order)
    assert (site.state(order), sorted(row.shipped for row in site.rows(sent))) == (
        "shipped",
        [0, 1],
    )
    assert code == site.scalar(select(orders.c.code).where(orders.c.id == order))


def test_what_is_damaged_in_quarantine_stays_there(site: ReturnsSite) -> None:
    """It lies where damaged goods are put already: it is damaged now, and moves nowhere."""
    tour = walk(site, goes_out_again(site, "reship"))
    stop = site.view(tour).current
    assert stop is not None
    site.write(
        tours.damaged, stop=stop.id, qty=1, to=SHELF, person=1, key="d", actor="person:1",
        now=site.now, today=TODAY,
    )  # fmt: skip
    damaged = (stock.c.place == SHELF) & (stock.c.condition == "damaged")
    assert site.scalar(select(stock.c.qty).where(damaged)) == 1


@ONE
def test_one_that_waits_for_what_is_lost_ends_when_it_is_cancelled(
    site: ReturnsSite, kind: str
) -> None:
    order = goes_out_again(site, kind)
    tour = walk(site, order)
    site.short(tour)
    site.short(tour)
    assert site.read(shortage.undecided)[0].order == order
    with refused(Code.ORDER_NOTHING_LEFT):
        site.write(shortage.decide, order=order, verdict="ship_short", now=site.now, today=TODAY)
    site.write(shortage.decide, order=order, verdict="wait", now=site.now, today=TODAY)
    assert site.write(cancel.cancel, order, now=site.now).outcome == "cancelled"
    again = site.read(returns_again.code_of, order)
    assert bool(again) == (kind != "transfer"), "the others are looked at and decided again"


@ONE
def test_what_keeps_a_sale_back_keeps_back_what_is_sent_once_more_alone(
    site: ReturnsSite, kind: str
) -> None:
    """They are fetched out of quarantine. An old date keeps no repair and no owner's goods."""
    order = goes_out_again(site, kind)
    tour = walk(site, order)
    stop = site.view(tour).current
    assert stop is not None
    assert site.read(fitness.unfit, tour, today=TODAY) == {}
    with refused(Code.SWAP_OWN):
        site.write(swaps.swap, stop=stop.id, person=1, today=TODAY, code="OTHER")
    tea = lots.c.item_id == site.good("TEA")
    site.set(lots, tea, expiry="2026-11-01")
    old = {stop.id: fitness.EXPIRED} if kind == "reship" else {}
    assert site.read(fitness.unfit, tour, today=TODAY) == old
    site.set(lots, tea, expiry="", held=1)
    held = {stop.id: fitness.HELD} if kind != "transfer" else {}
    assert site.read(fitness.unfit, tour, today=TODAY) == held
    site.set(lots, tea, held=0)
