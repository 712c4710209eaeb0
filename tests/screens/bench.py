"""Screens of the bench and of the put wall: proof, box, weight, label; one order a slot."""

from dataclasses import replace

from picking.dialogues.base import Say, Seen
from picking.dialogues.pack import PACK
from picking.dialogues.pack_state import (
    Box,
    Content,
    Facts,
    Gift,
    Order,
    Paper,
    Parcel,
    Printing,
    State,
    Tagged,
    Upgrade,
)
from picking.dialogues.sort import SORT
from picking.dialogues.sort import Facts as Wall
from picking.dialogues.sort import State as Sorting
from picking.walls import Goods, Slot
from tests.screens.making import (
    LOT,
    MANY,
    NAME,
    NUMBER,
    OTHER,
    PLAIN,
    SKU,
    TOTE,
    Show,
    item,
    of,
    place,
    refusing,
    told,
    unknown,
)
from wms.errors import Code

ONE = Content(1, 7, NUMBER, SKU, NAME, "", "goods", 80, (50, 50, 40), True, LOT, "", 12, TOTE, True)
CARD = Content(
    2, 8, OTHER, "CARD-01", "メッセージカード", "", "gift", 5, (0, 0, 0), False, "", "", 1, TOTE,
    True,
)  # fmt: skip
CLOTH = Content(
    3, 9, 13, "GAUZE-01", PLAIN, "", "goods", 60, (100, 80, 20), False, "", "", 2, TOTE, True
)
KEY = f"{NUMBER}:{LOT}:"
ORDER = Order(6, "O0000123", "picked", "yamato_nekopos", "immediate", 30, 0, 0, gift=Gift(
    "青い包装紙", "内祝", "長谷川 左衛門三郎", "お誕生日おめでとうございます", True
))  # fmt: skip
PLAIN_ORDER = replace(ORDER, gift=None)
BOXES = (
    Box("BX-S", "small", (200, 120, 80), 100), Box("BX-L100", "large", (500, 400, 300), 300),
)  # fmt: skip
BENCH = Facts(
    "PACK-01", "BENCH-01", scale="ready", slip_printer=True, contents=(ONE, CARD, CLOTH),
    order=ORDER, boxes=BOXES, tags=(Tagged(NUMBER, SKU, 10), Tagged(99, "HAT", 1, "O0000124")),
    upgrades=(Upgrade("yamato", "宅急便", 450), Upgrade("yamato_compact", "宅急便コンパクト", 120)),
    papers=(Paper("INV-2026-000123", "invoice"),),
)  # fmt: skip
SIMPLE = replace(
    BENCH, order=PLAIN_ORDER, tags=None, papers=(), upgrades=(), contents=(replace(CLOTH, qty=2),),
    slip_printer=False,
)  # fmt: skip
NOTHING = replace(SIMPLE, contents=(), order=None)
TOTAL = replace(NOTHING, contents=(replace(ONE, line=None, qty=MANY), replace(CLOTH, line=None)))
BROKEN = replace(
    NOTHING, printer="printer.paper_out", stopped="printer.paper_out", helper="PACK-02"
)
PROVEN = ((KEY,) * 12) + (f"{OTHER}::",) + ("13::",) * 2
SIMPLE_PROVEN = ("13::",) * 2
BOXED = State(at="weigh", tote=TOTE, scanned=PROVEN, box="BX-L100", papers=("INV-2026-000123",))
PARCEL = Parcel(
    3, "P0000123-2", 6, "labelled", "123456789012", box="BX-L100", piece=2, pieces=3,
    printing=Printing("blocked", "printer.paper_out", "label-1"),
)  # fmt: skip
AT_LABEL = replace(NOTHING, parcel=PARCEL, upgrades=BENCH.upgrades)
CALM = replace(
    NOTHING, parcel=replace(PARCEL, pieces=1, printing=Printing("confirmed", "", "label-1"))
)
OPEN = replace(PARCEL, state="open", tracking="", printing=None)
LATE = replace(
    AT_LABEL, parcel=replace(OPEN, label_mode="pre_issued"),
    slip_numbers=("123456789012", "123456789023", "123456789034"),
)  # fmt: skip

