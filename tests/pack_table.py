"""Facts of a packing bench, made by hand, for the tests of its table and its screen."""

from dataclasses import replace

from picking.dialogues.base import Seen
from picking.dialogues.pack import PACK
from picking.dialogues.pack_state import Box, Content, Facts, Order, Parcel, State
from tests.dialogue_table import CUP, SKU, TEA, Move, move
from wms.rooms.prompts import Prompt

SMALL = Box("BX-S", "small", (200, 120, 80), 100)
BIG = Box("BX-L", "large", (500, 400, 300), 300)


def content(
    number: int, wanted: int = TEA, qty: int = 1, *, line: int | None = 7, lot: str = "",
    serial: str = "", at: str = "T-01", here: bool = True, rfid: bool = False, kind: str = "goods",
    weight_g: int = 80, own_box: bool = False,
) -> Content:  # fmt: skip
    """Picked units in a tote."""
    return Content(
        number, line, wanted, SKU[wanted], SKU[wanted].title(), "", kind, weight_g, (50, 50, 40),
        rfid, lot, serial, qty, at, here, own_box=own_box,
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
