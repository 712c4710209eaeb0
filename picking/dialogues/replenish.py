"""Replenish: from the reserve to the pick face, every unit promised to the task on its way.

Transitions:
* get -> place: a task was claimed; the reserve place is shown
* get -> get: there is nothing to bring now, `1` asks again; undo says what to do instead
* get -> menu: back
* place -> item: the reserve place was scanned
* place -> item: or its check digits were keyed
* place -> container: the same, and the goods are in a container there
* place -> place: another place is refused
* place -> place: later, with another place to go to first
* place -> get: later, with nothing else: somebody else may have the task
* place -> get: back; the task waits for somebody else
* place -> menu: back, with goods on the cart: the task stays
* container -> item: the container was scanned
* container -> container: another one is refused
* container -> place: back
* item -> item: one more unit was scanned
* item -> lot: several lots lie here and the barcode does not say which
* item -> place: all that was wanted here was counted; the next place is shown
* item -> face: the same, and that was the last place
* item -> place: back; the hand is emptied
* lot -> item: the right lot was scanned; more units are wanted
* lot -> face: the same, and all of it is there
* lot -> place: back; the hand is emptied
* place, container, item -> short: the reserve does not hold it
* short -> place: `1`; the place is closed until counted, the rest is looked for elsewhere
* short -> face: `1`; nothing is elsewhere, what was found goes to the face
* short -> get: `1`; nothing is elsewhere and nothing was found
* short -> item: `2` or back: it is there after all
* short -> place: the same, before the place was scanned
* face -> get: the face was scanned: all that is on the cart lies there
* face -> get: or its check digits were keyed
* face -> face: another place is refused
* face -> menu: back; the goods stay on the cart
* face -> fit: full; how many went in is asked
* fit -> rest: how many went in was keyed; the others go back
* fit -> fit: more than are on the cart is refused
* fit -> face: back
* rest -> get: the place where the others are now was scanned
* rest -> rest: what is no place is refused
* any -> place: undo; what was fetched last lies in the reserve again
* any -> list: what is to be brought is shown; back or any scan leaves it
* any -> get: the task is somebody else's now, or over
"""

from msgspec.structs import replace

from picking.dialogues.base import Dialogue, Say, Seen, Step, not_now, unexpected, wrong
from picking.dialogues.replenish_effects import (
    Claim,
    Fetch,
    GiveBack,
    Put,
    PutBack,
    Short,
    Undo,
    run,
)
from picking.dialogues.replenish_facts import Facts, State, Take, arrive, load
from picking.dialogues.replenish_prompt import prompt


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    if state.listing:
        state = replace(state, listing=False)
        if seen.is_command("list", "back"):
            return Step(state)
    if facts.task is None:
        return _get(state, seen)
    if seen.is_command("list"):
        return Step(replace(state, listing=True))
    if seen.is_command("undo"):
        return _undo(state, facts)
    if seen.is_command("back"):
        return _back(state, facts)
    if state.at in ("face", "fit", "rest"):
        return _putting(state, seen, facts)
    take = facts.take(state)
    assert take is not None, "arrive() leaves a place where nothing is wanted any more"
    if state.at == "short":
        return _short(state, seen, take, facts)
    if seen.kind == "command":
        return _command(state, seen, take, facts)
    if state.at == "place":
        return _place(state, seen, take)
    if state.at == "container":
        if seen.kind == "tote" and seen.code == take.container:
            return Step(replace(state, at="item", here=True))
        return Step(state, say=wrong("replenish.wrong_container", expected=take.container,
                                     scanned=seen.name))  # fmt: skip
    return _item(state, seen, take) if state.at == "item" else _lot(state, seen, take)


def _get(state: State, seen: Seen) -> Step[State]:
    if seen.is_command("back"):
        return Step(state, go="menu")
    if seen.is_command("undo"):
        return Step(state, say=Say("replenish.undo_by_move", "error"))
    if seen.digit == 1:
        return Step(state, (Claim(),))
    return Step(state, say=unexpected(seen, expected="1"))


def _place(state: State, seen: Seen, take: Take) -> Step[State]:
    by_digits = seen.kind == "number" and seen.text == take.check_digits != ""
    if by_digits or (seen.kind == "place" and seen.code == take.stands):
        if take.container:
            return Step(replace(state, at="container"))
        return Step(replace(state, at="item", here=True))
    said = wrong("replenish.wrong_place", expected=take.stands, scanned=seen.name)
    return Step(state, say=said)


def _item(state: State, seen: Seen, take: Take) -> Step[State]:
    if seen.kind == "number":
        return _keyed(state, seen, take)
    item = seen.item(take.item)
    if item is None:
        said = wrong("replenish.wrong_item", expected=take.sku, scanned=seen.name)
        return Step(state, say=said)
    read = seen.serial if take.serial else seen.lot
    if read and read != take.proof:
        said = wrong("replenish.wrong_lot", expected=take.proof or "-", scanned=read)
        return Step(state, say=said)
    if state.hand + item.qty > take.qty:
        said = wrong("replenish.too_many", expected=str(take.qty),
                     scanned=str(state.hand + item.qty))  # fmt: skip
        return Step(state, say=said)
    if take.needs_proof and not (read or state.proven):
        return Step(replace(state, at="lot", unproven=item.qty))
    counted = replace(state, hand=state.hand + item.qty, proven=True)
    return _counted(counted, take)


