"""Pack: prove every piece, choose the box, weigh it, and close it with its own label.

Transitions:
* tote -> item: a tote of this station with one order's goods was scanned
* tote -> one: a total tote of one-piece orders was scanned
* tote -> verify: a box that was set aside was scanned; it goes on here
* tote -> tote: what cannot be packed is refused at once: elsewhere, empty, incomplete, stopped
* tote -> menu: back
* one -> box: an item was scanned; the most urgent waiting order takes it
* one -> tote: back
* item -> item: one more piece was proven
* item -> item: another tote of the same order was scanned
* item -> item: undo; the last piece is to be scanned again
* item -> box: everything in the totes was scanned
* item -> box: full; what was scanned goes into this box, the rest into the next
* item -> tote: back
* box -> weigh: a box that fits was scanned, and there is a scale
* box -> verify: the same without a scale; the parcel is made and its label requested
* box -> item: undo takes the last piece out, back all of them
* weigh -> verify: the weight fits the prediction; the parcel is made, its label requested
* weigh -> verify: `1` takes the weight that the scale shows already
* weigh -> verify: `1` goes on without a weight while the scale is down
* weigh -> slip: the same, where the owner's slips were issued before
* weigh -> item: the same, where the rest of the order goes into another box
* weigh -> weigh: the weight does not fit; the likely culprit is named
* weigh -> item: undo, back; the pieces are counted again
* label -> verify: `1`; boxes whose last one was cancelled get their labels
* slip -> verify: the slip of this order was scanned
* slip -> slip: the slip of another order is refused
* verify -> tote: the parcel's own label was scanned on the box; nothing is left
* verify -> one: the same; the total tote holds more
* verify -> verify: the same; the order's next box waits for its label
* verify -> verify: another parcel's label is refused
* verify -> verify: `reprint` asks for a marked copy
* verify -> tote: later; the box is set aside and the bench goes on
* any -> list: all pieces are shown; back or any scan leaves it
"""

from msgspec.structs import replace

from picking.dialogues import pack_proof as proof
from picking.dialogues.base import Dialogue, Say, Seen, Step, not_now, refused, wrong
from picking.dialogues.pack_effects import (
    BindOne,
    Close,
    IssueLabels,
    MatchSlip,
    Reprint,
    ReprintSlip,
    SetAside,
    Take,
    TakeUp,
    Verify,
    run,
)
from picking.dialogues.pack_facts import At, Box, Facts, Order, Parcel, State, load
from picking.dialogues.pack_prompt import IN_A_TOTE, prompt_for
from wms.messages import Language
from wms.prompts import Prompt


def arrive(state: State, facts: Facts) -> State:
    """A parcel that waits for its label comes first; then what is left in the tote."""
    parcel = facts.parcel
    if parcel is not None:
        return State(at=_at_label(parcel), tote=state.tote)
    if not facts.here:
        return State()
    if facts.order is None:
        return State(at="one", tote=state.tote, listing=state.listing)
    known = state.at in ("one", *IN_A_TOTE) and proof.is_sound(facts.bound, state.scanned)
    if not known:
        return State(at="item", tote=state.tote)
    if not _all_in(state, facts):
        return replace(state, at="item", box="")
    return replace(state, at="box") if state.at in ("one", "item") else state


def _at_label(parcel: Parcel) -> At:
    if parcel.state == "labelled":
        return "verify"
    return "slip" if parcel.label_mode == "pre_issued" else "label"


def _all_in(state: State, facts: Facts) -> bool:
    """Whether this box takes no more: everything was scanned, or it is full."""
    full = state.split and bool(state.scanned)
    return full or proof.all_scanned(facts.bound, state.scanned)


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    if state.listing:
        state = replace(state, listing=False)
        if seen.is_command("list", "back"):
            return Step(state)
    if seen.is_command("list") and state.at in IN_A_TOTE:
        return Step(replace(state, listing=True))
    if seen.kind == "command" or (seen.kind == "number" and state.at in ("weigh", "label")):
        return _command(state, seen, facts)
    if facts.parcel is not None:
        return _on_the_box(state, seen, facts, facts.parcel)
    order = facts.order
    if state.at == "tote" or order is None:
        return _one(state, seen, facts) if state.at == "one" else _tote(state, seen, facts)
    if state.at == "item":
        return _item(state, seen, facts)
    return (_box if state.at == "box" else _weigh)(state, seen, facts, order)


def _command(state: State, seen: Seen, facts: Facts) -> Step[State]:
    parcel, order = facts.parcel, facts.order
    if parcel is not None:
        return _command_on_the_box(state, seen, parcel)
    if seen.code == "reprint" and order is not None and facts.slip_printer:
        return Step(state, (ReprintSlip(order.id),))
    if seen.code == "full" and state.at == "item" and state.scanned:
        return Step(replace(state, split=True))
    if seen.code == "undo" and state.at in ("item", "box") and state.scanned:
        return Step(replace(state, at="item", scanned=state.scanned[:-1], box="", split=False))
    if seen.code in ("back", "undo") and state.at in ("box", "weigh"):
        return Step(State(at="item", tote=state.tote))
    if seen.code == "back" and state.at in ("one", "item"):
        return Step(State())
    if seen.code == "back":
        return Step(state, go="menu")
    if seen.digit == 1 and state.at == "weigh" and order is not None:
        return _keyed_weight(state, facts, order)
    return Step(state, say=not_now(seen))


