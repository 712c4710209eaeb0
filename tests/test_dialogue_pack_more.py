"""The packer's table, second half: printers, papers, own boxes, tags, and other services."""

from dataclasses import replace

from msgspec.structs import replace as having

from picking.dialogues.base import Seen
from picking.dialogues.pack_effects import (
    ChangeService,
    Close,
    IssueLabels,
    Redirect,
    ReprintSlip,
    Take,
)
from picking.dialogues.pack_proof import preflight
from picking.dialogues.pack_state import Gift, Needs, Paper, State, Tagged, Upgrade
from tests.dialogue_table import CUP, TEA, command, item, key, other, tote
from tests.pack_table import (
    AT_BOX,
    AT_ITEM,
    AT_LABEL,
    AT_SCALE,
    BENCH,
    CUP_KEY,
    EMPTY,
    OPEN,
    ORDER,
    TEA_KEY,
    box,
    content,
    pack,
    shown,
    weight,
)
from wms.shipping.cartons import OWN_BOX
from wms.shipping.parcels import Packed

BILL = Paper("INV-1", "invoice")
BILLED = replace(BENCH, papers=(BILL,), slip_printer=True)
NO_PRINTER = replace(EMPTY, printer="print.no_printer", stopped="print.no_printer")
HELPED = replace(NO_PRINTER, helper="PACK-2")
UPGRADES = (Upgrade("takkyubin", "TA-Q-BIN", 380), Upgrade("cool", "Cool", 600))
ALL_TEAS = (TEA_KEY, TEA_KEY)


def paper(code: str) -> Seen:
    return Seen("unknown", code, code=code)


# What needs no scan, by the owner's rule


def test_tote_to_box_when_the_tags_prove_all_of_it() -> None:
    tagged = (content(1, TEA, 2, rfid=True),)
    trusting = replace(ORDER, trust_tags=True)
    seen = (Tagged(TEA, "TEA", 2, ""),)
    there = replace(BENCH, contents=tagged, order=trusting, tags=seen)
    assert pack(State(), tote("T-01"), EMPTY, there).at == "box"
    for facts in (
        replace(there, order=ORDER),
        replace(there, tags=(Tagged(TEA, "TEA", 1, ""),)),
        replace(there, tags=(*seen, Tagged(CUP, "CUP", 1, "O9"))),
        replace(there, tags=None),
    ):
        assert pack(State(), tote("T-01"), EMPTY, facts).at == "item"
    mixed = replace(there, contents=(*tagged, content(2, CUP)))
    moved = pack(State(), tote("T-01"), EMPTY, mixed)
    assert (moved.at, moved.state.scanned) == ("item", ALL_TEAS), "what has no tag is scanned"


def test_item_to_box_when_one_piece_speaks_for_all() -> None:
    trusting = replace(BENCH, order=replace(ORDER, trust_one_item=True))
    moved = pack(AT_ITEM, item(TEA), trusting)
    assert (moved.at, moved.state.scanned) == ("box", ALL_TEAS)
    assert pack(AT_ITEM, item(CUP), trusting).refused
    several = replace(trusting, contents=(content(1, TEA, 2), content(2, CUP)))
    assert pack(AT_ITEM, item(TEA), several).state.scanned == (TEA_KEY,)


# The bench looks at itself first


def test_tote_to_tote_when_this_bench_lacks_what_the_goods_need() -> None:
    label, bill, scale = Needs(label=True), Needs(paper=True), Needs(weight=True)
    for facts, code in (
        (replace(NO_PRINTER, needs=label), "pack.no_label_printer"),
        (replace(EMPTY, needs=bill), "pack.no_paper_printer"),
        (replace(EMPTY, needs=bill, slip_printer=True, paper_stopped="device.unreachable"),
         "pack.no_paper_printer"),
        (replace(EMPTY, needs=scale, scale="down"), "pack.no_scale"),
    ):  # fmt: skip
        refusal = preflight(facts, "en")
        assert refusal is not None and refusal.code == code
    for fine in (
        replace(NO_PRINTER, needs=Needs()), replace(EMPTY, needs=label),
        replace(EMPTY, needs=bill, slip_printer=True),
        replace(EMPTY, needs=scale, scale="ready"),
    ):  # fmt: skip
        assert preflight(fine, "en") is None
    assert pack(State(), tote("T-01"), NO_PRINTER).effects == (Take("T-01"),), "the book decides"


def test_tote_to_tote_by_printing_at_the_neighbour() -> None:
    assert shown(State(), HELPED).options[0].label == "Print at PACK-2"
    for one in (key("1"), command("1")):
        assert pack(State(), one, HELPED).effects == (Redirect("PACK-2"),)
    there = replace(EMPTY, redirected="PACK-2", helper="PACK-2")
    assert pack(State(), key("1"), there).effects == (Redirect(""),)
    assert "Prints at PACK-2" in shown(AT_ITEM, replace(BENCH, redirected="PACK-2")).lines
    assert pack(State(), command("1"), EMPTY).code == "key.not_now", "its own printer works"
    assert pack(State(), command("1"), NO_PRINTER).code == "key.not_now", "nobody helps"
    refusal = preflight(replace(HELPED, needs=Needs(label=True)), "en")
    assert refusal is not None and refusal.params["way_out"] == "1 prints at PACK-2"


