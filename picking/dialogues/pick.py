"""Pick: a cart of totes, one place after another, every unit proven by scan.

Transitions:
* get -> bind: a tour was claimed; every slot of the cart needs its tote
* get -> get: there is no work now; `1` asks again
* bind -> bind: a free tote was scanned for the slot; the next slot is asked for
* bind -> place: every slot has its tote
* place -> item: the right place was scanned (or its check digits keyed)
* item -> item: one more unit was scanned, or a quantity above five was keyed
* item -> lot: the bin holds several lots and the barcode does not say which
* lot -> item: the right lot was scanned
* item -> tote: all units are in the hand
* tote -> place: the tote of this order was scanned; the pick is booked
* tote -> drop: that was the last stop
* place, item -> short: 棚になし; tote first when some units are already in the hand
* short -> place: confirmed; the bin is blocked, the rest is looked for elsewhere
* place, item -> place: later; this stop comes after the others
* item -> full: the tote is full; what is in the hand goes in before
* full -> bind: the full tote was closed; a fresh one takes its slot
* any -> place: undo; the hand is emptied, or the last pick goes back
* drop -> get: the totes were set down; the tour is done
"""

from dataclasses import dataclass
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import func, select

from picking import drops, tours
from picking.dialogues.base import (
    Dialogue,
    Say,
    Seen,
    Step,
    Who,
    choices,
    options,
    wrong,
)
from picking.tours import StopView, TourView
from wms import allocation
from wms.allocation import LastPick
from wms.db import Tx
from wms.messages import Language, say
from wms.prompts import Await, Focus, Option, Prompt
from wms.schema import stock
from wms.schema import tours as tours_table

KEYED_ABOVE = 5  # more pieces than this are counted by the hand and keyed
At = Literal["get", "bind", "place", "item", "lot", "tote", "short", "drop"]


class State(Struct, frozen=True, kw_only=True):
    """Where the picker is in the tour. What is in which tote is the book's to know."""

    at: At = "get"
    stop: int = 0  # id of the stop at hand
    place: str = ""  # the place that was last confirmed by scan
    hand: int = 0  # units scanned and not yet in a tote
    lot: str = ""  # the lot proven at this stop
    after: Literal["", "short", "full"] = ""  # what follows once the hand is empty


