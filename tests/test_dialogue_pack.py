"""The packer's table: each transition that it lists, on facts made by hand."""

from dataclasses import replace

from picking.dialogues.base import Seen
from picking.dialogues.pack_effects import (
    BindOne,
    Close,
    IssueLabels,
    MatchSlip,
    Reprint,
    SetAside,
    Take,
    TakeUp,
    Verify,
)
from picking.dialogues.pack_state import State
from tests.dialogue_table import CUP, TEA, command, item, key, other, tote
from tests.pack_table import (
    AT_BOX,
    AT_ITEM,
    AT_LABEL,
    AT_SCALE,
    AT_SLIP,
    BASKET,
    BENCH,
    BIG,
    CUP_KEY,
    EMPTY,
    LATE,
    OPEN,
    ORDER,
    PARCEL,
    SMALL,
    TEA_KEY,
    TOTAL,
    box,
    content,
    pack,
    shown,
    tracking,
    weight,
)
from wms.shipping.parcels import Packed

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
    assert pack(State(), Seen("tote", "T-02", code="T-02"), AT_LABEL).code == "pack.no_label"
    own_code = pack(State(), Seen("parcel", "P6-1", code="P6-1", id=3), AT_LABEL)
    assert (own_code.at, own_code.code, own_code.refused) == ("verify", "pack.scan_tracking", False)


def test_verify_to_verify_when_the_slip_was_read_a_moment_ago() -> None:
    """A trigger that is pulled twice when a slip is matched does not close the box."""
    matched = replace(AT_LABEL, parcel=replace(PARCEL, label_mode="pre_issued"))
    hasty = pack(State(), tracking("100000000003"), matched)
    assert (hasty.at, hasty.code, hasty.refused, hasty.effects) == (
        "verify", "scan.too_soon", False, (),
    )  # fmt: skip
    calm = pack(State(), replace(tracking("100000000003"), deliberate=True), matched)
    assert calm.effects == (Verify(3, "100000000003"),)


def test_verify_to_verify_when_the_number_was_typed() -> None:
    typed = pack(State(), replace(tracking("100000000003"), keyed=True), AT_LABEL)
    assert (typed.at, typed.code, typed.effects) == ("verify", "pack.scan_the_label", ())


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
