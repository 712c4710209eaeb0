"""The floor site after the trucks left: what was sent can come back. Rita looks at it (RET-1).

`SHELF` is where returns are kept, `T-RET` a tote for them; radios have serial numbers, food dates.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete, insert, select, update

from picking import pickups
from picking.release import Released
from tests.floor_site import FloorSite
from tests.picking_site import Lines
from wms.db import Tx
from wms.people import staff
from wms.people.tokens import token_hash
from wms.promises import allocation
from wms.returns import cases, grading
from wms.returns.grading import Unit
from wms.returns.new import NewReturn, NewReturnLine
from wms.schema import (
    allocations,
    manifests,
    moves,
    order_lines,
    owners,
    shops,
    stations,
    stock,
    terminals,
)
from wms.schema import orders as orders_table
from wms.schema import parcels as parcels_table
from wms.schema import people as people_table
from wms.schema import places as places_table
from wms.schema import returns as returns_table
from wms.shipping import parcels

RITA, OTTO = 6, 7
RET = "RET-1"  # the terminal of the returns bench
SHELF, TABLE, BOX = "RETURNS", "RET-TABLE", "T-RET"


class ReturnsSite(FloorSite):
    """The site with a returns bench, and shorthands for what comes back to it."""

    def ship(self, *wanted: Lines) -> list[Any]:
        """Orders that were picked, packed and handed over: their parcels' rows, in order."""
        numbers = self.orders(wanted)
        released: Released = self.release(numbers)
        assert released.short == (), "stock for the orders of this test"
        while True:
            from picking import tours

            tour = self.write(tours.claim, person=1, now=self.now)
            if tour is None:
                break
            self.claim()
            self.walk(tour)
            self.drop(tour, "BENCH-1")
        self.now += 1_000
        self.write(send, numbers, self.now)
        self.write(pickups.ensure, now=self.now, zone=self.settings.zone)
        mine = parcels_table.c.order_id.in_(numbers)
        return self.rows(select(parcels_table).where(mine).order_by(parcels_table.c.order_id))

    def announce(self, order: int = 0, *lines: tuple[str, int] | NewReturnLine,
                 kind: str = "return", external_id: str = "") -> int:  # fmt: skip
        """An RMA for *order* (an id). Returns the return's number."""
        wanted = NewReturn(
            owner="acme", external_id=external_id or self.key("rma"),
            kind=kind,  # type: ignore[arg-type]
            order=self.external(order),
            lines=tuple(
                line if isinstance(line, NewReturnLine)
                else NewReturnLine(sku=line[0], qty=line[1])
                for line in lines
            ),
        )  # fmt: skip
        return self.write(cases.announce, wanted, now=self.now).return_id

    def arrive(self, **what: Any) -> int:
        self.now += 1_000
        person = what.pop("person", RITA)
        return self.write(cases.arrive, person=person, station="RET-1", now=self.now, **what)

    def grade(
        self, number: int, sku: str, grade: str = "A", disposition: str = "restock",
        place: str = BOX, key: str = "", **more: Any,
    ) -> int:  # fmt: skip
        unit = Unit(
            item=self.good(sku), place=place,
            grade=grade,  # type: ignore[arg-type]
            disposition=disposition,  # type: ignore[arg-type]
            **more,
        )  # fmt: skip
        self.now += 1_000
        return self.write(
            grading.grade, number, unit, person=RITA, key=key or self.key("grade"),
            actor=f"person:{RITA}", now=self.now,
        )  # fmt: skip

    def external(self, order: int) -> str:
        """What the OMS calls the order."""
        of = select(orders_table.c.external_id).where(orders_table.c.id == order)
        return str(self.scalar(of) or "")

    def row(self, number: int) -> Any:
        return self.rows(select(returns_table).where(returns_table.c.id == number))[0]

    def at_place(self, place: str) -> dict[tuple[str, str, str], int]:
        """What lies at a place: eaches by SKU, condition and serial."""
        from wms.schema import items

        query = (
            select(items.c.sku, stock.c.condition, stock.c.serial, stock.c.qty)
            .join(items, items.c.id == stock.c.item_id)
            .where(stock.c.place == place, stock.c.qty > 0)
        )
        return {
            (row.sku, row.condition, row.serial): row.qty for row in self.rows(query)
        }  # fmt: skip

    def returned(self, order: int) -> int:
        """Eaches of an order that came back, by its lines."""
        query = select(order_lines.c.returned).where(order_lines.c.order_id == order)
        return sum(row.returned for row in self.rows(query))

    def moved(self, number: int) -> list[tuple[str, str, str, int]]:
        """The moves of a return: source, target, condition, eaches."""
        query = select(moves).where(moves.c.ref == f"return:{number}").order_by(moves.c.id)
        return [(row.source, row.target, row.condition, row.qty) for row in self.rows(query)]


