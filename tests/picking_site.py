"""A small site for the tests of picking: four aisles, two benches, totes, two pickers.

Aisles `A`..`D` run north, three metres apart, with bins `A-01`..`A-10` a metre apart. Totes stand
at `TOTES`; walks end at `DROP` (a robot hand-off). Bench `PACK-1` is on the robots' map, `PACK-2`
is not.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest
from sqlalchemy import Table, func, insert, select

from picking import tours
from picking.release import Released, Settings, release_wave
from picking.waves import Wave
from wms import stock as ledger
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.orders import lifecycle as order_book
from wms.orders.new import NewLine, NewOrder, Recipient
from wms.promises import allocation
from wms.schema import (
    allocations,
    events,
    items,
    lots,
    orders,
    owners,
    people,
    pickups,
    places,
    services,
    shops,
    stations,
    stock,
)
from wms.stock import Move
from wms.storage import places as place_book

P = ParamSpec("P")
R = TypeVar("R")

NOON = 1_795_316_400_000  # 2026-11-22 12:00 in Tokyo
TODAY = "2026-11-22"
HOUR_MS = 3_600_000
ANNA, BERT = 1, 2  # people
AISLES, BAYS = "ABCD", 10
SETTINGS = Settings()
SOMEONE = Recipient(
    name="山田 花子", postal="100-0005", address="東京都千代田区丸の内1-9-1", phone="03-1234-5678"
)
Lines = Sequence[tuple[str, int]]


class Site:
    """The book of that site, and shorthands for what tests do to it."""

    def __init__(self, url: str) -> None:
        self.book = Book(url)
        self.rng = Random(7)
        self.now = NOON
        self._number = 0
        self.write(_furnish)

    def write(
        self, command: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        return self.book.write_now(command, *args, **kwargs)

    def read(self, query: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        return self.book.read_now(query, *args, **kwargs)

    def key(self, of: str = "key") -> str:
        """An idempotency key that was never used."""
        self._number += 1
        return f"{of}-{self._number}"

    def put(
        self, place: str, sku: str, qty: int, *, lot: str = "", expiry: str = "", serial: str = ""
    ) -> None:
        """Receive *qty* of *sku* (an item that is made here if need be) at *place*."""
        self.write(_put, place, sku, qty, lot, expiry, serial, self.key("receive"), self.now)

    def order(self, *lines: tuple[str, int], priority: int = 0, shop: str = "acme-shop") -> int:
        """Accept an order for `(sku, qty)` lines. Returns its id."""
        return self.orders([lines], priority=priority, shop=shop)[0]

    def orders(
        self, wanted: Sequence[Lines], *, priority: int = 0, shop: str = "acme-shop"
    ) -> list[int]:
        rows = [
            NewOrder(
                owner="acme", shop=shop, external_id=self.key("order"), service="yamato",
                recipient=SOMEONE, priority=priority,
                lines=tuple(NewLine(sku=sku, qty=qty) for sku, qty in lines),
            )
            for lines in wanted
        ]  # fmt: skip
        self.write(_items, sorted({sku for lines in wanted for sku, _qty in lines}))
        accepted = self.write(order_book.accept_all, rows, now=self.now)
        self.now += 1
        return [one.order_id for one in accepted]

    def release(self, order_ids: Sequence[int], settings: Settings = SETTINGS) -> Released:
        wave = Wave("yamato", NOON + 5 * HOUR_MS, tuple(order_ids))
        self.now += 1
        return self.write(release_wave, wave, settings=settings, today=TODAY, now=self.now)

    def claim(self, person: int = ANNA) -> tours.TourView:
        """Claim a tour and put a tote on every slot of its cart."""
        tour = self.write(tours.claim, person=person, now=self.now)
        assert tour is not None, "no work"
        view = self.view(tour)
        while (slot := view.unbound) is not None:
            tote = self.free_tote()
            self.write(
                tours.bind_tote, tour=tour, slot=slot.slot, tote=tote, person=person, now=self.now
            )
            view = self.view(tour)
        return view

    def free_tote(self) -> str:
        """A tote that still stands at `TOTES`."""
        waiting = select(func.min(places.c.code)).where(places.c.parent == "TOTES")
        return str(self.scalar(waiting))

    def view(self, tour: int) -> tours.TourView:
        return self.read(tours.view, tour)

    def pick(self, tour: int, qty: int | None = None) -> tours.Picked:
        """Pick the tour's current stop into its slot's tote: all of it, or *qty*."""
        view = self.view(tour)
        stop = view.current
        assert stop is not None, "the walk is over"
        self.now += 1
        return self.write(
            tours.pick_stop, stop=stop.id, qty=qty or stop.qty, tote=view.tote_of(stop.slot) or "",
            key=self.key("pick"), actor=f"person:{view.person}", now=self.now, today=TODAY,
        )  # fmt: skip

    def walk(self, tour: int) -> None:
        """Pick all that is left of the tour."""
        while self.view(tour).current is not None:
            self.pick(tour)

    def drop(self, tour: int, place: str = "DROP") -> tours.Dropped:
        self.now += 1
        return self.write(
            tours.drop, tour=tour, place=place, key=self.key("drop"), actor="person:1",
            now=self.now, rng=self.rng,
        )  # fmt: skip

    def short(self, tour: int) -> tours.Shorted:
        """棚になし at the tour's current stop."""
        view = self.view(tour)
        assert view.current is not None
        assert view.person is not None
        self.now += 1
        return self.write(
            tours.short, stop=view.current.id, person=view.person, key=self.key("short"),
            actor=f"person:{view.person}", now=self.now, today=TODAY,
        )  # fmt: skip

    def state(self, order: int) -> str:
        return str(self.scalar(select(orders.c.state).where(orders.c.id == order)))

    def scalar(self, query: Any) -> Any:
        return self.read(lambda tx: tx.scalar(query))

    def rows(self, query: Any) -> list[Any]:
        return self.read(lambda tx: list(tx.execute(query)))

    def told(self, kind: str) -> int:
        """How many events of *kind* there are."""
        return int(self.scalar(select(func.count()).where(events.c.kind == kind)))

    def in_tote(self, tote: str) -> dict[str, int]:
        """What lies in a tote: eaches by SKU."""
        query = (
            select(items.c.sku, func.sum(stock.c.qty))
            .join(items, items.c.id == stock.c.item_id)
            .where(stock.c.place == tote, stock.c.qty > 0)
            .group_by(items.c.sku)
        )
        return {sku: int(qty) for sku, qty in self.rows(query)}


