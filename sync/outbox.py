"""The rows behind webhooks: who hears of what, what is due, and what came of it.

An event becomes one delivery for each endpoint that wants it, in the transaction that moves the
reader's cursor. An order's next delivery waits until the one before it arrived; a parked one holds
back its own order and nothing else.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    bindparam,
    func,
    insert,
    not_,
    select,
    true,
    update,
)

from sync.webhooks import Outgoing, Tried, body_of
from wms.config import Webhook
from wms.db import Tx, upsert
from wms.record import events
from wms.record.event_kinds import OrderEvent
from wms.record.events import Told
from wms.schema import deliveries, endpoints, orders
from wms.schema import events as events_table
from wms.upkeep import incarnation

READER = "feeds"
BATCH = 500  # events read at once
UNWANTED_MAX = 200  # so many events that nobody wants are passed over before that is worth a write
NOUNS = ("order.", "parcel.", "return.")  # what an endpoint hears of that names no kinds
FAILURES_MAX = 5  # in a row, then the endpoint rests
PAUSE_S_MIN, PAUSE_S_MAX = 10, 600
FOREVER = 2**53  # paused until somebody asks for a replay
UNDELIVERED = ("pending", "parked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Who hears of events. `secret` is a reference; no `kinds`: orders, parcels and returns."""

    name: str
    url: str
    secret: str
    owner: str = ""
    kinds: tuple[str, ...] = ()

    def wants(self, kind: str, owner: str) -> bool:
        """Whether an event of *kind* and *owner* is for this endpoint."""
        if self.owner and self.owner != owner:
            return False
        return kind in self.kinds if self.kinds else kind.startswith(NOUNS)


def of_config(webhooks: dict[str, Webhook]) -> list[Endpoint]:
    """The endpoints of the configuration's `[webhooks.NAME]` sections."""
    return [
        Endpoint(name=name, url=hook.url, secret=hook.secret, owner=hook.owner, kinds=hook.kinds)
        for name, hook in sorted(webhooks.items())
    ]


def configure(tx: Tx, wanted: Sequence[Endpoint]) -> None:
    """Bring the rows in line with the configuration. Those that left it hear nothing more.

    An endpoint is known by its name: under a new URL it goes on where it was.
    """
    rows = [
        {
            "name": each.name, "url": each.url, "owner": each.owner, "secret": each.secret,
            "kinds": msgspec.json.encode(each.kinds).decode(), "active": 1,
        }
        for each in wanted
    ]  # fmt: skip
    changed = ("url", "owner", "secret", "kinds", "active")
    upsert(
        tx, endpoints, rows, key=("name",), update=lambda new: {name: new[name] for name in changed}
    )  # fmt: skip
    gone = endpoints.c.name.not_in([each.name for each in wanted])
    tx.execute(update(endpoints).where(gone).values(active=0))


def collect(tx: Tx, *, now: int) -> int:
    """Write the deliveries of the next events and move the cursor. Returns how many were read."""
    fresh = events.since(tx, events.cursor_of(tx, READER), BATCH)
    if not fresh:
        return 0
    life = incarnation.current(tx)
    rows = [
        {
            "endpoint_id": number, "event_id": told.id, "aggregate": told.aggregate,
            "webhook_id": f"msg_{life}_{number}_{told.id}", "next_ms": now,
        }
        for number, endpoint in active(tx)
        for told in fresh
        if endpoint.wants(told.event.kind, told.owner)
    ]  # fmt: skip
    if rows:
        tx.execute(insert(deliveries), rows)
    events.advance(tx, READER, fresh[-1].cursor)
    return len(fresh)


def active(tx: Tx) -> list[tuple[int, Endpoint]]:
    """The endpoints of the configuration with their ids."""
    return [(row.id, _endpoint(row)) for row in tx.execute(_active())]


@cache
def _active() -> Select[Any]:
    return select(endpoints).where(endpoints.c.active == 1).order_by(endpoints.c.id)


