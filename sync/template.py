"""The sheets of the opening workbook: what a new site fills in, with one example row each."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from sync.columns import CHOICES, COLUMNS, Column, Kind, Type
from sync.files import STRUCTS
from wms.messages import Language
from wms.shipping.inserts import NewInsert
from wms.site.carriers import PREFECTURES
from wms.site.owners import (
    NATIONAL,
    REMOTE,
    WEEKDAYS,
    Holiday,
    NewOwner,
    NewService,
    NewShop,
    Pickup,
    Transit,
)
from wms.site.owners import SITE as SITE_SCOPE
from wms.site_settings import NewBox, NewRange, NewUpgrade

CARRIERS = {
    "ヤマト運輸": "yamato", "佐川急便": "sagawa", "日本郵便": "japanpost",
    "ヤマト": "yamato", "佐川": "sagawa", "郵便": "japanpost",
}  # fmt: skip
WORDS_JA: Mapping[str, Mapping[str, str]] = {
    **CHOICES,
    "label_mode": {"即時発行": "immediate", "先出し": "pre_issued"},
    "short_policy": {
        "入荷を待つ": "wait", "ある分を出荷": "ship_short", "分納しない": "never_split",
        "担当者に聞く": "ask",
    },
    "notify": {"検品時": "inspection", "引渡時": "handover"},
    "carrier": CARRIERS,
    "wish": {"ラッピング": "wrapping", "のし": "noshi", "メッセージ": "message"},
    "scope": {"拠点": SITE_SCOPE, "自社": SITE_SCOPE, "倉庫": SITE_SCOPE, **CARRIERS},
    "date": {
        **{f"{day}曜": name for day, name in zip("月火水木金土日", WEEKDAYS, strict=True)},
        "祝日": NATIONAL, "国民の祝日": NATIONAL,
        **{f"{day}曜日": name for day, name in zip("月火水木金土日", WEEKDAYS, strict=True)},
    },
}  # fmt: skip
OFFERED = {  # others may be written
    "carrier": ("yamato", "sagawa", "japanpost"),
    "scope": (SITE_SCOPE, "yamato", "sagawa", "japanpost"),
    "date": (*WEEKDAYS, NATIONAL),
    "prefecture": (*PREFECTURES, REMOTE),
}
# By which field rows of a sheet are called on others, and which fields call them.
KEYS = {"owners": "code", "shops": "code", "services": "code", "places": "code", "items": "sku"}
REFERENCES = {
    "owner": "owners", "shop": "shops", "service": "services", "upgrade": "services",
    "sku": "items", "with_sku": "items", "kit": "items", "component": "items",
    "place": "places", "parent": "places",
}  # fmt: skip
TIMES = ("at", "order_cutoff")  # fields that are a time of day
READ_ME = {"ja": "はじめに", "en": "Read me"}
EXAMPLE = {"ja": "例", "en": "example"}  # the column that marks rows which are not brought in
WRONG = {"ja": "誤り", "en": "what is wrong"}  # the column in which faults are told
YES_NO = {"ja": ("○", "×"), "en": ("yes", "no")}
_TIME = re.compile(r"([0-9]{1,2})[:時]([0-9]{2})(?::00|分)?")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its titles, what its rows become, and examples by field."""

    kind: str
    ja: str
    en: str
    columns: Sequence[Column]
    struct: type[Struct]
    examples: tuple[Mapping[str, str | int], ...]
    imported: Kind | None = None  # the kind of file that `genba import` takes for it

    def title(self, language: Language) -> str:
        return self.ja if language == "ja" else self.en

    def header(self, one: Column, language: Language) -> str:
        """What the sheet calls a column; a star marks those that must be filled in."""
        name = one.names[1] if language == "ja" and len(one.names) > 1 else one.field
        return f"{name}*" if one.required else name

    def choices(self, one: Column, language: Language) -> tuple[str, ...]:
        """The words of a drop-down; () where anything may be written."""
        if one.type == "bool":
            return YES_NO[language]
        values = {**OFFERED, **_literals(self.struct)}.get(one.field, ())
        words = {value: word for word, value in reversed(list(WORDS_JA.get(one.field, {}).items()))}
        return tuple(words.get(v, v) if language == "ja" else v for v in values if v)

    def must_choose(self, one: Column) -> bool:
        """Whether nothing but a word of its drop-down is taken."""
        return one.type == "bool" or one.field in _literals(self.struct)

    def example(self, one: Column, language: Language) -> str:
        """What a cell of this column may look like; "" where no example has one."""
        at = list(self.columns).index(one)
        return next((str(row[at]) for row in self.example_rows(language) if row[at] != ""), "")

    def example_rows(self, language: Language) -> list[list[str | int]]:
        """The examples in the words of *language*, in the order of the columns."""
        return [
            [_told(one, example.get(one.field, ""), language) for one in self.columns]
            for example in self.examples
        ]


