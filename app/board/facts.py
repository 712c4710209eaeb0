"""What the board is made of, read by a handful of queries, none of which grows with history.

Tables that only grow (journal, moves, events, parcels) are looked at from their newest row back.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Table, and_, distinct, func, or_, select

from app.board.names import Names, names_in
from sync import feeds
from wms.db import Tx
from wms.inbound import deliveries as inbound
from wms.record.events import Told, told
from wms.replenish import waiting as replenish_board
from wms.robots import conveyors
from wms.rooms.prompts import Prompt
from wms.schema import (
    deliveries,
    devices,
    endpoints,
    events,
    missions,
    moves,
    order_lines,
    orders,
    parcels,
    people,
    pickups,
    print_jobs,
    robots,
    scans,
    sessions,
    tasks,
    terminals,
    tour_totes,
    tours,
    waves,
)
from wms.site import calendar
from wms.site.calendar import Calendar, business_day
from wms.storage import contents, put_back

LEFT = ("accepted", "released", "picked")  # not packed yet, and nothing hinders it
LIVE = (*LEFT, "short", "packed", "held")
WINDOW_MS = 15 * 60_000  # over which rates are observed
RECENT = 5_000  # rows of a growing table that are looked at, newest first
HAPPENINGS = (
    "pick.short", "order.short", "order.held", "print.changed", "task.opened", "device.changed",
)  # fmt: skip
HAPPENINGS_READ = 60
PARKED_READ = 40
MISTAKES = ("pack.too_many", "pack.goes_alone", "pack.scan_the_label", "label.other_parcel")
WEIGHT_HOLDS = (
    "pack.too_heavy", "pack.too_heavy_of", "pack.too_light", "pack.swapped", "pack.other_box",
    "pack.weight_differs", "pack.over_weight",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """An order that is on its way through the house. `picking`: someone walks for it now."""

    id: int
    code: str
    carrier: str
    state: str
    reason: str
    pieces: int
    priority: int
    accepted_ms: int
    state_ms: int
    picking: bool


@dataclass(frozen=True, slots=True)
class Worker:
    """Someone who is signed on, and the last prompt that their terminal showed."""

    id: int
    name: str
    terminal: str
    dialogue: str
    prompt: Prompt | None
    lines: int  # in the window


@dataclass(frozen=True, slots=True)
class Parked:
    """A webhook that the endpoint called *name* will not take, and why."""

    name: str
    error: str
    at_ms: int
    told: Told


@dataclass(frozen=True, slots=True)
class Redo:
    """What had to be done twice today, and what waits for a person or for the OMS."""

    inspection_errors: int
    reprints: int
    weight_holds: int
    doubtful_prints: tuple[tuple[str, str, str], ...]  # station, state, reason
    parked: tuple[Parked, ...]
    unsent: int  # webhooks that did not arrive yet, those included
    benches: tuple[tuple[str, int], ...] = ()  # terminals with errors or weights, most first


@dataclass(frozen=True, slots=True)
class Rate:
    """Parcels closed within the last *ms*."""

    parcels: int
    ms: int

    @property
    def per_hour(self) -> float:
        return self.parcels * 3_600_000 / self.ms if self.ms else 0.0


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything at one moment."""

    now: int
    zone: ZoneInfo
    calendar: Calendar
    orders: tuple[Order, ...]
    lines: dict[str, int]  # carrier -> order lines that are left
    shipped: int
    pickups: dict[str, list[str]]  # carrier -> HH:MM
    rate: Rate
    missing: dict[int, list[tuple[str, int]]]  # short order -> (sku, eaches)
    to_count: tuple[str, ...]  # shelves that were found empty
    workers: tuple[Worker, ...]
    worked_ms: int  # of the window in which lines were counted
    robots: tuple[Row[Any], ...]
    devices: tuple[Row[Any], ...]
    redo: Redo
    happened: tuple[Told, ...]
    names: Names
    receiving: inbound.Waiting  # deliveries that are being inspected
    to_put_away: tuple[tuple[str, int, int], ...]  # dock, containers, eaches
    blocked: tuple[replenish_board.Blocked, ...]  # orders that wait for the reserve
    refilling: tuple[replenish_board.Refilling, ...]
    stopped: tuple[tuple[str, str], ...] = ()  # boxes that are looked for, and where
    zones: tuple[conveyors.Zone, ...] = ()


class _Answered(Struct):
    prompt: Prompt


