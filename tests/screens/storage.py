"""Screens of the storage: put away, replenish, move."""

from dataclasses import replace
from typing import Any

from picking.dialogues.base import Say
from picking.dialogues.move import MOVE
from picking.dialogues.move_facts import Facts as Moved
from picking.dialogues.move_facts import State as Move
from picking.dialogues.move_goods import piles
from picking.dialogues.putaway import PUTAWAY
from picking.dialogues.putaway_facts import Facts as Stored
from picking.dialogues.putaway_facts import State as Put
from picking.dialogues.replenish import REPLENISH
from picking.dialogues.replenish_facts import Facts as Filled
from picking.dialogues.replenish_facts import State as Fill
from picking.dialogues.replenish_facts import Take, Task
from tests.screens.making import (
    DAY,
    LOT,
    MANY,
    NAME,
    NUMBER,
    OTHER,
    PLACE,
    PLAIN,
    SERIAL,
    SKU,
    SSCC,
    Show,
    item,
    key,
    of,
    place,
    refusing,
    told,
    tote,
    unknown,
)
from wms.errors import Code
from wms.stock import Key
from wms.storage.contents import Holder, Line
from wms.storage.putaway import Goods, Proposal


def line(
    number: int = NUMBER, qty: int = MANY, *, lot: str = "", serial: str = "", name: str = NAME,
    sku: str = SKU, condition: str = "available",
) -> Line:  # fmt: skip
    goods = Goods(item=number, sku=sku, owner="SAKURA", qty=qty, lot=lot, condition=condition,
                  expiry=DAY if lot else "")  # fmt: skip
    return Line(Key(SSCC, number, lot, condition, serial), goods, name, "", 0)


DATED, OLDER = line(lot=LOT), line(lot="L2", qty=2, condition="quarantine")
SMALL = line(OTHER, 2, name=PLAIN, sku="GAUZE-01")
NUMBERED = tuple(line(qty=1, serial=f"{SERIAL[:-1]}{n}") for n in range(3))
TAKEN: dict[str, Any] = {"source": SSCC, "item": NUMBER, "condition": "available", "lot": LOT}


def stored(*lines: Line, best: bool = True, **more: Any) -> Stored:
    found = Proposal(PLACE, 99, ("putaway.why.same_item", "putaway.why.room")) if best else None
    return Stored(
        holder=Holder(SSCC, "pallet", "DOCK-01", lines), piles=piles(lines), check_digits="64",
        proposals=(found,) if found else (), **more,
    )  # fmt: skip


def moved(*lines: Line, kind: str = "pallet", **more: Any) -> Moved:
    holder = Holder(SSCC, kind, PLACE, lines)
    return Moved(holder=holder, piles=piles(lines), owners=("SAKURA",), pieces=MANY, **more)


NOTHING = Stored(waiting=(("DOCK-01", 12, MANY), ("DOCK-02", 0, 7)))
MIXED = stored(DATED, SMALL)
WHOLE = stored(DATED, SMALL, takes_whole=True)
COUNTING = Put(at="count", **TAKEN)
GOING = Put(at="place", qty=MANY, **TAKEN)

PUTTING_AWAY: dict[str, Show] = {
    "source": of(PUTAWAY, Put(), NOTHING),
    "source wrong": refusing(PUTAWAY, Put(), NOTHING, unknown()),
    "item": of(PUTAWAY, Put(at="item", source=SSCC), MIXED),
    "item wrong": refusing(PUTAWAY, Put(at="item", source=SSCC), MIXED, item(77)),
    "which": of(PUTAWAY, Put(at="which", source=SSCC, item=NUMBER), stored(DATED, OLDER)),
    "serial": of(PUTAWAY, Put(at="serial", source=SSCC, item=NUMBER, condition="available"),
                 stored(*NUMBERED)),
    "count": of(PUTAWAY, COUNTING, MIXED),
    "count many": refusing(PUTAWAY, COUNTING, MIXED, key("1201")),
    "place": of(PUTAWAY, GOING, MIXED),
    "place whole": of(PUTAWAY, Put(at="place", source=SSCC, whole=True), WHOLE),
    "place nowhere": of(PUTAWAY, GOING, stored(DATED, best=False)),
    "place other": told(of(PUTAWAY, GOING, MIXED), Say(
        "putaway.other_place", "attention", PLACE, "C-104-01-A",
        {"expected": PLACE, "place": "C-104-01-A"})),
    "place full": told(of(PUTAWAY, GOING, MIXED), Say(
        Code.PUTAWAY_FULL, "error", expected="1200", scanned="7",
        params={"place": PLACE, "expected": "1200", "scanned": "7"})),
    "list": of(PUTAWAY, Put(at="item", source=SSCC, listing=True), MIXED),
}  # fmt: skip

