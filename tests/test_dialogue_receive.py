"""The receiver's table: choosing, scanning, what must be known; on facts made by hand."""

from dataclasses import replace
from typing import Any

import pytest

from picking.dialogues.base import ItemSeen, Seen
from picking.dialogues.receive import RECEIVE
from picking.dialogues.receive_effects import Blind, LabelAgain, Undo
from picking.dialogues.receive_facts import Delivery, Hand, State
from picking.portal import Decision
from tests.dialogue_table import command, key, other, place, tote
from tests.picking_site import NOON
from tests.receive_table import (
    BASE,
    BLIND,
    CHOOSE,
    FIRST,
    HAT,
    ITEM,
    LABEL,
    LAST,
    LINES,
    LOOSE,
    MILK,
    PILL,
    RADIO,
    SECOND,
    SOAP,
    goods,
    hand,
    holding,
    item,
    keyed,
    receive,
)
from wms.inbound.receiving import Last

# --- choosing ----------------------------------------------------------------------------------


def test_choose_to_item_by_its_code_its_label_or_its_digit() -> None:
    for seen in (other("IN0000007"), other("in0000007"), other("ASN-7"), other(LABEL), key("1")):
        chosen = receive(State(), seen, CHOOSE)
        assert (chosen.at, chosen.state.delivery, chosen.effects) == ("item", 7, ())


def test_choose_to_item_without_papers() -> None:
    opened = receive(State(), command("full"), CHOOSE, replace(BASE, deliveries=(FIRST, BLIND)))
    assert (opened.at, opened.state.delivery) == ("item", 9)
    assert opened.effects == (Blind("acme"),)


def test_choose_to_owner_when_there_are_several() -> None:
    two = replace(CHOOSE, owners=("acme", "other"))
    assert receive(State(), command("full"), two).at == "owner"


def test_choose_to_choose_shows_the_next_and_refuses_the_rest() -> None:
    many = replace(CHOOSE, deliveries=tuple(replace(SECOND, id=n) for n in range(1, 7)))
    second = receive(State(), key("9"), many)
    assert second.state.page == 1
    assert receive(second.state, key("2"), many).state.delivery == 6
    assert receive(State(), key("4"), CHOOSE).evidence == ("ASN-7 / 1-2", "4")
    assert receive(State(), goods(SOAP), CHOOSE).code == "receive.wrong_delivery"
    nobody = replace(CHOOSE, may_blind=False)
    assert receive(State(), command("full"), nobody).code == "key.not_now"
    assert receive(State(), command("undo"), CHOOSE).code == "receive.undo_inside"
    twins = replace(CHOOSE, deliveries=(FIRST, replace(SECOND, external_id="ASN-7")))
    assert receive(State(), other("ASN-7"), twins).code == "scan.ambiguous"


def test_choose_to_menu_by_back() -> None:
    assert receive(State(), command("back"), CHOOSE).at == "menu"


def test_owner_to_item_by_its_digit() -> None:
    two = replace(CHOOSE, owners=("acme", "other"))
    then = replace(BASE, deliveries=(replace(BLIND, owner="other"),))
    opened = receive(State(at="owner"), key("2"), two, then)
    assert (opened.at, opened.effects) == ("item", (Blind("other"),))


def test_owner_to_owner_when_it_is_no_digit() -> None:
    assert receive(State(at="owner"), other("acme"), CHOOSE).evidence == ("1-1", "acme")
    many = replace(CHOOSE, owners=tuple("abcdef"))
    assert receive(State(at="owner"), key("9"), many).state.page == 1


def test_owner_to_choose_by_back() -> None:
    assert receive(State(at="owner"), command("back"), CHOOSE).at == "choose"


# --- goods -------------------------------------------------------------------------------------


def test_item_to_put_when_nothing_else_must_be_known() -> None:
    one = receive(ITEM, goods(SOAP), then=holding(SOAP))
    assert (one.at, one.state.hand) == ("put", Hand(item=SOAP, qty=1))
    case = receive(ITEM, goods(SOAP, qty=12, count=3), then=holding(SOAP))
    assert case.state.hand.qty == 36, "three cases of twelve"
    said = receive(ITEM, goods(PILL, lot="L1", expiry="2027-05-31"), then=holding(PILL))
    assert (said.at, said.state.hand.lot, said.state.hand.expiry) == ("put", "L1", "2027-05-31")


def test_item_to_lot_when_the_barcode_does_not_say_it() -> None:
    assert receive(ITEM, goods(PILL), then=holding(PILL)).at == "lot"


