"""Screens of picking: the walk, and everything that is not as the book says."""

from dataclasses import replace

from msgspec.structs import replace as changed

from picking.dialogues.approval import Asked
from picking.dialogues.base import Say
from picking.dialogues.pick import PICK
from picking.dialogues.pick_facts import Facts, State
from picking.shortage import Undecided
from picking.tours import SlotView, StopView, TourView
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
    TOTE,
    Show,
    command,
    item,
    key,
    of,
    place,
    refusing,
    told,
    tote,
)
from wms.errors import Code

HERE = StopView(
    id=1, seq=1, slot=2, state="open", allocation=101, place=PLACE, check_digits="64", item=NUMBER,
    sku=SKU, name=NAME, picture="", lot=LOT, expiry=DAY, serial="", qty=MANY,
)  # fmt: skip
PLAIN_STOP = replace(HERE, id=2, place="A-12-03", item=OTHER, sku="GAUZE-01", name=PLAIN, lot="",
                     expiry="", qty=3, slot=1)  # fmt: skip
NUMBERED = replace(HERE, serial=SERIAL, lot="", expiry="", qty=2)
SLOTS = (
    SlotView(row=91, slot=1, order=7, order_code="O0000007", tote="T-000411", full=False),
    SlotView(row=92, slot=2, order=8, order_code="O0000008", tote=TOTE, full=False),
)
WAITING = replace(SLOTS[1], tote="T-000413", parent="BUFFER-2")
UNBOUND = replace(SLOTS[1], tote=None)


def tour(*stops: StopView, slots: tuple[SlotView, ...] = SLOTS) -> Facts:
    walk = TourView(
        id=5, kind="cart", state="claimed", person=1, wave=3, carrier="yamato", pickup_ms=0,
        cart="CART-1", drop_place="", slots=slots, stops=stops,
    )  # fmt: skip
    return Facts(walk, drops=("PACK-01", "BUFFER-1"), lots_here=3)


WALK = tour(HERE, PLAIN_STOP, replace(PLAIN_STOP, id=3, place="A-12-04", qty=12))
EASY = tour(PLAIN_STOP, HERE)
AT = State(at="item", stop=1, place=PLACE)
EASY_AT = State(at="item", stop=2, place="A-12-03")
ASKED = replace(WALK, undecided=(Undecided(7, "O0000007", "SAKURA", 12, 99),))
ASKING = State(at="ask", stop=1, verdict="wait", approval=Asked(
    verb="approve_short", ref="decide_short:99:wait", owner="SAKURA",
))  # fmt: skip
SIGNING = changed(ASKING, approval=Asked(
    verb="approve_short", ref="decide_short:99:wait", owner="SAKURA", by=4
))  # fmt: skip
ITEM = of(PICK, changed(AT, hand=7), WALK)

PICKING: dict[str, Show] = {
    "get": of(PICK, State(), Facts(None)),
    "fetch": of(PICK, State(), tour(HERE, slots=(SLOTS[0], WAITING))),
    "bind": of(PICK, State(), tour(HERE, slots=(SLOTS[0], UNBOUND))),
    "place": of(PICK, State(at="place", stop=1), WALK),
    "place easy": of(PICK, State(at="place", stop=2), EASY),
    "item": ITEM,
    "item easy": of(PICK, EASY_AT, EASY),
    "item wrong": refusing(PICK, AT, WALK, item()),
    "item wrong_easy": refusing(PICK, EASY_AT, EASY, item(77)),
    "item wrong_lot": refusing(PICK, AT, WALK, replace(item(NUMBER), lot="L20270101-0087654321")),
    "item not_now": refusing(PICK, AT, WALK, command("reprint")),
    "item assist": told(ITEM, Say("assist.called")),
    "item unfit": told(ITEM, Say(Code.STOP_UNFIT, "error", params={
        "place": PLACE, "sku": SKU, "why": "expired",
    })),
    "lot": of(PICK, State(at="lot", stop=1, place=PLACE, unproven=12), WALK),
    "serial": of(PICK, State(at="serial", stop=1, place=PLACE, unproven=1), tour(NUMBERED)),
    "tote": of(PICK, State(at="tote", stop=1, place=PLACE, hand=MANY), WALK),
    "tote easy": of(PICK, State(at="tote", stop=2, place="A-12-03", hand=3), EASY),
    "tote wrong": refusing(PICK, State(at="tote", stop=1, place=PLACE, hand=7), WALK, tote()),
    "tote short": of(PICK, State(at="tote", stop=1, place=PLACE, hand=7, after="short"), WALK),
    "short": of(PICK, State(at="short", stop=1, place=PLACE), WALK),
    "short hasty": refusing(PICK, State(at="short", stop=1, place=PLACE), WALK, place(PLACE)),
    "damaged": of(PICK, State(at="damaged", stop=1, place=PLACE), WALK),
    "aside": of(PICK, State(at="aside", stop=1, place=PLACE, broken=12), WALK),
    "zero": of(PICK, State(at="zero", stop=1, emptied=PLACE), replace(WALK, empty=True)),
    "left": of(PICK, State(at="left", stop=1, emptied=PLACE), replace(WALK, empty=True)),
    "ask": of(PICK, State(at="ask", stop=1), ASKED),
    "approval_badge": of(PICK, ASKING, ASKED),
    "approval_pin": of(PICK, SIGNING, ASKED),
    "drop": of(PICK, State(), tour(replace(HERE, state="done"))),
    "drop wrong": refusing(PICK, State(), tour(replace(HERE, state="done")), place()),
    "gone": of(PICK, State(at="gone", stop=9, place=PLACE, hand=12), WALK),
    "list": of(PICK, changed(AT, listing=True), tour(HERE, *(
        replace(PLAIN_STOP, id=n, place=f"A-12-{n:02d}", qty=n) for n in range(2, 14)
    ))),
    "item sscc": refusing(PICK, AT, WALK, tote(SSCC)),
    "item many": refusing(PICK, changed(AT, hand=3), WALK, key("1201")),
}  # fmt: skip
