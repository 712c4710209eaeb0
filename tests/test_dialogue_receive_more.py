"""The receiver's table, its second half: counting, setting down, barcodes, lists, the portal."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as changed

from picking.dialogues.receive import RECEIVE
from picking.dialogues.receive_effects import AcceptTags, Bind, Book, CloseOut, NewPallet
from picking.dialogues.receive_facts import Goods, Hand
from picking.portal import Decision, Missing, Read, Sighting
from tests.dialogue_table import command, key, other, place, tote
from tests.picking_site import NOON
from tests.receive_table import (
    BASE,
    CHOOSE,
    HAT,
    ITEM,
    LABEL,
    LOOSE,
    MILK,
    PILL,
    RADIO,
    SOAP,
    goods,
    hand,
    holding,
    keyed,
    receive,
)
from wms.inbound.rules import Line
from wms.rooms.gaps import Gap

# --- counting and setting down -----------------------------------------------------------------


def test_put_to_put_counts_more() -> None:
    more = receive(hand(SOAP), goods(SOAP, qty=12), holding(SOAP))
    assert (more.at, more.state.hand.qty) == ("put", 13)
    assert receive(hand(SOAP), keyed("8"), holding(SOAP)).state.hand.qty == 8
    assert receive(hand(LOOSE, qty=0, chosen=True), keyed("3"), holding(LOOSE)).state.hand.qty == 3
    label = receive(hand(SOAP), command("full"), holding(SOAP))
    assert (label.at, label.effects) == ("put", (NewPallet(7),))


def test_put_to_put_refuses_the_rest() -> None:
    wrong = {
        "receive.count_by_scan": keyed("5"), "receive.put_first": goods(MILK),
        "key.not_now": command("later"),
    }  # fmt: skip
    for code, seen in wrong.items():
        assert (receive(hand(SOAP), seen, holding(SOAP)).code) == code
    many = hand(SOAP, qty=24)
    assert receive(many, keyed("8"), holding(SOAP)).code == "receive.less_than_counted"
    pill = hand(PILL, lot="L1", expiry="2027-05-31")
    for seen in (goods(PILL, lot="L2"), goods(PILL, lot="L1", expiry="2027-06-30")):
        assert receive(pill, seen, holding(PILL)).code == "receive.other_lot"
    radio = hand(RADIO, serials=("S1",))
    same = receive(radio, goods(RADIO, serial="S1"), holding(RADIO))
    assert same.code == "receive.serial_twice"
    nothing = hand(LOOSE, qty=0, chosen=True)
    assert receive(nothing, tote("PL-1"), holding(LOOSE)).code == "receive.count_first"


def test_put_to_serial_for_one_more_piece() -> None:
    radio = hand(RADIO, serials=("S1",))
    more = receive(radio, goods(RADIO), holding(RADIO))
    assert (more.at, more.state.hand.qty) == ("serial", 2)


def test_put_to_item_when_it_was_set_down() -> None:
    for seen in (tote("PL-1"), place("DOCK"), other(LABEL)):
        done = receive(hand(SOAP, qty=8), seen, holding(SOAP))
        (book,) = done.effects
        assert isinstance(book, Book)
        assert (done.at, done.state) == ("item", ITEM)
        assert (book.item, book.qty, book.place, book.condition) == (
            SOAP, 8, seen.code, "available",
        )  # fmt: skip


def test_lots_and_conditions_of_what_is_set_down() -> None:
    pill = hand(PILL, lot="L1", expiry="2027-05-31")
    (book,) = receive(pill, place("DOCK"), holding(PILL)).effects
    assert (book.lot, book.expiry, book.condition) == ("L1", "2027-05-31", "available")
    milk = hand(MILK, expiry="2026-12-01", lot="X", sure=("short_life",))
    (book,) = receive(milk, place("DOCK"), holding(MILK)).effects
    assert (book.lot, book.condition, book.why) == ("2026-12-01", "quarantine", "short_life")
    old = hand(MILK, expiry="2026-11-21", sure=("expired",))
    (book,) = receive(old, place("DOCK"), holding(MILK)).effects
    assert book.condition == "expired"
    wet = hand(MILK, expiry="2026-11-21", sure=("expired",), why="wet")
    (book,) = receive(wet, place("DOCK"), holding(MILK)).effects
    assert (book.condition, book.why) == ("damaged", "wet")
    soap = hand(SOAP, lot="L9", expiry="2027-01-01", serials=("S1",))
    (book,) = receive(soap, place("DOCK"), holding(SOAP)).effects
    assert (book.lot, book.expiry, book.serials) == ("", "", ()), "kept by none of them"


def test_put_to_over_when_more_came_than_announced() -> None:
    asked = receive(hand(SOAP, qty=9), tote("PL-1"), holding(SOAP))
    assert (asked.at, asked.effects, asked.state.hand.target) == ("over", (), "PL-1")
    prompt = RECEIVE.prompt(asked.state, holding(SOAP), "en")
    assert prompt.lines == ("8 to come, 1 over",)


def test_put_to_why_when_it_is_damaged() -> None:
    assert receive(hand(SOAP), command("short"), holding(SOAP)).at == "why"


def test_why_to_put_by_its_digit() -> None:
    asked = hand(SOAP, at="why")
    wet = receive(asked, key("2"), holding(SOAP))
    assert (wet.at, wet.state.hand.why) == ("put", "wet")
    assert RECEIVE.prompt(wet.state, holding(SOAP), "en").photo == f"inbound_line:{SOAP}"
    assert RECEIVE.prompt(asked, holding(SOAP), "en").photo == ""
    assert receive(asked, command("back"), holding(SOAP)).state.hand.why == ""


def test_why_to_why_when_it_is_no_reason() -> None:
    assert receive(hand(SOAP, at="why"), key("7"), holding(SOAP)).evidence == ("1-4", "7")


OVER = hand(SOAP, at="over", qty=9, target="PL-1")


def test_over_to_item_by_its_digit() -> None:
    done = receive(OVER, key("1"), holding(SOAP))
    (book,) = done.effects
    assert (done.at, book.over, book.place, book.qty) == ("item", "supplier_over", "PL-1", 9)


def test_over_to_put_by_back() -> None:
    again = receive(OVER, command("back"), holding(SOAP))
    assert (again.at, again.state.hand.qty, again.effects) == ("put", 9, ())


def test_over_to_over_when_it_is_no_reason() -> None:
    assert receive(OVER, tote("PL-1"), holding(SOAP)).evidence == ("1-3", "PL-1")


@pytest.mark.parametrize("leave", ["back", "undo"])
def test_lot_to_item_empties_the_hand(leave: str) -> None:
    left = receive(hand(PILL), command(leave), holding(PILL))
    assert (left.at, left.state, left.effects) == ("item", ITEM, ())


def test_expiry_to_item_empties_the_hand() -> None:
    assert receive(hand(MILK), command("back"), holding(MILK)).state == ITEM


def test_serial_to_item_empties_the_hand() -> None:
    assert receive(hand(RADIO), command("back"), holding(RADIO)).state == ITEM


def test_sure_to_item_empties_the_hand() -> None:
    assert receive(hand(HAT), command("back"), holding(HAT)).state == ITEM


def test_put_to_item_empties_the_hand() -> None:
    assert receive(hand(SOAP), command("undo"), holding(SOAP)).state == ITEM


# --- unknown barcodes --------------------------------------------------------------------------

UNKNOWN = changed(ITEM, at="bind", code="4999")


def test_bind_to_inside_when_the_item_was_named() -> None:
    for seen in (goods(MILK), key("2")):
        named = receive(UNKNOWN, seen, then=holding(MILK))
        assert (named.at, named.state.binding) == ("inside", MILK)


def test_bind_to_bind_when_it_is_no_item() -> None:
    for seen in (goods(SOAP, owner="other"), tote("PL-1"), key("7")):
        assert receive(UNKNOWN, seen).evidence[0] == "SKU / 1-4"
    assert receive(UNKNOWN, key("9")).state.page == 1


def test_bind_to_item_by_back() -> None:
    assert receive(UNKNOWN, command("back")).state == ITEM


INSIDE = changed(UNKNOWN, at="inside", binding=SOAP)


def test_inside_to_put_when_it_was_keyed() -> None:
    bound = receive(INSIDE, keyed("12"), holding(SOAP))
    assert (bound.at, bound.state.hand.qty) == ("put", 12)
    assert bound.effects == (Bind(7, SOAP, "4999", 12),)


def test_inside_to_inside_when_it_is_no_number() -> None:
    for seen in (other("many"), keyed("0"), goods(SOAP), keyed("10001")):
        assert receive(INSIDE, seen, holding(SOAP)).evidence[0] == "1-10000"


def test_inside_to_bind_by_back() -> None:
    assert receive(INSIDE, command("back"), holding(SOAP)).at == "bind"


# --- list and close ----------------------------------------------------------------------------

LISTED = changed(ITEM, at="list")


def test_list_to_put_for_goods_without_a_barcode() -> None:
    chosen = receive(changed(LISTED, page=1), key("1"), then=holding(LOOSE))
    assert (chosen.at, chosen.state.hand) == ("put", Hand(item=LOOSE, chosen=True))


def test_list_to_list_shows_the_next_and_refuses_the_rest() -> None:
    assert receive(LISTED, key("9")).state.page == 1
    assert receive(LISTED, goods(SOAP)).evidence == ("1-4", "SOAP")


def test_list_to_close_by_full() -> None:
    assert receive(LISTED, command("full")).at == "close"


def test_list_to_item_by_back() -> None:
    assert receive(LISTED, command("back")).at == "item"


CLOSING = changed(ITEM, at="close")


def test_close_to_choose_with_a_reason_when_something_is_missing() -> None:
    closed = receive(CLOSING, key("3"), then=CHOOSE)
    assert (closed.at, closed.effects) == ("choose", (CloseOut(7, "comes_later"),))
    all_here = replace(BASE, lines=(Goods(Line(1, 1, SOAP, 2, received=2), "SOAP", "Soap"),))
    assert receive(CLOSING, key("1"), all_here, CHOOSE).effects == (CloseOut(7, ""),)
    assert receive(CLOSING, key("2"), all_here).evidence == ("1", "2")


def test_close_to_close_when_it_is_no_answer() -> None:
    assert receive(CLOSING, goods(SOAP)).evidence == ("1-3", "SOAP")
    prompt = RECEIVE.prompt(CLOSING, BASE, "en")
    assert prompt.lines[0] == "SOAP 2/10"


def test_close_to_item_by_back() -> None:
    assert receive(CLOSING, command("back")).at == "item"


# --- the portal --------------------------------------------------------------------------------

PORTAL = changed(ITEM, at="portal", portal_ms=NOON)
READ = replace(BASE, portal=Decision(
    accepted=((1, "a"), (1, "b")), missing=(Missing(SOAP, "SOAP", 2, ("c", "d")),),
    extra=(Read("e", HAT, "HAT"),), elsewhere=(Read("f", SOAP, "SOAP", "IN0000008"),),
    again=(Read("g", SOAP, "SOAP", before=True),), blind=(Gap(1, 2),),
), sightings=(Sighting("c", "SOAP", "gate-2", -61, NOON - 9_000),),
    blind="09:00:07-09:00:12")  # fmt: skip


def test_portal_to_item_receives_all_that_can_be() -> None:
    done = receive(PORTAL, key("1"), READ)
    assert (done.at, done.state) == ("item", ITEM)
    assert done.effects == (AcceptTags(7, ((1, "a"), (1, "b")), "DOCK"),)


def test_portal_to_portal_looks_again() -> None:
    assert receive(PORTAL, key("2"), READ).state == PORTAL
    assert receive(PORTAL, goods(SOAP), READ).evidence == ("1-3", "SOAP")
    nothing = replace(READ, portal=Decision())
    assert receive(PORTAL, key("1"), nothing).refused, "nothing can be received"
    lines = RECEIVE.prompt(PORTAL, READ, "en").lines
    assert lines == (
        "2 ok 2 unread? +2", "gate-1 was blind 09:00:07-09:00:12: look again",
        "Not seen 2 SOAP", "1 of IN0000008", "Extra 1 HAT", "Received before 1",
    )  # fmt: skip


def test_portal_to_locate_tells_where_the_others_are() -> None:
    found = receive(PORTAL, key("3"), READ)
    assert found.at == "locate"
    lines = RECEIVE.prompt(found.state, READ, "en").lines
    assert lines == ("SOAP gate-2", "  -61 dBm 9s ago")


def test_portal_to_item_by_back() -> None:
    assert receive(PORTAL, command("back"), READ).state == ITEM


def test_locate_to_portal_by_any_key() -> None:
    assert receive(changed(PORTAL, at="locate"), command("back"), READ).at == "portal"
