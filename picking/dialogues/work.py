"""Value-added work: fetch the materials of a work order, make some, and put down what was made.

Transitions:
* get -> tote: `1` gave the next work order, or one was scanned; its materials need a tote
* get -> make: the same, and nothing is to be fetched
* get -> get: there is none now; anything else is refused
* get -> menu: back
* tote -> place: an empty tote was scanned for the materials
* tote -> tote: anything else is refused
* tote -> get: back, later: the clock stops, somebody else may go on
* place -> item: the shelf of the next material was scanned
* place -> place: another place is refused
* place -> make: full; some can be made of what is here already
* place -> get: back, later: the clock stops
* item -> item: one more piece was scanned, or a quantity above five was keyed
* item -> item: another item, or too many, is refused
* item -> place: the tote was scanned with what is in the hand; more is to be fetched
* item -> make: the same, and that was the last material
* item -> place: back, undo: the hand is emptied
* make -> target: the number that was made was keyed; where do they lie?
* make -> serial: the same, and what came out has serial numbers
* make -> get: of a repair or new labels: they lie where they were, and that was the last one
* make -> make: the same, and more is to be done; too many are refused
* serial -> serial: one was scanned, and more are wanted; one that was scanned is refused
* serial -> serial: a number that went into no kit is asked for once more
* serial -> target: that was the last one
* serial -> make: back; none of them counts
* make -> finish: full: is it to end here?
* make -> get: back, later: the clock stops
* target -> get: the place was scanned, and that was the last one
* target -> make: the same, and more is to be made
* target -> target: what is no place is refused
* target -> make: back
* finish -> get: `1`: it is done in part, the rest goes back
* finish -> make: `2`, back
* finish -> finish: anything else is refused
"""

from dataclasses import dataclass
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from picking.dialogues.base import (
    Dialogue,
    Say,
    Seen,
    Step,
    Who,
    choices,
    not_now,
    options,
    unexpected,
    wrong,
)
from picking.dialogues.work_effects import (
    FetchSome,
    Finish,
    Make,
    Pause,
    Start,
    TakeSerial,
    TakeTote,
    run,
)
from wms.db import Tx
from wms.messages import Language, say
from wms.rooms.prompts import Await, Focus, Option, Prompt
from wms.work import jobs, shelving
from wms.work import making as work_done
from wms.work.making import TAKES_NOTHING, Fetch, InHand, Numbered

KEYED_ABOVE = 5  # more pieces than this are counted by the hand and keyed
At = Literal["get", "tote", "place", "item", "make", "serial", "target", "finish"]
AWAITS: dict[str, tuple[Await, ...]] = {
    "get": (Await.CHOICE,), "tote": (Await.TOTE,), "place": (Await.PLACE,),
    "item": (Await.ITEM, Await.TOTE), "make": (Await.QTY,), "serial": (Await.SERIAL,),
    "target": (Await.PLACE, Await.TOTE), "finish": (Await.CHOICE,),
}  # fmt: skip


class State(Struct, frozen=True, kw_only=True):
    """Where the hands are; which work order it is, is the book's to know."""

    at: At = "get"
    work: int = 0
    tote: str = ""  # scanned for the materials, before the first of them lies in it
    fetch: int = 0  # the promise whose shelf was scanned
    hand: int = 0
    made: int = 0
    serials: tuple[tuple[int, str], ...] = ()  # of what was made: item and number
    doubted: str = ""  # a number that went into no kit, scanned once


@dataclass(frozen=True, slots=True)
class Facts:
    """The work in hand, what is still to be fetched, and what waits ((number, code) each)."""

    work: InHand | None
    waiting: tuple[tuple[int, str], ...] = ()
    proposal: str = ""  # where what was made does best


def facts(tx: Tx, state: State, who: Who) -> Facts:
    """Read them."""
    mine = work_done.in_hand(tx, who.person.id)
    if mine is not None and state.at == "target":
        best = shelving.proposal(tx, mine.id, qty=state.made, today=who.today)
        return Facts(mine, proposal=best)
    if mine is not None:
        return Facts(mine)
    waiting = jobs.waiting(tx, owners=who.person.limited.get("work"))
    return Facts(None, tuple((row.id, row.code) for row in waiting))


def arrive(state: State, facts: Facts) -> State:
    """Where the hands are, given what the book says now."""
    work = facts.work
    if work is None:
        return State()
    if state.work != work.id:
        state = State(work=work.id)
    if state.at in ("make", "serial", "target", "finish") and (work.can_make or not work.fetch):
        return (
            state
            if state.made <= work.can_make
            else State(at="make", work=work.id, tote=state.tote)
        )
    if not work.fetch:
        return State(at="make", work=work.id)
    if not (work.tote or state.tote):
        return State(at="tote", work=work.id)
    if state.at == "item" and state.fetch == work.fetch[0].allocation:
        return state
    return State(at="place", work=work.id, tote=state.tote)


