"""Pick: a cart of totes, one place after another, every unit proven by scan.

Transitions:
* get -> bind: a tour was claimed; every slot of the cart needs its tote
* get -> get: there is no work now; `1` asks again
* get -> menu: back
* get -> place: the cart or badge of a colleague was scanned: the walk is taken over, totes and all
* get -> fetch: the zone before this one is done; its totes wait to be fetched
* fetch -> fetch: one of them was scanned; the next is asked for
* fetch -> place: all of them are on the cart
* fetch -> bind: the same, and another slot needs a tote
* fetch -> menu: back
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
* item -> item: another lot, number or container was scanned twice: the promise moves to it
* lot -> item: the same
* item -> tote: the same, with units in the hand: they go in first
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
* short -> damaged: `3`; what lies here is damaged, and how many of it are is asked
* damaged -> aside: the count was keyed; they go to a quarantine tote or place
* damaged -> item: back
* aside -> item: they were set aside; the rest is picked on
* aside -> place: the same, and others were found elsewhere
* aside -> damaged: back
* tote -> damaged: `3` with some good units in the hand: they go in first
* tote -> zero: by the book that was the last piece here: is it?
* zero -> place: `1`: the shelf is empty; that was a count of it
* zero -> left: `2`: something is left
* left -> place: how many was keyed; a count is asked for
* left -> zero: back
* short -> ask: the owner wants a lead to decide what becomes of the order
* ask -> ask: the verdict was chosen, the lead's badge is asked for; or given up again
* ask -> place: the lead said yes by badge and PIN
* ask -> place: later; a lead decides elsewhere
* place -> get: a colleague's badge was scanned: the walk is handed over, totes and all
* place -> place: the goods may not be sent any more, or the shelf was closed: others are looked for
* place -> place: later; this stop comes after the others
* place -> bind: the tote is full; a fresh one takes its slot
* item -> bind: the same, with nothing in the hand
* tote -> bind: full was keyed before; what was in the hand went in, a fresh tote is asked for
* bind -> tote: the fresh tote is there, and the hand still holds what goes into it
* any -> place: undo; the hand is emptied
* any -> item: undo with an empty hand; the last pick goes back to its shelf
* any -> list: what is left of the walk is shown; back or any scan leaves it
* any -> gone: the stop was taken back while units of it are in the hand, or fewer are wanted
* gone -> place: `1` or a scan of the shelf: they lie there again
* drop -> get: the totes were set down; the tour is done
"""

from msgspec.structs import replace

from picking.dialogues import approval, pick_shelf, pick_trouble
from picking.dialogues.base import Dialogue, Seen, Step, not_now, unexpected, wrong
from picking.dialogues.pick_effects import (
    Bind,
    Claim,
    Drop,
    Fetch,
    HandOver,
    Renew,
    TakeOver,
    run,
)
from picking.dialogues.pick_facts import Facts, State, load
from picking.dialogues.pick_prompt import prompt_for
from picking.dialogues.pick_shelf import emptied, resumed
from picking.tours import TourView
from wms.messages import Language
from wms.rooms.prompts import Prompt

AT_SHELF = ("place", "item", "lot", "serial", "tote")


def arrive(state: State, facts: Facts) -> State:
    """Where the worker stands, given what the book says now."""
    tour = facts.tour
    held, here = state.hand + state.unproven, facts.stop(state)
    if held > (here.qty if here is not None else 0):
        return replace(state, at="gone", hand=held, unproven=0)
    if tour is None:
        return State()
    if state.emptied:
        if facts.empty:
            return state if state.at == "left" else replace(state, at="zero")
        state = replace(state, emptied="")
    if facts.approved:
        state = replace(state, approval=None, verdict="")
    if state.hand == 0 and facts.question(state) is not None:
        return replace(state, at="ask")
    state = replace(state, approval=None, verdict="")
    if tour.unfetched is not None:
        return replace(state, at="fetch")
    if tour.unbound is not None:
        return replace(state, at="bind")
    return _on_the_walk(state, tour)