def _command_on_the_box(state: State, seen: Seen, parcel: Parcel) -> Step[State]:
    if seen.code == "reprint" and state.at == "verify":
        return Step(state, (Reprint(parcel.id),))
    if seen.code == "later":
        return Step(state, (SetAside(parcel.id, parcel.code),))
    if seen.digit == 1 and state.at == "label":
        return Step(state, (IssueLabels(parcel.order),))
    return Step(state, say=not_now(seen))


def _tote(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.kind == "tote":
        return Step(State(at="item", tote=seen.code), (Take(seen.code),))
    if seen.kind in ("parcel", "tracking") and seen.id:
        return Step(State(), (TakeUp(seen.id),))
    return Step(state, say=wrong("pack.wrong_tote", expected=facts.station, scanned=seen.name))


def _one(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Any piece of the total will do; what it was proves it at once."""
    found = proof.next_piece(facts.here, (), seen)
    if isinstance(found, Say):
        return Step(state, say=found)
    if len(found) > 1:
        return Step(state, say=wrong("pack.too_many", expected="1", scanned=seen.name))
    content = next(one for one in facts.here if proof.piece(one) == found[0])
    return Step(replace(state, scanned=found), (BindOne(content.allocation),))


def _item(state: State, seen: Seen, facts: Facts) -> Step[State]:
    refusal = proof.not_ready(facts)
    if refusal is not None:
        return Step(state, say=refused(refusal, seen))
    if seen.kind == "tote" and any(one.tote == seen.code for one in facts.bound):
        return Step(replace(state, tote=seen.code))
    found = proof.next_piece(facts.bound, state.scanned, seen)
    if isinstance(found, Say):
        return Step(state, say=found)
    return Step(replace(state, scanned=(*state.scanned, *found)))


def _box(state: State, seen: Seen, facts: Facts, order: Order) -> Step[State]:
    box = facts.box(seen.code) if seen.kind == "box" else None
    if box is None:
        proposed = next((one for one in facts.boxes if proof.fits(one, order)), None)
        expected = proposed.code if proposed else "BOX"
        return Step(state, say=wrong("pack.wrong_box", expected=expected, scanned=seen.name))
    if not proof.fits(box, order):
        expected = str(order.sides_mm_max) if order.sides_mm_max else order.service
        scanned = f"{box.code} {box.sides_mm}"
        return Step(state, say=wrong("pack.box_too_big", expected=expected, scanned=scanned))
    chosen = replace(state, box=box.code)
    if facts.scale == "ready":
        return Step(replace(chosen, at="weigh"))
    return _close(chosen, seen, facts, order, 0)


def _weigh(state: State, seen: Seen, facts: Facts, order: Order) -> Step[State]:
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
    if box is None:
        return Step(replace(state, at="box", box=""), say=_unknown_box(state, facts))
    if order.weight_g_max and weight_g > order.weight_g_max:
        expected = f"{order.weight_g_max} g"
        return Step(state, say=wrong("pack.over_weight", expected=expected, scanned=seen.text))
    goods_g = proof.goods_g(facts.bound, state.scanned)
    if goods_g is not None:
        difference_g = weight_g - goods_g - box.tare_g
        if abs(difference_g) > order.tolerance_g:
            return Step(state, say=proof.weight_differs(facts, box, difference_g))
    return _close(state, seen, facts, order, weight_g)


def _unknown_box(state: State, facts: Facts) -> Say:
    """The kind of box that was chosen is not used any more."""
    expected = facts.boxes[0].code if facts.boxes else "BOX"
    return wrong("pack.wrong_box", expected=expected, scanned=state.box)


def _close(
    state: State, seen: Seen, facts: Facts, order: Order, weight_g: int
) -> Step[State]:  # fmt: skip
    refusal = proof.not_ready(facts)
    if refusal is not None:
        return Step(state, say=refused(refusal, seen))
    box = facts.box(state.box)
    goods_g = proof.goods_g(facts.bound, state.scanned)
    contents = proof.part(facts.bound, state.scanned)
    predicted_g = goods_g + _tare_g(box) if goods_g is not None else 0
    effects: list[object] = [Close(order.id, contents, state.box, weight_g, predicted_g)]
    is_last = proof.all_scanned(facts.bound, state.scanned)
    if is_last and order.label_mode == "immediate":
        effects.append(IssueLabels(order.id))
    return Step(State(at="item", tote=state.tote), tuple(effects))


def _tare_g(box: Box | None) -> int:
    return box.tare_g if box is not None else 0


def _on_the_box(state: State, seen: Seen, facts: Facts, parcel: Parcel) -> Step[State]:
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
        return Step(state, say=said)
    return Step(state, (Verify(parcel.id, seen.code),))


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """What the packer sees. Pure."""
    return prompt_for(state, facts, language)


PACK: Dialogue[State, Facts] = Dialogue(
    name="pack", state=State, permission="pack", facts=load, step=step, arrive=arrive,
    prompt=prompt, run=run, station="pack",
)  # fmt: skip
