"""The second half of the returns table: the pieces of an open box."""

from msgspec.structs import replace

from picking.dialogues.approval import Approve, Look
from picking.dialogues.base import ItemSeen, Seen
from picking.dialogues.returns import RETURNS
from picking.dialogues.returns_effects import (
    Close,
    Put,
    PutAllBack,
    TakeBack,
)
from picking.dialogues.returns_facts import State
from tests.dialogue_table import CUP, TEA, command, item, key, other, place, tote
from tests.returns_table import (
    APPROVING,
    ASKED,
    CHOOSING,
    CUP_HERE,
    FOOD_HERE,
    GRADING,
    NOBODY,
    OPEN,
    PUTTING,
    STRANGE,
    TEA_HERE,
    THROWING,
    UNIT,
    go,
    open_box,
    waiting,
)
from wms.returns.grading import Unit

# --- the pieces


def test_unit_to_grade_when_it_was_sent() -> None:
    graded = go(UNIT, item(TEA, qty=6), then=open_box(TEA_HERE))
    assert (graded.at, graded.state.item, graded.state.qty) == ("grade", TEA, 6)
    own = go(UNIT, Seen("lot", "S1", serial="S1"), then=open_box(CUP_HERE))
    assert (own.at, own.state.serial) == ("grade", "S1"), "its own number is enough"


def test_unit_to_lot_when_several_were_sent() -> None:
    assert go(UNIT, item(TEA), then=open_box(FOOD_HERE)).at == "lot"
    assert go(UNIT, item(TEA, lot="L9"), then=open_box(FOOD_HERE)).at == "lot"
    assert go(UNIT, item(TEA, lot="L2"), then=open_box(FOOD_HERE)).at == "grade"


def test_unit_to_serial_when_it_has_one() -> None:
    assert go(UNIT, item(CUP), then=open_box(CUP_HERE)).at == "serial"


def test_unit_to_swapped_when_it_is_another_number() -> None:
    swapped = go(UNIT, item(CUP, serial="S9"), then=open_box(CUP_HERE))
    assert swapped.at == "swapped"
    lines = RETURNS.prompt(swapped.state, open_box(CUP_HERE), "en").lines
    assert lines == ("Sent S1", "Read S9")


def test_unit_to_strange_when_the_order_did_not_send_it() -> None:
    assert go(UNIT, item(TEA), then=open_box(STRANGE)).at == "strange"


def test_unit_to_instead_when_it_has_no_barcode() -> None:
    assert go(UNIT, key("9")).at == "instead"


def test_unit_to_unit_when_that_is_no_item() -> None:
    assert go(UNIT, other()).evidence == ("TEA, CUP", "what?")
    assert go(UNIT, tote("T-01")).refused
    theirs = Seen("item", "4901", code="4901", items=(ItemSeen(1, "bloom", "B", "B", 1),))
    assert go(UNIT, theirs).evidence == ("acme", "bloom")
    twins = Seen("item", "4901", code="4901", items=(
        ItemSeen(TEA, "acme", "TEA", "Tea", 1), ItemSeen(CUP, "acme", "CUP", "Cup", 1),
    ))  # fmt: skip
    assert go(UNIT, twins).evidence == ("TEA, CUP", "TEA")
    assert go(UNIT, Seen("lot", "S7", serial="S7")).refused
    assert go(UNIT, command("undo")).effects == (TakeBack(5),)


def test_unit_to_list_and_back() -> None:
    listed = go(UNIT, command("list"))
    prompt = RETURNS.prompt(listed.state, OPEN, "ja")
    assert prompt.step == "list"
    assert prompt.lines == ("TEA 0/2", "CUP 0/1", "TEA x2", "CUP x1 S1", "30")
    assert go(listed.state, command("list")).at == "unit"


def test_unit_to_close_by_full() -> None:
    closing = go(UNIT, command("full"))
    assert closing.at == "close"
    lines = RETURNS.prompt(closing.state, OPEN, "en").lines
    assert lines == ("TEA: 2 missing", "CUP: 1 missing")


def test_unit_to_evidence_by_back() -> None:
    assert go(UNIT, command("back")).at == "evidence"


AT_LOT = State(at="lot", item=TEA)
FOOD = open_box(FOOD_HERE)