def test_verify_to_verify_by_printing_at_the_neighbour() -> None:
    down = replace(AT_LABEL, printer="printer.paper_out", helper="PACK-2")
    assert pack(State(), key("1"), down).effects == (Redirect("PACK-2"),)
    assert pack(State(), key("1"), AT_LABEL).code == "pack.wrong_label", "it is no key now"


# Papers that go into the box


def test_item_to_item_with_a_paper() -> None:
    scanned = pack(AT_ITEM, paper("INV-1"), BILLED)
    assert (scanned.at, scanned.state.papers, scanned.refused) == ("item", ("INV-1",), False)
    slip = pack(AT_ITEM, paper("O6"), BILLED)
    assert (slip.at, slip.code, slip.refused) == ("item", "pack.slip_matches", False)
    assert pack(AT_ITEM, paper("O7"), BILLED).code == "pack.wrong_item"
    typed = pack(AT_ITEM, replace(paper("INV-1"), keyed=True), BILLED)
    assert typed.refused, "a code read off the screen is no paper in the box"


def test_item_to_paper_when_only_a_paper_is_missing() -> None:
    last = pack(having(AT_ITEM, scanned=(TEA_KEY,)), item(TEA), BILLED)
    assert last.at == "paper"
    prompt = shown(last.state, BILLED)
    assert (prompt.focus.item, prompt.focus.sku) == ("Invoice", "INV-1")
    late = replace(BILLED, papers=(replace(BILL, here=False),))
    assert pack(AT_ITEM, item(TEA), late).code == "document.missing"
    packed = replace(BILLED, papers=(replace(BILL, packed=True),))
    assert pack(having(AT_ITEM, scanned=(TEA_KEY,)), item(TEA), packed).at == "box"


AT_PAPER = having(AT_BOX, at="paper")


def test_paper_to_box_when_the_last_one_was_scanned() -> None:
    done = pack(AT_PAPER, paper("INV-1"), BILLED)
    assert (done.at, done.state.papers) == ("box", ("INV-1",))
    closed = pack(done.state, box("BX-S"), replace(BILLED, scale="none"), AT_LABEL)
    assert closed.effects[0] == Close(6, (Packed(1, 2),), "BX-S", 0, 260, ("INV-1",))


def test_paper_to_box_when_it_was_written_by_hand() -> None:
    card = Paper("O0000006-C", "card", failed="label.glyph field=message character=x")
    broken = replace(BILLED, papers=(card,))
    assert shown(AT_PAPER, broken).options[0].label == "Written by hand"
    done = pack(AT_PAPER, command("1"), broken)
    assert (done.at, done.state.papers) == ("box", ("O0000006-C",))
    assert pack(AT_PAPER, command("1"), BILLED).refused, "a bill is never written by hand"


def test_paper_to_paper_when_it_is_another() -> None:
    wrong = pack(AT_PAPER, paper("INV-2"), BILLED)
    assert (wrong.at, wrong.code, wrong.evidence) == (
        "paper", "pack.wrong_paper", ("INV-1", "INV-2"),
    )  # fmt: skip
    assert pack(AT_PAPER, command("reprint"), BILLED).effects == (ReprintSlip(6),)


def test_paper_to_item_by_undo_and_back() -> None:
    assert pack(AT_PAPER, command("undo"), BILLED).state.scanned == (TEA_KEY,)
    assert pack(AT_PAPER, command("back"), BILLED).state == AT_ITEM


# Boxes


def test_item_to_box_when_it_travels_in_its_own() -> None:
    kettle = content(2, CUP, own_box=True, weight_g=1_500)
    basket = replace(BENCH, contents=(content(1), kettle))
    alone = pack(AT_ITEM, item(CUP), basket)
    assert (alone.at, alone.state.split, alone.state.scanned) == ("box", True, (CUP_KEY,))
    assert shown(alone.state, basket).focus.sku == "CUP", "the piece is the box"
    weighed = pack(alone.state, item(CUP), basket)
    assert (weighed.at, weighed.state.box) == ("weigh", OWN_BOX)
    closed = pack(weighed.state, weight(1_510), basket, BENCH)
    assert closed.effects == (Close(6, (Packed(2, 1),), OWN_BOX, 1_510, 1_500),)
    mixed = pack(having(AT_ITEM, scanned=(TEA_KEY,)), item(CUP), basket)
    assert (mixed.code, mixed.evidence) == ("pack.goes_alone", ("F6", "CUP"))
    assert pack(AT_BOX, item(TEA)).code == "pack.wrong_box"
    assert pack(alone.state, box("BX-S"), basket).at == "weigh", "another box may be put around it"


