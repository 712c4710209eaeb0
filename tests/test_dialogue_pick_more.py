"""The picker's table, second half: changing hands, other goods, damage, zeros, a lead's word."""

from dataclasses import replace

import msgspec

from picking.dialogues.approval import Approve, Look
from picking.dialogues.base import Seen
from picking.dialogues.pick import PICK
from picking.dialogues.pick_effects import (
    Claim,
    Counted,
    Damaged,
    Decide,
    Fetch,
    HandOver,
    Pick,
    Renew,
    Short,
    Swap,
    TakeOver,
)
from picking.dialogues.pick_facts import Facts, State
from picking.shortage import Undecided
from picking.tours import TourView
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

HERE, THERE = stop(1), stop(2, at="B-02", wanted=CUP, qty=1)
DONE = stop(1, state="done")
WALK = Facts(tour(HERE, THERE), drops=("DROP", "BENCH-1"))
NOBODY = Facts(None)
AT_PLACE = State(at="place", stop=1)
AT_ITEM = State(at="item", stop=1, place="A-01")
LOT = Facts(tour(stop(1, lot="L1")), lots_here=2)
ASKED = replace(WALK, undecided=(Undecided(7, "O7", "acme", 1, 99),))
BADGE = Seen("badge", "BADGE:...", id=4)
SHORT = State(at="short", stop=1, place="A-01")
LAST_HERE = State(at="zero", stop=1, place="A-01", emptied="A-01")


def pick(state: State, seen: Seen, facts: Facts = WALK, then: Facts | None = None) -> Move:
    return move(PICK, state, seen, facts, then)


def deliberate(seen: Seen) -> Seen:
    return replace(seen, deliberate=True)


def waiting(*totes: str) -> TourView:
    """A walk whose first slots' totes stand at PASS."""
    whole = tour(HERE, stop(2, slot=2), totes=["T-01", "T-02"])
    slots = tuple(
        replace(slot, parent="PASS" if slot.tote in totes else whole.cart) for slot in whole.slots
    )
    return replace(whole, slots=slots)


# Changing hands


def test_get_to_place_by_taking_over() -> None:
    by_badge = pick(State(), BADGE, NOBODY, WALK)
    assert (by_badge.at, by_badge.effects) == ("place", (TakeOver(person=4),))
    by_cart = pick(State(), tote("CART-1"), NOBODY, WALK)
    assert by_cart.effects == (TakeOver(cart="CART-1"),)
    assert pick(State(), Seen("badge", "BADGE:...", id=0), NOBODY).refused


def test_place_to_get_by_handing_over() -> None:
    given = pick(AT_PLACE, BADGE, WALK, NOBODY)
    assert (given.at, given.effects) == ("get", (HandOver(5, 4),))
    in_hand = State(at="item", stop=1, place="A-01", hand=1)
    assert pick(in_hand, BADGE).refused, "what is in the hand goes into its tote first"


def test_get_to_fetch_when_the_zone_before_is_done() -> None:
    claimed = pick(State(), key("1"), NOBODY, Facts(waiting("T-01")))
    assert (claimed.at, claimed.effects) == ("fetch", (Claim(),))
    focus = PICK.prompt(claimed.state, Facts(waiting("T-01")), "en").focus
    assert (focus.place, focus.tote) == ("PASS", "T-01")


def test_fetch_to_fetch_while_totes_stand_there() -> None:
    both = Facts(waiting("T-01", "T-02"))
    one = pick(State(at="fetch"), tote("T-02"), both, Facts(waiting("T-01")))
    assert (one.at, one.effects) == ("fetch", (Fetch(5, "T-02"),))
    assert pick(State(at="fetch"), tote("T-09"), both).evidence == ("T-01", "T-09")
    assert pick(State(at="fetch"), command("short"), both).code == "key.not_now"


def test_fetch_to_place_when_all_are_on_the_cart() -> None:
    assert pick(State(at="fetch"), tote("T-01"), Facts(waiting("T-01")), WALK).at == "place"


def test_fetch_to_bind_when_a_slot_needs_a_tote() -> None:
    unbound = Facts(tour(HERE, totes=[None]))
    assert pick(State(at="fetch"), tote("T-01"), Facts(waiting("T-01")), unbound).at == "bind"


def test_fetch_to_menu_by_back() -> None:
    assert pick(State(at="fetch"), command("back"), Facts(waiting("T-01"))).at == "menu"


