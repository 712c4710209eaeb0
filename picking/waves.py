"""Which orders go to the floor together, and when. Pure: orders and the clock in, waves out.

A wave is for one pickup of one carrier. It goes when it is worth a walk (enough orders), when its
oldest order has waited long enough, or when the pickup is near.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from wms.promises.allocate import Need
from wms.site.calendar import SEARCH_DAYS, Calendar, Closed, local_time
from wms.site.owners import SITE

MINUTE_MS = 60_000
END_OF_DAY = "23:59"  # stands for the pickup of a carrier that has none in the book


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When to release: `orders_min` are worth a walk, more than `orders_max` are several waves;
    minutes are the site's patience."""

    orders_min: int = 20
    orders_max: int = 60
    wait_minutes: float = 20
    pickup_near_minutes: float = 60


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order that waits for its wave."""

    order: int
    carrier: str
    accepted_ms: int
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Wave:
    """Orders to release together, most urgent first."""

    carrier: str
    pickup_ms: int
    orders: tuple[int, ...]


def due_waves(
    waiting: Iterable[Waiting], pickup_ms: dict[str, int], *, now: int, rules: Rules
) -> list[Wave]:
    """The waves to release *now*, next pickup first; *pickup_ms* is each carrier's next one.

    >>> orders = [Waiting(n, "yamato", accepted_ms=0) for n in (1, 2, 3)]
    >>> rules = Rules(orders_min=3, orders_max=2)
    >>> [wave.orders for wave in due_waves(orders, {"yamato": 10**9}, now=0, rules=rules)]
    [(1, 2), (3,)]
    >>> due_waves(orders[:2], {"yamato": 10**9}, now=0, rules=rules)
    []
    """
    by_carrier: dict[str, list[Waiting]] = defaultdict(list)
    for one in waiting:
        by_carrier[one.carrier].append(one)
    waves = []
    for carrier in sorted(by_carrier, key=lambda carrier: (pickup_ms[carrier], carrier)):
        group = sorted(by_carrier[carrier], key=lambda one: (
            -one.priority, one.accepted_ms, one.order
        ))  # fmt: skip
        if is_due(group, pickup_ms[carrier], now=now, rules=rules):
            for start in range(0, len(group), rules.orders_max):
                chunk = group[start : start + rules.orders_max]
                waves.append(Wave(carrier, pickup_ms[carrier], tuple(one.order for one in chunk)))
    return waves


def is_due(group: Sequence[Waiting], pickup_ms: int, *, now: int, rules: Rules) -> bool:
    """Whether to release these orders (at least one) of one pickup now."""
    waited_ms = now - min(one.accepted_ms for one in group)
    return (
        len(group) >= rules.orders_min
        or waited_ms >= rules.wait_minutes * MINUTE_MS
        or pickup_ms - now <= rules.pickup_near_minutes * MINUTE_MS
    )


def next_pickup(calendar: Calendar, carrier: str, times: Collection[str], *, now: int) -> int:
    """UTC milliseconds of *carrier*'s next pickup at one of *times* (HH:MM, the site's clock).

    Days on which the site or the carrier rests have none. A carrier without times in the book
    comes at the end of the day.

    >>> noon = 1_795_316_400_000  # 2026-11-22 12:00 in Tokyo
    >>> next_pickup(Calendar(), "yamato", ["10:30", "17:00"], now=noon) - noon == 5 * 3_600_000
    True
    >>> next_pickup(Calendar(), "yamato", ["10:30"], now=noon) - noon == 22.5 * 3_600_000
    True
    """
    today = local_time(now, calendar.zone).date()
    resting = [calendar.closed.get(scope, Closed()) for scope in (SITE, carrier)]
    for day in (today + timedelta(days=n) for n in range(SEARCH_DAYS)):
        if any(closed.on(day) for closed in resting):
            continue
        for at in sorted(times) or [END_OF_DAY]:
            pickup = _utc_ms(day, at, calendar.zone)
            if pickup >= now:
                return pickup
    return _utc_ms(today, END_OF_DAY, calendar.zone)  # a calendar that is closed for good


def totalled(needs: Iterable[Need], one_piece: Collection[int], dated: Collection[int]) -> set[int]:
    """The one-piece orders whose units are picked as one total by item, any unit for any order.

    Where units differ by expiry (*dated* items), only orders that ask for the same remaining
    shelf life share a total: those that most ask for. The others get a tote of their own.
    """
    singles = [need for need in needs if need.order in one_piece]
    asked = {need.order: need.expiry_min if need.item in dated else "" for need in singles}
    votes: dict[int, Counter[str]] = defaultdict(Counter)
    for need in singles:
        votes[need.item][asked[need.order]] += 1
    chosen = {
        item: max(sorted(of_item), key=lambda expiry: of_item[expiry])
        for item, of_item in votes.items()
    }
    return {need.order for need in singles if asked[need.order] == chosen[need.item]}


def _utc_ms(day: date, at: str, zone: ZoneInfo) -> int:
    local = datetime.combine(day, time.fromisoformat(at), tzinfo=zone)
    return int(local.timestamp()) * 1000
