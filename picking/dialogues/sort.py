"""Sort: batch-picked goods at the put wall become orders again, unit by unit.

The light of the slot shows where a unit goes, if there are lights; the screen always does, and
only a scan of the slot says that it is there.

Transitions:
* item -> slot: an item was scanned; the slot of the most urgent order that waits for it is shown
* item -> lot: orders wait for several lots of it and the barcode does not say which
* lot -> slot: the lot was scanned
* lot -> item: back; nothing was booked
* slot -> item: the right slot was scanned; the unit lies there, and the light goes on
* slot -> slot: another slot is refused
* slot -> item: back; nothing was booked
* slot -> item: its order does not want it any more
* item -> tote: a slot whose order is complete was scanned: it is to be emptied
* item -> tote: a slot that waits for more was scanned twice: it is emptied all the same
* tote -> item: an empty tote was scanned: all of it goes into it, for the bench
* tote -> item: back
* item -> item: something that nobody waits for is refused
* item -> item: undo; the last unit goes back into the batch's tote
* item -> menu: back
"""

from dataclasses import dataclass
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from picking import lights, walls
from picking.dialogues.base import (
    Dialogue,
    Say,
    Seen,
    Step,
    Who,
    not_now,
    options,
    unexpected,
    wrong,
)
from picking.walls import Goods, Slot
from wms.db import Tx
from wms.messages import Language, say
from wms.rooms.prompts import Await, Focus, Prompt


class State(Struct, frozen=True, kw_only=True):
    """What is in the hand, and where it goes. What lies where is the book's to know."""

    at: Literal["item", "lot", "slot", "tote"] = "item"
    item: int = 0
    qty: int = 0  # eaches in the hand
    allocation: int = 0  # whose they are
    order: int = 0
    slot: str = ""  # the slot that is to be emptied, or was asked for once


@dataclass(frozen=True, slots=True)
class Facts:
    """What waits at this wall, most urgent first; its slots; what could be undone."""

    wall: str
    goods: tuple[Goods, ...] = ()
    slots: tuple[Slot, ...] = ()
    last: tuple[str, int] | None = None

    def part(self, allocation: int) -> Goods | None:
        """The units of this promise, while they wait."""
        return next((one for one in self.goods if one.allocation == allocation), None)

    def slot(self, place: str) -> Slot | None:
        return next((one for one in self.slots if one.place == place), None)

    def slot_of(self, order: int) -> Slot | None:
        return next((one for one in self.slots if one.order == order), None)

    def has_room(self, order: int) -> bool:
        """Whether units of *order* could go somewhere."""
        return any(one.order in (order, None) for one in self.slots)


@dataclass(frozen=True, slots=True)
class Point:
    """Show where units of an order go."""

    order: int
    qty: int


@dataclass(frozen=True, slots=True)
class Put:
    """The units lie in the slot."""

    allocation: int
    qty: int
    slot: str


@dataclass(frozen=True, slots=True)
class Dark:
    """The unit goes back: nothing is to be put into the slot now."""

    slot: str


@dataclass(frozen=True, slots=True)
class Empty:
    """All that lies in the slot goes into a tote."""

    slot: str
    tote: str


@dataclass(frozen=True, slots=True)
class TakeBack:
    """The last unit goes back into the batch's tote."""

    move: str
    allocation: int


def load(tx: Tx, _state: State, who: Who) -> Facts:
    """Read them."""
    assert who.station is not None, "the menu opens sorting only at a wall"
    return Facts(
        who.station.code, walls.goods_at(tx, who.station.place),
        walls.slots_of(tx, who.station.code), walls.last_put(tx, who.actor),
    )  # fmt: skip


def arrive(state: State, facts: Facts) -> State:
    """Where the worker stands, given what the book says now."""
    if state.at == "slot":
        part = facts.part(state.allocation)
        if part is None or part.qty < state.qty or facts.slot_of(state.order) is None:
            return State()
    if state.at == "lot" and not any(one.item == state.item for one in facts.goods):
        return State()
    if state.at == "tote":
        slot = facts.slot(state.slot)
        return state if slot is not None and slot.order is not None else State()
    return state


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    if seen.is_command("back"):
        return _back(state, facts)
    if seen.is_command("undo") and state.at == "item":
        if facts.last is None:
            return Step(state, say=Say("undo.nothing", "error"))
        return Step(State(), (TakeBack(*facts.last),))
    if seen.kind == "command":
        return Step(state, say=not_now(seen))
    return {"item": _item, "lot": _lot, "slot": _slot, "tote": _tote}[state.at](state, seen, facts)


def _back(state: State, facts: Facts) -> Step[State]:
    if state.at == "item":
        return Step(state, go="menu")
    slot = facts.slot_of(state.order)
    return Step(State(), (Dark(slot.place),) if state.at == "slot" and slot is not None else ())


