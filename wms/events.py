"""What happened, in the past tense: noun.verbed. Written in the same transaction as the facts.

Every event belongs to an aggregate (`order:12`) and is numbered 1, 2, 3... inside it, so whoever
is told can see that nothing is missing. Readers keep a cursor and read in commit order.
"""

from collections import Counter
from typing import ClassVar, NamedTuple

import msgspec
from msgspec import Struct
from sqlalchemy import Row, insert, select, text, tuple_

from wms.db import Tx, insert_for, insert_once
from wms.schema import cursors, event_seqs, events


class Event(Struct, frozen=True, kw_only=True):
    """The base of all kinds. `about` names the field that identifies the aggregate."""

    kind: ClassVar[str] = ""
    noun: ClassVar[str] = ""
    about: ClassVar[str] = ""
    owner: str = ""

    @property
    def aggregate(self) -> str:
        return f"{self.noun}:{getattr(self, self.about)}"


class OrderEvent(Event, frozen=True, kw_only=True):
    """Anything that the OMS must hear of in the order in which it happened to one order."""

    noun: ClassVar[str] = "order"
    about: ClassVar[str] = "order_id"
    order_id: int
    external_id: str = ""


class OrderAccepted(OrderEvent, frozen=True, kw_only=True):
    """The floor has taken an order; `waits`: its day has not come."""

    kind: ClassVar[str] = "order.accepted"
    ship_date: str
    waits: bool = False


class OrderShort(OrderEvent, frozen=True, kw_only=True):
    """Stock is missing for a line; `missing` in eaches."""

    kind: ClassVar[str] = "order.short"
    line_no: int
    sku: str
    missing: int


class OrderReleased(OrderEvent, frozen=True, kw_only=True):
    """The order became work, in a wave."""

    kind: ClassVar[str] = "order.released"
    wave_id: int


class OrderPicked(OrderEvent, frozen=True, kw_only=True):
    """All its goods are in totes."""

    kind: ClassVar[str] = "order.picked"


class OrderPacked(OrderEvent, frozen=True, kw_only=True):
    """All its goods are in closed parcels."""

    kind: ClassVar[str] = "order.packed"


class OrderShipped(OrderEvent, frozen=True, kw_only=True):
    """All parcels were handed over. `tracking` lists carrier and number of each."""

    kind: ClassVar[str] = "order.shipped"
    tracking: tuple[str, ...]
    carrier: str


class OrderCancelled(OrderEvent, frozen=True, kw_only=True):
    """The order will not be shipped."""

    kind: ClassVar[str] = "order.cancelled"
    reason: str = ""


class OrderHeld(OrderEvent, frozen=True, kw_only=True):
    """Somebody must look at the order before it goes on; `reason` is a code."""

    kind: ClassVar[str] = "order.held"
    reason: str


class ParcelLabelled(OrderEvent, frozen=True, kw_only=True):
    """A label was asked for. The number is not told yet."""

    kind: ClassVar[str] = "parcel.labelled"
    parcel: str
    piece: int


class ParcelInspected(OrderEvent, frozen=True, kw_only=True):
    """The parcel's own label was scanned back on the box: from here on the number may be told."""

    kind: ClassVar[str] = "parcel.inspected"
    parcel: str
    carrier: str
    tracking: str
    piece: int


class ParcelLoaded(OrderEvent, frozen=True, kw_only=True):
    """The parcel is on its carrier's truck."""

    kind: ClassVar[str] = "parcel.loaded"
    parcel: str
    manifest: str


class StockMoved(Event, frozen=True, kw_only=True):
    """One move of the ledger; `qty` in eaches."""

    kind: ClassVar[str] = "stock.moved"
    noun: ClassVar[str] = "item"
    about: ClassVar[str] = "item_id"
    item_id: int
    qty: int
    lot: str
    condition: str
    source: str
    target: str
    reason: str


class PickShort(Event, frozen=True, kw_only=True):
    """The shelf was empty (棚になし): `missing` eaches of what the book said."""

    kind: ClassVar[str] = "pick.short"
    noun: ClassVar[str] = "place"
    about: ClassVar[str] = "place"
    place: str
    item_id: int
    missing: int
    person: str


class WaveReleased(Event, frozen=True, kw_only=True):
    """Orders became work together; `orders` counts them."""

    kind: ClassVar[str] = "wave.released"
    noun: ClassVar[str] = "wave"
    about: ClassVar[str] = "wave_id"
    wave_id: int
    orders: int


class ManifestClosed(Event, frozen=True, kw_only=True):
    """A truck left: `parcels` handed over, `left_behind` wait for the next."""

    kind: ClassVar[str] = "manifest.closed"
    noun: ClassVar[str] = "manifest"
    about: ClassVar[str] = "manifest"
    manifest: str
    parcels: int
    left_behind: int


class MissionChanged(Event, frozen=True, kw_only=True):
    """What became of an attempt to carry a container; `reason` is a code."""

    kind: ClassVar[str] = "mission.changed"
    noun: ClassVar[str] = "mission"
    about: ClassVar[str] = "job"
    job: str
    mission_id: int
    state: str
    robot: str = ""
    reason: str = ""


