"""The table of tasks: each transition that it lists, on facts made by hand."""

from dataclasses import replace

from picking.dialogues.base import Seen
from picking.dialogues.put_back import Found, NotFound, NotInside, PutBack, UndoPutBack
from picking.dialogues.task import TASK, Claim, Done, GiveBack, Verdict
from picking.dialogues.task_facts import Facts, State, Task
from tests.dialogue_table import CUP, TEA, Move, command, item, key, move, other, place, tote
from wms.rooms.prompts import Await
from wms.storage.put_back import Goods

CARRY = Task(8, "carry", "DROP", container="T-01", target="BENCH-1", mission=77)
LOOK = Task(
    9, "look", "DROP", container="T-01", target="BENCH-1", why="robot.silent", robot="agv-1",
    mission=77,
)  # fmt: skip
DELIVERED = Task(
    13, "confirm", "BENCH-1", container="T-01", target="BENCH-1", why="robot.to_confirm",
    robot="vda-1", mission=78,
)  # fmt: skip
ASSIST = Task(10, "assist", "BENCH-1", about="Anna HT-01")
NOTHING = Facts(None, 0)
BACK = Task(11, "put_back", "DROP", container="T-01")
STOP = Task(12, "stop", "M-YAMATO", container="P0000001-1", parcel=5)
TEAS = Goods(
    item=TEA, sku="TEA", name="Tea", picture="", owner="acme", lot="", expiry="",
    condition="available", serial="", qty=2, place="A-01",
)  # fmt: skip
MANY = replace(TEAS, qty=12)
LOTS = (replace(TEAS, lot="L1", place="A-01"), replace(TEAS, lot="L2", qty=1, place="A-02"))
CUPS = replace(TEAS, item=CUP, sku="CUP", name="Cup", place="B-02", qty=1)
OPEN = State(at="item", tote="T-01")
FULL = State(at="shelf", tote="T-01", goods=TEAS.key, hand=2)


def do(state: State, seen: Seen, task: Task | None, then: Task | None = None) -> Move:
    return move(TASK, state, seen, Facts(task, 2), Facts(then, 2))


def test_get_to_tote_when_it_is_about_a_container() -> None:
    claimed = do(State(), key("1"), None, CARRY)
    assert (claimed.at, claimed.effects) == ("tote", (Claim(),))


def test_get_to_done_when_it_is_about_something_else() -> None:
    claimed = do(State(), command("1"), None, ASSIST)
    assert claimed.at == "done"
    assert TASK.prompt(claimed.state, Facts(ASSIST, 0), "en").lines == (
        "Help a colleague", "Anna HT-01",
    )  # fmt: skip


def test_get_to_get_when_there_is_nothing() -> None:
    assert do(State(), key("1"), None).at == "get"
    assert do(State(), other(), None).evidence == ("1", "what?")
    assert TASK.prompt(State(), Facts(None, 2), "en").lines == ("2 waiting",)


def test_get_to_menu_by_back() -> None:
    assert do(State(), command("back"), None).at == "menu"


def test_tote_to_place_when_it_was_found() -> None:
    found = do(State(at="tote"), tote("T-01"), CARRY, CARRY)
    assert (found.at, found.effects) == ("place", ())
    assert TASK.prompt(found.state, Facts(CARRY, 0), "en").focus.place == "BENCH-1"


def test_tote_to_tote_when_it_is_another() -> None:
    for seen, read in ((tote("T-02"), "T-02"), (item(TEA), "TEA"), (place("DROP"), "DROP")):
        wrong = do(State(at="tote"), seen, CARRY, CARRY)
        assert (wrong.at, wrong.evidence) == ("tote", ("T-01", read))
    assert do(State(at="tote"), key("1"), CARRY, CARRY).refused, "a load is scanned, not believed"
    assert do(State(at="tote"), command("undo"), CARRY, CARRY).code == "key.not_now"


