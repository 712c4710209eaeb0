"""The demo's site: owners, 1,200 items, 2,400 bins in three zones, people, benches and robots.

Pure until `write`: the same seed gives the same site, in the server's book and in the physical
world, which are different processes and never share a database.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from app.demo import goods as goods_of
from app.demo.goods import Good
from wms import stock
from wms.db import Tx
from wms.people import staff
from wms.people.tokens import token_hash
from wms.schema import boxes, lots, terminals, tracking_ranges
from wms.site import items, owners
from wms.site.calendar import local_time
from wms.stock import SUPPLIER, Move
from wms.storage import places

ZONES, AISLES, BAYS, LEVELS = "ABC", 10, 20, 4
TOTES = 160
BENCHES, BENCHES_MAX = 3, 6
MANY_ORDERS = 150  # from here on there are more packers: it is they that the orders wait for
ROBOTS, VEHICLES = 3, 1
PICKERS = 4
DROPS = ("DROP-1", "DROP-2")
SHIP_STATION = "SHIP-1"
ZONE = ZoneInfo("Asia/Tokyo")
CARRIERS = {
    "yamato": ("yamato-takkyubin", "宅急便"), "sagawa": ("sagawa-hikyaku", "飛脚宅配便"),
    "japanpost": ("jp-yupack", "ゆうパック"),
}  # fmt: skip
BOXES = (
    ("BX-60", "60サイズ", 250, 200, 140, 120), ("BX-80", "80サイズ", 350, 270, 180, 200),
    ("BX-100", "100サイズ", 420, 330, 250, 320), ("BX-140", "140サイズ", 560, 450, 390, 560),
)  # fmt: skip

NAMES = (
    "佐藤 葵", "鈴木 蓮", "高橋 陽菜", "田中 湊", "伊藤 凛", "渡辺 樹", "山本 結衣", "中村 颯",
    "小林 澪", "加藤 悠真",
)  # fmt: skip

Bin = tuple[str, str]  # (sku, lot): what a unit on a shelf is


@dataclass(frozen=True, slots=True)
class Worker:
    """A person of the demo and the terminal they carry or stand at. All secrets are made up."""

    code: str
    name: str
    role: str
    terminal: str
    token: str
    badge: str
    station: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that the book is told, and what really lies on the shelves."""

    goods: tuple[Good, ...]
    new_items: tuple[items.NewItem, ...]
    bins: tuple[places.NewPlace, ...]
    shelves: dict[str, Counter[Bin]]  # what the book is told
    workers: tuple[Worker, ...]
    benches: tuple[str, ...]

    def good(self, sku: str) -> Good:
        return next(good for good in self.goods if good.sku == sku)


def make(seed: int, *, orders: int = 0) -> Site:
    """The site of *seed*, with packers for so many *orders*."""
    random = Random(seed)
    used = benches(BENCHES_MAX if orders > MANY_ORDERS else BENCHES)
    new_items, goods = goods_of.make(random)
    bins = _bins()
    return Site(
        tuple(goods), tuple(new_items), tuple(bins), _shelves(goods, bins, random),
        tuple(_workers(random, used)), tuple(used),
    )  # fmt: skip


def totes() -> list[str]:
    """The codes of all totes."""
    return [f"T-{n:04d}" for n in range(1, TOTES + 1)]


def benches(count: int) -> list[str]:
    """The codes of the first *count* packing stations."""
    return [f"PACK-{n}" for n in range(1, count + 1)]


def robots() -> list[str]:
    """The names of the robots of profile GRH-1."""
    return [f"agv-{n}" for n in range(1, ROBOTS + 1)]


def vehicles() -> list[str]:
    """The names of the vehicles that speak VDA 5050: of another maker's fleet, behind a broker."""
    return [f"vda-{n}" for n in range(1, VEHICLES + 1)]


def _bins() -> list[places.NewPlace]:
    made = []
    for z, zone in enumerate(ZONES):
        for aisle in range(1, AISLES + 1):
            for bay in range(1, BAYS + 1):
                for level in range(1, LEVELS + 1):
                    code = f"{zone}-{aisle:02d}-{bay:02d}-{level}"
                    made.append(places.NewPlace(
                        code=code, kind="bin", zone=zone, aisle=f"{zone}{aisle:02d}", bay=bay,
                        level=level, x_mm=(z * AISLES + aisle) * 3000, y_mm=bay * 1200,
                    ))  # fmt: skip
    return made


def _shelves(
    goods: list[Good], bins: list[places.NewPlace], random: Random
) -> dict[str, Counter[Bin]]:
    """Two bins an item, somewhere in the building; a lot a bin where lots are tracked."""
    codes = [place.code for place in bins]
    random.shuffle(codes)
    shelves: dict[str, Counter[Bin]] = {}
    for n, good in enumerate(goods):
        for half in (0, 1):
            lot = good.lots[half % len(good.lots)][0]
            shelves[codes[2 * n + half]] = Counter({(good.sku, lot): random.randint(12, 40)})
    return shelves


