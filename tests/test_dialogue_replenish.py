"""The table of replenishing: each transition that it lists, on facts made by hand."""

from dataclasses import replace

from picking.dialogues.base import Seen
from picking.dialogues.replenish import REPLENISH
from picking.dialogues.replenish_effects import (
    Claim,
    Fetch,
    GiveBack,
    Put,
    PutBack,
    Short,
    Undo,
)
from picking.dialogues.replenish_facts import Facts, State, Take, Task
from tests.dialogue_table import CUP, TEA, Move, command, item, key, move, other, place, tote

FACE = Task(number=9, face="A-01", check_digits="64", sku="TEA", item=TEA, urgent=True)
FIRST = Take(
    promised=71, stands="R-01", container="", check_digits="12", item=TEA, sku="TEA", name="Tea",
    picture="", lot="", expiry="", serial="", qty=12, needs_proof=False,
)  # fmt: skip
SECOND = replace(FIRST, promised=72, stands="R-02", container="P-02", check_digits="34", qty=6)
LOTTED = replace(FIRST, lot="L1", needs_proof=True)
NOTHING = Facts(waiting=3, urgent=1)
BOTH = Facts(FACE, (FIRST, SECOND))
ONE = Facts(FACE, (FIRST,))
CARRIED = Facts(FACE, carried=12, came_from="R-01", undoable=True)
IN_LPN = Facts(FACE, (SECOND,))
AT_PLACE = State(at="place", promised=71)
AT_ITEM = State(at="item", promised=71, here=True)
AT_FACE = State(at="face")


def do(state: State, seen: Seen, before: Facts, then: Facts | None = None) -> Move:
    return move(REPLENISH, state, seen, before, then)


def test_get_to_place_when_a_task_was_claimed() -> None:
    claimed = do(State(), key("1"), NOTHING, BOTH)
    assert (claimed.at, claimed.effects) == ("place", (Claim(),))
    prompt = REPLENISH.prompt(claimed.state, BOTH, "en")
    assert (prompt.focus.place, prompt.focus.qty, prompt.lines) == ("R-01", 12, ("to A-01",))


def test_get_to_get_when_there_is_nothing_to_bring() -> None:
    assert do(State(), key("1"), NOTHING).at == "get"
    assert do(State(), other(), NOTHING).evidence == ("1", "what?")
    assert do(State(), command("undo"), NOTHING).code == "replenish.undo_by_move"
    assert REPLENISH.prompt(State(), NOTHING, "en").lines == ("3 waiting, 1 urgent",)


def test_get_to_menu_by_back() -> None:
    assert do(State(), command("back"), NOTHING).at == "menu"


def test_place_to_item_when_it_was_scanned() -> None:
    assert do(AT_PLACE, place("R-01"), BOTH).state == AT_ITEM


def test_place_to_item_by_check_digits() -> None:
    assert do(AT_PLACE, key("12"), BOTH).at == "item"


def test_place_to_container_when_the_goods_are_in_one() -> None:
    at_place = State(at="place", promised=72)
    there = do(at_place, place("R-02"), BOTH)
    assert there.at == "container"
    assert REPLENISH.prompt(there.state, BOTH, "en").focus.tote == "P-02"


def test_place_to_place_when_it_is_another() -> None:
    assert do(AT_PLACE, place("R-09"), BOTH).evidence == ("R-01", "R-09")
    assert do(AT_PLACE, key("99"), BOTH).evidence == ("R-01", "99")
    assert do(AT_PLACE, item(TEA), BOTH).evidence == ("R-01", "TEA")
    assert do(AT_PLACE, command("full"), BOTH).code == "key.not_now"


def test_place_to_place_by_later() -> None:
    put_off = do(AT_PLACE, command("later"), BOTH)
    assert (put_off.at, put_off.state.promised) == ("place", 72)
    again = do(put_off.state, command("later"), BOTH)
    assert again.state.promised == 71, "and round again"


def test_place_to_get_by_later_with_nothing_else() -> None:
    put_off = do(AT_PLACE, command("later"), ONE, NOTHING)
    assert (put_off.at, put_off.effects) == ("get", (GiveBack(9, later=True),))


def test_place_to_get_by_back() -> None:
    back = do(AT_PLACE, command("back"), ONE, NOTHING)
    assert (back.at, back.effects) == ("get", (GiveBack(9),))


def test_place_to_menu_by_back_with_goods_on_the_cart() -> None:
    back = do(AT_PLACE, command("back"), replace(ONE, carried=3))
    assert (back.at, back.effects) == ("menu", ())