def test_tote_to_get_when_a_robot_was_looked_at() -> None:
    seen_to = do(State(at="tote"), key("1"), LOOK)
    assert (seen_to.at, seen_to.effects) == ("get", (Done(9),))
    assert TASK.prompt(State(at="tote"), Facts(LOOK, 0), "en").lines == (
        "Look at the robot", "agv-1", "The robot is silent: go and look",
    )  # fmt: skip


def test_tote_to_get_by_back() -> None:
    back = do(State(at="tote"), command("back"), CARRY)
    assert (back.at, back.effects) == ("get", (GiveBack(8),))


def test_tote_to_get_when_it_settled_itself() -> None:
    late = do(State(at="tote"), tote("T-01"), None)
    assert (late.at, late.refused, late.effects) == ("get", True, ())


def test_place_to_get_when_it_was_scanned() -> None:
    settled = do(State(at="place"), place("BENCH-2"), CARRY)
    assert (settled.at, settled.effects) == ("get", (Verdict(CARRY, "BENCH-2"),))


def test_place_to_get_when_a_delivery_is_confirmed() -> None:
    shown = TASK.prompt(State(at="tote"), Facts(DELIVERED, 0), "en")
    assert shown.lines[:2] == ("Confirm a delivery", "vda-1")
    assert (shown.focus.place, shown.awaits) == ("BENCH-1", (Await.TOTE,))
    assert do(State(at="tote"), key("1"), DELIVERED, DELIVERED).refused, "scanned, not believed"
    assert do(State(at="tote"), tote("T-02"), DELIVERED, DELIVERED).evidence == ("T-01", "T-02")
    assert do(State(at="tote"), tote("T-01"), DELIVERED, DELIVERED).at == "place"
    settled = do(State(at="place"), place("BENCH-1"), DELIVERED)
    assert (settled.at, settled.effects) == ("get", (Verdict(DELIVERED, "BENCH-1"),))


def test_place_to_place_when_it_is_none() -> None:
    wrong = do(State(at="place"), tote("T-01"), CARRY, CARRY)
    assert (wrong.at, wrong.evidence) == ("place", ("BENCH-1", "T-01"))


def test_place_to_tote_by_back() -> None:
    back = do(State(at="place"), command("back"), CARRY, CARRY)
    assert (back.at, back.effects) == ("tote", ())


def test_done_to_get_when_it_was_seen_to() -> None:
    done = do(State(at="done"), key("1"), ASSIST)
    assert (done.at, done.effects) == ("get", (Done(10),))
    assert do(State(at="done"), tote("T-01"), ASSIST, ASSIST).evidence == ("1", "T-01")


def test_done_to_get_by_back() -> None:
    assert do(State(at="done"), command("back"), ASSIST).effects == (GiveBack(10),)


def back(
    state: State, seen: Seen, *goods: Goods, then: tuple[Goods, ...] | None = None,
    task: Task = BACK, over: bool = False,
) -> Move:  # fmt: skip
    """One input of somebody who puts *goods* back, which are *then* after it."""
    before = Facts(task, 2, goods, "T-01")
    after = Facts(None, 2) if over else replace(before, goods=goods if then is None else then)
    return move(TASK, state, seen, before, after)


def test_tote_to_item_when_its_goods_go_back() -> None:
    found = back(State(at="tote"), tote("T-01"), TEAS)
    assert (found.at, found.effects, found.state) == ("item", (), OPEN)
    shown = TASK.prompt(found.state, Facts(BACK, 0, (TEAS,)), "en")
    assert (shown.focus.place, shown.focus.qty, shown.lines) == (
        "A-01", 2, ("2 left to put back",),
    )  # fmt: skip
    for seen in (Seen("parcel", "P", code="P0000001-1", id=5), Seen("tracking", "2624", id=5)):
        stopped = back(State(at="tote"), seen, TEAS, task=STOP)
        assert (stopped.at, stopped.effects) == ("item", (Found(5),))
    other_box = Seen("tracking", "2625", code="2625", id=6)
    assert back(State(at="tote"), other_box, TEAS, task=STOP).evidence == ("P0000001-1", "2625")


