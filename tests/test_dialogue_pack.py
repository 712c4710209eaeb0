"""The packer's table: each transition that it lists, on facts made by hand."""

from dataclasses import replace

from picking.dialogues import pack_proof as proof
from picking.dialogues.base import ItemSeen, Say, Seen
from picking.dialogues.pack import PACK
from picking.dialogues.pack_effects import (
    BindOne,
    Close,
    IssueLabels,
    MatchSlip,
    Reprint,
    ReprintSlip,
    SetAside,
    Take,
    TakeUp,
    Verify,
)
from picking.dialogues.pack_facts import (
    Box,
    Content,
    Facts,
    Order,
    Parcel,
    Printing,
    State,
    Tagged,
)
from tests.dialogue_table import CUP, SKU, TEA, Move, command, item, key, move, other, tote
from wms.parcels import Packed
from wms.prompts import Prompt

SMALL = Box("BX-S", "small", 1_000_000, 400, 100)
BIG = Box("BX-L", "large", 9_000_000, 1_200, 300)


def content(
    number: int, wanted: int = TEA, qty: int = 1, *, line: int | None = 7, lot: str = "",
    serial: str = "", at: str = "T-01", here: bool = True, rfid: bool = False, kind: str = "goods",
    weight_g: int = 80,
) -> Content:  # fmt: skip
    """Picked units in a tote."""
    return Content(
        number, line, wanted, SKU[wanted], SKU[wanted].title(), "", kind, weight_g, 100_000, rfid,
        lot, serial, qty, at, here,
    )  # fmt: skip


ORDER = Order(6, "O6", "picked", "yamato", "immediate", 30, 0, 0)
LATE = replace(ORDER, label_mode="pre_issued")
TEAS = (content(1, TEA, 2),)
BASKET = (content(1, TEA, 2), content(2, CUP, weight_g=300))
BENCH = Facts("PACK-1", "BENCH-1", contents=TEAS, order=ORDER, boxes=(SMALL, BIG), scale="ready")
TOTAL = Facts("PACK-1", "BENCH-1", contents=(content(1, TEA, 3, line=None),), boxes=(SMALL, BIG))
EMPTY = Facts("PACK-1", "BENCH-1", boxes=(SMALL, BIG))
TEA_KEY, CUP_KEY = f"{TEA}::", f"{CUP}::"
AT_ITEM = State(at="item", tote="T-01")
AT_BOX = State(at="box", tote="T-01", scanned=(TEA_KEY, TEA_KEY))
AT_SCALE = State(at="weigh", tote="T-01", scanned=(TEA_KEY, TEA_KEY), box="BX-S")
PARCEL = Parcel(3, "P6-1", 6, "labelled", "100000000003", box="BX-S")
OPEN = replace(PARCEL, state="open", tracking="")
AT_LABEL = replace(EMPTY, parcel=PARCEL)
AT_SLIP = replace(
    EMPTY, parcel=replace(OPEN, label_mode="pre_issued"), slip_numbers=("400000000004",)
)  # fmt: skip


def pack(state: State, seen: Seen, facts: Facts = BENCH, then: Facts | None = None) -> Move:
    return move(PACK, state, seen, facts, then)


def shown(state: State, facts: Facts) -> Prompt:
    return PACK.prompt(PACK.arrive(state, facts), facts, "en")


def weight(grams: int) -> Seen:
    return Seen("weight", f"{grams} g", number=grams)


def box(code: str) -> Seen:
    return Seen("box", code, code=code)


def tracking(number: str, parcel: int = 3) -> Seen:
    return Seen("tracking", number, code=number, id=parcel)


# The tote


def test_tote_to_item_when_it_holds_one_order() -> None:
    done = pack(State(), tote("T-01"), EMPTY, BENCH)
    assert (done.at, done.effects, done.state.tote) == ("item", (Take("T-01"),), "T-01")
    assert shown(done.state, BENCH).focus.sku == "TEA"


def test_tote_to_one_when_it_is_a_total() -> None:
    done = pack(State(), tote("T-01"), EMPTY, TOTAL)
    assert (done.at, done.effects) == ("one", (Take("T-01"),))


def test_tote_to_verify_when_a_box_was_set_aside() -> None:
    for seen in (tracking("100000000003"), Seen("parcel", "P6-1", code="P6-1", id=3)):
        done = pack(State(), seen, EMPTY, AT_LABEL)
        assert (done.at, done.effects) == ("verify", (TakeUp(3),))


def test_tote_to_tote_when_it_is_none() -> None:
    for seen, read in ((item(TEA), "TEA"), (other("x"), "x"), (tracking("1", parcel=0), "1")):
        refused = pack(State(), seen, EMPTY)
        assert (refused.at, refused.evidence, refused.effects) == ("tote", ("PACK-1", read), ())