def test_item_to_expiry_when_the_barcode_does_not_say_it() -> None:
    assert receive(ITEM, goods(MILK), then=holding(MILK)).at == "expiry"
    odd = receive(ITEM, goods(MILK, expiry="1999-01-31"), then=holding(MILK))
    assert odd.at == "expiry", "a date that no goods bear is asked for"


def test_item_to_serial_when_the_barcode_does_not_say_it() -> None:
    assert receive(ITEM, goods(RADIO), then=holding(RADIO)).at == "serial"
    assert receive(ITEM, goods(RADIO, serial="S1"), then=holding(RADIO)).at == "put"


def test_item_to_sure_when_nobody_announced_it_or_it_is_old() -> None:
    assert receive(ITEM, goods(HAT), then=holding(HAT)).at == "sure"
    for expiry, older in (("2026-11-21", ""), ("2026-12-01", ""), ("2027-05-31", "2027-06-30")):
        seen = goods(MILK, expiry=expiry)
        assert receive(ITEM, seen, then=holding(MILK, older=older)).at == "sure"
    blind = replace(BASE, deliveries=(replace(BLIND, id=7),), lines=())
    then = replace(blind, item=item(HAT))
    assert receive(ITEM, goods(HAT), blind, then).at == "put"


def test_item_to_bind_when_nobody_knows_the_barcode() -> None:
    asked = receive(ITEM, other("4999"))
    assert (asked.at, asked.state.code, asked.effects) == ("bind", "4999", ())


def test_item_to_item_when_it_is_refused() -> None:
    theirs = receive(ITEM, goods(SOAP, owner="other"))
    assert (theirs.at, theirs.code) == ("item", "receive.other_owner")
    for seen in (tote("PL-1"), place("DOCK"), other(LABEL), keyed("12"), keyed("123456")):
        assert (receive(ITEM, seen).code, receive(ITEM, seen).at) == ("receive.item_first", "item")
    may_not = replace(BASE, may_bind=False)
    unknown = receive(ITEM, other("4999"), may_not)
    assert (unknown.at, unknown.code, unknown.evidence) == (
        "item", "receive.unknown", ("F5", "4999"),
    )  # fmt: skip
    two = ItemSeen(HAT, "acme", "HAT", "Hat", 1), ItemSeen(LOOSE + 9, "acme", "X", "X", 1)
    assert receive(ITEM, Seen("item", "1", code="1", items=two)).code == "scan.ambiguous"
    assert receive(ITEM, command("later")).code == "key.not_now"


def test_the_same_jan_under_several_owners_is_the_delivery_s_owner_s() -> None:
    two = (ItemSeen(99, "other", "SOAP-O", "?", 1), ItemSeen(SOAP, "acme", "SOAP", "Soap", 1))
    seen = Seen("item", "490", code="490", items=two)
    assert receive(ITEM, seen, then=holding(SOAP)).state.hand.item == SOAP


def test_item_to_put_by_repeating_the_last_line() -> None:
    had = replace(BASE, last=replace_last(lot="L1"), last_item=item(PILL))
    then = holding(PILL, lot_expiry="2027-05-31", older="2027-06-30")
    again = receive(ITEM, key("1"), had, then)
    assert (again.at, again.state.hand.qty, again.state.hand.lot) == ("put", 5, "L1")
    for refused in (
        replace(had, last=replace_last(condition="damaged")), replace(had, last_item=item(RADIO)),
        BASE,
    ):  # fmt: skip
        assert receive(ITEM, key("1"), refused).refused


def replace_last(**changes: Any) -> Last:
    return LAST._replace(item=PILL, **changes)


def test_item_to_item_by_undo() -> None:
    had = replace(BASE, last=LAST, last_item=item(SOAP))
    assert receive(ITEM, command("undo"), had).effects == (Undo(LAST),)
    assert receive(ITEM, command("undo")).code == "undo.nothing"


def test_item_to_item_by_printing_the_label_again() -> None:
    had = replace(BASE, last=LAST._replace(place=LABEL), last_item=item(SOAP))
    assert receive(ITEM, command("reprint"), had).effects == (LabelAgain(LABEL),)
    onto_a_place = replace(had, last=LAST)
    assert receive(ITEM, command("reprint"), onto_a_place).code == "key.not_now"


def test_item_to_list_by_its_key() -> None:
    assert receive(ITEM, command("list")).at == "list"


