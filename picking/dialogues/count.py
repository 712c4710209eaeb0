"""Count: what lies in a place, by eyes that do not know what the book says.

Transitions:
* get -> place: a count was claimed; its place is shown
* get -> item: a place was scanned; it is counted now
* get -> get: there is nothing to count now; or it is no place; undo says what to do instead
* get -> menu: back
* place -> item: the place was scanned, or its check digits were keyed
* place -> place: another place is refused
* place -> get: back; the count waits for somebody else
* item -> item: one more piece or case was scanned; or a quantity above five was keyed
* item -> item: undo takes the last scan back; what does not belong here is refused
* item -> which: the barcode means goods of several owners
* item -> lot: the barcode does not say which lot, and not just one lies here
* item -> serial: the serial number of each piece is wanted
* item -> empty: all was counted, and it was nothing
* item -> leave: back, with something counted
* item -> get: all was counted, or the place was scanned again: the book agrees
* item -> get: back, with nothing counted; the count waits for somebody else
* item -> again: the book differs: it has to be counted once more
* item -> decide: the difference was found again, and is worth a second badge
* which -> item: the owner was chosen by digit
* which -> which: anything else is refused
* which -> item: back; the scan counts nothing
* lot -> item: the lot was scanned or keyed
* lot -> lot: nobody knows that lot: scan it again if it is so
* lot -> item: back; the scan counts nothing
* serial -> item: the serial number was scanned
* serial -> serial: one that was counted already is refused
* serial -> lot: the book does not have that number, so its lot is asked for
* serial -> item: back; the scan counts nothing
* empty -> get: `1`: nothing lies here, and the book agrees
* empty -> again: `1`: nothing lies here, and the book differs
* empty -> item: `2` or back
* leave -> get: `1`; what was seen counts nothing, the count waits for somebody else
* leave -> item: `2` or back
* again -> place: `1`: the same person counts once more
* again -> get: `2` or back: better somebody else does
* decide -> decide: `1`: a second badge is asked for, and its PIN; back gives up
* decide -> get: somebody said yes; the difference is booked
* decide -> place: `2`: it is counted once more
* decide -> get: back; it waits for somebody else
* any -> list: what was counted so far is shown; back or any scan leaves it
"""

import re

from msgspec.structs import replace

from picking.dialogues import approval
from picking.dialogues.approval import Asked
from picking.dialogues.base import (
    Dialogue,
    ItemSeen,
    Say,
    Seen,
    Step,
    unexpected,
    wrong,
)
from picking.dialogues.count_effects import Again, Begin, Claim, Finish, GiveBack, Settle, run
from picking.dialogues.count_facts import PAST, Choice, Facts, Goods, Pending, State, Work, load
from picking.dialogues.count_prompt import counted, prompt_for
from wms.counts.counting import VERB, ref_of
from wms.counts.rules import Tally
from wms.errors import Code

PIECES_MAX = 1_000_000  # of one kind in one place: more is a slip of the finger or a broken code
KEYED_ABOVE = 5  # more pieces than this are counted by the hand and keyed
_DAY = re.compile(r"\A(\d{2})(\d{2})(\d{2})\Z")


def arrive(state: State, facts: Facts) -> State:
    """Where the worker stands, given what the book says now."""
    work = facts.work
    if work is None:
        return State()
    if work.state == "approval":
        return State(at="decide", approval=None if facts.approved else state.approval)
    if state.at in ("get", "again", "decide"):
        mine = work.state == "recount" and work.counted_by == facts.me
        return State(at="again" if mine else "place")
    if state.at == "place":
        return state
    if not state.count:
        state = replace(state, count=work.count, round=work.round)
    if (state.count, state.round) != (work.count, work.round):
        return State(at="place")
    return _told_apart(state, state.pending, facts) if state.pending is not None else state


def _told_apart(state: State, pending: Pending, facts: Facts) -> State:
    """Goods that were scanned count once it is clear whose they are, and of which lot or number."""
    if not pending.item:
        return replace(state, at="which")
    goods = facts.of(pending.item)
    if goods is None:
        return replace(state, at="item", pending=None)
    if goods.by_serial and not pending.serial:
        return replace(state, at="serial")
    lot = _lot(pending, goods) if goods.by_lot else ""
    if goods.by_lot and (not lot or (lot not in goods.lots and lot != state.other)):
        return replace(state, at="lot")
    serial = pending.serial if goods.by_serial else ""
    return _add(state, Tally(pending.item, lot, serial, 1 if serial else pending.qty))


def _lot(pending: Pending, goods: Goods) -> str:
    if pending.lot or goods.lot_of_serial:
        return pending.lot or goods.lot_of_serial or ""
    return goods.lots_here[0] if len(goods.lots_here) == 1 else ""