class DeviceChanged(Event, frozen=True, kw_only=True):
    """A device's health is another than before; said once a change."""

    kind: ClassVar[str] = "device.changed"
    noun: ClassVar[str] = "device"
    about: ClassVar[str] = "device"
    device: str
    health: str
    reason: str


class PrintChanged(Event, frozen=True, kw_only=True):
    """What became of a print job."""

    kind: ClassVar[str] = "print.changed"
    noun: ClassVar[str] = "print_job"
    about: ClassVar[str] = "job_id"
    job_id: int
    state: str
    reason: str = ""


class TaskOpened(Event, frozen=True, kw_only=True):
    """A person is asked for."""

    kind: ClassVar[str] = "task.opened"
    noun: ClassVar[str] = "task"
    about: ClassVar[str] = "task_id"
    task_id: int
    task: str
    place: str


KINDS: dict[str, type[Event]] = {
    cls.kind: cls
    for cls in (
        OrderAccepted, OrderShort, OrderReleased, OrderPicked, OrderPacked,
        OrderShipped, OrderCancelled, OrderHeld, ParcelLabelled, ParcelInspected, ParcelLoaded,
        StockMoved, PickShort, WaveReleased, ManifestClosed, MissionChanged, DeviceChanged,
        PrintChanged, TaskOpened,
    )
}  # fmt: skip


class Cursor(NamedTuple):
    """A place in the stream: commit order, then row."""

    xid: int = 0
    position: int = 0


class Told(NamedTuple):
    """One event read back, with where it stands in the stream and in its aggregate."""

    id: int
    cursor: Cursor
    aggregate: str
    seq: int
    owner: str
    at_ms: int
    event: Event


def emit(tx: Tx, *happened: Event, now: int) -> None:
    """Write events with their dense numbers: one statement for numbers, one for rows."""
    if not happened:
        return
    counts = Counter(event.aggregate for event in happened)
    upto = _reserve(tx, counts)
    taken: Counter[str] = Counter()
    rows = []
    for event in happened:
        name = event.aggregate
        taken[name] += 1
        rows.append({
            "kind": event.kind, "aggregate": name, "owner": event.owner, "at_ms": now,
            "seq": upto[name] - counts[name] + taken[name],
            "body": msgspec.json.encode(event).decode(),
        })  # fmt: skip
    tx.execute(insert(events), rows)


def _reserve(tx: Tx, counts: Counter[str]) -> dict[str, int]:
    """Take the next numbers of each aggregate, locked in name order. Returns the last of each."""
    upto: dict[str, int] = {}
    names = sorted(counts)
    for start in range(0, len(names), 400):  # bound parameters are limited
        chunk = [{"aggregate": name, "seq": counts[name]} for name in names[start : start + 400]]
        statement = insert_for(tx)(event_seqs).values(chunk)
        statement = statement.on_conflict_do_update(
            index_elements=["aggregate"], set_={"seq": event_seqs.c.seq + statement.excluded.seq}
        ).returning(event_seqs.c.aggregate, event_seqs.c.seq)
        upto.update({row.aggregate: row.seq for row in tx.execute(statement)})
    return upto


def horizon(tx: Tx) -> int:
    """Transactions below this number are all finished (PostgreSQL); on SQLite: no limit."""
    if tx.dialect.name == "sqlite":
        return 1
    query = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    return int(tx.execute(query).scalar_one())


def since(
    tx: Tx, cursor: Cursor, limit: int, *, kinds: tuple[str, ...] = (), owner: str = ""
) -> list[Told]:
    """Events after *cursor* in commit order, at most *limit*; only *kinds*, *owner*'s if given."""
    query = (
        select(events)
        .where(tuple_(events.c.xid, events.c.id) > tuple_(cursor.xid, cursor.position))
        .where(events.c.xid < horizon(tx))
        .order_by(events.c.xid, events.c.id)
        .limit(limit)
    )
    if kinds:
        query = query.where(events.c.kind.in_(kinds))
    if owner:
        query = query.where(events.c.owner == owner)
    return [told(row) for row in tx.execute(query)]


def told(row: Row[tuple[object, ...]]) -> Told:
    """A row of `events` as a value."""
    event = msgspec.json.decode(row.body, type=KINDS[row.kind])
    return Told(
        row.id, Cursor(row.xid, row.id), row.aggregate, row.seq, row.owner, row.at_ms, event
    )


def cursor_of(tx: Tx, name: str) -> Cursor:
    """Where the reader *name* stopped."""
    row = tx.execute(select(cursors).where(cursors.c.name == name)).first()
    return Cursor(row.xid, row.position) if row else Cursor()


def advance(tx: Tx, name: str, cursor: Cursor) -> None:
    """Remember, in the same transaction as what was done about them, how far *name* has read."""
    row = {"name": name, "xid": cursor.xid, "position": cursor.position}
    if not insert_once(tx, cursors, row):
        tx.execute(cursors.update().where(cursors.c.name == name).values(row))
