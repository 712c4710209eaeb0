"""The table of counting: each transition that it lists, on facts made by hand."""

from msgspec.structs import replace

from picking.dialogues.approval import Approve, Asked, Look
from picking.dialogues.base import ItemSeen, Seen
from picking.dialogues.count import COUNT
from picking.dialogues.count_effects import Again, Begin, Claim, Finish, GiveBack, Settle
from picking.dialogues.count_facts import Choice, Facts, Goods, Pending, State, Work
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
    tote,
)
from wms.counts.rules import Tally

ME, SHE = 1, 2
WORK = Work(8, "A-01", "64", count=5, round=1, state="open")
NOTHING = Facts(None, 2)
TEA_GOODS = Goods(TEA, "TEA", "Tea", "", by_lot=False, by_serial=False, by_expiry=False)
CUP_LOTS = Goods(
    CUP, "CUP", "Cup", "", by_lot=True, by_serial=False, by_expiry=False,
    lots_here=("L1", "L2"), lots=("L1", "L2", "L3"),
)  # fmt: skip
CUP_NUMBERS = Goods(CUP, "CUP", "Cup", "", by_lot=False, by_serial=True, by_expiry=False)
HERE = State(at="item", count=5, round=1)
ONE_TEA = Tally(TEA, "", "", 1)
ASKED = Asked(verb="approve_count", ref="count:5:2:acme", owner="acme")


def facts(work: Work | None = WORK, *goods: Goods, **more: object) -> Facts:
    return Facts(work, 2, ME, goods or (TEA_GOODS, CUP_LOTS), **more)  # type: ignore[arg-type]


def do(state: State, seen: Seen, now: Facts | None = None, then: Facts | None = None) -> Move:
    return move(COUNT, state, seen, now if now is not None else facts(), then)


def seen_so_far(*tallies: Tally) -> State:
    return replace(HERE, seen=tallies, past=tallies)


def test_get_to_place_when_there_is_a_task() -> None:
    got = do(State(), key("1"), NOTHING, facts())
    assert (got.at, got.effects) == ("place", (Claim(),))
    shown = COUNT.prompt(got.state, facts(), "en")
    assert (shown.focus.place, shown.focus.qty) == ("A-01", None)


def test_get_to_item_when_a_place_was_scanned() -> None:
    begun = do(State(), place("A-01"), NOTHING, facts())
    assert (begun.at, begun.effects) == ("item", (Begin("A-01"),))
    assert (begun.state.count, begun.state.round) == (5, 1)
    assert do(State(), tote("P-9"), NOTHING, facts()).effects == (Begin("P-9"),)


def test_get_to_get_when_there_is_nothing() -> None:
    assert do(State(), key("1"), NOTHING, NOTHING).at == "get"
    assert COUNT.prompt(State(), NOTHING, "en").lines == ("2 waiting",)
    assert do(State(), other(), NOTHING, NOTHING).evidence == ("1", "what?")
    assert do(State(), command("undo"), NOTHING, NOTHING).code == "count.undo_by_count"


def test_get_to_menu_by_back() -> None:
    assert do(State(), command("back"), NOTHING).at == "menu"


def test_place_to_item_when_it_is_the_place() -> None:
    assert do(State(at="place"), place("A-01")).effects == (Begin("A-01"),)
    assert do(State(at="place"), place("A-01")).at == "item"
    assert do(State(at="place"), key("64")).at == "item"


def test_place_to_place_when_it_is_another() -> None:
    wrong = do(State(at="place"), place("B-02"))
    assert (wrong.at, wrong.evidence) == ("place", ("A-01", "B-02"))
    assert do(State(at="place"), key("65")).evidence == ("A-01", "65")
    assert do(State(at="place"), command("undo")).code == "key.not_now"


def test_place_to_get_by_back() -> None:
    back = do(State(at="place"), command("back"), facts(), NOTHING)
    assert (back.at, back.effects) == ("get", (GiveBack(8),))


def test_item_to_item_by_scans_and_keys() -> None:
    one = do(HERE, item(TEA))
    assert one.state.seen == (ONE_TEA,)
    case = do(one.state, item(TEA, qty=12))
    assert case.state.seen == (Tally(TEA, "", "", 13),)
    shown = COUNT.prompt(case.state, facts(), "en")
    assert (shown.focus.sku, shown.focus.qty, shown.lines) == ("TEA", 13, ("So far 13",))
    keyed = do(case.state, key("60"))
    assert keyed.state.seen == (Tally(TEA, "", "", 60),)
    assert do(keyed.state, item(TEA)).state.seen == (Tally(TEA, "", "", 61),)
    lot = do(HERE, item(CUP, lot="L2"))
    assert lot.state.seen == (Tally(CUP, "L2", "", 1),), "the barcode says which"
    alone = replace_goods(CUP_LOTS, lots_here=("L1",))
    assert do(HERE, item(CUP), facts(WORK, alone)).state.seen == (Tally(CUP, "L1", "", 1),)
    untracked = do(HERE, item(TEA, lot="L9", serial="S9"))
    assert untracked.state.seen == (ONE_TEA,), "the book keeps neither of this item"
    number = do(HERE, item(CUP, serial="S1"), facts(WORK, CUP_NUMBERS))
    assert number.state.seen == (Tally(CUP, "", "S1", 1),)


