"""The picker's table: each transition that it lists, on facts made by hand."""

import pytest

from picking.dialogues.base import Seen
from picking.dialogues.pick import PICK
from picking.dialogues.pick_effects import Bind, Claim, Drop, Later, Pick, Short, ToteFull, Undo
from picking.dialogues.pick_facts import Facts, State
from tests.dialogue_table import (
    CUP,
    TEA,
    Move,
    command,
    item,
    key,
    move,
    other,
    place,
    stop,
    tote,
    tour,
)
from wms.promises.allocation import LastPick
from wms.rooms.prompts import Await

HERE, THERE = stop(1), stop(2, at="B-02", wanted=CUP, qty=1)
DONE = stop(1, state="done")
WALK = Facts(tour(HERE, THERE), drops=("DROP", "BENCH-1"))
NOBODY = Facts(None)
AT_PLACE = State(at="place", stop=1)
AT_ITEM = State(at="item", stop=1, place="A-01")
ONE_IN_HAND = State(at="item", stop=1, place="A-01", hand=1)
AT_TOTE = State(at="tote", stop=1, place="A-01", hand=2)
LOTS = Facts(tour(stop(1, lot="L1")), lots_here=2)
NUMBERED = Facts(tour(stop(1, qty=1, serial="S1")))


def pick(state: State, seen: Seen, facts: Facts = WALK, then: Facts | None = None) -> Move:
    return move(PICK, state, seen, facts, then)


def last(facts: Facts) -> Facts:
    """The same, but there is a pick that could be undone."""
    return Facts(facts.tour, facts.drops, facts.lots_here, LastPick("HT-01:9:stop:1", 44))


# Getting work, binding totes


def test_get_to_bind_when_a_tour_was_claimed() -> None:
    done = pick(State(), key("1"), NOBODY, Facts(tour(HERE, totes=[None])))
    assert (done.at, done.effects) == ("bind", (Claim(),))


def test_get_to_get_when_there_is_no_work() -> None:
    assert pick(State(), command("1"), NOBODY).at == "get"
    asked = pick(State(), other(), NOBODY)
    assert (asked.at, asked.code, asked.effects) == ("get", "scan.unexpected", ())


def test_get_to_menu_by_back() -> None:
    assert pick(State(), command("back"), NOBODY).at == "menu"


def test_bind_to_bind_while_slots_are_empty() -> None:
    two = tour(HERE, stop(2, slot=2), totes=[None, None])
    done = pick(State(), tote("T-07"), Facts(two), Facts(tour(*two.stops, totes=["T-07", None])))
    assert (done.at, done.effects) == ("bind", (Bind(5, 1, "T-07"),))
    refused = pick(State(), place("A-01"), Facts(two))
    assert (refused.at, refused.evidence) == ("bind", ("1", "A-01"))
    assert pick(State(), command("short"), Facts(two)).code == "key.not_now"


def test_bind_to_place_when_every_slot_has_its_tote() -> None:
    assert pick(State(), tote("T-01"), Facts(tour(HERE, totes=[None])), WALK).at == "place"


def test_bind_to_menu_by_back() -> None:
    assert pick(State(), command("back"), Facts(tour(HERE, totes=[None]))).at == "menu"


# At the shelf


def test_place_to_item_when_it_is_the_right_one() -> None:
    assert pick(AT_PLACE, place("A-01")).at == "item"
    wrong = pick(AT_PLACE, place("A-02"))
    assert (wrong.at, wrong.code, wrong.evidence) == ("place", "pick.wrong_place", ("A-01", "A-02"))
    item_first = pick(AT_PLACE, item(TEA))
    assert item_first.evidence == ("A-01", "TEA")


def test_place_to_item_by_check_digits() -> None:
    assert pick(AT_PLACE, key("64")).at == "item"
    assert pick(AT_PLACE, key("65")).evidence == ("A-01", "65")
    assert pick(AT_PLACE, other("64")).refused, "digits are keyed, a scan of them is another code"


