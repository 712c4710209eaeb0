"""Made-up goods of the demo's two owners, with Japanese names. Pure: a seed gives its goods."""

from dataclasses import dataclass
from random import Random

from wms.site.items import Barcode, NewItem, check_digit

OWNERS = ("SAKURA", "MORI")
PREFIX = {"SAKURA": "4512345", "MORI": "4598765"}  # GS1 company prefixes, made up
ITEMS_EACH = 600

_COSMETIC = (
    ("化粧水", 180, (45, 45, 150)), ("乳液", 160, (45, 45, 140)), ("美容液", 90, (40, 40, 110)),
    ("リップ", 25, (20, 20, 80)), ("石けん", 110, (70, 50, 30)), ("シャンプー", 520, (80, 60, 220)),
    ("ﾊﾝﾄﾞｸﾘｰﾑ", 75, (50, 30, 130)), ("日焼け止め", 95, (45, 35, 120)),
    ("入浴剤", 60, (90, 120, 10)), ("フェイスマスク 5枚入", 140, (150, 200, 15)),
)  # fmt: skip
_GOODS = (
    ("ガーゼハンカチ", 40, (120, 120, 10)), ("マグカップ", 320, (120, 90, 100)),
    ("抹茶ﾗﾃ ｽﾃｨｯｸ 10本入", 180, (160, 120, 40)), ("木の箸 2膳", 60, (240, 50, 20)),
    ("風呂敷 70cm", 110, (180, 150, 15)), ("USB-C ケーブル 1.5m", 70, (150, 100, 25)),
    ("㈱髙島 焼き菓子", 260, (200, 140, 50)), ("𠮷野の杉スプーン", 30, (160, 35, 15)),
    ("ボトル500ml（緑）", 210, (75, 75, 230)), ("線香花火 10本", 35, (220, 40, 10)),
)  # fmt: skip
_SERIES = ("さくら", "しずく", "つばき", "はるか", "みずほ", "あかね", "ひより", "こもれび")
_VARIANTS = ("白", "黒", "桃", "若草", "藍", "山吹", "限定")


@dataclass(frozen=True, slots=True)
class Good:
    """An item as the physical world knows it: what is printed on it, and what it weighs."""

    owner: str
    sku: str
    jan: str
    name: str
    weight_g: int
    lots: tuple[tuple[str, str], ...]  # (lot, expiry); (("", ""),) when not tracked
    tagged: bool
    is_seeded: bool = True  # one of many; those of a special flow are not ordered by chance


def make(random: Random) -> tuple[list[NewItem], list[Good]]:
    """Twelve hundred items, as the book takes them and as the world has them."""
    items: list[NewItem] = []
    goods: list[Good] = []
    for owner in OWNERS:
        for n in range(1, ITEMS_EACH + 1):
            item, good = _one(owner, n, random)
            items.append(item)
            goods.append(good)
    return items, goods


def plain(
    owner: str, sku: str, number: int, name: str, weight_g: int, sides: tuple[int, int, int]
) -> tuple[NewItem, Good]:
    """An item that is tracked by nothing; *number* is its own within the owner's prefix."""
    body = f"{PREFIX[owner]}{number:05d}"
    jan = body + check_digit(body)
    length, width, height = sides
    item = NewItem(
        owner=owner, sku=sku, name=name, barcodes=(Barcode(code=jan),), weight_g=weight_g,
        length_mm=length, width_mm=width, height_mm=height,
    )  # fmt: skip
    return item, Good(owner, sku, jan, name, weight_g, (("", ""),), tagged=False, is_seeded=False)


def _one(owner: str, n: int, random: Random) -> tuple[NewItem, Good]:
    kinds = _COSMETIC if owner == "SAKURA" else _GOODS
    word, weight_g, (length, width, height) = kinds[n % len(kinds)]
    name = f"{_SERIES[n % len(_SERIES)]} {word} {_VARIANTS[n % len(_VARIANTS)]} {n:03d}"
    body = f"{PREFIX[owner]}{n:05d}"
    jan = body + check_digit(body)
    tracked = owner == "SAKURA" and n % 3 == 0
    tagged = n % 8 == 0
    case = f"1{body}"
    barcodes: tuple[Barcode, ...] = (Barcode(code=jan),)
    if n % 10 == 0:
        barcodes += (Barcode(code=case + check_digit(case), qty=6),)
    weight_g += random.randint(-5, 15)
    lots = (
        (f"L{n:03d}A", f"2027-{1 + n % 6:02d}-28"), (f"L{n:03d}B", f"2027-{7 + n % 6:02d}-28"),
    ) if tracked else (("", ""),)  # fmt: skip
    sku = f"{owner[0]}{n:04d}"
    item = NewItem(
        owner=owner, sku=sku, name=name, barcodes=barcodes, weight_g=weight_g, length_mm=length,
        width_mm=width, height_mm=height, lot_tracked=tracked, expiry_tracked=tracked,
        rfid_tagged=tagged,
    )  # fmt: skip
    return item, Good(owner, sku, jan, name, weight_g, lots, tagged)