def _item(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.kind == "place":
        return _to_empty(state, seen, facts)
    meant = {item.id: item.qty for item in seen.items}
    wanted = [
        one for one in facts.goods
        if one.item in meant
        and (not (seen.lot and one.lot) or one.lot == seen.lot)
        and (not (seen.serial and one.serial) or one.serial == seen.serial)
    ]  # fmt: skip
    if not wanted:
        skus = sorted({one.sku for one in facts.goods})
        expected = " / ".join(skus[:3]) or "-"
        return Step(State(), say=wrong("sort.nobody_waits", expected=expected, scanned=seen.name))
    first = wanted[0]
    qty = meant[first.item]
    if len({one.lot for one in wanted if one.item == first.item}) > 1:
        return Step(State(at="lot", item=first.item, qty=qty))
    return _found(wanted, qty, facts)


def _found(wanted: list[Goods], qty: int, facts: Facts) -> Step[State]:
    """The most urgent order that waits for as many goes first; at a full wall the most urgent one
    that has a slot, or nothing would ever make room."""
    fitting = [one for one in wanted if one.qty >= qty]
    fitting = [one for one in fitting if facts.has_room(one.order)] or fitting
    if not fitting:
        said = wrong("sort.too_many", expected=str(wanted[0].qty), scanned=str(qty))
        return Step(State(), say=said)
    first = fitting[0]
    state = State(at="slot", allocation=first.allocation, order=first.order, qty=qty,
                  item=first.item)  # fmt: skip
    return Step(state, (Point(first.order, qty),))


def _lot(state: State, seen: Seen, facts: Facts) -> Step[State]:
    read = seen.lot or seen.code or seen.text
    wanted = [one for one in facts.goods if one.item == state.item and one.lot == read]
    if wanted:
        return _found(wanted, state.qty, facts)
    lots = " / ".join(sorted({one.lot for one in facts.goods if one.item == state.item})[:3])
    return Step(state, say=wrong("pick.wrong_lot", expected=lots, scanned=seen.lot or seen.name))


def _slot(state: State, seen: Seen, facts: Facts) -> Step[State]:
    slot = facts.slot_of(state.order)
    assert slot is not None, "arrive() leaves `slot` when the order has none"
    if seen.kind == "place" and seen.code == slot.place:
        return Step(State(), (Put(state.allocation, state.qty, slot.place),))
    return Step(state, say=wrong("sort.wrong_slot", expected=slot.place, scanned=seen.name))


def _to_empty(state: State, seen: Seen, facts: Facts) -> Step[State]:
    slot = facts.slot(seen.code)
    if slot is None or slot.order is None:
        return Step(State(), say=unexpected(seen, expected="PLACE", code="sort.not_a_slot"))
    again = state.slot == slot.place and seen.deliberate
    if not slot.complete and not again:
        said = Say("sort.incomplete", "attention", params={"missing": slot.missing})
        return Step(State(slot=slot.place), say=said)
    return Step(State(at="tote", slot=slot.place))


def _tote(state: State, seen: Seen, _facts: Facts) -> Step[State]:
    if seen.kind == "tote":
        return Step(State(), (Empty(state.slot, seen.code),))
    return Step(state, say=wrong("pick.not_a_tote", expected=state.slot, scanned=seen.name))


def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Carry out one effect in the open transaction."""
    assert who.station is not None, "the menu opens sorting only at a wall"
    match effect:
        case Point():
            walls.refuse_others(tx, who.person, order=effect.order)
            walls.point(tx, wall=who.station.code, order=effect.order, qty=effect.qty)
        case Put():
            walls.refuse_others(tx, who.person, allocation=effect.allocation)
            complete = walls.put(
                tx, allocation=effect.allocation, qty=effect.qty, slot=effect.slot, key=who.key,
                actor=who.actor, now=who.now,
            )  # fmt: skip
            return Say("sort.complete", params={"slot": effect.slot}) if complete else None
        case Dark():
            lights.show(tx, effect.slot, "", "")
        case Empty():
            walls.refuse_others(tx, who.person, slot=effect.slot)
            order = walls.empty(tx, slot=effect.slot, tote=effect.tote, key=who.key,
                                actor=who.actor, now=who.now)  # fmt: skip
            return Say("sort.emptied", params={"order": order})
        case TakeBack():
            walls.refuse_others(tx, who.person, allocation=effect.allocation)
            walls.take_back(tx, allocation=effect.allocation, move=effect.move, key=who.key,
                            actor=who.actor, now=who.now)  # fmt: skip
            return Say("sort.taken_back", "attention")
        case _:
            raise AssertionError(effect)
    return None


AWAITS = {
    "item": (Await.ITEM, Await.PLACE), "lot": (Await.ITEM,), "slot": (Await.PLACE,),
    "tote": (Await.TOTE,),
}  # fmt: skip


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """What the worker sees. Pure."""
    page = Prompt(
        dialogue="sort", step=state.at, title=say("sort.title", language),
        ask=say(f"sort.ask.{state.at}", language), help=say(f"help.sort.{state.at}", language),
        awaits=AWAITS[state.at], language=language,
        options=options(language, *(("undo", "back") if state.at == "item" else ("back",))),
    )  # fmt: skip
    part, slot = facts.part(state.allocation), facts.slot_of(state.order)
    if state.at == "slot" and part is not None and slot is not None:
        focus = Focus(
            place=slot.place, slot=str(slot.position), item=part.name, sku=part.sku, lot=part.lot,
            qty=state.qty, picture=part.picture,
        )  # fmt: skip
        return replace(page, focus=focus, lines=(part.order_code,))
    if state.at == "tote":
        return replace(page, focus=Focus(place=state.slot))
    ready = [one.place for one in facts.slots if one.complete]
    lines = [say("sort.waiting", language, count=sum(one.qty for one in facts.goods))]
    if ready:
        lines.append(say("sort.ready", language, slots=" ".join(ready[:4])))
    return replace(page, lines=tuple(lines))


SORT: Dialogue[State, Facts] = Dialogue(
    name="sort", state=State, permission="sort", facts=load, step=step, arrive=arrive,
    prompt=prompt, run=run, station="wall",
)  # fmt: skip
