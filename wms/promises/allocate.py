"""Decide which stock serves which order. Pure: rows in, plan out.

First expiry first out, always. Where that leaves a choice between places, an order is picked with
the fewest stops. An order gets all of its lines or none of them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, groupby

from wms.stock import Key

NEVER = "9999-12-31"  # sorts after every expiry date
SHARED_MAX = 8  # places that could serve several items of one order: all 2**8 choices are weighed


@dataclass(frozen=True, slots=True)
class Need:
    """One order line's wish. `expiry_min` (YYYY-MM-DD): nothing that expires earlier will do.

    The lines of one order are of one shop, and so have the same `expiry_min`. `own`: the order is
    for the very units that came back; no stock that is for sale serves it.
    """

    order: int
    line: int
    item: int
    qty: int
    expiry_min: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Free:
    """Free units at one key. `expiry` is "" when they do not expire."""

    key: Key
    qty: int
    expiry: str = ""

    @property
    def expires(self) -> str:
        return self.expiry or NEVER


@dataclass(frozen=True, slots=True)
class Take:
    """Units at one key that serve a line."""

    line: int
    order: int
    key: Key
    qty: int


@dataclass(frozen=True, slots=True)
class Missing:
    """What a line lacks. Its whole order gets nothing."""

    order: int
    line: int
    item: int
    qty: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Which order takes what, and what there is too little of."""

    takes: tuple[Take, ...]
    missing: tuple[Missing, ...]


@dataclass(slots=True)
class _Demand:
    """What one order wants of one item, once first-expiry has had its say.

    `forced`: keys that are emptied, as they expire first. The rest of the wish, `qty`, comes from
    units with one expiry date that are equally good: their keys by place, in `choice`.
    """

    lines: Sequence[Need]
    forced: list[Key] = field(default_factory=list)
    qty: int = 0
    choice: dict[str, list[Key]] = field(default_factory=dict)
    missing: int = 0


def plan(needs: Sequence[Need], free: Sequence[Free]) -> Plan:
    """Serve *needs* in their order; the lines of one order stand together.

    >>> shelf = [Free(Key("B", 1, "new", "available", ""), 9, "2027-06-01"),
    ...          Free(Key("A", 1, "old", "available", ""), 2, "2027-01-01")]
    >>> [(take.key.place, take.qty) for take in plan([Need(7, 70, 1, 3)], shelf).takes]
    [('A', 2), ('B', 1)]
    >>> plan([Need(7, 70, 1, 99)], shelf).missing
    (Missing(order=7, line=70, item=1, qty=88),)
    """
    shelves: dict[int, list[Free]] = defaultdict(list)
    for shelf in sorted(free, key=lambda shelf: (shelf.expires, shelf.key)):
        shelves[shelf.key.item].append(shelf)
    left = {shelf.key: shelf.qty for shelf in free}
    used: set[str] = set()
    takes: list[Take] = []
    missing: list[Missing] = []
    for lines in _by_order(needs):
        demands = [
            _demand(of_item, shelves[of_item[0].item], left) for of_item in _by_item(lines)
        ]  # fmt: skip
        if any(demand.missing for demand in demands):
            missing.extend(chain.from_iterable(map(_missing, demands)))
            continue
        for demand, chosen in zip(demands, _fewest_stops(demands, left, used), strict=True):
            taken = list(_takes(demand, chosen, left))
            takes.extend(taken)
            used.update(take.key.place for take in taken)
    return Plan(tuple(takes), tuple(missing))


def _by_order(needs: Sequence[Need]) -> list[list[Need]]:
    orders: dict[int, list[Need]] = {}
    for need in needs:
        assert need.qty > 0, need
        orders.setdefault(need.order, []).append(need)
    return list(orders.values())


def _by_item(lines: Sequence[Need]) -> list[list[Need]]:
    assert len({line.expiry_min for line in lines}) == 1, lines
    items: dict[int, list[Need]] = {}
    for line in lines:
        items.setdefault(line.item, []).append(line)
    return list(items.values())