@dataclass(frozen=True, slots=True)
class Facts:
    """The tour as the book has it, where it may be set down, and who walks it."""

    tour: TourView | None
    drops: tuple[str, ...] = ()
    lots_here: int = 0  # how many lots of the item at hand lie in its bin
    last_pick: LastPick | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Ask for the next tour."""


@dataclass(frozen=True, slots=True)
class Bind:
    tour: int
    slot: int
    tote: str


@dataclass(frozen=True, slots=True)
class Pick:
    stop: int
    qty: int
    tote: str


@dataclass(frozen=True, slots=True)
class Short:
    stop: int


@dataclass(frozen=True, slots=True)
class Later:
    stop: int


@dataclass(frozen=True, slots=True)
class ToteFull:
    tour: int
    slot: int


@dataclass(frozen=True, slots=True)
class Undo:
    pick: LastPick


@dataclass(frozen=True, slots=True)
class Drop:
    tour: int
    place: str


def facts(tx: Tx, _state: State, who: Who) -> Facts:
    mine = (tours_table.c.person_id == who.person.id) & (tours_table.c.state == "claimed")
    tour = tx.execute(select(tours_table.c.id).where(mine)).scalar()
    if tour is None:
        return Facts(None)
    view = tours.view(tx, tour)
    stop = view.current
    lots_here = _lots_here(tx, stop) if stop is not None and stop.lot else 0
    return Facts(view, drops.drop_places(tx), lots_here, allocation.last_pick(tx, who.actor))


def _lots_here(tx: Tx, stop: StopView) -> int:
    here = (stock.c.place == stop.place) & (stock.c.item_id == stop.item) & (stock.c.qty > 0)
    return int(tx.execute(select(func.count(stock.c.lot.distinct())).where(here)).scalar_one())


def arrive(state: State, facts: Facts) -> State:
    """Where the worker stands, given what the book says now."""
    tour = facts.tour
    if tour is None:
        return State()
    if tour.unbound is not None:
        return replace(state, at="bind")
    stop = tour.current
    if stop is None:
        return State(at="drop")
    if stop.id != state.stop:
        at: At = "item" if stop.place == state.place else "place"
        return State(at=at, stop=stop.id, place=state.place)
    if state.at in ("get", "bind", "drop"):
        return replace(state, at="item" if stop.place == state.place else "place")
    return state


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    tour = facts.tour
    if tour is None:
        return _get(state, seen)
    if seen.kind == "command" and seen.code == "undo":
        return _undo(state, facts.last_pick)
    if state.at == "bind":
        return _bind(state, seen, tour)
    if state.at == "drop":
        return _drop(state, seen, tour, facts.drops)
    stop = next(stop for stop in tour.stops if stop.id == state.stop)
    if seen.kind == "command":
        return _command(state, seen, tour, stop)
    if state.at == "item":
        return _item(state, seen, stop, facts.lots_here)
    if state.at == "tote":
        return _tote(state, seen, tour, stop)
    return {"place": _place, "lot": _lot, "short": _short}[state.at](state, seen, stop)


def _get(state: State, seen: Seen) -> Step[State]:
    if seen.kind == "command" and seen.code == "back":
        return Step(state, go="menu")
    if seen.text == "1":
        return Step(state, (Claim(),))
    return Step(state, say=wrong("scan.unexpected", expected="1", scanned=seen.text))


def _bind(state: State, seen: Seen, tour: TourView) -> Step[State]:
    slot = tour.unbound
    assert slot is not None, "arrive() leaves `bind` once every slot has its tote"
    if seen.kind == "command" and seen.code == "back":
        return Step(state, go="menu")
    if seen.kind != "tote":
        expected = f"TOTE {slot.slot}"
        return Step(state, say=wrong("pick.wrong_tote", expected=expected, scanned=seen.text))
    return Step(state, (Bind(tour.id, slot.slot, seen.code),))


def _place(state: State, seen: Seen, stop: StopView) -> Step[State]:
    by_digits = seen.kind == "number" and stop.check_digits != "" and seen.text == stop.check_digits
    if by_digits or (seen.kind == "place" and seen.code == stop.place):
        return Step(replace(state, at="item", place=stop.place))
    return Step(state, say=wrong("pick.wrong_place", expected=stop.place, scanned=seen.text))


def _item(state: State, seen: Seen, stop: StopView, lots_here: int) -> Step[State]:
    if seen.kind == "number":
        return _keyed(state, seen, stop)
    item = seen.item(stop.item)
    if item is None:
        return Step(state, say=wrong("pick.wrong_item", expected=stop.sku, scanned=_name(seen)))
    if seen.lot and seen.lot != stop.lot:
        return Step(state, say=wrong("pick.wrong_lot", expected=stop.lot, scanned=seen.lot))
    if stop.serial and seen.serial and seen.serial != stop.serial:
        return Step(
            state, say=wrong("pick.wrong_serial", expected=stop.serial, scanned=seen.serial)
        )
    if state.hand + item.qty > stop.qty:
        return Step(state, say=_too_many(state.hand + item.qty, stop))
    proven = replace(state, hand=state.hand + item.qty, lot=seen.lot or state.lot)
    if lots_here > 1 and not proven.lot:
        return Step(replace(proven, at="lot"))
    return Step(_counted(proven, stop))


def _keyed(state: State, seen: Seen, stop: StopView) -> Step[State]:
    """A keyed count holds only once the item itself was scanned, and only above five."""
    if state.hand == 0:
        return Step(state, say=wrong("pick.scan_first", expected=stop.sku, scanned=seen.text))
    if stop.qty <= KEYED_ABOVE:
        return Step(state, say=wrong("pick.count_by_scan", expected=stop.sku, scanned=seen.text))
    if seen.number > stop.qty:
        return Step(state, say=_too_many(seen.number, stop))
    if seen.number < state.hand:
        return Step(
            state, say=wrong("pick.less_than_scanned", expected=str(state.hand), scanned=seen.text)
        )
    return Step(_counted(replace(state, hand=seen.number), stop))


def _counted(state: State, stop: StopView) -> State:
    return replace(state, at="tote" if state.hand == stop.qty else "item")


def _lot(state: State, seen: Seen, stop: StopView) -> Step[State]:
    read = seen.lot or seen.text
    if read != stop.lot:
        return Step(state, say=wrong("pick.wrong_lot", expected=stop.lot, scanned=read))
    return Step(_counted(replace(state, lot=read), stop))


def _tote(state: State, seen: Seen, tour: TourView, stop: StopView) -> Step[State]:
    tote = tour.tote_of(stop.slot) or ""
    if seen.kind != "tote" or seen.code != tote:
        return Step(state, say=wrong("pick.wrong_tote", expected=tote, scanned=seen.text))
    effects: tuple[object, ...] = (Pick(stop.id, state.hand, tote),)
    emptied = replace(state, hand=0, lot="", after="")
    if state.after == "short":
        return Step(replace(emptied, at="place"), (*effects, Short(stop.id)))
    if state.after == "full":
        return Step(replace(emptied, at="bind"), (*effects, ToteFull(tour.id, stop.slot)))
    return Step(replace(emptied, at="place"), effects)


def _short(state: State, seen: Seen, stop: StopView) -> Step[State]:
    if seen.text == "1":
        return Step(replace(state, at="place"), (Short(stop.id),))
    if seen.text == "2":
        return Step(replace(state, at="place"))
    return Step(state, say=wrong("scan.unexpected", expected="1 / 2", scanned=seen.text))


def _command(state: State, seen: Seen, tour: TourView, stop: StopView) -> Step[State]:
    if seen.code in ("1", "2") and state.at == "short":
        return _short(state, seen, stop)
    if seen.code == "back":
        if state.at in ("lot", "tote", "short"):
            return Step(replace(state, at="place", hand=0, lot="", after=""))
        return Step(replace(state, hand=0, lot=""), go="menu")
    in_hand = state.hand > 0
    if seen.code == "short" and state.at in ("place", "item"):
        if in_hand:
            return Step(replace(state, at="tote", after="short"))
        return Step(replace(state, at="short"))
    if seen.code == "full" and state.at in ("place", "item", "tote"):
        if in_hand:
            return Step(replace(state, at="tote", after="full"))
        return Step(replace(state, at="bind"), (ToteFull(tour.id, stop.slot),))
    if seen.code == "later" and state.at in ("place", "item") and not in_hand:
        return Step(replace(state, at="place", stop=0), (Later(stop.id),))
    return Step(state, say=wrong("key.not_now", expected=state.at, scanned=seen.code))


def _undo(state: State, last_pick: LastPick | None) -> Step[State]:
    """Physics allows two undos: empty the hand, or take the last pick out of its tote again."""
    if state.hand or state.at in ("lot", "tote", "short"):
        return Step(
            replace(state, at="place", hand=0, lot="", after=""), say=Say("pick.hand_emptied")
        )
    if last_pick is not None:
        return Step(State(), (Undo(last_pick),), Say("pick.undone", "attention"))
    return Step(state, say=Say("undo.nothing", "error"))


def _drop(state: State, seen: Seen, tour: TourView, drops: tuple[str, ...]) -> Step[State]:
    if seen.kind == "place" and seen.code in drops:
        return Step(State(), (Drop(tour.id, seen.code),))
    if seen.kind == "command" and seen.code == "back":
        return Step(state, go="menu")
    return Step(
        state, say=wrong("pick.wrong_drop", expected=" / ".join(drops[:3]), scanned=seen.text)
    )


def _too_many(counted: int, stop: StopView) -> Say:
    return wrong("pick.too_many", expected=str(stop.qty), scanned=str(counted))


def _name(seen: Seen) -> str:
    return seen.items[0].sku if seen.items else seen.text


def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Carry out one effect in the open transaction."""
    match effect:
        case Claim():
            claimed = tours.claim(tx, person=who.person.id, now=who.now)
            return Say("pick.no_work", "attention") if claimed is None else None
        case Bind():
            tours.bind_tote(tx, tour=effect.tour, slot=effect.slot, tote=effect.tote,
                            person=who.person.id, now=who.now)  # fmt: skip
        case Pick():
            key = f"{who.key}:stop:{effect.stop}"  # an undo reads the stop from it
            tours.pick_stop(tx, stop=effect.stop, qty=effect.qty, tote=effect.tote, key=key,
                            actor=who.actor, now=who.now)  # fmt: skip
        case Short():
            return _run_short(tx, effect, who)
        case Later():
            tours.later(tx, stop=effect.stop, now=who.now)
        case ToteFull():
            tours.tote_full(tx, tour=effect.tour, slot=effect.slot, now=who.now)
        case Undo():
            _run_undo(tx, effect, who)
        case Drop():
            tours.drop(tx, tour=effect.tour, place=effect.place, key=who.key, actor=who.actor,
                       now=who.now, rng=who.rng)  # fmt: skip
            return Say("pick.tour_done")
        case _:
            raise AssertionError(effect)
    return None


