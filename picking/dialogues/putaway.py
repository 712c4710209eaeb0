"""Put away: goods from the dock to their place, a container as one move where it may stand.

The system proposes a place; another one needs a second scan of it, and the ledger says so.

Transitions:
* source -> place: a container was scanned that may stand in reserve as it is
* source -> item: a container whose goods go into bins, or a dock
* source -> count: an item that lies loose on one dock
* source -> source: what holds nothing to put away is refused
* source -> menu: back
* item -> count: an item of it was scanned, and there are several
* item -> place: the same, and there is one
* item -> which: the same, in several lots or conditions
* item -> serial: the same, and each has its serial number
* item -> item: what does not lie here is refused
* item -> place: `1` moves the container itself after all
* item -> source: back
* which -> count: its digit was keyed, or its lot scanned
* which -> item: back
* serial -> place: its serial number was scanned
* serial -> item: back
* count -> place: how many was keyed
* count -> item: a place was scanned: all of them are put there
* count -> count: more than there are is refused
* place -> item: the proposed place was scanned; other goods are left
* place -> item: or its check digits were keyed
* place -> place: the same, and a part did not fit: the next place is proposed
* place -> source: the same, and nothing is left
* place -> place: another place asks to be scanned again
* place -> item: another place was scanned again, a second or more later
* place -> place: where the goods may not lie is refused with its reason
* place -> place: full; the next place is proposed
* place -> item: `1`: the container's goods go piece by piece
* place -> item: back
* place -> source: back, with a container
* any -> source: undo; what was put away last is back where it was
* any -> list: what waits here is shown; back or any scan leaves it
"""

from msgspec.structs import replace

from picking.dialogues import move_goods
from picking.dialogues.base import Dialogue, Say, Seen, Step, not_now, unexpected, wrong
from picking.dialogues.move_goods import emptied, pile_of
from picking.dialogues.putaway_effects import Check, Open, Put, PutWhole, Undo, run
from picking.dialogues.putaway_facts import Facts, State, arrive, load
from picking.dialogues.putaway_prompt import prompt

CHOOSING = {"which": move_goods.which, "serial": move_goods.serial}


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    if state.listing:
        state = replace(state, listing=False)
        if seen.is_command("list", "back"):
            return Step(state)
    if seen.is_command("full") and state.at == "place":
        return _full(state, facts)
    done = move_goods.command(state, seen, Undo() if facts.undoable else None)
    if done is not None:
        return done
    match state.at:
        case "source":
            return _source(state, seen, facts)
        case "item":
            return _item(state, seen, facts)
        case "count" if seen.kind == "place":
            pile = pile_of(facts.piles, state)
            all_of_it = replace(state, at="place", qty=pile.qty if pile is not None else 0)
            return _place(all_of_it, seen, facts)
        case "count":
            return move_goods.count(state, seen, facts.piles)
        case "place":
            return _place(state, seen, facts)
        case _:
            return CHOOSING[state.at](state, seen, facts.piles)


def _source(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.kind in ("tote", "place"):
        return Step(State(source=seen.code), (Open(seen.code),))
    docks = {item.id: facts.docks_of(item.id) for item in seen.items if facts.docks_of(item.id)}
    if len(docks) == 1:
        ((number, found),) = docks.items()
        if len(found) == 1:
            return Step(State(at="item", source=found[0], item=number, serial=seen.serial))
        expected = " / ".join(found)
        return Step(state, say=wrong("putaway.which_dock", expected=expected, scanned=seen.name))
    return Step(state, say=unexpected(seen, expected="LPN", code="putaway.not_source"))


def _item(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.digit == 1 and facts.takes_whole:
        return Step(replace(emptied(state), at="place", whole=True))
    if seen.kind == "tote":
        return _source(state, seen, facts)
    return move_goods.item(state, seen, facts.piles)


def _place(state: State, seen: Seen, facts: Facts) -> Step[State]:
    best = facts.best(state)
    if best is not None and seen.kind == "number" and seen.text == facts.check_digits:
        return _put(state, best.place, facts)
    if state.whole and seen.digit == 1:
        return Step(replace(emptied(state), at="item"))
    if seen.kind != "place" and not (state.whole and seen.kind == "tote"):
        expected = best.place if best is not None else "PLACE"
        return Step(state, say=unexpected(seen, expected=expected, code="putaway.not_a_place"))
    if best is None or seen.code == best.place:
        return _put(state, seen.code, facts)
    if seen.code == state.other and seen.deliberate:
        return _put(state, seen.code, facts)
    if seen.code == state.other:
        return Step(state, say=Say("scan.too_soon", "attention", scanned=seen.text))
    check = Check(facts.load(state), seen.code, state.whole, best.place, facts.is_lead)
    return Step(replace(state, other=seen.code), (check,))


def _put(state: State, place: str, facts: Facts) -> Step[State]:
    """All of it, or as much of it as was proposed to fit."""
    best = facts.best(state)
    proposed = best.place if best is not None else ""
    by_lead = facts.is_lead and state.other == place
    if state.whole:
        whole = PutWhole(state.source, place, facts.owners(state), proposed, by_lead)
        return Step(State(), (whole,))
    pile = pile_of(facts.piles, state)
    assert pile is not None, "arrive() leaves `place` when the pile is gone"
    fits = best.qty if best is not None and place == best.place else state.qty
    qty = min(state.qty, fits)
    put = Put(pile.takes(qty, state.serial), place, facts.owners(state), proposed, by_lead)
    left = State(at="item", source=state.source)
    if qty < state.qty:  # the rest goes elsewhere
        item, lot, condition = pile.of
        left = replace(left, item=item, lot=lot, condition=condition, qty=state.qty - qty)
    return Step(left, (put,))


def _full(state: State, facts: Facts) -> Step[State]:
    """What the measures do not say: nothing goes in there any more. The next one is proposed."""
    best = facts.best(state)
    if best is None:
        return Step(state, say=not_now(Seen("command", "full", code="full")))
    return Step(replace(state, full=(*state.full, best.place), other=""))


PUTAWAY: Dialogue[State, Facts] = Dialogue(
    name="putaway", state=State, permission="putaway", facts=load, step=step, arrive=arrive,
    prompt=prompt, run=run,
)  # fmt: skip
