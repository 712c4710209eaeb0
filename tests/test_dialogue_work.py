"""The table of value-added work: each transition that it lists, on facts made by hand."""

from dataclasses import replace

from picking.dialogues.base import Seen
from picking.dialogues.work import WORK, Facts, State
from picking.dialogues.work_effects import (
    FetchSome,
    Finish,
    Make,
    Pause,
    Start,
    TakeSerial,
    TakeTote,
)
from tests.dialogue_table import CUP, TEA, Move, command, item, key, move, other, place, tote
from wms.work.making import Fetch, InHand, Numbered

TEAS = Fetch(
    allocation=21, place="A-01", item=TEA, sku="TEA", name="Tea", picture="", lot="", serial="",
    qty=2,
)  # fmt: skip
CUPS = replace(TEAS, allocation=22, place="B-02", item=CUP, sku="CUP", qty=1)
BARE = InHand(
    id=4, code="W0000004", kind="kit", sku="SET", name="Set", picture="", qty=3, done=0,
    fetch=(TEAS, CUPS),
)  # fmt: skip
KITS = replace(BARE, tote="T-01")
READY = replace(KITS, fetch=(), can_make=3)
SOME = replace(KITS, can_make=1)
REPAIR = replace(BARE, kind="repair", fetch=(), can_make=3)
PLACE = State(at="place", work=4, tote="T-01")
ITEM = State(at="item", work=4, tote="T-01", fetch=21)
MAKE = State(at="make", work=4)
TARGET = State(at="target", work=4, made=2)


def do(state: State, seen: Seen, work: InHand | None, then: InHand | None = None) -> Move:
    waiting = ((4, "W0000004"), (5, "W0000005"))
    return move(WORK, state, seen, Facts(work, waiting), Facts(then, waiting))


def test_get_to_tote_when_materials_are_needed() -> None:
    taken = do(State(), key("1"), None, BARE)
    assert (taken.at, taken.effects) == ("tote", (Start(4),))
    assert do(State(), other("W0000005"), None, BARE).effects == (Start(5),)


def test_get_to_make_when_nothing_is_fetched() -> None:
    assert do(State(), key("1"), None, REPAIR).at == "make"


def test_get_to_get_when_there_is_none() -> None:
    nothing = move(WORK, State(), key("1"), Facts(None))
    assert (nothing.at, nothing.code) == ("get", "work.none")
    assert do(State(), other(), None).evidence == ("1 / W0000004", "what?")


def test_get_to_menu_by_back() -> None:
    assert do(State(), command("back"), None).at == "menu"


def test_tote_to_place_when_it_is_empty() -> None:
    taken = do(State(at="tote", work=4), tote("T-01"), BARE, BARE)
    assert (taken.at, taken.effects, taken.state.tote) == ("place", (TakeTote("T-01"),), "T-01")


def test_tote_to_tote_when_it_is_none() -> None:
    assert do(State(at="tote", work=4), place("A-01"), BARE, BARE).evidence == ("TOTE", "A-01")


def test_tote_to_get_by_later() -> None:
    assert do(State(at="tote", work=4), command("later"), BARE).effects == (Pause(4),)


def test_place_to_item_at_the_right_shelf() -> None:
    there = do(PLACE, place("A-01"), KITS, KITS)
    assert (there.at, there.state.fetch) == ("item", 21)
    shown = WORK.prompt(there.state, Facts(KITS), "en")
    assert (shown.focus.sku, shown.focus.qty, shown.lines[0]) == ("TEA", 2, "W0000004 Make kits")


def test_place_to_place_when_it_is_another() -> None:
    assert do(PLACE, place("C-01"), KITS, KITS).evidence == ("A-01", "C-01")
    assert do(PLACE, command("full"), KITS, KITS).refused, "nothing can be made yet"


def test_place_to_make_when_some_can_be_made() -> None:
    assert do(PLACE, command("full"), SOME, SOME).at == "make"


def test_place_to_get_by_back() -> None:
    assert do(PLACE, command("back"), KITS).effects == (Pause(4),)


