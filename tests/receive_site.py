"""A dock for the tests of receiving: pallets, kinds of goods, deliveries, and people who receive.

Rosa receives (RX-1, at the station RECV-1 of place DOCK), Sora receives on a handheld (HT-05) and
may do nothing else; Rosa may also receive without papers and bind barcodes.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import insert, select

from tests.floor_site import FloorSite, Hand
from tests.picking_site import TODAY
from wms.db import Tx
from wms.inbound import deliveries
from wms.inbound import receiving as inbound_receipt
from wms.inbound.deliveries import AnnouncedInbound, NewInbound, NewInboundLine
from wms.inbound.receiving import Receipt
from wms.people import staff
from wms.people.tokens import token_hash
from wms.schema import inbound_lines, inbounds, lots, owners, stations, stock, terminals
from wms.schema import items as items_table
from wms.schema import people as people_table
from wms.site import items
from wms.site.items import Barcode, NewItem
from wms.storage.places import NewPlace
from wms.storage.places import put as put_places

ROSA, SORA = 21, 22
RIGHTS = {ROSA: ("receive", "receive_blind", "bind_barcode"), SORA: ("receive",)}
NAMES = {ROSA: "rosa", SORA: "sora"}
JAN = {
    "SOAP": "4904567890127", "MILK": "4905678901238", "PILL": "4906789012349",
    "RADIO": "4907890123450", "SHIRT": "4908901234561",
}  # fmt: skip
CASE = "14904567890124"  # twelve pieces of SOAP
PREFIX = "4912345"


class ReceiveSite(FloorSite):
    """The floor with a dock."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.write(_furnish)

    def announce(
        self, *lines: NewInboundLine, external_id: str = "ASN-1", **more: Any
    ) -> AnnouncedInbound:
        row = NewInbound(owner="acme", external_id=external_id, lines=lines, **more)
        return self.write(deliveries.announce, row, now=self.now)

    def asn(self, *lines: tuple[str, int], external_id: str = "ASN-1", **more: Any) -> int:
        """A delivery of `(sku, qty)` lines. Returns its id."""
        rows = [NewInboundLine(sku=sku, qty=qty) for sku, qty in lines]
        return self.announce(*rows, external_id=external_id, **more).inbound_id

    def receive(self, delivery: int, sku: str, qty: int, *, key: str = "", place: str = "DOCK",
                actor: str = f"person:{ROSA}", **more: Any) -> int:  # fmt: skip
        what = Receipt(inbound=delivery, item=self.item(sku), qty=qty, place=place, **more)
        self.now += 1
        return self.write(
            inbound_receipt.receive, what, key=key or self.key("in"), actor=actor, today=TODAY,
            now=self.now,
        )  # fmt: skip

    def item(self, sku: str) -> int:
        return int(self.scalar(select(items_table.c.id).where(
            items_table.c.sku == sku, items_table.c.owner == "acme"
        )))  # fmt: skip

    def delivery(self, delivery: int) -> Any:
        return self.rows(select(inbounds).where(inbounds.c.id == delivery))[0]

    def lines(self, delivery: int) -> list[tuple[str, int, int, int]]:
        """SKU, announced, sound and unsound eaches of each line."""
        query = (
            select(items_table.c.sku, inbound_lines)
            .join(items_table, items_table.c.id == inbound_lines.c.item_id)
            .where(inbound_lines.c.inbound_id == delivery)
            .order_by(inbound_lines.c.line_no)
        )
        return [(row.sku, row.qty, row.received, row.damaged) for row in self.rows(query)]

    def at_place(self, place: str) -> list[tuple[str, str, str, str, int]]:
        """SKU, lot, condition, serial and eaches of what lies in a place."""
        query = (
            select(items_table.c.sku, stock)
            .join(items_table, items_table.c.id == stock.c.item_id)
            .where(stock.c.place == place, stock.c.qty > 0)
            .order_by(items_table.c.sku, stock.c.lot, stock.c.condition, stock.c.serial)
        )
        return [
            (row.sku, row.lot, row.condition, row.serial, row.qty) for row in self.rows(query)
        ]  # fmt: skip

    def expiry(self, sku: str, lot: str) -> str:
        mine = (lots.c.item_id == self.item(sku)) & (lots.c.lot == lot)
        return str(self.scalar(select(lots.c.expiry).where(mine)))

    def receiving(self, person: int = ROSA, terminal: str = "RX-1") -> Hand:
        """Somebody who stands in the dialogue."""
        hand = self.at(terminal)
        hand.scan(f"BADGE:{NAMES[person]}")
        assert hand.command("receive").prompt.dialogue == "receive"
        return hand