def _run_undo(tx: Tx, effect: Undo, who: Who) -> None:
    """The key of a pick ends in its stop: the one that is to be open again."""
    stop = int(effect.pick.key.rpartition(":")[2])
    tours.undo_pick(
        tx, stop=stop, allocation=effect.pick.allocation, pick_key=effect.pick.key,
        key=f"{who.key}:undo", actor=who.actor, now=who.now,
    )  # fmt: skip


def _run_short(tx: Tx, effect: Short, who: Who) -> Say:
    shorted = tours.short(
        tx, stop=effect.stop, person=who.person.id, key=who.key, actor=who.actor, now=who.now,
        today=who.today,
    )  # fmt: skip
    if shorted.places:
        return Say("pick.short_elsewhere", "attention", params={"place": shorted.places[0]})
    return Say("pick.short_nowhere", "attention", params={"missing": shorted.missing})


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """What the picker sees. Pure."""
    tour = facts.tour
    if tour is None:
        return _page(state, language, "get", (Await.CHOICE,),
                     keys=(*choices(language, "pick.get"), *options(language, "back")))  # fmt: skip
    done = tour.done
    if state.at == "bind":
        slot = tour.unbound
        assert slot is not None
        focus = Focus(slot=str(slot.slot), tote=slot.order_code)
        return _page(state, language, "bind", (Await.TOTE,), focus, done, len(tour.stops),
                     keys=options(language, "back"))  # fmt: skip
    if state.at == "drop":
        return _page(state, language, "drop", (Await.PLACE,), Focus(place=facts.drops[0]), done,
                     len(tour.stops), keys=options(language, "undo"))  # fmt: skip
    stop = next(stop for stop in tour.stops if stop.id == state.stop)
    awaits, keys = _expected(state, stop, language)
    return _page(
        state, language, state.at, awaits, _focus(state, tour, stop), done, len(tour.stops), keys
    )