def _literals(struct: type[Struct]) -> dict[str, tuple[str, ...]]:
    kind = msgspec.inspect.type_info(struct)
    assert isinstance(kind, msgspec.inspect.StructType)
    return {
        each.name: tuple(str(value) for value in each.type.values)
        for each in kind.fields if isinstance(each.type, msgspec.inspect.LiteralType)
    }  # fmt: skip


def column(field: str, *names: str, type: Type = "text", required: bool = False) -> Column:
    """A column of a site's own sheet."""
    return Column(field, (field, *names), type, required)


def _imported(kind: Kind, ja: str, en: str, *examples: Mapping[str, str | int]) -> Sheet:
    return Sheet(kind, ja, en, COLUMNS[kind], STRUCTS[kind], examples, kind)


OWNER = column("owner", "荷主", "荷主コード", required=True)
CARRIER = column("carrier", "運送会社", required=True)

# In the order in which they are brought in: each may name what stands before it.
SHEETS: tuple[Sheet, ...] = (
    Sheet(
        "owners", "荷主", "Owners",
        (
            column("code", "荷主コード", required=True), column("name", "荷主名"),
            column("label_mode", "送り状発行"), column("order_cutoff", "受注締め"),
            column("company_prefix", "GS1事業者コード"),
            column("weight_tolerance_g", "重量許容g", type="int"),
            column("short_policy", "欠品時"),
            column("approval_value", "棚卸差異の承認額", type="int"),
        ),
        NewOwner,
        ({"code": "SAKURA", "name": "さくら堂", "label_mode": "即時発行", "order_cutoff": "12:00",
         "company_prefix": "4512345", "weight_tolerance_g": 30, "short_policy": "入荷を待つ",
         "approval_value": 10_000},),
    ),
    Sheet(
        "shops", "店舗", "Shops",
        (
            column("code", "店舗コード", required=True), OWNER, column("name", "店舗名"),
            column("sender_name", "送り主名"), column("sender_postal", "送り主郵便番号"),
            column("sender_address", "送り主住所"), column("sender_phone", "送り主電話番号"),
            column("slip_message", "納品書メッセージ"), column("notify", "出荷通知"),
        ),
        NewShop,
        ({"code": "SAKURA-HON", "owner": "SAKURA", "name": "さくら堂 本店",
         "sender_name": "さくら堂", "sender_postal": "160-0022",
         "sender_address": "東京都新宿区新宿1-2-3", "sender_phone": "03-1234-5678",
         "notify": "検品時"},),
    ),
    Sheet(
        "services", "便種", "Services",
        (
            column("code", "便種コード", required=True), CARRIER, column("name", "便種名"),
            column("format", "送り状番号形式"), column("weight_g_max", "重量上限g", type="int"),
            column("sides_mm_max", "三辺合計上限mm", type="int"),
            column("thickness_mm_max", "厚さ上限mm", type="int"),
        ),
        NewService,
        ({"code": "yamato-takkyubin", "carrier": "ヤマト運輸", "name": "宅急便",
         "format": "mod7-12", "weight_g_max": 30_000, "sides_mm_max": 2_000},
         {"code": "yamato-nekopos", "carrier": "ヤマト運輸", "name": "ネコポス",
          "format": "mod7-12", "weight_g_max": 1_000, "sides_mm_max": 600,
          "thickness_mm_max": 30}),
    ),
    Sheet(
        "upgrades", "便種変更", "Upgrades",
        (
            OWNER, column("service", "便種コード", required=True),
            column("upgrade", "変更先便種コード", required=True),
            column("cost", "追加費用", type="int"),
        ),
        NewUpgrade,
        ({"owner": "SAKURA", "service": "yamato-nekopos", "upgrade": "yamato-takkyubin",
          "cost": 500},),
    ),
    Sheet(  # labels that come out after proof take their numbers from here
        "tracking", "送り状番号", "Tracking",
        (
            OWNER, CARRIER,
            column("first", "開始番号（チェック数字なし）", type="int", required=True),
            column("last", "終了番号（チェック数字なし）", type="int", required=True),
        ),
        NewRange,
        ({"owner": "SAKURA", "carrier": "ヤマト運輸", "first": 26_249_216_000,
         "last": 26_249_216_999},),
    ),
    Sheet(
        "pickups", "集荷", "Pickups",
        (CARRIER, column("at", "集荷時刻", required=True)),
        Pickup, ({"carrier": "ヤマト運輸", "at": "17:00"},),
    ),
    Sheet(  # no prefecture: everywhere else
        "transit", "配送日数", "Transit days",
        (
            CARRIER, column("prefecture", "都道府県"),
            column("days", "日数", type="int", required=True),
            column("surface_days", "航空搭載不可の日数", type="int"),
        ),
        Transit,
        ({"carrier": "ヤマト運輸", "days": 1},
         {"carrier": "ヤマト運輸", "prefecture": "沖縄県", "days": 3, "surface_days": 8}),
    ),
    Sheet(
        "holidays", "休業日", "Closed days",
        (
            column("scope", "対象", required=True),
            column("date", "休業日", "日付", type="date", required=True),
        ),
        Holiday, ({"scope": "拠点", "date": "日曜"}, {"scope": "拠点", "date": "2027-01-01"}),
    ),
    Sheet(
        "boxes", "箱", "Boxes",
        (
            column("code", "箱コード", required=True), column("name", "箱名"),
            column("length_mm", "内寸長さmm", type="int", required=True),
            column("width_mm", "内寸幅mm", type="int", required=True),
            column("height_mm", "内寸高さmm", type="int", required=True),
            column("tare_g", "箱の重さg", type="int"),
        ),
        NewBox,
        ({"code": "BX-60", "name": "60サイズ", "length_mm": 250, "width_mm": 200,
         "height_mm": 140, "tare_g": 120},),
    ),
    _imported("places", "ロケ", "Places", {
        "code": "A-01-1", "kind": "棚", "zone": "A", "aisle": "1", "bay": 1, "level": 1,
    }),
    _imported("items", "商品", "Items", {
        "owner": "SAKURA", "sku": "S0001", "name": "抹茶ラテ 10本入", "barcode": "4901234567894",
        "weight_g": 180, "length_mm": 150, "width_mm": 100, "height_mm": 40,
        "expiry_tracked": "○", "storage": "常温",
    }, {"owner": "SAKURA", "sku": "SET-1", "name": "抹茶ラテ 2箱セット", "weight_g": 380},
       {"owner": "SAKURA", "sku": "LEAF-1", "name": "季節のご案内", "weight_g": 5,
        "kind": "同梱物"}),
    Sheet(
        "inserts", "同梱物", "Inserts",
        (
            OWNER, column("sku", "商品コード", required=True), column("shop", "店舗コード"),
            column("qty", "数量", type="int"), column("nth_order", "何回目の注文", type="int"),
            column("with_sku", "この商品と一緒に"),
            column("amount_min", "この金額以上", type="int"),
            column("from_date", "開始日", type="date"), column("until_date", "終了日", type="date"),
            column("wish", "ギフトの要望"), column("wish_words", "要望の言葉"),
        ),
        NewInsert,
        ({"owner": "SAKURA", "sku": "LEAF-1", "shop": "SAKURA-HON", "qty": 1, "nth_order": 2,
          "from_date": "2026-12-01", "until_date": "2026-12-25"},),
    ),
    _imported("kits", "セット", "Kits", {
        "owner": "SAKURA", "kit": "SET-1", "component": "S0001", "qty": 2,
    }),
    _imported("faces", "補充", "Pick faces", {
        "place": "A-01-1", "owner": "SAKURA", "sku": "S0001", "min": 10, "max": 60,
    }),
    _imported("stock", "在庫", "Stock", {
        "owner": "SAKURA", "sku": "S0001", "place": "A-01-1", "qty": 24,
        "expiry": "2027-03-31", "condition": "良品",
    }),
)  # fmt: skip


def _told(one: Column, cell: str | int, language: Language) -> str | int:
    if language == "ja" or not isinstance(cell, str):
        return cell
    return "yes" if one.type == "bool" and cell else str(value_of(one.field, cell))


def sheet_named(title: str) -> Sheet | None:
    """The sheet with this title, in either language."""
    return next((each for each in SHEETS if title in (each.ja, each.en)), None)


def value_of(field: str, cell: Any) -> Any:
    """A word of a drop-down as its value.

    >>> value_of("label_mode", "先出し"), value_of("name", "先出し"), value_of("at", "9：00")
    ('pre_issued', '先出し', '09:00')
    """
    if not isinstance(cell, str):
        return cell
    if field in TIMES:
        return _time(cell)
    return WORDS_JA.get(field, {}).get(cell, cell)


def _time(cell: str) -> str:
    """A time of day as people write it, as HH:MM; what is none stays as it is."""
    found = _TIME.fullmatch(unicodedata.normalize("NFKC", cell))
    return f"{found[1]:0>2}:{found[2]}" if found else cell
