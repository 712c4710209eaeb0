"""The site of the whole day: three owners, all kinds of goods and places, a worker for each trade.

Small on purpose: things have to meet. The same JAN stands under two owners; a badge is its owner's
name in small letters; what differs from site to site (how it is picked, what is done about orders
that lack goods) is drawn for each one anew.
"""

import json
from collections.abc import Sequence
from random import Random
from typing import Any, Literal

from argon2 import PasswordHasher
from sqlalchemy import Table, delete, insert, update

from picking import pickups, walls
from picking.floor import TOKYO
from tests.floor_site import FIRST_NUMBER, JAN, PEPPER, PIN, FloorSite
from tests.picking_site import NOON
from wms import site_settings
from wms import stock as ledger
from wms.config import Picking, PickZone
from wms.db import Tx, insert_once
from wms.people import staff
from wms.people.tokens import token_hash
from wms.replenish import faces
from wms.replenish.faces import NewFace
from wms.returns import rules
from wms.returns.rules import NewReturnRule
from wms.robots import roster
from wms.schema import devices, lots, sessions, stations, terminals, tracking_ranges
from wms.schema import items as items_table
from wms.schema import owners as owners_table
from wms.schema import people as people_table
from wms.schema import places as places_table
from wms.shipping import inserts
from wms.shipping.inserts import NewInsert
from wms.site import items, owners, picking_rules
from wms.site.calendar import local_time
from wms.site.items import Barcode, NewItem
from wms.site.owners import NewOwner, NewService, NewShop, Pickup
from wms.site_settings import NewBox, NewRange, NewUpgrade
from wms.stock import Move
from wms.storage import places
from wms.storage.places import NewPlace
from wms.work import kits
from wms.work.kits import NewKitLine

Policy = Literal["wait", "ship_short", "never_split", "ask"]
OWNERS = ("acme", "bloom", "cedar")
SHARED = "4901234567894"  # this JAN is on goods of two owners
BAR = {
    **JAN, "FOOD": "4904567890127", "RADIO": "4907890123450", "SHIRT": "4908901234561",
    "SOAP": "4909012345672", "SET": "4910123456782", "VASE": "4911234567893",
    "WRAP": "4912345678904", "LEAF": "4913456789015", "B-TEA": SHARED, "B-PILL": "4906789012349",
    "C-HAT": JAN["HAT"], "C-LAMP": "4914567890126", "LOOSE": "4915678901237",
}  # fmt: skip
CASE = "14909012345679"  # twelve pieces of SOAP
SHIRT = BAR["SHIRT"]
LOT_GOODS = ("FOOD", "B-PILL")
SERIAL_GOODS = ("RADIO", "C-LAMP")
SELLABLE = {
    "acme": ("TEA", "CUP", "HAT", "FOOD", "RADIO", "SHIRT", "SOAP", "VASE", "SET"),
    "bloom": ("B-TEA", "B-PILL"), "cedar": ("C-HAT", "C-LAMP"),
}  # fmt: skip
LOTS = {"L1": "2027-03-31", "L2": "2027-06-30", "L3": "2026-12-10"}
PIN_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

# Who may do what: everybody has one trade that they begin with, and helps out in others.
WORKERS: dict[str, tuple[str, ...]] = {
    "anna": ("pick", "count"), "bert": ("task", "putaway", "replenish", "pick"),
    "carol": ("pack", "sort"), "dave": ("ship", "look"),
    "lea": ("lead", "pick", "pack", "ship", "task", "count", "returns", "approve_short", "sort",
            "approve_count", "approve_disposal"),
    "rosa": ("receive", "receive_blind", "bind_barcode", "putaway"),
    "sora": ("receive", "putaway", "move", "replenish"), "rita": ("returns",),
    "uma": ("work", "count", "move"), "wes": ("sort", "pick", "task"),
    "otto": ("lead", "returns", "count", "task", "approve_count", "approve_disposal",
             "approve_short"),
    "ed": ("pack", "task"), "yuki": ("pick", "task", "putaway", "count", "pack"),
}  # fmt: skip
DIALOGUES = frozenset({
    "pick", "pack", "ship", "task", "sort", "putaway", "replenish", "move", "receive", "count",
    "returns", "approve_short", "work", "look",
})  # fmt: skip
# Each terminal: where it stands, who is mostly at it, and how often they do something.
TERMINALS: dict[str, tuple[str, tuple[str, ...], int]] = {
    "HT-01": ("", ("anna", "wes"), 20), "HT-02": ("", ("bert", "sora"), 12),
    "HT-03": ("", ("yuki", "lea"), 13), "HT-04": ("", ("otto", "dave"), 6),
    "HT-05": ("", ("sora", "uma"), 5), "HT-06": ("KIT-1", ("uma", "anna"), 9),
    "BENCH-1": ("PACK-1", ("carol", "yuki"), 18), "BENCH-2": ("PACK-2", ("ed", "lea"), 9),
    "DOCK-1": ("SHIP-1", ("dave", "lea"), 9), "LEAD-1": ("", ("lea", "otto"), 2),
    "RX-1": ("RECV-1", ("rosa", "sora"), 12), "RET-1": ("RET-1", ("rita", "otto"), 10),
    "WALL-T": ("WALL-1", ("wes", "carol"), 5),
}  # fmt: skip
RULES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("cart", {}), ("batch", {"wall": "WALL-1"}), ("single", {"zero_check": True}),
    ("pass", {"zones": {"Z1": PickZone(pass_place="PASS")}}), ("cart", {"zero_check": True}),
)  # fmt: skip
POLICIES: tuple[Policy, ...] = ("wait", "ship_short", "never_split", "ask")


class DaySite(FloorSite):
    """That site in an empty book; *chance* draws its rules and what lies where."""

    def __init__(self, url: str, chance: Random) -> None:
        super().__init__(url)
        self.write(_furnish, chance)

    @property
    def today(self) -> str:
        """The site's date (YYYY-MM-DD)."""
        return local_time(self.now, TOKYO).date().isoformat()


def _furnish(tx: Tx, chance: Random) -> None:
    _owners(tx, chance)
    _goods(tx)
    _places(tx)
    _people(tx)
    _rules(tx)
    _stock(tx, chance)
    pickups.ensure(tx, now=NOON, zone=TOKYO)


def _owners(tx: Tx, chance: Random) -> None:
    owners.put_owners(tx, [
        NewOwner(code=code, name=code.title(), short_policy=chance.choice(POLICIES),
                 company_prefix={"acme": "4908901", "bloom": "4912345"}.get(code, ""))
        for code in OWNERS
    ])  # fmt: skip
    worth = {"acme": 2_000, "bloom": 0, "cedar": 1}
    for code, value in worth.items():
        tx.execute(update(owners_table).where(owners_table.c.code == code).values(
            approval_value=value
        ))  # fmt: skip
    owners.put_shops(tx, [NewShop(code=f"{code}-shop", owner=code) for code in OWNERS])
    owners.put_services(tx, [
        NewService(code="yamato-cool", carrier="yamato", format="mod7-12", pieces_max=3),
        NewService(code="yamato-nekopos", carrier="yamato", format="mod7-12", sides_mm_max=600,
                   thickness_mm_max=120, weight_g_max=1_000, pieces_max=1),
    ])  # fmt: skip
    owners.put_pickups(tx, [
        Pickup(carrier="yamato", at="14:00"), Pickup(carrier="yamato", at="17:00"),
        Pickup(carrier="sagawa", at="13:00"), Pickup(carrier="sagawa", at="18:00"),
    ])  # fmt: skip
    site_settings.put_ranges(tx, [
        NewRange(owner=code, carrier=carrier, first=start + 20_000 * number,
                 last=start + 20_000 * number + 9_999)
        for number, code in enumerate(OWNERS[1:], 1)
        for carrier, start in (("yamato", FIRST_NUMBER), ("sagawa", FIRST_NUMBER + 10_000))
    ])  # fmt: skip
    tx.execute(update(tracking_ranges).where(tracking_ranges.c.owner == "acme").values(
        last=tracking_ranges.c.next + 900
    ))  # fmt: skip
    site_settings.put_boxes(tx, [
        NewBox(code="BX-L", name="large", length_mm=400, width_mm=300, height_mm=200, tare_g=300),
    ])  # fmt: skip
    site_settings.put_upgrades(tx, [
        NewUpgrade(owner=code, service=old, upgrade=new, cost=100)
        for code in OWNERS
        for old, new in (("yamato-nekopos", "yamato"), ("yamato", "sagawa"), ("yamato", "yamato"))
    ])  # fmt: skip


def _goods(tx: Tx) -> None:
    size: dict[str, Any] = {"length_mm": 50, "width_mm": 40, "height_mm": 30}

    def made(owner: str, sku: str, weight_g: int, **more: Any) -> NewItem:
        codes: tuple[Barcode, ...] = (Barcode(code=BAR[sku]),)
        if sku == "SOAP":
            codes = (*codes, Barcode(code=CASE, qty=12))
        return NewItem(
            owner=owner, sku=sku, name=f"{owner} {sku}", weight_g=weight_g,
            barcodes=() if sku == "LOOSE" else codes, **size, **more,
        )  # fmt: skip

    items.put(tx, [
        made("acme", "TEA", 80, velocity="A"), made("acme", "CUP", 300), made("acme", "HAT", 120),
        made("acme", "FOOD", 200, lot_tracked=True, expiry_tracked=True),
        made("acme", "RADIO", 900, serial_tracked=True), made("acme", "SHIRT", 150,
                                                             rfid_tagged=True),
        made("acme", "SOAP", 100), made("acme", "SET", 500), made("acme", "VASE", 700, own_box=True,
                                                                  fragile=True),
        made("acme", "WRAP", 5, kind="gift"), made("acme", "LEAF", 3, kind="insert"),
        made("acme", "LOOSE", 20, relabel=True), made("bloom", "B-TEA", 80),
        made("bloom", "B-PILL", 30, lot_tracked=True, expiry_tracked=True, shelf_days_in=5),
        made("cedar", "C-HAT", 130), made("cedar", "C-LAMP", 800, serial_tracked=True),
    ])  # fmt: skip
    tx.execute(update(items_table).values(value=500))
    kits.put(tx, [
        NewKitLine(owner="acme", kit="SET", component="TEA", qty=1),
        NewKitLine(owner="acme", kit="SET", component="CUP", qty=2),
    ])  # fmt: skip


def _places(tx: Tx) -> None:
    places.put(tx, [
        *(NewPlace(code=code, kind="dock") for code in ("DOCK", "DOCK-2")),
        *(NewPlace(code=f"PL-{n}", kind="pallet", parent="DOCK") for n in range(1, 6)),
        *(NewPlace(code=f"RS-{n}", kind="reserve", zone="R", x_mm=12_000, y_mm=1_000 * n)
          for n in range(1, 5)),
        *(NewPlace(code=code, kind="station") for code in (
            "RET-TABLE", "WALL", "KIT-TABLE", "GATE")),
        *(NewPlace(code=code, kind="buffer") for code in ("RETURNS", "PASS", "LIMBO", "ASIDE")),
        NewPlace(code="QUARANTINE", kind="buffer", blocked="quarantine"),
        NewPlace(code="T-RET", kind="tote", parent="RETURNS"),
        *(NewPlace(code=f"CAGE-{n}", kind="cart", parent="DROP") for n in (1, 2)),
        NewPlace(code="R-1", kind="robot"),
    ])  # fmt: skip
    tx.execute(update(places_table).where(places_table.c.code == "D-09").values(mix="item"))
    tx.execute(update(places_table).where(places_table.c.code == "D-10").values(weight_g_max=900))
    tx.execute(update(places_table).where(places_table.c.code == "D-08").values(storage="chilled"))
    tx.execute(insert(devices), [
        {"name": name, "driver": driver, "health": "online", "since_ms": 0}
        for name, driver in (("gate-1", "llrp"), ("agv-1", "grh1"), ("scale-1", "mt_sics"))
    ])  # fmt: skip
    roster.enrol(tx, robot="agv-1", place="R-1", quarantine="LIMBO")
    roster.take_over(tx, robot="agv-1", fence=1, was=0)
    tx.execute(update(stations).where(stations.c.code == "PACK-2").values(neighbour="PACK-1"))
    rows: list[dict[str, Any]] = [
        {"code": "RECV-1", "kind": "receive", "place": "GATE", "printer": "label-1",
         "reader": "gate-1"},
        {"code": "RET-1", "kind": "return", "place": "RET-TABLE"},
        {"code": "KIT-1", "kind": "work", "place": "KIT-TABLE", "printer": "label-1"},
        {"code": "WALL-1", "kind": "wall", "place": "WALL"},
        {"code": "SHIP-1", "kind": "ship", "place": "DROP", "slip_printer": "a4-1"},
    ]  # fmt: skip
    _each(tx, stations, rows)
    walls.set_up(tx, wall="WALL-1", slots={f"W-{n}": f"lights-1:{n}" for n in (1, 2, 3)})


def _people(tx: Tx) -> None:
    pin = PIN_CHEAP.hash(staff._peppered(PIN, PEPPER))
    for table in (sessions, terminals, people_table):
        tx.execute(delete(table))
    _each(tx, people_table, [
        {
            "id": number, "code": f"P{number}", "name": badge.title(), "language": "en",
            "badge_hash": staff.badge_hash(badge), "permissions": json.dumps(rights),
            "pin_hash": pin if "lead" in rights else "",
        }
        for number, (badge, rights) in enumerate(WORKERS.items(), 1)
    ])  # fmt: skip
    _each(tx, terminals, [
        {"id": name, "station": station, "token_hash": token_hash(name), "seen_ms": 0}
        for name, (station, _, _) in TERMINALS.items()
    ])  # fmt: skip


def choose_rules(tx: Tx, chance: Random) -> None:
    """How this site picks, from now on."""
    method, more = chance.choice(RULES)
    picking_rules.put(tx, Picking(method=method, **more))  # type: ignore[arg-type]


def _rules(tx: Tx) -> None:
    inserts.put_rules(tx, [
        NewInsert(owner="acme", sku="LEAF", with_sku="CUP"),
    ])  # fmt: skip
    rules.put_rules(tx, [
        NewReturnRule(owner="bloom", grade="B", disposition="to_owner", accepted=True),
        NewReturnRule(owner="acme", grade="damaged", disposition="dispose", accepted=True),
    ])  # fmt: skip
    faces.put(tx, [
        NewFace(place="A-01", owner="acme", sku="TEA", min=6, max=20),
        NewFace(place="B-03", owner="bloom", sku="B-TEA", min=3, max=9),
    ])  # fmt: skip


def _stock(tx: Tx, chance: Random) -> None:
    """A few of everything on shelves, reserves of what is sold most."""
    known = {row.sku: row for row in tx.execute(items_table.select())}
    bins = [f"{aisle}-{bay:02d}" for aisle in "ABC" for bay in range(2, 9)]
    lines: list[Move] = []
    for sku in sorted(known):
        if sku == "LOOSE":
            continue
        for number, place in enumerate(chance.sample(bins, 3)):
            lines += _lying(tx, known[sku], place, chance.randint(5, 14), number)
    lines += _lying(tx, known["TEA"], "A-01", 4, 8) + _lying(tx, known["TEA"], "RS-1", 30, 9)
    lines += _lying(tx, known["CUP"], "PL-5", 20, 9) + _lying(tx, known["B-TEA"], "RS-2", 12, 9)
    ledger.post(tx, lines, actor="test", now=NOON)
    stands = update(places_table).where(places_table.c.code == "PL-5")
    tx.execute(stands.values(parent="RS-3"))


def _lying(tx: Tx, item: Any, place: str, qty: int, number: int) -> list[Move]:
    lot = ""
    if item.lot_tracked:
        lot = ("L1", "L2", "L3")[number % 3]
        insert_once(tx, lots, {"item_id": item.id, "lot": lot, "expiry": LOTS[lot]})
    serials = [f"{item.sku}-{place}-{n}" for n in range(2)] if item.serial_tracked else [""]
    return [
        Move(key=f"first:{item.id}:{place}:{lot}:{serial}", item=item.id, lot=lot, serial=serial,
             qty=1 if serial else qty, source=ledger.SUPPLIER, target=place, reason="opening")
        for serial in serials
    ]  # fmt: skip


def _each(tx: Tx, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        tx.execute(insert(table).values(row))