# Other goods than the promised ones


def test_item_to_item_when_another_lot_was_read_twice() -> None:
    first = pick(AT_ITEM, item(TEA, lot="L2"), LOT)
    assert (first.code, first.effects) == ("pick.wrong_lot", ()), "never silently"
    hasty = pick(first.state, item(TEA, lot="L2"), LOT)
    assert (hasty.code, hasty.effects) == ("scan.too_soon", ())
    again = pick(hasty.state, deliberate(item(TEA, lot="L2")), LOT)
    assert (again.at, again.effects) == ("item", (Swap(1, "", "L2"),))
    third = pick(first.state, deliberate(item(TEA, lot="L3")), LOT)
    assert (third.code, third.effects) == ("pick.wrong_lot", ()), "another one again"
    box = pick(AT_ITEM, tote("P-01"))
    assert pick(box.state, deliberate(tote("P-01"))).effects == (Swap(1, "P-01", ""),)


def test_lot_to_item_when_another_lot_was_read_twice() -> None:
    asked = State(at="lot", stop=1, place="A-01", unproven=1)
    first = pick(asked, other("L2"), LOT)
    assert (first.at, first.code) == ("lot", "pick.wrong_lot")
    again = pick(first.state, deliberate(other("L2")), LOT)
    assert (again.at, again.effects, again.state.unproven) == ("item", (Swap(1, "", "L2"),), 0)


def test_item_to_tote_before_the_rest_is_swapped() -> None:
    one = State(at="item", stop=1, place="A-01", hand=1, lot="L1", other="L2")
    first = pick(one, deliberate(item(TEA, lot="L2")), LOT)
    assert (first.at, first.state.after) == ("tote", "swap")
    left = Facts(tour(stop(1, lot="L1", qty=1)), lots_here=2)
    then = pick(first.state, tote("T-01"), LOT, left)
    assert (then.at, then.effects) == ("item", (Pick(1, 1, "T-01"),))


def test_place_to_place_when_the_goods_may_not_be_sent_any_more() -> None:
    unfit = replace(WALK, unfit="pick.unfit_held")
    renewed = pick(AT_PLACE, place("A-01"), unfit, Facts(tour(stop(1, state="short"), THERE)))
    assert (renewed.at, renewed.effects, renewed.state.stop) == ("place", (Renew(1, False),), 2)
    one = State(at="item", stop=1, place="A-01", hand=1)
    gone = pick(one, item(TEA), unfit, Facts(tour(stop(1, state="short"), THERE)))
    assert (gone.at, gone.effects) == ("gone", (Renew(1, True),)), "it goes back first"


# Damaged


def test_short_to_damaged() -> None:
    asked = pick(SHORT, key("3"))
    assert (asked.at, asked.effects) == ("damaged", ())
    assert pick(asked.state, key("3")).evidence == ("1-2", "3")


def test_damaged_to_aside_when_the_count_was_keyed() -> None:
    for two in (key("2"), command("2")):
        aside = pick(State(at="damaged", stop=1, place="A-01"), two)
        assert (aside.at, aside.state.broken) == ("aside", 2)
    shown = PICK.prompt(aside.state, WALK, "en")
    assert (shown.focus.qty, shown.photo) == (2, "stop:1"), "what it looks like may be kept"


def test_damaged_to_item_by_back() -> None:
    assert pick(State(at="damaged", stop=1, place="A-01"), command("back")).at == "item"


def test_aside_to_item_when_the_rest_is_picked_on() -> None:
    one_left = Facts(tour(stop(1, qty=1), THERE))
    set_aside = pick(State(at="aside", stop=1, place="A-01", broken=1), tote("T-30"), then=one_left)
    assert (set_aside.at, set_aside.effects) == ("item", (Damaged(1, 1, "T-30"),))
    assert pick(State(at="aside", stop=1, broken=1), item(TEA)).code == "pick.not_aside"


def test_aside_to_place_when_others_were_found_elsewhere() -> None:
    gone = Facts(tour(stop(1, state="short"), THERE))
    set_aside = pick(State(at="aside", stop=1, place="A-01", broken=2), place("Q-1"), then=gone)
    assert (set_aside.at, set_aside.effects) == ("place", (Damaged(1, 2, "Q-1"),))


def test_aside_to_damaged_by_back() -> None:
    assert pick(State(at="aside", stop=1, broken=2), command("back")).at == "damaged"


