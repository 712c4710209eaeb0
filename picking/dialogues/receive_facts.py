"""What a receiver's next step depends on, read fresh from the book on every input."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, select

from picking import portal
from picking.dialogues.base import Seen, Who
from picking.portal import Decision, Sighting
from wms.db import Tx
from wms.inbound import receiving
from wms.inbound.deliveries import BLIND, OPEN
from wms.inbound.receiving import Last
from wms.inbound.rules import Line
from wms.rooms import gaps
from wms.schema import inbound_lines, inbound_units, inbounds, items, lots, owners

At = Literal[
    "choose", "owner", "blind", "item", "hand", "lot", "expiry", "serial", "sure", "put", "over",
    "why", "bind", "inside", "list", "close", "portal", "locate",
]  # fmt: skip
BIND = "bind_barcode"
OPEN_MAX = 2_000  # deliveries that can be chosen from: those begun, then those expected first


class Hand(Struct, frozen=True, kw_only=True):
    """Goods of one item that are being counted; nothing of it is booked. `qty` in eaches.

    `sure` names the doubts that were confirmed by a second scan; `chosen`: from the list, because
    it has no barcode; `target` is where it is to go once it was said why more came.
    """

    item: int = 0
    qty: int = 0
    lot: str = ""
    expiry: str = ""
    serials: tuple[str, ...] = ()
    why: str = ""
    sure: tuple[str, ...] = ()
    chosen: bool = False
    target: str = ""


class State(Struct, frozen=True, kw_only=True):
    """The delivery and the goods at hand. `page` is of a list; `code` an unknown barcode that is
    to be bound to `binding`; `portal_ms` since when the portal's reads count."""

    at: At = "choose"
    delivery: int = 0
    owner: str = ""
    hand: Hand = Hand()
    page: int = 0
    code: str = ""
    binding: int = 0
    portal_ms: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery that may still be received. `blind`: nobody announced it."""

    id: int
    code: str
    external_id: str
    owner: str
    supplier: str
    blind: bool
    dock: str = ""
    ssccs: frozenset[str] = frozenset()

    @property
    def number(self) -> str:
        """What stands on the paper; goods without papers have the delivery's own code alone."""
        return self.code if self.blind else self.external_id

    def is_meant(self, seen: Seen) -> bool:
        """Whether what was scanned is its code, the owner's own number, or one of its labels."""
        names = {self.code, self.external_id, *self.ssccs}
        return seen.kind not in ("command", "number") and bool(
            names & {seen.code, seen.text, seen.code.upper()}
        )


@dataclass(frozen=True, slots=True)
class Goods:
    """A line of the delivery at hand, and what its item is called."""

    line: Line
    sku: str
    name: str

    @property
    def came(self) -> int:
        return self.line.received + self.line.damaged


@dataclass(frozen=True, slots=True)
class Item:
    """The item in the hand, and how it is kept."""

    id: int
    owner: str
    sku: str
    name: str
    picture: str = ""
    lot_tracked: bool = False
    expiry_tracked: bool = False
    serial_tracked: bool = False
    relabel: bool = False
    shelf_days_in: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """`lot_expiry` is what the book knows of the lot in the hand; `older` the expiry of what is
    here already, if the goods in the hand would expire before it (期限逆転)."""

    today: str
    now: int
    person: int
    deliveries: tuple[Delivery, ...] = ()
    owners: tuple[str, ...] = ()
    lines: tuple[Goods, ...] = ()
    item: Item | None = None
    lot_expiry: str = ""
    known_lots: frozenset[str] = frozenset()  # of the item, while its lot is asked for
    older: str = ""
    last: Last | None = None
    last_item: Item | None = None
    may_blind: bool = False
    may_bind: bool = False
    station: str = ""  # where labels are printed, "" = nowhere
    place: str = ""  # of the station
    reader: str = ""
    portal: Decision | None = None
    blind: str = ""  # from when to when the reader was away
    sightings: tuple[Sighting, ...] = ()

    def delivery(self, state: State) -> Delivery | None:
        """The delivery at hand, while it is open."""
        return next((one for one in self.deliveries if one.id == state.delivery), None)

    def room(self, item: int) -> int:
        """How many of *item* are still announced."""
        return sum(one.line.room for one in self.lines if one.line.item == item)

    def is_announced(self, item: int) -> bool:
        """Whether the delivery has a line of *item*."""
        return any(one.line.item == item for one in self.lines)

    @property
    def missing(self) -> tuple[Goods, ...]:
        """Lines of which something is still to come."""
        return tuple(one for one in self.lines if one.line.room)


