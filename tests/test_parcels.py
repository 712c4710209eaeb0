"""Parcels in the book: one number each, proven before it is told, shipped once."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select, update

from picking import floor, pickups
from tests.floor_site import FIRST_NUMBER, ON_BOTH, FloorSite, floor_at
from wms.db import Book
from wms.errors import Code, Rejected
from wms.orders import lifecycle as order_book
from wms.orders import view
from wms.promises import allocation
from wms.schema import (
    allocations,
    events,
    manifests,
    order_lines,
    places,
    shops,
    slips,
    tracking_ranges,
)
from wms.schema import parcels as table
from wms.shipping import parcels
from wms.shipping.parcels import Packed, number_of

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


def refused(code: Code) -> "pytest.RaisesExc[Rejected]":
    return pytest.raises(Rejected, match=f"^{code}( |$)")


def pack(site: FloorSite, order: int = 1, *skus: str, qty: int = 0) -> int:
    """Put the order's picked goods (of *skus*, or all) into a box. Returns the parcel."""
    lines = select(order_lines.c.id).where(order_lines.c.order_id == order)
    mine = allocations.c.line_id.in_(lines) & (allocations.c.state == "picked")
    if skus:
        mine &= allocations.c.item_id.in_([site.good(sku) for sku in skus])
    contents = [
        Packed(row.id, qty or row.qty) for row in site.rows(select(allocations).where(mine))
    ]
    return site.write(
        parcels.pack, order=order, contents=contents, station="PACK-1", place="BENCH-1",
        box="BX-S", weight_g=0, predicted_g=0, key=site.key("pack"), actor="test", now=site.now,
    )  # fmt: skip


def close(site: FloorSite, parcel: int) -> str:
    """Label the parcel and scan its label. Returns the number."""
    number = site.write(parcels.label, parcel=parcel, now=site.now)
    site.write(parcels.verify, parcel=parcel, tracking=number, now=site.now)
    return number


def state(site: FloorSite, parcel: int) -> str:
    return str(site.scalar(select(table.c.state).where(table.c.id == parcel)))


def manifest(site: FloorSite, carrier: str = "yamato") -> int:
    open_one = (manifests.c.carrier == carrier) & (manifests.c.state == "open")
    return int(site.scalar(select(manifests.c.id).where(open_one)))


def close_out(site: FloorSite, number: int) -> parcels.ClosedOut:
    return site.write(
        parcels.close_out, manifest=number, key=site.key("close"), actor="test", now=site.now
    )


@ON_BOTH
def test_goods_leave_their_tote_for_the_box_and_are_counted(site: FloorSite) -> None:
    (tote,) = site.at_bench([BASKET])[1]
    parcel = pack(site)
    code = "P0000001-1"
    assert (site.in_tote(tote), site.in_tote(code)) == ({}, {"TEA": 2, "CUP": 1})
    assert site.scalar(select(places.c.parent).where(places.c.code == code)) == "BENCH-1"
    packed = site.rows(select(order_lines.c.packed).order_by(order_lines.c.id))
    assert [row.packed for row in packed] == [2, 1]
    assert state(site, parcel) == "open"


def test_the_shop_is_told_at_inspection_or_at_handover_as_it_wants(site: FloorSite) -> None:
    def numbers(kind: str) -> list[object]:
        told = site.rows(select(events.c.body).where(events.c.kind == kind))
        return [json.loads(row.body)["tracking"] for row in told]

    site.at_bench([BASKET])
    site.set(shops, shops.c.code == "acme-shop", notify="handover")
    parcel = pack(site)
    number = close(site, parcel)
    seen = site.read(view.get, "1")
    assert (numbers("parcel.inspected"), seen.parcels[0].tracking) == ([""], "")
    manifest_id = manifest(site)
    site.write(parcels.load, parcel=parcel, manifest=manifest_id, now=site.now)
    close_out(site, manifest_id)
    assert numbers("order.shipped") == [[number]]
    assert site.read(view.get, "1").parcels[0].tracking == number


