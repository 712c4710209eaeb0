"""Two pickers do whatever they may, in any order; in the end every order is whole, or short."""

from collections import Counter
from random import Random

import pytest
from sqlalchemy import func, select

from picking import tours
from tests.picking_site import AISLES, ANNA, BERT, SETTINGS, TODAY, Site, site_at
from wms.schema import allocations, items, order_lines, orders

SKUS = [f"SKU-{n}" for n in range(6)]
ACTIONS = ("pick", "pick", "pick", "part", "undo", "later", "short", "full")


def stocked(site: Site, chance: Random) -> None:
    for sku in SKUS:
        for _ in range(4):
            place = f"{chance.choice(AISLES)}-{chance.randint(1, 10):02d}"
            site.put(place, sku, chance.randint(1, 12))


def ordered(site: Site, chance: Random) -> list[int]:
    wanted = []
    for _ in range(30):
        if chance.random() < 0.5:
            wanted.append([(chance.choice(SKUS), 1)])
        else:
            chosen = chance.sample(SKUS, chance.randint(1, 3))
            wanted.append([(sku, chance.randint(1, 3)) for sku in chosen])
    return site.orders(wanted)


class Picker:
    """Someone who walks one tour after another and does one thing at a time."""

    def __init__(self, site: Site, person: int, chance: Random) -> None:
        self.site, self.person, self.chance = site, person, chance
        self.last: tours.Picked | None = None

    def act(self) -> bool:
        """Do one thing. False when there is no work."""
        tour = self.site.read(tours.live, person=self.person)
        if tour is None:
            self.last = None
            if self.site.write(tours.claim, person=self.person, now=self.site.now) is None:
                return False
            self.site.claim(self.person)
            return True
        stop = self.site.view(tour).current
        if stop is None:
            self.site.drop(tour, self.chance.choice(("DROP", "BENCH-1")))
            return True
        renewed = self.site.write(
            tours.renew, stop=stop.id, person=self.person, key=self.site.key("renew"),
            now=self.site.now, today=TODAY,
        )  # fmt: skip
        if renewed is not None:  # somebody else found this shelf short
            return True
        self.site.claim(self.person)  # binds a tote where a full one went
        getattr(self, f"_{self.chance.choice(ACTIONS)}")(tour)
        return True

    def _pick(self, tour: int) -> None:
        self.last = self.site.pick(tour)

    def _part(self, tour: int) -> None:
        stop = self.site.view(tour).current
        assert stop is not None
        self.last = self.site.pick(tour, self.chance.randint(1, stop.qty))

    def _undo(self, tour: int) -> None:
        if self.last is not None:
            self.site.write(
                tours.undo_pick, stop=self.last.stop, allocation=self.last.allocation,
                pick_key=self.last.key, key=self.site.key("undo"),
                actor=f"person:{self.person}", now=self.site.now,
            )  # fmt: skip
            self.last = None

    def _later(self, tour: int) -> None:
        stop = self.site.view(tour).current
        assert stop is not None
        self.site.write(tours.later, stop=stop.id)

    def _short(self, tour: int) -> None:
        if self.chance.random() < 0.3:
            self.site.short(tour)

    def _full(self, tour: int) -> None:
        stop = self.site.view(tour).current
        assert stop is not None
        if self.chance.random() < 0.3:
            self.site.write(tours.tote_full, tour=tour, slot=stop.slot, now=self.site.now)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_whatever_pickers_do_orders_are_whole_or_short(database_url: str, seed: int) -> None:
    chance = Random(seed)
    with site_at(database_url) as site:
        stocked(site, chance)
        numbers = ordered(site, chance)
        site.release(numbers, SETTINGS)
        pickers = [Picker(site, person, chance) for person in (ANNA, BERT)]
        for _ in range(400):
            if not any([picker.act() for picker in chance.sample(pickers, 2)]):
                break
        else:
            pytest.fail("the walks never end")
        states = Counter(site.state(number) for number in numbers)
        assert set(states) == {"picked", "short"}, states
        assert whole(site) == wanted(site)


def wanted(site: Site) -> Counter[str]:
    """What the picked orders ask for: line by line, and one-piece orders by wave and item."""
    query = (
        select(order_lines, orders.c.one_piece, items.c.sku)
        .join(orders, orders.c.id == order_lines.c.order_id)
        .join(items, items.c.id == order_lines.c.item_id)
        .where(orders.c.state == "picked")
    )
    asked: Counter[str] = Counter()
    for row in site.rows(query):
        asked[f"total {row.sku}" if row.one_piece else f"line {row.id}"] += row.qty
    return asked


def whole(site: Site) -> Counter[str]:
    """What lies in totes for them."""
    query = (
        select(allocations.c.line_id, items.c.sku, func.sum(allocations.c.qty).label("qty"))
        .join(items, items.c.id == allocations.c.item_id)
        .outerjoin(order_lines, order_lines.c.id == allocations.c.line_id)
        .outerjoin(orders, orders.c.id == order_lines.c.order_id)
        .where(allocations.c.state == "picked")
        .where(allocations.c.line_id.is_(None) | (orders.c.state == "picked"))
        .group_by(allocations.c.line_id, items.c.sku)
    )
    found: Counter[str] = Counter()
    for row in site.rows(query):
        found[f"total {row.sku}" if row.line_id is None else f"line {row.line_id}"] += row.qty
    return found
