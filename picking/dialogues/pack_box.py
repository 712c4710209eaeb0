"""Box, tags and weight at the bench: which box to take, and whether what is in it can be so. Pure.

Cartonisation proposes (`wms.shipping.cartons`), scans, tags and weight are held together
(`wms.shipping.proof`).
"""

from dataclasses import replace

from picking.dialogues import pack_proof as pieces
from picking.dialogues.base import Say
from picking.dialogues.pack_state import Box, Content, Facts, Order, State
from wms.shipping import proof
from wms.shipping.cartons import OWN_BOX, Filled, Piece, propose
from wms.shipping.proof import Part, Suspect, TagFault, Tags, Weighing

FLAT = ("gift", "insert")  # lines whose goods may be as thin as paper
PIECES_MAX = 400  # beyond it nobody waits for a proposal


def proposal(facts: Facts, inside: tuple[Content, ...]) -> tuple[Filled, ...]:
    """The boxes for these pieces, the first one first; () where none can be shown."""
    order = facts.order
    wanted = [content for content in inside if not _is_flat(content)]
    if order is None or sum(content.qty for content in wanted) > PIECES_MAX:
        return ()
    boxes = tuple(box.carton for box in facts.boxes if is_named(box, order))
    if not wanted:  # nothing but cards and leaflets: the smallest takes them
        wanted = [replace(content, sides=(1, 1, 1)) for content in inside]
    goods: list[Piece] = []
    for content in wanted:
        goods += [content.piece] * content.qty
    return propose(tuple(goods), boxes, order.limits)


def _is_flat(content: Content) -> bool:
    """A card or a leaflet that nobody measured needs no room."""
    return content.kind in FLAT and not any(content.sides)


def first_box(facts: Facts, state: State) -> str:
    """The code of the box to take now; "" where none can be shown to hold the goods."""
    found = proposal(facts, pieces.chosen(facts.bound, state.scanned))
    return found[0].box.code if found else ""


def is_named(box: Box, order: Order) -> bool:
    """Whether the order's service takes boxes of this name."""
    return not box.services or order.service in box.services


def fits(box: Box, order: Order) -> bool:
    """Whether the order's carrier service takes this box: by name, and by its sides."""
    return is_named(box, order) and (box.code == OWN_BOX or order.limits.take(box.sides))


def parts(inside: tuple[Content, ...]) -> tuple[Part, ...]:
    """What was proven, an item a part."""
    found: dict[int, Part] = {}
    for content in inside:
        part = content.part
        before = found.get(part.item)
        qty = content.qty + (before.qty if before is not None else 0)
        found[part.item] = replace(part, qty=qty)
    return tuple(found.values())


def predicted_g(facts: Facts, state: State) -> int | None:
    """What the box should weigh, in grams; None when the weight of a piece is not known."""
    box = facts.box(state.box)
    inside = parts(pieces.chosen(facts.bound, state.scanned))
    return proof.predicted_g(inside, box.tare_g) if box is not None else None


def tag_faults(facts: Facts, inside: tuple[Content, ...]) -> tuple[TagFault, ...]:
    """Where the reader's tags and these goods differ; none where there is no reader."""
    tags = [Tags(one.item, one.sku, one.count, one.order) for one in facts.tags or ()]
    named = {content.item: content.sku for content in inside}
    expected = [replace(part, name=named[part.item]) for part in parts(inside)]
    return proof.tag_faults(expected, tags) if facts.tags is not None else ()


def difference(faults: tuple[TagFault, ...]) -> str:
    """Missing and extra tags as people read them: `-1 TEA, +1 HAT (O0000007)`."""
    ordered = sorted(faults, key=lambda fault: fault.qty > 0)
    return ", ".join(
        f"{fault.qty:+d} {fault.name}" + (f" ({fault.order})" if fault.order else "")
        for fault in ordered
    )


def weight_refusal(facts: Facts, state: State, weight_g: int) -> Say | None:
    """Why the box on the scale cannot be right, naming the likely culprit; None when it can."""
    box, order = facts.box(state.box), facts.order
    assert box is not None and order is not None, "the box was chosen for an order"
    inside = pieces.chosen(facts.bound, state.scanned)
    tares = tuple((one.code, one.tare_g) for one in facts.boxes)
    weighing = Weighing(weight_g, box.tare_g, order.tolerance_g, box.code, tares)
    found = proof.suspects(
        parts(inside), weighing, tags=tag_faults(facts, inside), strangers=facts.near
    )
    if found is None:
        return None
    wanted_g = predicted_g(facts, state) or 0
    return _accusation(found[0] if found else None, weight_g - wanted_g)


def _accusation(suspect: Suspect | None, difference_g: int) -> Say:
    said: dict[str, str | int] = {"difference": f"{difference_g:+d}"}
    code = "pack.weight_differs"
    if suspect is not None:
        said |= {"item": suspect.name, "weight": suspect.weight_g}
        code = "pack.too_heavy" if suspect.why == "extra" else "pack.too_light"
        if suspect.order:
            code, said = "pack.too_heavy_of", {**said, "order": suspect.order}
        if suspect.why == "swapped":
            code, said = "pack.swapped", {**said, "instead": suspect.instead}
        if suspect.why == "box":
            code = "pack.other_box"
            said = {**said, "box": suspect.instead, "other": suspect.name}
    return Say(code, "error", scanned=f"{difference_g:+d} g", params=said)
