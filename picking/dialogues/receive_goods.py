"""The part of receiving that is about the goods in the hand: what must be known, how many, where.

Nothing of the hand is booked before a pallet or a place of the dock was scanned. Pure.
"""

from collections.abc import Sequence
from typing import TypeVar

from msgspec.structs import replace

from picking.dialogues.base import ItemSeen, Say, Seen, Step, not_now, unexpected, wrong
from picking.dialogues.receive_effects import Bind, Book, NewPallet, condition_of
from picking.dialogues.receive_facts import At, Facts, Hand, Item, State
from wms.inbound.deliveries import DAMAGE_REASONS, OVER_REASONS
from wms.inbound.lpn import is_sscc
from wms.inbound.rules import earliest, freshness, is_plausible, keyed_date

PAGE = 4  # rows a page of digits
TURN = 9
KEYED_ABOVE = 5  # few pieces are counted by scanning them
CODE_MAX = 40  # characters of a lot or a serial number
PIECES_MAX = 10_000  # in one scan of a case
HAND_MAX = 1_000_000  # in one hand: more is a slip of the finger or a broken code
# What a second scan must confirm: nobody announced it, it is too old for the shelf or to be sold at
# all, or older than what is here.
DOUBTS = ("extra", "expired", "short_life", "older")
T = TypeVar("T")


