"""One rule for expiring stock, whoever asks: what may be promised may be picked and swapped, to the
day; what may not, may not."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from picking import swaps, tours
from tests.picking_site import ANNA, TODAY, Site, refused, site_at
from wms.db import Tx
from wms.errors import Code
from wms.promises.allocation import usable_from
from wms.schema import lots

SHOPS = {"acme-shop": 0, "fresh-shop": 30}  # and the days of life that each asks for
LAST, TOO_LATE = 0, -1  # days from the last usable expiry


@pytest.fixture
def site(new_sqlite: object) -> Iterator[Site]:
    with site_at(new_sqlite()) as site:  # type: ignore[operator]
        yield site


def expiry(shop: str, days: int) -> str:
    return (date.fromisoformat(usable_from(TODAY, SHOPS[shop])) + timedelta(days=days)).isoformat()


def expires(tx: Tx, lot: str, day: str) -> None:
    tx.execute(update(lots).where(lots.c.lot == lot).values(expiry=day))


@pytest.mark.parametrize("shop", SHOPS)
@pytest.mark.parametrize("days", [LAST, TOO_LATE])
def test_expiring_rules_do_not_differ_between_promise_pick_and_swap(
    site: Site, shop: str, days: int
) -> None:
    may = days == LAST
    site.put("A-01", "FOOD", 2, lot="L1", expiry=expiry(shop, days))
    first = site.order(("FOOD", 2), shop=shop)
    assert bool(site.release([first]).orders) is may, "promised"
    site.write(expires, "L1", expiry(shop, 5))
    if not may:
        site.release([first])
    tour = site.claim()
    stop = tour.current
    assert stop is not None
    site.put("A-01", "FOOD", 2, lot="L2", expiry=expiry(shop, days))

    def swap() -> None:
        site.write(swaps.swap, stop=stop.id, person=ANNA, today=TODAY, code="L2")

    def pick() -> None:
        site.pick(tour.id)

    if may:
        swap()
        pick()
        return
    with refused(Code.SWAP_EXPIRES):
        swap()
    site.write(expires, "L1", expiry(shop, days))
    with refused(Code.STOP_UNFIT):
        pick()
    renewed = site.write(
        tours.renew, stop=stop.id, person=ANNA, key="renew", now=site.now, today=TODAY
    )
    assert renewed is not None
    assert site.state(first) == "short", "nothing else may be sent"
