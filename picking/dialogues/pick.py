"""Pick: a cart of totes, one place after another, every unit proven by scan.

Transitions:
* get -> bind: a tour was claimed; every slot of the cart needs its tote
* get -> get: there is no work now; `1` asks again
* get -> menu: back
* bind -> bind: a free tote was scanned for the slot; the next slot is asked for
* bind -> place: every slot has its tote
* bind -> menu: back
* place -> item: the right place was scanned
* place -> item: or its check digits were keyed
* place -> menu: back; the tour stays this person's
* item -> item: one more unit was scanned, or a quantity above five was keyed
* item -> lot: the bin holds several lots and the barcode does not say which
* item -> serial: a serial number is promised and the barcode does not say it
* item -> tote: all units are in the hand
* item -> place: back; the hand is emptied and the place is asked for again
* lot -> item: the right lot was scanned; more units are wanted
* lot -> tote: the right lot was scanned; all units are in the hand
* serial -> tote: the right serial number was scanned
* lot -> place: back; the hand is emptied and the place is asked for again
* serial -> place: the same
* tote -> place: the tote of this order was scanned; the pick is booked
* tote -> item: the same, and the next stop is at this very place
* tote -> drop: that was the last stop
* tote -> place: back; the hand is emptied
* tote -> bind: full; a fresh tote takes what is in the hand
* place -> short: 棚になし
* item -> short: 棚になし, with nothing in the hand
* lot -> short: 棚になし: other lots only
* serial -> short: 棚になし: other numbers only
* item -> tote: 棚になし or full, with some units in the hand: they go in first
* short -> place: `1`; the bin is blocked, the rest is looked for elsewhere
* short -> place: or the place was scanned once more, a second or more after the question
* short -> item: `2` or back: it is there after all
* place -> place: later; this stop comes after the others
* place -> bind: the tote is full; a fresh one takes its slot
* item -> bind: the same, with nothing in the hand
* tote -> bind: full was keyed before; what was in the hand went in, a fresh tote is asked for
* bind -> tote: the fresh tote is there, and the hand still holds what goes into it
* any -> place: undo; the hand is emptied
* any -> item: undo with an empty hand; the last pick goes back to its shelf
* any -> list: what is left of the walk is shown; back or any scan leaves it
* any -> gone: the stop was taken back while units of it are in the hand
* gone -> place: `1` or a scan of the shelf: they lie there again
* drop -> get: the totes were set down; the tour is done
"""

from msgspec.structs import replace

from picking.dialogues.base import Dialogue, Say, Seen, Step, not_now, unexpected, wrong
from picking.dialogues.pick_effects import (
    Bind,
    Claim,
    Drop,
    Later,
    Pick,
    Short,
    ToteFull,
    Undo,
    run,
)
from picking.dialogues.pick_facts import At, Facts, State, load
from picking.dialogues.pick_prompt import KEYED_ABOVE, prompt_for
from picking.tours import StopView, TourView
from wms.messages import Language
from wms.prompts import Prompt


def arrive(state: State, facts: Facts) -> State:
    """Where the worker stands, given what the book says now."""
    tour = facts.tour
    if state.hand + state.unproven and facts.stop(state) is None:
        return replace(state, at="gone", hand=state.hand + state.unproven, unproven=0)
    if tour is None:
        return State()
    if tour.unbound is not None:
        return replace(state, at="bind")
    stop = tour.current
    if stop is None:
        return State(at="drop", listing=state.listing)
    if stop.id != state.stop:
        fresh = State(stop=stop.id, place=state.place, listing=state.listing)
        return replace(fresh, at=_resumed(fresh, stop))
    if state.at in ("get", "bind", "drop", "gone"):
        return replace(state, at=_resumed(state, stop))
    return state