def _keyed(state: State, seen: Seen, take: Take) -> Step[State]:
    """A keyed count holds once the item itself was scanned."""
    if state.hand == 0:
        said = wrong("replenish.scan_first", expected=take.sku, scanned=seen.text)
        return Step(state, say=said)
    if not state.hand <= seen.number <= take.qty:
        expected = f"{state.hand}-{take.qty}"
        return Step(state, say=wrong("replenish.too_many", expected=expected, scanned=seen.text))
    return _counted(replace(state, hand=seen.number), take)


def _lot(state: State, seen: Seen, take: Take) -> Step[State]:
    read = (seen.serial if take.serial else seen.lot) or seen.code or seen.text
    if read != take.proof:
        said = wrong("replenish.wrong_lot", expected=take.proof, scanned=read)
        return Step(state, say=said)
    proven = replace(state, at="item", hand=state.hand + state.unproven, unproven=0, proven=True)
    return _counted(proven, take)


def _counted(state: State, take: Take) -> Step[State]:
    """All that is wanted here is on the cart at once; less stays in the hand."""
    if state.hand < take.qty:
        return Step(replace(state, at="item"))
    return Step(State(later=state.later), (Fetch(take.promised, state.hand),))


def _command(state: State, seen: Seen, take: Take, facts: Facts) -> Step[State]:
    if seen.code == "short" and state.at in ("place", "container", "item"):
        return Step(replace(state, at="short", unproven=0))
    if seen.code == "later" and state.at == "place":
        if len(facts.takes) > 1:
            return Step(State(later=(*state.later, take.promised)))
        return Step(State(), (GiveBack(facts.number, later=True),))
    return Step(state, say=not_now(seen))


def _short(state: State, seen: Seen, take: Take, facts: Facts) -> Step[State]:
    """A question: is it really not there? What is in the hand is taken along."""
    if seen.digit == 1:
        effects: list[object] = [Fetch(take.promised, state.hand)] if state.hand else []
        return Step(State(later=state.later), (*effects, Short(take.promised, facts.number)))
    if seen.digit == 2:
        return Step(replace(state, at="item" if state.here else "place"))
    return Step(state, say=unexpected(seen, expected="1 / 2"))


def _putting(state: State, seen: Seen, facts: Facts) -> Step[State]:
    task = facts.task
    assert task is not None
    if state.at == "face":
        if seen.is_command("full"):
            return Step(replace(state, at="fit"))
        by_digits = seen.kind == "number" and seen.text == task.check_digits != ""
        if by_digits or (seen.kind == "place" and seen.code == task.face):
            return Step(State(), (Put(task.number, facts.carried, task.face),))
        said = unexpected(seen, expected=task.face, code="replenish.wrong_place")
        return Step(state, say=said)
    if state.at == "fit":
        if seen.kind != "number":
            return Step(state, say=unexpected(seen, expected=f"0-{facts.carried - 1}"))
        if seen.number >= facts.carried:
            expected = f"0-{facts.carried - 1}"
            said = wrong("replenish.too_many", expected=expected, scanned=seen.text)
            return Step(state, say=said)
        put = (Put(task.number, seen.number, task.face),) if seen.number else ()
        return Step(State(at="rest"), put)
    if seen.kind == "place" and seen.code != task.face:
        return Step(State(), (PutBack(task.number, facts.carried, seen.code),))
    expected = facts.came_from or "?"
    return Step(state, say=unexpected(seen, expected=expected, code="replenish.wrong_place"))


def _undo(state: State, facts: Facts) -> Step[State]:
    if state.hand or state.unproven:
        return Step(State(later=state.later), say=Say("replenish.hand_emptied"))
    if facts.undoable and state.at != "rest":
        return Step(State(later=state.later), (Undo(facts.number),))
    return Step(state, say=Say("undo.nothing", "error"))


def _back(state: State, facts: Facts) -> Step[State]:
    if state.at == "short":
        return Step(replace(state, at="item" if state.here else "place"))
    if state.at == "fit":
        return Step(replace(state, at="face"))
    if state.at in ("container", "item", "lot"):
        said = Say("replenish.hand_emptied") if state.hand or state.unproven else None
        return Step(State(later=state.later), say=said)
    if state.at == "place" and not facts.carried:
        return Step(State(), (GiveBack(facts.number),))
    return Step(state, go="menu")


REPLENISH: Dialogue[State, Facts] = Dialogue(
    name="replenish", state=State, permission="replenish", facts=load, step=step, arrive=arrive,
    prompt=prompt, run=run,
)  # fmt: skip
