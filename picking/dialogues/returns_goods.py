"""The piece in the grader's hand: which item, lot and serial number it is. Pure."""

from msgspec.structs import replace

from picking.dialogues.base import Seen, Step, unexpected, wrong
from picking.dialogues.returns_facts import Current, Goods, State


def scanned(seen: Seen, current: Current) -> Step[State]:
    """A scan at an open box: the item that was sent, or one of its owner's others."""
    expected = ", ".join(dict.fromkeys(line.sku for line in current.missing)) or "SKU"
    sent = {one.item for one in current.seen.sent} | {line.item for line in current.lines}
    if seen.kind == "lot":  # a lot's or a serial number's own label
        meant = {
            one.item for one in current.seen.sent
            if (one.serial and one.serial == seen.serial) or (one.lot and one.lot == seen.lot)
        }  # fmt: skip
        if len(meant) == 1:
            return Step(_piece(meant.pop(), seen))
        return Step(State(at="unit"), say=unexpected(seen, expected=expected))
    if seen.kind != "item":
        return Step(State(at="unit"), say=unexpected(seen, expected=expected))
    mine = [one for one in seen.items if one.owner == current.owner]
    likely = [one for one in mine if one.id in sent] or mine
    if not likely:
        owner = seen.items[0].owner
        said = wrong("returns.other_owner", expected=current.owner, scanned=owner)
        return Step(State(at="unit"), say=said)
    if len(likely) > 1:
        names = ", ".join(one.sku for one in likely)
        said = wrong("scan.ambiguous", expected=names, scanned=seen.name)
        return Step(State(at="unit"), say=said)
    return Step(_piece(likely[0].id, seen, qty=likely[0].qty))


def _piece(item: int, seen: Seen, qty: int = 1) -> State:
    return State(
        at="grade", item=item, lot=seen.lot, serial=seen.serial, qty=1 if seen.serial else qty
    )


def next_of(state: State, goods: Goods) -> State:
    """What must be known of the piece before it can be graded."""
    if not goods.awaited:
        known = state.lot if state.lot in goods.lots else ""
        return replace(state, at="strange", lot=known)
    if not goods.lot_tracked or (len(goods.lots) == 1 and not state.lot):
        state = replace(state, lot=goods.lots[0] if goods.lots else "")
    if goods.lot_tracked and goods.lots and state.lot not in goods.lots:
        return replace(state, at="lot")
    if goods.lot_tracked and len(goods.lots) > 1 and not state.lot:
        return replace(state, at="lot")
    return _with_serial(state, goods)


def _with_serial(state: State, goods: Goods) -> State:
    if not goods.serial_tracked:
        return replace(state, at="grade", serial="")
    if not state.serial:
        return replace(state, at="serial", qty=1)
    if goods.serials and state.serial not in goods.serials:
        return replace(state, at="swapped", qty=1)
    return replace(state, at="grade", qty=1)


def of_goods(state: State, seen: Seen, goods: Goods | None) -> Step[State]:
    """A lot or a serial number of the piece, or the word that it is not what was sent."""
    if seen.is_command("back") or goods is None:
        return Step(State(at="unit"))
    if state.at == "lot":
        return _lot(state, seen, goods)
    if state.at == "serial":
        serial = seen.serial or (
            seen.code if seen.kind in ("unknown", "number", "tracking") else ""
        )
        if not serial:
            return Step(state, say=unexpected(seen, expected=", ".join(goods.serials) or "S/N"))
        return Step(_with_serial(replace(state, serial=serial), goods))
    if state.at == "swapped":
        again = seen.deliberate and state.serial in (seen.serial, seen.code)
        if seen.digit == 1 or again:
            return Step(replace(state, at="disposition", grade="swapped"))
        return Step(state, say=unexpected(seen, expected="1"))
    if seen.digit == 1:
        return Step(replace(state, at="disposition", grade="wrong_item"))
    return Step(state, say=unexpected(seen, expected="1"))


def _lot(state: State, seen: Seen, goods: Goods) -> Step[State]:
    digit = 1 <= seen.digit <= len(goods.lots)
    lot = goods.lots[seen.digit - 1] if digit else seen.lot or seen.code
    if digit or lot in goods.lots:
        return Step(_with_serial(replace(state, lot=lot), goods))
    if seen.kind == "command":
        return Step(state, say=unexpected(seen, expected=", ".join(goods.lots)))
    said = wrong(
        "returns.wrong_lot", expected=", ".join(goods.lots), scanned=seen.lot or seen.name
    )  # fmt: skip
    return Step(state, say=said)