@contextmanager
def site_at(url: str) -> Iterator[Site]:
    """The site in the empty book at *url*; whatever was done to it, its promises add up."""
    site = Site(url)
    try:
        yield site
        assert site.read(_promised) == site.read(_allocated), "a promise without its goods"
    finally:
        site.book.close()


def _allocated(tx: Tx) -> dict[ledger.Key, int]:
    """What is promised of each balance, as stock has it."""
    rows = tx.execute(select(stock).where(stock.c.allocated > 0))
    return {allocation.key_of(row): row.allocated for row in rows}


def _promised(tx: Tx) -> dict[ledger.Key, int]:
    """The same, as the live allocations have it."""
    live = allocations.c.state.in_(("open", "picked"))
    promised: Counter[ledger.Key] = Counter()
    for row in tx.execute(select(allocations).where(live)):
        promised[allocation.key_of(row)] += row.qty
    return dict(promised)


def refused(code: Code) -> "pytest.RaisesExc[Rejected]":
    return pytest.raises(Rejected, match=f"^{code}( |$)")


def one_order(site: Site, *lines: tuple[str, int]) -> tuple[int, tours.TourView]:
    """An order on a tour that Anna has claimed, her totes bound."""
    order = site.order(*lines)
    site.release([order])
    return order, site.claim()


def two_lines(site: Site) -> tuple[int, tours.TourView]:
    """An order for two items: three pens at A-01, two cups at C-02."""
    site.put("A-01", "PEN", 10)
    site.put("C-02", "CUP", 10)
    return one_order(site, ("PEN", 3), ("CUP", 2))


def add_bench(site: Site) -> None:
    row = {"code": "PACK-2", "kind": "pack", "place": "BENCH-2"}
    site.write(lambda tx: tx.execute(stations.insert().values(row)))


def _furnish(tx: Tx) -> None:
    place_book.ensure_outside(tx)
    _add(tx, owners, {"code": "acme", "name": "Acme"})
    _add(tx, shops, {"code": "acme-shop", "owner": "acme"},
         {"code": "fresh-shop", "owner": "acme", "shelf_days_min": 30})  # fmt: skip
    _add(tx, services, {"code": "yamato", "carrier": "yamato", "format": "mod7-12"})
    _add(tx, pickups, {"carrier": "yamato", "at": "17:00"})
    _add(tx, places, *(
        {"code": f"{aisle}-{bay:02d}", "kind": "bin", "zone": "Z1" if aisle in "AB" else "Z2",
         "aisle": aisle, "bay": bay, "x_mm": 3_000 * n, "y_mm": 1_000 * bay}
        for n, aisle in enumerate(AISLES) for bay in range(1, BAYS + 1)
    ))  # fmt: skip
    _add(tx, places,
         {"code": "DROP", "kind": "buffer", "robot_station": 1, "x_mm": 0, "y_mm": 0},
         {"code": "TOTES", "kind": "buffer", "blocked": "totes"},
         {"code": "BENCH-1", "kind": "station", "robot_station": 2},
         {"code": "BENCH-2", "kind": "station"})  # fmt: skip
    _add(tx, places, *(
        {"code": f"T-{number:02d}", "kind": "tote", "parent": "TOTES"} for number in range(1, 41)
    ))  # fmt: skip
    _add(tx, stations, {"code": "PACK-1", "kind": "pack", "place": "BENCH-1"})
    _add(tx, people, *(
        {"id": number, "code": f"P{number}", "name": name, "badge_hash": name}
        for number, name in ((ANNA, "Anna"), (BERT, "Bert"))
    ))  # fmt: skip


def _add(tx: Tx, table: Table, *rows: dict[str, Any]) -> None:
    """Insert rows that need not name the same columns."""
    for row in rows:
        tx.execute(insert(table).values(row))


def _items(tx: Tx, skus: Sequence[str]) -> None:
    known = set(tx.scalars(select(items.c.sku)))
    for sku in skus:
        if sku not in known:
            row = {"owner": "acme", "sku": sku, "name": f"Item {sku}"}
            row["expiry_tracked"] = int(sku.startswith("FOOD"))  # type: ignore[assignment]
            item = tx.execute(insert(items).values(row).returning(items.c.id)).scalar_one()
            tx.execute(insert(lots).values(item_id=item, lot=""))


def _put(
    tx: Tx, place: str, sku: str, qty: int, lot: str, expiry: str, serial: str, key: str, now: int
) -> None:
    _items(tx, [sku])
    item = tx.scalar(select(items.c.id).where(items.c.sku == sku))
    assert item is not None
    known = select(lots.c.lot).where(lots.c.item_id == item, lots.c.lot == lot)
    if tx.scalar(known) is None:
        tx.execute(insert(lots).values(item_id=item, lot=lot, expiry=expiry))
    line = Move(
        key=key, item=item, qty=qty, source=ledger.SUPPLIER, target=place, lot=lot, serial=serial
    )  # fmt: skip
    ledger.post(tx, [line], actor="test", now=now)
