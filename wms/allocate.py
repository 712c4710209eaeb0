"""Decide which stock serves which order. Pure: rows in, plan out.

First expiry first out; among equal expiries the fewest stops (a place already used in this plan,
then the place that holds most). An order gets all of its lines or none of them.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from wms.stock import Key

NEVER = "9999-12-31"  # sorts after every expiry date


@dataclass(frozen=True, slots=True)
class Need:
    """One order line's wish. `expiry_min` (YYYY-MM-DD): nothing that expires earlier will do."""

    order: int
    line: int
    item: int
    qty: int
    expiry_min: str = ""


@dataclass(frozen=True, slots=True)
class Free:
    """Free units at one key. `expiry` is "" when they do not expire."""

    key: Key
    qty: int
    expiry: str = ""


@dataclass(frozen=True, slots=True)
class Take:
    line: int
    order: int
    key: Key
    qty: int


@dataclass(frozen=True, slots=True)
class Missing:
    order: int
    line: int
    item: int
    qty: int


@dataclass(frozen=True, slots=True)
class Plan:
    takes: tuple[Take, ...]
    missing: tuple[Missing, ...]


def plan(needs: Sequence[Need], free: Sequence[Free]) -> Plan:
    """Serve *needs* in their order; the lines of one order stand together.

    >>> shelf = [Free(Key("B", 1, "new", "available", ""), 9, "2027-06-01"),
    ...          Free(Key("A", 1, "old", "available", ""), 2, "2027-01-01")]
    >>> [(take.key.place, take.qty) for take in plan([Need(7, 70, 1, 3)], shelf).takes]
    [('A', 2), ('B', 1)]
    >>> plan([Need(7, 70, 1, 99)], shelf).missing
    (Missing(order=7, line=70, item=1, qty=88),)
    """
    left = {shelf.key: shelf.qty for shelf in free}
    shelves: dict[int, list[Free]] = defaultdict(list)
    for shelf in free:
        shelves[shelf.key.item].append(shelf)
    used: set[str] = set()
    takes: list[Take] = []
    missing: list[Missing] = []
    for lines in _by_order(needs):
        wanted, short = _serve(lines, shelves, left, used)
        if short:
            missing.extend(short)
            for take in wanted:
                left[take.key] += take.qty
        else:
            takes.extend(wanted)
            used.update(take.key.place for take in wanted)
    return Plan(tuple(takes), tuple(missing))


def _by_order(needs: Sequence[Need]) -> list[list[Need]]:
    orders: dict[int, list[Need]] = {}
    for need in needs:
        orders.setdefault(need.order, []).append(need)
    return list(orders.values())


def _serve(
    lines: Sequence[Need], shelves: dict[int, list[Free]], left: dict[Key, int], used: set[str]
) -> tuple[list[Take], list[Missing]]:
    takes: list[Take] = []
    short: list[Missing] = []
    for need in lines:
        assert need.qty > 0, need
        wanted = need.qty
        for shelf in _in_order(shelves[need.item], need, left, used):
            qty = min(wanted, left[shelf.key])
            left[shelf.key] -= qty
            wanted -= qty
            takes.append(Take(need.line, need.order, shelf.key, qty))
            if wanted == 0:
                break
        if wanted:
            short.append(Missing(need.order, need.line, need.item, wanted))
    return takes, short


def _in_order(
    shelves: Sequence[Free], need: Need, left: dict[Key, int], used: set[str]
) -> list[Free]:
    fit = [
        shelf for shelf in shelves
        if left[shelf.key] > 0 and (shelf.expiry or NEVER) >= need.expiry_min
    ]  # fmt: skip
    return sorted(
        fit,
        key=lambda shelf: (
            shelf.expiry or NEVER,
            shelf.key.place not in used,
            -left[shelf.key],
            shelf.key,
        ),
    )
