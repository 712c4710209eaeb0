"""Pack: prove every piece, choose the box, weigh it, and close it with its own label.

Transitions:
* tote -> item: a tote of this station with one order's goods was scanned
* tote -> box: the same; its tags prove all of it, and the owner takes their word
* tote -> one: a total tote of one-piece orders was scanned
* tote -> verify: a box that was set aside was scanned; it goes on here
* tote -> tote: what cannot be packed is refused at once: elsewhere, empty, incomplete, stopped
* tote -> tote: so is what this bench lacks a printer or a scale for
* tote -> tote: `1` prints at the neighbour, or at home again
* tote -> menu: back
* one -> box: an item was scanned; the most urgent waiting order takes it
* one -> tote: back
* item -> item: one more piece was proven
* item -> item: another tote of the same order was scanned
* item -> item: undo; the last piece is to be scanned again
* item -> item: a paper of the order was scanned; another order's is refused
* item -> box: everything in the totes was scanned
* item -> box: one piece of an order of one item was, and the owner takes it for all
* item -> box: what travels in its own box was scanned, and goes alone
* item -> paper: everything was scanned but a paper that belongs into the box
* item -> box: full; what was scanned goes into this box, the rest into the next
* item -> tote: back
* paper -> box: the last paper was scanned
* paper -> paper: anything else is refused; `reprint` prints them again
* paper -> box: `1`: a card that no printer can print was written by hand
* paper -> item: undo takes the last piece out, back all of them
* box -> box: full; the last piece goes into the next box
* box -> box: the tags differ; the same box once more is yes
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
* box, weigh -> service: `2`; the services that the owner allows instead are shown
* service -> box: one was chosen, before there is a label
* service -> verify: one was chosen; the old label is void, a new one is printed
* service -> any: back
* label -> verify: `1`; boxes whose last one was cancelled get their labels
* slip -> verify: the slip of this order was scanned
* slip -> slip: the slip of another order is refused
* verify -> tote: the parcel's own label was scanned on the box; nothing is left
* verify -> one: the same; the total tote holds more
* verify -> verify: the same; the order's next box waits for its label
* verify -> verify: another parcel's label is refused
* verify -> verify: a slip that was matched a moment ago proves nothing yet
* verify -> verify: `reprint` asks for a marked copy
* verify -> verify: `1` prints at the neighbour, or at home again
* verify -> service: `2`
* verify -> tote: later; the box is set aside and the bench goes on
* any -> list: all pieces are shown; back or any scan leaves it
"""

from msgspec.structs import replace

from picking.dialogues import pack_proof as proof
from picking.dialogues.base import Dialogue, Say, Seen, Step, not_now, refused, wrong
from picking.dialogues.pack_closing import box_step, change, on_the_box, weigh_step
from picking.dialogues.pack_closing import command as closing_command
from picking.dialogues.pack_effects import BindOne, Redirect, ReprintSlip, Take, TakeUp, run
from picking.dialogues.pack_facts import load
from picking.dialogues.pack_prompt import IN_A_TOTE, prompt_for
from picking.dialogues.pack_state import At, Facts, Order, Parcel, State
from wms.messages import Language
from wms.rooms.prompts import Prompt


def arrive(state: State, facts: Facts) -> State:
    """A parcel that waits for its label comes first; then what is left in the tote."""
    parcel = facts.parcel
    changing = state.changing and bool(facts.upgrades)
    if parcel is not None:
        return State(at=_at_label(parcel), tote=state.tote, changing=changing)
    if not facts.here:
        return State()
    if facts.order is None:
        return State(at="one", tote=state.tote, listing=state.listing)
    known = state.at in ("one", *IN_A_TOTE) and proof.is_sound(facts.bound, state.scanned)
    if not known:
        state = State(at="item", tote=state.tote)
    state = replace(state, changing=changing)
    if state.at == "item" and not state.split:
        state = replace(state, scanned=proof.trusted(facts, state.scanned))
    if not _all_in(state, facts):
        return replace(state, at="item", box="", doubted="")
    if not state.split and proof.unproven_papers(facts, state):
        return replace(state, at="paper", box="", doubted="")
    return replace(state, at="box") if state.at in ("one", "item", "paper") else state


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
    if state.changing:
        return change(state, seen, facts)
    if seen.is_command("list") and state.at in IN_A_TOTE:
        return Step(replace(state, listing=True))
    if seen.kind == "command" or _is_key(state, seen, facts):
        return _command(state, seen, facts)
    if facts.parcel is not None:
        return on_the_box(state, seen, facts, facts.parcel)
    order = facts.order
    if state.at == "tote" or order is None:
        return _one(state, seen, facts) if state.at == "one" else _tote(state, seen, facts)
    if state.at in ("item", "paper"):
        return _item(state, seen, facts, order)
    return (box_step if state.at == "box" else weigh_step)(state, seen, facts, order)


