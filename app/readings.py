"""The book in numbers at one moment: what waits, what is unfinished, what happened since.

Gauges are read as they are. Counters go on from the row that the reading before ended with, so no
table is ever counted from its beginning.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Table, func, select

from wms.db import Tx
from wms.record import events
from wms.record.events import Cursor
from wms.robots import conveyors
from wms.schema import (
    commands,
    deliveries,
    device_facts,
    devices,
    endpoints,
    missions,
    moves,
    orders,
    print_jobs,
    scans,
    tasks,
)
from wms.schema import events as events_table

COUNTED_MAX = 10_000  # a backlog of more than this is not counted further
READERS: dict[str, Table] = {
    "floor.device_facts": device_facts, "seal.command": commands, "seal.move": moves,
}  # fmt: skip
LIVE: dict[str, tuple[Table, tuple[str, ...]]] = {
    "orders": (orders, (
        "waiting_date", "accepted", "short", "released", "picked", "packed", "held",
    )),
    "missions": (missions, ("queued", "assigning", "assigned", "failed", "voiding", "person")),
    "print_jobs": (print_jobs, ("requested", "ready", "sending", "blocked")),
    "tasks": (tasks, ("open", "claimed")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Health:
    """A device as its row says; `age_s` since its health changed."""

    device: str
    driver: str
    health: str
    age_s: float


@dataclass(frozen=True, slots=True)
class Lag:
    """How much waits for a reader, at most `COUNTED_MAX`, and how long the oldest has waited."""

    rows: int
    age_s: float


@dataclass(frozen=True, slots=True)
class Reading:
    """The book at one moment. `live` counts by table and state; `webhooks` by endpoint and state.

    `hidden` are committed events that nobody may read yet, because an older writer is still open
    somewhere on the database server.
    """

    health: tuple[Health, ...]
    live: Mapping[str, Mapping[str, int]]
    unread: Mapping[str, Lag]
    webhooks: Mapping[tuple[str, str], Lag]
    hidden: Lag
    events: Mapping[str, int]
    scans: Mapping[str, int]
    zones: tuple[conveyors.Zone, ...] = ()


@dataclass(slots=True)
class Counts:
    """What was counted so far, and up to which row."""

    event: Cursor | None = None
    scan: int | None = None
    events: Counter[str] = field(default_factory=Counter)
    scans: Counter[str] = field(default_factory=Counter)


def read(tx: Tx, counts: Counts, *, now: int) -> Reading:
    """Everything at *now* (UTC milliseconds), in one snapshot; *counts* goes on from where it was.

    On PostgreSQL a scan whose transaction ends out of order may stay uncounted; events never do.
    """
    horizon = events.horizon(tx)
    _count_events(tx, counts, events_table.c.xid < horizon)
    _count_scans(tx, counts)
    return Reading(
        health=_health(tx, now), live={name: _live(tx, *live) for name, live in LIVE.items()},
        unread={name: _unread(tx, name, table, now) for name, table in READERS.items()},
        webhooks=_webhooks(tx, now),
        hidden=_lag(tx, events_table, events_table.c.xid >= horizon, now),
        events=dict(counts.events), scans=dict(counts.scans),
        zones=conveyors.zones(tx, now=now),
    )  # fmt: skip


def _count_events(tx: Tx, counts: Counts, visible: ColumnElement[bool]) -> None:
    order = (events_table.c.xid, events_table.c.id)
    newest = select(*order).where(visible).order_by(*(column.desc() for column in order)).limit(1)
    row = tx.execute(newest).first()
    upto = Cursor(row.xid, row.id) if row else Cursor()
    if counts.event is not None:
        fresh = events.later(events_table, counts.event)
        counts.events.update(_by(tx, events_table.c.kind, visible & fresh))
    counts.event = upto


def _count_scans(tx: Tx, counts: Counts) -> None:
    upto = tx.execute(select(func.coalesce(func.max(scans.c.id), 0))).scalar_one()
    if counts.scan is not None:
        fresh = (scans.c.id > counts.scan) & (scans.c.id <= upto)
        counts.scans.update(_by(tx, scans.c.fate, fresh))
    counts.scan = upto


def _by(tx: Tx, column: ColumnElement[str], chosen: ColumnElement[bool]) -> dict[str, int]:
    query = select(column, func.count()).where(chosen).group_by(column)
    return {str(name): int(count) for name, count in tx.execute(query)}


def _health(tx: Tx, now: int) -> tuple[Health, ...]:
    return tuple(
        Health(row.name, row.driver, row.health, max(0, now - row.since_ms) / 1000)
        for row in tx.execute(select(devices).order_by(devices.c.name))
    )


def _live(tx: Tx, table: Table, states: tuple[str, ...]) -> dict[str, int]:
    found = _by(tx, table.c.state, table.c.state.in_(states))
    return {state: found.get(state, 0) for state in states}


def _unread(tx: Tx, reader: str, table: Table, now: int) -> Lag:
    at = events.cursor_of(tx, reader)
    return _lag(tx, table, events.later(table, at), now)


def _lag(tx: Tx, table: Table, waiting: ColumnElement[bool], now: int) -> Lag:
    oldest = select(table.c.at_ms).where(waiting).order_by(table.c.xid, table.c.id)
    few = oldest.limit(COUNTED_MAX).subquery()
    row = tx.execute(select(func.count(), func.min(few.c.at_ms))).one()
    return Lag(int(row[0]), max(0, now - row[1]) / 1000 if row[0] else 0.0)


def _webhooks(tx: Tx, now: int) -> dict[tuple[str, str], Lag]:
    """Deliveries that have not arrived, by endpoint and state; every endpoint has both states."""
    query = (
        select(
            endpoints.c.name, deliveries.c.state, func.count().label("rows"),
            func.min(events_table.c.at_ms).label("oldest_ms"),
        )
        .join(deliveries, deliveries.c.endpoint_id == endpoints.c.id)
        .join(events_table, events_table.c.id == deliveries.c.event_id)
        .where(endpoints.c.active == 1, deliveries.c.state.in_(("pending", "parked")))
        .group_by(endpoints.c.name, deliveries.c.state)
    )  # fmt: skip
    names = tx.scalars(select(endpoints.c.name).where(endpoints.c.active == 1)).all()
    found = {(name, state): Lag(0, 0.0) for name in names for state in ("pending", "parked")}
    for row in tx.execute(query):
        found[row.name, row.state] = Lag(row.rows, max(0, now - row.oldest_ms) / 1000)
    return found