def test_item_to_item_one_more() -> None:
    one = do(ITEM, item(TEA), KITS, KITS)
    assert (one.at, one.state.hand, one.effects) == ("item", 1, ())
    many = replace(KITS, fetch=(replace(TEAS, qty=12),))
    assert do(one.state, key("12"), many, many).state.hand == 12
    assert do(ITEM, key("12"), many, many).code == "pick.scan_first"
    assert do(one.state, key("2"), KITS, KITS).code == "pick.count_by_scan"
    asked = [WORK.prompt(state, Facts(KITS), "en").ask for state in (one.state, replace_hand(2))]
    assert asked == ["Scan the material", "Put in the tote"], "all in the hand: now the tote"


def test_item_to_item_when_it_is_another_or_too_many() -> None:
    assert do(ITEM, item(CUP), KITS, KITS).evidence == ("TEA", "CUP")
    assert do(ITEM, item(TEA, qty=3), KITS, KITS).code == "pick.too_many"
    assert do(ITEM, tote("T-01"), KITS, KITS).refused, "nothing is in the hand"
    held = replace_hand(1)
    assert do(held, tote("T-02"), KITS, KITS).evidence == ("T-01", "T-02")
    lots = replace(KITS, fetch=(replace(TEAS, lot="L1"),))
    assert do(ITEM, item(TEA, lot="L2"), lots, lots).evidence == ("TEA L1", "L2")
    numbered = replace(KITS, fetch=(replace(TEAS, serial="S1", qty=1),))
    assert do(ITEM, item(TEA), numbered, numbered).evidence == ("TEA S1", "TEA")


def replace_hand(hand: int) -> State:
    return State(at="item", work=4, tote="T-01", fetch=21, hand=hand)


def test_item_to_place_when_more_is_to_be_fetched() -> None:
    put = do(replace_hand(2), tote("T-01"), KITS, replace(KITS, fetch=(CUPS,)))
    assert (put.at, put.effects) == ("place", (FetchSome(KITS.id, 21, 2, "T-01"),))


def test_item_to_make_when_that_was_the_last() -> None:
    assert do(replace_hand(2), tote("T-01"), KITS, READY).at == "make"


def test_item_to_place_by_undo() -> None:
    emptied = do(replace_hand(1), command("undo"), KITS, KITS)
    assert (emptied.at, emptied.state.hand, emptied.effects) == ("place", 0, ())
    assert do(replace_hand(1), command("back"), KITS, KITS).at == "place"


def test_make_to_target_when_some_are_made() -> None:
    made = do(MAKE, key("2"), READY, READY)
    assert (made.at, made.state.made, made.effects) == ("target", 2, ())


def test_make_to_get_when_the_last_was_repaired() -> None:
    done = do(MAKE, key("3"), REPAIR)
    assert (done.at, done.effects) == ("get", (Make(4, 3, ""),))


def test_make_to_make_when_more_is_to_be_done_or_too_many() -> None:
    assert do(MAKE, key("1"), REPAIR, replace(REPAIR, done=1, can_make=2)).at == "make"
    assert do(MAKE, key("4"), READY, READY).evidence == ("1-3", "4")
    assert do(MAKE, item(TEA), READY, READY).refused


def test_make_to_finish_by_full() -> None:
    assert do(MAKE, command("full"), READY, READY).at == "finish"


def test_make_to_get_by_later() -> None:
    assert do(MAKE, command("later"), READY).effects == (Pause(4),)


def test_target_to_get_when_that_was_the_last() -> None:
    done = do(TARGET, place("C-03"), READY)
    assert (done.at, done.effects) == ("get", (Make(4, 2, "C-03"),))


def test_target_to_make_when_more_is_to_be_made() -> None:
    assert do(TARGET, tote("T-05"), READY, replace(READY, can_make=1, done=2)).at == "make"


def test_target_to_target_when_it_is_no_place() -> None:
    assert do(TARGET, item(TEA), READY, READY).evidence == ("PLACE", "TEA")
    assert do(TARGET, command("undo"), READY, READY).code == "key.not_now"


