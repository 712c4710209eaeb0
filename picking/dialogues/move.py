"""Move: free goods, or a container with all that is in it, to any place that takes them.

Transitions:
* source -> item: a place was scanned where goods lie
* source -> item: a container of which a part is promised: it stays, its free goods may go
* source -> place: a container was scanned: it moves as it is
* source -> source: what holds nothing, or is in use, is refused
* source -> menu: back
* item -> count: an item that lies here was scanned, and there are several
* item -> place: the same, and there is one
* item -> which: the same, in several lots or conditions
* item -> serial: the same, and each has its serial number
* item -> item: what does not lie here is refused
* item -> item: what is promised is refused, and to whom it is promised is said
* item -> place: a container that stands here was scanned: it moves instead
* item -> source: back
* which -> count: its digit was keyed, or its lot scanned
* which -> item: back
* serial -> place: its serial number was scanned
* serial -> item: back
* count -> place: how many was keyed
* count -> item: the target was scanned: all of them go there
* count -> count: more than are free is refused
* place -> item: the target was scanned; other goods are left
* place -> source: the same, and nothing is left, or a container went
* place -> place: what is no place is refused
* place -> item: `1`: the container's goods go piece by piece
* place -> item: back
* place -> source: back, with a container
* any -> source: undo; what was moved last is back where it was
* any -> list: what lies here is shown; back or any scan leaves it
"""

from msgspec.structs import replace

from picking.dialogues import move_goods
from picking.dialogues.base import Dialogue, Seen, Step, unexpected
from picking.dialogues.move_facts import Facts, State, arrive, load
from picking.dialogues.move_goods import emptied, pile_of
from picking.dialogues.move_prompt import prompt
from picking.dialogues.move_run import Carry, CarryWhole, Held, Open, Undo, run

CHOOSING = {"which": move_goods.which, "serial": move_goods.serial}


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    if state.listing:
        state = replace(state, listing=False)
        if seen.is_command("list", "back"):
            return Step(state)
    done = move_goods.command(state, seen, Undo() if facts.undoable else None)
    if done is not None:
        return done
    match state.at:
        case "source":
            if seen.kind in ("tote", "place"):
                return Step(State(source=seen.code), (Open(seen.code),))
            return Step(state, say=unexpected(seen, expected="LPN", code="move.not_source"))
        case "item":
            return _item(state, seen, facts)
        case "count":
            return _count(state, seen, facts)
        case "place":
            return _place(state, seen, facts)
        case _:
            return CHOOSING[state.at](state, seen, facts.piles)


def _item(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.kind == "tote":
        return Step(State(source=seen.code), (Open(seen.code),))
    free = {pile.of[0] for pile in facts.piles}
    held = facts.held(*(one.id for one in seen.items if one.id not in free))
    if held is not None and not free & {one.id for one in seen.items}:
        return Step(state, (Held(held),))
    return move_goods.item(state, seen, facts.piles)


def _count(state: State, seen: Seen, facts: Facts) -> Step[State]:
    pile = pile_of(facts.piles, state)
    assert pile is not None, "arrive() leaves `count` when the pile is gone"
    if seen.kind in ("place", "tote"):
        return _place(replace(state, at="place", qty=pile.qty), seen, facts)
    held = facts.held(pile.of[0])
    if seen.kind == "number" and seen.number > pile.qty and held is not None:
        return Step(state, (Held(held),))
    return move_goods.count(state, seen, facts.piles)


def _place(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if state.whole and seen.digit == 1 and facts.piles:
        return Step(replace(emptied(state), at="item"))
    if seen.kind not in ("place", "tote") or seen.code == state.source:
        return Step(state, say=unexpected(seen, expected="LPN", code="move.not_a_place"))
    if state.whole:
        return Step(State(), (CarryWhole(state.source, seen.code, facts.owners),))
    pile = pile_of(facts.piles, state)
    assert pile is not None, "arrive() leaves `place` when the pile is gone"
    owners = (pile.first.goods.owner,)
    carry = Carry(pile.takes(state.qty, state.serial), seen.code, owners)
    return Step(State(at="item", source=state.source), (carry,))


MOVE: Dialogue[State, Facts] = Dialogue(
    name="move", state=State, permission="move", facts=load, step=step, arrive=arrive,
    prompt=prompt, run=run,
)  # fmt: skip
