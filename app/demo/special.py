"""What makes a shift a whole one: a gift, a paper of the shop, a box that does not fit its service,
a box that is stopped, a set to be made, a small stocktake. Pure but for `write`.

The goods and shelves are the site's own, apart from those that the seeded orders draw from.
"""

import struct
import zlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from app.demo.goods import plain
from app.demo.site import DROPS, Bin, Site
from wms import site_settings
from wms.db import Tx
from wms.shipping.inserts import NewInsert
from wms.site.items import NewItem
from wms.site.owners import NewService
from wms.site_settings import NewUpgrade, SiteSettings
from wms.storage import places
from wms.work import kits

OWNER, SHOP = "MORI", "MORI-HON"
NEKOPOS, INSTEAD = "yamato-nekopos", "yamato-takkyubin"
RIBBON, CARD, LEAFLET = "M-RIBBON", "M-CARD", "M-LEAFLET"
# A small zone whose orders are picked together and sorted at a put wall.
WALL, WALL_ZONE, WALL_GOODS, WALL_EACH = "WALL-1", "W", 4, 400
WALL_SLOTS = tuple(f"WS-{n}" for n in range(1, 7))
WALL_EVERY, WALL_MIN, WALL_TOGETHER = 12, 4, 4  # one of so many orders, at least, at a time
PASS_ZONES = ("C", "H")  # their totes are passed on to the next zone
MUG, TOWEL, SOAP, SET = "M-MUG", "M-TOWEL", "M-SOAP", "M-SET"
KIT_BIN = "G-01-07-1"
KITS = 3
CAGE = "CAGE-1"
STOCKTAKE_ZONE = "S"
STOCKTAKE_BINS = ("S-01-01-1", "S-01-02-1")
LEAFLET_FROM = 10_000  # yen: whoever spends so much gets a leaflet
GIFT, PAPER, TOO_THICK, STOPPED = (f"{SHOP}-{word}" for word in ("GIFT", "BILL", "THICK", "STOP"))
NAMES = (GIFT, PAPER, TOO_THICK, STOPPED)
NOSHI = "御祝"
PAPER_CODE = "INV-00000001"
PICTURES = {RIBBON: "ribbon.png", CARD: "card.png", LEAFLET: "leaflet.png"}

# SKU, name, grams, sides in mm, kind of line, its bin
_GOODS = (
    (RIBBON, "ギフトリボン 赤", 4, (60, 60, 5), "gift", "G-01-01-1"),
    (CARD, "メッセージカード", 6, (150, 100, 1), "gift", "G-01-02-1"),
    (LEAFLET, "秋のカタログ", 12, (210, 100, 1), "insert", "G-01-03-1"),
    (MUG, "森の大きなマグ", 410, (130, 110, 110), "", "G-01-04-1"),
    (TOWEL, "今治タオル 森", 120, (200, 150, 30), "", "G-01-05-1"),
    (SOAP, "森の石けん", 95, (80, 55, 30), "", "H-01-06-1"),
    (SET, "タオルと石けんのセット", 220, (220, 160, 60), "", ""),
    ("M-OLD1", "旧作の風呂敷 藍", 115, (180, 150, 15), "", STOCKTAKE_BINS[0]),
    ("M-OLD2", "旧作の風呂敷 桃", 115, (180, 150, 15), "", STOCKTAKE_BINS[1]),
)  # fmt: skip
_EACH = 24


def with_goods(site: Site) -> Site:
    """*site* with these goods, on shelves of their own."""
    goods, items, bins = list(site.goods), list(site.new_items), list(site.bins)
    shelves: dict[str, Counter[Bin]] = dict(site.shelves)
    for number, (sku, name, weight_g, sides, kind, place) in enumerate(_GOODS):
        item, good = plain(OWNER, sku, 90_000 + number, name, weight_g, sides)
        items.append(_dressed(item, kind))
        goods.append(good)
        if place:
            shelves[place] = Counter({(sku, ""): _EACH})
            bins.append(_bin(place, number))
    bins.append(_bin(KIT_BIN, len(_GOODS)))
    for number, sku in enumerate(_wall_goods(), start=1):
        item, good = plain(OWNER, sku, 91_000 + number, f"森の小物 {number}", 60, (90, 60, 20))
        place = f"{WALL_ZONE}-01-{number:02d}-1"
        items.append(item)
        goods.append(good)
        shelves[place] = Counter({(sku, ""): WALL_EACH})
        bins.append(_bin(place, len(_GOODS) + number))
    return replace(
        site, goods=tuple(goods), new_items=tuple(items), bins=tuple(bins), shelves=shelves
    )  # fmt: skip


def _wall_goods() -> list[str]:
    return [f"M-WALL{number}" for number in range(1, WALL_GOODS + 1)]


