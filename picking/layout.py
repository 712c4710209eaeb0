"""Where the places are: zones, aisles, bays, levels, and how far it is to walk between them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from sqlalchemy import select, tuple_

from wms.db import Tx
from wms.schema import places


@dataclass(frozen=True, slots=True)
class Bin:
    """A place on the floor plan. `x_mm`, `y_mm`: where a person stands in front of it.

    A place without an aisle (a dock, a station, a drop place) stands in the open.
    """

    code: str
    zone: str = ""
    aisle: str = ""
    bay: int = 0
    level: int = 0
    x_mm: int = 0
    y_mm: int = 0

    @property
    def lane(self) -> tuple[str, str]:
        """The aisle, told apart from one of the same name in another zone."""
        return self.zone, self.aisle


@dataclass(frozen=True, slots=True)
class Layout:
    """The floor plan: its places by code, and the two ends of each aisle.

    >>> left = [Bin("A-1", "A", "1", 1, 0, 0, 0), Bin("A-9", "A", "1", 9, 0, 0, 8_000)]
    >>> right = [Bin("B-1", "A", "2", 1, 0, 3_000, 0), Bin("B-9", "A", "2", 9, 0, 3_000, 8_000)]
    >>> plan = Layout.of([*left, *right])
    >>> plan.walk_mm("A-1", "A-9"), plan.walk_mm("A-1", "B-1"), plan.walk_mm("A-9", "B-9")
    (8000, 3000, 3000)
    """

    bins: Mapping[str, Bin]
    ends: Mapping[tuple[str, str], tuple[Bin, Bin]] = field(default_factory=dict)

    @classmethod
    def of(cls, bins: Iterable[Bin]) -> "Layout":
        """The plan of *bins*: an aisle ends at its lowest and at its highest bay."""
        by_code = {place.code: place for place in sorted(bins, key=lambda place: place.code)}
        lanes: dict[tuple[str, str], list[Bin]] = {}
        for place in by_code.values():
            if place.aisle:
                lanes.setdefault(place.lane, []).append(place)
        ends = {
            lane: (min(inside, key=lambda place: place.bay), max(inside, key=lambda p: p.bay))
            for lane, inside in lanes.items()
        }
        return cls(by_code, ends)

    def place(self, code: str) -> Bin:
        """The place called *code*; one that is on no plan stands at the origin, in the open."""
        return self.bins.get(code) or Bin(code)

    def walk_mm(self, origin: str, target: str) -> int:
        """Steps from *origin* to *target* in millimetres: racks are walked around, not through."""
        one, other = self.place(origin), self.place(target)
        if one.aisle and one.lane == other.lane:
            return _straight_mm(one, other)
        return min(
            _straight_mm(one, exit) + _straight_mm(exit, entry) + _straight_mm(entry, other)
            for exit, entry in product(self._doors(one), self._doors(other))
        )

    def _doors(self, place: Bin) -> tuple[Bin, ...]:
        """The ends of the aisle that *place* is in; in the open, the place itself."""
        return self.ends.get(place.lane, (place,)) if place.aisle else (place,)


def _straight_mm(one: Bin, other: Bin) -> int:
    return abs(one.x_mm - other.x_mm) + abs(one.y_mm - other.y_mm)


def load(tx: Tx, codes: Collection[str]) -> Layout:
    """The part of the floor plan that *codes* lie in, with the whole of their aisles."""
    wanted = sorted(set(codes))
    lanes = select(places.c.zone, places.c.aisle).where(
        places.c.code.in_(wanted), places.c.aisle != ""
    )
    touched = tuple_(places.c.zone, places.c.aisle).in_(lanes) | places.c.code.in_(wanted)
    return Layout.of(bin_of(row) for row in tx.execute(select(places).where(touched)))


def bin_of(row: Any) -> Bin:
    """A row of `places` as a value."""
    return Bin(row.code, row.zone, row.aisle, row.bay, row.level, row.x_mm, row.y_mm)
