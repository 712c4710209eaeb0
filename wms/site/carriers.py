"""Facts of Japanese carriers: time slots with their codes, what a service cannot do, prefectures.

Time slots: Yamato B2クラウド, Sagawa e飛伝III and Japan Post ゆうプリR, each with its own codes.
"""

from typing import Literal, get_args

from wms.errors import Code, Rejected
from wms.messages import Language, reason_words
from wms.text import shown

Prefecture = Literal[
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県",
    "群馬県", "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県", "石川県", "福井県",
    "山梨県", "長野県", "岐阜県", "静岡県", "愛知県", "三重県", "滋賀県", "京都府", "大阪府",
    "兵庫県", "奈良県", "和歌山県", "鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県",
    "香川県", "愛媛県", "高知県", "福岡県", "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県",
    "鹿児島県", "沖縄県",
]  # fmt: skip
PREFECTURES: tuple[str, ...] = get_args(Prefecture)

# What each code means, to people. Sagawa's 18 and 19 belong to its six-slot contract, 04 to the
# five-slot one.
TIME_SLOTS: dict[str, dict[str, str]] = {
    "yamato": {
        "0812": "午前中", "1416": "14-16時", "1618": "16-18時", "1820": "18-20時",
        "1921": "19-21時",
    },
    "sagawa": {
        "01": "午前中", "12": "12-14時", "14": "14-16時", "16": "16-18時", "18": "18-20時",
        "19": "19-21時", "04": "18-21時",
    },
    "japanpost": {
        "51": "午前中", "52": "12-14時", "53": "14-16時", "54": "16-18時", "55": "18-20時",
        "56": "20-21時", "57": "19-21時",
    },
}  # fmt: skip
TIME_SERVICE = "yamato-time"  # 宅急便タイムサービス: a delivery by the hour, with its own codes
TIME_SERVICE_SLOTS = {"0010": "午前10時まで", "0017": "午後5時まで"}
NO_SLOT = {"japanpost": "00"}  # a code that says 指定なし
RETIRED = {"yamato": ("1214", "2021")}  # old layouts still send them

# Digits of a tracking number, of which the last is the others modulo 7.
TRACKING_DIGITS = {"yamato": (12,), "sagawa": (12,), "japanpost": (11, 12)}

# Into the letter box: neither a date nor a time can be asked for.
WITHOUT_DATE = frozenset({
    "yamato-nekopos", "sagawa-hikyaku-yu-packet", "japanpost-yupacket",
    "japanpost-clickpost", "japanpost-letterpack-light",
})  # fmt: skip


def called(carrier: str, language: Language) -> str:
    """What people call it; a carrier without words is called by its code."""
    code = f"label.carrier.{carrier}"
    words = reason_words(code, language)
    return carrier if words == code else words


def is_tracking(number: str, lengths: tuple[int, ...]) -> bool:
    """Whether *number* is so many digits, of which the last is the others modulo 7.

    >>> is_tracking("262492160324", (12,)), is_tracking("262492160325", (12,))
    (True, False)
    """
    digits = number.isascii() and number.isdecimal() and len(number) in lengths
    return digits and int(number[:-1]) % 7 == int(number[-1])


def time_slot(slot: str, *, carrier: str, service: str, field: str = "time_slot") -> str:
    """*slot* as the book keeps it: the carrier's own code, "" when none is asked for.

    Refuses `TIME_SLOT_RETIRED`, `TIME_SLOT_UNKNOWN` and `SERVICE_WITHOUT_DATE`.

    >>> time_slot("0812", carrier="yamato", service="yamato-takkyubin")
    '0812'
    """
    if slot in ("", NO_SLOT.get(carrier)):
        return ""
    if service in WITHOUT_DATE:
        raise Rejected(Code.SERVICE_WITHOUT_DATE, field=field, service=service)
    if slot in RETIRED.get(carrier, ()):
        raise Rejected(Code.TIME_SLOT_RETIRED, field=field, value=slot, carrier=carrier)
    slots = TIME_SERVICE_SLOTS if service == TIME_SERVICE else TIME_SLOTS.get(carrier, {})
    if slot not in slots:
        raise Rejected(Code.TIME_SLOT_UNKNOWN, field=field, value=shown(slot), carrier=carrier)
    return slot


def slot_words(slot: str, *, carrier: str) -> str:
    """What a time slot means, for paper and screens: 午前中; "" when none was asked for."""
    return {**TIME_SLOTS.get(carrier, {}), **TIME_SERVICE_SLOTS}.get(slot, "")