TO_FETCH = Take(
    promised=71, stands=PLACE, container=SSCC, check_digits="12", item=NUMBER, sku=SKU, name=NAME,
    picture="", lot=LOT, expiry=DAY, serial="", qty=MANY, needs_proof=True,
)  # fmt: skip
LOOSE = replace(TO_FETCH, promised=72, container="", lot="", expiry="", sku="GAUZE-01", name=PLAIN,
                qty=24, needs_proof=False)  # fmt: skip
FACE = Task(number=9, face="A-12-03", check_digits="64", sku=SKU, item=NUMBER, urgent=True)
FETCHING = Filled(FACE, (TO_FETCH, LOOSE))
EASY = Filled(FACE, (LOOSE,))
CARRIED = Filled(FACE, carried=MANY, came_from=PLACE, undoable=True)
AT_ITEM = Fill(at="item", promised=72, here=True)

REPLENISHING: dict[str, Show] = {
    "get": of(REPLENISH, Fill(), Filled(waiting=1_204, urgent=12)),
    "place": of(REPLENISH, Fill(at="place", promised=71), FETCHING),
    "place wrong": refusing(REPLENISH, Fill(at="place", promised=71), FETCHING, place()),
    "container": of(REPLENISH, Fill(at="container", promised=71), FETCHING),
    "container wrong": refusing(REPLENISH, Fill(at="container", promised=71), FETCHING, tote()),
    "item": of(REPLENISH, Fill(at="item", promised=71, here=True), FETCHING),
    "item easy": of(REPLENISH, AT_ITEM, EASY),
    "item wrong": refusing(REPLENISH, AT_ITEM, EASY, item(77)),
    "lot": of(REPLENISH, Fill(at="lot", promised=71, here=True, unproven=12), FETCHING),
    "short": of(REPLENISH, Fill(at="short", promised=71), FETCHING),
    "face": of(REPLENISH, Fill(at="face"), CARRIED),
    "face wrong": refusing(REPLENISH, Fill(at="face"), CARRIED, place()),
    "fit": of(REPLENISH, Fill(at="fit"), CARRIED),
    "rest": of(REPLENISH, Fill(at="rest"), CARRIED),
    "list": of(REPLENISH, Fill(at="place", promised=71, listing=True), FETCHING),
}  # fmt: skip

HERE = moved(DATED, SMALL)
MOVING: dict[str, Show] = {
    "source": of(MOVE, Move(), Moved()),
    "source wrong": refusing(MOVE, Move(), Moved(), unknown()),
    "item": of(MOVE, Move(at="item", source=SSCC), HERE),
    "which": of(MOVE, Move(at="which", source=SSCC, item=NUMBER), moved(DATED, OLDER)),
    "serial": of(MOVE, Move(at="serial", source=SSCC, item=NUMBER, condition="available"),
                 moved(*NUMBERED)),
    "count": of(MOVE, Move(at="count", **TAKEN), HERE),
    "place": of(MOVE, Move(at="place", qty=MANY, **TAKEN), HERE),
    "place whole": of(MOVE, Move(at="place", source=SSCC, whole=True),
                      moved(DATED, SMALL, goes_whole=True)),
    "list": of(MOVE, Move(at="item", source=SSCC, listing=True), moved(
        DATED, OLDER, SMALL, *(line(n, n, sku=f"GAUZE-{n:02d}") for n in range(20, 32)))),
}  # fmt: skip