def read(tx: Tx, *, now: int) -> Facts:
    """The facts at *now* (UTC milliseconds)."""
    site = calendar.load(tx)
    today = business_day(now, site.zone)
    midnight = int(datetime.combine(today, time(), tzinfo=site.zone).timestamp() * 1000)
    live = _orders(tx, today.isoformat())
    began = _began(tx, midnight)
    window_ms = min(WINDOW_MS, now - began) if began else WINDOW_MS
    happened, redo = _happened(tx, midnight), _redo(tx, midnight)
    return Facts(
        now=now, zone=site.zone, calendar=site, orders=live,
        lines=_lines(tx, today.isoformat()), shipped=_shipped(tx, midnight),
        pickups=_pickups(tx), rate=_rate(tx, now, began), missing=_missing(tx, live),
        to_count=_to_count(tx), workers=_workers(tx, now - window_ms), worked_ms=window_ms,
        robots=_robots(tx), devices=tuple(tx.execute(select(devices).order_by(devices.c.name))),
        redo=redo, happened=happened,
        names=names_in(tx, [*happened, *(parked.told for parked in redo.parked)]),
        receiving=inbound.waiting(tx), to_put_away=tuple(contents.to_put_away(tx)),
        blocked=replenish_board.blocked(tx), refilling=replenish_board.running(tx),
        stopped=put_back.stopped(tx), zones=conveyors.zones(tx, now=now),
    )  # fmt: skip


def recent(table: Table, rows: int = RECENT) -> ColumnElement[bool]:
    """Only the newest *rows* of a table that grows for ever."""
    newest = select(func.coalesce(func.max(table.c.id), 0)).scalar_subquery()
    return table.c.id > newest - rows


def _orders(tx: Tx, today: str) -> tuple[Order, ...]:
    """Today's orders (and older ones that are still here), most urgent first."""
    walked = (
        select(tour_totes.c.order_id)
        .join(tours, tours.c.id == tour_totes.c.tour_id)
        .where(tours.c.state == "claimed", tour_totes.c.order_id.is_not(None))
    )
    totalled = select(tours.c.wave_id).where(tours.c.state == "claimed", tours.c.kind == "total")
    picking = and_(
        orders.c.state == "released",
        or_(orders.c.id.in_(walked), and_(orders.c.one_piece == 1, orders.c.wave_id.in_(totalled))),
    )
    names = ("id", "code", "carrier", "state", "pieces", "priority", "accepted_ms", "state_ms")
    columns = (orders.c[name] for name in names)
    query = (
        select(*columns, orders.c.state_reason.label("reason"), picking.label("picking"))
        .where(orders.c.state.in_(LIVE), or_(orders.c.ship_date <= today, orders.c.state == "held"))
        .order_by(orders.c.priority.desc(), orders.c.accepted_ms, orders.c.id)
    )
    return tuple(Order(**row._mapping) for row in tx.execute(query))


def _lines(tx: Tx, today: str) -> dict[str, int]:
    query = (
        select(orders.c.carrier, func.count().label("lines"))
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .where(orders.c.state.in_(LEFT), orders.c.ship_date <= today)
        .group_by(orders.c.carrier)
    )
    return {row.carrier: row.lines for row in tx.execute(query)}


def _shipped(tx: Tx, midnight: int) -> int:
    """Orders handed over today."""
    gone = (
        select(func.count(distinct(parcels.c.order_id)))
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(recent(parcels), parcels.c.shipped_ms >= midnight, orders.c.state == "shipped")
    )
    return int(tx.execute(gone).scalar_one())


def _pickups(tx: Tx) -> dict[str, list[str]]:
    times: dict[str, list[str]] = {}
    for row in tx.execute(select(pickups).order_by(pickups.c.carrier, pickups.c.at)):
        times.setdefault(row.carrier, []).append(row.at)
    return times


def _began(tx: Tx, midnight: int) -> int | None:
    """When today's work began: with the first wave."""
    query = select(func.min(waves.c.created_ms)).where(recent(waves), waves.c.created_ms > midnight)
    began: int | None = tx.execute(query).scalar_one()
    return began


def _rate(tx: Tx, now: int, began: int | None) -> Rate:
    """Of the last quarter of an hour; when nothing was closed in it, of the whole day."""
    if began is None or began >= now:
        return Rate(0, 0)
    closed = func.count()
    mine = select(closed).where(recent(parcels))
    window_ms = min(WINDOW_MS, now - began)
    lately = tx.execute(mine.where(parcels.c.verified_ms > now - window_ms)).scalar_one()
    if lately:
        return Rate(lately, window_ms)
    return Rate(tx.execute(mine.where(parcels.c.verified_ms >= began)).scalar_one(), now - began)


def _missing(tx: Tx, live: Iterable[Order]) -> dict[int, list[tuple[str, int]]]:
    """What each short order waits for, as its newest events say."""
    short = [order.id for order in live if order.state == "short"]
    aggregates = [f"order:{number}" for number in short[:200]]
    query = (
        select(events)
        .where(events.c.aggregate.in_(aggregates), events.c.kind == "order.short")
        .order_by(events.c.id)
    )
    lacking: dict[int, dict[str, int]] = {number: {} for number in short}
    for row in tx.execute(query) if short else ():
        event: Any = told(row).event
        lacking[event.order_id][event.sku] = event.missing
    return {number: sorted(found.items()) for number, found in lacking.items()}


def _to_count(tx: Tx) -> tuple[str, ...]:
    waiting = tasks.c.state.in_(("open", "claimed")) & (tasks.c.kind == "count")
    return tuple(tx.scalars(select(tasks.c.place).where(waiting).order_by(tasks.c.id)))