@ON_BOTH
def test_a_tracking_number_that_is_on_another_box_of_today_is_refused(site: FloorSite) -> None:
    """Numbers are recycled and several owners get theirs from one carrier: never twice a day."""
    site.at_bench([BASKET, (("HAT", 1), ("TEA", 1))])
    first, second = pack(site, 1), pack(site, 2)
    number = number_of(12345678901)
    for order in (1, 2):
        row = {"order_id": order, "carrier": "yamato", "tracking": number, "at_ms": 1}
        site.add(slips, row)
    site.write(parcels.match_slip, parcel=first, tracking=number, now=site.now)
    with refused(Code.TRACKING_TAKEN):
        site.write(parcels.match_slip, parcel=second, tracking=number, now=site.now)
    assert state(site, second) == "open"


@ON_BOTH
def test_goods_that_are_not_there_any_more_are_not_packed_twice(site: FloorSite) -> None:
    site.at_bench([BASKET])
    first = site.rows(select(allocations))
    pack(site)
    before = site.counts()
    contents = [Packed(row.id, row.qty) for row in first]
    with refused(Code.ALLOCATION_CLOSED):
        site.write(
            parcels.pack, order=1, contents=contents, station="PACK-1", place="BENCH-1",
            box="BX-S", weight_g=0, predicted_g=0, key="again", actor="test", now=site.now,
        )  # fmt: skip
    assert site.counts() == before


@ON_BOTH
def test_a_parcel_has_one_number_of_its_owner_s_range(site: FloorSite) -> None:
    site.at_bench([BASKET, BASKET])
    first, second = pack(site, 1), pack(site, 2)
    numbers = [site.write(parcels.label, parcel=parcel, now=site.now) for parcel in (first, second)]
    assert numbers == [number_of(FIRST_NUMBER), number_of(FIRST_NUMBER + 1)]
    assert site.write(parcels.label, parcel=first, now=site.now) == numbers[0], "asked twice"
    assert site.told("parcel.labelled") == 2


@pytest.mark.parametrize("body", [0, 6, 7, 26_249_216_032, 99_999_999_999])
def test_numbers_carry_their_check_digit(body: int) -> None:
    number = number_of(body)
    assert (len(number), int(number[:-1]) % 7) == (12, int(number[-1]))


@ON_BOTH
def test_an_empty_range_gives_nothing_and_takes_nothing(site: FloorSite) -> None:
    site.at_bench([BASKET, BASKET])
    mine = tracking_ranges.c.carrier == "yamato"
    site.set(tracking_ranges, mine, next=FIRST_NUMBER + 99)
    assert site.write(parcels.label, parcel=pack(site, 1), now=site.now)
    last = pack(site, 2)
    with refused(Code.TRACKING_EXHAUSTED):
        site.write(parcels.label, parcel=last, now=site.now)
    assert state(site, last) == "open"
    assert site.scalar(select(tracking_ranges.c.next).where(mine)) == FIRST_NUMBER + 100


def test_two_benches_never_get_the_same_number(new_postgresql: Any) -> None:
    with floor_at(new_postgresql()) as site:
        site.stock_up()
        site.at_bench([BASKET] * 4)
        made = [pack(site, order) for order in range(1, 5)]
        book = Book(site.book.url)
        with ThreadPoolExecutor(4) as benches:
            numbers = list(
                benches.map(
                    lambda parcel: book.write_now(parcels.label, parcel=parcel, now=1), made
                )
            )
        book.close()
        assert sorted(numbers) == [number_of(FIRST_NUMBER + n) for n in range(4)]
        site.check()


@ON_BOTH
def test_only_its_own_label_closes_a_parcel_and_only_once(site: FloorSite) -> None:
    site.at_bench([BASKET, BASKET])
    first, second = pack(site, 1), pack(site, 2)
    with refused(Code.LABEL_OTHER_PARCEL):
        site.write(parcels.verify, parcel=first, tracking="", now=site.now)
    own = site.write(parcels.label, parcel=first, now=site.now)
    other = site.write(parcels.label, parcel=second, now=site.now)
    with refused(Code.LABEL_OTHER_PARCEL):
        site.write(parcels.verify, parcel=first, tracking=other, now=site.now)
    assert (state(site, first), site.told("parcel.inspected")) == ("labelled", 0)
    site.write(parcels.verify, parcel=first, tracking=own, now=site.now)
    with refused(Code.LABEL_OTHER_PARCEL):
        site.write(parcels.verify, parcel=first, tracking=own, now=site.now)
    assert (state(site, first), site.state(1), site.told("parcel.inspected")) == (
        "closed", "packed", 1,
    )  # fmt: skip