def line(sku: str, qty: int, **more: Any) -> NewInboundLine:
    return NewInboundLine(sku=sku, qty=qty, **more)


def gs1(*elements: tuple[str, str]) -> str:
    """A GS1-128 as a scanner sends it; FNC1 after each element whose length varies."""
    fixed = {"00", "01", "02", "11", "15", "17"}
    return "]C1" + "".join(
        f"{ai}{value}" + ("" if ai in fixed else "\x1d") for ai, value in elements
    ).rstrip("\x1d")


@contextmanager
def dock_at(url: str) -> Iterator[ReceiveSite]:
    """The dock in the empty book at *url*; whatever was done there, the audit is clean."""
    site = ReceiveSite(url)
    try:
        yield site
        site.check()
    finally:
        site.book.close()


def _items() -> Sequence[NewItem]:
    return [
        NewItem(owner="acme", sku="SOAP", name="Soap", barcodes=(
            Barcode(code=JAN["SOAP"]), Barcode(code=CASE, qty=12),
        )),
        NewItem(owner="acme", sku="MILK", name="Milk", expiry_tracked=True,
                barcodes=(Barcode(code=JAN["MILK"]),)),
        NewItem(owner="acme", sku="PILL", name="Pill", lot_tracked=True, expiry_tracked=True,
                barcodes=(Barcode(code=JAN["PILL"]),)),
        NewItem(owner="acme", sku="RADIO", name="Radio", serial_tracked=True,
                barcodes=(Barcode(code=JAN["RADIO"]),)),
        NewItem(owner="acme", sku="SHIRT", name="Shirt", rfid_tagged=True,
                barcodes=(Barcode(code=JAN["SHIRT"]),)),
        NewItem(owner="acme", sku="LOOSE", name="Loose screws"),
        NewItem(owner="other", sku="SOAP-O", name="Their soap",
                barcodes=(Barcode(code=JAN["SOAP"]),)),
        NewItem(owner="other", sku="HAT-O", name="Their hat"),
    ]  # fmt: skip


def _furnish(tx: Tx) -> None:
    tx.execute(owners.update().values(company_prefix=PREFIX))
    tx.execute(insert(owners).values(code="other", name="Other"))
    items.put(tx, _items())
    put_places(tx, [
        NewPlace(code="DOCK", kind="dock"), NewPlace(code="DOCK-2", kind="dock"),
        NewPlace(code="PL-1", kind="pallet", parent="DOCK"),
        NewPlace(code="PL-2", kind="pallet", parent="DOCK-2"),
    ])  # fmt: skip
    tx.execute(insert(stations).values(
        code="RECV-1", kind="receive", place="DOCK", printer="label-1", reader="gate-1"
    ))  # fmt: skip
    tx.execute(insert(people_table), [
        {
            "id": number, "code": f"P{number}", "name": name.title(), "language": "en",
            "badge_hash": staff.badge_hash(name), "permissions": json.dumps(RIGHTS[number]),
        }
        for number, name in NAMES.items()
    ])  # fmt: skip
    tx.execute(insert(terminals), [
        {"id": name, "station": station, "token_hash": token_hash(f"token-{name}"), "seen_ms": 0}
        for name, station in (("RX-1", "RECV-1"), ("HT-05", ""))
    ])  # fmt: skip
