"""Where returned goods go: by the rules of put-away, and only while they can still be sold."""

from collections.abc import Callable, Iterator

import pytest

from tests.floor_site import refused
from tests.picking_site import BERT
from tests.picking_site import refused as rejected
from tests.returns_site import BOX, RITA, SHELF, ReturnsSite, returns_at
from tests.test_floor_returns import BASKET, TEA, opened, rita
from wms.errors import Code
from wms.promises import allocation
from wms.returns import closing
from wms.schema import lots, places, shops


@pytest.fixture
def site(new_sqlite: Callable[[], str]) -> Iterator[ReturnsSite]:
    with returns_at(new_sqlite()) as site:
        yield site
        site.check()


def test_a_piece_is_restocked_where_put_away_would_bring_it(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    site.set(places, places.c.code == "A-01", weight_g_max=10)
    site.add(places, {"code": "QA-1", "kind": "bin", "blocked": "quarantine"})
    hand = opened(site, rita(site), box.code)
    hand.expect("returns.grade", TEA)
    hand.expect("returns.disposition", "1", "key")
    where = hand.expect("returns.place", "1", "key")
    assert where.focus.place not in ("", "A-01"), "it is full"
    refused(hand.scan("A-01"), Code.PUTAWAY_TOO_HEAVY)
    hand.command("ok")
    hand.expect("returns.unit", where.focus.place)
    hand.expect("returns.grade", TEA)
    hand.expect("returns.disposition", "4", "key")
    assert hand.expect("returns.place", "1", "key").focus.place == "QA-1", "kept apart"
    hand.expect("returns.unit", "QA-1")
    assert site.at_place("QA-1") == {("TEA", "damaged", ""): 1}


def test_what_nobody_could_be_sent_any_more_is_not_restocked(site: ReturnsSite) -> None:
    site.put("A-06", "FOOD", 5, lot="L1", expiry="2026-12-31")
    (box,) = site.ship((("FOOD", 3),))
    site.set(shops, shops.c.owner == "acme", shelf_days_min=60)
    hand = opened(site, rita(site), box.code)
    hand.expect("returns.grade", "FOOD")
    what = hand.expect("returns.disposition", "1", "key")
    assert what.options[0].label == "Quarantine"
    assert "Restock" not in [one.label for one in what.options]
    number = site.arrive(parcel=box.id)
    with rejected(Code.RETURN_EXPIRES):
        site.grade(number, "FOOD", lot="L1")
    site.set(shops, shops.c.owner == "acme", shelf_days_min=0)
    site.grade(number, "FOOD", lot="L1", place="A-06")
    site.set(lots, lots.c.lot == "L1", expiry="2026-11-22")
    site.grade(number, "FOOD", lot="L1", place="A-06")  # today it may still be sent
    site.set(lots, lots.c.lot == "L1", expiry="2026-11-21")
    with rejected(Code.RETURN_EXPIRES):
        site.grade(number, "FOOD", lot="L1")
    site.grade(number, "FOOD", "A", "quarantine", lot="L1", place=SHELF)


def test_what_was_restocked_into_a_tote_is_brought_to_its_shelf(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    number = site.arrive(parcel=box.id)
    site.grade(number, "TEA", qty=2)
    site.grade(number, "CUP", "C", "quarantine", place=SHELF)
    hand = site.signed_in("HT-02", BERT, work="task")
    assert hand.prompt.lines == ("0 waiting",)
    site.write(closing.close, number, person=RITA, key="end", actor="person:6", now=site.now)
    hand.expect("task.tote", "1", "key")
    hand.expect("task.item", BOX)
    for text in (TEA, TEA):
        hand.scan(text)
    assert hand.prompt.focus.place == "A-01"
    hand.expect("task.get", "A-01")
    free = site.read(allocation.free_stock, [site.good("TEA")], lock=False)
    assert sum(one.qty for one in free) == 10
