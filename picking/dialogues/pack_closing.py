"""The second half of packing: the box, the scale, the service, and the label on the box. Pure."""

from msgspec.structs import replace

from picking.dialogues import pack_box
from picking.dialogues import pack_proof as proof
from picking.dialogues.base import Say, Seen, Step, not_now, refused, unexpected, wrong
from picking.dialogues.pack_effects import (
    ChangeService,
    Close,
    IssueLabels,
    MatchSlip,
    Redirect,
    Reprint,
    SetAside,
    Verify,
)
from picking.dialogues.pack_state import Facts, Order, Parcel, State
from wms.errors import Code, Rejected
from wms.shipping.cartons import OWN_BOX


def command(state: State, seen: Seen, facts: Facts) -> Step[State] | None:
    """A key at the box: what it does there, or None where it is for the pieces."""
    if seen.digit == 2 and facts.upgrades and state.at in ("box", "weigh", "label", "verify"):
        return Step(replace(state, changing=True))
    if facts.parcel is not None:
        return _command_on_the_box(state, seen, facts)
    if seen.digit == 1 and state.at == "weigh" and facts.order is not None:
        return _keyed_weight(state, facts, facts.order)
    return None


def _command_on_the_box(state: State, seen: Seen, facts: Facts) -> Step[State]:
    parcel = facts.parcel
    assert parcel is not None, "it is asked for where there is one"
    if seen.code == "reprint" and state.at == "verify":
        return Step(state, (Reprint(parcel.id),))
    if seen.code == "later":
        return Step(state, (SetAside(parcel.id, parcel.code),))
    if seen.digit == 1 and state.at == "label":
        return Step(state, (IssueLabels(parcel.order),))
    if seen.digit == 1 and state.at == "verify" and facts.can_redirect:
        return Step(state, (Redirect("" if facts.redirected else facts.helper),))
    return Step(state, say=not_now(seen))


