"""Changes of an order: until its label, what follows from them, and what is too late."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from tests.floor_site import FIRST_NUMBER, JAN, ON_BOTH, FloorSite, floor_at
from tests.picking_site import SOMEONE, TODAY, refused
from tests.test_cancel import (
    BASKET,
    boxed,
    closed,
    dropped,
    loaded,
    picked,
    promised,
    shipped,
    waiting,
)
from wms.errors import Code
from wms.orders import changes, holds
from wms.orders.changes import EXPIRES, LABELLED, OVER, Change, Changed
from wms.orders.new import NO_HOUSE_NUMBER
from wms.schema import barcodes, events, orders, parcels, slips
from wms.shipping.parcels import number_of

ELSEWHERE = msgspec.structs.replace(SOMEONE, address="東京都新宿区新宿9-8-7")


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site
        site.check()


def do_change(site: FloorSite, order: int, **wanted: Any) -> Changed:
    site.now += 1
    return site.write(changes.change, order, Change(**wanted), now=site.now)


def row_of(site: FloorSite, order: int) -> Any:
    return site.rows(select(orders).where(orders.c.id == order))[0]


@ON_BOTH
@pytest.mark.parametrize("moment", [waiting, promised, picked, dropped])
def test_an_address_is_changed_until_the_label(
    site: FloorSite, moment: Callable[[FloorSite], int]
) -> None:
    order = moment(site)
    state = site.state(order)
    answer = do_change(site, order, recipient=ELSEWHERE)
    assert (answer.outcome, answer.new, answer.state) == ("changed", True, state)
    assert "recipient.address" in answer.fields
    stored = msgspec.json.decode(row_of(site, order).recipient)
    assert (stored["prefecture"], stored["address"]) == ("東京都", "新宿区新宿9-8-7")
    again = do_change(site, order, recipient=ELSEWHERE)
    assert (again.new, again.fields) == (False, ())
    told = site.rows(select(events.c.body).where(events.c.kind == "order.changed"))
    assert len(told) == 1
    assert "新宿" not in told[0].body, "what was changed is told, not to what"


@ON_BOTH
@pytest.mark.parametrize(
    ("moment", "reason"),
    [(boxed, LABELLED), (closed, LABELLED), (loaded, LABELLED), (shipped, OVER)],
)
def test_a_change_after_the_label_is_too_late(
    site: FloorSite, moment: Callable[[FloorSite], int], reason: str
) -> None:
    order = moment(site)
    before = row_of(site, order)
    answer = do_change(site, order, recipient=ELSEWHERE)
    assert (answer.outcome, answer.reason) == ("refused", reason)
    again = do_change(site, order, recipient=ELSEWHERE)
    assert (again.outcome, again.new) == ("refused", False), "asked again, told once"
    assert row_of(site, order) == before
    assert site.told("order.change_refused") == 1


@ON_BOTH
def test_label_bought_twice(site: FloorSite) -> None:
    """A label that nobody proved is voided for another address: one number counts, not two."""
    order = boxed(site)
    answer = do_change(site, order, recipient=ELSEWHERE, relabel=True)
    assert answer.outcome == "changed"
    hand = site.at("BENCH-1")
    assert hand.prompt.step == "label"
    hand.expect("pack.verify", "1", "key")
    assert hand.scan(number_of(FIRST_NUMBER)).fate == "refused", "the old label is void"
    hand.command("ok")
    hand.expect("pack.tote", number_of(FIRST_NUMBER + 1))
    (box,) = site.rows(select(parcels))
    assert (box.state, box.tracking) == ("closed", number_of(FIRST_NUMBER + 1))
    assert do_change(site, order, recipient=SOMEONE, relabel=True).outcome == "refused"


def test_a_later_day_before_the_work_makes_it_wait(site: FloorSite) -> None:
    order = waiting(site)
    answer = do_change(site, order, delivery_date="2026-12-24")
    assert (answer.state, answer.ship_date > TODAY) == ("waiting_date", True)
    assert {"delivery_date", "ship_date"} <= set(answer.fields)
    sooner = do_change(site, order, delivery_date="")
    assert (sooner.state, sooner.ship_date) == ("accepted", TODAY)


@ON_BOTH
def test_a_later_day_during_the_work_holds_it(site: FloorSite) -> None:
    order = dropped(site)
    answer = do_change(site, order, delivery_date="2026-12-24")
    row = row_of(site, order)
    assert (answer.state, row.state_reason, row.before_hold) == ("held", holds.LATER, "picked")
    assert site.write(holds.wake, today="2026-12-22", now=site.now) == []
    assert site.read(holds.is_due, row.ship_date)
    assert site.write(holds.wake, today=row.ship_date, now=site.now) == [order]
    assert row_of(site, order).state == "picked", "its day came: nobody had to think of it"


def test_a_day_on_which_its_goods_would_be_over_is_refused(site: FloorSite) -> None:
    site.put("D-01", "FOOD", 5, lot="L1", expiry="2026-12-01")
    site.add(barcodes, {"code": JAN["HAT"], "item_id": site.good("FOOD"), "qty": 1})
    order = site.order(("FOOD", 2))
    site.release([order])
    answer = do_change(site, order, delivery_date="2026-12-24")
    assert (answer.outcome, answer.reason) == ("refused", EXPIRES)
    assert row_of(site, order).ship_date == TODAY


@ON_BOTH
def test_an_address_that_was_missing_lets_the_order_go(site: FloorSite) -> None:
    order = waiting(site)
    nowhere = msgspec.structs.replace(SOMEONE, address="東京都港区六本木")
    assert do_change(site, order, recipient=nowhere).state == "held"
    row = row_of(site, order)
    assert (row.state_reason, row.before_hold) == (NO_HOUSE_NUMBER, "accepted")
    assert do_change(site, order, recipient=ELSEWHERE).state == "accepted"


def test_a_service_takes_its_carrier_and_its_rules_along(site: FloorSite) -> None:
    order = waiting(site)
    assert do_change(site, order, time_slot="1416").fields == ("time_slot",)
    with refused(Code.TIME_SLOT_UNKNOWN):
        do_change(site, order, service="sagawa")
    answer = do_change(site, order, service="sagawa", time_slot="14", notes="置き配")
    assert set(answer.fields) == {"service", "time_slot", "notes"}
    assert row_of(site, order).carrier == "sagawa"
    with refused(Code.REFERENCE_UNKNOWN):
        do_change(site, order, service="pigeon")
    with refused(Code.DATE_RANGE):
        do_change(site, order, delivery_date="2026-11-01")


def test_an_order_that_is_changed_is_still_known_for_what_it_was(site: FloorSite) -> None:
    order = waiting(site)
    do_change(site, order, notes="ring twice")
    rows = site.rows(select(orders.c.body_hash))
    assert len(rows) == 1
    assert len(BASKET) == 2
    assert site.rows(select(slips)) == []