def test_place_to_menu_by_back() -> None:
    assert pick(AT_PLACE, command("back")).at == "menu"


def test_item_to_item_while_units_are_missing() -> None:
    counted = pick(AT_ITEM, item(TEA))
    assert (counted.at, counted.state.hand) == ("item", 1)
    wrong = pick(AT_ITEM, item(CUP))
    assert (wrong.state.hand, wrong.evidence) == (0, ("TEA", "CUP"))
    early = pick(AT_ITEM, tote("T-01"))
    assert (early.code, early.evidence) == ("pick.item_first", ("TEA", "T-01"))
    case = pick(AT_ITEM, item(TEA, qty=12))
    assert (case.at, case.code, case.evidence) == ("item", "pick.too_many", ("2", "12"))


def test_item_to_item_by_a_keyed_quantity() -> None:
    many = Facts(tour(stop(1, qty=8)))
    first = pick(AT_ITEM, item(TEA), many)
    assert Await.QTY in PICK.prompt(first.state, many, "en").awaits
    assert pick(first.state, key("7"), many).state.hand == 7
    assert pick(first.state, key("9"), many).evidence == ("8", "9")
    assert pick(AT_ITEM, key("7"), many).code == "pick.scan_first"
    assert pick(ONE_IN_HAND, key("2")).code == "pick.count_by_scan"
    three = State(at="item", stop=1, place="A-01", hand=3)
    assert pick(three, key("2"), many).evidence == ("3", "2")


def test_item_to_lot_when_the_bin_holds_several() -> None:
    asked = pick(AT_ITEM, item(TEA), LOTS)
    assert (asked.at, asked.state.hand, asked.state.unproven) == ("lot", 0, 1)
    said = pick(AT_ITEM, item(TEA, lot="L1"), LOTS)
    assert (said.at, said.state.hand) == ("item", 1), "a barcode that says the lot is not asked"
    wrong = pick(AT_ITEM, item(TEA, lot="L2"), LOTS)
    assert (wrong.at, wrong.code, wrong.evidence) == ("item", "pick.wrong_lot", ("L1", "L2"))
    single = Facts(LOTS.tour, lots_here=1)
    assert pick(AT_ITEM, item(TEA), single).at == "item", "one lot in the bin needs no question"
    assert pick(AT_ITEM, item(TEA, lot="X9")).at == "item", "the book keeps no lots of this item"


def test_item_to_serial_when_one_is_promised() -> None:
    assert pick(AT_ITEM, item(TEA), NUMBERED).at == "serial"
    assert pick(AT_ITEM, item(TEA, serial="S1"), NUMBERED).at == "tote"
    wrong = pick(AT_ITEM, item(TEA, serial="S2"), NUMBERED)
    assert (wrong.at, wrong.code, wrong.evidence) == ("item", "pick.wrong_serial", ("S1", "S2"))


def test_item_to_tote_when_all_units_are_in_the_hand() -> None:
    assert pick(ONE_IN_HAND, item(TEA)).at == "tote"
    assert pick(AT_ITEM, item(TEA, qty=2)).at == "tote", "an inner pack of two"


def test_item_to_place_by_back() -> None:
    emptied = pick(ONE_IN_HAND, command("back"))
    assert (emptied.at, emptied.state.hand, emptied.code) == ("place", 0, "pick.hand_emptied")
    assert pick(AT_ITEM, command("back")).at == "place"


def test_lot_to_item_when_it_is_the_right_one() -> None:
    asked = pick(AT_ITEM, item(TEA), LOTS).state
    for seen in (other("L1"), Seen("lot", "L1", lot="L1"), item(TEA, lot="L1")):
        proven = pick(asked, seen, LOTS)
        assert (proven.at, proven.state.hand, proven.state.unproven) == ("item", 1, 0)
    assert pick(asked, other("L2"), LOTS).evidence == ("L1", "L2")
    assert pick(proven.state, item(TEA), LOTS).at == "tote", "the lot is asked for once a stop"