def _add(state: State, tally: Tally) -> State:
    """Count *tally*; a negative one takes back."""
    kept = []
    qty = tally.qty
    for one in state.seen:
        if one[:3] == tally[:3]:
            qty += one.qty
        else:
            kept.append(one)
    if qty > 0:
        kept.append(tally._replace(qty=qty))
    past = (*state.past, tally)[-PAST:]
    return replace(state, at="item", seen=tuple(kept), past=past, pending=None, other="")


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    work = facts.work
    if work is None:
        return _get(state, seen)
    if state.listing:
        state = replace(state, listing=False)
        if seen.is_command("list", "back"):
            return Step(state)
    match state.at:
        case "place":
            return _place(state, seen, work)
        case "item":
            return _item(state, seen, facts, work)
        case "which":
            return _which(state, seen)
        case "lot":
            return _lot_step(state, seen, facts)
        case "serial":
            return _serial(state, seen)
        case "decide":
            return _decide(state, seen, facts, work)
        case _:
            return _question(state, seen, work)


def _get(state: State, seen: Seen) -> Step[State]:
    if seen.is_command("back"):
        return Step(state, go="menu")
    if seen.is_command("undo"):
        return Step(state, say=Say("count.undo_by_count", "error"))
    if seen.digit == 1:
        return Step(state, (Claim(),))
    if seen.kind in ("place", "tote"):
        return Step(State(at="item"), (Begin(seen.code),))
    return Step(state, say=unexpected(seen, expected="1", code="count.no_place"))


def _place(state: State, seen: Seen, work: Work) -> Step[State]:
    if seen.is_command("back"):
        return Step(State(), (GiveBack(work.task),))
    by_digits = seen.kind == "number" and seen.text == work.check_digits != ""
    if by_digits or (seen.kind in ("place", "tote") and seen.code == work.place):
        return Step(State(at="item"), (Begin(work.place),))
    return Step(state, say=unexpected(seen, expected=work.place, code="count.wrong_place"))


def _item(state: State, seen: Seen, facts: Facts, work: Work) -> Step[State]:
    if seen.is_command("list"):
        return Step(replace(state, listing=True))
    if seen.is_command("undo"):
        return _undo(state)
    if seen.is_command("back"):
        return Step(replace(state, at="leave")) if state.seen else _leave(work)
    if seen.is_command("full"):
        return _all(state)
    if seen.kind in ("place", "tote") and seen.code == work.place:
        too_soon = Say("scan.too_soon", "attention")
        return _all(state) if seen.deliberate else Step(state, say=too_soon)
    if seen.kind == "number":
        return _keyed(state, seen)
    if seen.kind == "item":
        return _goods(state, seen, facts)
    if seen.code in facts.inside:
        said = wrong("count.apart", expected=work.place, scanned=seen.name)
        return Step(state, say=said)
    if seen.kind in ("place", "tote"):
        said = wrong("count.other_place", expected=work.place, scanned=seen.name)
        return Step(state, say=said)
    return Step(state, say=unexpected(seen, expected="SKU / F6", code="count.no_item"))


def _undo(state: State) -> Step[State]:
    if not state.past:
        return Step(state, say=Say("undo.nothing", "error"))
    last = state.past[-1]
    back = _add(state, last._replace(qty=-last.qty))
    return Step(replace(back, past=state.past[:-1]), say=Say("count.undone"))


def _all(state: State) -> Step[State]:
    if not state.seen:
        return Step(replace(state, at="empty"))
    return Step(State(), (Finish(state.count, state.round, state.seen),))


def _leave(work: Work) -> Step[State]:
    return Step(State(), (GiveBack(work.task),))


def _keyed(state: State, seen: Seen) -> Step[State]:
    """So many there are of what was scanned last: counted by the hand."""
    last = state.past[-1] if state.past else None
    if last is None or last.serial:
        return Step(state, say=wrong("count.scan_first", expected="SKU", scanned=seen.name))
    if seen.number <= KEYED_ABOVE:
        above = f"{KEYED_ABOVE + 1}+"
        return Step(state, say=wrong("count.by_scan", expected=above, scanned=seen.name))
    more = seen.number - counted(state, last.item, last.lot)
    return Step(_add(state, last._replace(qty=more)))


def _goods(state: State, seen: Seen, facts: Facts) -> Step[State]:
    mine = [one for one in seen.items if facts.owners is None or one.owner in facts.owners]
    if not mine:
        params: dict[str, str | int] = {"permission": f"count {seen.items[0].owner}"}
        said = Say(Code.PERMISSION_MISSING, "error", scanned=seen.name, params=params)
        return Step(state, say=said)
    likely = [one for one in mine if one.id in facts.expected] or mine
    if len(likely) > 1:
        choices = tuple(Choice(one.id, one.owner, one.sku, _qty(one, seen)) for one in likely)
        pending = Pending(item=0, qty=0, lot=_carried(seen), serial=seen.serial, choices=choices)
        return Step(replace(state, pending=pending))
    one = likely[0]
    if _is_seen(state, one.id, seen.serial):
        return Step(state, say=wrong("count.serial_twice", expected="-", scanned=seen.serial))
    more = sum(tally.qty for tally in state.seen if tally.item == one.id) + _qty(one, seen)
    if more > PIECES_MAX:
        said = wrong("scan.too_many", expected=f"{PIECES_MAX}", scanned=f"{more}")
        return Step(state, say=said)
    pending = Pending(item=one.id, qty=_qty(one, seen), lot=_carried(seen), serial=seen.serial)
    return Step(replace(state, pending=pending))