def test_box_to_box_when_the_last_piece_does_not_go_in() -> None:
    split = pack(AT_BOX, command("full"))
    assert (split.at, split.state.split, split.state.scanned) == ("box", True, (TEA_KEY,))
    one = State(at="box", tote="T-01", scanned=(TEA_KEY,))
    single = replace(BENCH, contents=(content(1),))
    assert pack(one, command("full"), single).code == "key.not_now"
    mail = replace(BENCH, order=replace(ORDER, pieces_max=1))
    assert pack(AT_BOX, command("full"), mail).code == "pack.one_box_only"


def test_box_to_box_when_the_tags_differ() -> None:
    tagged = replace(
        BENCH, contents=(content(1, TEA, 2, rfid=True),), tags=(Tagged(99, "HAT", 1, "O7"),)
    )
    doubted = pack(AT_BOX, box("BX-S"), tagged)
    assert (doubted.at, doubted.code, doubted.state.doubted) == ("box", "pack.tags_differ", "BX-S")
    assert doubted.say is not None
    assert doubted.say.params["difference"] == "-2 TEA, +1 HAT (O7)"
    assert pack(doubted.state, box("BX-S"), tagged).at == "box", "one trigger pull too many"
    sure = replace(box("BX-S"), deliberate=True)
    assert pack(doubted.state, sure, tagged).at == "weigh"
    assert pack(doubted.state, replace(sure, code="BX-L"), tagged).at == "box", "another box"
    agreed = replace(tagged, tags=(Tagged(TEA, "TEA", 2),))
    assert pack(AT_BOX, box("BX-S"), agreed).at == "weigh"


def test_the_screen_says_how_many_boxes_it_takes_and_what_the_purchaser_wished() -> None:
    big = replace(content(1, TEA, 3), sides=(190, 110, 75))
    several = replace(BENCH, contents=(big,), boxes=BENCH.boxes[:1])
    assert shown(AT_ITEM, several).lines[0] == "3 boxes: BX-S BX-S BX-S"
    gift = Gift("ribbon", "御祝", "山田", "", True)
    lines = shown(AT_ITEM, replace(BENCH, order=replace(ORDER, gift=gift))).lines
    assert lines[:3] == ("Noshi: 御祝 山田", "Wrapping: ribbon", "No slip in this box")
    unmeasured = replace(BENCH, contents=(replace(content(1, TEA, 2), sides=(0, 0, 0)),))
    assert shown(AT_BOX, unmeasured).focus.box == "", "nothing that cannot be shown"
    card = content(2, CUP, kind="insert")
    flat = replace(BENCH, contents=(*BENCH.contents, replace(card, sides=(0, 0, 0))))
    assert shown(having(AT_BOX, scanned=(*ALL_TEAS, CUP_KEY)), flat).focus.box == "BX-S"


def test_an_owner_who_wants_weights_gets_them() -> None:
    strict = replace(BENCH, order=replace(ORDER, must_weigh=True))
    assert pack(AT_BOX, box("BX-S"), replace(strict, scale="none")).code == "pack.no_scale"
    assert pack(AT_BOX, box("BX-S"), replace(strict, scale="down")).code == "pack.no_scale"
    assert pack(AT_SCALE, key("1"), replace(strict, scale="down")).code == "pack.no_scale"


# Another service


ALLOWED = replace(BENCH, upgrades=UPGRADES)
LABELLED = replace(AT_LABEL, upgrades=UPGRADES)


def test_box_to_service() -> None:
    asked = pack(AT_BOX, key("2"), ALLOWED)
    prompt = shown(asked.state, ALLOWED)
    assert (prompt.step, [option.label for option in prompt.options][:2]) == (
        "service", ["TA-Q-BIN +380", "Cool +600"],
    )  # fmt: skip
    assert pack(AT_BOX, command("2")).code == "key.not_now", "this owner allows none"


def test_weigh_to_service() -> None:
    assert shown(pack(AT_SCALE, key("2"), ALLOWED).state, ALLOWED).step == "service"


def test_verify_to_service() -> None:
    assert shown(pack(State(), key("2"), LABELLED).state, LABELLED).step == "service"
    label = replace(LABELLED, parcel=OPEN)
    assert shown(pack(State(), command("2"), label).state, label).step == "service"


def test_service_to_box_when_there_is_no_label_yet() -> None:
    for state in (AT_BOX, AT_SCALE):
        chosen = pack(having(state, changing=True), key("1"), ALLOWED)
        assert (chosen.at, chosen.state.box) == ("box", "")
        assert chosen.effects == (ChangeService(6, "takkyubin"),)


def test_service_to_verify_with_a_new_label() -> None:
    chosen = pack(State(changing=True), command("2"), LABELLED)
    assert (chosen.at, chosen.effects) == ("verify", (ChangeService(6, "cool"), IssueLabels(6)))


def test_service_to_any_by_back() -> None:
    for state, facts in ((AT_BOX, ALLOWED), (AT_SCALE, ALLOWED), (State(), LABELLED)):
        before = shown(state, facts).step
        asking = having(state, changing=True)
        assert shown(pack(asking, command("back"), facts).state, facts).step == before
        wrong = pack(asking, other("x"), facts)
        assert wrong.evidence == ("1-2", "x")
