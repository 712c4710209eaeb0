"""Seeded hands that pick in every way a site may pick, with every trouble that a shelf may make:
after every few steps the audit is clean, and in the end every order is whole, cut, or waits."""

from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select

from picking import hands, swaps, tours, walls
from picking.dispatch import dispatch
from picking.walls import Goods
from tests.floor_site import CAROL, FloorSite, floor_at
from tests.picking_site import AISLES, ANNA, TODAY
from tests.test_floor_zones import allow, rules, wall
from wms import audit
from wms.config import PickZone
from wms.errors import Rejected
from wms.schema import allocations, order_lines, orders, owners, places, stock

SKUS = [f"SKU-{n}" for n in range(5)]
STEPS, CHECK_EVERY = 260, 40
METHODS = ("cart", "pass", "single", "batch")
POLICIES = ("wait", "ship_short", "never_split", "ask")
ACTIONS = ("pick",) * 8 + ("part", "later", "full", "short", "damaged", "swap", "close",
                           "open", "hand_over", "take_over")  # fmt: skip


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        yield site
        site.check()


def stocked(site: FloorSite, chance: Random) -> None:
    """Each item in two lots, often in one bin."""
    for sku in SKUS:
        for number in range(5):
            place = f"{chance.choice(AISLES)}-{chance.randint(1, 10):02d}"
            lot, month = (("L1", "03"), ("L2", "06"))[number % 2]
            site.put(place, sku, chance.randint(2, 9), lot=lot, expiry=f"2027-{month}-01")


def ordered(site: FloorSite, chance: Random) -> list[int]:
    wanted = []
    for _ in range(14):
        chosen = chance.sample(SKUS, chance.randint(1, 3))
        wanted.append([(sku, chance.randint(1, 3)) for sku in chosen])
    return site.orders(wanted)


class Hands:
    """Two people who walk, sort, and do whatever else comes to their minds."""

    def __init__(self, site: FloorSite, chance: Random) -> None:
        self.site, self.chance = site, chance
        self.done: Counter[str] = Counter()

    def act(self, person: int) -> bool:
        """Do one thing. False when there is no work."""
        site = self.site
        tour = site.read(tours.live, person=person)
        if tour is None:
            if site.write(tours.claim, person=person, now=site.now) is not None:
                return True
            return self.sort()
        view = site.view(tour)
        if (waiting := view.unfetched) is not None:
            site.now += 1
            site.write(
                hands.fetch, tour=tour, tote=str(waiting.tote), person=person, now=site.now
            )  # fmt: skip
        elif view.unbound is not None:
            site.claim(person)
        elif view.current is None:
            site.drop(tour, view.drop_place or self.chance.choice(("DROP", "BENCH-1")))
        elif not self.renewed(person, view.current.id):
            self.at_shelf(person, tour)
        return True

    def renewed(self, person: int, stop: int) -> bool:
        key = self.site.key("renew")
        done = self.site.write(
            tours.renew, stop=stop, person=person, key=key, now=self.site.now, today=TODAY
        )
        return done is not None

    def at_shelf(self, person: int, tour: int) -> None:
        action = self.chance.choice(ACTIONS)
        try:
            getattr(self, f"_{action}")(person, tour)
        except Rejected as refusal:
            self.done[f"{action} {refusal.code}"] += 1
        else:
            self.done[action] += 1

    def _pick(self, _person: int, tour: int) -> None:
        self.site.pick(tour)

    def _part(self, _person: int, tour: int) -> None:
        self.site.pick(tour, 1)

    def _later(self, _person: int, tour: int) -> None:
        self.site.write(tours.later, stop=self.stop(tour).id)

    def _full(self, _person: int, tour: int) -> None:
        slot = self.stop(tour).slot
        self.site.write(tours.tote_full, tour=tour, slot=slot, now=self.site.now)

    def _short(self, _person: int, tour: int) -> None:
        self.site.short(tour)

    def _damaged(self, person: int, tour: int) -> None:
        self.call(tours.damaged, stop=self.stop(tour).id, qty=1, to="QUARANTINE",
                  person=person, actor=f"person:{person}", today=TODAY)  # fmt: skip

    def _swap(self, person: int, tour: int) -> None:
        stop = self.stop(tour)
        other = {"L1": "L2", "L2": "L1"}[stop.lot]
        self.site.write(swaps.swap, stop=stop.id, person=person, today=TODAY, code=other)

    def _close(self, _person: int, tour: int) -> None:
        here = places.c.code == self.stop(tour).place
        self.site.set(places, here & (places.c.blocked == ""), blocked="broken")

    def _open(self, _person: int, _tour: int) -> None:
        self.site.set(places, places.c.kind == "bin", blocked="")

    def _hand_over(self, person: int, tour: int) -> None:
        self.call(hands.hand_over, tour=tour, person=person, to=ANNA + CAROL - person)

    def _take_over(self, person: int, _tour: int) -> None:
        self.call(hands.take_over, person=person, of=ANNA + CAROL - person)

    def stop(self, tour: int) -> tours.StopView:
        stop = self.site.view(tour).current
        assert stop is not None
        return stop

    def call(self, command: Callable[..., Any], **arguments: Any) -> None:
        self.site.now += 1
        key = self.site.key("do")
        self.site.write(command, **arguments, key=key, now=self.site.now)

    def sort(self) -> bool:
        """One unit to its slot; where none is left or no slot is free, a slot is emptied."""
        site = self.site
        waiting = site.read(walls.goods_at, "WALL")
        if waiting and (slot := self.pointed(waiting[0])) is not None:
            self.call(walls.put, allocation=waiting[0].allocation, qty=1, slot=slot,
                      actor=f"person:{CAROL}")  # fmt: skip
            self.done["sort"] += 1
            return True
        for one in site.read(walls.slots_of, "WALL-1"):
            if one.order is not None:
                self.call(walls.empty, slot=one.place, tote=site.free_tote(),
                          actor=f"person:{CAROL}")  # fmt: skip
                return True
        return False

    def pointed(self, goods: Goods) -> str | None:
        try:
            return self.site.write(walls.point, wall="WALL-1", order=goods.order, qty=1)
        except Rejected:
            return None


