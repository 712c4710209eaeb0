"""What an order asks of its delivery: refused on arrival where it cannot be, or dated later."""

from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from tests.intake_site import HOME, NOW, TODAY, accept, order, seeded
from wms.db import Book
from wms.errors import Code, Rejected
from wms.orders import changes
from wms.orders.changes import Change
from wms.orders.lifecycle import NewLine
from wms.record import events
from wms.record.event_kinds import OrderAccepted
from wms.record.events import Cursor
from wms.schema import orders
from wms.site import items, owners
from wms.site.items import NewItem
from wms.site.owners import Transit

NAHA = replace(HOME, prefecture="沖縄県", address="那覇市泉崎1-1-1", postal="900-0021")
HACHIJO = replace(HOME, address="八丈島八丈町三根1-1", postal="100-1511")


def line(sku: str) -> tuple[NewLine, ...]:
    return (NewLine(sku=sku, qty=1),)


@pytest.fixture
def book(sqlite_url: str) -> Book:
    book = seeded(sqlite_url)
    book.write_now(items.put, [
        NewItem(owner="A", sku="SPRAY", name="ヘアスプレー", no_air=True),
        NewItem(owner="A", sku="ICE", name="アイス", storage="frozen"),
        NewItem(owner="A", sku="MISC", name="雑貨 一式"),
    ])  # fmt: skip
    return book


IMPOSSIBLE: dict[str, tuple[dict[str, Any], Code, str]] = {
    "nekopos with money": ({"service": "yamato-nekopos", "cod": 500},
                           Code.SERVICE_WITHOUT_COD, "cod"),
    "nekopos with a date": ({"service": "yamato-nekopos", "delivery_date": "2026-11-28"},
                            Code.SERVICE_WITHOUT_DATE, "delivery_date"),
    "nekopos cooled": ({"service": "yamato-nekopos", "lines": line("ICE")},
                       Code.SERVICE_WITHOUT_COOL, "lines[0].sku"),
    "nekopos to a depot": ({"service": "yamato-nekopos", "depot": "新宿"},
                           Code.DELIVERY_CLASH, "depot"),
    "money for what is left": ({"cod": 500, "leave_at": "door"}, Code.DELIVERY_CLASH, "leave_at"),
    "left at a depot": ({"depot": "新宿", "leave_at": "box"}, Code.DELIVERY_CLASH, "leave_at"),
    "a generic item by air": ({"recipient": NAHA, "lines": line("MISC")},
                              Code.ITEM_TOO_GENERIC, "lines[0].sku"),
    "a generic item to an island": ({"recipient": HACHIJO, "lines": line("MISC")},
                                    Code.ITEM_TOO_GENERIC, "lines[0].sku"),
}  # fmt: skip


def test_what_no_carrier_does_is_refused_on_arrival(book: Book) -> None:
    for name, (asked, code, field) in IMPOSSIBLE.items():
        with pytest.raises(Rejected) as refused:
            accept(book, order(**asked))
        assert (refused.value.code, refused.value.params["field"]) == (code, field), name


def test_what_can_be_is_kept_with_the_order(book: Book) -> None:
    generic_on_land = order("E-1", lines=line("MISC"), depot="新宿営業所", cod=5_000)
    left = order("E-2", leave_at="meter")
    one, two = accept(book, generic_on_land, left)
    rows = book.read_now(lambda tx: tx.execute(select(orders).order_by(orders.c.id)).all())
    assert [(row.cod, row.depot, row.leave_at) for row in rows] == [
        (5_000, "新宿営業所", ""), (0, "", "meter"),
    ]  # fmt: skip
    with pytest.raises(Rejected) as refused:  # a change meets the same rules
        book.write_now(changes.change, one.order_id, Change(leave_at="door"), now=NOW)
    assert refused.value.code == Code.DELIVERY_CLASH
    answer = book.write_now(changes.change, two.order_id, Change(leave_at="box"), now=NOW)
    assert answer.fields == ("leave_at",)


def test_what_may_not_fly_leaves_earlier_or_arrives_later(book: Book) -> None:
    """航空搭載不可 with Okinawa and islands: by ship, and a later date where that is too slow."""
    book.write_now(owners.put_transit, [
        Transit(carrier="yamato", prefecture="沖縄県", days=3, surface_days=8),
        Transit(carrier="yamato", prefecture="離島", days=2),
    ])  # fmt: skip
    spray, soon, late = line("SPRAY"), "2026-11-26", "2026-12-10"
    given = [
        order("flies", recipient=NAHA, delivery_date=late),
        order("by-ship", recipient=NAHA, delivery_date=late, lines=spray),
        order("too-soon", recipient=NAHA, delivery_date=soon, lines=spray),
        order("island", recipient=HACHIJO, delivery_date=soon),
        order("island-by-ship", recipient=HACHIJO, delivery_date=soon, lines=spray),
        order("home", delivery_date=soon, lines=spray),
    ]
    answers = accept(book, *given)
    assert [(one.external_id, one.ship_date, one.state_reason) for one in answers] == [
        ("flies", "2026-12-07", ""), ("by-ship", "2026-12-02", ""),
        ("too-soon", TODAY, "order.no_air"), ("island", "2026-11-24", ""),
        ("island-by-ship", TODAY, "order.no_air"), ("home", "2026-11-25", ""),
    ]  # fmt: skip
    kept = select(orders.c.delivery_date).order_by(orders.c.id)
    days = book.read_now(lambda tx: list(tx.scalars(kept)))
    assert days == [late, late, "2026-11-30", soon, "2026-11-29", soon]
    told = book.read_now(events.since, Cursor(), 100)
    later = [one.event.later for one in told if isinstance(one.event, OrderAccepted)]
    assert later == ["", "", "2026-11-30", "", "2026-11-29", ""]
    assert accept(book, *given) == [replace(one, new=False) for one in answers]
