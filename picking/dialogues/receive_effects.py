"""What a receiver's step does to the book, in the transaction of its scan."""

from dataclasses import dataclass

from picking.dialogues.base import Say, Severity, Who
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.inbound import deliveries, lpn, receiving
from wms.inbound.receiving import Condition, Last, Receipt
from wms.inbound.rules import Freshness
from wms.inbound.tagged import receive_tags
from wms.people import staff

PALLET = "pallet"


@dataclass(frozen=True, slots=True)
class Blind:
    """Goods of *owner* are here, and nobody announced them."""

    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The goods in the hand are set down."""

    delivery: int
    item: int
    qty: int
    place: str
    lot: str
    expiry: str
    serials: tuple[str, ...]
    condition: Condition
    why: str
    over: str
    extra: bool
    relabel: bool


@dataclass(frozen=True, slots=True)
class Undo:
    """The last line goes back."""

    last: Last


@dataclass(frozen=True, slots=True)
class NewPallet:
    """A container gets its label."""

    delivery: int


@dataclass(frozen=True, slots=True)
class LabelAgain:
    """Its label once more."""

    container: str


@dataclass(frozen=True, slots=True)
class Bind:
    """This barcode means *qty* pieces of the item from now on."""

    delivery: int
    item: int
    barcode: str
    qty: int


@dataclass(frozen=True, slots=True)
class AcceptTags:
    """All these tags (line, EPC) are received at *place*."""

    delivery: int
    tags: tuple[tuple[int, str], ...]
    place: str


@dataclass(frozen=True, slots=True)
class CloseOut:
    """Nothing more comes; *reason* of what is missing."""

    delivery: int
    reason: str


def condition_of(why: str, fresh: Freshness) -> Condition:
    """In which condition goods are booked: damaged before anything else.

    What is too old to be sold is `expired`; what has too short a life is in quarantine until its
    owner has said what to do.
    """
    if why:
        return "damaged"
    if fresh:
        return "expired" if fresh == "expired" else "quarantine"
    return "available"


def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Carry out one effect in the open transaction."""
    match effect:
        case Blind():
            deliveries.blind(
                tx, owner=effect.owner, person=who.person.id, now=who.now,
                key=f"{who.person.id}:{who.key}",
            )  # fmt: skip
            return Say("receive.blind_open", params={"owner": effect.owner})
        case Book():
            return _book(tx, effect, who)
        case Undo():
            staff.must(tx, who.person.id, "receive", _owner(tx, effect.last.inbound))
            receiving.undo(tx, effect.last, key=who.key, actor=who.actor, now=who.now)
            return Say("receive.undone", "attention", params={"count": effect.last.qty})
        case NewPallet():
            if not _printing(who):
                raise Rejected(Code.STATION_NO_PRINTER, station=who.terminal, key="printer")
            code = lpn.new_pallet(
                tx, delivery=effect.delivery, station=_printing(who), kind=PALLET, key=who.key,
                now=who.now,
            )  # fmt: skip
            return Say("receive.label_comes", params={"sscc": code})
        case LabelAgain():
            if not _printing(who):
                raise Rejected(Code.STATION_NO_PRINTER, station=who.terminal, key="printer")
            lpn.reprint(
                tx, container=effect.container, station=_printing(who), now=who.now
            )  # fmt: skip
            return Say("receive.label_comes", params={"sscc": effect.container})
        case Bind():
            staff.must(tx, who.person.id, "bind_barcode", _owner(tx, effect.delivery))
            lpn.bind(tx, item=effect.item, barcode=effect.barcode, qty=effect.qty)
            return Say("receive.bound", params={"barcode": effect.barcode, "count": effect.qty})
        case AcceptTags():
            return _accept(tx, effect, who)
        case CloseOut():
            return _close_out(tx, effect, who)
        case _:
            raise AssertionError(effect)


def _book(tx: Tx, effect: Book, who: Who) -> Say:
    staff.must(tx, who.person.id, "receive", _owner(tx, effect.delivery))
    deliveries.begin(tx, effect.delivery, now=who.now, dock=_dock(who))
    lpn.ensure(tx, code=effect.place, delivery=effect.delivery, kind=PALLET)
    what = Receipt(
        inbound=effect.delivery, item=effect.item, qty=effect.qty, place=effect.place,
        lot=effect.lot, expiry=effect.expiry, serials=effect.serials, condition=effect.condition,
        why=effect.why, over=effect.over, extra=effect.extra,
    )  # fmt: skip
    receiving.receive(
        tx, what, key=who.key, actor=who.actor, today=who.today, now=who.now
    )  # fmt: skip
    printed = effect.relabel and bool(_printing(who))
    if printed:
        lpn.label_items(
            tx, item=effect.item, qty=effect.qty, lot=effect.lot, expiry=effect.expiry,
            station=_printing(who), key=who.key, now=who.now,
        )  # fmt: skip
    params: dict[str, str | int] = {"count": effect.qty, "place": effect.place}
    if effect.relabel:
        code = "receive.relabel_comes" if printed else "receive.relabel_later"
        return Say(code, "ok" if printed else "attention", params=params)
    severity: Severity = "ok" if effect.condition == "available" else "attention"
    code = "receive.booked" if effect.condition == "available" else "receive.set_aside"
    return Say(code, severity, params=params)


def _accept(tx: Tx, effect: AcceptTags, who: Who) -> Say:
    staff.must(tx, who.person.id, "receive", _owner(tx, effect.delivery))
    count = receive_tags(
        tx, delivery=effect.delivery, tags=effect.tags, place=effect.place, key=who.key,
        actor=who.actor, today=who.today, now=who.now,
    )  # fmt: skip
    return Say("receive.booked", params={"count": count, "place": effect.place})


def _close_out(tx: Tx, effect: CloseOut, who: Who) -> Say:
    staff.must(tx, who.person.id, "receive", _owner(tx, effect.delivery))
    found = deliveries.close(tx, effect.delivery, now=who.now, reason=effect.reason)
    severity: Severity = "attention" if found else "ok"
    return Say("receive.closed", severity, params={"count": len(found)})


def _owner(tx: Tx, delivery: int) -> str:
    return str(deliveries.get(tx, delivery).owner)


def _printing(who: Who) -> str:
    """The station whose printer is at hand; "" where there is none."""
    return who.station.code if who.station is not None and who.station.printer else ""


def _dock(who: Who) -> str:
    """Where the delivery stands, if the terminal does: at a station for receiving."""
    return who.station.place if who.station is not None and who.station.kind == "receive" else ""