def change(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Another service was asked for: one of those that the owner allows, or back."""
    at_hand = facts.parcel.order if facts.parcel is not None else 0
    order = facts.order.id if facts.order is not None else at_hand
    for number, upgrade in enumerate(facts.upgrades, start=1):
        if seen.digit == number:
            effects: list[object] = [ChangeService(order, upgrade.service)]
            if facts.parcel is not None and facts.parcel.label_mode == "immediate":
                effects.append(IssueLabels(order))
            chosen = replace(state, changing=False, box="", doubted="")
            at_box = chosen.at in ("box", "weigh")
            return Step(replace(chosen, at="box") if at_box else chosen, tuple(effects))
    if seen.is_command("back"):
        return Step(replace(state, changing=False))
    return Step(state, say=unexpected(seen, expected=f"1-{len(facts.upgrades)}"))


def box_step(state: State, seen: Seen, facts: Facts, order: Order) -> Step[State]:
    """A box was scanned; what travels in its own is scanned itself."""
    alone = proof.alone(facts, state)
    own = alone is not None and seen.item(alone.item) is not None
    box = facts.box(OWN_BOX if own else seen.code) if own or seen.kind == "box" else None
    if box is None or (box.code == OWN_BOX and not own):
        expected = _expected_box(state, facts, order)
        return Step(state, say=wrong("pack.wrong_box", expected=expected, scanned=seen.name))
    if not pack_box.fits(box, order):
        expected = str(order.sides_mm_max) if order.sides_mm_max else order.service
        scanned = f"{box.code} {box.sides_mm}"
        return Step(state, say=wrong("pack.box_too_big", expected=expected, scanned=scanned))
    faults = pack_box.tag_faults(facts, proof.chosen(facts.bound, state.scanned))
    if faults and not (state.doubted == box.code and seen.deliberate):
        differs = Say(
            "pack.tags_differ", "attention", params={"difference": pack_box.difference(faults)}
        )
        return Step(replace(state, doubted=box.code), say=differs)
    taken = replace(state, box=box.code)
    if facts.scale == "ready":
        return Step(replace(taken, at="weigh"))
    return _close(taken, seen, facts, order, 0)


def _expected_box(state: State, facts: Facts, order: Order) -> str:
    """The proposal, or a box that may be sent; for a piece in its own box, the piece."""
    alone = proof.alone(facts, state)
    proposed = pack_box.first_box(facts, state)
    if alone is not None and proposed in ("", OWN_BOX):
        return alone.sku
    usable = (box.code for box in facts.boxes if pack_box.fits(box, order))
    return proposed or next(usable, "BOX")


def weigh_step(state: State, seen: Seen, facts: Facts, order: Order) -> Step[State]:
    """Something came while the scale was asked."""
    if seen.kind != "weight":
        return Step(state, say=wrong("pack.put_on_scale", expected="g", scanned=seen.name))
    return _weighed(state, seen, facts, order, seen.number)


def _keyed_weight(state: State, facts: Facts, order: Order) -> Step[State]:
    """`1`: what the scale shows already, or nothing at all while it is down."""
    chosen = Seen("weight", f"{facts.weight_g or 0} g", number=facts.weight_g or 0)
    if facts.scale == "down":
        return _close(state, chosen, facts, order, 0)
    if facts.weight_g is None or facts.weight_g <= 0:
        return Step(state, say=wrong("pack.put_on_scale", expected="g", scanned=chosen.text))
    return _weighed(state, chosen, facts, order, facts.weight_g)


def _weighed(
    state: State, seen: Seen, facts: Facts, order: Order, weight_g: int
) -> Step[State]:  # fmt: skip
    box = facts.box(state.box)
    if box is None:  # the kind of box that was chosen is not used any more
        expected = facts.boxes[0].code if facts.boxes else "BOX"
        said = wrong("pack.wrong_box", expected=expected, scanned=state.box)
        return Step(replace(state, at="box", box=""), say=said)
    if not order.limits.carry(weight_g):
        expected = f"{order.weight_g_max} g"
        return Step(state, say=wrong("pack.over_weight", expected=expected, scanned=seen.text))
    differs = pack_box.weight_refusal(facts, state, weight_g)
    if differs is not None:
        return Step(state, say=differs)
    return _close(state, seen, facts, order, weight_g)


def _close(
    state: State, seen: Seen, facts: Facts, order: Order, weight_g: int
) -> Step[State]:  # fmt: skip
    refusal = proof.not_ready(facts)
    if refusal is None and order.must_weigh and weight_g == 0:
        refusal = Rejected(Code.NO_SCALE, station=facts.station)
    if refusal is not None:
        return Step(state, say=refused(refusal, seen))
    contents = proof.part(facts.bound, state.scanned)
    predicted_g = pack_box.predicted_g(facts, state) or 0
    papers = tuple(paper.code for paper in facts.papers if paper.code in state.papers)
    effects: list[object] = [
        Close(order.id, contents, state.box, weight_g, predicted_g, papers)
    ]  # fmt: skip
    is_last = proof.all_scanned(facts.bound, state.scanned)
    if is_last and order.label_mode == "immediate":
        effects.append(IssueLabels(order.id))
    return Step(State(at="item", tote=state.tote), tuple(effects))


def on_the_box(state: State, seen: Seen, facts: Facts, parcel: Parcel) -> Step[State]:
    """Something was scanned while a box waits for its label or slip."""
    if state.at == "label":
        return Step(state, say=wrong("scan.unexpected", expected="1", scanned=seen.name))
    if seen.keyed:  # a number read off the screen proves nothing about the box
        return Step(state, say=Say("pack.scan_the_label", "error", scanned=seen.name))
    if state.at == "slip":
        if seen.code not in facts.slip_numbers:
            expected = " / ".join(facts.slip_numbers[:2]) or "-"
            return Step(state, say=wrong("pack.wrong_slip", expected=expected, scanned=seen.name))
        return Step(state, (MatchSlip(parcel.id, seen.code),))
    if seen.kind == "parcel" and seen.code == parcel.code:
        return Step(state, say=Say("pack.scan_tracking", "attention", scanned=seen.text))
    if seen.code != parcel.tracking:
        said = wrong("pack.wrong_label", expected=parcel.tracking, scanned=seen.name)
        if seen.kind in ("place", "tote", "item"):
            said = wrong("pack.no_label", expected=parcel.tracking, scanned=seen.name)
        return Step(state, say=said)
    if parcel.label_mode == "pre_issued" and not seen.deliberate:
        # Its slip was read a moment ago to find the box: that does not prove that it sticks on it.
        return Step(state, say=Say("scan.too_soon", "attention", scanned=seen.text))
    return Step(state, (Verify(parcel.id, seen.code),))
