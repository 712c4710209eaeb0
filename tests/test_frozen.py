"""What a stocktake has frozen stays as it is: every way in which goods move there is refused."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import insert, select

from tests.floor_site import refused
from tests.picking_site import TODAY
from tests.receive_site import PREFIX, ROSA, ReceiveSite, dock_at
from wms.counts import frozen as frozen_places
from wms.counts import opening_stock
from wms.counts.opening_stock import NewStock
from wms.counts.stocktakes import end, start
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.inbound.lpn import sscc
from wms.inbound.receiving import last_receipt, undo
from wms.promises import allocation
from wms.replenish import refills
from wms.returns.rows import refuse_no_place
from wms.schema import places, stock, tasks
from wms.stock import Key
from wms.storage import handling
from wms.storage.handling import Why
from wms.work import making

ACTOR = f"person:{ROSA}"


@pytest.fixture
def site(sqlite_url: str) -> Iterator[ReceiveSite]:
    with dock_at(sqlite_url) as site:
        yield site


def freeze(site: ReceiveSite) -> str:
    code: str = site.write(start, now=site.now).code
    assert site.scalar(select(places.c.blocked).where(places.c.code == "DOCK")) == "stocktake"
    return code


def test_a_receiver_is_told_and_goes_on_elsewhere(site: ReceiveSite) -> None:
    site.asn(("SOAP", 9))
    site.add(places, {"code": "BENCH-9", "kind": "station"})
    code = freeze(site)
    hand = site.receiving()
    hand.key("1")
    hand.scan("4904567890127")
    for place in ("DOCK", "PL-1"):  # an empty pallet that stands there, too
        answer = hand.scan(place)
        refused(answer, Code.PLACE_FROZEN)
        assert answer.prompt.message is not None
        assert code in answer.prompt.message.text
        hand.command("ok")
    assert site.at_place("DOCK") == []
    assert hand.scan("BENCH-9").prompt.step == "item"
    assert site.at_place("BENCH-9") == [("SOAP", "", "available", "", 1)]


def test_every_way_in_and_out_is_closed_until_the_stocktake_is_over(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 9))
    site.add(places, {"code": "R-1", "kind": "reserve"}, {"code": "FREE", "kind": "station"})
    pallet = sscc(PREFIX, 7)
    site.add(places, {"code": pallet, "kind": "pallet", "parent": "R-1"},
             {"code": "EMPTY", "kind": "pallet", "parent": "R-1"})  # fmt: skip
    site.receive(delivery, "SOAP", 2, place=pallet, key="early")
    site.receive(delivery, "SOAP", 1, place="FREE")
    soap = site.item("SOAP")
    shelf = NewStock(owner="acme", sku="SOAP", place="R-1", qty=1)
    site.write(opening_stock.put, [shelf], actor="cli", now=site.now)
    site.write(_refill, soap)
    last = site.read(last_receipt, ACTOR, delivery)
    on_pallet = Key(pallet, soap, "", "available", "")
    loose = Key("FREE", soap, "", "available", "")
    code = freeze(site)
    site.receive(delivery, "SOAP", 2, place=pallet, key="early")  # a repeat has no effect
    asked: dict[str, Any] = {"key": "k", "actor": ACTOR, "now": site.now}
    moved: dict[str, Any] = {**asked, "why": Why(verb="move"), "today": TODAY}
    opening = NewStock(owner="acme", sku="SOAP", place=pallet, qty=1)
    ways: tuple[Callable[[Tx], object], ...] = (
        lambda tx: handling.carry(tx, takes={on_pallet: 1}, to="FREE", **moved),
        lambda tx: handling.carry(tx, takes={loose: 1}, to="R-1", **moved),
        lambda tx: handling.carry(tx, takes={loose: 1}, to="EMPTY", **moved),
        lambda tx: handling.carry_container(tx, container=pallet, to="FREE", **moved),
        lambda tx: opening_stock.put(tx, [opening], actor=ACTOR, now=site.now),
        lambda tx: refuse_no_place(tx, "EMPTY"),
        lambda tx: frozen_places.refuse(tx, [pallet]),
    )
    for way in ways:
        with pytest.raises(Rejected, match=Code.PLACE_FROZEN):
            site.write(way)
    with pytest.raises(Rejected, match=Code.PLACE_FROZEN):
        site.receive(delivery, "SOAP", 1, place="EMPTY")
    promised = site.scalar(select(stock.c.allocated).where(stock.c.place == "R-1"))
    assert promised == 1, "a task was to bring it"
    with pytest.raises(Rejected, match=Code.PLACE_FROZEN):
        site.write(refills.fetch, promised=1, qty=1, person=ROSA, **asked)
    with pytest.raises(Rejected, match=Code.PLACE_FROZEN):
        site.write(making.fetch, allocation_id=1, qty=1, tote="PL-1", **asked)
    assert last is not None
    site.write(undo, last, **asked)  # of FREE, which is not frozen
    site.write(end, code, now=site.now)
    site.write(refills.fetch, promised=1, qty=1, person=ROSA, **asked)


def _refill(tx: Tx, item: int) -> None:
    """One piece of the shelf is promised to a task."""
    row = {"key": "r", "kind": "replenish", "place": "A-01", "created_ms": 1}
    tx.execute(insert(tasks).values(row))
    task = tx.scalar(select(tasks.c.id).where(tasks.c.key == "r"))
    assert task is not None
    allocation.reserve(tx, task=task, takes={Key("R-1", item, "", "available", ""): 1}, now=1)
