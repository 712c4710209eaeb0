"""Screens of signing in, the menu, tasks, work orders and looking things up."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from picking.dialogues import sign_in
from picking.dialogues.base import Say
from picking.dialogues.look import LOOK
from picking.dialogues.look import Facts as Looked
from picking.dialogues.look import State as Look
from picking.dialogues.menu import MENU, WAYS
from picking.dialogues.menu import Facts as Open
from picking.dialogues.menu import State as Menu
from picking.dialogues.task import TASK
from picking.dialogues.task_facts import Facts, State, Task
from picking.dialogues.work import WORK
from picking.dialogues.work import Facts as Making
from picking.dialogues.work import State as Work
from tests.picking_site import NOON
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
from wms.look.found import Fact, Found, Subject
from wms.look.goods import Passage, Promise, Stored
from wms.messages import Language
from wms.rooms.prompts import Prompt
from wms.storage.put_back import Goods
from wms.work.making import Fetch, InHand, Numbered


def _out(state: sign_in.State) -> Show:
    def show(language: Language) -> Prompt:
        return sign_in.prompt(state, language)

    return show


PIN = _out(sign_in.State(at="pin", person=4))
SIGN_IN: dict[str, Show] = {
    "badge": _out(sign_in.State()),
    "badge idle": _out(sign_in.State(why="idle")),
    "badge elsewhere": _out(sign_in.State(why="elsewhere")),
    "badge locked": told(_out(sign_in.State()), Say(
        Code.BADGE_LOCKED, "error", params={"seconds": 300})),
    "badge wrong": told(_out(sign_in.State()), Say("sign_in.not_a_badge", "error", "BADGE",
        "4909999999990", {"expected": "BADGE", "scanned": "4909999999990"})),
    "pin": PIN,
    "pin wrong": told(PIN, Say("sign_in.wrong_pin", "error")),
}  # fmt: skip

EVERYTHING = Open(tuple(WAYS))
MENU_PAGES: dict[str, Show] = {
    "menu": of(MENU, Menu(), Open(("pick", "pack", "ship", "task", "look"))),
    **{f"menu {page}": of(MENU, Menu(page=page), EVERYTHING)
       for page in range(len(EVERYTHING.pages))},
    "menu wrong": refusing(MENU, Menu(), EVERYTHING, key("7")),
}  # fmt: skip

CARRY = Task(8, "carry", "BUFFER-1", container=TOTE, target="PACK-01", mission=77)
LOAD = replace(CARRY, kind="find_load", why="robot.load_unknown", robot="agv-12")
BROUGHT = replace(CARRY, kind="confirm", why="robot.to_confirm", robot="agv-12")
STUCK = replace(CARRY, kind="look", why="robot.e_stop", robot="agv-12")
HELP = Task(10, "assist", "PACK-01", about="長谷川 左衛門三郎 HT-0012")
BACK = Task(11, "put_back", "BUFFER-1", container=TOTE)
STOP = Task(12, "stop", "CAGE-0412", container="P0000123-2", parcel=5,
            holds="carton")  # fmt: skip
TUBES = Goods(
    item=NUMBER, sku=SKU, name=NAME, picture="", owner="SAKURA", lot=LOT, expiry=DAY,
    condition="available", serial="", qty=MANY, place=PLACE,
)  # fmt: skip
CLOTHS = replace(TUBES, item=OTHER, sku="GAUZE-01", name=PLAIN, lot="", expiry="", qty=2)
BOX = replace(BACK, container="P0000123-2", holds="carton")
BOTH = Facts(BACK, 2, (TUBES, replace(TUBES, lot="L2", qty=3), CLOTHS), TOTE)
TOTE_OPEN = State(at="item", tote=TOTE)
IN_HAND = State(at="shelf", tote=TOTE, goods=TUBES.key, hand=MANY)


def _task(state: State, task: Task) -> Show:
    return of(TASK, state, Facts(task, 2))


TASKS: dict[str, Show] = {
    "get": of(TASK, State(), Facts(None, 12, undo_tote=TOTE)),
    "tote": _task(State(), CARRY),
    "tote find": _task(State(), LOAD),
    "tote look": _task(State(), STUCK),
    "tote confirm": _task(State(), BROUGHT),
    "tote stop": _task(State(), STOP),
    "tote back": of(TASK, State(), BOTH),
    "tote box": _task(State(), BOX),
    "tote box wrong": refusing(TASK, State(), Facts(BOX, 2), tote()),
    "tote slot": _task(State(), replace(BACK, container="W-12", place="W-12", holds="slot")),
    "tote wrong": refusing(TASK, State(), Facts(LOAD, 2), tote()),
    "place": _task(State(at="place"), LOAD),
    "place wrong": refusing(TASK, State(at="place"), Facts(CARRY, 2), tote()),
    "done": _task(State(), HELP),
    "item": of(TASK, TOTE_OPEN, BOTH),
    "item easy": of(TASK, TOTE_OPEN, Facts(BACK, 2, (CLOTHS,))),
    "item wrong": refusing(TASK, TOTE_OPEN, BOTH, item(77)),
    "item box": of(TASK, State(at="item", tote="P0000123-2"), Facts(BOX, 2, (TUBES,))),
    "lot": of(TASK, State(at="lot", tote=TOTE, item=NUMBER, unproven=1), BOTH),
    "shelf": of(TASK, IN_HAND, BOTH),
    "shelf other": refusing(TASK, IN_HAND, BOTH, place()),
}  # fmt: skip

MATERIAL = Fetch(
    allocation=21, place=PLACE, item=NUMBER, sku=SKU, name=NAME, picture="", lot=LOT, serial="",
    qty=MANY,
)  # fmt: skip
KIT = InHand(
    id=4, code="W0000004", kind="kit", sku="GIFT-SET-2026-WINTER",
    name="冬のギフトセット ハンドクリームとハンカチ", picture="", qty=600, done=120, tote=TOTE,
    station="BENCH-01", fetch=(MATERIAL,), can_make=480,
)  # fmt: skip
FETCHING = Making(replace(KIT, can_make=0))
READY = Making(replace(KIT, fetch=()))
AT_ITEM = Work(at="item", work=4, fetch=21, hand=7)
NUMBERED = Making(replace(KIT, fetch=(), numbered=(Numbered(NUMBER, "GIFT-SET-2026", 1),)))
RESULT = Work(at="serial", work=4, made=12, serials=((NUMBER, SERIAL),))
WORKING: dict[str, Show] = {
    "get": of(WORK, Work(), Making(None, tuple((n, f"W{n:07d}") for n in range(4, 16)))),
    "get none": of(WORK, Work(), Making(None)),
    "tote": of(WORK, Work(work=4), Making(replace(KIT, tote="", can_make=0))),
    "place": of(WORK, Work(at="place", work=4), Making(KIT)),
    "item": of(WORK, AT_ITEM, FETCHING),
    "item wrong": refusing(WORK, AT_ITEM, FETCHING, item(77)),
    "make": of(WORK, Work(at="make", work=4), READY),
    "make many": refusing(WORK, Work(at="make", work=4), READY, key("481")),
    "serial": of(WORK, RESULT, NUMBERED),
    "serial twice": refusing(WORK, RESULT, NUMBERED, replace(unknown(SERIAL), serial=SERIAL)),
    "target": of(WORK, Work(at="target", work=4, made=480), replace(READY, proposal=PLACE)),
    "finish": of(WORK, Work(at="finish", work=4), READY),
}  # fmt: skip

HEAP = Stored(place=PLACE, owner="SAKURA", sku=SKU, name=NAME, qty=MANY, condition="quarantine",
              allocated=12, lot=LOT, expiry=DAY)  # fmt: skip
TUBE = Found(
    kind="item", code="4901234567894", name=NAME,
    facts=(Fact(name="owner", value="SAKURA"), Fact(name="sku", value=SKU),
           Fact(name="barcodes", value="4901234567894 14901234567891"),
           Fact(name="incoming", value="1200"), Fact(name="weight_g", value="80")),
    stock=(HEAP, HEAP),
    promises=(Promise(to="O0000123", place=PLACE, sku=SKU, qty=12, state="open"),),
    passages=(Passage(at_ms=NOON, who="長谷川 左衛門三郎", source=SSCC, target=PLACE, qty=MANY,
                      sku=SKU, reason="putaway"),),
)  # fmt: skip
SHELF = Found(
    kind="place", code=PLACE,
    facts=(Fact(name="place_kind", value="bin"), Fact(name="blocked", value="count"),
           Fact(name="confidence", value="42 %"), Fact(name="confidence.days", value="90")),
    stock=(HEAP,),
)  # fmt: skip
TOKYO = ZoneInfo("Asia/Tokyo")
ITEM_PAGES = Looked(TUBE, TOKYO)


def _page(page: int) -> Look:
    return Look(at="shown", subject=Subject(kind="item", items=(NUMBER,)), page=page)


LOOKING: dict[str, Show] = {
    "ask": of(LOOK, Look(), Looked(None, TOKYO)),
    "ask wrong": told(of(LOOK, Look(), Looked(None, TOKYO)), Say(
        Code.LOOK_UNKNOWN, "error", scanned=SERIAL, params={"scanned": SERIAL})),
    **{f"shown {page}": of(LOOK, _page(page), ITEM_PAGES) for page in range(4)},
    "shown place": of(LOOK, _page(0), Looked(SHELF, TOKYO)),
    "shown wrong": refusing(LOOK, _page(0), ITEM_PAGES, unknown("??")),
}  # fmt: skip