def _on_the_walk(state: State, tour: TourView) -> State:
    stop = tour.current
    kept = State(listing=state.listing, put_off=state.put_off)
    if stop is None:
        return replace(kept, at="drop")
    if stop.id != state.stop:
        fresh = replace(kept, stop=stop.id, place=state.place)
        return replace(fresh, at=resumed(fresh, stop))
    if state.at in ("get", "fetch", "bind", "drop", "gone", "zero", "left", "ask"):
        return replace(state, at=resumed(state, stop))
    if state.at == "item" and state.hand == stop.qty:  # the others of it are not wanted any more
        return replace(state, at="tote")
    return state


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
    if state.at in ("zero", "left"):
        return pick_trouble.looking(state, seen)
    if state.at == "ask":
        return pick_trouble.asking(state, seen, facts)
    if seen.is_command("list"):
        return Step(replace(state, listing=True))
    if seen.is_command("undo"):
        return pick_trouble.undo(state, facts)
    if seen.kind == "badge" and seen.id and not state.hand + state.unproven:
        return Step(state, (HandOver(tour.id, seen.id),))
    if state.at in ("fetch", "bind"):
        return _load(state, seen, tour)
    if state.at == "drop":
        return _drop(state, seen, tour, facts.drops)
    return _at_stop(state, seen, facts, tour)


def _at_stop(state: State, seen: Seen, facts: Facts, tour: TourView) -> Step[State]:
    stop = facts.stop(state)
    assert stop is not None, "arrive() leaves a stop that is done"
    if state.at in ("short", "damaged", "aside"):
        return pick_trouble.at_shelf(state, seen, stop)
    if facts.unfit and seen.kind != "command" and state.at in AT_SHELF:
        in_hand = state.hand + state.unproven
        return Step(state, (Renew(stop.id, bool(in_hand)),))
    return pick_shelf.step(state, seen, facts, tour, stop)


def _get(state: State, seen: Seen) -> Step[State]:
    if seen.is_command("back"):
        return Step(state, go="menu")
    if seen.digit == 1:
        return Step(state, (Claim(),))
    if seen.kind == "badge" and seen.id:
        return Step(state, (TakeOver(person=seen.id),))
    if seen.kind == "tote":
        return Step(state, (TakeOver(cart=seen.code),))
    return Step(state, say=unexpected(seen, expected="1"))


def _load(state: State, seen: Seen, tour: TourView) -> Step[State]:
    """Totes come onto the cart: those of the zone before, and empty ones."""
    if seen.is_command("back"):
        return Step(state, go="menu")
    if seen.kind == "command":
        return Step(state, say=not_now(seen))
    if state.at == "fetch":
        waiting = [slot.tote for slot in tour.slots if slot.waits_at(tour.cart)]
        if seen.kind == "tote" and seen.code in waiting:
            return Step(state, (Fetch(tour.id, seen.code),))
        wanted = str(tour.unfetched.tote) if tour.unfetched is not None else ""
        said = wrong("pick.wrong_tote", expected=wanted, scanned=seen.name)
        return Step(state, say=said)
    slot = tour.unbound
    assert slot is not None, "arrive() leaves `bind` once every slot has its tote"
    if seen.kind != "tote":
        return Step(state, say=wrong("pick.not_a_tote", expected=str(slot.slot), scanned=seen.name))
    return Step(state, (Bind(tour.id, slot.slot, seen.code),))


def _gone(state: State, seen: Seen) -> Step[State]:
    """Nobody wants these units any more; they may not wander off with the picker."""
    if seen.digit == 1 or (seen.kind == "place" and seen.code == state.place):
        return Step(emptied(state, place=state.place))
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
    prompt=prompt, run=run, secret=lambda state: approval.is_secret(state.approval),
)  # fmt: skip
