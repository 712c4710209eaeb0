"""Receive: a delivery, then its goods: scanned, dated, counted, and set down on a pallet.

Transitions:
* choose -> item: the delivery's code, its label or its digit
* choose -> item: F6: goods without papers, for the one owner there is
* choose -> owner: F6: goods without papers, and several owners
* choose -> choose: 9 shows the next ones; anything else is refused, undo with what to do instead
* choose -> menu: back
* owner -> item: its digit was keyed; a delivery without papers is open
* owner -> owner: 9 shows the next ones; anything else is refused
* owner -> choose: back
* item -> put: the item was scanned and nothing else needs to be known
* item -> lot: its lot must be known, and the barcode does not say it
* item -> expiry: its date must be known, and the barcode does not say it
* item -> serial: its serial number must be known, and the barcode does not say it
* item -> sure: nobody announced it, it is too old, or older than what is here
* item -> bind: nobody knows this barcode
* item -> item: refused: another owner's, a pallet before its goods, an unknown barcode without the
  permission
* item -> put: `1` repeats the last line
* item -> item: undo takes the last line back
* item -> item: F8 prints the last pallet's label again
* item -> list: the lines of the delivery, to see and to choose from
* item -> close: full; that was all
* item -> portal: `2`: what the RFID portal has read
* item -> choose: back; or the delivery was closed by somebody else
* lot -> put: the lot was scanned or keyed, and its date is known
* lot -> expiry: the lot was scanned or keyed
* lot -> lot: it is no lot
* expiry -> put: the date was keyed as YYMMDD or YYMM
* expiry -> sure: it is too old, or older than what is here
* expiry -> expiry: it is no date, or none that goods could bear
* serial -> put: the number of the last piece in the hand was scanned
* serial -> serial: the number of one piece, and there are more; or it is there already
* sure -> put: the item was scanned once more, a second or more after the question
* sure -> lot: the same, and its lot must be known
* sure -> expiry: the same, and its date must be known
* sure -> sure: too soon, or another item
* put -> put: one more of the same, a quantity above five was keyed, or a new label was asked for
* put -> put: anything else is refused
* put -> serial: one more piece that has a number
* put -> item: a pallet or a place of the dock was scanned: it is booked
* put -> over: the same, but more than was announced
* put -> why: F2: it is damaged
* why -> put: the digit says how
* why -> why: anything else is refused
* over -> item: the digit says why more came: it is booked
* over -> put: back, to count again
* over -> over: anything else is refused
* lot, expiry, serial, sure, put -> item: back or undo empties the hand
* bind -> inside: the item was scanned, or chosen by its digit
* bind -> bind: 9 shows the next lines; what is no item is refused
* bind -> item: back
* inside -> put: the number of pieces was keyed: the barcode is known from now on
* inside -> inside: it is no number
* inside -> bind: back
* list -> put: a line was chosen by its digit: goods without a barcode
* list -> list: 9 shows the next lines; anything else is refused
* list -> close: full
* list -> item: back
* close -> choose: `1`, or the digit that says why something is missing
* close -> close: anything else is refused
* close -> item: back
* portal -> item: `1` receives all that can be
* portal -> portal: `2` looks again; anything else is refused
* portal -> locate: `3` tells where the others were read
* portal -> item: back
* locate -> portal: back or any key
"""

from msgspec.structs import replace

from picking.dialogues import receive_goods as goods
from picking.dialogues.base import Dialogue, Say, Seen, Step, not_now, unexpected, wrong
from picking.dialogues.receive_effects import (
    AcceptTags,
    Blind,
    CloseOut,
    LabelAgain,
    Undo,
    run,
)
from picking.dialogues.receive_facts import Facts, Hand, State, load
from picking.dialogues.receive_prompt import prompt_for
from picking.portal import BEFORE_MS
from wms.inbound.deliveries import SHORT_REASONS
from wms.inbound.lpn import is_sscc
from wms.messages import Language
from wms.rooms.prompts import Prompt

PAGE = goods.PAGE
TURN = 9
NEEDS_DELIVERY = ("choose", "owner")


def arrive(state: State, facts: Facts) -> State:
    """What is asked next, given what the book says now."""
    if state.at in NEEDS_DELIVERY:
        return state
    if state.at == "blind":
        mine = f"blind:{facts.person}:"
        newest = [one.id for one in facts.deliveries if one.external_id.startswith(mine)]
        return State(at="item", delivery=max(newest)) if newest else State()
    if facts.delivery(state) is None:
        return State()
    if state.at == "hand":
        return replace(state, at=goods.question(state.hand, facts))
    if state.at in ("portal", "locate") and facts.portal is None and not facts.reader:
        return replace(state, at="item")
    return state


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    if state.at == "choose":
        return _choose(state, seen, facts)
    if state.at == "owner":
        return _owner(state, seen, facts)
    if state.at == "list":
        return _list(state, seen, facts)
    if state.at == "close":
        return _close(state, seen, facts)
    if state.at == "portal":
        return _portal(state, seen, facts)
    if state.at == "locate":
        return Step(replace(state, at="portal"))
    if state.at == "item":
        return _item(state, seen, facts)
    return goods.step(state, seen, facts)