def test_container_to_item_when_it_was_scanned() -> None:
    asked = State(at="container", promised=72)
    assert do(asked, tote("P-02"), IN_LPN).at == "item"


def test_container_to_container_when_it_is_another() -> None:
    asked = State(at="container", promised=72)
    assert do(asked, tote("P-09"), IN_LPN).evidence == ("P-02", "P-09")


def test_container_to_place_by_back() -> None:
    assert do(State(at="container", promised=72), command("back"), IN_LPN).at == "place"


def test_item_to_item_while_more_are_wanted() -> None:
    counted = do(AT_ITEM, item(TEA, qty=6), BOTH)
    assert (counted.at, counted.state.hand, counted.effects) == ("item", 6, ())
    assert REPLENISH.prompt(counted.state, BOTH, "en").focus.qty == 6
    assert do(counted.state, item(TEA, qty=12), BOTH).evidence == ("12", "18")
    assert do(counted.state, key("13"), BOTH).evidence == ("6-12", "13")
    assert do(counted.state, item(CUP), BOTH).evidence == ("TEA", "CUP")
    assert do(AT_ITEM, key("12"), BOTH).evidence == ("TEA", "12"), "scan one before keying"


def test_item_to_lot_when_the_barcode_does_not_say_which() -> None:
    lots = Facts(FACE, (LOTTED,))
    assert do(AT_ITEM, item(TEA), lots).at == "lot"
    assert do(AT_ITEM, item(TEA, lot="L1"), lots).state.hand == 1
    assert do(AT_ITEM, item(TEA, lot="L2"), lots).evidence == ("L1", "L2")


def test_item_to_place_when_all_of_it_was_counted() -> None:
    taken = do(replace_hand(AT_ITEM, 1), key("12"), BOTH, Facts(FACE, (SECOND,), carried=12))
    assert (taken.at, taken.effects) == ("place", (Fetch(71, 12),))


def replace_hand(state: State, hand: int) -> State:
    return State(at=state.at, promised=state.promised, here=True, hand=hand, proven=True)


def test_item_to_face_when_that_was_the_last() -> None:
    taken = do(replace_hand(AT_ITEM, 11), item(TEA), ONE, CARRIED)
    assert (taken.at, taken.effects) == ("face", (Fetch(71, 12),))
    prompt = REPLENISH.prompt(taken.state, CARRIED, "en")
    assert (prompt.focus.place, prompt.focus.qty) == ("A-01", 12)


def test_item_to_place_by_back() -> None:
    emptied = do(replace_hand(AT_ITEM, 3), command("back"), BOTH)
    assert (emptied.at, emptied.state.hand, emptied.code) == (
        "place", 0, "replenish.hand_emptied",
    )  # fmt: skip


def test_lot_to_item_when_more_are_wanted() -> None:
    asked = State(at="lot", promised=71, here=True, unproven=1)
    lots = Facts(FACE, (LOTTED,))
    proven = do(asked, Seen("unknown", "L1", code="L1"), lots)
    assert (proven.at, proven.state.hand) == ("item", 1)
    assert do(proven.state, item(TEA), lots).state.hand == 2, "the lot was read"
    assert do(asked, other("L9"), lots).evidence == ("L1", "L9")


def test_lot_to_face_when_all_of_it_is_there() -> None:
    asked = State(at="lot", promised=71, here=True, unproven=12)
    taken = do(asked, Seen("lot", "L1", lot="L1"), Facts(FACE, (LOTTED,)), CARRIED)
    assert (taken.at, taken.effects) == ("face", (Fetch(71, 12),))


def test_lot_to_place_by_back() -> None:
    asked = State(at="lot", promised=71, here=True, unproven=1)
    assert do(asked, command("back"), Facts(FACE, (LOTTED,))).at == "place"


def test_place_to_short_when_it_is_not_there() -> None:
    assert do(AT_PLACE, command("short"), BOTH).at == "short"


def test_container_to_short_when_it_is_not_there() -> None:
    assert do(State(at="container", promised=72), command("short"), IN_LPN).at == "short"


def test_item_to_short_when_there_are_too_few() -> None:
    asked = do(replace_hand(AT_ITEM, 3), command("short"), BOTH)
    assert (asked.at, asked.state.hand) == ("short", 3)