def step(state: State, seen: Seen, facts: Facts) -> Step[State]:
    """Decide what one input means here. Pure."""
    work = facts.work
    if work is None:
        return _get(state, seen, facts)
    if state.at == "finish":
        return _finish(state, seen, work)
    if seen.kind == "command":
        return _command(state, seen, work)
    if state.at == "tote":
        return _tote(state, seen)
    if state.at == "place":
        return _place(state, seen, work.fetch[0])
    if state.at == "item":
        return _item(state, seen, work.fetch[0], work.tote or state.tote)
    if state.at == "serial":
        return _serial(state, seen, work)
    if state.at == "make":
        return _make(state, seen, work)
    return _target(state, seen, work, facts.proposal or work.station or "PLACE")


def _get(state: State, seen: Seen, facts: Facts) -> Step[State]:
    if seen.is_command("back"):
        return Step(state, go="menu")
    named = next((one for one, code in facts.waiting if seen.code.upper() == code), 0)
    if named:
        return Step(state, (Start(named),))
    if seen.digit == 1:
        if not facts.waiting:
            return Step(state, say=Say("work.none", "attention"))
        return Step(state, (Start(facts.waiting[0][0]),))
    expected = f"1 / {facts.waiting[0][1]}" if facts.waiting else "WORK"
    return Step(state, say=unexpected(seen, expected=expected))


def _command(state: State, seen: Seen, work: InHand) -> Step[State]:
    if state.at == "item" and seen.is_command("back", "undo"):
        return Step(State(at="place", work=work.id, tote=state.tote))
    if state.at in ("serial", "target") and seen.is_command("back"):
        return Step(State(at="make", work=work.id, tote=state.tote))
    if state.at in ("tote", "place", "make") and seen.is_command("back", "later"):
        return Step(State(), (Pause(work.id),), say=Say("work.paused", "attention"))
    if seen.is_command("full") and state.at == "place" and work.can_make:
        return Step(replace(state, at="make"))
    if seen.is_command("full") and state.at == "make":
        return Step(replace(state, at="finish"))
    return Step(state, say=not_now(seen))


def _tote(state: State, seen: Seen) -> Step[State]:
    if seen.kind != "tote":
        return Step(state, say=wrong("work.not_a_tote", expected="TOTE", scanned=seen.name))
    return Step(replace(state, at="place", tote=seen.code), (TakeTote(seen.code),))


def _place(state: State, seen: Seen, fetch: Fetch) -> Step[State]:
    if seen.kind == "place" and seen.code == fetch.place:
        return Step(replace(state, at="item", fetch=fetch.allocation, hand=0))
    return Step(state, say=wrong("work.wrong_place", expected=fetch.place, scanned=seen.name))


def _item(state: State, seen: Seen, fetch: Fetch, tote: str) -> Step[State]:
    if seen.kind == "number":
        return _keyed(state, seen, fetch)
    if state.hand and seen.kind == "tote":
        if seen.code != tote:
            return Step(state, say=wrong("work.wrong_tote", expected=tote, scanned=seen.name))
        taken = FetchSome(state.work, fetch.allocation, state.hand, tote)
        return Step(State(at="place", work=state.work, tote=tote), (taken,))
    item = seen.item(fetch.item)
    if item is None and fetch.serial and seen.code == fetch.serial:
        return _counted(state, 1, fetch)  # its number's own label
    if item is None:
        return Step(state, say=wrong("work.wrong_item", expected=fetch.sku, scanned=seen.name))
    if fetch.lot and seen.lot and seen.lot != fetch.lot:
        expected = f"{fetch.sku} {fetch.lot}"
        return Step(state, say=wrong("work.wrong_item", expected=expected, scanned=seen.lot))
    if fetch.serial and seen.serial != fetch.serial:
        expected, read = f"{fetch.sku} {fetch.serial}", seen.serial or seen.name
        return Step(state, say=wrong("work.wrong_item", expected=expected, scanned=read))
    return _counted(state, state.hand + item.qty, fetch)


def _keyed(state: State, seen: Seen, fetch: Fetch) -> Step[State]:
    """A keyed count holds only once the item itself was scanned, and only above five."""
    if not state.hand:
        return Step(state, say=wrong("pick.scan_first", expected=fetch.sku, scanned=seen.text))
    if fetch.qty <= KEYED_ABOVE:
        return Step(state, say=wrong("pick.count_by_scan", expected=fetch.sku, scanned=seen.text))
    return _counted(state, seen.number, fetch)


def _counted(state: State, hand: int, fetch: Fetch) -> Step[State]:
    if hand > fetch.qty:
        said = wrong("pick.too_many", expected=str(fetch.qty), scanned=str(hand))
        return Step(state, say=said)
    return Step(replace(state, hand=hand))


def _make(state: State, seen: Seen, work: InHand) -> Step[State]:
    expected = f"1-{work.can_make}" if work.can_make else "-"
    if seen.kind != "number" or not 0 < seen.number <= work.can_make:
        return Step(state, say=unexpected(seen, expected=expected))
    if work.kind in TAKES_NOTHING:
        made = Make(work.id, seen.number, "")
        return Step(State(at="make", work=work.id), (made,))
    at: At = "serial" if work.numbered else "target"
    return Step(replace(state, at=at, made=seen.number, serials=()))