def _resumed(state: State, stop: StopView) -> At:
    """The step at which the stop goes on."""
    if state.hand:
        return "tote" if state.hand == stop.qty or state.after else "item"
    return "item" if state.place == stop.place else "place"


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    tour = facts.tour
    if state.listing:
        state = replace(state, listing=False)
        if seen.is_command("list", "back"):
            return Step(state)
    if state.at == "gone":
        return _gone(state, seen)
    if tour is None:
        return _get(state, seen)
    if seen.is_command("list"):
        return Step(replace(state, listing=True))
    if seen.is_command("undo"):
        return _undo(state, facts)
    if state.at == "bind":
        return _bind(state, seen, tour)
    if state.at == "drop":
        return _drop(state, seen, tour, facts.drops)
    stop = facts.stop(state)
    assert stop is not None, "arrive() leaves a stop that is done"
    if state.at == "short":
        return _short(state, seen, stop)
    if seen.kind == "command":
        return _command(state, seen, tour, stop)
    if state.at == "item":
        return _item(state, seen, stop, facts.lots_here)
    if state.at == "tote":
        return _tote(state, seen, tour, stop)
    return {"place": _place, "lot": _lot, "serial": _serial}[state.at](state, seen, stop)


def _get(state: State, seen: Seen) -> Step[State]:
    if seen.is_command("back"):
        return Step(state, go="menu")
    if seen.digit == 1:
        return Step(state, (Claim(),))
    return Step(state, say=unexpected(seen, expected="1"))


def _bind(state: State, seen: Seen, tour: TourView) -> Step[State]:
    slot = tour.unbound
    assert slot is not None, "arrive() leaves `bind` once every slot has its tote"
    if seen.is_command("back"):
        return Step(state, go="menu")
    if seen.kind == "command":
        return Step(state, say=not_now(seen))
    if seen.kind != "tote":
        return Step(state, say=wrong("pick.not_a_tote", expected=str(slot.slot), scanned=seen.name))
    return Step(state, (Bind(tour.id, slot.slot, seen.code),))


def _place(state: State, seen: Seen, stop: StopView) -> Step[State]:
    by_digits = seen.kind == "number" and stop.check_digits != "" and seen.text == stop.check_digits
    if by_digits or (seen.kind == "place" and seen.code == stop.place):
        return Step(replace(state, at="item", place=stop.place))
    return Step(state, say=wrong("pick.wrong_place", expected=stop.place, scanned=seen.name))


def _item(state: State, seen: Seen, stop: StopView, lots_here: int) -> Step[State]:
    if seen.kind == "number":
        return _keyed(state, seen, stop)
    item = seen.item(stop.item)
    if item is None:
        return Step(state, say=wrong("pick.wrong_item", expected=stop.sku, scanned=seen.name))
    if stop.lot and seen.lot and seen.lot != stop.lot:
        return Step(state, say=wrong("pick.wrong_lot", expected=stop.lot, scanned=seen.lot))
    if stop.serial and seen.serial and seen.serial != stop.serial:
        said = wrong("pick.wrong_serial", expected=stop.serial, scanned=seen.serial)
        return Step(state, say=said)
    if state.hand + item.qty > stop.qty:
        return Step(state, say=_too_many(state.hand + item.qty, stop))
    if stop.serial and not seen.serial:
        return Step(replace(state, at="serial", unproven=item.qty))
    if lots_here > 1 and not (seen.lot or state.lot):
        return Step(replace(state, at="lot", unproven=item.qty))
    counted = replace(state, hand=state.hand + item.qty, lot=seen.lot or state.lot)
    return Step(_counted(counted, stop))


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


def _too_many(counted: int, stop: StopView) -> Say:
    return wrong("pick.too_many", expected=str(stop.qty), scanned=str(counted))


def _lot(state: State, seen: Seen, stop: StopView) -> Step[State]:
    read = seen.lot or seen.code or seen.text
    if read != stop.lot:
        said = wrong("pick.wrong_lot", expected=stop.lot, scanned=seen.lot or seen.name)
        return Step(state, say=said)
    return Step(_proven(replace(state, lot=read), stop))


def _serial(state: State, seen: Seen, stop: StopView) -> Step[State]:
    read = seen.serial or seen.code or seen.text
    if read != stop.serial:
        said = wrong("pick.wrong_serial", expected=stop.serial, scanned=seen.serial or seen.name)
        return Step(state, say=said)
    return Step(_proven(state, stop))


def _proven(state: State, stop: StopView) -> State:
    return _counted(replace(state, hand=state.hand + state.unproven, unproven=0), stop)