def _workers(random: Random, used: list[str]) -> list[Worker]:
    posts: list[tuple[str, str, str]] = [
        *(("pick", f"HT-{n:02d}", "") for n in range(1, PICKERS + 1)),
        *(("pack", f"BENCH-{n}", bench) for n, bench in enumerate(used, start=1)),
        ("ship", "DOCK-1", ""), ("task", "HT-91", ""), ("lead", "LEAD-1", ""),
    ]  # fmt: skip
    return [
        Worker(
            code=f"E{n:03d}", name=NAMES[n % len(NAMES)], role=role, terminal=terminal,
            station=station, token=f"demo-{terminal.lower()}-{random.getrandbits(64):016x}",
            badge=f"{random.getrandbits(128):032x}",
        )
        for n, (role, terminal, station) in enumerate(posts)
    ]  # fmt: skip


def write(tx: Tx, site: Site, *, now: int) -> None:
    """Put the whole site into an empty book."""
    places.ensure_outside(tx)
    _write_owners(tx)
    _write_places(tx, site)
    items.put(tx, list(site.new_items))
    _write_stock(tx, site, now)
    _write_people(tx, site, now)
    tx.execute(insert(boxes), [
        {"code": code, "name": name, "length_mm": length, "width_mm": width, "height_mm": height,
         "tare_g": tare}
        for code, name, length, width, height, tare in BOXES
    ])  # fmt: skip


def _write_owners(tx: Tx) -> None:
    owners.put_owners(tx, [
        owners.NewOwner(code="SAKURA", name="さくらコスメ株式会社", company_prefix="4512345"),
        owners.NewOwner(code="MORI", name="森の雑貨店", company_prefix="4598765"),
    ])  # fmt: skip
    owners.put_shops(tx, [
        owners.NewShop(
            code=f"{owner}-{mall}", owner=owner, name=name, sender_name=name,
            sender_postal="136-0082", sender_address="東京都江東区新木場1-2-3",
            sender_phone="03-1234-5678",
        )
        for owner, mall, name in (
            ("SAKURA", "HON", "さくらコスメ 本店"), ("SAKURA", "MALL", "さくらコスメ モール店"),
            ("MORI", "HON", "森の雑貨店"),
        )
    ])  # fmt: skip
    owners.put_services(tx, [
        owners.NewService(code=code, carrier=carrier, name=name, format="mod7-12")
        for carrier, (code, name) in CARRIERS.items()
    ])  # fmt: skip
    rows = [
        {"owner": owner, "carrier": carrier, "next": start, "last": start + 99_999}
        for o, owner in enumerate(goods_of.OWNERS)
        for c, carrier in enumerate(CARRIERS)
        for start in (20_000_000_000 + o * 1_000_000_000 + c * 100_000_000,)
    ]
    tx.execute(insert(tracking_ranges), rows)


def write_pickups(tx: Tx, *, now: int) -> None:
    """A truck of each carrier about three hours from now, so that today's work has a deadline."""
    local = local_time(now, ZONE) + timedelta(hours=3)
    owners.put_pickups(
        tx, [owners.Pickup(carrier=carrier, at=f"{local:%H}:00") for carrier in CARRIERS]
    )


def _write_places(tx: Tx, site: Site) -> None:
    fixed = [
        *(places.NewPlace(code=code, kind="buffer", x_mm=n * 4000, y_mm=0, robot_station=n)
          for n, code in enumerate(DROPS, start=1)),
        *(places.NewPlace(code=code, kind="station", x_mm=n * 4000, y_mm=-6000,
                          robot_station=10 + n)
          for n, code in enumerate(site.benches, start=1)),
        places.NewPlace(code=SHIP_STATION, kind="dock", y_mm=-9000),
        places.NewPlace(code="STACK", kind="dock", x_mm=-4000),
    ]  # fmt: skip
    places.put(tx, [*site.bins, *fixed])
    stacked = [places.NewPlace(code=code, kind="tote", parent="STACK") for code in totes()]
    places.put(tx, stacked)


def _write_stock(tx: Tx, site: Site, now: int) -> None:
    ids = items.ids_of(tx, [(good.owner, good.sku) for good in site.goods])
    number = {good.sku: ids[good.owner, good.sku] for good in site.goods}
    tx.execute(insert(lots), [
        {"item_id": number[good.sku], "lot": lot, "expiry": expiry}
        for good in site.goods for lot, expiry in good.lots if lot
    ])  # fmt: skip
    lines = [
        Move(key=f"open:{place}:{sku}:{lot}", item=number[sku], qty=qty, source=SUPPLIER,
             target=place, lot=lot, reason="opening")
        for place, units in sorted(site.shelves.items())
        for (sku, lot), qty in sorted(units.items())
    ]  # fmt: skip
    stock.post(tx, lines, actor="demo", now=now)


def _write_people(tx: Tx, site: Site, now: int) -> None:
    for worker in site.workers:
        lead = worker.role == "lead"
        verbs = ("lead", "pick", "pack", "ship", "task") if lead else (worker.role,)
        staff.add(
            tx, code=worker.code, name=worker.name, badge=worker.badge, permissions=verbs,
            pin="314159" if lead else "", pepper="demo",
        )  # fmt: skip
    tx.execute(insert(terminals), [
        {"id": worker.terminal, "token_hash": token_hash(worker.token), "station": worker.station,
         "seen_ms": now}
        for worker in site.workers
    ])  # fmt: skip