def test_lot_to_grade_when_it_was_sent() -> None:
    for seen in (key("2"), Seen("lot", "L2", lot="L2"), other("L2"), item(TEA, lot="L2")):
        chosen = go(AT_LOT, seen, FOOD)
        assert (chosen.at, chosen.state.lot) == ("grade", "L2")


def test_lot_to_lot_when_it_was_not() -> None:
    assert go(AT_LOT, Seen("lot", "L9", lot="L9"), FOOD).evidence == ("L1, L2", "L9")
    assert go(AT_LOT, command("full"), FOOD).code == "key.not_now"
    assert go(AT_LOT, key("3"), FOOD).refused


def test_lot_to_unit_by_back() -> None:
    assert go(AT_LOT, command("back"), FOOD).at == "unit"


AT_SERIAL = State(at="serial", item=CUP)
CUPS = open_box(CUP_HERE)


def test_serial_to_grade_when_it_is_the_one() -> None:
    for seen in (other("S1"), Seen("lot", "S1", serial="S1"), item(CUP, serial="S1")):
        assert go(AT_SERIAL, seen, CUPS).at == "grade"


def test_serial_to_swapped_when_it_is_another() -> None:
    assert go(AT_SERIAL, other("S9"), CUPS).at == "swapped"


def test_serial_to_serial_when_it_is_none() -> None:
    assert go(AT_SERIAL, place("A-01"), CUPS).evidence == ("S1", "A-01")
    assert go(AT_SERIAL, item(CUP), CUPS).refused


def test_serial_to_unit_by_back() -> None:
    assert go(AT_SERIAL, command("back"), CUPS).at == "unit"


SWAPPED = State(at="swapped", item=CUP, serial="S9")
SWAPS = open_box(CUP_HERE, dispositions=("quarantine", "dispose"))


def test_swapped_to_disposition_when_it_is_confirmed() -> None:
    again = Seen("unknown", "S9", code="S9", deliberate=True)
    for seen in (key("1"), again):
        sure = go(SWAPPED, seen, CUPS, SWAPS)
        assert (sure.at, sure.state.grade) == ("disposition", "swapped")


def test_swapped_to_swapped_when_it_is_not() -> None:
    assert go(SWAPPED, other("S9"), CUPS).evidence == ("1", "S9"), "not a second later"
    assert go(SWAPPED, Seen("unknown", "S8", code="S8", deliberate=True), CUPS).refused


def test_swapped_to_unit_by_back() -> None:
    assert go(SWAPPED, command("back"), CUPS).at == "unit"


AT_STRANGE = State(at="strange", item=TEA)
WRONG = open_box(STRANGE)


def test_strange_to_disposition_when_it_was_in_the_box() -> None:
    wrong = go(AT_STRANGE, key("1"), WRONG, open_box(STRANGE, dispositions=("quarantine",)))
    assert (wrong.at, wrong.state.grade) == ("disposition", "wrong_item")


def test_strange_to_strange_when_it_is_no_answer() -> None:
    assert go(AT_STRANGE, item(TEA), WRONG).evidence == ("1", "TEA")


def test_strange_to_unit_by_back() -> None:
    assert go(AT_STRANGE, command("back"), WRONG).at == "unit"


INSTEAD = State(at="instead")


def test_instead_to_unit_when_its_line_was_chosen() -> None:
    noted = go(INSTEAD, key("2"))
    unit = Unit(item=CUP, grade="wrong_item", disposition="none")
    assert (noted.at, noted.effects) == ("unit", (Put(5, unit),))


def test_instead_to_instead_when_there_is_no_such_line() -> None:
    assert go(INSTEAD, key("3")).evidence == ("1-2", "3")


def test_instead_to_unit_by_back() -> None:
    assert go(INSTEAD, command("back")).at == "unit"


TEAS = open_box(TEA_HERE, dispositions=("restock", "quarantine", "dispose"))


def test_grade_to_disposition_by_its_digit() -> None:
    grades = [go(GRADING, key(digit), TEAS).state.grade for digit in "12345"]
    assert grades == ["A", "B", "C", "damaged", "wrong_item"]
    assert go(GRADING, command("4"), TEAS).at == "disposition"