def _qty(item: ItemSeen, seen: Seen) -> int:
    """A case counts as what is in it; GS1 may say how many of these there are."""
    return item.qty * max(seen.count, 1)


def _carried(seen: Seen) -> str:
    """The lot that the barcode says; goods that only expire are kept by their date."""
    return seen.lot or seen.expiry


def _is_seen(state: State, item: int, serial: str) -> bool:
    return bool(serial) and any(
        (one.item, one.serial) == (item, serial) for one in state.seen
    )  # fmt: skip


def _nothing(state: State) -> State:
    return replace(state, at="item", pending=None, other="")


def _which(state: State, seen: Seen) -> Step[State]:
    pending = state.pending
    assert pending is not None, "arrive() asks which only while goods are pending"
    if seen.is_command("back"):
        return Step(_nothing(state))
    if 1 <= seen.digit <= len(pending.choices):
        chosen = pending.choices[seen.digit - 1]
        if _is_seen(state, chosen.item, pending.serial):
            said = wrong("count.serial_twice", expected="-", scanned=pending.serial)
            return Step(_nothing(state), say=said)
        known = Pending(
            item=chosen.item, qty=chosen.qty, lot=pending.lot, serial=pending.serial
        )  # fmt: skip
        return Step(replace(state, at="item", pending=known))
    expected = f"1-{len(pending.choices)}"
    return Step(state, say=unexpected(seen, expected=expected))


def _lot_step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    pending = state.pending
    goods = facts.of(pending.item) if pending is not None else None
    assert pending is not None and goods is not None, "arrive() asks for the lot of known goods"
    if seen.is_command("back"):
        return Step(_nothing(state))
    if seen.kind in ("command", "badge"):
        return Step(state, say=unexpected(seen, expected="LOT"))
    lot = _lot_read(seen, goods)
    if lot in goods.lots or (lot == state.other and seen.deliberate):
        known = replace(pending, lot=lot)
        return Step(replace(state, at="item", pending=known, other=lot))
    said = Say("count.lot_unknown", "attention", scanned=lot, params={"lot": lot})
    return Step(replace(state, pending=replace(pending, lot=""), other=lot), say=said)


def _lot_read(seen: Seen, goods: Goods) -> str:
    """The lot that was scanned or keyed; a date as YYMMDD where lots are dates."""
    if seen.kind in ("lot", "item"):
        read = seen.lot or seen.expiry
        if read:
            return read
    text = seen.code or seen.text
    day = _DAY.match(text) if goods.by_expiry else None
    return f"20{day[1]}-{day[2]}-{day[3]}" if day else text


def _serial(state: State, seen: Seen) -> Step[State]:
    pending = state.pending
    assert pending is not None, "arrive() asks for a serial number only while goods are pending"
    if seen.is_command("back"):
        return Step(_nothing(state))
    if seen.kind in ("command", "badge"):
        return Step(state, say=unexpected(seen, expected="S/N"))
    serial = seen.serial or seen.code or seen.text
    if _is_seen(state, pending.item, serial):
        return Step(state, say=wrong("count.serial_twice", expected="-", scanned=serial))
    known = replace(pending, serial=serial, lot=pending.lot or seen.lot)
    return Step(replace(state, at="item", pending=known))


def _question(state: State, seen: Seen, work: Work) -> Step[State]:
    """`empty`, `leave` and `again`: yes or no."""
    no = seen.digit == 2 or seen.is_command("back")
    if not no and seen.digit != 1:
        return Step(state, say=unexpected(seen, expected="1 / 2"))
    if state.at == "again":
        return _leave(work) if no else Step(State(at="place"))
    if no:
        return Step(replace(state, at="item"))
    if state.at == "leave":
        return _leave(work)
    return Step(State(), (Finish(state.count, state.round, ()),))


def _decide(state: State, seen: Seen, facts: Facts, work: Work) -> Step[State]:
    if state.approval is not None:
        asked, effects, said = approval.step(state.approval, seen)
        doing = (*effects, Settle(work.count)) if approval.decides(effects) else effects
        return Step(State(at="decide", approval=asked), doing, said)
    if seen.is_command("back"):
        return _leave(work)
    if seen.digit == 2:
        return Step(State(at="place"), (Again(work.count),))
    if seen.digit != 1:
        return Step(state, say=unexpected(seen, expected="1 / 2"))
    if not facts.unapproved:  # somebody else's yes, or a higher limit, has settled the question
        return Step(State(), (Settle(work.count),))
    owner = facts.unapproved[0]
    question = Asked(verb=VERB, ref=ref_of(work.count, work.round, owner), owner=owner)
    return Step(State(at="decide", approval=question))


COUNT: Dialogue[State, Facts] = Dialogue(
    name="count", state=State, permission="count", facts=load, step=step, arrive=arrive,
    prompt=prompt_for, run=run, secret=lambda state: approval.is_secret(state.approval),
)  # fmt: skip
