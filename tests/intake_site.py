"""A small site that orders can come to: two owners, a shop each, tea and cups, two carriers."""

from typing import Any

import msgspec

from wms.db import Book, Tx
from wms.orders import lifecycle
from wms.orders.lifecycle import NewLine, NewOrder, Recipient
from wms.site import items, owners
from wms.site.items import Barcode, NewItem
from wms.site.owners import NewOwner, NewService, NewShop, Transit
from wms.storage import places
from wms.storage.places import NewPlace

# Sunday 22 November 2026, 09:00 in Tokyo; the Monday after it is a national holiday.
NOW = 1_795_305_600_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TODAY = "2026-11-22"
JAN = "4901234567894"

HOME = Recipient(
    name="山田 太郎", postal="100-0001", prefecture="東京都", address="千代田区千代田1-1",
    phone="03-1234-5678",
)  # fmt: skip


def seed(tx: Tx) -> None:
    """Owners A and B, shops SA and SB, TEA (both owners, the same JAN) and CUP, three bins."""
    owners.put_owners(tx, [NewOwner(code="A"), NewOwner(code="B")])
    owners.put_shops(tx, [NewShop(code="SA", owner="A"), NewShop(code="SB", owner="B")])
    owners.put_services(tx, [
        NewService(code="yamato-takkyubin", carrier="yamato"),
        NewService(code="yamato-nekopos", carrier="yamato"),
        NewService(code="sagawa-hikyaku", carrier="sagawa"),
        NewService(code="japanpost-yupack", carrier="japanpost"),
    ])  # fmt: skip
    owners.put_transit(tx, [Transit(carrier="yamato", days=1)])
    items.put(tx, [
        NewItem(owner="A", sku="TEA", name="お茶", barcodes=(Barcode(code=JAN),)),
        NewItem(owner="B", sku="TEA", name="お茶", barcodes=(Barcode(code=JAN),)),
        NewItem(owner="A", sku="CUP", name="カップ"),
    ])  # fmt: skip
    places.put(tx, [
        NewPlace(code="A-01", kind="bin"), NewPlace(code="A-02", kind="bin"),
        NewPlace(code="DOCK", kind="dock"),
    ])  # fmt: skip


def seeded(url: str) -> Book:
    """The book at *url* with the small site in it."""
    book = Book(url)
    book.write_now(seed)
    return book


def order(external_id: str = "E-1", **changes: Any) -> NewOrder:
    """An order of owner A for one TEA, with *changes*."""
    base = NewOrder(
        owner="A", shop="SA", external_id=external_id, service="yamato-takkyubin", recipient=HOME,
        lines=(NewLine(sku="TEA", qty=1),),
    )  # fmt: skip
    return msgspec.structs.replace(base, **changes)


def order_body(external_id: str = "E-1", **changes: Any) -> dict[str, Any]:
    """The same order as a partner sends it."""
    body: dict[str, Any] = msgspec.to_builtins(order(external_id))
    return {**body, **changes}


def accept(book: Book, *wanted: NewOrder, now: int = NOW) -> list[lifecycle.Accepted]:
    """Accept orders in one transaction."""
    return book.write_now(lifecycle.accept_all, list(wanted), now=now)