def test_tote_to_menu_by_back() -> None:
    assert pack(State(), command("back"), EMPTY).at == "menu"


# One-piece orders


def test_one_to_box_when_an_item_was_scanned() -> None:
    unit = content(9, TEA)
    rest = content(1, TEA, 2, line=None)
    bound = replace(TOTAL, contents=(rest, unit), order=ORDER, scale="ready")
    done = pack(State(at="one", tote="T-01"), item(TEA), TOTAL, bound)
    assert (done.at, done.effects) == ("box", (BindOne(1),))
    assert shown(done.state, bound).total == 1, "only the piece of this order counts"
    wrong = pack(State(at="one", tote="T-01"), item(CUP), TOTAL)
    assert (wrong.at, wrong.evidence) == ("one", ("TEA", "CUP"))
    inner = pack(State(at="one", tote="T-01"), item(TEA, qty=2), TOTAL)
    assert (inner.at, inner.evidence) == ("one", ("1", "TEA"))


def test_one_to_box_takes_the_lot_that_was_read() -> None:
    lots = replace(
        TOTAL, contents=(content(1, line=None, lot="L1"), content(2, line=None, lot="L2"))
    )
    at = State(at="one", tote="T-01")
    assert pack(at, item(TEA, lot="L2"), lots).effects == (BindOne(2),)
    assert pack(at, item(TEA, lot="L3"), lots).evidence == ("L1, L2", "L3")


def test_one_to_tote_by_back() -> None:
    assert pack(State(at="one", tote="T-01"), command("back"), TOTAL, EMPTY).at == "tote"


# Piece by piece


def test_item_to_item_while_pieces_are_missing() -> None:
    first = pack(AT_ITEM, item(TEA))
    assert (first.at, first.state.scanned) == ("item", (TEA_KEY,))
    assert (shown(first.state, BENCH).done, shown(first.state, BENCH).total) == (1, 2)
    wrong = pack(AT_ITEM, item(CUP))
    assert (wrong.at, wrong.code, wrong.evidence) == ("item", "pack.wrong_item", ("TEA", "CUP"))
    many = pack(AT_ITEM, item(TEA, qty=3))
    assert (many.code, many.evidence) == ("pack.too_many", ("2", "TEA"))


def test_item_to_item_with_another_tote_of_the_order() -> None:
    two = replace(BENCH, contents=(content(1), content(2, CUP, at="T-02")))
    named = pack(AT_ITEM, tote("T-02"), two)
    assert (named.at, named.state.tote, named.refused) == ("item", "T-02", False)
    assert pack(AT_ITEM, tote("T-03"), two).evidence == ("CUP, TEA", "T-03")


def test_item_to_item_by_undo() -> None:
    undone = pack(State(at="item", tote="T-01", scanned=(TEA_KEY,)), command("undo"))
    assert (undone.at, undone.state.scanned) == ("item", ())
    assert pack(AT_ITEM, command("undo")).code == "key.not_now"


def test_item_to_box_when_everything_was_scanned() -> None:
    last = pack(State(at="item", tote="T-01", scanned=(TEA_KEY,)), item(TEA))
    assert last.at == "box"
    assert shown(last.state, BENCH).focus.box == "BX-S", "the smallest that holds them"
    assert pack(AT_ITEM, item(TEA, qty=2)).at == "box", "an inner pack of two"


def test_item_to_box_when_this_one_is_full() -> None:
    basket = replace(BENCH, contents=BASKET)
    split = pack(State(at="item", tote="T-01", scanned=(TEA_KEY,)), command("full"), basket)
    assert (split.at, split.state.split) == ("box", True)
    on_scale = State(at="weigh", tote="T-01", scanned=(TEA_KEY,), box="BX-S", split=True)
    closed = pack(on_scale, weight(180), basket)
    assert closed.effects == (Close(6, (Packed(1, 1),), "BX-S", 180, 180),), "no label yet"
    assert pack(AT_ITEM, command("full"), basket).code == "key.not_now", "an empty box is not full"


def test_item_to_tote_by_back() -> None:
    assert pack(AT_ITEM, command("back"), then=EMPTY).at == "tote"


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


# The box


def test_box_to_weigh_when_there_is_a_scale() -> None:
    chosen = pack(AT_BOX, box("BX-L"))
    assert (chosen.at, chosen.state.box, chosen.effects) == ("weigh", "BX-L", ())
    assert shown(chosen.state, BENCH).focus.weight_g == 460
    wrong = pack(AT_BOX, tote("T-01"))
    assert (wrong.at, wrong.code, wrong.evidence) == ("box", "pack.wrong_box", ("BX-S", "T-01"))
    narrow = replace(BENCH, order=replace(ORDER, sides_mm_max=600))
    assert pack(AT_BOX, box("BX-L"), narrow).evidence == ("600", "BX-L 1200")
    other_service = replace(BENCH, boxes=(replace(SMALL, services=("sagawa",)), BIG))
    assert pack(AT_BOX, box("BX-S"), other_service).refused
    assert shown(AT_BOX, other_service).focus.box == "BX-L"


