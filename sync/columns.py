"""The columns of each kind of file: their names in Japanese and English, and what cells become."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sync.sheets import Line, Table
from wms.errors import Code, Rejected
from wms.messages import Language
from wms.shape import Fault, fault, of_refusal
from wms.text import shown

Kind = Literal[
    "orders", "items", "places", "faces", "stock", "inbounds", "returns", "kits", "slips"
]
Type = Literal["text", "int", "bool", "date"]

YES = frozenset({"1", "true", "yes", "y", "○", "◯", "〇", "はい", "有", "あり"})
NO = frozenset({"0", "false", "no", "n", "×", "いいえ", "無", "なし"})
_THOUSANDS = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the field it fills, the names it may have, and what its cells are.

    `stand_in` does no harm where a cell that must be filled in is wrong: with it the rest of the
    line can be looked at. None: without this cell there is nothing to look at.
    """

    field: str
    names: tuple[str, ...]
    type: Type = "text"
    required: bool = False
    stand_in: str | int | None = None


def _c(
    field: str, *names: str, type: Type = "text", required: bool = False,
    stand_in: str | int | None = None,
) -> Column:  # fmt: skip
    return Column(field, (field, *names), type, required, stand_in)


OWNER = _c("owner", "荷主", "荷主コード", required=True)
SKU = _c("sku", "商品コード", "品番", "商品番号", required=True)

COLUMNS: Mapping[Kind, Sequence[Column]] = {
    "items": (
        OWNER,
        SKU,
        _c("name", "商品名", "品名", required=True, stand_in="-"),
        _c("barcode", "jan", "janコード", "バーコード", "gtin"),
        _c("case_barcode", "ケースバーコード", "itf", "ケースjan"),
        _c("case_qty", "ケース入数", "入数", type="int"),
        _c("weight_g", "重量g", "重量(g)", "重量", type="int"),
        _c("length_mm", "長さmm", "縦mm", "縦(mm)", type="int"),
        _c("width_mm", "幅mm", "横mm", "横(mm)", type="int"),
        _c("height_mm", "高さmm", "高さ(mm)", type="int"),
        _c("lot_tracked", "ロット管理", type="bool"),
        _c("expiry_tracked", "期限管理", type="bool"),
        _c("serial_tracked", "シリアル管理", type="bool"),
        _c("rfid_tagged", "rfid", "rfidタグ", type="bool"),
        _c("storage", "温度帯", "保管区分"),
        _c("fragile", "割れ物", "ワレモノ", type="bool"),
        _c("no_air", "航空搭載不可", type="bool"),
        _c("own_box", "専用箱", type="bool"),
        _c("picture", "画像", "画像url"),
        _c("kind", "商品区分"),
        _c("velocity", "出荷頻度", "abc"),
        _c("relabel", "ラベル貼り", type="bool"),
        _c("shelf_days_in", "入荷許容日数", type="int"),
    ),
    "places": (
        _c("code", "ロケ", "ロケーション", "ロケコード", required=True),
        _c("kind", "種類", "ロケ区分", required=True, stand_in="bin"),
        _c("zone", "ゾーン", "エリア"),
        _c("aisle", "通路", "列"),
        _c("bay", "間口", "連", type="int"),
        _c("level", "段", type="int"),
        _c("x_mm", "x", "x座標mm", type="int"),
        _c("y_mm", "y", "y座標mm", type="int"),
        _c("parent", "親ロケ", "置き場"),
        _c("check_digits", "チェック数字"),
        _c("blocked", "使用停止理由"),
        _c("epc", "rfidタグ"),
        _c("robot_station", "ロボットステーション", type="int"),
        _c("totes_max", "オリコン上限", "置ける数", type="int"),
        _c("storage", "温度帯", "保管区分"),
        _c("velocity", "出荷頻度", "abc"),
        _c("mix", "混載", "混載区分"),
        _c("weight_g_max", "耐荷重g", "耐荷重", type="int"),
        _c("height_mm_max", "棚高さmm", "有効高さmm", type="int"),
        _c("volume_ml_max", "容量ml", "容積ml", type="int"),
    ),
    "faces": (
        _c("place", "ロケ", "ロケーション", "ロケコード", required=True),
        OWNER,
        SKU,
        _c("min", "最小数", "補充点", type="int", required=True, stand_in=0),
        _c("max", "最大数", "補充上限", type="int", required=True, stand_in=1_000_000),
    ),
    "kits": (
        OWNER,
        _c("kit", "セット商品コード", "セット品番", required=True),
        _c("component", "構成品コード", "構成品番", required=True),
        _c("qty", "数量", "構成数", type="int", required=True, stand_in=1),
    ),
    "stock": (
        OWNER,
        SKU,
        _c("place", "ロケ", "ロケーション", "ロケコード", required=True),
        _c("qty", "数量", "在庫数", type="int", required=True, stand_in=1),
        _c("lot", "ロット", "ロット番号"),
        _c("expiry", "期限", "賞味期限", "使用期限", type="date"),
        _c("condition", "状態", "在庫区分"),
        _c("serial", "シリアル", "シリアル番号"),
    ),
    "orders": (
        OWNER,
        _c("shop", "店舗", "店舗コード", required=True),
        _c("external_id", "受注番号", "注文番号", "order", required=True),
        _c("service", "配送サービス", "便種", required=True),
        _c("delivery_date", "配達希望日", "お届け希望日", type="date"),
        _c("time_slot", "時間帯", "配達時間帯"),
        _c("name", "お届け先名", "届け先名", "氏名", required=True),
        _c("company", "会社名", "お届け先会社名"),
        _c("postal", "郵便番号", "お届け先郵便番号", required=True),
        _c("prefecture", "都道府県"),
        _c("address", "住所", "お届け先住所", required=True),
        _c("building", "建物名", "マンション名"),
        _c("phone", "電話番号", "お届け先電話番号", required=True),
        _c("email", "メール", "メールアドレス"),
        SKU,
        _c("qty", "数量", type="int", required=True),
        _c("kind", "明細区分"),
        _c("note", "明細備考"),
        _c("notes", "備考"),
        _c("priority", "優先度", type="int"),
        _c("price", "単価", type="int"),
        _c("amount", "合計金額", "支払金額", type="int"),
        _c("cod", "代引金額", "代金引換額", type="int"),
        _c("depot", "営業所止め", "受取営業所"),
        _c("leave_at", "置き配", "置き配場所"),
        _c("customer", "顧客番号", "会員番号"),
        _c("gift_wrapping", "ラッピング"),
        _c("gift_noshi", "のし"),
        _c("gift_noshi_name", "のし名入れ"),
        _c("gift_message", "メッセージ", "ギフトメッセージ"),
        _c("gift_without_slip", "納品書なし", type="bool"),
    ),
    "slips": (
        _c("owner", "荷主", "荷主コード"),
        _c("external_id", "受注番号", "注文番号", "お客様管理番号", required=True),
        _c("tracking", "送り状番号", "伝票番号", "お問い合わせ番号", required=True),
    ),
    "inbounds": (
        OWNER,
        _c("external_id", "入荷番号", "入荷予定番号", "発注番号", "asn", required=True),
        SKU,
        _c("qty", "数量", "予定数", type="int", required=True),
        _c("lot", "ロット", "ロット番号"),
        _c("expiry", "期限", "賞味期限", "使用期限", type="date"),
        _c("supplier", "仕入先", "発送元"),
        _c("expected_date", "入荷予定日", type="date"),
        _c("dock", "入荷バース"),
        _c("notes", "備考"),
    ),
    "returns": (
        OWNER,
        _c("external_id", "返品番号", "返品受付番号", "rma", required=True),
        _c("kind", "返品区分"),
        _c("order", "受注番号", "注文番号"),
        SKU,
        _c("qty", "数量", "返品数", type="int", required=True),
        _c("serial", "シリアル", "シリアル番号", "製造番号"),
        _c("exchange_sku", "交換商品コード", "交換品番"),
        _c("reason", "返品理由"),
    ),
}