def _demand(lines: Sequence[Need], shelves: Sequence[Free], left: Mapping[Key, int]) -> _Demand:
    """Walk the expiry dates upwards: what is emptied, and the date at which there is a choice."""
    demand = _Demand(lines)
    wanted = sum(line.qty for line in lines)
    fit = [
        shelf for shelf in shelves
        if left[shelf.key] > 0 and shelf.expires >= lines[0].expiry_min and not lines[0].own
    ]  # fmt: skip
    for _expires, same_date in groupby(fit, key=lambda shelf: shelf.expires):
        keys = [shelf.key for shelf in same_date]
        there = sum(left[key] for key in keys)
        if there > wanted > 0:
            demand.qty = wanted
            for key in keys:
                demand.choice.setdefault(key.place, []).append(key)
            return demand
        if wanted > 0:
            demand.forced += keys
            wanted -= there
    demand.missing = wanted
    return demand


def _missing(demand: _Demand) -> Iterator[Missing]:
    """The last lines of an item are those that miss what is missing."""
    missing = demand.missing
    for line in reversed(demand.lines):
        if missing > 0:
            qty = min(missing, line.qty)
            missing -= qty
            yield Missing(line.order, line.line, line.item, qty)


def _fewest_stops(
    demands: Sequence[_Demand], left: Mapping[Key, int], used: set[str]
) -> list[list[str]]:
    """For each demand the places of its choice to take from, in order, together the fewest.

    Places that are visited anyway (forced) cost nothing. Of the others, those that could serve
    several items are weighed in every combination; alone, an item is served by the fullest first.
    """
    forced = {key.place for demand in demands for key in demand.forced}
    room = [_room(demand, left) for demand in demands]
    choices = Counter(place for demand in demands for place in demand.choice)
    shared = [place for place in sorted(choices) if choices[place] > 1 and place not in forced]
    shared.sort(key=lambda place: -sum(one.get(place, 0) for one in room))
    shared = shared[:SHARED_MAX]
    best: tuple[int, int, list[list[str]]] | None = None
    for together in _subsets(shared):
        visited = forced.union(together)
        chosen = [
            _complete(demand.qty, one, visited, visited.union(shared), used)
            for demand, one in zip(demands, room, strict=True)
        ]
        places = visited.union(*(places or () for places in chosen))
        if None in chosen or (best is not None and best[:2] <= (len(places), len(places - used))):
            continue
        best = len(places), len(places - used), [places or [] for places in chosen]
    assert best is not None, "all shared places together always do"
    return best[2]


def _room(demand: _Demand, left: Mapping[Key, int]) -> dict[str, int]:
    return {place: sum(left[key] for key in keys) for place, keys in demand.choice.items()}


def _subsets(places: Sequence[str]) -> Iterable[tuple[str, ...]]:
    return chain.from_iterable(combinations(places, size) for size in range(len(places) + 1))


def _complete(
    qty: int, room: Mapping[str, int], visited: set[str], known: set[str], used: set[str]
) -> list[str] | None:
    """The *visited* places first, then the fewest of those that are not *known*, fullest first.

    The last one may be any that is enough: one *used* before in this plan, if there is one.
    None when that does not suffice.
    """
    chosen = [place for place in sorted(room) if place in visited]
    qty -= sum(room[place] for place in chosen)
    alone = [place for place in room if place not in known]
    alone.sort(key=lambda place: (-room[place], place))
    while qty > 0 and alone:
        enough = [place for place in alone if room[place] >= qty]
        pick = min(enough, key=lambda place: place not in used) if enough else alone[0]
        alone.remove(pick)
        chosen.append(pick)
        qty -= room[pick]
    return chosen if qty <= 0 else None


def _takes(demand: _Demand, chosen: Sequence[str], left: dict[Key, int]) -> Iterator[Take]:
    """Take from the forced keys, then from the *chosen* places, and deal out to the lines."""
    lines = iter(demand.lines)
    line = next(lines)
    wanted = line.qty
    for key in chain(demand.forced, *(demand.choice[place] for place in chosen)):
        while left[key] > 0:
            if wanted == 0:
                following = next(lines, None)
                if following is None:
                    return
                line, wanted = following, following.qty
            qty = min(wanted, left[key])
            left[key] -= qty
            wanted -= qty
            yield Take(line.line, line.order, key, qty)