def test_box_to_verify_without_a_scale() -> None:
    for scale in ("none", "down"):
        facts = replace(BENCH, scale=scale)
        closed = pack(AT_BOX, box("BX-S"), facts, AT_LABEL)
        assert closed.at == "verify"
        assert closed.effects == (Close(6, (Packed(1, 2),), "BX-S", 0, 260), IssueLabels(6))


def test_box_to_item_by_undo_and_back() -> None:
    undone = pack(AT_BOX, command("undo"))
    assert (undone.at, undone.state.scanned) == ("item", (TEA_KEY,))
    back = pack(AT_BOX, command("back"))
    assert (back.at, back.state.scanned) == ("item", ())


# The scale


def test_weigh_to_verify_when_the_weight_fits() -> None:
    closed = pack(AT_SCALE, weight(271), then=AT_LABEL)
    assert closed.at == "verify"
    assert closed.effects == (Close(6, (Packed(1, 2),), "BX-S", 271, 260), IssueLabels(6))


def test_weigh_to_verify_by_the_weight_on_the_scale() -> None:
    there = replace(BENCH, weight_g=255)
    assert shown(AT_SCALE, there).options[0].label == "Take 255 g"
    for one in (key("1"), command("1")):
        assert pack(AT_SCALE, one, there, AT_LABEL).effects[0] == Close(
            6, (Packed(1, 2),), "BX-S", 255, 260
        )
    empty = pack(AT_SCALE, key("1"), replace(BENCH, weight_g=0))
    assert (empty.at, empty.code) == ("weigh", "pack.put_on_scale")
    assert pack(AT_SCALE, key("2"), there).code == "key.not_now"


def test_weigh_to_verify_while_the_scale_is_down() -> None:
    down = replace(BENCH, scale="down", weight_g=999)
    assert shown(AT_SCALE, down).options[0].label == "Go on without the scale"
    closed = pack(AT_SCALE, command("1"), down, AT_LABEL)
    assert closed.effects[0] == Close(6, (Packed(1, 2),), "BX-S", 0, 260)


def test_weigh_to_slip_when_numbers_were_issued_before() -> None:
    closed = pack(AT_SCALE, weight(260), replace(BENCH, order=LATE), AT_SLIP)
    assert (closed.at, len(closed.effects)) == ("slip", 1), "a slip needs no label of ours"


def test_weigh_to_item_when_the_rest_goes_into_another_box() -> None:
    basket = replace(BENCH, contents=BASKET)
    part = State(at="weigh", tote="T-01", scanned=(TEA_KEY, TEA_KEY), box="BX-S", split=True)
    rest = replace(BENCH, contents=BASKET[1:])
    closed = pack(part, weight(260), basket, rest)
    assert (closed.at, len(closed.effects)) == ("item", 1)
    assert shown(closed.state, rest).focus.sku == "CUP"


def test_weigh_to_weigh_when_it_does_not_fit() -> None:
    basket = replace(BENCH, contents=BASKET)
    state = State(at="weigh", tote="T-01", scanned=(TEA_KEY, TEA_KEY, CUP_KEY), box="BX-S")
    for grams, code, named in (
        (560 + 295, "pack.too_heavy", "Cup"), (560 - 82, "pack.too_light", "Tea"),
        (560 + 200, "pack.other_box", "BX-L"), (560 + 150, "pack.weight_differs", "+150"),
    ):  # fmt: skip
        refused = pack(state, weight(grams), basket)
        assert (refused.at, refused.code, refused.effects) == ("weigh", code, ())
        assert refused.say is not None
        assert named in refused.say.message("en").text
    light = replace(BENCH, order=replace(ORDER, weight_g_max=250))
    assert pack(AT_SCALE, weight(260), light).evidence == ("250 g", "260 g")
    assert pack(AT_SCALE, item(TEA)).evidence == ("g", "TEA")


def test_an_unknown_weight_proves_nothing_and_stops_nobody() -> None:
    unknown = replace(BENCH, contents=(content(1, TEA, 2, weight_g=0),))
    assert pack(AT_SCALE, weight(999), unknown, AT_LABEL).effects[0] == Close(
        6, (Packed(1, 2),), "BX-S", 999, 0
    )
    assert shown(AT_SCALE, unknown).focus.weight_g is None