# Words that people write for the values of a choice.
CHOICES: Mapping[str, Mapping[str, str]] = {
    "storage": {"常温": "ambient", "冷蔵": "chilled", "冷凍": "frozen"},
    "condition": {
        "良品": "available", "保留": "quarantine", "不良品": "damaged", "期限切れ": "expired",
        "返品": "returned",
    },
    "leave_at": {
        "玄関": "door", "玄関前": "door", "宅配ボックス": "box", "メーターボックス": "meter",
        "物置": "shed", "車庫": "garage", "自転車かご": "basket", "管理人": "reception",
    },
    "mix": {"単品": "item", "単一ロット": "lot"},
    "kind": {
        "棚": "bin", "保管棚": "reserve", "バース": "dock", "仮置き": "buffer", "置き場": "buffer",
        "作業台": "station", "検品台": "station", "梱包台": "station",
        "オリコン": "tote", "段ボール": "carton", "パレット": "pallet", "カート": "cart",
        "ロボット": "robot", "仕分け間口": "slot",
        "商品": "goods", "ギフト": "gift", "同梱物": "insert",
        "返品": "return", "交換": "exchange", "修理": "repair",
    },
}  # fmt: skip


# Of an order's lines only the first must say everything.
EVERY_LINE = frozenset({"owner", "external_id", "sku", "qty"})


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one file, in its order. `known` are those that it may have."""

    kind: str
    found: tuple[Column | None, ...]  # None: a column without a name
    header: tuple[str, ...]
    known: Sequence[Column]

    @property
    def in_groups(self) -> bool:
        """Whether several lines are one value: the lines of an order."""
        return self.kind in ("orders", "inbounds", "returns")

    @property
    def missing(self) -> frozenset[str]:
        """Fields that every line needs, and that the file has no column for."""
        return frozenset(
            column.field for column in self.known if column.required and column not in self.found
        )

    def name_of(self, field: str) -> str:
        """What the file calls *field*."""
        for column, name in zip(self.found, self.header, strict=True):
            if column is not None and column.field == field:
                return name
        return field


def name_of(kind: Kind, field: str, language: Language) -> str:
    """What people call a field of a file of this *kind*: its first Japanese name, or its own."""
    names = next((one.names for one in COLUMNS[kind] if one.field == field), (field,))
    return names[1] if language == "ja" and len(names) > 1 else names[0]


def columns_of(kind: Kind, table: Table) -> tuple[Columns, list[Fault]]:
    """Which column is which, and what is wrong with the header (faults of row 1)."""
    return columns_among(kind, table, COLUMNS[kind])


def columns_among(kind: str, table: Table, known: Sequence[Column]) -> tuple[Columns, list[Fault]]:
    """Which of the *known* columns is which, and what is wrong with the header."""
    by_name = {_folded(name): column for column in known for name in column.names}
    found: list[Column | None] = []
    faults: list[Fault] = []
    for name in table.columns:
        column = by_name.get(_folded(name))
        if name and column is None:
            faults.append(fault(1, Code.IMPORT_COLUMN_UNKNOWN, field=shown(name)))
        if column is not None and column in found:
            faults.append(fault(1, Code.IMPORT_COLUMN_TWICE, field=shown(name)))
        found.append(column)
    for column in known:
        if column.required and column not in found:
            names = " / ".join(column.names[:2])
            faults.append(fault(1, Code.IMPORT_COLUMN_MISSING, field=names))
    header = tuple(shown(name) for name in table.columns)  # they are repeated in messages
    return Columns(kind, tuple(found), header, known), faults


def values(columns: Columns, line: Line) -> tuple[dict[str, Any], list[Fault]]:
    """The cells of *line* by field, without the empty ones, and what is wrong with its cells.

    That is `IMPORT_TOO_MANY_CELLS`, `FIELD_NOT_INT`, `FIELD_NOT_BOOL` or an empty required cell. Of
    a column that is not there only its header says so.
    """
    taken: dict[str, Any] = {}
    faults = []
    if any(line.cells[len(columns.found) :]):
        faults.append(fault(line.number, Code.IMPORT_TOO_MANY_CELLS))
    filled = [
        (column, cell)
        for column, cell in zip(columns.found, line.cells, strict=False)
        if column is not None and cell
    ]
    for column, cell in filled:
        try:
            taken[column.field] = _value(column, cell)
        except Rejected as refusal:
            faults.append(of_refusal(line.number, refusal))
    for column in columns.known:
        needed = column.field in EVERY_LINE if columns.in_groups else column.required
        if needed and column in columns.found and all(column is not one for one, _ in filled):
            faults.append(fault(line.number, Code.TEXT_EMPTY, field=column.field))
    return taken, faults


def _value(column: Column, cell: str) -> Any:
    match column.type:
        case "int":
            digits = unicodedata.normalize("NFKC", cell)
            if _THOUSANDS.fullmatch(digits):
                digits = digits.replace(",", "")
            if not _is_whole(digits):
                raise Rejected(Code.FIELD_NOT_INT, field=column.field)
            return int(digits)
        case "bool":
            word = unicodedata.normalize("NFKC", cell).lower()
            if word not in YES | NO:
                raise Rejected(Code.FIELD_NOT_BOOL, field=column.field)
            return word in YES
        case "date":
            return _iso(cell)
        case _:
            return CHOICES.get(column.field, {}).get(cell, cell)


def _is_whole(digits: str) -> bool:
    body = digits.removeprefix("-")
    return body.isascii() and body.isdigit() and len(body) <= 12


def _iso(cell: str) -> str:
    """A date as spreadsheets in Japan write it, as YYYY-MM-DD; what is no date stays as it is.

    >>> _iso("2026/1/5"), _iso("２０２６／１１／２２"), _iso("soon")
    ('2026-01-05', '2026-11-22', 'soon')
    >>> _iso("2027年3月31日"), _iso("20270331")
    ('2027-03-31', '2027-03-31')
    """
    read = unicodedata.normalize("NFKC", cell)
    if len(read) == 8 and read.isascii() and read.isdigit():
        read = f"{read[:4]}-{read[4:6]}-{read[6:]}"
    parts = re.sub("[/.年月]", "-", read.removesuffix("日")).split("-")
    if [len(part) for part in parts] in ([4, 1, 1], [4, 2, 1], [4, 1, 2], [4, 2, 2]):
        return "-".join(part.zfill(2) for part in parts)
    return cell


def _folded(name: str) -> str:
    """A column's name as it is compared: width, case, spaces and a mark for required aside."""
    folded = unicodedata.normalize("NFKC", name).lower()
    return "".join(folded.split()).strip("*＊")