@ON_BOTH
def test_an_order_is_packed_when_its_last_box_is_proven(site: FloorSite) -> None:
    site.at_bench([BASKET])
    first = pack(site, 1, "TEA", qty=1)
    close(site, first)
    assert (site.state(1), site.told("order.packed")) == ("picked", 0)
    second, third = pack(site, 1, "TEA"), pack(site, 1, "CUP")
    close(site, third)
    assert site.state(1) == "picked", "one box is still open"
    close(site, second)
    assert (site.state(1), site.told("order.packed")) == ("packed", 1)
    codes = site.rows(select(table.c.code, table.c.piece).order_by(table.c.id))
    assert [tuple(row) for row in codes] == [(f"P0000001-{n}", n) for n in (1, 2, 3)]


@ON_BOTH
def test_a_slip_is_used_once_and_for_its_own_order(site: FloorSite) -> None:
    site.at_bench([BASKET, BASKET])
    first, second = pack(site, 1), pack(site, 2)
    number = number_of(5)
    site.add(slips, {"order_id": 1, "carrier": "yamato", "tracking": number, "at_ms": 1})
    site.add(slips, {"order_id": 2, "carrier": "sagawa", "tracking": number, "at_ms": 1})
    with refused(Code.SLIP_OTHER_ORDER):
        site.write(parcels.match_slip, parcel=second, tracking=number, now=site.now)
    site.write(parcels.match_slip, parcel=first, tracking=number, now=site.now)
    with refused(Code.SLIP_OTHER_ORDER):
        site.write(parcels.match_slip, parcel=first, tracking=number, now=site.now)
    used = site.rows(select(slips.c.state, slips.c.parcel_id).order_by(slips.c.id))
    assert [tuple(row) for row in used] == [("matched", first), ("imported", None)]
    site.write(parcels.verify, parcel=first, tracking=number, now=site.now)
    assert site.state(1) == "packed"


@ON_BOTH
@pytest.mark.parametrize("stop", ["held", "cancelled"])
def test_a_stopped_order_goes_no_further(site: FloorSite, stop: str) -> None:
    site.at_bench([BASKET, BASKET, BASKET])
    second, third = pack(site, 2), pack(site, 3)
    number = site.write(parcels.label, parcel=second, now=site.now)
    close(site, third)
    held = site.rows(select(allocations.c.id).where(allocations.c.state == "picked"))
    contents = [Packed(row.id, 1) for row in held]
    site.write(order_book.set_state, [1, 2, 3], "held", now=site.now, reason="test")
    if stop == "cancelled":  # the goods of these orders still have to be put back
        site.set(order_lines, order_lines.c.order_id == 1, cancelled=order_lines.c.qty)
        site.write(_release_all)
        site.write(order_book.set_state, [1], "cancelled", now=site.now)
        contents = [Packed(1, 1)]
    with refused(Code.ORDER_STOPPED):
        site.write(
            parcels.pack, order=1, contents=contents, station="PACK-1", place="BENCH-1",
            box="BX-S", weight_g=0, predicted_g=0, key="stopped", actor="test", now=site.now,
        )  # fmt: skip
    with refused(Code.ORDER_STOPPED):
        site.write(parcels.verify, parcel=second, tracking=number, now=site.now)
    with refused(Code.LOAD_STOPPED):
        site.write(parcels.load, parcel=third, manifest=manifest(site), now=site.now)


def _release_all(tx: Any) -> None:
    lines = select(order_lines.c.id).where(order_lines.c.order_id == 1)
    mine = allocations.c.line_id.in_(lines)
    allocation.release(tx, list(tx.scalars(select(allocations.c.id).where(mine))))


