"""Pack: prove every piece, choose the box, weigh it, and close it with its own label.

Transitions:
* tote -> item: a tote of this station with one order's goods was scanned
* tote -> one: a total tote of one-piece orders was scanned
* one -> box: an item was scanned; the most urgent waiting order takes it
* item -> item: one more piece was proven
* item -> box: everything in the totes was scanned
* box -> weigh: a box that fits was scanned, and there is a scale
* box -> label: the same, without a scale; the parcel is made and its label requested
* weigh -> label: the weight fits the prediction
* weigh -> weigh: it does not; the likely culprit is named
* weigh -> item: back; the pieces are counted again
* label -> slip: the owner's slips were issued before; this order's is asked for
* label -> verify: the label comes out of the printer
* slip -> verify: the slip of this order was scanned
* verify -> tote, one: the parcel's own label was scanned on the box; the parcel is closed
* verify -> verify: another parcel's label is refused; `reprint` asks for a marked copy
* any -> item, tote: undo, back
"""

from dataclasses import dataclass
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from picking import bench
from picking.dialogues import pack_proof as proof
from picking.dialogues.base import Dialogue, Say, Seen, Step, Who, wrong
from picking.dialogues.pack_facts import Box, Facts, load
from picking.dialogues.pack_prompt import prompt_for
from wms import parcels
from wms.db import Tx
from wms.messages import Language
from wms.prompts import Prompt

At = Literal["tote", "one", "item", "box", "weigh", "slip", "verify"]


class State(Struct, frozen=True, kw_only=True):
    """What the packer has proven so far; the goods are still in their totes until the weight."""

    at: At = "tote"
    tote: str = ""
    scanned: tuple[str, ...] = ()  # a key for each piece, in order: undo takes the last
    box: str = ""


@dataclass(frozen=True, slots=True)
class Take:
    """A tote was scanned: is it here, and what is it?"""

    tote: str


@dataclass(frozen=True, slots=True)
class BindOne:
    tote: str
    item: int


@dataclass(frozen=True, slots=True)
class Close:
    """Everything is proven: make the parcel and ask for its label."""

    order: int
    contents: tuple[parcels.Packed, ...]
    box: str
    weight_g: int
    predicted_g: int
    issue: bool


@dataclass(frozen=True, slots=True)
class MatchSlip:
    parcel: int
    tracking: str


@dataclass(frozen=True, slots=True)
class Verify:
    parcel: int
    tracking: str


@dataclass(frozen=True, slots=True)
class Reprint:
    parcel: int


def facts(tx: Tx, state: State, who: Who) -> Facts:
    return load(tx, who, state.tote)


def arrive(state: State, facts: Facts) -> State:
    """A parcel that waits for its label comes first; then what is left in the tote."""
    if facts.parcel is not None:
        return replace(state, at="slip" if facts.parcel.state == "open" else "verify")
    if not facts.here:
        return State()
    if facts.order is None:
        return replace(state, at="one", scanned=(), box="")
    if state.at in ("verify", "slip", "tote"):
        return replace(state, at="item", scanned=(), box="")
    if state.at in ("one", "item"):
        proven = proof.all_scanned(facts.bound, state.scanned)
        return replace(state, at="box" if proven else "item")
    return state


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    if seen.kind == "command":
        return _command(state, seen, facts)
    return {
        "tote": _tote, "one": _one, "item": _item, "box": _box, "weigh": _weigh, "slip": _slip,
        "verify": _verify,
    }[state.at](state, seen, facts)  # fmt: skip