def _choose(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.is_command("back"):
        return Step(state, go="menu")
    if seen.is_command("undo"):
        return Step(state, say=Say("receive.undo_inside", "error"))
    if seen.is_command("full") and facts.may_blind:
        if len(facts.owners) == 1:
            return Step(State(at="blind"), (Blind(facts.owners[0]),))
        return Step(State(at="owner"))
    turned = goods.turned(state, seen, len(facts.deliveries))
    if turned is not None:
        return Step(turned)
    shown = goods.page_of(facts.deliveries, state.page)
    if 1 <= seen.digit <= len(shown):
        return Step(State(at="item", delivery=shown[seen.digit - 1].id))
    meant = [one for one in facts.deliveries if one.is_meant(seen)]
    if len(meant) == 1:
        return Step(State(at="item", delivery=meant[0].id))
    if meant:
        codes = ", ".join(one.code for one in meant)
        return Step(state, say=wrong("scan.ambiguous", expected=codes, scanned=seen.text))
    expected = f"{shown[0].number} / 1-{len(shown)}" if shown else "DELIVERY"
    return Step(state, say=unexpected(seen, expected=expected, code="receive.wrong_delivery"))


def _owner(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.is_command("back"):
        return Step(State())
    turned = goods.turned(state, seen, len(facts.owners))
    if turned is not None:
        return Step(turned)
    shown = goods.page_of(facts.owners, state.page)
    if 1 <= seen.digit <= len(shown):
        return Step(State(at="blind"), (Blind(shown[seen.digit - 1]),))
    return Step(state, say=unexpected(seen, expected=f"1-{len(shown)}"))


def _item(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.kind == "command" and not seen.digit:
        return _item_key(state, seen, facts)
    if seen.digit == 1 and goods.can_repeat(facts):
        assert facts.last is not None, "there is something to repeat"
        last = facts.last
        hand = Hand(item=last.item, qty=last.qty, lot=last.lot, sure=goods.DOUBTS)
        return Step(replace(state, at="hand", hand=hand))
    if seen.digit == 2 and facts.reader:
        return Step(replace(state, at="portal", portal_ms=facts.now - BEFORE_MS))
    if seen.kind == "item":
        return goods.first(state, seen, facts)
    if seen.kind == "unknown" and not seen.keyed and not is_sscc(seen.code):
        if facts.may_bind:
            said = Say("receive.unknown_code", "attention", params={"barcode": seen.text})
            return Step(replace(state, at="bind", code=seen.code, page=0, binding=0), say=said)
        return Step(state, say=wrong("receive.unknown", expected="F5", scanned=seen.text))
    expected = ", ".join(one.sku for one in facts.missing)[:40] or "SKU"
    return Step(state, say=unexpected(seen, expected=expected, code="receive.item_first"))


def _item_key(state: State, seen: Seen, facts: Facts) -> Step[State]:
    match seen.code:
        case "back":
            return Step(State())
        case "list":
            return Step(replace(state, at="list", page=0))
        case "full":
            return Step(replace(state, at="close"))
        case "undo":
            if facts.last is None:
                return Step(state, say=Say("undo.nothing", "error"))
            return Step(state, (Undo(facts.last),))
        case "reprint" if facts.last is not None and is_sscc(facts.last.place):
            return Step(state, (LabelAgain(facts.last.place),))
        case _:
            return Step(state, say=not_now(seen))


def _list(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.is_command("back", "list"):
        return Step(replace(state, at="item", page=0))
    if seen.is_command("full"):
        return Step(replace(state, at="close", page=0))
    turned = goods.turned(state, seen, len(facts.lines))
    if turned is not None:
        return Step(turned)
    shown = goods.page_of(facts.lines, state.page)
    if 1 <= seen.digit <= len(shown):
        hand = Hand(item=shown[seen.digit - 1].line.item, chosen=True)
        return Step(replace(state, at="hand", hand=hand, page=0))
    return Step(state, say=unexpected(seen, expected=f"1-{len(shown)}"))


def _close(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.is_command("back"):
        return Step(replace(state, at="item"))
    reasons = SHORT_REASONS if facts.missing else ("",)
    if 1 <= seen.digit <= len(reasons):
        return Step(State(), (CloseOut(state.delivery, reasons[seen.digit - 1]),))
    expected = f"1-{len(reasons)}" if facts.missing else "1"
    return Step(state, say=unexpected(seen, expected=expected))


def _portal(state: State, seen: Seen, facts: Facts) -> Step[State]:
    back = replace(state, at="item", portal_ms=0)
    if seen.is_command("back"):
        return Step(back)
    decision = facts.portal
    if seen.digit == 1 and decision is not None and decision.accepted:
        return Step(back, (AcceptTags(state.delivery, decision.accepted, facts.place),))
    if seen.digit == 2:
        return Step(state)
    if seen.digit == 3:
        return Step(replace(state, at="locate"))
    return Step(state, say=unexpected(seen, expected="1-3"))


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """What the receiver sees. Pure."""
    return prompt_for(state, facts, language)


RECEIVE: Dialogue[State, Facts] = Dialogue(
    name="receive", state=State, permission="receive", facts=load, step=step, arrive=arrive,
    prompt=prompt, run=run,
)  # fmt: skip