def _endpoint(row: Row[Any]) -> Endpoint:
    kinds = tuple(msgspec.json.decode(row.kinds, type=list[str]))
    return Endpoint(name=row.name, url=row.url, secret=row.secret, owner=row.owner, kinds=kinds)


def is_work(tx: Tx, *, now: int, flying: Collection[Outgoing], concurrency: int) -> bool:
    """Whether there are events that somebody wants, or deliveries to send. Reads only."""
    here = [endpoint for _, endpoint in active(tx)]
    fresh = events.since(tx, events.cursor_of(tx, READER), UNWANTED_MAX)
    if len(fresh) == UNWANTED_MAX:
        return True
    if any(each.wants(told.event.kind, told.owner) for told in fresh for each in here):
        return True
    return bool(due(tx, now=now, flying=flying, concurrency=concurrency))


def due(
    tx: Tx, *, now: int, flying: Collection[Outgoing], concurrency: int
) -> list[Outgoing]:  # fmt: skip
    """What to send now: of each order the oldest delivery that has not arrived, the oldest first.

    At most *concurrency* an endpoint, with what is *flying*; a single one as a trial for an
    endpoint that rested after failures.
    """
    found: list[Outgoing] = []
    here = [row for row in tx.execute(_active()).all() if row.paused_until_ms <= now]
    for row in here:
        busy = [one.delivery for one in flying if one.endpoint == row.id]
        room = (1 if row.failures >= FAILURES_MAX else concurrency) - len(busy)
        if room > 0:
            heads = {"endpoint": row.id, "now": now, "busy": busy, "room": room}
            found += _outgoing(tx, row, tx.execute(_heads(), heads).all())
    return found


@cache
def _heads() -> Select[Any]:
    """Of each order the first that has not arrived. The sender asks so after every event: it is
    built once."""
    endpoint = bindparam("endpoint", type_=deliveries.c.endpoint_id.type)
    earlier = deliveries.alias("earlier")
    held_back = (
        select(1)
        .where(earlier.c.endpoint_id == endpoint, earlier.c.aggregate == deliveries.c.aggregate)
        .where(earlier.c.state.in_(UNDELIVERED), earlier.c.id < deliveries.c.id)
        .exists()
    )
    sent = deliveries.c.id.label("delivery"), deliveries.c.webhook_id, deliveries.c.attempts
    return (
        select(events_table, *sent)
        .join(deliveries, deliveries.c.event_id == events_table.c.id)
        .where(deliveries.c.endpoint_id == endpoint, deliveries.c.state == "pending")
        .where(deliveries.c.next_ms <= bindparam("now"), not_(held_back))
        .where(deliveries.c.id.not_in(bindparam("busy", expanding=True)))
        .order_by(deliveries.c.next_ms, deliveries.c.id)
        .limit(bindparam("room"))
    )


def _outgoing(tx: Tx, endpoint: Row[Any], rows: Sequence[Row[Any]]) -> list[Outgoing]:
    if not rows:
        return []
    told = [events.told(row) for row in rows]
    life, codes = incarnation.current(tx), _order_codes(tx, told)
    return [
        Outgoing(
            delivery=row.delivery, endpoint=endpoint.id, name=endpoint.name, url=endpoint.url,
            secret=endpoint.secret, webhook_id=row.webhook_id, attempts=row.attempts,
            body=body_of(one, life=life, order=codes.get(_order_of(one), "")),
        )
        for row, one in zip(rows, told, strict=True)
    ]  # fmt: skip


def _order_of(told: Told) -> int:
    return told.event.order_id if isinstance(told.event, OrderEvent) else 0


def _order_codes(tx: Tx, told: Iterable[Told]) -> dict[int, str]:
    wanted = {_order_of(one) for one in told} - {0}
    if not wanted:
        return {}
    rows = tx.execute(select(orders.c.id, orders.c.code).where(orders.c.id.in_(wanted)))
    return {row.id: row.code for row in rows}


