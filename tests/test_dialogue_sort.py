"""The sorter's table: each transition that it lists, on facts made by hand."""

from picking.dialogues.base import Seen
from picking.dialogues.sort import SORT, Dark, Empty, Facts, Point, Put, State, TakeBack
from picking.walls import Goods, Slot
from tests.dialogue_table import CUP, TEA, Move, command, item, move, other, place, tote


def goods(allocation: int = 41, *, order: int = 7, of: int = TEA, lot: str = "", qty: int = 2,
          slot: str = "") -> Goods:  # fmt: skip
    return Goods(
        allocation=allocation, order=order, order_code=f"O{order}", item=of, sku="TEA", name="Tea",
        picture="", lot=lot, serial="", qty=qty, tote="T-01", slot=slot,
    )  # fmt: skip


def slot(code: str, order: int | None = None, *, filled: int = 0, missing: int = 0) -> Slot:
    return Slot(
        place=code, position=int(code[-1]), order=order, order_code=f"O{order}" if order else "",
        filled=filled, missing=missing,
    )  # fmt: skip


FREE = Facts("WALL", (goods(), goods(42, order=8)), (slot("W-1"), slot("W-2")))
GIVEN = Facts("WALL", FREE.goods, (slot("W-1", 7, missing=2), slot("W-2")))
LOTS = Facts("WALL", (goods(lot="L1"), goods(42, order=8, lot="L2")), FREE.slots)
DONE = Facts("WALL", (goods(42, order=8),), (slot("W-1", 7, filled=2), slot("W-2")))
HOLDING = State(at="slot", item=TEA, qty=1, allocation=41, order=7)


def sort(state: State, seen: Seen, facts: Facts = GIVEN, then: Facts | None = None) -> Move:
    return move(SORT, state, seen, facts, then)


def test_item_to_slot_of_the_most_urgent_order() -> None:
    done = sort(State(), item(TEA), FREE, GIVEN)
    assert (done.at, done.effects) == ("slot", (Point(7, 1),))
    assert SORT.prompt(done.state, GIVEN, "en").focus.place == "W-1"
    two = sort(State(), item(TEA, qty=2), FREE, GIVEN)
    assert two.effects == (Point(7, 2),), "an inner pack of two"


def test_item_to_slot_of_an_order_that_has_one_where_the_wall_is_full() -> None:
    """The more urgent order would wait for a slot for ever, and so would whoever sorts."""
    full = Facts("WALL", FREE.goods, (slot("W-1", 9, missing=1), slot("W-2", 8, missing=2)))
    done = sort(State(), item(TEA), full)
    assert (done.at, done.effects) == ("slot", (Point(8, 1),))
    nobody = Facts("WALL", FREE.goods, (slot("W-1", 9, missing=1),))
    assert sort(State(), item(TEA), nobody, GIVEN).effects == (Point(7, 1),), "the book refuses"


def test_item_to_lot_when_orders_wait_for_several() -> None:
    asked = sort(State(), item(TEA), LOTS)
    assert (asked.at, asked.effects) == ("lot", ())
    said = sort(State(), item(TEA, lot="L2"), LOTS)
    assert said.effects == (Point(8, 1),), "a barcode that says the lot is not asked"


def test_item_to_item_when_nobody_waits_for_it() -> None:
    wrong = sort(State(), item(CUP))
    assert (wrong.at, wrong.code, wrong.evidence) == ("item", "sort.nobody_waits", ("TEA", "CUP"))
    many = sort(State(), item(TEA, qty=12))
    assert (many.code, many.evidence) == ("sort.too_many", ("2", "12"))
    assert sort(State(), place("W-2")).code == "sort.not_a_slot"
    assert sort(State(), other()).refused


def test_item_to_item_by_undo() -> None:
    last = Facts("WALL", GIVEN.goods, GIVEN.slots, ("move", 41))
    assert sort(State(), command("undo"), last).effects == (TakeBack("move", 41),)
    assert sort(State(), command("undo")).code == "undo.nothing"


def test_item_to_menu_by_back() -> None:
    assert sort(State(), command("back")).at == "menu"


def test_lot_to_slot_when_the_lot_was_read() -> None:
    asked = State(at="lot", item=TEA, qty=1)
    given = Facts("WALL", LOTS.goods, (slot("W-1"), slot("W-2", 8, missing=2)))
    done = sort(asked, Seen("lot", "L2", lot="L2"), LOTS, given)
    assert (done.at, done.effects) == ("slot", (Point(8, 1),))
    assert sort(asked, other("L9"), LOTS).evidence == ("L1 / L2", "L9")


def test_lot_to_item_by_back() -> None:
    assert sort(State(at="lot", item=TEA, qty=1), command("back"), LOTS).at == "item"


def test_slot_to_item_when_it_is_the_right_one() -> None:
    done = sort(HOLDING, place("W-1"))
    assert (done.at, done.effects) == ("item", (Put(41, 1, "W-1"),))


def test_slot_to_slot_when_it_is_another() -> None:
    wrong = sort(HOLDING, place("W-2"))
    assert (wrong.at, wrong.code, wrong.evidence) == ("slot", "sort.wrong_slot", ("W-1", "W-2"))
    assert sort(HOLDING, item(TEA)).evidence == ("W-1", "TEA")
    assert sort(HOLDING, command("full")).code == "key.not_now"


def test_slot_to_item_by_back() -> None:
    back = sort(HOLDING, command("back"))
    assert (back.at, back.effects) == ("item", (Dark("W-1"),))


def test_slot_to_item_when_its_order_wants_it_no_more() -> None:
    gone = Facts("WALL", (), GIVEN.slots)
    assert SORT.arrive(HOLDING, gone).at == "item"


def test_item_to_tote_when_the_slot_is_complete() -> None:
    asked = sort(State(), place("W-1"), DONE)
    assert (asked.at, asked.state.slot) == ("tote", "W-1")


def test_item_to_tote_when_an_incomplete_slot_was_scanned_twice() -> None:
    first = sort(State(), place("W-1"))
    assert (first.at, first.code) == ("item", "sort.incomplete")
    assert sort(first.state, place("W-1")).at == "item", "not in haste"
    assert sort(first.state, place("W-1", deliberate=True)).at == "tote"


def test_tote_to_item_when_a_tote_was_scanned() -> None:
    emptied = sort(State(at="tote", slot="W-1"), tote("T-09"), DONE)
    assert (emptied.at, emptied.effects) == ("item", (Empty("W-1", "T-09"),))
    assert sort(State(at="tote", slot="W-1"), place("W-2"), DONE).code == "pick.not_a_tote"


def test_tote_to_item_by_back() -> None:
    assert sort(State(at="tote", slot="W-1"), command("back"), DONE).at == "item"
