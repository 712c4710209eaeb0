"""What an order asks of its delivery, against what goods, services and carriers allow. Pure.

A parcel for a letter box is neither paid for at the door nor cooled, and waits nowhere. What goes
by aeroplane (Okinawa and the islands) says what it is; what may not fly goes by ship, later.
"""

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from wms.errors import Code, Rejected
from wms.orders.new import NewOrder
from wms.site.carriers import WITHOUT_DATE
from wms.text import shown

NO_AIR = "order.no_air"  # its promise could not be kept, as its goods may not fly: a later one is
FLOWN_TO = "沖縄県"
# Islands that a carrier reaches by aeroplane or ship alone, by the beginnings of their postal
# codes: 伊豆・小笠原, 利尻・礼文・奥尻, 佐渡, 隠岐, 対馬・壱岐・五島, 種子島・屋久島・奄美・甑島.
ISLANDS = (
    "10001", "10002", "10003", "10004", "10005", "10006", "10011", "10012", "10013", "10014",
    "10015", "10016", "10017", "10021", "10022", "09701", "09702", "09704", "09710", "09711",
    "09712", "04314", "04315", "952", "685", "68401", "68402", "68403", "68404", "817", "8115",
    "853", "8574", "8913", "8914", "8915", "8916", "8917", "8918", "8919", "894", "89611", "89612",
    "89613",
)  # fmt: skip
# Names that say nothing to whoever looks at the X-ray picture; carriers refuse them for air.
GENERIC = frozenset({
    "雑貨", "日用品", "日用雑貨", "生活雑貨", "生活用品", "商品", "品物", "荷物", "物品", "製品",
    "部品", "機械", "機器", "用品", "化粧品", "薬品", "液体", "サンプル", "見本", "ギフト",
    "プレゼント", "おみやげ", "お土産", "その他", "goods", "item", "items", "merchandise", "misc",
    "parts", "product", "sample", "samples", "gift", "cosmetics",
})  # fmt: skip
_VAGUE_ENDS = ("一式", "セット", "各種", "類", "など", "等", "他")


class Goods(NamedTuple):
    """What a line's item is, as far as its delivery is concerned."""

    name: str
    storage: str
    no_air: bool


def is_island(postal: str) -> bool:
    """Whether a postal code (160-0022) is of an island without a bridge.

    >>> is_island("100-1511"), is_island("100-0001")
    (True, False)
    """
    return postal.replace("-", "").startswith(ISLANDS)


def is_flown_to(prefecture: str, postal: str) -> bool:
    """Whether parcels for this address go by aeroplane when they may."""
    return prefecture == FLOWN_TO or is_island(postal)


def is_generic(name: str) -> bool:
    """Whether an item's name is too general for a parcel that flies.

    >>> is_generic("雑貨 一式"), is_generic("ｺﾞｯｽﾞ"), is_generic("陶器の湯のみ")
    (True, False, False)
    """
    bare = unicodedata.normalize("NFKC", name).casefold().strip(" ()")
    for end in _VAGUE_ENDS:
        bare = bare.removesuffix(end).strip(" ()")
    return bare in GENERIC


def check(order: NewOrder, goods: Sequence[Goods]) -> bool:
    """Whether *order*, whose lines are of *goods*, must go by ship where others fly.

    Refuses `SERVICE_WITHOUT_COD`, `SERVICE_WITHOUT_COOL`, `DELIVERY_CLASH` (what is paid at the
    door, left there, or fetched from a depot) and `ITEM_TOO_GENERIC` for what would fly.
    """
    _refuse_letter_box(order, goods)
    for first, second in (("cod", "leave_at"), ("depot", "leave_at")):
        if getattr(order, first) and getattr(order, second):
            raise Rejected(Code.DELIVERY_CLASH, field=second, other=first)
    if not is_flown_to(order.recipient.prefecture, order.recipient.postal):
        return False
    if any(one.no_air for one in goods):
        return True
    for place, one in enumerate(goods):
        if is_generic(one.name):
            field = f"lines[{place}].sku"
            raise Rejected(Code.ITEM_TOO_GENERIC, field=field, value=shown(one.name))
    return False


def _refuse_letter_box(order: NewOrder, goods: Sequence[Goods]) -> None:
    if order.service not in WITHOUT_DATE:
        return
    service = shown(order.service)
    if order.cod:
        raise Rejected(Code.SERVICE_WITHOUT_COD, field="cod", service=service)
    for field in ("depot", "leave_at"):
        if getattr(order, field):
            raise Rejected(Code.DELIVERY_CLASH, field=field, other=service)
    for place, one in enumerate(goods):
        if one.storage != "ambient":
            field = f"lines[{place}].sku"
            raise Rejected(Code.SERVICE_WITHOUT_COOL, field=field, service=service)