def test_lot_to_tote_when_that_was_the_last_unit() -> None:
    single = Facts(tour(stop(1, qty=1, lot="L1")), lots_here=2)
    asked = pick(AT_ITEM, item(TEA), single)
    assert pick(asked.state, other("L1"), single).at == "tote"


def test_lot_to_place_by_back() -> None:
    asked = pick(AT_ITEM, item(TEA), LOTS)
    back = pick(asked.state, command("back"), LOTS)
    assert (back.at, back.state.unproven, back.code) == ("place", 0, "pick.hand_emptied")


def test_lot_to_short_when_only_others_are_there() -> None:
    asked = pick(AT_ITEM, item(TEA), LOTS)
    assert pick(asked.state, command("short"), LOTS).at == "short"


def test_serial_to_tote_when_it_is_the_right_one() -> None:
    asked = pick(AT_ITEM, item(TEA), NUMBERED)
    assert pick(asked.state, Seen("lot", "S1", serial="S1"), NUMBERED).at == "tote"
    assert pick(asked.state, other("S1"), NUMBERED).at == "tote"
    assert pick(asked.state, other("S2"), NUMBERED).evidence == ("S1", "S2")


def test_serial_to_place_by_back() -> None:
    asked = pick(AT_ITEM, item(TEA), NUMBERED)
    assert pick(asked.state, command("back"), NUMBERED).at == "place"


def test_serial_to_short_when_only_others_are_there() -> None:
    asked = pick(AT_ITEM, item(TEA), NUMBERED)
    assert pick(asked.state, command("short"), NUMBERED).at == "short"


# Into the tote


def test_tote_to_place_when_the_next_stop_is_elsewhere() -> None:
    done = pick(AT_TOTE, tote("T-01"), then=Facts(tour(DONE, THERE)))
    assert (done.at, done.effects) == ("place", (Pick(1, 2, "T-01"),))
    assert (done.state.stop, done.state.hand) == (2, 0)
    wrong = pick(AT_TOTE, tote("T-02"))
    assert (wrong.at, wrong.code, wrong.evidence) == ("tote", "pick.wrong_tote", ("T-01", "T-02"))
    assert pick(AT_TOTE, item(TEA)).evidence == ("T-01", "TEA")


def test_tote_to_place_by_back() -> None:
    back = pick(AT_TOTE, command("back"))
    assert (back.at, back.state.hand, back.code) == ("place", 0, "pick.hand_emptied")


def test_tote_to_item_when_the_next_stop_is_here() -> None:
    more = stop(2, wanted=CUP, slot=2)
    facts = Facts(tour(HERE, more, totes=["T-01", "T-02"]))
    after = Facts(tour(DONE, more, totes=["T-01", "T-02"]))
    done = pick(AT_TOTE, tote("T-01"), facts, after)
    assert (done.at, done.state.stop) == ("item", 2)


def test_tote_to_drop_when_that_was_the_last_stop() -> None:
    over = Facts(tour(DONE), drops=("DROP",))
    done = pick(AT_TOTE, tote("T-01"), Facts(tour(HERE)), over)
    assert done.at == "drop"
    assert PICK.prompt(done.state, over, "ja").focus.place == "DROP"


def test_tote_to_bind_when_the_tote_is_full() -> None:
    fresh = Facts(tour(HERE, totes=[None], full="T-01"))
    done = pick(AT_TOTE, command("full"), then=fresh)
    assert (done.at, done.effects, done.state.hand) == ("bind", (ToteFull(5, 1),), 2)


def test_tote_to_bind_when_full_was_keyed_before() -> None:
    asked = pick(ONE_IN_HAND, command("full"))
    assert (asked.at, asked.effects) == ("tote", ()), "the hand goes in first"
    left = Facts(tour(stop(1, qty=1), totes=[None], full="T-01"))
    done = pick(asked.state, tote("T-01"), then=left)
    assert (done.at, done.effects) == ("bind", (Pick(1, 1, "T-01"), ToteFull(5, 1)))
    does_not_fit = pick(asked.state, command("full"))
    assert does_not_fit.effects == (ToteFull(5, 1),)