def _expected(
    state: State, stop: StopView, language: Language
) -> tuple[tuple[Await, ...], tuple[Option, ...]]:
    if state.at == "short":
        return (Await.CHOICE,), choices(language, "yes", "no")
    if state.at == "tote":
        return (Await.TOTE,), options(language, "back", "full", "undo")
    keys = options(language, "short", "later", "full", "undo")
    if state.at == "place":
        return (Await.PLACE,), keys
    if state.at == "lot":
        return (Await.ITEM,), keys
    by_hand = state.hand > 0 and stop.qty > KEYED_ABOVE
    return ((Await.ITEM, Await.QTY) if by_hand else (Await.ITEM,)), keys


def _focus(state: State, tour: TourView, stop: StopView) -> Focus:
    return Focus(
        place=stop.place, item=stop.name, sku=stop.sku, lot=stop.lot, expiry=stop.expiry,
        qty=stop.qty - state.hand if state.at in ("place", "item") else state.hand,
        tote=tour.tote_of(stop.slot) or "", slot=str(stop.slot), picture=stop.picture,
    )  # fmt: skip


def _page(
    state: State, language: Language, at: str, awaits: tuple[Await, ...], focus: Focus = Focus(),  # noqa: B008
    done: int = 0, total: int = 0, keys: tuple[Option, ...] = (),
) -> Prompt:  # fmt: skip
    return Prompt(
        dialogue="pick", step=at, title=say("pick.title", language),
        ask=say(f"pick.ask.{at}", language), awaits=awaits, focus=focus, done=done, total=total,
        options=keys, language=language,
    )  # fmt: skip


PICK: Dialogue[State, Facts] = Dialogue(
    name="pick", state=State, permission="pick", facts=facts, step=step, arrive=arrive,
    prompt=prompt, run=run,
)  # fmt: skip
