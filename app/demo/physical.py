"""The physical world of the demo: what really lies where. It knows no database and no screen.

Bots and twins change it; nothing here can be undone by software. A unit is (sku, lot).
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from app.demo.goods import Good
from app.demo.shift import QUARANTINE, Back, Truck
from app.demo.site import BENCHES_MAX, BOXES, DROPS, Bin, Site, benches, totes
from app.demo.special import WALL_SLOTS, is_special

EMPTY_BINS_PERCENT = 2  # of the shelves hold nothing, whatever the book says


@dataclass(slots=True)
class Box:
    """A packed box: its label's two codes, once one is on it, and what is inside."""

    parcel: str
    tracking: str
    weight_g: int
    units: Counter[Bin]
    closed: bool = False  # its own label was scanned on it
    shipped: bool = False


@dataclass(slots=True)
class World:
    """Shelves, totes, boxes, and where the totes stand. Places by their printed code."""

    goods: dict[str, Good]  # by what is printed on them
    shelves: dict[str, Counter[Bin]]
    emptied: frozenset[str]
    totes: dict[str, Counter[Bin]] = field(default_factory=lambda: defaultdict(Counter))
    where: dict[str, str] = field(default_factory=dict)
    stack: list[str] = field(default_factory=list)
    boxes: dict[str, Box] = field(default_factory=dict)
    trucks: list[Truck] = field(default_factory=list)
    truck_load: int = 0  # a truck leaves with so many boxes; 0: only at the end
    whole: bool = False  # a whole shift: papers, cages, counts at the dock
    back: list[Back] = field(default_factory=list)  # boxes in the returns cage
    ready: set[str] = field(default_factory=set)  # totes that hold one order from the wall
    broken: dict[str, Counter[Bin]] = field(default_factory=lambda: defaultdict(Counter))
    flows: Counter[str] = field(default_factory=Counter)  # what was done today
    pieces: Counter[tuple[str, str]] = field(default_factory=Counter)  # by flow and owner

    def happened(self, flow: str, times: int = 1) -> None:
        """Count something that was done."""
        self.flows[flow] += times

    def handled(self, flow: str, units: Counter[Bin]) -> None:
        """Count pieces that went through somebody's hands; less than none takes some back."""
        for (sku, _), qty in units.items():
            self.pieces[flow, self.goods[sku].owner] += qty

    def lying(self) -> dict[str, list[tuple[str, str, int]]]:
        """What lies on shelves and pallets, as (sku, lot, qty); not what waits for a decision."""
        pallets = {code: units for code, units in self.totes.items() if code.startswith("PAL-")}
        for code, units in self.broken.items():
            pallets[code] = pallets.get(code, Counter()) + units
        return {
            place: [(sku, lot, qty) for (sku, lot), qty in sorted((+units).items())]
            for place, units in {**self.shelves, **pallets}.items()
            if +units and place != QUARANTINE
        }

    def packed(self) -> dict[str, dict[str, Any]]:
        """Every box that was packed, and what is in it."""
        return {
            box.parcel: {
                "tracking": box.tracking, "shipped": box.shipped,
                "units": [[sku, lot, qty] for (sku, lot), qty in box.units.items()],
            }
            for box in self.boxes.values()
        }  # fmt: skip

    def left(self) -> dict[str, int]:
        """What the shelves still hold, by what is printed on it."""
        found: Counter[str] = Counter()
        for units in self.shelves.values():
            for (sku, _), qty in units.items():
                found[sku] += qty
        return dict(+found)

    def weight_g(self, units: Counter[Bin]) -> int:
        """What *units* really weigh together."""
        return sum(self.goods[sku].weight_g * qty for (sku, _), qty in units.items())

    def totes_at(self, place: str) -> list[str]:
        """Totes that stand at *place*, those with something in them first."""
        here = [tote for tote, at in self.where.items() if at == place]
        return sorted(here, key=lambda tote: (not self.totes[tote], tote))

    def tare_g(self, box: str) -> int:
        return next(each[5] for each in BOXES if each[0] == box)


def make(site: Site, random: Random, *, wanted: Sequence[str] = ()) -> World:
    """The world of *site*: as the book is told, but for the empty bins.

    One of them is the fullest shelf of the first *wanted* item, where the floor will look first:
    a day with few orders must meet an empty bin, too.
    """
    empty = {
        place for place in sorted(site.shelves)
        if random.random() * 100 < EMPTY_BINS_PERCENT and not is_special(place)
    }  # fmt: skip
    if wanted:
        mine = [place for place in sorted(site.shelves) if _holds(site, place, wanted[0])]
        empty.add(max(mine, key=lambda place: site.shelves[place].total()))
        empty -= set(mine[1:]) if len(set(mine) & empty) == len(mine) else set()
    shelves = {
        place: Counter() if place in empty else Counter(units)
        for place, units in site.shelves.items()
    }
    goods = {good.sku: good for good in site.goods}
    return World(goods, shelves, frozenset(empty), stack=list(reversed(totes())))


def _holds(site: Site, place: str, sku: str) -> bool:
    return any(unit[0] == sku for unit in site.shelves[place])


STATIONS: dict[int, str] = {
    **dict(enumerate(DROPS, start=1)),
    **{10 + n: bench for n, bench in enumerate(benches(BENCHES_MAX), start=1)},
}
PARKING = len(DROPS)


# The same stations as nodes on the map of the vehicles, which park at the second drop.
NODES: dict[str, int] = {
    f"N{station}": station for station in sorted(STATIONS, key=lambda each: (each != PARKING, each))
}


@dataclass(slots=True)
class RobotFloor:
    """What a robot finds at its stations: the twin asks, and tells what it moved."""

    world: World

    def loads_at(self, station: int) -> Sequence[str]:
        return self.world.totes_at(STATIONS.get(station, "?"))

    def has_room(self, station: int) -> bool:
        return station in STATIONS

    def picked_up(self, _station: int, code: str) -> None:
        self.world.where[code] = "@robot"

    def placed(self, station: int, code: str) -> None:
        self.world.where[code] = STATIONS[station]


def return_tote(world: World, tote: str) -> None:
    """Put an empty tote back on the stack; a slot of the wall stays where it is."""
    world.totes[tote].clear()
    if tote in WALL_SLOTS:
        return
    world.ready.discard(tote)
    world.where.pop(tote, None)
    world.stack.insert(0, tote)
