"""Data for every label and slip: an ordinary case, and the worst that may be printed."""

from collections.abc import Mapping
from typing import Any

HOSTILE = (
    "^XZ^XA^FO0,0^GB800,1200,600^FS",
    "~JR",
    "^FS^XZ~JR^XA",
    "\\&_5E~DG",
    "山\x1b[31m\u202e田",
)
NAME_WORST = "寿限無寿限無五劫の擦り切れ髙﨑𠮷太郎葛\U000e0100城ｶﾞﾗｽ" * 2
LOT_WORST = "WWWWWWWWWW-ABCDEFGHI"  # twenty characters, no digits to pair
SSCC = "340123450000000123"
WIDEST_SSCC = "999999999999999995"
TOKEN = "K7Q2M9XW4ZP8RT3VB6NY1CHJ5A"

RECIPIENT = {
    "name": "髙﨑 𠮷太郎",
    "postal": "1600022",
    "address": "東京都新宿区新宿1丁目2番3号 サンプルマンション西新宿 1203号室",
    "phone": "090-1234-5678",
}
SENDER = {
    "name": "現場化粧品オンラインショップ",
    "postal": "135-0064",
    "address": "東京都江東区青海2-4-32 タイム24ビル 5F",
    "phone": "0120-000-000",
    "honorific": "",
}
RECIPIENT_WORST = {
    "name": NAME_WORST,
    "company": "株式会社インターナショナルホールディングスジャパン東京第一営業本部 ﾏｰｹﾃｨﾝｸﾞ課",
    "postal": "060-8588",
    "address": "北海道虻田郡京極町字更進" * 7 + "葛\U000e0100城ビル1203",
    "phone": "+81-90-1234-5678",
    "honorific": "御中",
}
SHIPPING = {
    "carrier": "yamato",
    "service": "宅急便",
    "tracking": "262492160324",
    "parcel": "P0000123-1",
    "recipient": RECIPIENT,
    "sender": SENDER,
    "delivery_date": "2025-11-25",
    "time_slot": "0812",
    "contents": "化粧品（スキンケア）",
    "order": "O0000123",
    "station": "PACK-03",
}
SLIP_LINES = [
    {"name": "オーガニック洗顔フォーム 150g（詰替用）", "qty": 2, "sku": "SKU-00012",
     "unit_price": 1980, "amount": 3960},
    {"name": "𠮷野タオル ブルー", "qty": 1, "sku": "TWL-88", "note": "のし: 御祝"},
]  # fmt: skip
SLIP = {
    "order": "O0000123",
    "sender": SENDER,
    "recipient": RECIPIENT,
    "lines": SLIP_LINES,
    "totals": [{"label": "クーポン", "amount": -500}, {"label": "合計", "amount": 10461}],
    "issued_on": "2025-11-22",
    "tote": "T-0123",
    "message": "ありがとうございます。\nまたのご利用をお待ちしております。",
}
PARCELS = [
    {
        "tracking": "600082216624",
        "parcel": f"P{n:07d}-1",
        "order": f"O{n:07d}",
        "cage": f"C-{n % 3}",
    }
    for n in range(70)
]
MANIFEST = {
    "code": "M0000012",
    "carrier": "sagawa",
    "pickup_day": "2025-11-25",
    "pickup_time": "17:00",
    "site": "現場フルフィルメントセンター 東京",
    "parcels": PARCELS,
    "left_behind": 2,
    "handed_by": "髙橋 花子",
}  # fmt: skip

Sample = tuple[str, Mapping[str, Any], set[str]]  # template, data, what its barcodes say