def _command(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.code == "reprint" and facts.parcel is not None and state.at == "verify":
        return Step(state, (Reprint(facts.parcel.id),))
    if seen.code == "undo" and state.at in ("item", "box") and state.scanned:
        return Step(replace(state, at="item", scanned=state.scanned[:-1], box=""))
    if seen.code in ("back", "undo") and state.at in ("box", "weigh"):
        return Step(replace(state, at="item", scanned=(), box=""))
    if seen.code == "back" and state.at in ("one", "item"):
        return Step(State())
    if seen.code == "back" and state.at == "tote":
        return Step(state, go="menu")
    if seen.code == "1" and state.at == "weigh" and facts.weight_g is not None:
        return _weighed(state, facts.weight_g, facts)
    return Step(state, say=wrong("key.not_now", expected=state.at, scanned=seen.code))


def _tote(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.kind != "tote":
        return Step(state, say=wrong("pack.wrong_tote", expected=facts.station, scanned=seen.text))
    return Step(State(at="item", tote=seen.code), (Take(seen.code),))


def _one(state: State, seen: Seen, facts: Facts) -> Step[State]:
    content = next((c for c in facts.here if seen.item(c.item)), None)
    if content is None:
        return Step(state, say=wrong("pack.wrong_item", expected=state.tote, scanned=_name(seen)))
    proven = replace(state, scanned=(proof.piece(content.item, content.serial),))
    return Step(proven, (BindOne(state.tote, content.item),))


def _item(state: State, seen: Seen, facts: Facts) -> Step[State]:
    order = facts.order
    assert order is not None, "only bound goods are proven one by one"
    if order.missing or facts.elsewhere:
        return Step(state, say=proof.incomplete(facts))
    found = proof.next_piece(facts.bound, state.scanned, seen)
    if isinstance(found, Say):
        return Step(state, say=found)
    return Step(replace(state, scanned=(*state.scanned, *found)))


def _box(state: State, seen: Seen, facts: Facts) -> Step[State]:
    box = _find_box(facts, seen.code) if seen.kind == "box" else None
    order = facts.order
    assert order is not None
    if box is None:
        proposed = proof.propose_box(facts)
        return Step(
            state,
            say=wrong("pack.wrong_box", expected=proposed.code if proposed else "BOX",
                      scanned=seen.text),
        )  # fmt: skip
    if not proof.fits(box, order):
        return Step(state, say=wrong("pack.box_too_big", expected=str(order.sides_mm_max),
                                     scanned=str(box.sides_mm)))  # fmt: skip
    chosen = replace(state, box=box.code)
    if facts.has_scale:
        return Step(replace(chosen, at="weigh"))
    return _close(chosen, facts, box, 0)


def _weigh(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.kind != "weight":
        return Step(state, say=wrong("pack.put_on_scale", expected="g", scanned=seen.text))
    return _weighed(state, seen.number, facts)


def _weighed(state: State, weight_g: int, facts: Facts) -> Step[State]:
    box = _find_box(facts, state.box)
    assert box is not None
    difference = weight_g - proof.predicted_g(facts.bound, box)
    assert facts.order is not None
    if abs(difference) > facts.order.tolerance_g:
        return Step(state, say=proof.weight_differs(facts.bound, difference))
    return _close(state, facts, box, weight_g)


def _close(state: State, facts: Facts, box: Box, weight_g: int) -> Step[State]:
    order = facts.order
    assert order is not None
    contents = tuple(parcels.Packed(c.allocation, c.qty) for c in facts.bound)
    issue = order.label_mode == "immediate"
    predicted = proof.predicted_g(facts.bound, box)
    close = Close(order.id, contents, box.code, weight_g, predicted, issue)
    after: At = "verify" if issue else "slip"
    return Step(replace(state, at=after), (close,))


def _slip(state: State, seen: Seen, facts: Facts) -> Step[State]:
    assert facts.parcel is not None
    if seen.code not in facts.slip_numbers:
        expected = " / ".join(facts.slip_numbers[:2]) or "-"
        return Step(state, say=wrong("pack.wrong_slip", expected=expected, scanned=seen.text))
    return Step(replace(state, at="verify"), (MatchSlip(facts.parcel.id, seen.code),))


def _verify(state: State, seen: Seen, facts: Facts) -> Step[State]:
    assert facts.parcel is not None
    if seen.kind == "parcel" and seen.code == facts.parcel.code:
        return Step(state, say=Say("pack.scan_tracking", "attention"))
    if seen.code != facts.parcel.tracking:
        return Step(
            state,
            say=wrong("pack.wrong_label", expected=facts.parcel.tracking, scanned=seen.text),
        )
    return Step(replace(state, scanned=(), box=""), (Verify(facts.parcel.id, seen.code),))


def _name(seen: Seen) -> str:
    return seen.items[0].sku if seen.items else seen.text


def _find_box(facts: Facts, code: str) -> Box | None:
    return next((box for box in facts.boxes if box.code == code), None)


def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Carry out one effect in the open transaction."""
    assert who.station is not None
    match effect:
        case Take():
            bench.take(tx, tote=effect.tote, place=who.station.place)
        case BindOne():
            bench.bind_one(tx, tote=effect.tote, item=effect.item)
        case Close():
            parcel = parcels.pack(
                tx, order=effect.order, contents=effect.contents, station=who.station.code,
                place=who.station.place, box=effect.box, weight_g=effect.weight_g,
                predicted_g=effect.predicted_g, key=who.key, actor=who.actor, now=who.now,
            )  # fmt: skip
            if effect.issue:
                bench.issue_label(tx, parcel=parcel, station=who.station.code, now=who.now)
        case MatchSlip():
            parcels.match_slip(tx, parcel=effect.parcel, tracking=effect.tracking, now=who.now)
        case Verify():
            parcels.verify(tx, parcel=effect.parcel, tracking=effect.tracking, now=who.now)
            return Say("pack.closed")
        case Reprint():
            return bench.reprint(tx, parcel=effect.parcel, station=who.station.code, now=who.now)
        case _:
            raise AssertionError(effect)
    return None


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    return prompt_for(state, facts, language)


PACK: Dialogue[State, Facts] = Dialogue(
    name="pack", state=State, permission="pack", facts=facts, step=step, arrive=arrive,
    prompt=prompt, run=run,
)  # fmt: skip
