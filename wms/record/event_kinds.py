"""The kinds of events: what happened, in the past tense, noun.verbed.

Every event belongs to an aggregate (`order:12`); `wms.record.events` numbers them inside it.
"""

from typing import ClassVar

from msgspec import Struct

from wms.record.event_base import Event as Event
from wms.record.event_base import OrderEvent as OrderEvent
from wms.record.event_changes import CHANGES


class OrderAccepted(OrderEvent, frozen=True, kw_only=True):
    """The floor has taken an order; `waits`: its day has not come; `later`: the first day that its
    goods, which may not fly, can be there ("" where what was asked for holds)."""

    kind: ClassVar[str] = "order.accepted"
    ship_date: str
    waits: bool = False
    later: str = ""


class OrderShort(OrderEvent, frozen=True, kw_only=True):
    """Stock is missing for a line; `missing` in eaches, of which the reserve brings `coming`."""

    kind: ClassVar[str] = "order.short"
    line_no: int
    sku: str
    missing: int
    coming: int = 0


class OrderShortened(OrderEvent, frozen=True, kw_only=True):
    """Of a line `cancelled` eaches are not to be had, and the order goes on without them."""

    kind: ClassVar[str] = "order.shortened"
    line_no: int
    sku: str
    cancelled: int


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
    """The order will not be shipped; `stage` is where its goods were. `returning`: the return under
    which goods that came back once, and were to go out again, are decided anew."""

    kind: ClassVar[str] = "order.cancelled"
    reason: str = ""
    stage: str = ""
    returning: str = ""


class OrderHeld(OrderEvent, frozen=True, kw_only=True):
    """Somebody must look at the order before it goes on; `reason` is a code."""

    kind: ClassVar[str] = "order.held"
    reason: str


class ServiceChanged(OrderEvent, frozen=True, kw_only=True):
    """The goods go by another service than was ordered; `cost` more, in minor units.

    `void`: numbers that were issued for the old one and never told; their labels are void.
    """

    kind: ClassVar[str] = "order.service_changed"
    service: str
    was: str
    cost: int
    void: tuple[str, ...] = ()


class ParcelLabelled(OrderEvent, frozen=True, kw_only=True):
    """A label was asked for. The number is not told yet."""

    kind: ClassVar[str] = "parcel.labelled"
    parcel: str
    piece: int


class ParcelInspected(OrderEvent, frozen=True, kw_only=True):
    """The parcel's own label was scanned back on the box: from here on the number may be told.

    `tracking` is "" for a shop that hears of it at the hand-over: `order.shipped` has it.
    """

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


class InboundEvent(Event, frozen=True, kw_only=True):
    """What became of a delivery that the owner announced (or that came without papers)."""

    noun: ClassVar[str] = "inbound"
    about: ClassVar[str] = "inbound_id"
    inbound_id: int
    external_id: str
    code: str


class InboundAnnounced(InboundEvent, frozen=True, kw_only=True):
    """The site awaits a delivery: `lines` of `qty` eaches together."""

    kind: ClassVar[str] = "inbound.announced"
    lines: int
    qty: int
    expected_date: str


class InboundDifference(Struct, frozen=True, kw_only=True):
    """A line of which not exactly what was announced came sound. Numbers in eaches."""

    line_no: int
    sku: str
    announced: int
    received: int
    damaged: int
    reason: str


class InboundReceived(InboundEvent, frozen=True, kw_only=True):
    """All of a delivery that came was counted; `received` are sound, in eaches."""

    kind: ClassVar[str] = "inbound.received"
    received: int
    damaged: int
    differences: tuple[InboundDifference, ...]


class InboundCancelled(InboundEvent, frozen=True, kw_only=True):
    """The delivery will not come."""

    kind: ClassVar[str] = "inbound.cancelled"
    reason: str


class ReturnEvent(Event, frozen=True, kw_only=True):
    """What became of goods that come back. `order` is the external id of what was sent, or ""."""

    noun: ClassVar[str] = "return"
    about: ClassVar[str] = "return_id"
    return_id: int
    external_id: str
    code: str
    order: str = ""


class ReturnAnnounced(ReturnEvent, frozen=True, kw_only=True):
    """The site awaits a return; `purpose` is return, exchange or repair; `qty` in eaches."""

    kind: ClassVar[str] = "return.announced"
    purpose: str
    qty: int


class ReturnArrived(ReturnEvent, frozen=True, kw_only=True):
    """A box came back; `purpose` may be undelivered, or unknown."""

    kind: ClassVar[str] = "return.arrived"
    purpose: str
    parcel: str = ""


class ReturnGraded(ReturnEvent, frozen=True, kw_only=True):
    """The refund notice: `qty` eaches were looked at. `refund` is what the owner's rule says,
    `approved_by` who else said yes to a disposal (person:7)."""

    kind: ClassVar[str] = "return.graded"
    unit_id: int
    sku: str
    qty: int
    lot: str
    serial: str
    grade: str
    disposition: str
    refund: bool
    approved_by: str = ""


class ReturnUngraded(ReturnEvent, frozen=True, kw_only=True):
    """That was a slip of the hand: what was told of `unit_id` counts no more."""

    kind: ClassVar[str] = "return.ungraded"
    unit_id: int
    sku: str
    qty: int


class ReturnTotal(Struct, frozen=True, kw_only=True):
    """Eaches of one SKU with one fate."""

    sku: str
    grade: str
    disposition: str
    refund: bool
    qty: int


class ReturnClosed(ReturnEvent, frozen=True, kw_only=True):
    """All of a return was looked at. `following`: the order that sends the replacement or the
    repaired goods, by its external id."""

    kind: ClassVar[str] = "return.closed"
    purpose: str
    totals: tuple[ReturnTotal, ...]
    following: str = ""


class ReturnDecided(ReturnEvent, frozen=True, kw_only=True):
    """The owner said what becomes of an undelivered parcel."""

    kind: ClassVar[str] = "return.decided"
    decision: str
    following: str = ""


class ReturnCancelled(ReturnEvent, frozen=True, kw_only=True):
    """An announced return will not come."""

    kind: ClassVar[str] = "return.cancelled"


class CountSettled(Event, frozen=True, kw_only=True):
    """A place was counted: so many eaches were `found` that the book did not have, or `lost`."""

    kind: ClassVar[str] = "count.settled"
    noun: ClassVar[str] = "count"
    about: ClassVar[str] = "count_id"
    count_id: int
    place: str
    rounds: int
    found: int
    lost: int


KINDS: dict[str, type[Event]] = {
    cls.kind: cls
    for cls in (
        OrderAccepted, OrderShort, OrderShortened, OrderReleased, OrderPicked, OrderPacked,
        *CHANGES,
        ServiceChanged,
        OrderShipped, OrderCancelled, OrderHeld, ParcelLabelled, ParcelInspected, ParcelLoaded,
        StockMoved, PickShort, WaveReleased, ManifestClosed, MissionChanged, DeviceChanged,
        PrintChanged, TaskOpened,
        InboundAnnounced, InboundReceived, InboundCancelled,
        ReturnAnnounced, ReturnArrived, ReturnGraded, ReturnUngraded, ReturnClosed, ReturnDecided,
        ReturnCancelled, CountSettled,
    )
}  # fmt: skip
