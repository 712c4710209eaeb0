"""A delivery by hand for the table of receiving: its lines, its goods, and what is in the hand."""

from dataclasses import replace
from typing import Any

from msgspec.structs import replace as changed

from picking.dialogues.base import ItemSeen, Seen
from picking.dialogues.receive import RECEIVE
from picking.dialogues.receive_facts import Delivery, Facts, Goods, Hand, Item, State
from tests.dialogue_table import Move, key, move
from tests.picking_site import NOON, TODAY
from wms.inbound.receiving import Last
from wms.inbound.rules import Line

SOAP, MILK, PILL, RADIO, LOOSE, HAT = 1, 2, 3, 4, 5, 6
NAMES = {SOAP: "SOAP", MILK: "MILK", PILL: "PILL", RADIO: "RADIO", LOOSE: "LOOSE", HAT: "HAT"}
KEPT: dict[int, dict[str, Any]] = {
    MILK: {"expiry_tracked": True, "shelf_days_in": 30},
    PILL: {"lot_tracked": True, "expiry_tracked": True}, RADIO: {"serial_tracked": True},
}  # fmt: skip
LABEL = "106141412345678908"
FIRST = Delivery(7, "IN0000007", "ASN-7", "acme", "Soap Works", False, ssccs=frozenset({LABEL}))
SECOND = Delivery(8, "IN0000008", "ASN-8", "acme", "", False)
BLIND = Delivery(9, "IN0000009", "blind:21:x", "acme", "", True)


def item(number: int) -> Item:
    name = NAMES[number]
    return Item(number, "acme", name, name.title(), **KEPT.get(number, {}))


LINES = tuple(
    Goods(Line(number, number, number, 10, received=2), NAMES[number], NAMES[number].title())
    for number in (SOAP, MILK, PILL, RADIO, LOOSE)
)
BASE = Facts(
    TODAY, NOON, 21, deliveries=(FIRST,), lines=LINES, may_bind=True, may_blind=True,
    station="RECV-1", place="DOCK", reader="gate-1",
)  # fmt: skip
CHOOSE = replace(BASE, deliveries=(FIRST, SECOND), lines=(), owners=("acme",))
ITEM = State(at="item", delivery=7)
LAST = Last("k", 7, SOAP, 5, "PL-1", "", "available")


def holding(number: int, **more: Any) -> Facts:
    """The facts while an item is in the hand."""
    return replace(BASE, item=item(number), **more)


def hand(number: int, at: str = "hand", **more: Any) -> State:
    """The state while some of an item is in the hand."""
    return changed(ITEM, at=at, hand=Hand(item=number, **{"qty": 1, **more}))


def goods(number: int, *, qty: int = 1, owner: str = "acme", **more: Any) -> Seen:
    """A barcode of an item."""
    meaning = ItemSeen(number, owner, NAMES[number], NAMES[number].title(), qty)
    return Seen("item", "490", code="490", items=(meaning,), **more)


def receive(state: State, seen: Seen, facts: Facts = BASE, then: Facts | None = None) -> Move:
    return move(RECEIVE, state, seen, facts, then)


def keyed(digits: str) -> Seen:
    """Digits as the floor gives them: up to five are a number, more are a code."""
    if len(digits) <= 5:
        return replace(key(digits), keyed=True)
    return Seen("unknown", digits, code=digits, keyed=True)