PACKING: dict[str, Show] = {
    "tote": of(PACK, State(), NOTHING),
    "tote broken": of(PACK, State(), BROKEN),
    "tote wrong": refusing(PACK, State(), NOTHING, place()),
    "tote unprinted": told(of(PACK, State(), BROKEN), Say(Code.NO_LABEL_PRINTER, "error", params={
        "why": "用紙切れ", "way_out": "1で PACK-02 に印刷",
    })),
    "one": of(PACK, State(at="one", tote=TOTE), TOTAL),
    "item": of(PACK, State(at="item", tote=TOTE), BENCH),
    "item easy": of(PACK, State(at="item", tote=TOTE), SIMPLE),
    "item wrong": refusing(PACK, State(at="item", tote=TOTE), SIMPLE, item()),
    "item wrong_gift": refusing(PACK, State(at="item", tote=TOTE), BENCH, item(77)),
    "item slip": refusing(PACK, State(at="item", tote=TOTE), SIMPLE, unknown("O0000123")),
    "paper": of(PACK, State(at="paper", tote=TOTE, scanned=PROVEN), BENCH),
    "paper wrong": refusing(
        PACK, State(at="paper", tote=TOTE, scanned=PROVEN), BENCH, unknown("INV-2026-000999")
    ),
    "box": of(PACK, State(at="box", tote=TOTE, scanned=PROVEN, papers=BOXED.papers), BENCH),
    "box easy": of(PACK, State(at="box", tote=TOTE, scanned=SIMPLE_PROVEN), SIMPLE),
    "weigh": of(PACK, BOXED, replace(BENCH, weight_g=1_416)),
    "weigh easy": of(PACK, State(
        at="weigh", tote=TOTE, scanned=SIMPLE_PROVEN, box="BX-S"), SIMPLE),
    "weigh down": of(PACK, BOXED, replace(BENCH, scale="down")),
    "weigh heavy": refusing(PACK, State(
        at="weigh", tote=TOTE, scanned=SIMPLE_PROVEN, box="BX-S"), SIMPLE,
        Seen("weight", "280 g", number=280)),
    "service": of(PACK, State(
        at="box", tote=TOTE, scanned=PROVEN, papers=BOXED.papers, changing=True), BENCH),
    "label": of(PACK, State(), replace(AT_LABEL, parcel=OPEN)),
    "slip": of(PACK, State(), LATE),
    "verify": of(PACK, State(), AT_LABEL),
    "verify easy": of(PACK, State(), CALM),
    "verify wrong": refusing(PACK, State(), CALM, Seen("parcel", "P0000124-1", id=4)),
    "list": of(PACK, State(at="item", tote=TOTE, listing=True, scanned=(KEY,)), BENCH),
}  # fmt: skip

WAITS = Goods(
    allocation=41, order=7, order_code="O0000123", item=NUMBER, sku=SKU, name=NAME, picture="",
    lot=LOT, serial="", qty=12, tote=TOTE, slot="W-12",
)  # fmt: skip
SLOTS = tuple(
    Slot(place=f"W-{n:02d}", position=n, order=7 if n == 12 else n + 100,
         order_code=f"O{n:07d}", filled=1, missing=12 if n == 12 else 0)
    for n in range(1, 13)
)  # fmt: skip
WALL = Wall("WALL-1", (WAITS, replace(WAITS, allocation=42, order=8, lot="L2")), SLOTS)
EARLY = Wall("WALL-1", (WAITS,), (replace(SLOTS[0], order=None),))
HOLDING = Sorting(at="slot", item=NUMBER, qty=12, allocation=41, order=7)

SORTING: dict[str, Show] = {
    "item": of(SORT, Sorting(), WALL),
    "item easy": of(SORT, Sorting(), EARLY),
    "item stranger": refusing(SORT, Sorting(), WALL, item()),
    "item unfinished": refusing(SORT, Sorting(), WALL, place("W-12")),
    "lot": of(SORT, Sorting(at="lot", item=NUMBER, qty=1), WALL),
    "slot": of(SORT, HOLDING, WALL),
    "slot wrong": refusing(SORT, HOLDING, WALL, place("W-02")),
    "tote": of(SORT, Sorting(at="tote", slot="W-01"), WALL),
    "tote wrong": refusing(SORT, Sorting(at="tote", slot="W-01"), WALL, place()),
    "item complete": told(of(SORT, Sorting(), WALL), Say(
        "sort.complete", params={"slot": "W-01"})),
}  # fmt: skip
