"""Returns: find out what a box is, look at every piece, and put it where it cannot be sold.

Transitions:
* arrive -> evidence: what was scanned is one return, parcel or order
* arrive -> choose: it may be several, or somebody else is at it
* arrive -> arrive: nobody knows it
* arrive -> search: `1`: it has no papers; only at a station
* arrive -> unknown: `2`: nobody can place it
* arrive -> list: what is announced, and what an owner has decided; back or any scan leaves it
* arrive -> menu: back
* choose -> evidence: its digit
* choose -> choose: anything else is refused
* choose -> arrive: back
* search -> choose: a name, a phone number or an item; nobody is taken by a name alone
* search -> search: nobody has it
* search -> arrive: back
* unknown -> evidence: whose it is, by digit or by an item of theirs
* unknown -> unknown: anything else is refused
* unknown -> arrive: back
* evidence -> unit: `1`: it is opened
* evidence -> aside: `2`: it is back unopened
* evidence -> place: `3`: an undelivered parcel is as it was, and goes back on the shelf
* evidence -> evidence: anything else is refused
* evidence -> arrive: back; anybody may go on with it
* aside -> arrive: the place where it stands was scanned; its owner is asked
* aside -> aside: that is no place
* aside -> evidence: back
* unit -> grade: a piece that was sent
* unit -> lot: several lots of it were sent
* unit -> serial: its serial number is needed
* unit -> swapped: another serial number than was sent
* unit -> strange: it was not sent by this order
* unit -> instead: `9`: a thing without a barcode lies there
* unit -> unit: what is no item is refused; undo takes the last grade back
* unit -> list: what was sent and found; back or any scan leaves it
* unit -> close: full; what is missing is shown
* unit -> evidence: back
* lot -> grade: its digit, or its barcode
* lot -> lot: another lot is refused
* lot -> unit: back
* serial -> grade: it is the one that was sent
* serial -> swapped: it is another one
* serial -> serial: that is no serial number
* serial -> unit: back
* swapped -> disposition: `1`, or the same number once more: it is another piece
* swapped -> swapped: anything else is refused
* swapped -> unit: back
* strange -> disposition: `1`: the wrong item came back
* strange -> strange: anything else is refused
* strange -> unit: back
* instead -> unit: the line in whose place it came; nothing is booked, the owner is told
* instead -> instead: anything else is refused
* instead -> unit: back
* grade -> disposition: its digit
* grade -> grade: anything else is refused
* grade -> unit: back
* disposition -> place: its digit; the first is what the owner's rule proposes
* disposition -> disposition: anything else is refused
* disposition -> unit: back
* place -> unit: it was put there
* place -> approval: it is to be disposed of: somebody else says yes
* place -> place: that is no place for it
* place -> arrive: the whole parcel was put back
* place -> disposition: back
* approval -> unit: the second badge and its PIN said yes
* approval -> approval: a badge, a wrong PIN, or anything else
* approval -> place: back
* close -> arrive: `1`: it is over; differences are told
* close -> close: anything else is refused
* close -> unit: `2` or back: there is more
"""

from msgspec.structs import replace

from picking.dialogues import approval, returns_prompt
from picking.dialogues.approval import Approve, Asked, Look
from picking.dialogues.base import (
    Dialogue,
    Say,
    Seen,
    Step,
    Who,
    unexpected,
)
from picking.dialogues.returns_effects import (
    Aside,
    Close,
    Effect,
    Find,
    Leave,
    Put,
    PutAllBack,
    Take,
    TakeBack,
    TakeUnknown,
)
from picking.dialogues.returns_effects import run as run_effect
from picking.dialogues.returns_facts import (
    WITHOUT,
    Current,
    Facts,
    State,
    facts,
)
from picking.dialogues.returns_goods import next_of, of_goods, scanned
from wms.db import Tx
from wms.returns.grading import DISPOSAL, Unit
from wms.returns.rules import BY_HAND, Disposition, Grade

GRADES: tuple[Grade, ...] = tuple(one for one in BY_HAND if one != "missing")
SEARCH, UNKNOWN = 1, 2
OPEN, UNOPENED, AS_IT_WAS = 1, 2, 3
NAMELESS = 9


