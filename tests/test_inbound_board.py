"""The lead's number 8: deliveries that are not inspected to the end."""

from collections.abc import Iterator

import pytest

from app.board import facts
from app.board.tiles import tiles
from tests.receive_site import ReceiveSite, dock_at
from wms.inbound import deliveries
from wms.rooms.board_state import Tile


@pytest.fixture
def site(sqlite_url: str) -> Iterator[ReceiveSite]:
    with dock_at(sqlite_url) as site:
        yield site


def number(site: ReceiveSite) -> Tile:
    found = tiles(site.read(facts.read, now=site.now), "en")
    return next(tile for tile in found if tile.code == "inbound")


def test_the_oldest_delivery_that_is_not_inspected_is_named(site: ReceiveSite) -> None:
    first, second = site.asn(("SOAP", 5)), site.asn(("SOAP", 5), external_id="ASN-2")
    assert number(site).value.startswith("0/")
    site.receive(second, "SOAP", 1)
    site.now += 60_000
    site.receive(first, "SOAP", 1)
    shown = number(site)
    assert (shown.value[:2], shown.tone) == ("2/", "ok")
    assert "IN0000002" in shown.hint
    site.now += 3_600_000
    assert number(site).tone == "attention"
    site.write(deliveries.close, second, now=site.now, reason="comes_later")
    assert "IN0000001" in number(site).hint
