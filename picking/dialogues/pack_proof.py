"""The packer's proof, as arithmetic: pieces against the tote, weight against the prediction."""

from collections import Counter
from collections.abc import Iterable, Sequence

from picking.dialogues.base import Say, Seen, wrong
from picking.dialogues.pack_facts import Box, Content, Facts, Order
from wms.errors import Code, Rejected
from wms.parcels import Packed

FILL_PERCENT = 85  # of a box's volume can be used by goods
SHOWN_CHARACTERS = 40  # of a list of what was expected


def piece(content: Content) -> str:
    """The key of one proven piece of *content*: item, lot and serial number."""
    return f"{content.item}:{content.lot}:{content.serial}"


def wanted(contents: Iterable[Content]) -> Counter[str]:
    """How many of each piece the totes hold."""
    pieces: Counter[str] = Counter()
    for content in contents:
        pieces[piece(content)] += content.qty
    return pieces


def left(contents: Iterable[Content], scanned: Sequence[str]) -> Counter[str]:
    """How many of each piece are still to be proven."""
    return wanted(contents) - Counter(scanned)


def is_sound(contents: Sequence[Content], scanned: Sequence[str]) -> bool:
    """Whether all that was proven is still wanted: a line may have been cancelled meanwhile."""
    return not Counter(scanned) - wanted(contents)


def all_scanned(contents: Sequence[Content], scanned: Sequence[str]) -> bool:
    """Whether nothing is left to prove."""
    return Counter(scanned) == wanted(contents)


def part(contents: Sequence[Content], scanned: Sequence[str]) -> tuple[Packed, ...]:
    """The proven pieces as units of allocations."""
    open_pieces = Counter(scanned)
    found = []
    for content in contents:
        qty = min(open_pieces[piece(content)], content.qty)
        if qty:
            open_pieces[piece(content)] -= qty
            found.append(Packed(content.allocation, qty))
    return tuple(found)


def next_piece(
    contents: Sequence[Content], scanned: Sequence[str], seen: Seen
) -> tuple[str, ...] | Say:
    """The pieces that this scan proves (several for an inner pack), or why it proves none."""
    mine = _meant(contents, seen)
    if isinstance(mine, Say):
        return mine
    still = left(contents, scanned)
    meaning = seen.item(mine[0].item)
    assert meaning is not None, "only what the barcode may mean is among them"
    pieces: list[str] = []
    for content in mine:
        room = min(still[piece(content)], meaning.qty - len(pieces))
        still[piece(content)] -= room
        pieces += [piece(content)] * room
    if len(pieces) < meaning.qty:
        allowed = sum(content.qty for content in mine)
        return wrong("pack.too_many", expected=str(allowed), scanned=meaning.sku)
    return tuple(pieces)


def _meant(contents: Sequence[Content], seen: Seen) -> list[Content] | Say:
    """The contents of the one item that the barcode means, with its lot and serial number."""
    mine = [content for content in contents if seen.item(content.item)]
    if not mine:
        return wrong("pack.wrong_item", expected=_names(c.sku for c in contents), scanned=seen.name)
    if len({content.item for content in mine}) > 1:  # the same JAN under two owners
        return wrong("scan.ambiguous", expected=_names(c.sku for c in mine), scanned=seen.text)
    tracked = [content for content in mine if content.lot]
    if seen.lot and tracked:
        mine = [content for content in tracked if content.lot == seen.lot]
        if not mine:
            lots = _names(content.lot for content in tracked)
            return wrong("pack.wrong_lot", expected=lots, scanned=seen.lot)
    numbered = [content for content in mine if content.serial]
    if numbered:
        mine = [content for content in numbered if content.serial == seen.serial]
        if not mine:
            numbers = _names(content.serial for content in numbered)
            got = seen.serial or seen.text
            return wrong("pack.wrong_serial", expected=numbers, scanned=got)
    return mine


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names)))[:SHOWN_CHARACTERS]


def not_ready(facts: Facts) -> Rejected | None:
    """Why this order cannot be packed yet: it is stopped, goods are missing, or still elsewhere."""
    order = facts.order
    if order is None:
        return None
    if order.state == "held":
        return Rejected(Code.ORDER_STOPPED, order=order.code)
    if facts.elsewhere:
        return Rejected(Code.TOTES_ELSEWHERE, totes=", ".join(facts.elsewhere))
    if order.missing > 0:
        return Rejected(Code.ORDER_INCOMPLETE, order=order.code, missing=order.missing)
    return None


def propose_box(facts: Facts, contents: Sequence[Content]) -> Box | None:
    """The smallest box whose usable volume holds the goods and that the service takes."""
    assert facts.order is not None, "only an order's goods go into a box"
    need = sum(content.volume_mm3 * content.qty for content in contents)
    for box in facts.boxes:  # smallest first
        if box.volume_mm3 * FILL_PERCENT // 100 >= need and fits(box, facts.order):
            return box
    return None


def fits(box: Box, order: Order) -> bool:
    """Whether the order's carrier service takes this box: by name, and by its three sides."""
    named = not box.services or order.service in box.services
    return named and (order.sides_mm_max == 0 or box.sides_mm <= order.sides_mm_max)


def goods_g(contents: Sequence[Content], scanned: Sequence[str]) -> int | None:
    """What the proven pieces weigh, in grams; None when that of one of them is not known."""
    weight_of = {piece(content): content.weight_g for content in contents}
    weights = [weight_of[key] for key in scanned]
    return None if 0 in weights else sum(weights)


def weight_differs(facts: Facts, box: Box, difference_g: int) -> Say:
    """Name the likely culprit: the piece whose weight explains the difference best, or the box.

    Too heavy: one too many of it, or a stranger of that weight; too light: one is missing.
    """
    assert facts.order is not None, "only an order's goods are weighed"
    likely = [(abs(content.weight_g - abs(difference_g)), content) for content in facts.bound]
    error_g, culprit = min(likely, key=lambda pair: pair[0])
    tolerance_g = facts.order.tolerance_g
    other = _other_box(facts, box, difference_g)
    said: dict[str, str | int] = {"difference": f"{difference_g:+d}"}
    code = "pack.too_heavy" if difference_g > 0 else "pack.too_light"
    if other is not None and _off_g(other, box, difference_g) <= min(tolerance_g, error_g - 1):
        code, said = "pack.other_box", {**said, "box": box.code, "other": other.code}
    elif error_g > max(tolerance_g, culprit.weight_g // 5):
        code = "pack.weight_differs"
    else:
        said |= {"item": culprit.name, "weight": culprit.weight_g}
    return Say(code, "error", scanned=f"{difference_g:+d} g", params=said)


def _off_g(other: Box, box: Box, difference_g: int) -> int:
    """By how much the weight would still be off if *other* stood there instead of *box*."""
    return abs(other.tare_g - box.tare_g - difference_g)


def _other_box(facts: Facts, box: Box, difference_g: int) -> Box | None:
    """The box that may stand there instead: the one whose own weight explains most."""
    others = [other for other in facts.boxes if other.code != box.code]
    return min(others, key=lambda other: _off_g(other, box, difference_g), default=None)
