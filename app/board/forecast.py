"""Which pickups will be made at today's rate, and which orders will miss theirs. Pure.

The house works the next pickup's orders first: what a pickup waits for is its own orders and those
of every pickup before it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from app.board.facts import LEFT, Facts, Order, Rate
from picking.waves import next_pickup

HOUR_MS = 3_600_000
PEOPLE_MAX = 20
FORWARD_MAX = 3
NEAREST = ("picked", "released", "accepted")  # states of orders, the nearest to a box first
Work = Literal["pick", "pack"]


@dataclass(frozen=True, slots=True)
class Outlook:
    """A carrier's next pickup. `finish_ms` is None while there is no rate to forecast from.

    `late`: the orders that will miss it, of those that are left.
    """

    carrier: str
    pickup_ms: int
    orders: tuple[Order, ...]
    finish_ms: int | None
    late: tuple[Order, ...]


def outlooks(facts: Facts) -> list[Outlook]:
    """Every carrier with a pickup or with orders left, the next pickup first."""
    left = [order for order in facts.orders if order.state in LEFT]
    carriers = {*facts.pickups, *(order.carrier for order in left)}
    times = {
        carrier: next_pickup(
            facts.calendar, carrier, facts.pickups.get(carrier, []), now=facts.now
        )
        for carrier in carriers
    }  # fmt: skip
    in_order = sorted(carriers, key=lambda carrier: (times[carrier], carrier))
    groups = [
        (carrier, times[carrier], tuple(one for one in left if one.carrier == carrier))
        for carrier in in_order
    ]
    return forecast(groups, facts.rate, now=facts.now)


def forecast(
    groups: Iterable[tuple[str, int, Sequence[Order]]], rate: Rate, *, now: int
) -> list[Outlook]:
    """The outlook of (carrier, pickup, orders left) in the order of their pickups.

    >>> from app.board.facts import Rate
    >>> idle = [("yamato", HOUR_MS, ()), ("sagawa", 2 * HOUR_MS, ())]
    >>> [one.finish_ms for one in forecast(idle, Rate(6, 60_000), now=5)]
    [5, 5]
    """
    found, before = [], 0
    for carrier, pickup_ms, left in groups:
        upto = before + len(left)
        finish_ms, late = None, 0
        if rate.parcels:
            finish_ms = now + upto * rate.ms // rate.parcels
            made = max(0, pickup_ms - now) * rate.parcels // rate.ms
            late = min(len(left), max(0, upto - made))
        found.append(
            Outlook(carrier, pickup_ms, tuple(left), finish_ms, tuple(left[len(left) - late :]))
        )
        before = upto
    return found


@dataclass(frozen=True, slots=True)
class Rescue:
    """What would save the orders that miss a pickup. `people` more are needed at `work`.

    `from_work` has so many to spare ("" = nowhere: they come from elsewhere). `forward`: late
    orders that are nearest to their box, to be done before all others.
    """

    carrier: str
    late: tuple[Order, ...]
    people: int
    work: Work
    from_work: Work | Literal[""]
    forward: tuple[Order, ...]


def rescue(facts: Facts, found: Sequence[Outlook]) -> Rescue | None:
    """Of the pickup that most orders miss: whom to move and what to pull forward; None = no need.

    The work with more orders before it than people in proportion is the one that needs hands; the
    house has to become faster by as much as is needed over what is observed.
    """
    worst = max(found, key=lambda one: len(one.late), default=None)
    if worst is None or not worst.late:
        return None
    queue = _queues(facts)
    crew: dict[Work, int] = {
        "pick": sum(worker.dialogue == "pick" for worker in facts.workers),
        "pack": sum(worker.dialogue == "pack" for worker in facts.workers),
    }
    busy: Work = "pick" if _load("pick", queue, crew) >= _load("pack", queue, crew) else "pack"
    other: Work = "pack" if busy == "pick" else "pick"
    factor = needed_per_hour(found, now=facts.now) / max(facts.rate.per_hour, 0.01)
    people = min(max(1, ceil(max(1, crew[busy]) * (factor - 1))), PEOPLE_MAX)
    spare = crew[other] - max(1, ceil(crew[other] * _share(queue[other], queue[busy])))
    nearest = sorted(worst.late, key=lambda order: (NEAREST.index(order.state), order.state_ms))
    forward = tuple(order for order in nearest if order.state == NEAREST[0])[:FORWARD_MAX]
    from_work: Work | Literal[""] = other if spare >= people else ""
    return Rescue(worst.carrier, worst.late, people, busy, from_work, forward)


def _queues(facts: Facts) -> dict[Work, int]:
    """Orders that wait for each work, or are in it."""
    left = [order.state for order in facts.orders if order.state in LEFT]
    picked = left.count("picked")
    return {"pick": len(left) - picked, "pack": picked}


def _load(work: Work, queue: Mapping[Work, int], crew: Mapping[Work, int]) -> float:
    return queue[work] / max(1, crew[work])


def _share(of: int, other: int) -> float:
    return of / (of + other) if of + other else 0.0


def needed_per_hour(found: Sequence[Outlook], *, now: int) -> float:
    """Orders to be packed an hour so that no pickup is missed."""
    needed, upto = 0.0, 0
    for one in found:
        upto += len(one.orders)
        hours = max(one.pickup_ms - now, 60_000) / HOUR_MS
        needed = max(needed, upto / hours)
    return needed
