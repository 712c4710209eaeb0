"""The packer's proof, as arithmetic: pieces against the tote, weight against the prediction."""

from collections import Counter
from collections.abc import Sequence

from picking.dialogues.base import Say, Seen, wrong
from picking.dialogues.pack_facts import Box, Content, Facts, Order

FILL_PERCENT = 85  # of a box's volume can be used by goods


def piece(item: int, serial: str) -> str:
    """The key of one proven piece.

    >>> piece(12, "")
    '12:'
    """
    return f"{item}:{serial}"


def wanted(contents: Sequence[Content]) -> Counter[str]:
    """How many of each piece the totes hold."""
    pieces: Counter[str] = Counter()
    for content in contents:
        pieces[piece(content.item, content.serial)] += content.qty
    return pieces


def all_scanned(contents: Sequence[Content], scanned: Sequence[str]) -> bool:
    return Counter(scanned) == wanted(contents)


def next_piece(
    contents: Sequence[Content], scanned: Sequence[str], seen: Seen
) -> tuple[str, ...] | Say:
    """The pieces that this scan proves (several for an inner pack), or why it proves none."""
    mine = [content for content in contents if seen.item(content.item)]
    if not mine:
        skus = ", ".join(sorted({content.sku for content in contents}))[:40]
        got = seen.items[0].sku if seen.items else seen.text
        return wrong("pack.wrong_item", expected=skus, scanned=got)
    lots = {content.lot for content in mine}
    if seen.lot and seen.lot not in lots:
        return wrong("pack.wrong_lot", expected=", ".join(sorted(lots)), scanned=seen.lot)
    serials = {content.serial for content in mine if content.serial}
    if serials and seen.serial not in serials:
        return wrong(
            "pack.wrong_serial", expected=", ".join(sorted(serials))[:40],
            scanned=seen.serial or seen.text,
        )  # fmt: skip
    item = mine[0].item
    meaning = seen.item(item)
    assert meaning is not None
    key = piece(item, seen.serial if serials else "")
    left = wanted(contents)[key] - Counter(scanned)[key]
    if left < meaning.qty:
        return wrong("pack.too_many", expected=str(wanted(contents)[key]), scanned=meaning.sku)
    return (key,) * meaning.qty


def incomplete(facts: Facts) -> Say:
    """Why this order cannot be packed yet: goods are missing, or in another tote elsewhere."""
    assert facts.order is not None
    if facts.elsewhere:
        where = ", ".join(facts.elsewhere)
        return Say("pack.totes_elsewhere", "error", expected=where, params={"totes": where})
    return Say(
        "pack.order_short", "error",
        params={"order": facts.order.code, "missing": facts.order.missing},
    )  # fmt: skip


def volume_mm3(contents: Sequence[Content]) -> int:
    return sum(content.volume_mm3 * content.qty for content in contents)


def propose_box(facts: Facts) -> Box | None:
    """The smallest box whose usable volume holds the goods and that the service takes."""
    assert facts.order is not None
    need = volume_mm3(facts.bound)
    for box in facts.boxes:  # smallest first
        if box.volume_mm3 * FILL_PERCENT // 100 >= need and fits(box, facts.order):
            return box
    return None


def fits(box: Box, order: Order) -> bool:
    """Whether the order's carrier service takes a box of this size (sum of three sides)."""
    return order.sides_mm_max == 0 or box.sides_mm <= order.sides_mm_max


def predicted_g(contents: Sequence[Content], box: Box) -> int:
    """Goods and box, in grams."""
    return box.tare_g + sum(content.weight_g * content.qty for content in contents)


def weight_differs(contents: Sequence[Content], difference_g: int) -> Say:
    """Name the likely culprit: the piece whose weight explains the difference best.

    Too heavy: one too many of it, or a stranger of that weight; too light: one is missing.
    """
    culprit = min(
        contents, key=lambda content: abs(content.weight_g - abs(difference_g)), default=None
    )
    code = "pack.too_heavy" if difference_g > 0 else "pack.too_light"
    name = culprit.name if culprit else "?"
    weight = culprit.weight_g if culprit else 0
    return Say(
        code, "error", scanned=f"{difference_g:+d} g",
        params={"difference": f"{difference_g:+d}", "item": name, "weight": weight},
    )  # fmt: skip
