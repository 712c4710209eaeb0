"""The demo's orders: 60 % of one piece, the rest of two to four lines, all from a seed. Pure."""

from random import Random
from typing import Any

from app.demo.site import CARRIERS, Site

ONE_PIECE_PERCENT = 60
NAMES = (
    "山田 太郎",
    "髙橋 一郎",
    "𠮷田 花子",
    "中村 美咲",
    "㈱森田商店",
    "佐々木 翔",
    "ﾀﾅｶ ｹﾝ",
    "神﨑 結",
)
TOWNS = (
    ("160-0022", "東京都", "新宿区新宿1-2-3"), ("530-0001", "大阪府", "大阪市北区梅田2-4-9"),
    ("810-0001", "福岡県", "福岡市中央区天神1-8-1"),
    ("060-0042", "北海道", "札幌市中央区大通西3-7"),
    ("220-0012", "神奈川県", "横浜市西区みなとみらい2-2-1"),
)  # fmt: skip


def make(site: Site, count: int, seed: int) -> list[dict[str, Any]]:
    """Bodies for `POST /v1/orders`, in the order in which the shops send them."""
    random = Random(seed + 1)
    return [_one(site, n, random) for n in range(1, count + 1)]


def _one(site: Site, n: int, random: Random) -> dict[str, Any]:
    owner = random.choice(("SAKURA", "MORI"))
    mine = [good for good in site.goods if good.owner == owner and good.is_seeded]
    popular = mine[: len(mine) // 4]  # a quarter of the goods is most of the trade
    if random.random() * 100 < ONE_PIECE_PERCENT:
        lines = [{"sku": random.choice(popular).sku, "qty": 1}]
    else:
        lines = [
            {"sku": good.sku, "qty": random.choice((1, 1, 1, 2, 2, 3, 6))}
            for good in random.sample(mine, random.randint(2, 4))
        ]
    postal, prefecture, address = random.choice(TOWNS)
    shop = random.choice(("SAKURA-HON", "SAKURA-MALL")) if owner == "SAKURA" else "MORI-HON"
    body: dict[str, Any] = {
        "owner": owner, "shop": shop, "external_id": f"{shop}-{n:05d}",
        "service": random.choice([code for code, _ in CARRIERS.values()]), "lines": lines,
        "recipient": {
            "name": random.choice(NAMES), "postal": postal, "prefecture": prefecture,
            "address": address, "phone": f"03-{random.randint(1000, 9999)}-0000",
        },
    }  # fmt: skip
    if n % 12 == 0:
        body["gift"] = {"wrapping": "リボン", "message": "お誕生日おめでとう"}
    return body