def test_grade_to_grade_when_there_is_no_such_grade() -> None:
    assert go(GRADING, key("6"), TEAS).evidence == ("1-5", "6"), "what is missing has no barcode"
    assert go(GRADING, item(TEA), TEAS).refused


def test_grade_to_unit_by_back() -> None:
    assert go(GRADING, command("back"), TEAS).at == "unit"


def test_disposition_to_place_by_its_digit() -> None:
    chosen = go(CHOOSING, key("2"), TEAS)
    assert (chosen.at, chosen.state.disposition) == ("place", "quarantine")


def test_disposition_to_disposition_when_that_cannot_be() -> None:
    assert go(CHOOSING, key("4"), TEAS).evidence == ("1-3", "4")


def test_disposition_to_unit_by_back() -> None:
    assert go(CHOOSING, command("back"), TEAS).at == "unit"


def test_place_to_unit_when_it_was_put_there() -> None:
    for where in (place("A-01"), tote("T-01")):
        put = go(PUTTING, where, TEAS, OPEN)
        unit = Unit(item=TEA, grade="A", disposition="restock", place=where.code)
        assert (put.at, put.effects) == ("unit", (Put(5, unit),))


def test_place_to_approval_when_it_is_thrown_away() -> None:
    asked = go(THROWING, place("BIN"), TEAS)
    assert (asked.state.approval, asked.state.place, asked.effects) == (ASKED, "BIN", ())
    assert RETURNS.prompt(asked.state, TEAS, "en").step == "approval_badge"


def test_place_to_place_when_that_is_none() -> None:
    assert go(PUTTING, item(TEA), TEAS).evidence == ("PLACE, TOTE", "TEA")


def test_place_to_arrive_when_the_whole_parcel_is_back() -> None:
    back = go(State(at="place", whole=True), place("A-01"), waiting(), NOBODY)
    assert (back.at, back.effects) == ("arrive", (PutAllBack(5, "A-01"),))


def test_place_to_disposition_by_back() -> None:
    assert go(PUTTING, command("back"), TEAS).at == "disposition"
    assert go(State(at="place", whole=True), command("back"), waiting()).at == "evidence"


LEA = Seen("badge", "BADGE:...", id=5)
SHOWN = replace(APPROVING, approval=replace(ASKED, by=5))


def test_approval_to_unit_when_they_said_yes() -> None:
    yes = go(SHOWN, Seen("secret", "***", code="314159"), TEAS, open_box(approved=True))
    unit = Unit(item=TEA, grade="damaged", disposition="dispose", place="BIN")
    assert yes.at == "unit"
    assert (isinstance(yes.effects[0], Approve), yes.effects[1:]) == (True, (Put(5, unit),))


def test_approval_to_approval_until_they_did() -> None:
    badge = go(APPROVING, LEA, TEAS)
    assert (badge.effects, badge.state.approval) == (
        (Look(replace(ASKED, by=5)),), replace(ASKED, by=5),
    )  # fmt: skip
    wrong = go(SHOWN, Seen("secret", "***", code="000000"), TEAS)
    assert wrong.state == SHOWN, "the question stands"
    assert go(APPROVING, item(TEA), TEAS).refused
    assert RETURNS.secret is not None and RETURNS.secret(SHOWN)


def test_approval_to_place_by_back() -> None:
    given_up = go(APPROVING, command("back"), TEAS)
    assert (given_up.at, given_up.state.approval) == ("place", None)


CLOSING = State(at="close")


def test_close_to_arrive_when_it_is_over() -> None:
    closed = go(CLOSING, key("1"), then=NOBODY)
    assert (closed.at, closed.effects) == ("arrive", (Close(5),))


def test_close_to_close_when_it_is_no_answer() -> None:
    assert go(CLOSING, item(TEA)).evidence == ("1 / 2", "TEA")


def test_close_to_unit_when_there_is_more() -> None:
    for no in (key("2"), command("back")):
        assert go(CLOSING, no).at == "unit"


def test_a_box_that_somebody_else_took_over_is_gone() -> None:
    for state in (UNIT, GRADING, PUTTING, CLOSING, State(at="evidence")):
        gone = go(state, key("1"), NOBODY)
        assert gone.at in ("search", "arrive")