def load(tx: Tx, state: State, who: Who) -> Facts:
    """The facts for the delivery and the goods at hand."""
    station = who.station if who.station is not None and who.station.kind == "receive" else None
    reader = station.reader if station else ""
    deliveries = _deliveries(tx, state, who)
    at = next((one for one in deliveries if one.id == state.delivery), None)
    hand = state.hand
    last = receiving.last_receipt(tx, who.actor, at.id) if at else None
    looks = at is not None and reader and state.at in ("portal", "locate")
    decision = None
    if looks and at is not None:
        decision = portal.look(
            tx, delivery=at.id, reader=reader, since_ms=state.portal_ms, now=who.now
        )
    expiry = _lot_expiry(tx, hand)
    item = _item(tx, hand.item or state.binding)
    return Facts(
        today=who.today, now=who.now, person=who.person.id, deliveries=deliveries,
        owners=_owners(tx, who) if state.at in ("choose", "owner") else (),
        lines=_lines(tx, at.id) if at else (), item=item, lot_expiry=expiry,
        known_lots=_known_lots(tx, item, hand),
        older=receiving.older_than_here(tx, hand.item, hand.expiry or expiry),
        last=last, last_item=_item(tx, last.item) if last else None,
        may_blind=BLIND in who.person.permissions,
        may_bind=at is not None and who.may_touch(BIND, at.owner),
        station=station.code if station and station.printer else "",
        place=station.place if station else "", reader=reader, portal=decision,
        blind=gaps.span(decision.blind, who.zone, since_ms=state.portal_ms) if decision else "",
        sightings=portal.locate(tx, decision) if decision and state.at == "locate" else (),
    )  # fmt: skip


def _deliveries(tx: Tx, state: State, who: Who) -> tuple[Delivery, ...]:
    """The delivery at hand alone; all open ones where one is chosen, those begun first."""
    chosen: ColumnElement[bool] = inbounds.c.state.in_(OPEN)
    if state.at not in ("choose", "owner", "blind"):
        chosen &= inbounds.c.id == state.delivery
    query = (
        select(inbounds)
        .where(chosen)
        .order_by(
            inbounds.c.state != "receiving", inbounds.c.expected_date == "",
            inbounds.c.expected_date, inbounds.c.id,
        )
        .limit(OPEN_MAX)
    )  # fmt: skip
    rows = [row for row in tx.execute(query) if who.may_touch("receive", row.owner)]
    labels: dict[int, set[str]] = {}
    units = select(inbound_units.c.inbound_id, inbound_units.c.code).where(
        inbound_units.c.inbound_id.in_([row.id for row in rows]), inbound_units.c.kind == "sscc"
    )
    for unit in tx.execute(units):
        labels.setdefault(unit.inbound_id, set()).add(unit.code)
    return tuple(
        Delivery(
            row.id, row.code, row.external_id, row.owner, row.supplier, row.kind == "blind",
            row.dock, frozenset(labels.get(row.id, ())),
        )
        for row in rows
    )  # fmt: skip


def _owners(tx: Tx, who: Who) -> tuple[str, ...]:
    """Owners whose goods this person may take in without papers."""
    codes: Sequence[str] = tx.execute(select(owners.c.code).order_by(owners.c.code)).scalars().all()
    return tuple(code for code in codes if who.may_touch(BLIND, code))


def _lines(tx: Tx, delivery: int) -> tuple[Goods, ...]:
    query = (
        select(inbound_lines, items.c.sku, items.c.name)
        .join(items, items.c.id == inbound_lines.c.item_id)
        .where(inbound_lines.c.inbound_id == delivery)
        .order_by(inbound_lines.c.line_no)
    )
    return tuple(
        Goods(
            Line(row.id, row.line_no, row.item_id, row.qty, row.lot, row.expiry, row.received,
                 row.damaged),
            row.sku, row.name,
        )
        for row in tx.execute(query)
    )  # fmt: skip


def _item(tx: Tx, item: int) -> Item | None:
    if not item:
        return None
    row: Row[Any] | None = tx.execute(select(items).where(items.c.id == item)).first()
    if row is None:
        return None
    return Item(
        row.id, row.owner, row.sku, row.name, row.picture, bool(row.lot_tracked),
        bool(row.expiry_tracked), bool(row.serial_tracked), bool(row.relabel), row.shelf_days_in,
    )  # fmt: skip


def _known_lots(tx: Tx, item: Item | None, hand: Hand) -> frozenset[str]:
    """Every lot of the item, as it is written in the book and in what was announced."""
    if item is None or not item.lot_tracked or hand.lot:
        return frozenset()
    announced = select(inbound_lines.c.lot).where(inbound_lines.c.item_id == item.id)
    query = select(lots.c.lot).where(lots.c.item_id == item.id).union(announced)
    return frozenset(tx.execute(query).scalars())


def _lot_expiry(tx: Tx, hand: Hand) -> str:
    """What the book knows of the lot; a lot without a number is its expiry."""
    if not (hand.item and hand.lot):
        return ""
    here = (lots.c.item_id == hand.item) & (lots.c.lot == hand.lot)
    found: str | None = tx.execute(select(lots.c.expiry).where(here)).scalar()
    return found or ""
