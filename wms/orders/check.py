"""Orders against the book: what is wrong, what it has already, and what follows for the rest.

Reads only. `wms.orders.lifecycle` writes what comes out as ready.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Row, select, tuple_

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.orders import arrival, gift_papers
from wms.orders.arrival import Goods
from wms.orders.new import (
    LATE,
    NO_HOUSE_NUMBER,
    NewOrder,
    checked_dates,
    cleaned,
    has_house_number,
)
from wms.schema import orders, services, shops, versions
from wms.shape import Fault, fault, of_refusal, shape_faults, sound
from wms.site import calendar, external, items
from wms.site.calendar import Calendar
from wms.site.carriers import time_slot
from wms.text import shown

CHUNK = 400  # rows a statement: bound parameters are limited
CANCELLED_BEFORE = "order.cancelled_before"  # its cancellation overtook it

Pair = tuple[str, str]  # owner and external id, or owner and SKU


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An order that may be written, with all that follows from it."""

    order: NewOrder
    hash: str
    carrier: str
    item_ids: tuple[int, ...]
    ship_date: date
    state: str
    reason: str = ""
    kind: str = ""  # "" a sale; else what the site itself sends: exchange, repair, reship...
    origin: str = ""  # what it came from: return:5


@dataclass(slots=True)
class Checked:
    """Orders by row number: what is wrong, what the book has already, what may be written."""

    faults: list[Fault] = field(default_factory=list)
    known: dict[int, Row[Any]] = field(default_factory=dict)
    ready: dict[int, Ready] = field(default_factory=dict)


class _Facts(NamedTuple):
    """What the book knows of all that a batch of orders names."""

    items: dict[Pair, Row[Any]]
    owner_of: dict[str, str]  # by shop
    carrier_of: dict[str, str]  # by service
    calendar: Calendar
    cancelled: set[Pair]
    gift_papers: dict[str, gift_papers.Templates]  # by shop, of those that print any


def check(tx: Tx, rows: Sequence[NewOrder], *, now: int) -> Checked:
    """Sort *rows*; each ends in exactly one of known and ready, or has faults."""
    checked = Checked(faults=shape_faults(rows))
    safe: dict[int, NewOrder] = {}
    for number, row in sound(rows, checked.faults):
        try:
            safe[number] = cleaned(row)
        except Rejected as refusal:
            checked.faults.append(of_refusal(number, refusal))
    checked.faults += external.twice(safe)
    fresh = _without_known(tx, safe, checked)
    if fresh:
        facts = _facts(tx, list(fresh.values()))
        for number, row in fresh.items():
            try:
                checked.ready[number] = _ready(row, facts, now)
            except Rejected as refusal:
                checked.faults.append(of_refusal(number, refusal))
    checked.faults.sort(key=lambda found: found.row)
    return checked


def _without_known(tx: Tx, rows: dict[int, NewOrder], checked: Checked) -> dict[int, NewOrder]:
    """Set aside what the book has; the same id with other content is a fault."""
    before = external.existing(tx, orders, [(row.owner, row.external_id) for row in rows.values()])
    fresh = {}
    for number, row in rows.items():
        existing = before.get((row.owner, row.external_id))
        if existing is None:
            fresh[number] = row
        elif existing.body_hash == external.content_hash(row):
            checked.known[number] = existing
        else:
            key = shown(row.external_id)
            found = fault(number, Code.KEY_REUSED, field="external_id", key=key)
            checked.faults.append(found)
    return fresh


def _facts(tx: Tx, rows: Sequence[NewOrder]) -> _Facts:
    return _Facts(
        items=items.rows_of(tx, {(row.owner, line.sku) for row in rows for line in row.lines}),
        owner_of={row.code: row.owner for row in tx.execute(select(shops.c.code, shops.c.owner))},
        carrier_of={row.code: row.carrier for row in tx.execute(select(services))},
        calendar=calendar.load(tx),
        cancelled=_cancelled_before(tx, [(row.owner, row.external_id) for row in rows]),
        gift_papers=gift_papers.templates(tx) if any(row.gift for row in rows) else {},
    )


