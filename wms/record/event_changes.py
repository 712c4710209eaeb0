"""Events of orders that changed their mind, and of value-added work."""

from typing import ClassVar

from wms.record.event_base import Event, OrderEvent


class OrderContinued(OrderEvent, frozen=True, kw_only=True):
    """A hold was released: the order goes on from `state`."""

    kind: ClassVar[str] = "order.continued"
    state: str


class OrderChanged(OrderEvent, frozen=True, kw_only=True):
    """The OMS changed the order; `fields` names what is another than before, never its content."""

    kind: ClassVar[str] = "order.changed"
    fields: tuple[str, ...]


class OrderMerged(OrderEvent, frozen=True, kw_only=True):
    """By its owner's rule the order leaves as a part of another one (同梱): `into` is its external
    id. This one is over, and that one's events tell the rest."""

    kind: ClassVar[str] = "order.merged"
    into: str


class OrderChangeRefused(OrderEvent, frozen=True, kw_only=True):
    """A change came too late; `reason` is a code."""

    kind: ClassVar[str] = "order.change_refused"
    reason: str


class OrderCancelRefused(OrderEvent, frozen=True, kw_only=True):
    """A cancel came too late: `stage` is where the goods were, `returning` the return that awaits
    what was sent ("" for none)."""

    kind: ClassVar[str] = "order.cancel_refused"
    stage: str
    returning: str = ""


class ParcelVoided(OrderEvent, frozen=True, kw_only=True):
    """The box was opened again. `tracking` is void; "" if it was never told."""

    kind: ClassVar[str] = "parcel.voided"
    parcel: str
    piece: int
    tracking: str = ""


class WorkChanged(Event, frozen=True, kw_only=True):
    """Value-added work went on: `work` is its kind, `done` how many are made by now."""

    kind: ClassVar[str] = "work.changed"
    noun: ClassVar[str] = "work"
    about: ClassVar[str] = "work_id"
    work_id: int
    external_id: str
    work: str
    state: str
    done: int


class LotHeld(Event, frozen=True, kw_only=True):
    """A recall: nothing of the lot leaves. `reason` is for people."""

    kind: ClassVar[str] = "lot.held"
    noun: ClassVar[str] = "item"
    about: ClassVar[str] = "item_id"
    item_id: int
    sku: str
    lot: str
    reason: str = ""


class LotReleased(Event, frozen=True, kw_only=True):
    """A held lot may leave again."""

    kind: ClassVar[str] = "lot.released"
    noun: ClassVar[str] = "item"
    about: ClassVar[str] = "item_id"
    item_id: int
    sku: str
    lot: str


class TagCommissioned(Event, frozen=True, kw_only=True):
    """An RFID tag was written for one piece, and read back."""

    kind: ClassVar[str] = "tag.commissioned"
    noun: ClassVar[str] = "item"
    about: ClassVar[str] = "item_id"
    item_id: int
    sku: str
    epc: str
    gtin: str
    serial: str


CHANGES = (
    OrderContinued, OrderChanged, OrderMerged, OrderChangeRefused, OrderCancelRefused, ParcelVoided,
    WorkChanged, LotHeld, LotReleased, TagCommissioned,
)  # fmt: skip
