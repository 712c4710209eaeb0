"""A morning of the storage on both databases: dock, reserve, pick face, order, and tidying up."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import select

from picking import replenisher
from tests.floor_site import ON_BOTH, FloorSite, floor_at
from tests.picking_site import ANNA
from tests.test_floor_putaway import furnished, lies, limit
from tests.test_replenish import face
from wms.schema import allocations
from wms.storage.putaway import QUARANTINE


@ON_BOTH
def test_goods_come_in_feed_their_face_and_the_order_that_waited_goes(
    engine: str, request: pytest.FixtureRequest
) -> None:
    make: Callable[[], str] = request.getfixturevalue(f"new_{engine}")
    with floor_at(make()) as site:
        furnished(site)
        site.put("LPN-1", "TEA", 48)
        site.put("A-02", "FOOD", 3, lot="OLD", expiry="2026-11-21")
        face(site, "A-01", "TEA", 6, 24)
        limit(site, "A-01", weight_g_max=50_000, mix="item")
        limit(site, "D-10", blocked=QUARANTINE)
        order = site.order(("TEA", 5))
        assert site.release([order]).orders == ()
        _put_away(site)
        _replenish(site)
        assert site.release([order]).orders != ()
        _set_expired_aside(site)
        site.check()


def _put_away(site: FloorSite) -> None:
    hand = site.signed_in("HT-01", ANNA, work="putaway")
    hand.expect("putaway.place", "LPN-1")
    hand.expect("putaway.source", hand.prompt.focus.place)
    hand.command("back")


def _replenish(site: FloorSite) -> None:
    (task,) = asyncio.run(replenisher.replenish_once(site.book, now=site.now))
    assert asyncio.run(replenisher.replenish_once(site.book, now=site.now)) == []
    hand = site.at("HT-01")
    hand.command("replenish")
    hand.expect("replenish.place", "1", "key")
    hand.expect("replenish.container", hand.prompt.focus.place)
    hand.expect("replenish.item", "LPN-1")
    hand.expect("replenish.item", "TEA")
    hand.expect("replenish.face", "24", "key")
    hand.expect("replenish.get", "A-01")
    assert lies(site, "A-01") == {site.good("TEA"): 24}
    live = allocations.c.state.in_(("open", "picked"))
    mine = select(allocations.c.id).where(allocations.c.task_id == task, live)
    assert site.rows(mine) == []
    hand.command("back")


def _set_expired_aside(site: FloorSite) -> None:
    hand = site.at("HT-01")
    hand.command("move")
    hand.expect("move.item", "A-02")
    hand.expect("move.count", "FOOD")
    hand.expect("move.source", "D-10")
    assert lies(site, "D-10") == {site.good("FOOD"): 3}