def test_tote_to_get_when_nothing_is_left_in_it() -> None:
    empty = back(State(at="tote"), tote("T-01"), over=True)
    assert (empty.at, empty.effects) == ("get", (Done(11),))


def test_tote_to_get_when_what_goes_back_is_not_there() -> None:
    gone = back(State(at="tote"), command("short"), over=True)
    assert (gone.at, gone.effects) == ("get", (NotFound(11),))
    assert do(State(at="tote"), command("short"), CARRY, CARRY).code == "key.not_now"


def test_item_to_get_when_it_is_not_inside() -> None:
    gone = back(OPEN, command("short"), TEAS, over=True)
    assert (gone.at, gone.effects) == ("get", (NotInside(11),))
    held = back(State(at="item", tote="T-01", goods=TEAS.key, hand=1), command("short"), TEAS)
    assert (held.at, held.code) == ("item", "put_back.hand_first")


def test_item_to_item_one_more_piece() -> None:
    one = back(OPEN, item(TEA), TEAS)
    assert (one.at, one.state.hand, one.refused) == ("item", 1, False)
    keyed = back(replace_hand(one.state, MANY), key("7"), MANY)
    assert (keyed.at, keyed.state.hand) == ("item", 7)
    assert back(OPEN, key("7"), MANY).code == "pick.scan_first"
    assert back(one.state, key("2"), TEAS).code == "pick.count_by_scan"


def replace_hand(state: State, goods: Goods) -> State:
    return State(at="item", tote=state.tote, goods=goods.key, hand=state.hand)


def test_item_to_item_when_a_part_goes_to_its_shelf() -> None:
    part = State(at="item", tote="T-01", goods=TEAS.key, hand=1)
    left = replace(TEAS, qty=1)
    put = back(part, place("A-01"), TEAS, then=(left,))
    assert (put.at, put.effects) == ("item", (PutBack(11, "T-01", TEAS, 1, "A-01"),))
    assert put.state == OPEN


def test_item_to_item_when_it_is_another_or_too_many() -> None:
    assert back(OPEN, item(CUP), TEAS).evidence == ("TEA", "CUP")
    assert back(OPEN, item(TEA, qty=3), TEAS).code == "pick.too_many"
    assert back(OPEN, place("A-01"), TEAS).refused, "nothing is in the hand"
    held = State(at="item", tote="T-01", goods=TEAS.key, hand=1)
    assert back(held, item(CUP), TEAS, CUPS).evidence == ("TEA", "CUP"), "one thing at a time"
    assert back(OPEN, command("full"), TEAS).code == "key.not_now"


def test_item_to_lot_when_the_barcode_does_not_say() -> None:
    asked = back(OPEN, item(TEA), *LOTS)
    assert (asked.at, asked.state.unproven) == ("lot", 1)
    numbered = replace(TEAS, serial="S1", qty=1)
    assert back(OPEN, item(TEA), numbered).at == "lot"
    assert back(OPEN, item(TEA, serial="S1"), numbered).at == "shelf"
    assert back(OPEN, item(TEA, lot="L9"), *LOTS).evidence == ("L1, L2", "L9")


def test_item_to_shelf_when_all_is_in_the_hand() -> None:
    held = State(at="item", tote="T-01", goods=TEAS.key, hand=1)
    full = back(held, item(TEA), TEAS)
    assert (full.at, full.state) == ("shelf", FULL)
    assert back(OPEN, item(CUP), TEAS, CUPS).at == "shelf", "in any order"


def test_item_to_tote_by_back() -> None:
    assert back(OPEN, command("back"), TEAS).at == "tote"