def replace_goods(goods: Goods, **values: object) -> Goods:
    import dataclasses

    return dataclasses.replace(goods, **values)  # type: ignore[arg-type]


def test_item_to_item_by_undo_and_refusals() -> None:
    two = seen_so_far(ONE_TEA, Tally(CUP, "L1", "", 12))
    back = do(two, command("undo"))
    assert (back.state.seen, back.state.past) == ((ONE_TEA,), (ONE_TEA,))
    assert do(back.state, command("undo")).state.seen == ()
    assert do(HERE, command("undo")).code == "undo.nothing"
    keyed = do(seen_so_far(ONE_TEA), key("60"))
    assert do(keyed.state, command("undo")).state.seen == (ONE_TEA,)
    assert do(seen_so_far(ONE_TEA), key("5")).evidence == ("6+", "5")
    assert do(HERE, key("60")).code == "count.scan_first"
    assert do(HERE, place("B-02")).code == "count.other_place"
    assert do(HERE, other()).evidence == ("SKU / F6", "what?")
    assert do(HERE, place("A-01")).code == "scan.too_soon", "a bounce does not end a count"
    foreign = do(HERE, item(TEA), facts(owners=frozenset({"beta"})))
    assert (foreign.code, foreign.state.seen) == ("permission.missing", ())
    twice = seen_so_far(Tally(CUP, "", "S1", 1))
    again = do(twice, item(CUP, serial="S1"), facts(WORK, CUP_NUMBERS))
    assert (again.code, again.state) == ("count.serial_twice", twice)
    assert do(twice, key("9"), facts(WORK, CUP_NUMBERS)).code == "count.scan_first"


def of_two_owners() -> Seen:
    meanings = (ItemSeen(TEA, "acme", "TEA", "Tea", 1), ItemSeen(CUP, "beta", "CUP", "Cup", 2))
    return Seen("item", "4901", code="4901", items=meanings)


def test_item_to_which_when_several_owners_have_it() -> None:
    which = do(HERE, of_two_owners())
    assert which.at == "which"
    labels = [option.label for option in COUNT.prompt(which.state, facts(), "en").options]
    assert labels[:2] == ["acme TEA", "beta CUP"]
    both = do(HERE, of_two_owners(), facts(expected=frozenset({TEA, CUP})))
    assert both.at == "which"
    known = do(HERE, of_two_owners(), facts(expected=frozenset({TEA})))
    assert known.state.seen == (ONE_TEA,), "only one of them lies here by the book"
    mine = do(HERE, of_two_owners(), facts(owners=frozenset({"acme"})))
    assert mine.state.seen == (ONE_TEA,)


def test_item_to_lot_when_it_is_not_said() -> None:
    asked = do(HERE, item(CUP, qty=6))
    assert (asked.at, asked.state.seen) == ("lot", ())
    assert do(HERE, item(CUP, lot="L9")).at == "lot", "nobody knows that one"


def test_item_to_serial_when_it_is_not_said() -> None:
    asked = do(HERE, item(CUP, qty=6), facts(WORK, CUP_NUMBERS))
    assert asked.at == "serial"
    assert COUNT.prompt(asked.state, facts(WORK, CUP_NUMBERS), "en").focus.sku == "CUP"


def test_item_to_empty_with_nothing() -> None:
    assert do(HERE, command("full")).at == "empty"
    assert do(HERE, place("A-01", deliberate=True)).at == "empty"


def test_item_to_leave_by_back_with_something() -> None:
    left = do(seen_so_far(ONE_TEA), command("back"))
    assert (left.at, left.state.seen, left.effects) == ("leave", (ONE_TEA,), ())


def test_item_to_get_when_the_book_agrees() -> None:
    ended = do(seen_so_far(ONE_TEA), command("full"), facts(), NOTHING)
    assert (ended.at, ended.effects) == ("get", (Finish(5, 1, (ONE_TEA,)),))
    by_place = do(seen_so_far(ONE_TEA), place("A-01", deliberate=True), facts(), NOTHING)
    assert by_place.effects == ended.effects


def test_item_to_get_by_back_with_nothing() -> None:
    left = do(HERE, command("back"), facts(), NOTHING)
    assert (left.at, left.effects) == ("get", (GiveBack(8),))


