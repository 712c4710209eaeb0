"""The table of putting away: each transition that it lists, on facts made by hand."""

from typing import Any

from picking.dialogues.base import Seen
from picking.dialogues.move_goods import piles
from picking.dialogues.putaway import PUTAWAY
from picking.dialogues.putaway_effects import Check, Open, Put, PutWhole, Undo
from picking.dialogues.putaway_facts import Facts, State
from tests.dialogue_table import CUP, SKU, TEA, Move, command, item, key, move, other, place, tote
from wms.stock import Key
from wms.storage.contents import Holder, Line
from wms.storage.putaway import Goods, Proposal

A1 = Proposal("A-01", 99, ("putaway.why.empty",))
B1 = Proposal("B-01", 99, ("putaway.why.room",))


def line(number: int, qty: int, *, lot: str = "", serial: str = "", at: str = "LPN-1",
         condition: str = "available") -> Line:  # fmt: skip
    goods = Goods(item=number, sku=SKU[number], owner="acme", qty=qty, lot=lot, condition=condition)
    return Line(Key(at, number, lot, condition, serial), goods, SKU[number].title(), "", 0)


def facts(*lines: Line, kind: str = "pallet", **more: Any) -> Facts:
    holder = Holder("LPN-1" if kind == "pallet" else "DOCK", kind, "DOCK", lines)
    given = {"proposals": (A1, B1), "check_digits": "64", **more}
    return Facts(holder=holder, piles=piles(lines), **given)


NOTHING = Facts(loose=((TEA, "DOCK"), (CUP, "DOCK"), (CUP, "DOCK-2")), waiting=(("DOCK", 1, 5),))
MIXED = facts(line(TEA, 5), line(CUP, 1))
OF_TEA = facts(line(TEA, 5))
WHOLE = facts(line(TEA, 5), line(CUP, 1), takes_whole=True)
LOTS = facts(line(TEA, 5, lot="L1"), line(TEA, 2, lot="L2"))
NUMBERED = facts(line(TEA, 1, serial="S1"), line(TEA, 1, serial="S2"))
AT_ITEM = State(at="item", source="LPN-1")
OPENED = State(source="LPN-1")
COUNTED = State(at="place", source="LPN-1", item=TEA, condition="available", qty=5)
COUNTING = State(at="count", source="LPN-1", item=TEA, condition="available")
WHOLE_GOES = State(at="place", source="LPN-1", whole=True)


def do(state: State, seen: Seen, before: Facts, then: Facts | None = None) -> Move:
    return move(PUTAWAY, state, seen, before, then)


def test_source_to_place_with_a_container_that_may_stand_there() -> None:
    opened = do(State(), tote("LPN-1"), NOTHING, WHOLE)
    assert (opened.at, opened.state.whole, opened.effects) == ("place", True, (Open("LPN-1"),))
    prompt = PUTAWAY.prompt(opened.state, WHOLE, "en")
    assert (prompt.focus.place, prompt.focus.tote, prompt.focus.qty) == ("A-01", "LPN-1", 6)


def test_source_to_item_with_goods_that_go_into_bins() -> None:
    assert do(State(), tote("LPN-1"), NOTHING, MIXED).at == "item"
    on_dock = do(State(), place("DOCK"), NOTHING, facts(line(TEA, 5), kind="dock"))
    assert (on_dock.at, on_dock.effects) == ("item", (Open("DOCK"),))
    assert PUTAWAY.prompt(on_dock.state, MIXED, "en").lines == ("TEA x5", "CUP x1")


def test_source_to_count_with_an_item_of_one_dock() -> None:
    found = do(State(), item(TEA), NOTHING, facts(line(TEA, 5), kind="dock"))
    assert (found.at, found.state.source) == ("count", "DOCK")


def test_source_to_source_when_there_is_nothing_to_put_away() -> None:
    assert do(State(), other(), NOTHING).evidence == ("LPN", "what?")
    assert do(State(), item(CUP), NOTHING).evidence == ("DOCK / DOCK-2", "CUP")
    assert do(State(), command("short"), NOTHING).code == "key.not_now"


def test_source_to_menu_by_back() -> None:
    assert do(State(), command("back"), NOTHING).at == "menu"


def test_item_to_count_when_there_are_several() -> None:
    chosen = do(AT_ITEM, item(TEA), MIXED)
    assert chosen.at == "count"
    prompt = PUTAWAY.prompt(chosen.state, MIXED, "en")
    assert (prompt.focus.qty, prompt.focus.place, prompt.lines) == (5, "A-01", ("Empty",))