LABELS: dict[str, Sample] = {
    "shipping": ("shipping", SHIPPING, {"262492160324", "P0000123-1"}),
    "shipping-worst": (
        "shipping",
        {
            **SHIPPING,
            "carrier": "japanpost",
            "service": "宅急便タイムサービス（クール）スーパーロング名称",
            "tracking": "600082216624",
            "parcel": "P" + "1234567890" * 2 + "-12",
            "recipient": RECIPIENT_WORST,
            "sender": {**RECIPIENT_WORST, "address": "京都市東山区三条通白川筋西入ル" * 5},
            "time_slot": "18-21時 (夜間)",
            "piece": 888,
            "pieces": 999,
            "temperature": "frozen",
            "contents": "長い品名" * 20,
            "handling": ["fragile", "upright", "no_air"],
            "order": "W" * 30,
            "station": "W" * 20,
        },
        {"600082216624", "P" + "1234567890" * 2 + "-12"},
    ),
    "shipping-11-digits": (
        "shipping",
        {**SHIPPING, "carrier": "japanpost", "tracking": "12345678903"},
        {"12345678903", "P0000123-1"},
    ),
    "shipping-hostile": (
        "shipping",
        {
            **SHIPPING,
            "service": HOSTILE[1],
            "parcel": "^XZ^XA~JR",
            "recipient": {**RECIPIENT, "name": HOSTILE[0], "address": HOSTILE[2]},
            "contents": HOSTILE[3],
            "order": HOSTILE[4],
            "station": HOSTILE[1],
        },
        {"262492160324", "^XZ^XA~JR"},
    ),
    "test_page": (
        "test_page",
        {"title": f"新木場 {HOSTILE[1]}", "note": HOSTILE[2]},
        {
            "GENBA-0.25", "GENBA-0.375", "GENBA-0.5", "GENBA-QR", "262492160324",
            "00049012345600000017", "010490123456789410LOT-A1\x1d21S1",
        },
    ),
    "tote": ("tote", {"code": "T-0123", "note": "カート C-07"}, {"T-0123"}),
    "tote-worst": ("tote", {"code": "T-" + "W" * 22, "note": "長" * 26}, {"T-" + "W" * 22}),
    "tote-hostile": ("tote", {"code": "^FS~JR>;_5E\\`", "note": HOSTILE[0]}, {"^FS~JR>;_5E\\`"}),
    "place": ("place", {"code": "A-01-02-03", "check_digits": "47"}, {"A-01-02-03"}),
    "place-worst": (
        "place",
        {"code": "ZONE-" + "W" * 19, "check_digits": "00", "note": "𠮷" * 26},
        {"ZONE-" + "W" * 19},
    ),
    "badge": ("badge", {"token": TOKEN, "name": "髙橋 花子"}, {"BADGE:" + TOKEN}),
    "badge-worst": (
        "badge",
        {"token": "~^" * 32, "name": NAME_WORST[:60], "site": HOSTILE[0]},
        {"BADGE:" + "~^" * 32},
    ),
    "command_card": (
        "command_card",
        {},
        {
            "CMD:" + word
            for word in ("short", "later", "full", "undo", "ok", "back", "help", "list", "reprint",
                         "assist", "language", "sign_off")
        },
    ),
    "item": (
        "item",
        {"name": "洗顔フォーム", "gtin": "4901234567894", "lot": "L_1", "expiry": "2027-12-31"},
        {"01049012345678941727123110L_1"},
    ),
    "item-worst": (
        "item",
        {"name": "𠮷" * 80, "sku": "W" * 40, "gtin": "4901234567894", "lot": LOT_WORST,
         "expiry": "2027-12-31"},
        {"01049012345678941727123110" + LOT_WORST},
    ),
    "item-own-code": ("item", {"name": "石鹸", "code": "GNB-000123456"}, {"GNB-000123456"}),
    "logistic": (
        "logistic",
        {"sscc": SSCC, "title": "入荷パレット", "gtin": "4901234567894", "qty": 240, "lot": "L1",
         "expiry": "2027-12-31"},
        {"00" + SSCC, "02049012345678941727123137240", "10L1"},
    ),
    "logistic-worst": (
        "logistic",
        {"sscc": WIDEST_SSCC, "title": NAME_WORST, "note": "注" * 60, "gtin": "4901234567894",
         "qty": 99_999_999, "lot": LOT_WORST, "expiry": "2027-12-31"},
        {"00" + WIDEST_SSCC, "0204901234567894172712313799999999", "10" + LOT_WORST},
    ),
}  # fmt: skip
INVOICE = {
    "kind": "invoice", "code": "INV-2026-0012", "order": "A-10023", "issuer": SENDER,
    "to": RECIPIENT, "amount": 10_461, "lines": SLIP_LINES, "issued_on": "2026-11-22",
    "due_on": "2026-12-06", "registration": "T1234567890123", "message": "コンビニで",
    "totals": [{"label": "10%対象", "amount": 9_510}, {"label": "消費税", "amount": 951}],
}  # fmt: skip