def wanted(state: State, work: InHand) -> tuple[Numbered, int] | None:
    """Of which result a serial number is wanted next, and how many still are; None for none."""
    for one in work.numbered:
        left = one.each * state.made - sum(item == one.item for item, _ in state.serials)
        if left > 0:
            return one, left
    return None


def _serial(state: State, seen: Seen, work: InHand) -> Step[State]:
    found = wanted(state, work)
    assert found is not None, "the last one led on"
    one = found[0]
    plain = seen.code if seen.kind in ("unknown", "number", "tracking") else ""
    serial = seen.serial or plain
    if not serial or (seen.items and seen.item(one.item) is None):
        return Step(state, say=wrong("work.wrong_item", expected=one.sku, scanned=seen.name))
    if (one.item, serial) in state.serials:
        return Step(state, say=Say("work.serial_twice", "error", params={"scanned": serial}))
    strange = work.kind == "unkit" and serial not in one.known
    if strange and not (serial == state.doubted and seen.deliberate):
        doubt = Say("work.serial_strange", "attention", ", ".join(one.known)[:40], serial,
                    {"scanned": serial})  # fmt: skip
        return Step(replace(state, doubted=serial), say=doubt)
    more = replace(state, serials=(*state.serials, (one.item, serial)), doubted="")
    at: At = "serial" if wanted(more, work) is not None else "target"
    return Step(replace(more, at=at), (TakeSerial(one.item, serial),))


def _target(state: State, seen: Seen, work: InHand, expected: str) -> Step[State]:
    if seen.kind not in ("place", "tote"):
        return Step(state, say=wrong("work.not_a_place", expected=expected, scanned=seen.name))
    made = Make(work.id, state.made, seen.code, state.serials)
    return Step(State(at="make", work=work.id, tote=state.tote), (made,))


def _finish(state: State, seen: Seen, work: InHand) -> Step[State]:
    if seen.digit == 1:
        return Step(State(), (Finish(work.id),))
    if seen.digit == 2 or seen.is_command("back"):
        return Step(replace(state, at="make"))
    return Step(state, say=unexpected(seen, expected="1 / 2"))


def prompt(state: State, facts: Facts, language: Language) -> Prompt:
    """What the worker sees. Pure."""
    work = facts.work
    page = Prompt(
        dialogue="work", step=state.at, title=say("work.title", language),
        ask=say(f"work.ask.{state.at}", language), help=say(f"help.work.{state.at}", language),
        awaits=AWAITS[state.at], options=_keys(state, facts, language), language=language,
    )  # fmt: skip
    if work is None:
        codes = tuple(code for _number, code in facts.waiting)
        return replace(page, lines=codes)
    told: tuple[str, ...] = (
        f"{work.code} {say(f'work.kind.{work.kind}', language)}",
        say("work.left", language, done=work.done, qty=work.qty),
    )
    if state.at == "finish" and work.kind == "repair":
        told = (*told, say("work.unrepaired", language, count=work.qty - work.done))
    focus = _focus(state, work, facts)
    page = replace(page, lines=told, done=work.done, total=work.qty, focus=focus)
    if not (state.at == "item" and state.hand):
        return page
    if state.hand >= work.fetch[0].qty:
        return replace(page, ask=say("pick.ask.tote", language), awaits=(Await.TOTE,))
    if work.fetch[0].qty > KEYED_ABOVE:
        return replace(page, awaits=(*page.awaits, Await.QTY))
    return page


def _focus(state: State, work: InHand, facts: Facts) -> Focus:
    if state.at in ("place", "item") and work.fetch:
        fetch = work.fetch[0]
        return Focus(
            place=fetch.place, item=fetch.name, sku=fetch.sku, lot=fetch.lot,
            qty=fetch.qty - state.hand, tote=work.tote or state.tote, picture=fetch.picture,
        )  # fmt: skip
    if state.at == "serial" and (found := wanted(state, work)) is not None:
        return Focus(item=found[0].sku, sku=found[0].sku, qty=found[1])
    qty: int | None = state.made if state.at == "target" else work.can_make
    if state.at == "tote":
        qty = None  # nothing can be made before there are materials
    place = facts.proposal if state.at == "target" else ""
    return Focus(
        place=place, item=work.name, sku=work.sku, qty=qty, tote=work.tote, picture=work.picture
    )  # fmt: skip


def _keys(state: State, facts: Facts, language: Language) -> tuple[Option, ...]:
    back = options(language, "back")
    work = facts.work
    if state.at == "get":
        return (*choices(language, "work.get"), *back)
    if state.at == "finish":
        return (*choices(language, "yes", "no"), *back)
    if state.at in ("tote", "place", "make"):
        end = Option(key="F6", command="full", label=say("work.finish", language))
        making = state.at == "make" or (state.at == "place" and work is not None and work.can_make)
        return (*((end,) if making else ()), *options(language, "later"), *back)
    return (*(options(language, "undo") if state.at == "item" else ()), *back)


WORK: Dialogue[State, Facts] = Dialogue(
    name="work", state=State, permission="work", facts=facts, step=step, arrive=arrive,
    prompt=prompt, run=run,
)  # fmt: skip