def test_weigh_to_item_by_undo_and_back() -> None:
    for name in ("undo", "back"):
        again = pack(AT_SCALE, command(name))
        assert (again.at, again.state.scanned, again.state.box) == ("item", (), "")


# The label


def test_label_to_verify_when_the_last_box_was_cancelled() -> None:
    waiting = replace(EMPTY, parcel=OPEN)
    assert shown(State(), waiting).step == "label"
    assert pack(State(), command("1"), waiting, AT_LABEL).effects == (IssueLabels(6),)
    assert pack(State(), key("1"), waiting, AT_LABEL).at == "verify"
    assert pack(State(), tote("T-01"), waiting).evidence == ("1", "T-01")


def test_slip_to_verify_when_it_is_this_order_s() -> None:
    seen = Seen("unknown", "400000000004", code="400000000004")
    matched = pack(State(), seen, AT_SLIP, AT_LABEL)
    assert (matched.at, matched.effects) == ("verify", (MatchSlip(3, "400000000004"),))
    assert shown(State(), AT_SLIP).lines == ("400000000004",)


def test_slip_to_slip_when_it_is_another_order_s() -> None:
    wrong = pack(State(), tracking("500000000005"), AT_SLIP)
    assert (wrong.at, wrong.evidence) == ("slip", ("400000000004", "500000000005"))
    none = replace(AT_SLIP, slip_numbers=())
    assert pack(State(), tracking("500000000005"), none).evidence == ("-", "500000000005")


def test_verify_to_tote_when_nothing_is_left() -> None:
    closed = pack(State(), tracking("100000000003"), AT_LABEL, EMPTY)
    assert (closed.at, closed.effects) == ("tote", (Verify(3, "100000000003"),))


def test_verify_to_one_when_the_total_holds_more() -> None:
    at_label = replace(TOTAL, parcel=PARCEL)
    closed = pack(State(at="verify", tote="T-01"), tracking("100000000003"), at_label, TOTAL)
    assert (closed.at, closed.state.tote) == ("one", "T-01")


def test_verify_to_verify_when_the_order_has_another_box() -> None:
    first = replace(AT_LABEL, parcel=replace(PARCEL, pieces=2))
    second = replace(PARCEL, id=4, code="P6-2", tracking="100000000014", piece=2, pieces=2)
    closed = pack(State(), tracking("100000000003"), first, replace(AT_LABEL, parcel=second))
    assert closed.at == "verify"
    prompt = shown(closed.state, replace(AT_LABEL, parcel=second))
    assert (prompt.focus.parcel, prompt.lines[0]) == ("P6-2", "Box 2 of 2")


def test_verify_to_verify_when_it_is_another_label() -> None:
    wrong = pack(State(), tracking("100000000014"), AT_LABEL)
    assert (wrong.at, wrong.code) == ("verify", "pack.wrong_label")
    assert wrong.evidence == ("100000000003", "100000000014")
    own_code = pack(State(), Seen("parcel", "P6-1", code="P6-1", id=3), AT_LABEL)
    assert (own_code.at, own_code.code, own_code.refused) == ("verify", "pack.scan_tracking", False)


def test_verify_to_verify_by_reprint() -> None:
    assert pack(State(), command("reprint"), AT_LABEL).effects == (Reprint(3),)
    assert pack(State(), command("reprint"), AT_SLIP).code == "key.not_now"
    assert pack(State(), command("undo"), AT_LABEL).code == "key.not_now"


def test_verify_to_tote_when_it_is_for_later() -> None:
    for facts in (AT_LABEL, AT_SLIP, replace(EMPTY, parcel=OPEN)):
        aside = pack(State(), command("later"), facts, EMPTY)
        assert (aside.at, aside.effects) == ("tote", (SetAside(3, "P6-1"),))


def test_any_to_list_and_back() -> None:
    basket = replace(BENCH, contents=BASKET)
    for state, facts in ((AT_ITEM, basket), (AT_BOX, BENCH), (AT_SCALE, BENCH)):
        listed = pack(state, command("list"), facts)
        assert shown(listed.state, facts).step == "list"
        for leave in ("list", "back"):
            assert shown(pack(listed.state, command(leave), facts).state, facts).step == state.at
    assert shown(pack(AT_ITEM, command("list"), basket).state, basket).lines == (
        "0/2 Tea", "0/1 Cup",
    )  # fmt: skip
    through = pack(pack(AT_ITEM, command("list"), basket).state, item(CUP), basket)
    assert through.state.scanned == (CUP_KEY,)
    total = pack(State(at="one", tote="T-01"), command("list"), TOTAL)
    assert shown(total.state, TOTAL).lines == ("3 Tea",)


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