def test_bind_to_tote_when_the_hand_still_holds_something() -> None:
    fresh = Facts(tour(HERE, totes=[None], full="T-01"))
    bound = Facts(tour(HERE, totes=["T-09"], full="T-01"))
    full = pick(AT_TOTE, command("full"), then=fresh)
    after = pick(full.state, tote("T-09"), fresh, bound)
    assert (after.at, after.state.hand) == ("tote", 2)
    assert pick(after.state, tote("T-09"), bound).effects == (Pick(1, 2, "T-09"),)


# Trouble on the way


def test_place_to_short_by_its_key() -> None:
    assert pick(AT_PLACE, command("short")).at == "short"


def test_item_to_short_with_nothing_in_the_hand() -> None:
    assert pick(AT_ITEM, command("short")).at == "short"


def test_item_to_tote_with_units_in_the_hand() -> None:
    asked = pick(ONE_IN_HAND, command("short"))
    assert (asked.at, asked.effects) == ("tote", ())
    done = pick(asked.state, tote("T-01"), then=Facts(tour(stop(1, state="short"), THERE)))
    assert done.effects == (Pick(1, 1, "T-01"), Short(1))


def test_short_to_place_when_it_is_confirmed() -> None:
    gone = Facts(tour(stop(1, state="short"), THERE))
    asked = State(at="short", stop=1, place="A-01")
    for yes in (key("1"), command("1")):
        done = pick(asked, yes, then=gone)
        assert (done.at, done.effects, done.state.stop) == ("place", (Short(1),), 2)
    assert pick(asked, other()).evidence == ("1 / 2 / 3", "what?")


def test_short_to_place_by_scanning_the_place_again() -> None:
    asked = State(at="short", stop=1, place="A-01")
    gone = Facts(tour(stop(1, state="short"), THERE))
    assert pick(asked, place("A-01", deliberate=True), then=gone).effects == (Short(1),)
    hasty = pick(asked, place("A-01"))
    assert (hasty.at, hasty.code, hasty.refused) == ("short", "scan.too_soon", False)
    assert pick(asked, place("A-02", deliberate=True)).refused


def test_short_to_item_when_it_is_there_after_all() -> None:
    asked = State(at="short", stop=1, place="A-01")
    for no in (key("2"), command("back"), command("undo")):
        back = pick(asked, no)
        assert (back.at, back.effects) == ("item", ())
    far = State(at="short", stop=1)
    assert pick(far, key("2")).at == "place", "the place was never scanned"


def test_place_to_place_when_it_is_for_later() -> None:
    turned = Facts(tour(THERE, HERE))
    for state in (AT_PLACE, AT_ITEM):
        done = pick(state, command("later"), then=turned)
        assert (done.at, done.effects, done.state.stop) == ("place", (Later(1),), 2)
    assert pick(ONE_IN_HAND, command("later")).code == "key.not_now"


def test_place_to_bind_when_the_tote_is_full() -> None:
    fresh = Facts(tour(HERE, totes=[None], full="T-01"))
    done = pick(AT_PLACE, command("full"), then=fresh)
    assert (done.at, done.effects) == ("bind", (ToteFull(5, 1),))


def test_item_to_bind_when_the_tote_is_full() -> None:
    fresh = Facts(tour(HERE, totes=[None], full="T-01"))
    assert pick(AT_ITEM, command("full"), then=fresh).at == "bind"


def test_any_to_place_when_the_hand_is_emptied() -> None:
    asked = pick(AT_ITEM, item(TEA), LOTS).state
    for state, facts in ((ONE_IN_HAND, WALK), (AT_TOTE, WALK), (asked, LOTS)):
        undone = pick(state, command("undo"), last(facts))
        assert (undone.at, undone.state.hand, undone.effects) == ("place", 0, ())
        assert undone.code == "pick.hand_emptied"


