"""Orders of returned goods that are cancelled: a new disposition is asked for, at every stage."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from picking import tours
from tests.floor_site import ON_BOTH
from tests.picking_site import SOMEONE, refused
from tests.returns_site import BOX, RITA, SHELF, ReturnsSite, returns_at, set_serials
from wms.errors import Code
from wms.orders import cancel
from wms.orders.cancel import Cancelled
from wms.returns import cases, closing, grading, onward, view
from wms.schema import allocations, manifests, order_lines, places, work_spans
from wms.schema import orders as orders_table
from wms.schema import parcels as parcels_table
from wms.schema import returns as returns_table
from wms.schema import work_orders as works
from wms.shipping import parcels
from wms.storage import put_back
from wms.work import jobs, making

TODAY = "2026-11-22"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[ReturnsSite]:
    with returns_at(request.getfixturevalue(f"new_{engine}")()) as site:
        yield site
        site.check()


def repaired(site: ReturnsSite) -> Any:
    """A radio (S1) came for repair and was graded: the order that sends it back, held."""
    set_serials(site, "RADIO", "S1")
    (box,) = site.ship((("RADIO", 1),))
    number = site.announce(box.order_id, ("RADIO", 1), kind="repair")
    site.arrive(number=number)
    site.grade(number, "RADIO", "C", "repair", serial="S1", place=SHELF)
    close(site, number)
    query = select(orders_table).where(orders_table.c.origin == f"return:{number}")
    return site.rows(query)[0]


def close(site: ReturnsSite, number: int) -> closing.Closed:
    site.now += 1_000
    return site.write(
        closing.close, number, person=RITA, key=site.key("close"), actor="person:6",
        now=site.now,
    )  # fmt: skip


def do_cancel(site: ReturnsSite, order: int) -> Cancelled:
    site.now += 1_000
    return site.write(cancel.cancel, order, now=site.now)


def work_of(site: ReturnsSite) -> int:
    return int(site.scalar(select(func.max(works.c.id))) or 0)


def started(site: ReturnsSite, order: int) -> None:
    site.write(making.start, work=work_of(site), person=RITA, today=TODAY, now=site.now)


def done(site: ReturnsSite, order: int) -> None:
    started(site, order)
    site.write(
        making.make, work=work_of(site), qty=1, place="", station="", key="made",
        actor="person:6", now=site.now,
    )  # fmt: skip


def fetched(site: ReturnsSite, order: int) -> None:
    done(site, order)
    site.release([order])
    tour = site.write(tours.claim, person=1, now=site.now)
    assert tour is not None
    site.claim()
    site.walk(tour)
    site.drop(tour, "BENCH-1")


def boxed(site: ReturnsSite, order: int) -> None:
    fetched(site, order)
    site.write(box_up, order, site.now)


def shut(site: ReturnsSite, order: int) -> None:
    boxed(site, order)
    site.write(prove, order, site.now)


def laden(site: ReturnsSite, order: int) -> None:
    shut(site, order)
    manifest = site.scalar(
        select(manifests.c.id).where(manifests.c.carrier == "yamato", manifests.c.state == "open")
    )
    box = site.scalar(select(func.max(parcels_table.c.id)))
    site.write(parcels.load, parcel=box, manifest=manifest, now=site.now)


def box_up(tx: Any, order: int, now: int) -> None:
    mine = select(allocations).join(order_lines, order_lines.c.id == allocations.c.line_id)
    picked = mine.where(order_lines.c.order_id == order, allocations.c.state == "picked")
    parcels.pack(
        tx, order=order, contents=[parcels.Packed(row.id, row.qty) for row in tx.execute(picked)],
        station="PACK-1", place="BENCH-1", box="BX-S", weight_g=480, predicted_g=475,
        key=f"box:{order}", actor="person:3", now=now,
    )  # fmt: skip


def prove(tx: Any, order: int, now: int) -> None:
    box = tx.scalar(select(func.max(parcels_table.c.id)))
    number = parcels.label(tx, parcel=box, now=now)
    parcels.verify(tx, parcel=box, tracking=number, now=now)


STAGES = {
    "held": lambda site, order: None, "in work": started, "done": done, "picked": fetched,
    "boxed": boxed, "closed": shut, "loaded": laden,
}  # fmt: skip
LONG = ("in work", "done", "boxed", "closed")  # the others stand for these


@pytest.mark.parametrize(
    "stage",
    [pytest.param(one, marks=pytest.mark.long if one in LONG else ()) for one in STAGES],
)
def test_a_cancelled_repair_is_decided_again(site: ReturnsSite, stage: str) -> None:
    order = repaired(site)
    STAGES[stage](site, order.id)
    answer = do_cancel(site, order.id)
    assert (answer.outcome, answer.returning[:1]) == ("cancelled", "R")
    assert do_cancel(site, order.id).returning == answer.returning
    assert site.told("return.announced") == 2
    (row,) = site.rows(select(returns_table).where(returns_table.c.cancelled_id == order.id))
    assert (row.code, row.state, row.kind) == (answer.returning, "arrived", "return")
    (work,) = site.rows(select(works))
    assert work.state == ("cancelled" if stage in ("held", "in work") else "done")
    clocks = select(func.count()).select_from(work_spans).where(work_spans.c.ended_ms.is_(None))
    assert site.scalar(clocks) == 0, "nobody's clock runs on"
    carried_back(site, answer)
    assert site.arrive(number=row.id) == row.id
    seen = site.read(view.evidence, site.row(row.id)).sent
    assert [(one.sku, one.serial, one.qty) for one in seen] == [("RADIO", "S1", 1)]
    with refused(Code.RETURN_SERIAL):
        site.grade(row.id, "RADIO", serial="S2")
    site.grade(row.id, "RADIO", "A", "restock", serial="S1", place="A-05")
    assert site.at_place("A-05") == {("RADIO", "available", "S1"): 1}
    assert close(site, row.id) == closing.Closed(0, "")
    assert not site.rows(select(returns_table).where(returns_table.c.state == "arrived"))
    assert site.scalar(select(func.sum(order_lines.c.returned))) == 1, "it came back once"


def carried_back(site: ReturnsSite, answer: Cancelled) -> None:
    """What was on its way lies on the returns shelf again; a stopped box was found and opened."""
    if answer.search:
        box = site.parcel(answer.search[0])
        assert site.write(cancel.found, box.id, now=site.now) == box.code
    for container in (*answer.put_back, *answer.search):
        emptied(site, container)


def emptied(site: ReturnsSite, container: str) -> None:
    (goods,) = site.read(put_back.goods, container)
    assert goods.place == SHELF, "where it came from"
    put: dict[str, Any] = {"task": 1, "container": container, "goods": goods, "qty": 1}
    with refused(Code.PUTAWAY_CONDITION):
        site.write(put_back.put, **put, place="A-01", key="a", actor="person:2", now=site.now)
    left = site.write(put_back.put, **put, place=SHELF, key="b", actor="person:2", now=site.now)
    assert left == 0


def test_what_is_decided_again_may_be_taken_out_of_its_tote_at_once(site: ReturnsSite) -> None:
    order = repaired(site)
    fetched(site, order.id)
    (tote,) = do_cancel(site, order.id).put_back
    (row,) = site.rows(select(returns_table).where(returns_table.c.cancelled_id == order.id))
    site.arrive(number=row.id)
    unit = site.grade(row.id, "RADIO", "C", "to_owner", serial="S1", place=BOX)
    assert site.at_place(tote) == {}
    site.write(grading.undo, row.id, key="undo", actor="person:6", now=site.now)
    assert site.at_place(SHELF) == {("RADIO", "returned", "S1"): 1}
    assert site.grade(row.id, "RADIO", "C", "repair", serial="S1", place=SHELF) > unit
    assert close(site, row.id).following == f"{row.code}-S", "it is repaired after all"


def test_what_is_not_to_be_found_again_is_lost_in_the_house(site: ReturnsSite) -> None:
    order = repaired(site)
    do_cancel(site, order.id)
    (row,) = site.rows(select(returns_table).where(returns_table.c.cancelled_id == order.id))
    site.arrive(number=row.id)
    assert close(site, row.id) == closing.Closed(1, "")
    assert site.at_place(SHELF) == {}
    assert site.moved(row.id) == [(SHELF, "@lost", "returned", 1)]


@ON_BOTH
def test_a_parcel_that_was_to_go_out_once_more_is_opened_instead(site: ReturnsSite) -> None:
    (box,) = site.ship((("TEA", 2), ("CUP", 1)))
    number = site.arrive(parcel=box.id)
    site.write(cases.undelivered, number, place=SHELF, key="back", actor="person:6", now=site.now)
    site.write(closing.decide, number, "reship", now=site.now)
    (order,) = site.rows(select(orders_table).where(orders_table.c.kind == "reship"))
    less = site.write(cancel.reduce, order.id, wanted={1: 1}, now=site.now)
    assert less.outcome == "refused", "these very units, or none"
    code = do_cancel(site, order.id).returning
    (row,) = site.rows(select(returns_table).where(returns_table.c.code == code))
    assert site.arrive(parcel=box.id) == row.id, "its old label leads to it"
    assert site.row(row.id).parcel_id is None
    site.grade(row.id, "TEA", qty=2, place="A-01")
    with refused(Code.RETURN_TOO_MANY):
        site.grade(row.id, "TEA", "C", "to_owner", place=SHELF)
    site.grade(row.id, "CUP", "damaged", "quarantine", place=SHELF)
    assert close(site, row.id).missing == 0
    units = site.read(view.get, code).units
    assert not any(unit.refund for unit in units), "it was counted when it came back first"


def test_a_cancelled_exchange_is_a_plain_return(site: ReturnsSite) -> None:
    (box,) = site.ship((("TEA", 2), ("CUP", 1)))
    number = site.announce(box.order_id, ("TEA", 2), kind="exchange")
    site.arrive(number=number)
    site.grade(number, "TEA")
    (order,) = site.rows(select(orders_table).where(orders_table.c.kind == "exchange"))
    less = site.write(cancel.reduce, order.id, wanted={1: 1}, now=site.now)
    assert less.outcome == "changed"
    assert do_cancel(site, order.id).returning == ""
    assert site.row(number).kind == "return"
    site.grade(number, "TEA")
    assert close(site, number).following == ""
    assert site.state(order.id) == "cancelled"
    assert len(site.rows(select(orders_table).where(orders_table.c.kind == "exchange"))) == 1


def test_a_line_of_a_replacement_that_was_made_smaller_stays_so(site: ReturnsSite) -> None:
    (box,) = site.ship((("TEA", 2), ("CUP", 1)))
    number = site.announce(box.order_id, ("TEA", 2), kind="exchange")
    site.arrive(number=number)
    site.grade(number, "TEA", qty=2)
    (order,) = site.rows(select(orders_table).where(orders_table.c.kind == "exchange"))
    site.write(cancel.reduce, order.id, wanted={1: 1}, now=site.now)
    close(site, number)
    line = site.rows(select(order_lines).where(order_lines.c.order_id == order.id))[0]
    assert (line.qty, line.cancelled) == (2, 1)


def test_a_cancelled_transfer_is_set_aside_again(site: ReturnsSite) -> None:
    (box,) = site.ship((("TEA", 3), ("CUP", 1)))
    number = site.arrive(parcel=box.id)
    site.grade(number, "TEA", "C", "to_owner", place=SHELF, qty=2)
    close(site, number)
    asked = {"owner": "acme", "shop": "acme-shop", "service": "yamato", "recipient": SOMEONE}
    first = onward.ToOwner(external_id="BACK-1", **asked)  # type: ignore[arg-type]
    order = site.write(onward.send_to_owner, first, now=site.now).order_id
    site.release([order])
    tour = site.write(tours.claim, person=1, now=site.now)
    assert tour is not None
    site.claim()
    site.walk(tour)
    site.drop(tour, "BENCH-1")
    (tote,) = do_cancel(site, order).put_back
    (goods,) = site.read(put_back.goods, tote)
    elsewhere = site.scalar(select(places.c.code).where(places.c.code == "RET-TABLE"))
    site.write(
        put_back.put, task=1, container=tote, goods=goods, qty=2, place=elsewhere, key="b",
        actor="person:2", now=site.now,
    )  # fmt: skip
    second = onward.ToOwner(external_id="BACK-2", **asked)  # type: ignore[arg-type]
    again = site.write(onward.send_to_owner, second, now=site.now)
    lies = site.rows(
        select(allocations.c.place)
        .join(order_lines, order_lines.c.id == allocations.c.line_id)
        .where(order_lines.c.order_id == again.order_id)
    )
    assert [row.place for row in lies] == ["RET-TABLE"]


def test_the_repair_of_returned_goods_is_cancelled_with_its_order(site: ReturnsSite) -> None:
    order = repaired(site)
    with refused(Code.WORK_OF_ORDER):
        site.write(jobs.cancel, work_of(site), now=site.now)
    do_cancel(site, order.id)
    assert site.write(jobs.cancel, work_of(site), now=site.now).state == "cancelled"