def test_item_to_place_when_there_is_one() -> None:
    chosen = do(AT_ITEM, item(CUP), MIXED)
    assert (chosen.at, chosen.state.qty) == ("place", 1)


def test_item_to_which_when_there_are_several_lots() -> None:
    assert do(AT_ITEM, item(TEA), LOTS).at == "which"
    assert do(AT_ITEM, item(TEA, lot="L2"), LOTS).state.lot == "L2", "the barcode says it"
    apart = facts(line(TEA, 5), line(TEA, 2, condition="damaged"))
    chosen = do(AT_ITEM, item(TEA), apart)
    labels = [option.label for option in PUTAWAY.prompt(chosen.state, apart, "en").options]
    assert labels[:2] == ["TEA x5", "damaged x2"]


def test_item_to_serial_when_each_has_its_number() -> None:
    assert do(AT_ITEM, item(TEA), NUMBERED).at == "serial"
    proven = do(AT_ITEM, item(TEA, serial="S2"), NUMBERED)
    assert (proven.at, proven.state.serial) == ("place", "S2")


def test_item_to_item_when_it_is_not_here() -> None:
    assert do(AT_ITEM, item(CUP), OF_TEA).evidence == ("TEA", "CUP")
    assert do(AT_ITEM, item(TEA, lot="L9"), LOTS).evidence == ("L1 / L2", "L9")
    assert do(AT_ITEM, place("A-01"), OF_TEA).evidence == ("TEA", "A-01")


def test_item_to_place_when_the_container_goes_after_all() -> None:
    assert do(AT_ITEM, key("1"), WHOLE).state == WHOLE_GOES
    assert do(AT_ITEM, key("1"), MIXED).refused, "it may not stand anywhere"


def test_item_to_source_by_back() -> None:
    assert do(AT_ITEM, command("back"), MIXED, NOTHING).state == State()


def test_which_to_count_when_it_was_chosen() -> None:
    asked = State(at="which", source="LPN-1", item=TEA)
    by_digit = do(asked, key("2"), LOTS)
    assert (by_digit.at, by_digit.state.lot) == ("count", "L2")
    assert do(asked, Seen("unknown", "L1", code="L1"), LOTS).state.lot == "L1"
    assert do(asked, key("3"), LOTS).evidence == ("1-2", "3")


def test_which_to_item_by_back() -> None:
    asked = State(at="which", source="LPN-1", item=TEA)
    assert do(asked, command("back"), LOTS).state == AT_ITEM


def test_serial_to_place_when_it_was_scanned() -> None:
    asked = State(at="serial", source="LPN-1", item=TEA, condition="available")
    assert do(asked, Seen("unknown", "S2", code="S2"), NUMBERED).at == "place"
    assert do(asked, other("S9"), NUMBERED).evidence == ("S1 / S2", "S9")


def test_serial_to_item_by_back() -> None:
    asked = State(at="serial", source="LPN-1", item=TEA, condition="available")
    assert do(asked, command("back"), NUMBERED).at == "item"


def test_count_to_place_when_it_was_keyed() -> None:
    counted = do(COUNTING, key("3"), OF_TEA)
    assert (counted.at, counted.state.qty) == ("place", 3)


def test_count_to_item_when_the_place_was_scanned_at_once() -> None:
    put = do(COUNTING, place("A-01"), MIXED, facts(line(CUP, 1)))
    assert put.at == "item"
    takes = ((Key("LPN-1", TEA, "", "available", ""), 5),)
    assert put.effects == (Put(takes, "A-01", ("acme",), "A-01", False),)


def test_count_to_count_when_it_is_too_many() -> None:
    assert do(COUNTING, key("6"), OF_TEA).evidence == ("5", "6")
    assert do(COUNTING, item(TEA), OF_TEA).evidence == ("1-5", "TEA")


def test_place_to_item_when_it_was_put_there() -> None:
    put = do(COUNTED, place("A-01"), MIXED, facts(line(CUP, 1)))
    assert put.at == "item"
    assert isinstance(put.effects[0], Put)


def test_place_to_item_by_check_digits() -> None:
    put = do(COUNTED, key("64"), MIXED, facts(line(CUP, 1)))
    assert (put.at, len(put.effects)) == ("item", 1)
    assert do(COUNTED, key("65"), MIXED).evidence == ("A-01", "65")