def _workers(tx: Tx, since: int) -> tuple[Worker, ...]:
    done = (
        select(moves.c.actor, func.count().label("lines"))
        .where(recent(moves), moves.c.at_ms > since, moves.c.reason.in_(("pick", "pack")))
        .group_by(moves.c.actor)
    )
    lines = {row.actor: row.lines for row in tx.execute(done)}
    newest = select(func.max(scans.c.id)).where(recent(scans)).group_by(scans.c.terminal_id)
    shown = (
        select(scans.c.terminal_id, scans.c.answer).where(scans.c.id.in_(newest)).subquery("shown")
    )
    query = (
        select(people.c.id, people.c.name, terminals.c.id.label("terminal"), sessions.c.dialogue,
               shown.c.answer)
        .join(terminals, terminals.c.person_id == people.c.id)
        .join(sessions, sessions.c.person_id == people.c.id)
        .outerjoin(shown, shown.c.terminal_id == terminals.c.id)
        .order_by(terminals.c.id)
    )  # fmt: skip
    return tuple(
        Worker(
            row.id, row.name, row.terminal, row.dialogue, _prompt(row.answer),
            lines.get(f"person:{row.id}", 0),
        )
        for row in tx.execute(query)
    )  # fmt: skip


def _prompt(answer: str | None) -> Prompt | None:
    return msgspec.json.decode(answer, type=_Answered).prompt if answer else None


def _robots(tx: Tx) -> tuple[Row[Any], ...]:
    """Each robot with its health and the mission that it has in hand."""
    query = (
        select(robots, devices.c.health, devices.c.reason, missions.c.container, missions.c.target)
        .join(devices, devices.c.name == robots.c.device)
        .outerjoin(
            missions,
            (missions.c.robot == robots.c.device)
            & missions.c.state.in_(("assigning", "assigned", "voiding")),
        )
        .order_by(robots.c.device)
    )
    return tuple(tx.execute(query))


def _redo(tx: Tx, midnight: int) -> Redo:
    refused = (
        select(scans.c.code, scans.c.terminal_id, func.count().label("n"))
        .where(recent(scans), scans.c.at_ms >= midnight)
        .where(scans.c.fate == "refused", scans.c.dialogue == "pack", scans.c.code != "scan.locked")
        .group_by(scans.c.code, scans.c.terminal_id)
    )
    by_code: Counter[str] = Counter()
    by_bench: Counter[str] = Counter()
    for row in tx.execute(refused):
        by_code[row.code] += row.n
        if _is_mistake(row.code) or row.code in WEIGHT_HOLDS:
            by_bench[row.terminal_id] += row.n
    weights = sum(by_code[code] for code in WEIGHT_HOLDS)
    mistakes = sum(by_code[code] for code in by_code if _is_mistake(code))
    again = select(func.count()).where(
        recent(print_jobs), print_jobs.c.created_ms >= midnight, print_jobs.c.copy_no > 1
    )
    doubtful = (
        select(print_jobs.c.station, print_jobs.c.state, print_jobs.c.reason)
        .where(print_jobs.c.state.in_(("uncertain", "blocked", "failed")))
        .where(recent(print_jobs), print_jobs.c.created_ms >= midnight)
        .order_by(print_jobs.c.id.desc())
        .limit(40)
    )
    return Redo(
        inspection_errors=mistakes,
        reprints=tx.execute(again).scalar_one(), weight_holds=weights,
        doubtful_prints=tuple(tuple(row) for row in tx.execute(doubtful)),
        parked=_parked(tx), unsent=feeds.lag(tx),
        benches=tuple(sorted(by_bench.items(), key=lambda one: (-one[1], one[0]))),
    )  # fmt: skip


def _is_mistake(code: str) -> bool:
    """Whether a hand held the wrong thing. That a bench has no printer, or an order is stopped, is
    nobody's mistake at the inspection."""
    return code.startswith("pack.wrong_") or code in MISTAKES


def _parked(tx: Tx) -> tuple[Parked, ...]:
    """Webhooks that nobody took, newest first."""
    held = deliveries.c.last_error, deliveries.c.done_ms.label("parked_ms")
    query = (
        select(events, endpoints.c.name, *held)
        .join(deliveries, deliveries.c.event_id == events.c.id)
        .join(endpoints, endpoints.c.id == deliveries.c.endpoint_id)
        .where(endpoints.c.active == 1, deliveries.c.state == "parked")
        .order_by(deliveries.c.done_ms.desc(), deliveries.c.id)
        .limit(PARKED_READ)
    )
    return tuple(
        Parked(row.name, row.last_error, row.parked_ms, told(row)) for row in tx.execute(query)
    )


def _happened(tx: Tx, midnight: int) -> tuple[Told, ...]:
    query = (
        select(events)
        .where(recent(events), events.c.kind.in_(HAPPENINGS), events.c.at_ms >= midnight)
        .order_by(events.c.id.desc())
        .limit(HAPPENINGS_READ)
    )
    return tuple(told(row) for row in tx.execute(query))
