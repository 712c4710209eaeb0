"""What a whole shift adds to the demo: deliveries, pallets, a reserve, and second thoughts.

Pure: the same seed gives the same shift, in the server's book and in the physical world.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from app.demo import orders, special
from app.demo.goods import OWNERS, Good
from app.demo.site import Bin, Site, Worker
from wms.db import Tx
from wms.replenish import faces
from wms.storage import places

DOCKS = ("IN-1", "IN-2")
RETURNS = "RETURN-1"
QUARANTINE = "QUAR-1"
RESERVES = tuple(f"RSV-{n:02d}" for n in range(1, 25))
PALLETS = tuple(f"PAL-{n:03d}" for n in range(1, 13))
RETURN_EVERY = 12  # so many of the shipped boxes come back
TRUCKS_LEAVE = 4  # so often a carrier's truck is full before the last one leaves
TRUCK_LOAD_MAX = 15
ORDERS_MIN = 12
POSTS = (
    ("receive", "HT-21", ""), ("putaway", "HT-22", ""), ("replenish", "HT-23", ""),
    ("count", "HT-24", ""), ("count", "HT-25", ""), ("returns", "RET-1", ""),
    ("work", "HT-26", ""), ("sort", "SORT-1", special.WALL),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dose:
    """How much of a shift happens. `trucks_each` deliveries of each owner with `lines_each`
    items; of the boxes that come back so many at least and at most; one of so many orders is
    cancelled; which special orders come; what else shops and owners want of the floor.

    What a site does not do every hour (a stocktake, sets, undelivered boxes, cages, papers) belongs
    to a `whole` one.
    """

    trucks_each: int
    lines_each: int
    returns_min: int
    returns_max: int
    cancel_every: int
    specials: tuple[str, ...]
    posts: tuple[tuple[str, str, str], ...]
    flows: tuple[str, ...]
    whole: bool

    def has(self, role: str) -> bool:
        """Whether somebody of that trade works."""
        return any(one == role for one, _, _ in self.posts)

    def returning(self, count: int) -> int:
        """How many boxes come back on a day of *count* orders."""
        return min(max(self.returns_min, count // RETURN_EVERY), self.returns_max)


RETURNING = ("shipped boxes",)
NOW_AND_THEN = ("a set", "a stocktake", "a stopped box", "a bill", "an undelivered box")
SOME = Dose(1, 2, 2, 2, 50, (special.GIFT,), POSTS[:4] + POSTS[5:6], RETURNING, whole=False)
WHOLE = Dose(2, 5, 3, 12, 9, special.NAMES, POSTS, RETURNING + NOW_AND_THEN, whole=True)
DOSES = {"": None, "some": SOME, "whole": WHOLE}


@dataclass(slots=True)
class Truck:
    """A delivery: what its papers announce, what really stands on it, and what is broken."""

    external_id: str
    owner: str
    dock: str
    announced: Counter[Bin]
    units: Counter[Bin]
    damaged: Counter[Bin] = field(default_factory=Counter)
    pallets: list[str] = field(default_factory=list)  # empty ones, to receive onto
    done: bool = False


@dataclass(slots=True)
class Back:
    """A box that a customer sent back, and what is in it."""

    parcel: str
    order: str  # external id
    kind: str  # return, exchange, undelivered
    units: Counter[Bin]
    broken: bool = False
    done: bool = False
    aside: bool = False  # unopened; its owner is asked
    decided: bool = False  # it goes back on its shelf


def trucks(site: Site, seed: int, dose: Dose) -> list[Truck]:
    """The day's deliveries: the first brings one piece too few, the second one too many, and of
    the third, if there is one, one is broken."""
    random = Random(seed + 21)
    pallets = list(PALLETS)
    made = []
    for number in range(dose.trucks_each * len(OWNERS)):
        owner = OWNERS[number % len(OWNERS)]
        mine = [good for good in site.goods if good.owner == owner and good.is_seeded]
        units = Counter({
            (good.sku, random.choice(good.lots)[0]): random.randint(6, 30)
            for good in random.sample(mine, dose.lines_each)
        })  # fmt: skip
        truck = Truck(
            external_id=f"ASN-{owner}-{number + 1}", owner=owner, dock=DOCKS[number % len(DOCKS)],
            announced=Counter(units), units=Counter(units),
            pallets=[pallets.pop(0) for _ in range(3)],
        )  # fmt: skip
        odd = min(units)
        if number == 0:
            truck.units[odd] -= 1
        if number == 1:
            truck.units[odd] += 1
        if number == 2:
            truck.damaged[odd] += 1
        made.append(truck)
    return made


def announcement(truck: Truck, site: Site) -> dict[str, Any]:
    """The body of `POST /v1/inbounds`."""
    goods = {good.sku: good for good in site.goods}
    lines = []
    for (sku, lot), qty in sorted(truck.announced.items()):
        line: dict[str, Any] = {"sku": sku, "qty": qty}
        if lot:
            line |= {"lot": lot, "expiry": expiry_of(goods[sku], lot)}
        lines.append(line)
    return {"owner": truck.owner, "external_id": truck.external_id, "dock": truck.dock,
            "lines": lines}  # fmt: skip


def expiry_of(good: Good, lot: str) -> str:
    """The date that is printed on goods of that lot, YYYY-MM-DD; "" where none is."""
    return dict(good.lots).get(lot, "")


def with_shift(site: Site, seed: int, dose: Dose) -> Site:
    """*site* with the people of the other trades, and with the goods of the special flows."""
    random = Random(seed + 20)
    more = _workers(random, len(site.workers), dose)
    return special.with_goods(replace(site, workers=(*site.workers, *more)))


def bodies(site: Site, count: int, seed: int, dose: Dose) -> list[dict[str, Any]]:
    """What the shops order during a shift: *count* orders, the special ones early among them, and
    those of the wall a few at a time."""
    sorted_ = max(count // special.WALL_EVERY, special.WALL_MIN) if dose.has("sort") else 0
    made = orders.make(site, count - len(dose.specials) - sorted_, seed)
    recipient = made[0]["recipient"]
    of_wall = special.of_the_wall(recipient, sorted_, Random(seed + 23))
    for start in range(0, sorted_, special.WALL_TOGETHER):
        place = (start + 1) * special.WALL_EVERY
        made[place:place] = of_wall[start : start + special.WALL_TOGETHER]
    extra = special.orders(recipient)
    chosen = [body for body in extra if body["external_id"] in dose.specials]
    for place, body in enumerate(chosen, start=1):
        made.insert(2 * place, body)
    return made


def write(tx: Tx, site: Site, seed: int, dose: Dose) -> None:
    """Put the docks, the reserve, the pallets and the places for returns into the book.

    The first bin of what the trucks bring is its pick face, and it is never full enough.
    """
    fixed, standing = _places()
    places.put(tx, fixed)
    places.put(tx, standing)
    wanted = {
        sku: truck.owner
        for truck in trucks(site, seed, dose)
        for sku, lot in truck.units
        if not lot
    }
    special.write(tx)
    homes: dict[str, str] = {}
    for place, units in sorted(site.shelves.items()):
        for sku, _ in units:
            homes.setdefault(sku, place)
    faces.put(tx, [
        faces.NewFace(place=homes[sku], owner=owner, sku=sku, min=60, max=80)
        for sku, owner in sorted(wanted.items())
    ])  # fmt: skip


def _workers(random: Random, first: int, dose: Dose) -> list[Worker]:
    names = ("斎藤 楓", "松本 岳", "井上 紬", "木村 蒼", "林 杏", "清水 航", "森 千秋")
    return [
        Worker(
            code=f"E{first + n:03d}", name=names[n % len(names)], role=role, terminal=terminal,
            station=station, token=f"demo-{terminal.lower()}-{random.getrandbits(64):016x}",
            badge=f"{random.getrandbits(128):032x}",
        )
        for n, (role, terminal, station) in enumerate(dose.posts)
    ]  # fmt: skip


def _places() -> tuple[list[places.NewPlace], list[places.NewPlace]]:
    """Places that stand still, and the pallets that stand on the docks."""
    fixed = [
        *(places.NewPlace(code=code, kind="dock", y_mm=-12_000) for code in DOCKS),
        places.NewPlace(code=RETURNS, kind="buffer", y_mm=-13_000),
        places.NewPlace(code=QUARANTINE, kind="buffer", y_mm=-14_000),
        *(places.NewPlace(code=code, kind="reserve", zone="R", aisle="R01", bay=n, level=1,
                          x_mm=n * 1_500, y_mm=40_000)
          for n, code in enumerate(RESERVES, start=1)),
    ]  # fmt: skip
    standing = [
        places.NewPlace(code=code, kind="pallet", parent=DOCKS[n // 3 % len(DOCKS)])
        for n, code in enumerate(PALLETS)
    ]
    return fixed, standing


def cancelled(bodies: list[dict[str, Any]], seed: int, dose: Dose) -> list[str]:
    """External ids of the orders whose customers think again, some too late."""
    random = Random(seed + 22)
    names = [body["external_id"] for body in bodies if body["external_id"] not in special.NAMES]
    return random.sample(names, max(len(names) // dose.cancel_every, 2))
