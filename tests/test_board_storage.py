"""Numbers 7 and 8 of the board: picks blocked by replenishment, goods that wait to be put away."""

import asyncio
from collections.abc import Iterator

import pytest

from app.board import storage_tiles
from app.board.facts import Facts, read
from picking import replenisher
from tests.floor_site import FloorSite, floor_at
from tests.picking_site import ANNA
from tests.test_floor_putaway import furnished
from wms import tasks
from wms.replenish import refills
from wms.rooms.board_state import Tile


@pytest.fixture
def site(sqlite_url: str) -> Iterator[FloorSite]:
    with floor_at(sqlite_url) as site:
        furnished(site)
        yield site
        site.check()


def facts(site: FloorSite) -> Facts:
    return site.read(read, now=site.now)


def blocked(site: FloorSite) -> Tile:
    return storage_tiles.blocked(facts(site), "en")


def test_picks_blocked_by_replenishment_are_counted_and_say_what_to_bring(
    site: FloorSite,
) -> None:
    assert (blocked(site).value, blocked(site).tone) == ("0", "ok")
    site.put("A-01", "TEA", 2)
    site.put("R-01", "TEA", 50)
    site.put("A-02", "CUP", 1)
    waits, lost = site.order(("TEA", 5)), site.order(("CUP", 3))
    site.release([waits, lost])
    assert (site.state(waits), site.state(lost)) == ("short", "short")
    found = blocked(site)
    assert (found.value, found.tone) == ("1", "attention"), "nothing brings cups"
    assert found.rows == ("O0000001  TEA x5",)
    asyncio.run(replenisher.replenish_once(site.book, now=site.now))
    found = blocked(site)
    assert found.hint == "Replenish A-01 first: TEA"
    assert found.rows[-1] == "-> A-01  TEA x3"
    (task,) = site.rows(refills._live_tasks())
    site.write(tasks.claim, task=task.id, person=ANNA, now=site.now)
    assert blocked(site).hint == "1 are on their way"


def test_what_came_in_and_waits_to_be_put_away_is_counted(site: FloorSite) -> None:
    empty = storage_tiles.inbound(facts(site), "en")
    assert (empty.value, empty.hint) == ("0/0", "")
    site.put("LPN-1", "TEA", 24)
    site.put("LPN-2", "CUP", 6)
    site.put("DOCK", "TEA", 3)
    found = storage_tiles.inbound(facts(site), "en")
    assert (found.value, found.hint) == ("0/33", "Put away 33 at DOCK")
    assert found.rows == ("DOCK 2 LPN, 33 pcs",)