def test_tote_to_damaged_when_good_ones_are_in_the_hand() -> None:
    one = State(at="tote", stop=1, place="A-01", hand=1, after="short")
    chosen = pick(one, key("3"))
    assert (chosen.at, chosen.state.after) == ("tote", "damaged")
    one_left = Facts(tour(stop(1, qty=1), THERE))
    asked = pick(chosen.state, tote("T-01"), then=one_left)
    assert (asked.at, asked.effects) == ("damaged", (Pick(1, 1, "T-01"),))


# The zero check


def test_tote_to_zero_when_the_book_says_that_nothing_is_left() -> None:
    all_of_it = State(at="tote", stop=1, place="A-01", hand=2)
    empty = Facts(tour(DONE, THERE), drops=("DROP",), empty=True)
    asked = pick(all_of_it, tote("T-01"), then=empty)
    assert (asked.at, asked.state.emptied) == ("zero", "A-01")
    assert PICK.prompt(asked.state, empty, "en").focus.place == "A-01"


def test_zero_to_place_when_it_is_empty() -> None:
    empty = Facts(tour(DONE, THERE), empty=True)
    yes = pick(LAST_HERE, key("1"), empty, replace(empty, empty=False))
    assert (yes.at, yes.effects, yes.state.emptied) == ("place", (Counted("A-01", 0),), "")
    assert pick(LAST_HERE, place("A-01"), empty).evidence == ("1 / 2", "A-01")


def test_zero_to_left_when_it_is_not() -> None:
    assert pick(LAST_HERE, key("2"), Facts(tour(DONE, THERE), empty=True)).at == "left"


def test_left_to_place_when_the_number_was_keyed() -> None:
    empty = Facts(tour(DONE, THERE), empty=True)
    left = State(at="left", stop=1, place="A-01", emptied="A-01")
    said = pick(left, key("3"), empty, replace(empty, empty=False))
    assert (said.at, said.effects) == ("place", (Counted("A-01", 3),))
    assert pick(left, other(), empty).refused


def test_left_to_zero_by_back() -> None:
    left = State(at="left", stop=1, place="A-01", emptied="A-01")
    assert pick(left, command("back"), Facts(tour(DONE, THERE), empty=True)).at == "zero"


# A lead's word on a short order


def test_short_to_ask_when_the_owner_wants_a_lead_to_decide() -> None:
    asked = pick(SHORT, key("1"), then=ASKED)
    assert (asked.at, asked.effects) == ("ask", (Short(1),))
    assert PICK.prompt(asked.state, ASKED, "en").lines == ("O7", "1 missing")


def test_ask_to_ask_while_badge_and_pin_are_awaited() -> None:
    chosen = pick(State(at="ask"), key("2"), ASKED)
    assert (chosen.at, chosen.state.verdict) == ("ask", "ship_short")
    asked = chosen.state.approval
    assert asked is not None
    assert (asked.verb, asked.ref, asked.owner) == (
        "approve_short", "decide_short:99:ship_short", "acme",
    )  # fmt: skip
    shown = pick(chosen.state, BADGE, ASKED)
    assert shown.effects == (Look(msgspec.structs.replace(asked, by=4)),)
    assert PICK.secret is not None
    assert PICK.secret(shown.state)
    given_up = pick(chosen.state, command("back"), ASKED)
    assert (given_up.at, given_up.state.approval) == ("ask", None)
    assert pick(State(at="ask"), key("7"), ASKED).evidence == ("1-3", "7")


def test_ask_to_place_when_the_lead_said_yes() -> None:
    chosen = pick(State(at="ask"), key("2"), ASKED).state
    shown = pick(chosen, BADGE, ASKED).state
    yes = pick(shown, Seen("secret", "***", code="314159"), ASKED, replace(WALK, approved=True))
    approve, decide = yes.effects
    assert isinstance(approve, Approve)
    assert decide == Decide(7, "ship_short", "decide_short:99:ship_short")
    assert (yes.at, yes.state.approval) == ("place", None)


def test_ask_to_place_when_it_is_left_to_later() -> None:
    put_off = pick(State(at="ask"), command("later"), ASKED)
    assert (put_off.at, put_off.code) == ("place", "pick.decided_later")
    assert pick(put_off.state, place("A-01"), ASKED).at == "item", "it is not asked again"