def send(tx: Tx, numbers: Sequence[int], now: int) -> None:
    """Pack what was picked for these orders, each into one parcel, and hand it over."""
    manifest = tx.scalar(
        select(manifests.c.id).where(manifests.c.carrier == "yamato", manifests.c.state == "open")
    )
    assert manifest is not None
    for number in numbers:
        bind_one(tx, number)
        mine = select(allocations).join(order_lines, order_lines.c.id == allocations.c.line_id)
        rows = tx.execute(
            mine.where(order_lines.c.order_id == number, allocations.c.state == "picked")
        ).all()
        parcel = parcels.pack(
            tx, order=number, contents=[parcels.Packed(row.id, row.qty) for row in rows],
            station="PACK-1", place="BENCH-1", box="BX-S", weight_g=480, predicted_g=475,
            key=f"send:{number}", actor="person:3", now=now,
        )  # fmt: skip
        tracking = parcels.label(tx, parcel=parcel, now=now)
        parcels.verify(tx, parcel=parcel, tracking=tracking, now=now)
        parcels.load(tx, parcel=parcel, manifest=manifest, now=now)
    parcels.close_out(tx, manifest=manifest, key="out", actor="person:4", now=now)


def bind_one(tx: Tx, order: int) -> None:
    """Give a one-piece order its unit of the wave's total."""
    row = tx.execute(select(orders_table).where(orders_table.c.id == order)).one()
    if not row.one_piece:
        return
    line = tx.execute(select(order_lines).where(order_lines.c.order_id == order)).one()
    total = (allocations.c.wave_id == row.wave_id) & allocations.c.line_id.is_(None)
    here = total & (allocations.c.item_id == line.item_id) & (allocations.c.state == "picked")
    unit = tx.execute(select(allocations.c.id).where(here).limit(1)).scalar_one()
    allocation.bind(tx, unit, line=line.id)


@contextmanager
def returns_at(url: str) -> Iterator[ReturnsSite]:
    """The site in the empty book at *url*, with stock and a returns bench."""
    site = ReturnsSite(url)
    try:
        site.write(_furnish)
        site.stock_up()
        yield site
    finally:
        site.book.close()


def _furnish(tx: Tx) -> None:
    tx.execute(insert(places_table), [
        {"code": TABLE, "kind": "station", "parent": None},
        {"code": SHELF, "kind": "buffer", "parent": None},
        {"code": BOX, "kind": "tote", "parent": SHELF},
    ])  # fmt: skip
    tx.execute(insert(stations).values(code="RET-1", kind="return", place=TABLE))
    tx.execute(insert(terminals).values(
        id=RET, station="RET-1", token_hash=token_hash(f"token-of-{RET}"), seen_ms=0
    ))  # fmt: skip
    tx.execute(delete(people_table).where(people_table.c.id.in_((RITA, OTTO))))
    for number, badge, rights in (
        (RITA, "rita", ["returns"]), (OTTO, "otto", ["approve_disposal", "lead", "returns"]),
    ):  # fmt: skip
        lead = select(people_table.c.pin_hash).where(people_table.c.id == 5)
        tx.execute(insert(people_table).values(
            id=number, code=f"P{number}", name=badge.title(), language="en",
            badge_hash=staff.badge_hash(badge), permissions=json.dumps(rights),
            pin_hash=tx.scalar(lead) if "lead" in rights else "",
        ))  # fmt: skip
    tx.execute(insert(owners).values(code="bloom", name="Bloom"))
    tx.execute(insert(shops).values(code="bloom-shop", owner="bloom"))


def set_serials(site: ReturnsSite, sku: str = "RADIO", *serials: str) -> int:
    """Radios with these serial numbers at A-05. Returns the item."""
    for serial in serials:
        site.put("A-05", sku, 1, serial=serial)
    return site.good(sku, serial_tracked=1)


def later(site: ReturnsSite, **values: Any) -> None:
    """Change every parcel behind everybody's back."""
    site.write(lambda tx: tx.execute(update(parcels_table).values(values)))