def of_the_wall(recipient: dict[str, Any], number: int, random: Random) -> list[dict[str, Any]]:
    """The bodies of *number* orders for what is sorted at the wall."""
    return [
        {
            "owner": OWNER, "shop": SHOP, "service": INSTEAD, "recipient": recipient,
            "external_id": f"{SHOP}-WALL-{n:03d}",
            "lines": [
                {"sku": sku, "qty": random.choice((1, 1, 2))}
                for sku in random.sample(_wall_goods(), random.choice((2, 2, 3)))
            ],
        }
        for n in range(1, number + 1)
    ]  # fmt: skip


def picking() -> dict[str, dict[str, Any]]:
    """How this site picks, as `config.toml` says it."""
    passed = {zone: {"method": "pass", "pass_place": DROPS[-1]} for zone in PASS_ZONES}
    return {"picking.zones": {**passed, WALL_ZONE: {"method": "batch", "wall": WALL}}}


def _dressed(item: NewItem, kind: str) -> NewItem:
    return msgspec.structs.replace(item, kind=kind, picture=PICTURES.get(item.sku, ""))


def _bin(code: str, number: int) -> places.NewPlace:
    zone, aisle, bay, level = code.split("-")
    return places.NewPlace(
        code=code, kind="bin", zone=zone, aisle=f"{zone}{aisle}", bay=int(bay), level=int(level),
        x_mm=1_000, y_mm=1_200 * (number + 1),
    )  # fmt: skip


def is_special(place: str) -> bool:
    """Whether a shelf is one of these: nobody has emptied it before the day."""
    return place[:2] in ("G-", "H-", "S-", f"{WALL_ZONE}-")


def orders(recipient: dict[str, Any]) -> list[dict[str, Any]]:
    """The bodies of the special orders; *recipient* is whom they are for."""
    base = {"owner": OWNER, "shop": SHOP, "service": INSTEAD, "recipient": recipient}
    gift = {
        "wrapping": "リボン", "noshi": NOSHI, "noshi_name": "森 一郎",
        "message": "ご結婚おめでとうございます", "sender_name": "森 一郎",
        "sender_phone": "03-1111-2222", "without_slip": True,
    }  # fmt: skip
    return [
        {**base, "external_id": GIFT, "gift": gift, "amount": 12_000, "lines": [
            {"sku": TOWEL, "qty": 1}, {"sku": SOAP, "qty": 2},
            {"sku": RIBBON, "qty": 1, "kind": "gift"}, {"sku": CARD, "qty": 1, "kind": "gift"},
        ]},
        {**base, "external_id": PAPER, "lines": [{"sku": TOWEL, "qty": 2}],
         "documents": [{"kind": "invoice", "code": PAPER_CODE}]},
        {**base, "external_id": TOO_THICK, "service": NEKOPOS,
         "lines": [{"sku": MUG, "qty": 1}, {"sku": SOAP, "qty": 1}]},
        {**base, "external_id": STOPPED, "lines": [{"sku": SOAP, "qty": 2}]},
    ]  # fmt: skip


def work() -> dict[str, Any]:
    """The body of `POST /v1/work-orders`: sets of a towel and a soap."""
    return {"owner": OWNER, "external_id": "SET-1", "kind": "kit", "sku": SET, "qty": KITS}


def write(tx: Tx) -> None:
    """Put the rules of these flows into the book; the goods are there already."""
    kits.put(tx, [
        kits.NewKitLine(owner=OWNER, kit=SET, component=part) for part in (TOWEL, SOAP)
    ])  # fmt: skip
    places.put(tx, [places.NewPlace(code=CAGE, kind="cart", parent="SHIP-1")])
    site_settings.put(tx, SiteSettings(
        services=(NewService(
            code=NEKOPOS, carrier="yamato", name="ネコポス", format="mod7-12",
            weight_g_max=1_000, sides_mm_max=600, thickness_mm_max=30,
        ),),
        upgrades=(NewUpgrade(owner=OWNER, service=NEKOPOS, upgrade=INSTEAD, cost=350),),
        inserts=(NewInsert(owner=OWNER, sku=LEAFLET, amount_min=LEAFLET_FROM),),
    ))  # fmt: skip


def bill_pdf() -> bytes:
    """The bill (後払い請求書) that the shop sends for an order: one page with its code."""
    told = f"BT /F1 24 Tf 72 720 Td ({PAPER_CODE}) Tj ET".encode()
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(told), told),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )  # fmt: skip
    pdf, starts = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        starts.append(len(pdf))
        pdf += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    size, begin = len(objects) + 1, len(pdf)
    pdf += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    return pdf + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, begin)


def draw_pictures(folder: Path) -> None:
    """The pictures of the special goods, as files beside the configuration."""
    (folder / "pictures").mkdir(exist_ok=True)
    for number, name in enumerate(PICTURES.values()):
        (folder / "pictures" / name).write_bytes(png((200, 40 + 60 * number, 80)))


def png(colour: tuple[int, int, int], side: int = 32) -> bytes:
    """A picture of one colour."""
    rows = (b"\0" + bytes(colour) * side) * side
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )
