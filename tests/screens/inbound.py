"""Screens of what comes in: deliveries, and what customers send back."""

from dataclasses import replace

from msgspec.structs import replace as changed

from picking.dialogues.approval import Asked
from picking.dialogues.base import Say
from picking.dialogues.receive import RECEIVE
from picking.dialogues.receive_facts import Delivery, Facts, Goods, Hand, Item, State
from picking.dialogues.returns import RETURNS
from picking.dialogues.returns_facts import Current
from picking.dialogues.returns_facts import Facts as Returned
from picking.dialogues.returns_facts import Goods as Piece
from picking.dialogues.returns_facts import Line as Awaited
from picking.dialogues.returns_facts import State as Return
from picking.portal import Decision, Missing, Read, Sighting
from tests.picking_site import NOON, TODAY
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
    refusing,
    told,
    unknown,
)
from wms.errors import Code
from wms.inbound.receiving import Last
from wms.inbound.rules import Line
from wms.returns.finding import Candidate
from wms.returns.rules import Disposition
from wms.returns.view import Evidence, Sent

CREAM = Item(NUMBER, "SAKURA", SKU, NAME, lot_tracked=True, expiry_tracked=True, shelf_days_in=30)
CLOTH = Item(OTHER, "SAKURA", "GAUZE-01", PLAIN)
RADIO = Item(13, "SAKURA", "RADIO-2026-BLACK", "防災ラジオ 手回し充電 黒", serial_tracked=True)
FIRST = Delivery(7, "IN0000007", "ASN-112207-7", "SAKURA", "さくら化粧品株式会社", False)
MORE = tuple(replace(FIRST, id=n, code=f"IN{n:07d}", external_id=f"ASN-112207-{n}")
             for n in range(8, 16))  # fmt: skip
GOODS = tuple(
    Goods(Line(n, n, n, MANY, received=2), sku, name)
    for n, sku, name in (
        (NUMBER, SKU, NAME), (OTHER, "GAUZE-01", PLAIN), (13, "RADIO-2026-BLACK", RADIO.name),
        *((n, f"GAUZE-{n}", PLAIN) for n in range(20, 26)),
    )
)  # fmt: skip
LAST = Last("k", 7, NUMBER, MANY, SSCC, LOT, "available")
BASE = Facts(
    TODAY, NOON, 21, deliveries=(FIRST, *MORE), lines=GOODS, may_bind=True, may_blind=True,
    station="RECV-1", place="DOCK-01", reader="gate-1", last=LAST, last_item=CREAM,
    owners=("SAKURA", "MORINOKOE", "BLOOM-COSMETICS-JAPAN"),
)  # fmt: skip
ITEM = State(at="item", delivery=7)
IN_HAND = Hand(item=NUMBER, qty=MANY, lot=LOT, expiry=DAY)
CREAM_HERE, CLOTH_HERE = replace(BASE, item=CREAM), replace(BASE, item=CLOTH)
RADIO_HERE = replace(BASE, item=RADIO)
DUE = replace(CREAM_HERE, lines=(replace(GOODS[0], line=Line(
    NUMBER, 1, NUMBER, MANY, lot=LOT, expiry=DAY)),))  # fmt: skip
READ = replace(
    BASE,
    portal=Decision(
        accepted=tuple((n, str(n)) for n in range(118)),
        missing=(Missing(NUMBER, SKU, 2, ("c", "d")), Missing(OTHER, "GAUZE-01", 12, ("e",))),
        extra=(Read("e", 13, "HAT"),), elsewhere=(Read("f", NUMBER, SKU, "IN0000008"),),
    ),
    sightings=(Sighting("c", SKU, "gate-2", -61, NOON - 9_000),),
)  # fmt: skip


def hand(at: str, **more: object) -> State:
    return changed(ITEM, at=at, hand=changed(IN_HAND, **more))


CLOTHS = Hand(item=OTHER, qty=24)
RECEIVING: dict[str, Show] = {
    "choose nothing": of(RECEIVE, State(), replace(BASE, lines=(), deliveries=())),
    "choose nobody": of(RECEIVE, State(), replace(
        BASE, lines=(), deliveries=(), may_blind=False)),
    "choose alike": of(RECEIVE, State(), replace(BASE, lines=(), deliveries=tuple(
        replace(one, external_id=f"ASN-2026-11-22-000{one.id}") for one in MORE))),
    "choose": of(RECEIVE, State(), replace(BASE, lines=())),
    "choose wrong": refusing(RECEIVE, State(), replace(BASE, lines=()), unknown()),
    "owner": of(RECEIVE, State(at="owner"), BASE),
    "item": of(RECEIVE, ITEM, BASE),
    "item easy": of(RECEIVE, ITEM, replace(
        BASE, lines=GOODS[1:2], last=None, last_item=None, reader="", deliveries=(FIRST,))),
    "item unknown": refusing(RECEIVE, ITEM, replace(BASE, may_bind=False), unknown()),
    "lot": of(RECEIVE, hand("lot", lot="", expiry=""), CREAM_HERE),
    "lot due": of(RECEIVE, hand("lot", lot="", expiry=""), DUE),
    "expiry due": of(RECEIVE, hand("expiry", expiry=""), DUE),
    "expiry": of(RECEIVE, hand("expiry", expiry=""), CREAM_HERE),
    "expiry wrong": refusing(RECEIVE, hand("expiry", expiry=""), CREAM_HERE, key("99999")),
    "serial": of(RECEIVE, changed(ITEM, at="serial", hand=Hand(
        item=13, qty=3, serials=(SERIAL,))), RADIO_HERE),
    "sure": of(RECEIVE, hand("sure", expiry="2026-11-25"), CREAM_HERE),
    "put": of(RECEIVE, hand("put"), CREAM_HERE),
    "put easy": of(RECEIVE, changed(ITEM, at="put", hand=CLOTHS), CLOTH_HERE),
    "put damaged": of(RECEIVE, hand("put", qty=12, why="crushed"), CREAM_HERE),
    "over": of(RECEIVE, hand("over", qty=1_300, target=SSCC), CREAM_HERE),
    "why": of(RECEIVE, hand("why", qty=2), CREAM_HERE),
    "bind": of(RECEIVE, changed(ITEM, at="bind", code="4909999999990"), BASE),
    "inside": of(RECEIVE, changed(
        ITEM, at="inside", code="4909999999990", binding=NUMBER), CREAM_HERE),
    "list": of(RECEIVE, changed(ITEM, at="list"), BASE),
    "close": of(RECEIVE, changed(ITEM, at="close"), BASE),
    "close even": of(RECEIVE, changed(ITEM, at="close"), replace(BASE, lines=())),
    "portal": of(RECEIVE, changed(ITEM, at="portal", portal_ms=NOON), READ),
    "locate": of(RECEIVE, changed(ITEM, at="locate", portal_ms=NOON), READ),
    "put expired": told(of(RECEIVE, hand("put"), CREAM_HERE), Say(
        Code.RECEIVE_EXPIRED, "error", expected=f"> {TODAY}", scanned="2026-11-21",
        params={"item": SKU, "expiry": "2026-11-21"})),
}  # fmt: skip

SENT = (
    Sent(item=NUMBER, sku=SKU, name=NAME, picture="", lot=LOT, serial="", qty=2),
    Sent(item=13, sku="RADIO-2026-BLACK", name=RADIO.name, picture="", lot="", serial=SERIAL,
         qty=1),
    Sent(item=OTHER, sku="GAUZE-01", name=PLAIN, picture="", lot="", serial="", qty=1),
)  # fmt: skip
BOX = Current(
    number=5, code="R0000005", kind="return", owner="SAKURA", state="arrived",
    lines=tuple(Awaited(one.item, one.sku, one.name, one.qty, 0) for one in SENT),
    seen=Evidence(sent=SENT, parcel="P0000123-2", weight_g=1_480, packed_by="長谷川 左衛門三郎",
                  epcs=("30395dfa833c2c0000000001",) * 4),
)  # fmt: skip
TUBE = Piece(
    item=NUMBER, sku=SKU, name=NAME, picture="", awaited=True, serial_tracked=False,
    lot_tracked=True, lots=(LOT, "L20261101-0000000001"), proposal=PLACE,
)  # fmt: skip
SET = Piece(
    item=13, sku="RADIO-2026-BLACK", name=RADIO.name, picture="", awaited=True,
    serial_tracked=True, lot_tracked=False, serials=(SERIAL,),
)  # fmt: skip
NOBODY = Returned(at_station=True, decided=("R0000007 SHELF-R",), announced=1_203,
                  owners=("SAKURA", "MORINOKOE"))  # fmt: skip
FOUND = replace(
    NOBODY, holders=("", "長谷川 左衛門三郎", ""),
    candidates=(Candidate(order=1, name="O0000123", note="2026-11-20 さくらハンドクリーム"),
                Candidate(number=4, name="R0000004"), Candidate(parcel=8, name="P0000123-2")),
)  # fmt: skip
OPEN = Returned(current=BOX, disposal="return:5:1")
ALL_SEEN = replace(OPEN, current=replace(BOX, lines=tuple(
    replace(one, graded=one.qty) for one in BOX.lines)))  # fmt: skip
ALL: tuple[Disposition, ...] = ("restock", "quarantine", "repair", "dispose", "to_owner")
WITH_SET, WITH_TUBE = replace(OPEN, goods=SET), replace(OPEN, goods=TUBE, dispositions=ALL)
BACK = replace(OPEN, current=replace(BOX, undelivered=True, kind="undelivered", waits=True))
ASKED = Asked(verb="approve_disposal", ref="return:5:1", owner="SAKURA")
THROWN = Return(at="place", item=NUMBER, grade="damaged", disposition="dispose", lot=LOT,
                place="BIN-01", approval=ASKED)  # fmt: skip
SIGNED = changed(THROWN, approval=changed(ASKED, by=4))

RETURNING: dict[str, Show] = {
    "arrive": of(RETURNS, Return(), NOBODY),
    "choose": of(RETURNS, Return(at="choose", sought="x"), FOUND),
    "search": of(RETURNS, Return(at="search"), NOBODY),
    "unknown": of(RETURNS, Return(at="unknown"), NOBODY),
    "evidence": of(RETURNS, Return(at="evidence"), OPEN),
    "evidence undelivered": of(RETURNS, Return(at="evidence"), BACK),
    "aside": of(RETURNS, Return(at="aside"), OPEN),
    "unit all": of(RETURNS, Return(at="unit"), ALL_SEEN),
    "unit": of(RETURNS, Return(at="unit"), OPEN),
    "unit wrong": refusing(RETURNS, Return(at="unit"), OPEN, unknown()),
    "instead": of(RETURNS, Return(at="instead"), OPEN),
    "lot": of(RETURNS, Return(at="lot", item=NUMBER), WITH_TUBE),
    "serial": of(RETURNS, Return(at="serial", item=13), WITH_SET),
    "swapped": of(RETURNS, Return(at="swapped", item=13, serial="SN-2026-0101-0098765"), WITH_SET),
    "strange": of(RETURNS, Return(at="strange", item=NUMBER),
                  replace(OPEN, goods=replace(TUBE, awaited=False))),
    "grade": of(RETURNS, Return(at="grade", item=13, serial=SERIAL), WITH_SET),
    "disposition": of(
        RETURNS, Return(at="disposition", item=NUMBER, lot=LOT, grade="A"), WITH_TUBE),
    "place": of(RETURNS, Return(
        at="place", item=NUMBER, lot=LOT, grade="A", disposition="restock"), WITH_TUBE),
    "close": of(RETURNS, Return(at="close"), OPEN),
    "list": of(RETURNS, Return(at="unit", listing=True), OPEN),
    "approval_badge": of(RETURNS, THROWN, WITH_TUBE),
    "approval_pin": of(RETURNS, SIGNED, WITH_TUBE),
    "unit again": refusing(RETURNS, Return(at="unit"), OPEN, item(77)),
}  # fmt: skip
