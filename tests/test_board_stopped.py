"""Number six of the lead's board: held, address to confirm, stopped; each once, and where."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from app.board import board
from tests.floor_site import FloorSite, floor_at
from tests.test_cancel import closed, do_cancel
from wms.config import Config
from wms.config import Site as SiteConfig
from wms.messages import Language
from wms.orders import cancel, holds
from wms.orders.new import NO_HOUSE_NUMBER
from wms.rooms.board_state import Tile
from wms.schema import parcels

CONFIG = Config(site=SiteConfig(name="川口"))


@pytest.fixture
def site(sqlite_url: str) -> Iterator[FloorSite]:
    with floor_at(sqlite_url) as site:
        site.stock_up()
        yield site
        site.check()


def held(site: FloorSite, language: Language = "en") -> Tile:
    state = site.read(board, config=CONFIG, now=site.now, language=language)
    return next(tile for tile in state.tiles if tile.code == "held")


def test_held_address_and_stopped_are_counted_until_each_is_seen_to(site: FloorSite) -> None:
    order = closed(site)
    assert held(site).value == "0"
    one, two = site.orders([(("TEA", 1),), (("CUP", 1),)])
    site.write(holds.hold, one, reason=NO_HOUSE_NUMBER, now=site.now)
    site.write(holds.hold, two, reason="fraud?", now=site.now)
    do_cancel(site, order)
    tile = held(site)
    assert (tile.value, tile.tone) == ("3", "error")
    assert tile.rows[0] == "P0000001-1  stopped, look at BENCH-1"
    assert [row.split("  ")[1] for row in tile.rows[1:]] == [
        "Address to be confirmed: it has no house number", "fraud?",
    ]  # fmt: skip
    assert held(site, "ja").hint == "P0000001-1: 出荷止め BENCH-1"
    site.write(cancel.found, site.scalar(select(parcels.c.id)), now=site.now)
    site.write(holds.release, one, today="2026-11-22", now=site.now)
    assert held(site).value == "1"