RECOUNT = Work(8, "A-01", "64", count=5, round=2, state="recount", counted_by=ME)
WAITING = Work(8, "A-01", "64", count=5, round=2, state="approval", counted_by=ME)
TO_APPROVE = facts(WAITING, unapproved=("acme",), difference=("TEA -3",))


def test_item_to_again_when_the_book_differs() -> None:
    differs = do(seen_so_far(ONE_TEA), command("full"), facts(), facts(RECOUNT))
    assert differs.at == "again"
    assert differs.state == State(at="again"), "what was seen before counts no more"


def test_item_to_decide_when_it_is_worth_a_second_badge() -> None:
    state = replace(seen_so_far(ONE_TEA), round=2)
    costly = do(state, command("full"), facts(RECOUNT), TO_APPROVE)
    assert costly.at == "decide"
    shown = COUNT.prompt(costly.state, TO_APPROVE, "en")
    assert "TEA -3" not in str(shown), "whoever counts stays blind"


def test_the_list_of_a_count_goes_away() -> None:
    listed = do(seen_so_far(ONE_TEA), command("list"))
    shown = COUNT.prompt(listed.state, facts(), "en")
    assert (shown.step, shown.lines) == ("list", ("TEA 1",))
    assert not do(listed.state, command("back")).state.listing
    assert do(listed.state, item(TEA)).state.seen == (Tally(TEA, "", "", 2),)


def test_any_to_list_shows_what_was_counted() -> None:
    listed = do(seen_so_far(ONE_TEA, Tally(CUP, "L1", "", 2)), command("list"))
    assert COUNT.prompt(listed.state, facts(), "ja").lines == ("CUP L1 2", "TEA 1")


WHICH = replace(
    HERE, at="which", pending=Pending(
        item=0, qty=0, choices=(Choice(TEA, "acme", "TEA", 1), Choice(CUP, "beta", "CUP", 2)),
    ),
)  # fmt: skip
LOT = replace(HERE, at="lot", pending=Pending(item=CUP, qty=6))
SERIAL = replace(HERE, at="serial", pending=Pending(item=CUP, qty=6))
NUMBERS = facts(WORK, CUP_NUMBERS)


def test_which_to_item_by_digit() -> None:
    assert do(WHICH, key("1")).state.seen == (ONE_TEA,)
    assert do(WHICH, key("2")).at == "lot", "and then its lot"


def test_which_to_which_when_it_is_no_digit() -> None:
    assert do(WHICH, key("3")).evidence == ("1-2", "3")
    assert do(WHICH, item(TEA)).at == "which"


def test_which_to_item_by_back() -> None:
    back = do(WHICH, command("back"))
    assert (back.at, back.state.seen, back.state.pending) == ("item", (), None)


def test_lot_to_item_when_it_was_read() -> None:
    for seen in (other("L3"), Seen("lot", "L3", lot="L3"), item(CUP, lot="L3")):
        read = do(LOT, seen)
        assert (read.at, read.state.seen) == ("item", (Tally(CUP, "L3", "", 6),))
    dates = replace_goods(CUP_LOTS, by_expiry=True, lots=("2027-01-31",))
    keyed = do(LOT, other("270131"), facts(WORK, dates))
    assert keyed.state.seen == (Tally(CUP, "2027-01-31", "", 6),)


def test_lot_to_lot_when_nobody_knows_it() -> None:
    first = do(LOT, other("L9"))
    assert (first.at, first.code, first.refused) == ("lot", "count.lot_unknown", False)
    assert do(first.state, other("L9")).at == "lot", "a bounce confirms nothing"
    sure = do(first.state, Seen("unknown", "L9", code="L9", deliberate=True))
    assert (sure.at, sure.state.seen) == ("item", (Tally(CUP, "L9", "", 6),))
    assert do(LOT, command("undo")).code == "key.not_now"


def test_lot_to_item_by_back() -> None:
    assert do(LOT, command("back")).state == replace(HERE, at="item")


def test_serial_to_item_when_it_was_read() -> None:
    read = do(SERIAL, other("S1"), NUMBERS)
    assert (read.at, read.state.seen) == ("item", (Tally(CUP, "", "S1", 1),)), (
        "one piece, one number"
    )
    assert do(SERIAL, Seen("lot", "S2", serial="S2"), NUMBERS).state.seen[0].serial == "S2"


def test_serial_to_serial_when_it_was_counted() -> None:
    state = replace(SERIAL, seen=(Tally(CUP, "", "S1", 1),))
    again = do(state, other("S1"), NUMBERS)
    assert (again.at, again.code) == ("serial", "count.serial_twice")
    assert do(SERIAL, command("undo"), NUMBERS).code == "key.not_now"


