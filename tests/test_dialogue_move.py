"""The table of moving: each transition that it lists, on facts made by hand."""

from typing import Any

from picking.dialogues.base import Seen
from picking.dialogues.move import MOVE
from picking.dialogues.move_facts import Facts, State
from picking.dialogues.move_goods import piles
from picking.dialogues.move_run import Carry, CarryWhole, Held, Open, Undo
from tests.dialogue_table import CUP, SKU, TEA, Move, command, item, key, move, other, place, tote
from wms.stock import Key
from wms.storage.contents import Holder, Line
from wms.storage.putaway import Goods


def line(number: int, qty: int, *, promised: int = 0, lot: str = "", serial: str = "") -> Line:
    goods = Goods(item=number, sku=SKU[number], owner="acme", qty=qty, lot=lot)
    key = Key("A-01", number, lot, "available", serial)
    return Line(key, goods, SKU[number].title(), "", promised)


def facts(*lines: Line, kind: str = "bin", inside: int = 0, **more: Any) -> Facts:
    code = "P-01" if kind == "pallet" else "A-01"
    holder = Holder(code, kind, "R-01" if kind == "pallet" else "", lines, inside)
    whole = kind == "pallet" and not any(one.promised for one in lines)
    given = {"goes_whole": whole, "owners": ("acme",), "pieces": 6, **more}
    return Facts(holder=holder, piles=piles(lines), **given)


NOTHING = Facts()
MIXED = facts(line(TEA, 5), line(CUP, 1))
OF_TEA = facts(line(TEA, 5))
PALLET = facts(line(TEA, 5), line(CUP, 1), kind="pallet")
PROMISED = facts(line(TEA, 0, promised=5), line(CUP, 1))
PARTLY = facts(line(TEA, 2, promised=3))
LOTS = facts(line(TEA, 5, lot="L1"), line(TEA, 2, lot="L2"))
NUMBERED = facts(line(TEA, 1, serial="S1"), line(TEA, 1, serial="S2"))
AT_ITEM = State(at="item", source="A-01")
COUNTING = State(at="count", source="A-01", item=TEA, condition="available")
COUNTED = State(at="place", source="A-01", item=TEA, condition="available", qty=5)
WHOLE = State(at="place", source="P-01", whole=True)
TEA_HERE = Key("A-01", TEA, "", "available", "")


def do(state: State, seen: Seen, before: Facts, then: Facts | None = None) -> Move:
    return move(MOVE, state, seen, before, then)


def test_source_to_item_with_a_place() -> None:
    opened = do(State(), place("A-01"), NOTHING, MIXED)
    assert (opened.at, opened.effects) == ("item", (Open("A-01"),))
    assert MOVE.prompt(opened.state, MIXED, "en").lines == ("TEA x5", "CUP x1")


def test_source_to_item_with_a_container_that_is_promised() -> None:
    partly = facts(line(TEA, 2, promised=3), kind="pallet")
    assert do(State(), tote("P-01"), NOTHING, partly).at == "item"


def test_source_to_place_with_a_container() -> None:
    opened = do(State(), tote("P-01"), NOTHING, PALLET)
    assert (opened.at, opened.state.whole) == ("place", True)
    prompt = MOVE.prompt(opened.state, PALLET, "en")
    assert (prompt.focus.tote, prompt.focus.place, prompt.focus.qty) == ("P-01", "R-01", 6)


def test_source_to_source_when_that_is_nothing() -> None:
    assert do(State(), other(), NOTHING).evidence == ("LPN", "what?")
    assert do(State(), item(TEA), NOTHING).evidence == ("LPN", "TEA")


def test_source_to_menu_by_back() -> None:
    assert do(State(), command("back"), NOTHING).at == "menu"


def test_item_to_count_when_there_are_several() -> None:
    assert do(AT_ITEM, item(TEA), MIXED).at == "count"


def test_item_to_place_when_there_is_one() -> None:
    chosen = do(AT_ITEM, item(CUP), MIXED)
    assert (chosen.at, chosen.state.qty) == ("place", 1)


def test_item_to_which_when_there_are_several_lots() -> None:
    assert do(AT_ITEM, item(TEA), LOTS).at == "which"