def arrive(state: State, facts: Facts) -> State:
    """The box at hand decides; without one there is only looking for one."""
    current = facts.current
    if current is None:
        if state.at == "choose" and not facts.candidates:
            return State(at="search") if state.words else State()
        return state if state.at in WITHOUT else State()
    if state.at in WITHOUT:
        return State(at="evidence")
    if state.approval is not None and facts.approved:
        return State(at="unit")
    if state.at == "grade" and facts.goods is not None:
        return next_of(state, facts.goods)
    return state


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    if state.listing:
        state = replace(state, listing=False)
        if seen.is_command("list", "back"):
            return Step(state)
    current = facts.current
    if current is None:
        return _without_a_box(state, seen, facts)
    if state.approval is not None:
        return _approval(state, state.approval, seen, current)
    match state.at:
        case "aside":
            return _aside(state, seen, current)
        case "unit":
            return _unit(state, seen, facts, current)
        case "lot" | "serial" | "swapped" | "strange":
            return of_goods(state, seen, facts.goods)
        case "instead":
            return _instead(state, seen, current)
        case "grade":
            return _grade(state, seen)
        case "disposition":
            return _disposition(state, seen, facts)
        case "place":
            return _place(state, seen, facts, current)
        case "close":
            return _close(state, seen, current)
        case _:
            return _evidence(state, seen, current)