@pytest.mark.parametrize(
    ("engine", "method", "seed"),
    [*(("sqlite", method, 1) for method in METHODS), ("sqlite", "batch", 2),
     ("postgresql", "batch", 3)],
)  # fmt: skip
def test_whatever_happens_at_the_shelves_the_book_is_right(
    site: FloorSite, method: str, seed: int
) -> None:
    chance = Random(f"{method}{seed}")
    wall(site, slots=3)
    site.add(places, {"code": "PASS", "kind": "buffer"})
    site.add(places, {"code": "QUARANTINE", "kind": "buffer", "blocked": "quarantine"})
    allow(site, ANNA, "pick", "sort")
    zones = {"Z1": PickZone(pass_place="PASS")}
    rules(site, method=method, wall="WALL-1", zones=zones)
    policy = POLICIES[(seed + METHODS.index(method)) % len(POLICIES)]
    site.set(owners, owners.c.code == "acme", short_policy=policy)
    stocked(site, chance)
    numbers = ordered(site, chance)
    site.release(numbers)
    people = Hands(site, chance)
    for step in range(STEPS):
        worked = [people.act(person) for person in chance.sample((ANNA, CAROL), 2)]
        if step % CHECK_EVERY == 0:
            assert site.read(audit.audit) == [], (step, people.done)
        if not any(worked):
            break
    else:
        pytest.fail(f"the walks never end: {people.done}")
    site.write(dispatch, now=site.now, rng=Random(1))
    states = Counter(site.state(number) for number in numbers)
    assert set(states) <= {"picked", "short"}, (states, people.done)
    assert people.done["pick"] > 0, people.done
    assert lacking(site) == [], "a picked order has all that it still wants"


def lacking(site: FloorSite) -> list[Any]:
    """Lines of picked orders whose goods are not in totes."""
    has = (
        select(allocations.c.line_id, func.sum(allocations.c.qty).label("qty"))
        .where(allocations.c.state == "picked")
        .group_by(allocations.c.line_id)
        .subquery()
    )
    query = (
        select(orders.c.code, order_lines.c.line_no)
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .outerjoin(has, has.c.line_id == order_lines.c.id)
        .where(orders.c.state == "picked", orders.c.one_piece == 0)
        .where(func.coalesce(has.c.qty, 0) != order_lines.c.qty - order_lines.c.cancelled)
    )
    assert site.scalar(select(func.count()).where(stock.c.qty < 0)) == 0
    return site.rows(query)