def test_any_to_item_when_the_last_pick_goes_back() -> None:
    after = last(Facts(tour(DONE, THERE), drops=("DROP",)))
    over = last(Facts(tour(DONE), drops=("DROP",)))
    for state, facts in ((State(at="place", stop=2, place="A-01"), after),
                         (State(at="drop", place="A-01"), over)):  # fmt: skip
        undone = pick(state, command("undo"), facts, WALK)
        assert undone.effects == (Undo(LastPick("HT-01:9:stop:1", 44)),)
    assert pick(State(at="place", stop=2, place="A-01"), command("undo"), after, WALK).at == "item"
    assert pick(AT_PLACE, command("undo")).code == "undo.nothing"


def test_any_to_list_and_back() -> None:
    for state in (AT_PLACE, AT_ITEM):
        shown = pick(state, command("list"))
        prompt = PICK.prompt(shown.state, WALK, "en")
        assert (prompt.step, prompt.lines) == ("list", ("A-01 x2 [1] Tea", "B-02 x1 [1] Cup"))
        for leave in ("list", "back"):
            left = pick(shown.state, command(leave))
            assert PICK.prompt(left.state, WALK, "en").step == state.at
    through = pick(pick(AT_PLACE, command("list")).state, place("A-01"))
    assert through.at == "item", "a scan leaves the list and counts"


@pytest.mark.parametrize("state", [ONE_IN_HAND, AT_TOTE])
def test_any_to_gone_when_nobody_wants_it_any_more(state: State) -> None:
    for taken_back in (Facts(tour(stop(1, state="gone"), THERE)), NOBODY):
        arrived = PICK.arrive(state, taken_back)
        prompt = PICK.prompt(arrived, taken_back, "ja")
        assert (prompt.step, prompt.focus.place, prompt.focus.qty) == ("gone", "A-01", state.hand)
        assert pick(arrived, item(TEA), taken_back).refused


def test_any_to_gone_when_fewer_are_wanted_than_are_in_the_hand() -> None:
    fewer = Facts(tour(stop(1, qty=1), THERE))
    assert PICK.arrive(ONE_IN_HAND, fewer).at == "tote", "it is all that is wanted now"
    arrived = PICK.arrive(AT_TOTE, fewer)
    assert PICK.prompt(arrived, fewer, "en").focus.qty == 2
    back = pick(AT_TOTE, key("1"), fewer)
    assert (back.at, back.state.stop, back.state.hand) == ("place", 1, 0)


def test_gone_to_place_when_it_lies_there_again() -> None:
    taken_back = Facts(tour(stop(1, state="gone"), THERE))
    for yes in (key("1"), place("A-01")):
        back = pick(ONE_IN_HAND, yes, taken_back)
        assert (back.at, back.state.stop, back.state.hand, back.effects) == ("place", 2, 0, ())
    assert pick(ONE_IN_HAND, key("1"), NOBODY).at == "get"


def test_drop_to_get_when_the_totes_were_set_down() -> None:
    over = Facts(tour(DONE), drops=("DROP", "BENCH-1"))
    done = pick(State(at="drop"), place("BENCH-1"), over, NOBODY)
    assert (done.at, done.effects) == ("get", (Drop(5, "BENCH-1"),))
    wrong = pick(State(at="drop"), place("A-01"), over)
    assert wrong.evidence == ("DROP / BENCH-1", "A-01")
    assert pick(State(at="drop"), command("later"), over).code == "key.not_now"
    assert pick(State(at="drop"), command("back"), over).at == "menu"
    nowhere = Facts(tour(DONE))
    assert PICK.prompt(State(at="drop"), nowhere, "en").focus.place == "", "a site without drops"


def test_commands_that_mean_nothing_here_are_named() -> None:
    refused = pick(AT_PLACE, command("reprint"))
    assert refused.say is not None
    assert refused.say.message("en").text == "Reprint does not work now"
    assert refused.say.message("ja").text == "再印刷 はいま使えません"