def settle(
    tx: Tx, tried: Sequence[Tried], *, now: int, scales: Mapping[str, float] | None = None
) -> None:
    """Write down what came of attempts, and how their endpoints are; *scales* shorten its rests."""
    for one in tried:
        mine = (deliveries.c.id == one.delivery) & (deliveries.c.state == "pending")
        values: dict[str, object] = {"attempts": one.attempts, "last_error": one.error}
        if one.fate in ("delivered", "parked"):
            values |= {"state": one.fate, "done_ms": now}
        else:
            values["next_ms"] = now + one.delay_ms
        tx.execute(update(deliveries).where(mine).values(values))
    for endpoint in sorted({one.endpoint for one in tried}):
        mine_of = [one for one in tried if one.endpoint == endpoint]
        _breathe(tx, endpoint, mine_of, now, (scales or {}).get(mine_of[0].name, 1.0))


def _breathe(tx: Tx, endpoint: int, tried: Sequence[Tried], now: int, scale: float) -> None:
    """Count failures in a row: after five the endpoint rests, twice as long after each trial.

    Once it answers again, everything that waits for another attempt is due at once.
    """
    here = endpoints.c.id == endpoint
    row = tx.execute(select(endpoints).where(here).with_for_update()).one()
    failures, paused = int(row.failures), int(row.paused_until_ms)
    for one in tried:
        if paused == FOREVER:
            break
        if one.fate == "gone":
            paused = FOREVER
        elif one.fate == "delivered":
            failures, paused = 0, 0
        elif now >= paused:  # those that were under way when it was paused say nothing new
            failures += 1
            paused = now + round(pause_ms(failures) * scale)
    if (failures, paused) == (row.failures, row.paused_until_ms):
        return
    tx.execute(update(endpoints).where(here).values(failures=failures, paused_until_ms=paused))
    if failures == 0 and row.failures >= FAILURES_MAX:
        waiting = (deliveries.c.endpoint_id == endpoint) & (deliveries.c.state == "pending")
        tx.execute(
            update(deliveries).where(waiting, deliveries.c.next_ms > now).values(next_ms=now)
        )


def pause_ms(failures: int) -> int:
    """How long an endpoint rests after so many *failures* in a row.

    >>> [pause_ms(failures) // 1000 for failures in (4, 5, 6, 20)]
    [0, 10, 20, 600]
    """
    if failures < FAILURES_MAX:
        return 0
    return min(PAUSE_S_MIN << min(failures - FAILURES_MAX, 30), PAUSE_S_MAX) * 1000


def replay(tx: Tx, *, endpoint: str = "", now: int) -> int:
    """Send what is parked once more, and wake endpoints that rest. Returns how many deliveries.

    *endpoint* "" means all of them. Each gets its full number of attempts again.
    """
    chosen: ColumnElement[bool] = endpoints.c.name == endpoint if endpoint else true()
    tx.execute(update(endpoints).where(chosen).values(failures=0, paused_until_ms=0))
    ids = select(endpoints.c.id).where(chosen)
    mine = deliveries.c.endpoint_id.in_(ids) & (deliveries.c.state == "parked")
    again = {"state": "pending", "attempts": 0, "next_ms": now, "done_ms": None}
    tx.execute(
        update(deliveries)
        .where(deliveries.c.endpoint_id.in_(ids), deliveries.c.state == "pending")
        .values(next_ms=now)
    )
    return int(tx.execute(update(deliveries).where(mine).values(again)).rowcount)


def lag(tx: Tx) -> int:
    """How many webhooks have not arrived: waiting, parked, and events that were not read yet."""
    here = active(tx)
    ids = [number for number, _ in here]
    open_ = deliveries.c.endpoint_id.in_(ids) & deliveries.c.state.in_(UNDELIVERED)
    waiting: int = tx.execute(select(func.count()).where(open_)).scalar_one()
    fresh = events.since(tx, events.cursor_of(tx, READER), BATCH)
    unread = sum(each.wants(one.event.kind, one.owner) for one in fresh for _, each in here)
    return int(waiting + unread)