def test_short_to_place_when_it_is_looked_for_elsewhere() -> None:
    asked = State(at="short", promised=71)
    went_on = do(asked, key("1"), ONE, Facts(FACE, (SECOND,)))
    assert (went_on.at, went_on.effects) == ("place", (Short(71, 9),))


def test_short_to_face_with_what_was_found() -> None:
    asked = State(at="short", promised=71, here=True, hand=3)
    went_on = do(asked, key("1"), ONE, replace(CARRIED, carried=3))
    assert (went_on.at, went_on.effects) == ("face", (Fetch(71, 3), Short(71, 9)))


def test_short_to_get_when_nothing_was_found_anywhere() -> None:
    assert do(State(at="short", promised=71), key("1"), ONE, NOTHING).at == "get"


def test_short_to_item_when_it_is_there_after_all() -> None:
    asked = State(at="short", promised=71, here=True, hand=3)
    assert do(asked, key("2"), ONE).state.hand == 3
    assert do(asked, command("back"), ONE).at == "item"
    assert do(asked, key("3"), ONE).evidence == ("1 / 2", "3")


def test_short_to_place_before_it_was_scanned() -> None:
    assert do(State(at="short", promised=71), key("2"), ONE).at == "place"


def test_face_to_get_when_it_was_filled() -> None:
    filled = do(AT_FACE, place("A-01"), CARRIED, NOTHING)
    assert (filled.at, filled.effects) == ("get", (Put(9, 12, "A-01"),))


def test_face_to_get_by_check_digits() -> None:
    assert do(AT_FACE, key("64"), CARRIED, NOTHING).effects == (Put(9, 12, "A-01"),)


def test_face_to_face_when_it_is_another_place() -> None:
    assert do(AT_FACE, place("A-02"), CARRIED).evidence == ("A-01", "A-02")
    assert do(AT_FACE, command("short"), CARRIED).code == "key.not_now"


def test_face_to_menu_by_back() -> None:
    assert do(AT_FACE, command("back"), CARRIED).at == "menu"


def test_face_to_fit_when_it_is_full() -> None:
    assert do(AT_FACE, command("full"), CARRIED).at == "fit"


def test_fit_to_rest_when_it_was_keyed() -> None:
    some = do(State(at="fit"), key("7"), CARRIED, replace(CARRIED, carried=5))
    assert (some.at, some.effects) == ("rest", (Put(9, 7, "A-01"),))
    assert REPLENISH.prompt(some.state, CARRIED, "en").focus.place == "R-01"
    assert do(State(at="fit"), key("0"), CARRIED).effects == (), "nothing went in"


def test_fit_to_fit_when_there_are_not_so_many() -> None:
    assert do(State(at="fit"), key("12"), CARRIED).evidence == ("0-11", "12")
    assert do(State(at="fit"), place("A-01"), CARRIED).evidence == ("0-11", "A-01")


def test_fit_to_face_by_back() -> None:
    assert do(State(at="fit"), command("back"), CARRIED).at == "face"


def test_rest_to_get_when_it_was_put_somewhere() -> None:
    back = do(State(at="rest"), place("R-05"), CARRIED, NOTHING)
    assert (back.at, back.effects) == ("get", (PutBack(9, 12, "R-05"),))


def test_rest_to_rest_when_that_is_no_place() -> None:
    assert do(State(at="rest"), item(TEA), CARRIED).evidence == ("R-01", "TEA")
    assert do(State(at="rest"), place("A-01"), CARRIED).evidence == ("R-01", "A-01")
    assert do(State(at="rest"), command("undo"), CARRIED).code == "undo.nothing"


def test_any_to_place_by_undo() -> None:
    undone = do(AT_FACE, command("undo"), CARRIED, ONE)
    assert (undone.at, undone.effects) == ("place", (Undo(9),))
    in_hand = do(replace_hand(AT_ITEM, 3), command("undo"), BOTH)
    assert (in_hand.effects, in_hand.code) == ((), "replenish.hand_emptied")
    assert do(AT_PLACE, command("undo"), BOTH).code == "undo.nothing"


def test_any_to_list_and_back() -> None:
    listed = do(AT_PLACE, command("list"), BOTH)
    prompt = REPLENISH.prompt(listed.state, BOTH, "en")
    assert (prompt.step, prompt.lines) == ("list", ("R-01 TEA x12", "P-02 TEA x6"))
    assert do(listed.state, command("list"), BOTH).state == AT_PLACE


def test_any_to_get_when_it_is_over() -> None:
    assert do(AT_PLACE, place("R-01"), NOTHING).at == "get"