@ON_BOTH
def test_a_truck_takes_its_own_carrier_s_proven_parcels_once(site: FloorSite) -> None:
    site.at_bench([BASKET, BASKET])
    first, second = pack(site, 1), pack(site, 2)
    yamato, sagawa = manifest(site), manifest(site, "sagawa")
    with refused(Code.LOAD_UNPROVEN):
        site.write(parcels.load, parcel=first, manifest=yamato, now=site.now)
    close(site, first)
    with refused(Code.LOAD_OTHER_CARRIER):
        site.write(parcels.load, parcel=first, manifest=sagawa, now=site.now)
    site.write(parcels.load, parcel=first, manifest=yamato, now=site.now)
    with refused(Code.LOAD_TWICE):
        site.write(parcels.load, parcel=first, manifest=yamato, now=site.now)
    assert not site.write(parcels.take_off, parcel=first, manifest=yamato), "it may stay"
    assert close_out(site, yamato) == parcels.ClosedOut(1, ())
    with refused(Code.LOAD_TWICE):
        site.set(manifests, manifests.c.id == yamato, state="open")
        site.write(parcels.load, parcel=first, manifest=yamato, now=site.now)
    site.set(manifests, manifests.c.id == yamato, state="closed")
    close(site, second)
    with refused(Code.MANIFEST_CLOSED):
        site.write(parcels.load, parcel=second, manifest=yamato, now=site.now)
    with refused(Code.MANIFEST_CLOSED):
        close_out(site, yamato)


@ON_BOTH
def test_what_is_handed_over_left_the_house_and_what_is_not_stays(site: FloorSite) -> None:
    site.at_bench([BASKET, BASKET])
    first, second = pack(site, 1), pack(site, 2)
    numbers = [close(site, parcel) for parcel in (first, second)]
    site.write(parcels.load, parcel=first, manifest=manifest(site), now=site.now)
    closed = close_out(site, manifest(site))
    assert (closed.handed_over, closed.left_behind) == (1, ("P0000002-1",))
    assert (site.in_tote("P0000001-1"), site.in_tote("P0000002-1")) == (
        {}, {"TEA": 2, "CUP": 1},
    )  # fmt: skip
    assert [site.state(order) for order in (1, 2)] == ["shipped", "packed"]
    assert site.told("order.shipped") == 1
    assert numbers[0] in str(site.rows(select(table.c.tracking).where(table.c.id == first)))


@ON_BOTH
def test_an_order_in_two_boxes_is_shipped_with_the_second(site: FloorSite) -> None:
    site.at_bench([BASKET])
    first, second = pack(site, 1, "TEA"), pack(site, 1, "CUP")
    close(site, first)
    close(site, second)
    site.write(parcels.load, parcel=first, manifest=manifest(site), now=site.now)
    close_out(site, manifest(site))
    assert (site.state(1), site.told("order.shipped")) == ("packed", 0)
    site.now += 86_400_000
    site.write(_next_pickup, site.now)
    site.write(parcels.load, parcel=second, manifest=manifest(site), now=site.now)
    close_out(site, manifest(site))
    assert (site.state(1), site.told("order.shipped")) == ("shipped", 1)


def _next_pickup(tx: Any, now: int) -> None:
    pickups.ensure(tx, now=now, zone=floor.TOKYO)


@ON_BOTH
def test_closing_out_an_empty_truck_ships_nothing(site: FloorSite) -> None:
    assert close_out(site, manifest(site)) == parcels.ClosedOut(0, ())
    assert site.told("manifest.closed") == 1


@ON_BOTH
def test_a_box_that_was_set_aside_is_nobody_s_until_it_is_taken_up(site: FloorSite) -> None:
    site.at_bench([BASKET])
    parcel = pack(site)
    assert site.write(parcels.set_aside, parcel=parcel) == "P0000001-1"
    assert site.scalar(select(table.c.station)) == ""
    site.write(parcels.take_up, parcel=parcel, station="PACK-2")
    assert site.scalar(select(table.c.station)) == "PACK-2"
    close(site, parcel)
    with refused(Code.PARCEL_PROVEN):
        site.write(parcels.take_up, parcel=parcel, station="PACK-1")


def test_two_proofs_at_the_same_moment_still_complete_the_order(new_postgresql: Any) -> None:
    with floor_at(new_postgresql()) as site:
        site.stock_up()
        site.at_bench([BASKET])
        made = [pack(site, 1, "TEA"), pack(site, 1, "CUP")]
        numbers = [site.write(parcels.label, parcel=parcel, now=site.now) for parcel in made]
        site.write(lambda tx: tx.execute(update(table).values(station="")))
        book = Book(site.book.url)
        with ThreadPoolExecutor(2) as benches:
            list(
                benches.map(
                    lambda pair: book.write_now(
                        parcels.verify, parcel=pair[0], tracking=pair[1], now=1
                    ),
                    zip(made, numbers, strict=True),
                )
            )
        book.close()
        assert (site.state(1), site.told("order.packed")) == ("packed", 1)
        site.check()
