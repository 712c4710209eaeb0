"""The kinds of events: what happened, in the past tense, noun.verbed.

Every event belongs to an aggregate (`order:12`); `wms.events` numbers them inside it.
"""

from typing import ClassVar

from msgspec import Struct


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
