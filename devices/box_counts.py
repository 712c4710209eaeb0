"""From counters that begin anew to how many boxes went by: a number, or that nobody knows.

A zone of a conveyor counts every box, whoever looks and how often; its sensor is blocked for less
than the time between two looks. So counters are read and never levels. They are 16 bits wide, and
a power cut sets them to zero: what would be the difference then is no count of anything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from wms.db import Tx, upsert
from wms.rooms.signals import ZoneSeen
from wms.schema import conveyor_zones
from wms.site import calendar

MODULUS = 65_536
# A zone takes one box at a time. At a metre a second with zones of 300 mm that is 3.3 a second,
# and there is hardly a faster one: more than this cannot have gone by.
BOXES_A_SECOND_MAX = 4
SLACK = 4  # boxes: two looks are timed when they are taken up, not when they were made


@dataclass(frozen=True, slots=True)
class Counters:
    """Both counters of a zone at one look: numbers below 65,536."""

    arrived: int
    departed: int


def possible(gap_ms: int) -> int:
    """How many boxes may have passed a zone in *gap_ms*, at the most.

    >>> possible(1_000), possible(-5_000)
    (8, 4)
    """
    return SLACK + max(0, gap_ms) * BOXES_A_SECOND_MAX // 1_000


def passed(before: Counters, after: Counters, *, gap_ms: int, unbroken: bool) -> Counters | None:
    """How many arrived and departed between two looks that lie *gap_ms* apart; None: not known.

    *unbroken*: both came over one connection, which no power cut survives. Otherwise the counters
    may have begun at zero meanwhile. They have not when one of them is higher than what could have
    passed since; when neither is, nobody knows. More than could have passed never did, and in a
    gap that is long enough they may have gone all the way round.

    >>> passed(Counters(65_534, 9), Counters(1, 12), gap_ms=1_000, unbroken=True)
    Counters(arrived=3, departed=3)
    >>> passed(Counters(7, 7), Counters(0, 0), gap_ms=1_000, unbroken=True)
    >>> passed(Counters(7, 7), Counters(9, 9), gap_ms=60_000, unbroken=False)
    >>> passed(Counters(907, 906), Counters(909, 909), gap_ms=60_000, unbroken=False)
    Counters(arrived=2, departed=3)
    """
    most = possible(gap_ms)
    arrived = (after.arrived - before.arrived) % MODULUS
    departed = (after.departed - before.departed) % MODULUS
    if most >= MODULUS or max(arrived, departed) > most:
        return None
    if not unbroken and max(after.arrived, after.departed) <= most:
        return None
    return Counters(arrived, departed)


def record(tx: Tx, looks: Sequence[tuple[int, ZoneSeen]]) -> None:
    """Write what *looks* (UTC milliseconds, look; in their order) say of each zone."""
    if not looks:
        return
    named = sorted({look.device for _, look in looks})
    query = select(conveyor_zones).where(conveyor_zones.c.device.in_(named))
    rows: dict[tuple[str, str], dict[str, Any]] = {
        (row.device, row.zone): dict(row._mapping) for row in tx.execute(query.with_for_update())
    }
    zone = calendar.site_zone(tx)
    for at_ms, look in looks:
        key = look.device, look.zone
        rows[key] = _after(rows.get(key), look, at_ms, f"{calendar.business_day(at_ms, zone)}")
    written = sorted({(look.device, look.zone) for _, look in looks})
    upsert(
        tx, conveyor_zones, [rows[key] for key in written], key=("device", "zone"),
        update=lambda new: {name: new[name] for name in _LOOKED},
    )  # fmt: skip


_LOOKED = (
    "state", "trouble", "since_ms", "looked_ms", "session", "arrived", "departed", "day",
    "arrived_today", "departed_today", "unknown_today",
)  # fmt: skip


def _after(row: dict[str, Any] | None, look: ZoneSeen, at_ms: int, day: str) -> dict[str, Any]:
    """The row of a zone after *look*."""
    now = Counters(look.arrived % MODULUS, look.departed % MODULUS)
    same = row is not None and (row["state"], row["trouble"]) == (look.state, look.trouble)
    made: dict[str, Any] = {
        "device": look.device, "zone": look.zone, "state": look.state, "trouble": look.trouble,
        "since_ms": row["since_ms"] if row is not None and same else at_ms, "looked_ms": at_ms,
        "session": look.session, "arrived": now.arrived, "departed": now.departed, "day": day,
        "arrived_today": 0, "departed_today": 0, "unknown_today": 0, "held": 0,
    }  # fmt: skip
    if row is None:
        return made
    made["held"] = row["held"]
    if row["day"] == day:
        made |= {name: row[name] for name in ("arrived_today", "departed_today", "unknown_today")}
    if not row["looked_ms"]:
        return made
    count = passed(
        Counters(row["arrived"], row["departed"]), now,
        gap_ms=at_ms - row["looked_ms"], unbroken=row["session"] == look.session,
    )  # fmt: skip
    if count is None:
        made["unknown_today"] += 1
    else:
        made["arrived_today"] += count.arrived
        made["departed_today"] += count.departed
    return made


def forget(tx: Tx, *, devices: Iterable[str], other: bool) -> None:
    """Sessions count anew from here; with *other* it may be another conveyor, too, under the same
    name, and nothing can be compared with what was seen before."""
    values = {"session": 0, "looked_ms": 0} if other else {"session": 0}
    mine = conveyor_zones.c.device.in_(sorted(devices))
    tx.execute(update(conveyor_zones).where(mine).values(values))
