"""What a packer is told, and what counts as proof, on facts made by hand."""

from dataclasses import replace

from picking.dialogues import pack_proof as proof
from picking.dialogues.base import ItemSeen, Say, Seen
from picking.dialogues.pack import PACK
from picking.dialogues.pack_effects import Close, ReprintSlip
from picking.dialogues.pack_state import Printing, State, Tagged
from tests.dialogue_table import CUP, TEA, command, item
from tests.pack_table import (
    AT_BOX,
    AT_ITEM,
    AT_LABEL,
    AT_SCALE,
    BASKET,
    BENCH,
    BIG,
    ORDER,
    PARCEL,
    TEA_KEY,
    TEAS,
    TOTAL,
    box,
    content,
    pack,
    shown,
    weight,
)
from wms.shipping.parcels import Packed


def test_an_order_that_is_not_ready_is_said_at_once() -> None:
    for facts, code in (
        (replace(BENCH, order=replace(ORDER, missing=1)), "pack.order_short"),
        (replace(BENCH, order=replace(ORDER, state="held")), "order.stopped"),
        (
            replace(BENCH, contents=(*TEAS, content(2, CUP, at="T-09", here=False))),
            "pack.totes_elsewhere",
        ),
    ):
        assert pack(AT_ITEM, item(TEA), facts).code == code
        assert pack(AT_BOX, box("BX-S"), replace(facts, scale="none")).code == code


def test_the_same_code_under_two_owners_is_asked_for() -> None:
    twins = Seen(
        "item", "4901", code="4901",
        items=(ItemSeen(TEA, "acme", "TEA", "Tea", 1), ItemSeen(CUP, "bolt", "CUP", "Cup", 1)),
    )  # fmt: skip
    assert pack(AT_ITEM, twins).state.scanned == (TEA_KEY,), "this order has only one of them"
    both = replace(TOTAL, contents=(content(1, TEA, line=None), content(2, CUP, line=None)))
    refused = pack(State(at="one", tote="T-01"), twins, both)
    assert (refused.code, refused.evidence) == ("scan.ambiguous", ("CUP, TEA", "4901"))


def test_serial_numbers_are_proven_one_by_one() -> None:
    numbered = (content(1, serial="S1"), content(2, serial="S2"))
    assert proof.next_piece(numbered, (), item(TEA, serial="S2")) == (f"{TEA}::S2",)
    twice = proof.next_piece(numbered, (f"{TEA}::S2",), item(TEA, serial="S2"))
    assert isinstance(twice, Say) and twice.code == "pack.too_many"
    unread = proof.next_piece(numbered, (), item(TEA))
    assert isinstance(unread, Say) and unread.expected == "S1, S2"


def test_lots_are_proven_where_the_barcode_tells_them() -> None:
    lots = (content(1, lot="L1"), content(2, lot="L2"))
    first = proof.next_piece(lots, (), item(TEA, lot="L1"))
    assert first == (f"{TEA}:L1:",)
    again = proof.next_piece(lots, (f"{TEA}:L1:",), item(TEA, lot="L1"))
    assert isinstance(again, Say), "the second one must be of the other lot"
    assert proof.next_piece(lots, (f"{TEA}:L1:",), item(TEA)) == (f"{TEA}:L2:",)
    assert proof.next_piece(TEAS, (), item(TEA, lot="L9")) == (TEA_KEY,), "not tracked by lot"


def test_what_was_proven_is_counted_again_when_the_tote_changed() -> None:
    smaller = replace(BENCH, contents=(content(1, TEA, 1),))
    assert PACK.arrive(AT_BOX, smaller) == AT_ITEM
    assert PACK.arrive(AT_SCALE, replace(BENCH, contents=BASKET)).at == "item"


def test_an_unknown_weight_proves_nothing_and_stops_nobody() -> None:
    unknown = replace(BENCH, contents=(content(1, TEA, 2, weight_g=0),))
    assert pack(AT_SCALE, weight(999), unknown, AT_LABEL).effects[0] == Close(
        6, (Packed(1, 2),), "BX-S", 999, 0
    )
    assert shown(AT_SCALE, unknown).focus.weight_g is None


# What else the screen says


def test_unproven_pieces_come_first_and_gifts_are_marked() -> None:
    gift = replace(BENCH, contents=(*TEAS, content(2, CUP, kind="gift")))
    lines = shown(State(at="item", tote="T-01", scanned=(TEA_KEY, TEA_KEY)), gift).lines
    assert lines == ("0/1 [gift] Cup", "2/2 Tea")


def test_the_reader_s_word_is_shown_against_the_tote() -> None:
    tagged = replace(BENCH, contents=(content(1, TEA, 2, rfid=True), content(2, CUP)))

    def line(*tags: Tagged) -> str:
        return shown(AT_ITEM, replace(tagged, tags=tags)).lines[0]

    assert line(Tagged(TEA, "TEA", 2)) == "RFID 2/2 match"
    assert line(Tagged(TEA, "TEA", 1)) == "RFID differs -1 TEA"
    assert line(Tagged(TEA, "TEA", 2), Tagged(99, "HAT", 1)) == "RFID differs +1 HAT"
    plain = replace(BENCH, tags=())
    assert shown(AT_ITEM, plain).lines[0] == "RFID: no tagged goods"


def test_a_printer_that_is_down_is_told_before_the_box_is_closed() -> None:
    down = replace(BENCH, printer="printer.paper_out")
    assert shown(AT_ITEM, down).lines[0] == "Printer: Paper is out: load labels"


def test_how_the_label_is_doing_is_said_in_words() -> None:
    for printing, line in (
        (Printing("requested"), "Label is being made"),
        (Printing("ready", "device.unreachable"),
         "Label waits for the printer Cannot be reached: check power and cable"),
        (Printing("blocked", "printer.head_open"), "Printer stopped: Close the print head"),
        (Printing("confirmed", "", "label-2"), "The label came out label-2"),
        (Printing("failed", "label.glyph field=note character=x code_point=U+1F44D"),
         "Cannot print: note has a character that cannot be printed: x (U+1F44D). Replace it"),
    ):  # fmt: skip
        facts = replace(AT_LABEL, parcel=replace(PARCEL, printing=printing))
        assert shown(State(), facts).lines == (line,)


def test_a_slip_that_did_not_come_out_is_told_and_can_be_had_again() -> None:
    facts = replace(BENCH, slip_printer=True, slip=Printing("blocked", "printer.paper_out"))
    assert shown(AT_ITEM, facts).lines[0] == "Printer stopped: Paper is out: load labels"
    assert pack(AT_ITEM, command("reprint"), facts).effects == (ReprintSlip(6),)
    assert pack(AT_ITEM, command("reprint")).code == "key.not_now", "there is no printer for slips"


def test_a_box_that_is_used_no_more_is_chosen_again() -> None:
    gone = replace(BENCH, boxes=(BIG,))
    refused = pack(AT_SCALE, weight(260), gone)
    assert (refused.at, refused.evidence) == ("box", ("BX-L", "BX-S"))