def test_item_to_close_by_full() -> None:
    assert receive(ITEM, command("full")).at == "close"


def test_item_to_portal_by_its_digit() -> None:
    seen = receive(ITEM, key("2"), then=replace(BASE, portal=Decision()))
    assert (seen.at, seen.state.portal_ms) == ("portal", NOON - 60_000)
    assert receive(ITEM, key("2"), replace(BASE, reader="")).refused


def test_item_to_choose_by_back_or_when_it_was_closed() -> None:
    assert receive(ITEM, command("back"), then=CHOOSE).at == "choose"
    gone = replace(BASE, deliveries=())
    assert RECEIVE.arrive(hand(SOAP), gone) == State()


# --- what must be known ------------------------------------------------------------------------


def test_lot_to_expiry_when_it_was_scanned() -> None:
    for seen in (other("L1"), keyed("123"), Seen("lot", "L1", lot="L1")):
        asked = receive(hand(PILL), seen, holding(PILL))
        assert (asked.at, bool(asked.state.hand.lot)) == ("expiry", True)


def test_lot_to_expiry_when_it_was_keyed_in_other_capitals() -> None:
    facts = holding(PILL, known_lots=frozenset({"L2611", "L2612"}))
    for seen, lot in (
        (replace(keyed("l26-11"), code="l2611", text="l2611"), "L2611"),
        (replace(keyed("l26-13"), code="l2613", text="l2613"), "l2613"),
        (other("l2611"), "l2611"),  # a label is what it says
    ):
        assert receive(hand(PILL), seen, facts).state.hand.lot == lot


def test_lot_to_put_when_its_date_is_known() -> None:
    known = holding(PILL, lot_expiry="2027-05-31")
    before = holding(PILL)
    assert receive(hand(PILL), other("L1"), before, known).at == "put"
    with_date = Seen("lot", "L1", lot="L1", expiry="2027-05-31")
    assert receive(hand(PILL), with_date, before).at == "put"


def test_lot_to_lot_when_it_is_no_lot() -> None:
    for seen in (goods(PILL), place("DOCK"), tote("PL-1"), other("x" * 41)):
        asked = receive(hand(PILL), seen, holding(PILL))
        assert (asked.at, asked.code) == ("lot", "receive.no_lot")
    assert receive(hand(PILL), command("full"), holding(PILL)).code == "key.not_now"


@pytest.mark.parametrize(("digits", "date"), [("271231", "2027-12-31"), ("2702", "2027-02-28")])
def test_expiry_to_put_when_it_was_keyed(digits: str, date: str) -> None:
    asked = receive(hand(MILK), keyed(digits), holding(MILK))
    assert (asked.at, asked.state.hand.expiry) == ("put", date)


def test_expiry_to_sure_when_it_is_old() -> None:
    expired = receive(hand(MILK), keyed("261121"), holding(MILK))
    assert expired.at == "sure"
    prompt = RECEIVE.prompt(expired.state, holding(MILK), "en")
    assert prompt.lines == ("Expired 2026-11-21",)
    assert receive(hand(MILK), keyed("261221"), holding(MILK)).at == "sure", "30 days are wanted"
    older = receive(hand(MILK), keyed("2705"), holding(MILK), holding(MILK, older="2027-06-30"))
    assert older.at == "sure"
    prompt = RECEIVE.prompt(older.state, holding(MILK, older="2027-06-30"), "ja")
    assert prompt.lines == ("逆転 在庫2027-06-30",)


def test_expiry_to_expiry_when_goods_do_not_bear_it() -> None:
    for seen in (other("soon"), keyed("271301"), keyed("12"), goods(MILK)):
        assert receive(hand(MILK), seen, holding(MILK)).code == "receive.no_date"
    odd = receive(hand(MILK), keyed("990131"), holding(MILK))
    assert (odd.code, odd.evidence) == ("receive.odd_date", ("2026-12-22", "2099-01-31"))


def test_serial_to_put_when_it_was_the_last_piece() -> None:
    for seen in (other("S1"), goods(RADIO, serial="S1")):
        asked = receive(hand(RADIO), seen, holding(RADIO))
        assert (asked.at, asked.state.hand.serials) == ("put", ("S1",))


def test_serial_to_serial_while_there_are_more() -> None:
    two = hand(RADIO, qty=2)
    more = receive(two, other("S1"), holding(RADIO))
    assert (more.at, more.state.hand.serials) == ("serial", ("S1",))
    twice = receive(more.state, other("S1"), holding(RADIO))
    assert (twice.at, twice.code, twice.evidence) == (
        "serial", "receive.serial_twice", ("1/2", "S1"),
    )  # fmt: skip
    assert receive(two, goods(RADIO), holding(RADIO)).code == "receive.no_serial"


