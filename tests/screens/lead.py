"""Screens of counting, and of the lead's decisions."""

from dataclasses import replace

from msgspec.structs import replace as changed

from picking.dialogues.approval import Asked
from picking.dialogues.approve_short import APPROVE_SHORT
from picking.dialogues.approve_short import Facts as Short
from picking.dialogues.approve_short import State as Deciding
from picking.dialogues.base import Seen
from picking.dialogues.count import COUNT
from picking.dialogues.count_facts import Choice, Facts, Goods, Pending, State, Work
from picking.shortage import Undecided
from tests.screens.making import (
    LOT,
    MANY,
    NAME,
    NUMBER,
    OTHER,
    PLACE,
    PLAIN,
    SERIAL,
    SKU,
    Show,
    key,
    of,
    place,
    refusing,
    unknown,
)
from wms.counts.rules import Tally

ME = 21
WORK = Work(3, PLACE, "64", count=5, round=1)
CREAM = Goods(
    NUMBER, SKU, NAME, "", by_lot=True, by_serial=False, by_expiry=False, lots_here=(LOT, "L2"),
    lots=(LOT, "L2"),
)  # fmt: skip
CLOTH = Goods(OTHER, "GAUZE-01", PLAIN, "", by_lot=False, by_serial=False, by_expiry=False)
SET = Goods(13, "RADIO-2026-BLACK", "防災ラジオ", "", by_lot=False, by_serial=True, by_expiry=False)
HERE = Facts(WORK, 12, ME, (CREAM, CLOTH, SET))
SEEN = (
    Tally(OTHER, "", "", 24), Tally(13, "", SERIAL, 1), Tally(NUMBER, LOT, "", MANY),
)  # fmt: skip
SOME = State(at="item", count=5, round=1, seen=SEEN, past=SEEN)
EMPTY = State(at="item", count=5, round=1)
TWINS = tuple(Choice(n, owner, SKU, 1) for n, owner in enumerate(("SAKURA", "MORINOKOE"), 1))
AGAIN = replace(HERE, work=replace(WORK, state="recount", counted_by=ME))
DIFFERS = replace(
    HERE, work=replace(WORK, state="approval"), unapproved=("SAKURA",),
    difference=(f"{SKU} 1200 / 1188 (-12)", "GAUZE-01 24 / 30 (+6)"),
)  # fmt: skip
ASKED = Asked(verb="approve_count", ref="count:5:1:SAKURA", owner="SAKURA")
SIGNING = changed(ASKED, by=4)

BADGE = Seen("badge", "BADGE:...", id=4)
NOTHING = Facts(None, 12, ME)
DECIDING: dict[str, Show] = {
    "none": of(APPROVE_SHORT, Deciding(), Short()),
    "order": of(APPROVE_SHORT, Deciding(), Short((
        Undecided(7, "O0000123", "SAKURA", 12, 99), Undecided(8, "O0000124", "SAKURA", 1, 98),
    ))),
    "order wrong": refusing(APPROVE_SHORT, Deciding(), Short((
        Undecided(7, "O0000123", "SAKURA", 12, 99),)), unknown()),
}  # fmt: skip
COUNTING: dict[str, Show] = {
    "get": of(COUNT, State(), NOTHING),
    "place": of(COUNT, State(at="place"), HERE),
    "place wrong": refusing(COUNT, State(at="place"), HERE, place()),
    "item": of(COUNT, SOME, HERE),
    "item first": of(COUNT, EMPTY, HERE),
    "item few": refusing(COUNT, SOME, HERE, key("5")),
    "item elsewhere": refusing(COUNT, SOME, HERE, place()),
    "which": of(COUNT, changed(EMPTY, pending=Pending(item=0, qty=1, choices=TWINS)), HERE),
    "lot": of(COUNT, changed(SOME, pending=Pending(item=NUMBER, qty=1)), HERE),
    "lot unknown": refusing(COUNT, changed(SOME, pending=Pending(item=NUMBER, qty=1)), HERE,
                            unknown("L20270101-0087654321")),
    "lot key": refusing(COUNT, changed(SOME, pending=Pending(item=NUMBER, qty=1)), HERE, BADGE),
    "serial": of(COUNT, changed(SOME, pending=Pending(item=13, qty=1)), HERE),
    "empty": of(COUNT, changed(EMPTY, at="empty"), HERE),
    "leave": of(COUNT, changed(SOME, at="leave"), HERE),
    "again": of(COUNT, State(), AGAIN),
    "decide": of(COUNT, State(), DIFFERS),
    "approval_badge": of(COUNT, State(at="decide", approval=ASKED), DIFFERS),
    "approval_pin": of(COUNT, State(at="decide", approval=SIGNING), DIFFERS),
    "list": of(COUNT, changed(SOME, listing=True), HERE),
}  # fmt: skip