def page_of(rows: Sequence[T], page: int) -> Sequence[T]:
    """The rows that have a digit now."""
    pages = -(-len(rows) // PAGE) or 1
    at = page % pages * PAGE
    return rows[at : at + PAGE]


def turned(state: State, seen: Seen, count: int) -> State | None:
    """The next page, when that was asked for and there is one."""
    if seen.digit == TURN and count > PAGE:
        return replace(state, page=(state.page + 1) % -(-count // PAGE))
    return None


def can_repeat(facts: Facts) -> bool:
    """Whether the last line can come once more: sound, and of pieces without numbers."""
    item, last = facts.last_item, facts.last
    return (
        item is not None and last is not None and not item.serial_tracked
        and last.condition == "available"
    )  # fmt: skip


def date_of(hand: Hand, facts: Facts) -> str:
    """When the goods in the hand expire; "" while that is not known."""
    return hand.expiry or facts.lot_expiry


def doubt(hand: Hand, facts: Facts) -> str:
    """What is odd about the goods in the hand and was not confirmed yet; "" when nothing is."""
    assert facts.item is not None, "only known goods are in the hand"
    expiry = date_of(hand, facts)
    fresh = freshness(expiry, facts.today, facts.item.shelf_days_in)
    odd = (*(("older",) if facts.older else ()), *((fresh,) if fresh else ()))
    return next((name for name in DOUBTS if name in odd and name not in hand.sure), "")


def question(hand: Hand, facts: Facts) -> At:
    """What must be known next of the goods in the hand."""
    item = facts.item
    if item is None:
        return "item"
    blind = any(one.blind for one in facts.deliveries)
    if not blind and not facts.is_announced(item.id) and "extra" not in hand.sure:
        return "sure"
    if item.lot_tracked and not hand.lot:
        return "lot"
    if item.expiry_tracked and not date_of(hand, facts):
        return "expiry"
    if item.expiry_tracked and doubt(hand, facts):
        return "sure"
    if item.serial_tracked and len(hand.serials) < hand.qty:
        return "serial"
    return "put"


def current_doubt(hand: Hand, facts: Facts) -> str:
    """The doubt that the screen asks about: an item that nobody announced comes first."""
    assert facts.item is not None, "only known goods are in the hand"
    blind = any(one.blind for one in facts.deliveries)
    if not blind and not facts.is_announced(facts.item.id) and "extra" not in hand.sure:
        return "extra"
    return doubt(hand, facts)


def pieces(item: ItemSeen, seen: Seen) -> int:
    """Eaches of one scan: a case counts as what is in it, times what GS1 says of how many."""
    return item.qty * max(1, seen.count)


def first(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """The first piece of an item. The same JAN under several owners is the delivery's owner's."""
    delivery = facts.delivery(state)
    assert delivery is not None, "arrive() leaves a delivery that is closed"
    mine = [item for item in seen.items if item.owner == delivery.owner]
    announced = [item for item in mine if facts.is_announced(item.id)]
    meant = announced or mine
    if not mine:
        owner = seen.items[0].owner
        return Step(state, say=wrong(
            "receive.other_owner", expected=delivery.owner, scanned=f"{seen.name} ({owner})"
        ))  # fmt: skip
    if len(meant) > 1:
        names = ", ".join(item.sku for item in meant)
        return Step(state, say=wrong("scan.ambiguous", expected=names, scanned=seen.text))
    if pieces(meant[0], seen) > HAND_MAX:
        return Step(state, say=_too_many(pieces(meant[0], seen)))
    expiry = seen.expiry if seen.expiry and is_plausible(seen.expiry, facts.today) else ""
    hand = Hand(
        item=meant[0].id, qty=pieces(meant[0], seen), lot=seen.lot, expiry=expiry,
        serials=(seen.serial,) if seen.serial else (),
    )  # fmt: skip
    return Step(replace(state, at="hand", hand=hand))


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """What one input means for the goods in the hand, or for the barcode that is to be bound."""
    if state.at in ("bind", "inside"):
        return (_bind if state.at == "bind" else _inside)(state, seen, facts)
    item = facts.item
    assert item is not None, "arrive() asks for goods where there are none"
    if state.at in ("over", "why"):
        return (_over if state.at == "over" else _why)(state, seen, facts)
    if seen.is_command("back", "undo"):
        return Step(emptied(state), say=Say("receive.emptied"))
    if state.at == "put":
        return _put(state, seen, facts, item)
    if seen.kind == "command" and not (state.at == "sure" and seen.digit):
        return Step(state, say=not_now(seen))
    if state.at == "sure":
        return _sure(state, seen, facts, item)
    if state.at == "expiry":
        return _expiry(state, seen, facts)
    if state.at == "lot":
        return _lot(state, seen, facts, item)
    return _serial(state, seen, item)


def _too_many(qty: int) -> Say:
    return wrong("scan.too_many", expected=f"{HAND_MAX}", scanned=f"{qty}")


def emptied(state: State) -> State:
    """Nothing is in the hand."""
    return State(at="item", delivery=state.delivery)


def _with(state: State, hand: Hand) -> State:
    return replace(state, at="hand", hand=hand)


def _lot(state: State, seen: Seen, facts: Facts, item: Item) -> Step[State]:
    """A lot's own label, a GS1 code that says it, or what was keyed; never the item's barcode."""
    read = seen.lot or (seen.code if seen.kind not in ("item", "place", "tote") else "")
    if not read and seen.kind in ("unknown", "number"):
        read = seen.text
    if not read or len(read) > CODE_MAX:
        return Step(state, say=wrong("receive.no_lot", expected=item.sku, scanned=seen.name))
    lot = _as_known(read, facts.known_lots) if seen.keyed else read
    expiry = seen.expiry or state.hand.expiry
    return Step(_with(state, replace(state.hand, lot=lot, expiry=expiry)))


def _as_known(keyed: str, known: frozenset[str]) -> str:
    """A lot that was keyed in other capitals is the lot that is known: two names for one lot
    would hide half of it from a recall."""
    same = [lot for lot in known if lot.casefold() == keyed.casefold()]
    return same[0] if len(same) == 1 else keyed


def _expiry(state: State, seen: Seen, facts: Facts) -> Step[State]:
    read = seen.expiry or keyed_date(seen.text) or ""
    if not read:
        return Step(state, say=wrong("receive.no_date", expected="DATE", scanned=seen.text))
    if not is_plausible(read, facts.today):
        first_day = earliest(facts.today, facts.item.shelf_days_in if facts.item else 0)
        return Step(state, say=wrong("receive.odd_date", expected=first_day, scanned=read))
    return Step(_with(state, replace(state.hand, expiry=read)))


def _serial(state: State, seen: Seen, item: Item) -> Step[State]:
    read = seen.serial or (seen.code if seen.kind not in ("item", "place", "tote") else "")
    if not read or len(read) > CODE_MAX:
        return Step(state, say=wrong("receive.no_serial", expected=item.sku, scanned=seen.name))
    if read in state.hand.serials:
        expected = f"{len(state.hand.serials)}/{state.hand.qty}"
        return Step(state, say=wrong("receive.serial_twice", expected=expected, scanned=read))
    return Step(_with(state, replace(state.hand, serials=(*state.hand.serials, read))))


def _sure(state: State, seen: Seen, facts: Facts, item: Item) -> Step[State]:
    """Confirmed by the same item once more, on purpose; what has no barcode, by `1`."""
    same = seen.item(item.id) is not None
    if same and not seen.deliberate:
        return Step(state, say=Say("scan.too_soon", "attention", scanned=seen.text))
    if same or (state.hand.chosen and seen.digit == 1):
        known = (*state.hand.sure, current_doubt(state.hand, facts))
        return Step(_with(state, replace(state.hand, sure=known)))
    said = wrong("receive.again_or_back", expected=item.sku, scanned=seen.name)
    return Step(state, say=said)


def _put(state: State, seen: Seen, facts: Facts, item: Item) -> Step[State]:
    hand = state.hand
    if seen.is_command("full"):
        return Step(state, (NewPallet(state.delivery),))
    if seen.is_command("short"):
        return Step(replace(state, at="why"))
    if seen.kind == "number":
        return _keyed(state, seen, item)
    if seen.kind == "command":
        return Step(state, say=not_now(seen))
    if seen.kind in ("place", "tote") or (seen.kind == "unknown" and is_sscc(seen.code)):
        return _set_down(state, seen.code, facts)
    more = seen.item(item.id)
    if more is None:
        return Step(state, say=wrong("receive.put_first", expected=item.sku, scanned=seen.name))
    if item.lot_tracked and seen.lot and seen.lot != hand.lot:
        return Step(state, say=wrong("receive.other_lot", expected=hand.lot, scanned=seen.lot))
    date = date_of(hand, facts)
    if item.expiry_tracked and seen.expiry and seen.expiry != date:
        return Step(state, say=wrong("receive.other_lot", expected=date, scanned=seen.expiry))
    if seen.serial and seen.serial in hand.serials:
        expected = f"{len(hand.serials)}/{hand.qty}"
        said = wrong("receive.serial_twice", expected=expected, scanned=seen.serial)
        return Step(state, say=said)
    if hand.qty + pieces(more, seen) > HAND_MAX:
        return Step(state, say=_too_many(hand.qty + pieces(more, seen)))
    serials = (*hand.serials, seen.serial) if seen.serial else hand.serials
    return Step(_with(state, replace(hand, qty=hand.qty + pieces(more, seen), serials=serials)))


def _keyed(state: State, seen: Seen, item: Item) -> Step[State]:
    """How many there are: above five, or of goods that cannot be scanned."""
    hand = state.hand
    if not hand.chosen and seen.number <= KEYED_ABOVE:
        said = wrong("receive.count_by_scan", expected=item.sku, scanned=seen.text)
        return Step(state, say=said)
    if seen.number < max(1, len(hand.serials)) or (not hand.chosen and seen.number < hand.qty):
        expected = str(max(1, hand.qty))
        said = wrong("receive.less_than_counted", expected=expected, scanned=seen.text)
        return Step(state, say=said)
    return Step(_with(state, replace(hand, qty=seen.number)))


def _set_down(state: State, place: str, facts: Facts) -> Step[State]:
    hand = state.hand
    if hand.qty == 0:
        assert facts.item is not None, "goods are in the hand"
        return Step(state, say=wrong("receive.count_first", expected=facts.item.sku, scanned=place))
    delivery = facts.delivery(state)
    assert delivery is not None, "arrive() leaves a delivery that is closed"
    if not delivery.blind and hand.qty > facts.room(hand.item):
        room = facts.room(hand.item)
        said = Say("receive.over_by", "attention", params={"room": room, "count": hand.qty - room})
        return Step(replace(state, at="over", hand=replace(hand, target=place)), say=said)
    return Step(emptied(state), (_book(state, place, facts),))


def _book(state: State, place: str, facts: Facts, over: str = "") -> Book:
    hand, item = state.hand, facts.item
    assert item is not None, "goods are in the hand"
    expiry = date_of(hand, facts) if item.expiry_tracked else ""
    lot = hand.lot if item.lot_tracked else expiry
    fresh = freshness(expiry, facts.today, item.shelf_days_in)
    return Book(
        delivery=state.delivery, item=item.id, qty=hand.qty, place=place, lot=lot, expiry=expiry,
        serials=hand.serials if item.serial_tracked else (),
        condition=condition_of(hand.why, fresh), why=hand.why or fresh, over=over,
        extra="extra" in hand.sure, relabel=item.relabel,
    )  # fmt: skip


def _over(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.is_command("back"):
        return Step(replace(state, at="put", hand=replace(state.hand, target="")))
    if 1 <= seen.digit <= len(OVER_REASONS):
        over = OVER_REASONS[seen.digit - 1]
        return Step(emptied(state), (_book(state, state.hand.target, facts, over),))
    return Step(state, say=unexpected(seen, expected=f"1-{len(OVER_REASONS)}"))


def _why(state: State, seen: Seen, _facts: Facts) -> Step[State]:
    if seen.is_command("back"):
        return Step(replace(state, at="put"))
    if 1 <= seen.digit <= len(DAMAGE_REASONS):
        why = DAMAGE_REASONS[seen.digit - 1]
        return Step(replace(state, at="put", hand=replace(state.hand, why=why)))
    return Step(state, say=unexpected(seen, expected=f"1-{len(DAMAGE_REASONS)}"))


def _bind(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.is_command("back"):
        return Step(emptied(state))
    if (next_page := turned(state, seen, len(facts.lines))) is not None:
        return Step(next_page)
    shown = page_of(facts.lines, state.page)
    if 1 <= seen.digit <= len(shown):
        return Step(replace(state, at="inside", binding=shown[seen.digit - 1].line.item))
    delivery = facts.delivery(state)
    mine = [item for item in seen.items if delivery and item.owner == delivery.owner]
    if len(mine) == 1:
        return Step(replace(state, at="inside", binding=mine[0].id))
    expected = f"SKU / 1-{len(shown)}" if shown else "SKU"
    return Step(state, say=unexpected(seen, expected=expected))


def _inside(state: State, seen: Seen, _facts: Facts) -> Step[State]:
    if seen.is_command("back"):
        return Step(replace(state, at="bind", binding=0))
    if seen.kind == "number" and 1 <= seen.number <= PIECES_MAX:
        hand = Hand(item=state.binding, qty=seen.number)
        bound = Bind(state.delivery, state.binding, state.code, seen.number)
        return Step(replace(emptied(state), at="hand", hand=hand), (bound,))
    return Step(state, say=unexpected(seen, expected=f"1-{PIECES_MAX}"))