def _cancelled_before(tx: Tx, keys: Sequence[Pair]) -> set[Pair]:
    """Orders whose cancellation came before them."""
    found: set[Pair] = set()
    pair = tuple_(versions.c.owner, versions.c.external_id)
    for start in range(0, len(keys), CHUNK):
        query = select(versions.c.owner, versions.c.external_id).where(
            pair.in_(keys[start : start + CHUNK]), versions.c.cancelled == 1
        )
        found.update((row.owner, row.external_id) for row in tx.execute(query))
    return found


def _ready(row: NewOrder, facts: _Facts, now: int) -> Ready:
    _refuse_unknown(row, facts)
    if row.shop in facts.gift_papers:
        gift_papers.refuse_unprintable(row.gift, facts.gift_papers[row.shop])
    carrier = facts.carrier_of[row.service]
    today = calendar.business_day(now, facts.calendar.zone)
    promised = checked_dates(row, carrier=carrier, today=today)
    lines = [facts.items[row.owner, line.sku] for line in row.lines]
    planned = when(facts.calendar, row, goods(lines), carrier=carrier, promised=promised, now=now)
    slot = time_slot(row.time_slot, carrier=carrier, service=row.service)
    asked = msgspec.structs.replace(row, time_slot=slot, delivery_date=planned.delivery_date)
    ready = Ready(
        order=asked, hash=external.content_hash(row), carrier=carrier,
        ship_date=planned.ship_date, item_ids=tuple(line.id for line in lines),
        state="waiting_date" if planned.ship_date > today else "accepted", reason=planned.reason,
    )  # fmt: skip
    if not has_house_number(row.recipient.address):
        ready = replace(ready, state="held", reason=NO_HOUSE_NUMBER)
    if (row.owner, row.external_id) in facts.cancelled:
        ready = replace(ready, state="cancelled", reason=CANCELLED_BEFORE)
    return ready


class When(NamedTuple):
    """When an order ships and arrives; `reason` is a code where its promise cannot be kept."""

    ship_date: date
    delivery_date: str
    reason: str


def goods(rows: Iterable[Row[Any]]) -> list[Goods]:
    """What rows of `items` are, as far as their delivery is concerned."""
    return [Goods(row.name, row.storage, bool(row.no_air)) for row in rows]


def when(
    site: Calendar, row: NewOrder, inside: Sequence[Goods], *, carrier: str,
    promised: date | None, now: int,
) -> When:  # fmt: skip
    """The days of *row*, whose lines are of *inside*, if it arrives *now*.

    Where goods may not fly and the promise can no longer be kept, a later one is made. Refuses
    what `wms.orders.arrival.check` refuses.
    """
    to, by_ship = row.recipient, arrival.check(row, inside)
    island = arrival.is_island(to.postal)
    planned = calendar.ship_date(
        site, owner=row.owner, carrier=carrier, prefecture=to.prefecture, delivery_date=promised,
        now=now, island=island, by_ship=by_ship,
    )  # fmt: skip
    if not (planned.late and by_ship):
        return When(planned.ship_date, row.delivery_date, LATE if planned.late else "")
    days = calendar.transit_days(
        site, carrier=carrier, prefecture=to.prefecture, island=island, by_ship=True
    )
    later = calendar.arrival(site, carrier=carrier, shipped=planned.ship_date, days=days)
    return When(planned.ship_date, later.isoformat(), arrival.NO_AIR)


def _refuse_unknown(row: NewOrder, facts: _Facts) -> None:
    """Owner, shop, service and SKUs must be in the book; the shop must be the owner's."""
    owner = facts.owner_of.get(row.shop)
    if owner is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="shop", value=shown(row.shop))
    if owner != row.owner:
        raise Rejected(Code.SHOP_OF_ANOTHER_OWNER, field="shop", value=shown(row.shop))
    if row.service not in facts.carrier_of:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="service", value=shown(row.service))
    for place, line in enumerate(row.lines):
        if (row.owner, line.sku) not in facts.items:
            field = f"lines[{place}].sku"
            raise Rejected(Code.REFERENCE_UNKNOWN, field=field, value=shown(line.sku))