# --- doubts ------------------------------------------------------------------------------------


def test_sure_to_put_when_it_was_scanned_once_more_on_purpose() -> None:
    asked = hand(HAT)
    yes = receive(asked, goods(HAT, deliberate=True), holding(HAT))
    assert (yes.at, yes.state.hand.sure, yes.state.hand.qty) == ("put", ("extra",), 1)
    old = hand(MILK, expiry="2026-11-21")
    facts = holding(MILK, older="2027-01-31")
    first = receive(old, goods(MILK, deliberate=True), facts)
    assert (first.at, first.state.hand.sure) == ("sure", ("expired",)), "one doubt after another"
    assert receive(first.state, goods(MILK, deliberate=True), facts).at == "put"
    chosen = hand(HAT, chosen=True)
    assert receive(chosen, key("1"), holding(HAT)).at == "put"


def test_sure_to_lot_when_more_must_be_known() -> None:
    pill = replace(holding(PILL), lines=())
    assert receive(hand(PILL), goods(PILL, deliberate=True), pill).at == "lot"


def test_sure_to_expiry_when_more_must_be_known() -> None:
    milk = replace(holding(MILK), lines=())
    assert receive(hand(MILK), goods(MILK, deliberate=True), milk).at == "expiry"


def test_sure_to_sure_when_it_was_too_soon_or_another_item() -> None:
    soon = receive(hand(HAT), goods(HAT), holding(HAT))
    assert (soon.at, soon.code, soon.refused) == ("sure", "scan.too_soon", False)
    other = receive(hand(HAT), goods(SOAP, deliberate=True), holding(HAT))
    assert (other.code, other.evidence) == ("receive.again_or_back", ("HAT", "SOAP"))
    assert receive(hand(HAT), key("1"), holding(HAT)).refused, "a code is there to be scanned"


def test_a_delivery_is_chosen_by_the_number_on_its_paper() -> None:
    def labels(*deliveries: Delivery) -> list[str]:
        shown = RECEIVE.prompt(State(), replace(CHOOSE, deliveries=deliveries), "en").options
        return [option.label for option in shown if option.key.isdigit()]

    assert labels(FIRST, SECOND, BLIND) == ["ASN-7 Soap Works", "ASN-8", "IN0000009"]
    alike = [replace(FIRST, id=n, code=f"IN{n}", external_id=f"ASN-2026-11-22-00{n}")
             for n in (1, 2)]  # fmt: skip
    assert labels(*alike) == ["IN1 ASN-2026-11-22-001", "IN2 ASN-2026-11-22-002"]
    assert RECEIVE.prompt(ITEM, BASE, "en").lines[-1] == "ASN-7 Soap Works"


def test_no_delivery_is_said_with_what_may_be_done() -> None:
    empty = replace(CHOOSE, deliveries=())
    page = RECEIVE.prompt(State(), empty, "en")
    assert (page.ask, page.lines) == ("Nothing announced", ("Goods are here? F6 takes them in",))
    page = RECEIVE.prompt(State(), replace(empty, may_blind=False), "en")
    assert page.lines == ("Goods are here? F9 calls the lead",)
    assert [option.key for option in page.options] == ["F9", "F3"]
    read = receive(State(), other(), empty)
    assert read.say is not None
    assert read.say.message("en").expected == "the number on the paper"


def test_announced_lots_and_dates_are_shown_to_compare_with() -> None:
    due = tuple(
        replace(LINES[2], line=replace(LINES[2].line, id=n, lot=f"L{n}", expiry=f"2027-0{n}-01",
                                       received=10 if n == 3 else 0))
        for n in (1, 2, 3)
    )  # fmt: skip
    facts = holding(PILL, lines=due)
    assert RECEIVE.prompt(hand(PILL, "lot"), facts, "en").lines == ("Announced lots", "L1", "L2")
    dated = RECEIVE.prompt(hand(PILL, "expiry", lot="L2"), facts, "en")
    assert dated.lines == ("Due 2027-02-01",)
    assert RECEIVE.prompt(hand(PILL, "expiry", lot="X"), facts, "en").lines == ()
    assert RECEIVE.prompt(hand(PILL, "lot"), holding(PILL), "en").lines == ()