def test_serial_to_lot_when_the_number_is_new() -> None:
    both = replace_goods(CUP_LOTS, by_serial=True)
    assert do(SERIAL, other("S1"), facts(WORK, both)).at == "lot"
    known = facts(WORK, replace_goods(both, lot_of_serial="L2"))
    found = do(SERIAL, other("S1"), facts(WORK, both), known)
    assert found.state.seen == (Tally(CUP, "L2", "S1", 1),), "the book knows that number's lot"


def test_serial_to_item_by_back() -> None:
    assert do(SERIAL, command("back"), NUMBERS).at == "item"


EMPTY, LEAVE = replace(HERE, at="empty"), replace(seen_so_far(ONE_TEA), at="leave")


def test_empty_to_get_when_the_book_agrees() -> None:
    empty = do(EMPTY, key("1"), facts(), NOTHING)
    assert (empty.at, empty.effects) == ("get", (Finish(5, 1, ()),))


def test_empty_to_again_when_the_book_differs() -> None:
    assert do(EMPTY, key("1"), facts(), facts(RECOUNT)).at == "again"


def test_empty_to_item_by_no() -> None:
    assert do(EMPTY, key("2")).at == "item"
    assert do(EMPTY, command("back")).at == "item"
    assert do(EMPTY, item(TEA)).evidence == ("1 / 2", "TEA")


def test_leave_to_get_by_yes() -> None:
    left = do(LEAVE, key("1"), facts(), NOTHING)
    assert (left.at, left.effects) == ("get", (GiveBack(8),))


def test_leave_to_item_by_no() -> None:
    stayed = do(LEAVE, key("2"))
    assert (stayed.at, stayed.state.seen) == ("item", (ONE_TEA,))


def test_again_to_place_by_the_same_person() -> None:
    once_more = do(State(), key("1"), facts(RECOUNT))
    assert (once_more.at, once_more.effects) == ("place", ())
    begun = do(once_more.state, place("A-01"), facts(RECOUNT))
    assert (begun.at, begun.state.round, begun.state.seen) == ("item", 2, ())


def test_again_to_get_for_somebody_else() -> None:
    left = do(State(), key("2"), facts(RECOUNT), NOTHING)
    assert (left.at, left.effects) == ("get", (GiveBack(8),))
    assert do(State(), other(), facts(RECOUNT)).evidence == ("1 / 2", "what?")
    her_round = Work(8, "A-01", "64", count=5, round=2, state="recount", counted_by=SHE)
    assert COUNT.arrive(State(), facts(her_round)).at == "place", "for her it is the first"


def test_decide_to_decide_while_somebody_is_asked() -> None:
    asked = do(State(), key("1"), TO_APPROVE)
    assert (asked.at, asked.state.approval) == ("decide", ASKED)
    badge = do(asked.state, Seen("badge", "BADGE:...", id=9), TO_APPROVE)
    shown = Asked(verb="approve_count", ref="count:5:2:acme", owner="acme", by=9)
    assert (badge.state.approval, badge.effects) == (shown, (Look(shown),))
    assert COUNT.secret is not None and COUNT.secret(badge.state)
    page = COUNT.prompt(badge.state, TO_APPROVE, "en")
    assert page.lines == ("Approve the count", "TEA -3"), "the approver sees what about"
    wrong = do(badge.state, Seen("secret", "***", code="1"), TO_APPROVE)
    assert (wrong.at, wrong.effects) == ("decide", (Approve(shown, "1"), Settle(5)))
    assert do(badge.state, command("back"), TO_APPROVE).state == State(at="decide")
    assert do(State(), key("3"), TO_APPROVE).evidence == ("1 / 2", "3")


def test_decide_to_get_when_somebody_said_yes() -> None:
    state = State(at="decide", approval=replace(ASKED, by=9))
    yes = do(state, Seen("secret", "***", code="1"), TO_APPROVE, NOTHING)
    assert yes.at == "get"
    settled = do(State(), key("1"), facts(WAITING), NOTHING)
    assert settled.effects == (Settle(5),), "the owner's limit was raised meanwhile"


def test_decide_to_place_to_count_once_more() -> None:
    third = Work(8, "A-01", "64", count=5, round=3, state="recount", counted_by=ME)
    again = do(State(), key("2"), TO_APPROVE, facts(third))
    assert (again.at, again.effects) == ("place", (Again(5),))


def test_decide_to_get_by_back() -> None:
    left = do(State(), command("back"), TO_APPROVE, NOTHING)
    assert (left.at, left.effects) == ("get", (GiveBack(8),))


def test_a_count_that_is_another_by_now_begins_anew() -> None:
    late = COUNT.arrive(replace(seen_so_far(ONE_TEA), round=1), facts(RECOUNT))
    assert late == State(at="place")
    assert COUNT.arrive(seen_so_far(ONE_TEA), NOTHING) == State()