def test_place_to_place_when_only_a_part_fits() -> None:
    small = facts(line(TEA, 5), proposals=(Proposal("A-01", 2, ()), B1))
    put = do(COUNTED, place("A-01"), small, facts(line(TEA, 3), proposals=(B1,)))
    assert (put.at, put.state.qty) == ("place", 3)
    assert put.effects[0].takes == ((Key("LPN-1", TEA, "", "available", ""), 2),)
    assert PUTAWAY.prompt(COUNTED, small, "en").focus.qty == 2


def test_place_to_source_when_nothing_is_left() -> None:
    assert do(COUNTED, place("A-01"), OF_TEA, facts()).at == "source"
    gone = do(WHOLE_GOES, place("A-01"), WHOLE, NOTHING)
    assert (gone.at, gone.effects) == (
        "source", (PutWhole("LPN-1", "A-01", ("acme",), "A-01", False),),
    )  # fmt: skip


def test_place_to_place_when_another_one_is_scanned() -> None:
    asked = do(COUNTED, place("B-01", deliberate=True), OF_TEA)
    assert (asked.at, asked.state.other) == ("place", "B-01")
    assert isinstance(asked.effects[0], Check)
    too_soon = do(asked.state, place("B-01"), OF_TEA)
    assert (too_soon.code, too_soon.effects) == ("scan.too_soon", ())
    third = do(asked.state, place("C-01", deliberate=True), OF_TEA)
    assert third.state.other == "C-01", "a third place asks again"


def test_place_to_item_when_another_one_is_scanned_again() -> None:
    asked = State(at="place", source="LPN-1", item=TEA, condition="available", qty=5, other="B-01")
    put = do(asked, place("B-01", deliberate=True), MIXED, facts(line(CUP, 1)))
    assert put.at == "item"
    assert (put.effects[0].place, put.effects[0].proposed) == ("B-01", "A-01")


def test_place_to_place_when_that_is_no_place_for_it() -> None:
    assert do(COUNTED, item(TEA), OF_TEA).evidence == ("A-01", "TEA")
    assert do(COUNTED, tote("T-01"), OF_TEA).evidence == ("A-01", "T-01")


def test_place_to_place_when_it_is_full() -> None:
    next_one = do(COUNTED, command("full"), OF_TEA)
    assert next_one.at == "place"
    assert PUTAWAY.prompt(next_one.state, OF_TEA, "en").focus.place == "B-01"
    last = do(next_one.state, command("full"), OF_TEA)
    assert PUTAWAY.prompt(last.state, OF_TEA, "en").lines == ("No place is known",)
    assert do(last.state, command("full"), OF_TEA).code == "key.not_now"
    assert do(last.state, place("C-09"), OF_TEA).effects[0].proposed == ""


def test_place_to_item_piece_by_piece() -> None:
    assert do(WHOLE_GOES, key("1"), WHOLE).state == AT_ITEM


def test_place_to_item_by_back() -> None:
    assert do(COUNTED, command("back"), OF_TEA).state == AT_ITEM


def test_place_to_source_by_back_with_a_container() -> None:
    assert do(WHOLE_GOES, command("back"), WHOLE, NOTHING).at == "source"


def test_any_to_source_by_undo() -> None:
    undoable = Facts(undoable=True, loose=NOTHING.loose)
    undone = do(State(), command("undo"), undoable)
    assert (undone.at, undone.effects) == ("source", (Undo(),))
    assert do(State(), command("undo"), NOTHING).code == "undo.nothing"


def test_any_to_list_and_back() -> None:
    listed = do(AT_ITEM, command("list"), MIXED)
    prompt = PUTAWAY.prompt(listed.state, MIXED, "en")
    assert (prompt.step, prompt.lines) == ("list", ("TEA x5", "CUP x1"))
    assert do(listed.state, command("back"), MIXED).state == AT_ITEM
    waiting = PUTAWAY.prompt(State(listing=True), NOTHING, "en")
    assert waiting.lines == ("DOCK 1 LPN, 5 pcs",)


def test_what_is_gone_meanwhile_is_not_asked_for() -> None:
    """Somebody else put it away: nothing is left to take."""
    assert do(COUNTED, place("A-01"), facts()).at == "source"
    assert do(COUNTED, item(CUP), facts(line(CUP, 4))).at == "count"