def _without_a_box(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.is_command("back"):
        return Step(State(), go="menu" if state.at == "arrive" else "")
    if state.at == "choose":
        digit = seen.digit
        if seen.kind == "secret":  # behind a name everything is kept out of the journal
            digit = int(seen.code) if seen.code.isascii() and seen.code.isdigit() else 0
        if 1 <= digit <= len(facts.candidates):
            chosen = facts.candidates[digit - 1]
            return Step(State(), (Take(chosen, over=bool(facts.holders[digit - 1])),))
        return Step(state, say=unexpected(seen, expected=_digits(len(facts.candidates))))
    if state.at == "search":
        if seen.kind == "secret":
            asked = State(at="choose", words=seen.code)
            return Step(asked, (Find(asked),))
        return Step(state, say=unexpected(seen, expected="TEXT"))
    if state.at == "unknown":
        return _unknown(state, seen, facts)
    if seen.is_command("list"):
        return Step(replace(state, listing=True))
    if seen.digit == SEARCH and facts.at_station:
        return Step(State(at="search"))
    if seen.digit == UNKNOWN:
        return Step(State(at="unknown"))
    if seen.kind in ("command", "badge") or (seen.kind == "number" and seen.number < 10):
        return Step(state, say=unexpected(seen, expected="RETURN"))
    sought = State(
        at="choose", sought=seen.code or seen.text, serial_sought=seen.serial,
        items_sought=tuple(one.id for one in seen.items),
    )  # fmt: skip
    return Step(sought, (Find(sought),))


def _digits(count: int) -> str:
    return f"1-{count}" if count > 1 else "1"


def _unknown(state: State, seen: Seen, facts: Facts) -> Step[State]:
    owned = {one.owner for one in seen.items}
    if len(owned) == 1:
        return Step(state, (TakeUnknown(owned.pop()),))
    if 1 <= seen.digit <= len(facts.owners):
        return Step(state, (TakeUnknown(facts.owners[seen.digit - 1]),))
    return Step(state, say=unexpected(seen, expected=_digits(len(facts.owners))))


def _evidence(state: State, seen: Seen, current: Current) -> Step[State]:
    if seen.is_command("back"):
        return Step(State(), (Leave(current.number),))
    if seen.digit == OPEN and not current.waits:
        return Step(State(at="unit"))
    if seen.digit == UNOPENED and current.may_be_aside:
        return Step(State(at="aside"))
    if seen.digit == AS_IT_WAS and current.may_go_back:
        return Step(State(at="place", whole=True))
    can = [OPEN] if not current.waits else []
    can += [UNOPENED] if current.may_be_aside else []
    can += [AS_IT_WAS] if current.may_go_back else []
    expected = " / ".join(map(str, can)) or "F3"
    return Step(state, say=unexpected(seen, expected=expected))


def _aside(state: State, seen: Seen, current: Current) -> Step[State]:
    if seen.is_command("back"):
        return Step(State(at="evidence"))
    if seen.kind in ("place", "tote"):
        return Step(State(), (Aside(current.number, seen.code),))
    return Step(state, say=unexpected(seen, expected="PLACE"))


def _unit(state: State, seen: Seen, facts: Facts, current: Current) -> Step[State]:
    if seen.is_command("back"):
        return Step(State(at="evidence"))
    if seen.is_command("full"):
        return Step(State(at="close"))
    if seen.is_command("list"):
        return Step(replace(state, listing=True))
    if seen.is_command("undo"):
        return Step(State(at="unit"), (TakeBack(current.number),))
    if seen.digit == NAMELESS and current.missing:
        return Step(State(at="instead"))
    return scanned(seen, current)


def _instead(state: State, seen: Seen, current: Current) -> Step[State]:
    if seen.is_command("back"):
        return Step(State(at="unit"))
    if 1 <= seen.digit <= len(current.missing):
        line = current.missing[seen.digit - 1]
        unit = Unit(item=line.item, grade="wrong_item", disposition="none")
        return Step(State(at="unit"), (Put(current.number, unit),))
    return Step(state, say=unexpected(seen, expected=_digits(len(current.missing))))


def _grade(state: State, seen: Seen) -> Step[State]:
    if seen.is_command("back"):
        return Step(State(at="unit"))
    if 1 <= seen.digit <= len(GRADES):
        return Step(replace(state, at="disposition", grade=GRADES[seen.digit - 1]))
    return Step(state, say=unexpected(seen, expected=_digits(len(GRADES))))


def _disposition(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.is_command("back"):
        return Step(State(at="unit"))
    if 1 <= seen.digit <= len(facts.dispositions):
        chosen = facts.dispositions[seen.digit - 1]
        return Step(replace(state, at="place", disposition=chosen))
    return Step(state, say=unexpected(seen, expected=_digits(len(facts.dispositions))))


def _place(state: State, seen: Seen, facts: Facts, current: Current) -> Step[State]:
    if seen.is_command("back"):
        back = State(at="evidence") if state.whole else replace(state, at="disposition")
        return Step(back)
    if seen.kind not in ("place", "tote"):
        return Step(state, say=unexpected(seen, expected="PLACE, TOTE"))
    if state.whole:
        return Step(State(), (PutAllBack(current.number, seen.code),))
    if state.disposition == "dispose":
        asked = Asked(verb=DISPOSAL, ref=facts.disposal, owner=current.owner)
        return Step(replace(state, place=seen.code, approval=asked))
    return Step(State(at="unit"), (Put(current.number, unit_of(state, seen.code)),))


def unit_of(state: State, place: str) -> Unit:
    """The unit in the hand, as it is booked at *place*."""
    grade: Grade = state.grade or "A"
    disposition: Disposition = state.disposition or "quarantine"
    return Unit(
        item=state.item, qty=state.qty, lot=state.lot, serial=state.serial, grade=grade,
        disposition=disposition, place=place,
    )  # fmt: skip


def _approval(state: State, asked: Asked, seen: Seen, current: Current) -> Step[State]:
    """Somebody else says yes; only then is it thrown away, in the same transaction."""
    still, effects, said = approval.step(asked, seen)
    if still is None:
        return Step(replace(state, approval=None, place=""))
    if approval.decides(effects):
        put = Put(current.number, unit_of(state, state.place))
        return Step(replace(state, approval=still), (*effects, put), said)
    return Step(replace(state, approval=still), effects, said)


def _close(state: State, seen: Seen, current: Current) -> Step[State]:
    if seen.digit == 1:
        return Step(State(), (Close(current.number),))
    if seen.digit == 2 or seen.is_command("back"):
        return Step(State(at="unit"))
    return Step(state, say=unexpected(seen, expected="1 / 2"))


def run(tx: Tx, effect: Effect | Look | Approve, who: Who) -> Say | None:
    """Carry out one effect in the open transaction."""
    if isinstance(effect, Look | Approve):
        return approval.run(tx, effect, who)
    return run_effect(tx, effect, who)


def is_secret(state: State) -> bool:
    """Whether what is keyed must not be journaled: a PIN, or a customer's name.

    Also while names that were found are shown: when none is, the next one is keyed at once.
    """
    searching = state.at == "search" or (state.at == "choose" and bool(state.words))
    return approval.is_secret(state.approval) or searching


RETURNS: Dialogue[State, Facts] = Dialogue(
    name="returns", state=State, permission="returns", facts=facts, step=step, arrive=arrive,
    prompt=returns_prompt.prompt, run=run, secret=is_secret,
)  # fmt: skip
