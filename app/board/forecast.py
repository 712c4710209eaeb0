"""Which pickups will be made at today's rate, and which orders will miss theirs. Pure.

The house works the next pickup's orders first: what a pickup waits for is its own orders and those
of every pickup before it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.board.facts import LEFT, Facts, Order, Rate
from picking.waves import next_pickup

HOUR_MS = 3_600_000


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


def needed_per_hour(found: Sequence[Outlook], *, now: int) -> float:
    """Orders to be packed an hour so that no pickup is missed."""
    needed, upto = 0.0, 0
    for one in found:
        upto += len(one.orders)
        hours = max(one.pickup_ms - now, 60_000) / HOUR_MS
        needed = max(needed, upto / hours)
    return needed