def test_what_was_made_has_its_place_proposed() -> None:
    best = Facts(READY, proposal="A-05")
    assert WORK.prompt(TARGET, best, "en").focus.place == "A-05"
    assert move(WORK, TARGET, item(TEA), best).evidence == ("A-05", "TEA")
    part = replace(REPAIR, qty=3, done=1)
    ending = WORK.prompt(State(at="finish", work=4), Facts(part), "en")
    assert ending.lines[-1] == "2 not repaired", "of a repair that ends in part"


def test_target_to_make_by_back() -> None:
    back = do(TARGET, command("back"), READY, READY)
    assert (back.at, back.state.made) == ("make", 0)


def test_finish_to_get_by_yes() -> None:
    ended = do(State(at="finish", work=4), key("1"), READY)
    assert (ended.at, ended.effects) == ("get", (Finish(4),))


def test_finish_to_make_by_no() -> None:
    assert do(State(at="finish", work=4), key("2"), READY, READY).at == "make"
    assert do(State(at="finish", work=4), command("back"), READY, READY).at == "make"


def test_finish_to_finish_for_anything_else() -> None:
    assert do(State(at="finish", work=4), item(TEA), READY, READY).evidence == ("1 / 2", "TEA")


NUMBERED = replace(READY, kind="unkit", numbered=(Numbered(CUP, "CUP", 1, ("S1", "S2")),))
SERIAL = State(at="serial", work=4, made=2)
FIRST = State(at="serial", work=4, made=2, serials=((CUP, "S1"),))


def read(serial: str, *, deliberate: bool = True) -> Seen:
    return Seen("unknown", serial, code=serial, deliberate=deliberate)


def test_make_to_serial_when_what_came_out_has_numbers() -> None:
    made = do(MAKE, key("2"), NUMBERED, NUMBERED)
    assert (made.at, made.state.made, made.effects) == ("serial", 2, ())
    shown = WORK.prompt(made.state, Facts(NUMBERED), "en")
    assert (shown.focus.sku, shown.focus.qty) == ("CUP", 2)


def test_serial_to_serial_one_after_the_other() -> None:
    one = do(SERIAL, read("S1"), NUMBERED, NUMBERED)
    assert (one.at, one.effects) == ("serial", (TakeSerial(CUP, "S1"),))
    assert one.state.serials == ((CUP, "S1"),)
    assert do(FIRST, read("S1"), NUMBERED, NUMBERED).code == "work.serial_twice"
    assert do(FIRST, item(TEA), NUMBERED, NUMBERED).evidence == ("CUP", "TEA")


def test_serial_to_serial_when_it_went_into_no_kit() -> None:
    doubt = do(FIRST, read("S9"), NUMBERED, NUMBERED)
    assert (doubt.at, doubt.evidence, doubt.effects) == ("serial", ("S1, S2", "S9"), ())
    assert do(doubt.state, read("S9", deliberate=False), NUMBERED, NUMBERED).effects == ()
    sure = do(doubt.state, read("S9"), NUMBERED, NUMBERED)
    assert (sure.at, sure.effects) == ("target", (TakeSerial(CUP, "S9"),))
    made = replace(NUMBERED, kind="kit", numbered=(Numbered(CUP, "CUP", 1),))
    assert do(SERIAL, read("K1"), made, made).effects == (TakeSerial(CUP, "K1"),), "a new number"


def test_serial_to_target_after_the_last() -> None:
    last = do(FIRST, read("S2"), NUMBERED, NUMBERED)
    assert (last.at, last.effects) == ("target", (TakeSerial(CUP, "S2"),))
    put = do(last.state, place("D-01"), NUMBERED, None)
    assert put.effects == (Make(4, 2, "D-01", ((CUP, "S1"), (CUP, "S2"))),)


def test_serial_to_make_by_back() -> None:
    back = do(FIRST, command("back"), NUMBERED, NUMBERED)
    assert (back.at, back.state.serials, back.state.made) == ("make", (), 0)