def test_item_to_serial_when_each_has_its_number() -> None:
    assert do(AT_ITEM, item(TEA), NUMBERED).at == "serial"


def test_item_to_item_when_it_is_not_here() -> None:
    assert do(AT_ITEM, item(CUP), OF_TEA).evidence == ("TEA", "CUP")


def test_item_to_item_when_all_of_it_is_promised() -> None:
    held = do(AT_ITEM, item(TEA), PROMISED)
    assert (held.at, held.effects) == ("item", (Held(TEA_HERE),))


def test_item_to_place_with_a_container_that_stands_here() -> None:
    assert do(AT_ITEM, tote("P-01"), facts(inside=1), PALLET).state.source == "P-01"


def test_item_to_source_by_back() -> None:
    assert do(AT_ITEM, command("back"), MIXED, NOTHING).at == "source"


def test_which_to_count_when_it_was_chosen() -> None:
    asked = State(at="which", source="A-01", item=TEA)
    assert do(asked, key("2"), LOTS).state.lot == "L2"


def test_which_to_item_by_back() -> None:
    assert do(State(at="which", source="A-01", item=TEA), command("back"), LOTS).at == "item"


def test_serial_to_place_when_it_was_scanned() -> None:
    asked = State(at="serial", source="A-01", item=TEA, condition="available")
    assert do(asked, Seen("unknown", "S2", code="S2"), NUMBERED).at == "place"


def test_serial_to_item_by_back() -> None:
    asked = State(at="serial", source="A-01", item=TEA, condition="available")
    assert do(asked, command("back"), NUMBERED).at == "item"


def test_count_to_place_when_it_was_keyed() -> None:
    assert do(COUNTING, key("3"), OF_TEA).state.qty == 3


def test_count_to_item_when_the_target_was_scanned_at_once() -> None:
    moved = do(COUNTING, place("B-01"), MIXED, facts(line(CUP, 1)))
    assert (moved.at, moved.effects) == ("item", (Carry(((TEA_HERE, 5),), "B-01", ("acme",)),))


def test_count_to_count_when_it_is_too_many() -> None:
    assert do(COUNTING, key("6"), OF_TEA).evidence == ("5", "6")
    held = do(COUNTING, key("3"), PARTLY)
    assert (held.at, held.effects) == ("count", (Held(TEA_HERE),)), "who has the others"


def test_place_to_item_when_other_goods_are_left() -> None:
    moved = do(COUNTED, tote("P-01"), MIXED, facts(line(CUP, 1)))
    assert (moved.at, moved.effects[0].place) == ("item", "P-01")


def test_place_to_source_when_nothing_is_left() -> None:
    assert do(COUNTED, place("B-01"), OF_TEA, facts()).at == "source"
    gone = do(WHOLE, place("R-02"), PALLET, NOTHING)
    assert (gone.at, gone.effects) == ("source", (CarryWhole("P-01", "R-02", ("acme",)),))


def test_place_to_place_when_that_is_none() -> None:
    assert do(COUNTED, item(TEA), OF_TEA).evidence == ("LPN", "TEA")
    assert do(COUNTED, place("A-01"), OF_TEA).evidence == ("LPN", "A-01"), "it lies there already"
    assert do(WHOLE, key("7"), PALLET).evidence == ("LPN", "7")


def test_place_to_item_piece_by_piece() -> None:
    assert do(WHOLE, key("1"), PALLET).at == "item"


def test_place_to_item_by_back() -> None:
    assert do(COUNTED, command("back"), OF_TEA).state == AT_ITEM


def test_place_to_source_by_back_with_a_container() -> None:
    assert do(WHOLE, command("back"), PALLET, NOTHING).at == "source"


def test_any_to_source_by_undo() -> None:
    undone = do(State(), command("undo"), Facts(undoable=True))
    assert (undone.at, undone.effects) == ("source", (Undo(),))
    assert do(State(), command("undo"), NOTHING).code == "undo.nothing"


def test_any_to_list_and_back() -> None:
    listed = do(AT_ITEM, command("list"), MIXED)
    prompt = MOVE.prompt(listed.state, MIXED, "en")
    assert (prompt.step, prompt.lines) == ("list", ("TEA x5", "CUP x1"))
    assert do(listed.state, command("back"), MIXED).state == AT_ITEM