def test_item_to_item_by_undo() -> None:
    held = State(at="item", tote="T-01", goods=TEAS.key, hand=1)
    emptied = back(held, command("undo"), TEAS)
    assert (emptied.state, emptied.effects) == (OPEN, ())
    assert back(held, command("back"), TEAS).state == OPEN
    again = back(OPEN, command("undo"), TEAS)
    assert (again.at, again.effects) == ("item", (UndoPutBack(),))
    nothing = move(TASK, OPEN, command("undo"), Facts(BACK, 0, (TEAS,)))
    assert nothing.code == "undo.nothing"


LOT = State(at="lot", tote="T-01", item=TEA, unproven=1)


def test_lot_to_item_when_more_is_wanted() -> None:
    proven = back(LOT, Seen("lot", "L1", lot="L1"), *LOTS)
    assert (proven.at, proven.state.goods, proven.state.hand) == ("item", LOTS[0].key, 1)


def test_lot_to_shelf_when_that_is_all() -> None:
    assert back(LOT, other("L2"), *LOTS).at == "shelf"


def test_lot_to_lot_when_it_is_another() -> None:
    wrong = back(LOT, Seen("lot", "L9", lot="L9"), *LOTS)
    assert (wrong.at, wrong.evidence) == ("lot", ("L1, L2", "L9"))


def test_lot_to_tote_by_back() -> None:
    assert back(LOT, command("back"), *LOTS).at == "tote"


def test_shelf_to_item_when_more_is_in_it() -> None:
    put = back(FULL, place("A-01"), TEAS, CUPS, then=(CUPS,))
    assert (put.at, put.effects) == ("item", (PutBack(11, "T-01", TEAS, 2, "A-01"),))


def test_shelf_to_get_when_it_is_empty() -> None:
    assert back(FULL, place("A-01"), TEAS, over=True).at == "get"


def test_shelf_to_shelf_until_another_one_is_confirmed() -> None:
    asked = back(FULL, place("C-03"), TEAS)
    assert (asked.at, asked.effects, asked.code) == ("shelf", (), "put_back.other_shelf")
    assert back(asked.state, place("C-03"), TEAS).effects == (), "too soon"
    sure = back(asked.state, place("C-03", deliberate=True), TEAS, over=True)
    assert sure.effects == (PutBack(11, "T-01", TEAS, 2, "C-03"),)


def test_shelf_to_shelf_when_it_is_none() -> None:
    assert back(FULL, tote("T-02"), TEAS).evidence == ("A-01", "T-02")
    assert back(FULL, item(TEA), TEAS).refused


def test_shelf_to_item_by_back() -> None:
    assert back(FULL, command("back"), TEAS).state == OPEN


def test_get_to_item_by_undo() -> None:
    again = move(
        TASK, State(), command("undo"), Facts(None, 0, (), "T-01"), Facts(BACK, 0, (TEAS,))
    )
    assert (again.at, again.effects) == ("item", (UndoPutBack(),))


def test_what_goods_come_back_out_of_is_called_what_it_is() -> None:
    box = replace(BACK, container="P0000001-1", holds="carton")
    asked = TASK.prompt(State(at="tote"), Facts(box, 0), "en")
    assert (asked.ask, asked.focus.called, asked.awaits) == ("Scan the box", "box", (Await.PARCEL,))
    wrong = do(State(), tote("T-01"), box, box)
    assert wrong.say is not None
    assert wrong.say.message("ja").text == "箱が違います。P0000001-1 です（読取: T-01）"
    slot = replace(BACK, container="W-1", place="W-1", holds="slot")
    assert TASK.prompt(State(at="tote"), Facts(slot, 0), "en").ask == "Scan the wall slot"
    inside = TASK.prompt(State(at="item", tote="P0000001-1"), Facts(box, 0, (TEAS,)), "en")
    assert (inside.focus.tote, inside.focus.called) == ("P0000001-1", "box")