def _is_key(state: State, seen: Seen, facts: Facts) -> bool:
    """Whether digits that were keyed choose something here."""
    if seen.kind != "number":
        return False
    elsewhere = seen.digit == 1 and facts.can_redirect and state.at in ("tote", "verify")
    upgrade = seen.digit == 2 and bool(facts.upgrades) and state.at in ("box", "verify")
    written = seen.digit == 1 and state.at == "paper" and proof.by_hand(facts, state) is not None
    return elsewhere or upgrade or written or state.at in ("weigh", "label")


def _command(state: State, seen: Seen, facts: Facts) -> Step[State]:
    done = closing_command(state, seen, facts)
    if done is not None:
        return done
    if seen.digit == 1 and facts.can_redirect and state.at == "tote":
        return Step(state, (Redirect("" if facts.redirected else facts.helper),))
    if seen.code == "reprint" and facts.order is not None and facts.slip_printer:
        return Step(state, (ReprintSlip(facts.order.id),))
    if seen.code == "full" and state.at in ("item", "box") and state.scanned:
        return _full(state, seen, facts)
    if seen.code == "undo" and state.at in ("item", "paper", "box") and state.scanned:
        kept = replace(state, at="item", scanned=state.scanned[:-1], box="", split=False)
        return Step(replace(kept, doubted=""))
    if seen.digit == 1 and state.at == "paper" and (by_hand := proof.by_hand(facts, state)):
        return Step(replace(state, papers=(*state.papers, by_hand.code)))
    if seen.code in ("back", "undo") and state.at in ("paper", "box", "weigh"):
        return Step(State(at="item", tote=state.tote))
    if seen.code == "back" and state.at in ("one", "item"):
        return Step(State())
    if seen.code == "back":
        return Step(state, go="menu")
    return Step(state, say=not_now(seen))


def _full(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """This box takes no more: what is left, or the last piece, goes into the next one."""
    order = facts.order
    assert order is not None, "pieces are proven for an order"
    kept = state.scanned if state.at == "item" else state.scanned[:-1]
    if not kept:
        return Step(state, say=not_now(seen))
    if order.pieces_max and order.pieces + 2 > order.pieces_max:
        said = wrong("pack.one_box_only", expected=str(order.pieces_max), scanned=order.service)
        return Step(state, say=said)
    return Step(replace(state, at="item", scanned=kept, split=True, box="", doubted=""))


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


def _item(state: State, seen: Seen, facts: Facts, order: Order) -> Step[State]:
    refusal = proof.not_ready(facts)
    if refusal is not None:
        return Step(state, say=refused(refusal, seen))
    paper = proof.paper_meant(facts, seen)
    if paper is not None and not paper.packed:
        return Step(replace(state, papers=(*{*state.papers, paper.code},)))
    if seen.kind == "unknown" and seen.code == order.code:
        return Step(state, say=Say("pack.slip_matches"))
    if state.at == "paper":
        wanted = " / ".join(one.code for one in proof.unproven_papers(facts, state)[:2])
        return Step(state, say=wrong("pack.wrong_paper", expected=wanted, scanned=seen.name))
    if seen.kind == "tote" and any(one.tote == seen.code for one in facts.bound):
        return Step(replace(state, tote=seen.code))
    found = proof.next_piece(facts.bound, state.scanned, seen)
    if isinstance(found, Say):
        return Step(state, say=found)
    return _proven(state, seen, facts, proof.all_of_one(facts, state, found))


def _proven(state: State, seen: Seen, facts: Facts, found: tuple[str, ...]) -> Step[State]:
    """What travels in its own box goes alone; everything else is one more piece."""
    own = {proof.piece(content) for content in facts.bound if content.own_box}
    if own & {*found}:
        if state.scanned or len(found) > 1:
            said = wrong("pack.goes_alone", expected="F6", scanned=seen.name)
            return Step(state, say=said)
        rest = not proof.all_scanned(facts.bound, found)
        return Step(replace(state, scanned=found, split=rest))
    return Step(replace(state, scanned=(*state.scanned, *found)))


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """What the packer sees. Pure."""
    return prompt_for(state, facts, language)


PACK: Dialogue[State, Facts] = Dialogue(
    name="pack", state=State, permission="pack", facts=load, step=step, arrive=arrive,
    prompt=prompt, run=run, station="pack",
)  # fmt: skip