def _tote(state: State, seen: Seen, tour: TourView, stop: StopView) -> Step[State]:
    tote = tour.tote_of(stop.slot) or ""
    if seen.kind != "tote" or seen.code != tote:
        return Step(state, say=wrong("pick.wrong_tote", expected=tote, scanned=seen.name))
    effects: list[object] = [Pick(stop.id, state.hand, tote)]
    if state.after == "short":
        effects.append(Short(stop.id))
    if state.after == "full":
        effects.append(ToteFull(tour.id, stop.slot))
    emptied = _emptied(state, place=state.place)
    return Step(replace(emptied, at=_resumed(emptied, stop)), tuple(effects))


def _emptied(state: State, *, place: str) -> State:
    """Nothing is in the hand, and nothing is to follow. *place* is what stays confirmed."""
    return State(at="place", stop=state.stop, place=place)


def _short(state: State, seen: Seen, stop: StopView) -> Step[State]:
    """A question: yes, no, or the same place scanned once more on purpose."""
    back = replace(state, at=_resumed(state, stop))
    again = seen.kind == "place" and seen.code == stop.place
    if seen.digit == 1 or (again and seen.deliberate):
        return Step(back, (Short(stop.id),))
    if seen.digit == 2 or seen.is_command("back"):
        return Step(back)
    if again:
        return Step(state, say=Say("scan.too_soon", "attention", scanned=seen.text))
    return Step(state, say=unexpected(seen, expected="1 / 2"))


def _command(state: State, seen: Seen, tour: TourView, stop: StopView) -> Step[State]:
    in_hand = state.hand > 0
    if seen.code == "back":
        if state.at == "place":
            return Step(state, go="menu")
        said = Say("pick.hand_emptied") if in_hand or state.unproven else None
        return Step(_emptied(state, place=""), say=said)
    if seen.code == "short" and state.at in ("place", "item", "lot", "serial"):
        if in_hand:
            return Step(replace(state, at="tote", after="short", unproven=0))
        return Step(replace(state, at="short", unproven=0))
    if seen.code == "full" and state.at in ("place", "item", "tote"):
        if state.at == "item" and in_hand:
            return Step(replace(state, at="tote", after="full"))
        after = "" if state.after == "full" else state.after
        return Step(replace(state, at="bind", after=after), (ToteFull(tour.id, stop.slot),))
    if seen.code == "later" and state.at in ("place", "item") and not in_hand:
        return Step(replace(_emptied(state, place=state.place), stop=0), (Later(stop.id),))
    return Step(state, say=not_now(seen))


def _undo(state: State, facts: Facts) -> Step[State]:
    """Physics allows two undos: empty the hand, or take the last pick out of its tote again."""
    if state.hand or state.unproven:
        return Step(_emptied(state, place=""), say=Say("pick.hand_emptied"))
    stop = facts.stop(state)
    if state.at == "short" and stop is not None:
        return Step(replace(state, at=_resumed(state, stop)))
    if facts.last_pick is not None:
        return Step(State(place=state.place), (Undo(facts.last_pick),))
    return Step(state, say=Say("undo.nothing", "error"))


def _gone(state: State, seen: Seen) -> Step[State]:
    """Nobody wants these units any more; they may not wander off with the picker."""
    if seen.digit == 1 or (seen.kind == "place" and seen.code == state.place):
        return Step(_emptied(state, place=state.place))
    expected = f"{state.place} / 1"
    return Step(state, say=unexpected(seen, expected=expected))


def _drop(state: State, seen: Seen, tour: TourView, drops: tuple[str, ...]) -> Step[State]:
    if seen.kind == "place" and seen.code in drops:
        return Step(State(), (Drop(tour.id, seen.code),))
    if seen.is_command("back"):
        return Step(state, go="menu")
    if seen.kind == "command":
        return Step(state, say=not_now(seen))
    expected = " / ".join(drops[:3])
    return Step(state, say=wrong("pick.wrong_drop", expected=expected, scanned=seen.name))


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """What the picker sees. Pure."""
    return prompt_for(state, facts, language)


PICK: Dialogue[State, Facts] = Dialogue(
    name="pick", state=State, permission="pick", facts=load, step=step, arrive=arrive,
    prompt=prompt, run=run,
)  # fmt: skip
