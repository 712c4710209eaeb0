"""A, B, C by what was really picked: who puts away, who counts and who looks up see the same."""

from collections.abc import Callable, Iterator

import pytest

from picking import counter
from picking.floor import TOKYO
from tests.picking_site import Site, site_at
from wms.replenish import velocity
from wms.replenish.velocity import DAY_MS
from wms.schema import items

GOODS = {"FAST": 8, "MEDIUM": 2, "SLOW": 1}  # orders for two pieces each


@pytest.fixture
def site(new_sqlite: Callable[[], str]) -> Iterator[Site]:
    with site_at(new_sqlite()) as site:
        for number, sku in enumerate((*GOODS, "NEVER"), start=1):
            site.put(f"A-0{number}", sku, 50)
        yield site


def known(site: Site) -> dict[str, str]:
    return {row.sku: row.velocity for row in site.rows(items.select())}


async def draw(site: Site, days: int = 28) -> int:
    return await counter.draw_once(site.book, now=site.now, zone=TOKYO, days=days)


async def test_letters_follow_the_picks_once_a_day_and_forget_what_is_long_ago(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.now += 40 * DAY_MS  # all of it came long ago
    site.put("A-09", "NEW", 5)
    numbers = site.orders([[(sku, 2)] for sku, many in GOODS.items() for _ in range(many)])
    for some in (numbers[:6], numbers[6:]):
        site.release(some)
        tour = site.claim().id
        site.walk(tour)
        site.drop(tour)
    assert await draw(site, days=0) == 0, "the default leaves the letters of files alone"
    assert await draw(site) == 0, "a few lines tell nothing"
    assert set(known(site).values()) == {""}
    site.now += DAY_MS
    monkeypatch.setattr(velocity, "LINES_MIN", 3)
    assert await draw(site) == 4
    assert known(site) == {"FAST": "A", "MEDIUM": "A", "SLOW": "B", "NEVER": "C", "NEW": ""}
    assert await draw(site) == 0, "once a day"
    site.now += 28 * DAY_MS
    monkeypatch.setattr(velocity, "LINES_MIN", 0)
    assert await draw(site) == 4
    assert set(known(site).values()) == {"C"}, "nobody wanted anything for four weeks"
